//! Lines that a POSIX shell evaluates: `export NAME='…'`.

use crate::base::Secret;

/// The line, without its end, or `None` where a shell cannot hold it: a name outside `[A-Za-z_][A-Za-z0-9_]*`, or a
/// value with NUL.
#[must_use]
pub fn export(name: &[u8], value: &[u8]) -> Option<Secret<Vec<u8>>> {
    if !is_shell_name(name) || value.contains(&0) {
        return None;
    }
    let quotes = memchr::memchr_iter(b'\'', value).count();
    let mut line = Vec::with_capacity(b"export =''".len() + name.len() + value.len() + 3 * quotes);
    line.extend_from_slice(b"export ");
    line.extend_from_slice(name);
    line.extend_from_slice(b"='");
    for (position, part) in value.split(|byte| *byte == b'\'').enumerate() {
        if position > 0 {
            line.extend_from_slice(b"'\\''");
        }
        line.extend_from_slice(part);
    }
    line.push(b'\'');
    Some(Secret::new(line))
}

/// Whether every shell takes `name` for a variable's.
#[must_use]
pub fn is_shell_name(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_quoted() {
        for (value, line) in [
            ("", "export A=''"),
            ("$(rm -rf /) `x` \\ \"", "export A='$(rm -rf /) `x` \\ \"'"),
            ("it's\n'", "export A='it'\\''s\n'\\'''"),
        ] {
            assert_eq!(export(b"A", value.as_bytes()).unwrap().expose(), line.as_bytes());
        }
    }

    #[test]
    fn names_that_no_shell_takes_are_refused() {
        for name in ["", "1A", "A-B", "A.B", "A;x", "Ä"] {
            assert_eq!(export(name.as_bytes(), b"v"), None, "{name}");
        }
        assert_eq!(export(b"A", b"a\0b"), None);
        assert!(export(b"_a1", b"").is_some());
    }
}
