//! Lines that a POSIX shell evaluates: `export NAME='…'`. Any bytes but NUL.

use super::{Consumer, Refusal, line};

/// `eval "$(…)"` in any shell.
#[derive(Clone, Copy, Debug)]
pub struct Shell;

impl Consumer for Shell {
    fn takes_name(&self, name: &[u8]) -> bool {
        is_shell_name(name)
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        line(&[b"export ", name, b"=", &quoted(value)], out);
        Ok(())
    }
}

/// Whether every shell takes `name` for a variable's.
#[must_use]
pub fn is_shell_name(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// One word, in single quotes, where a shell sees nothing but the next single quote.
#[must_use]
pub fn quoted(value: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = value.split(|byte| *byte == b'\'').collect();
    [b"'", parts.join(b"'\\''".as_slice()).as_slice(), b"'"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_quoted() {
        for (value, line) in [
            ("", "export A=''\n"),
            ("$(rm -rf /) `x` \\ \"", "export A='$(rm -rf /) `x` \\ \"'\n"),
            ("it's\n'", "export A='it'\\''s\n'\\'''\n"),
        ] {
            let mut out = Vec::new();
            Shell.entry(b"A", value.as_bytes(), &mut out).unwrap();
            assert_eq!(out, line.as_bytes());
        }
    }

    #[test]
    fn names_that_no_shell_takes_are_refused() {
        for name in ["", "1A", "A-B", "A.B", "A;x", "Ä"] {
            assert!(!is_shell_name(name.as_bytes()), "{name}");
        }
        assert!(is_shell_name(b"_a1"));
    }
}
