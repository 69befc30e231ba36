//! Names of variables that steer loaders, shells or tools. A file must not set them unasked: anyone who knows the
//! public recipients can write a valid file.

/// Whether `name` makes some program load or run something else.
#[must_use]
pub fn is_steering(name: &[u8]) -> bool {
    STEERING.iter().any(|pattern| {
        let pattern = pattern.as_bytes();
        match pattern.strip_suffix(b"*") {
            Some(start) => name.get(..start.len()).is_some_and(|head| is_same(head, start)),
            None => is_same(name, pattern),
        }
    })
}

/// On Windows, case does not tell variables apart.
fn is_same(one: &[u8], two: &[u8]) -> bool {
    if cfg!(windows) { one.eq_ignore_ascii_case(two) } else { one == two }
}

/// A star stands for any end.
const STEERING: [&str; 37] = [
    "BASH_ENV",
    // How bash hands on functions, which stand above programs of the same name.
    "BASH_FUNC_*",
    "DYLD_*",
    "ENV",
    "GCONV_PATH",
    "GIT_ASKPASS",
    "GIT_CONFIG*",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GLIBC_TUNABLES",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LACRE_*",
    "LD_*",
    "NODE_OPTIONS",
    "PATH",
    "PERL5LIB",
    "PERL5OPT",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
    "SHELLOPTS",
    "SOPS_*",
    "SSH_ASKPASS",
    "ZDOTDIR",
    "_JAVA_OPTIONS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaders_shells_and_tools_are_steered_by_name() {
        for name in [
            "PATH",
            "LD_PRELOAD",
            "LD_",
            "GIT_CONFIG",
            "GIT_CONFIG_COUNT",
            "GIT_SSH",
            "SOPS_AGE_KEY",
            "BASH_FUNC_ls%%",
        ] {
            assert!(is_steering(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_beside_them_are_free() {
        let names =
            ["GIT_TOKEN", "SSH_KEY", "PATHS", "MY_PATH", "LD", "GIT_SSHX", "ENVIRONMENT", "PS1", "path", ""];
        for name in names.iter().filter(|name| !cfg!(windows) || **name != "path") {
            assert!(!is_steering(name.as_bytes()), "{name}");
        }
    }
}
