//! Entries for the files `$GITHUB_ENV` and `$GITHUB_OUTPUT` of GitHub Actions, always in the form that holds lines:
//! `NAME<<DELIMITER`. Whoever could guess the delimiter could end the value and set variables of his own; so it is drawn
//! for each file, and never stands in a value. The rules are those of `FileCommandManager` in actions/runner.

use memchr::memmem;

use super::shell::is_shell_name;
use super::{Consumer, Refusal, line, text};

/// Either of the two files.
#[derive(Clone, Debug)]
pub struct Github {
    delimiter: String,
    is_output: bool,
}

impl Github {
    /// For `$GITHUB_ENV`; `delimiter` is one of [`delimiter`].
    #[must_use]
    pub fn env(delimiter: &str) -> Self {
        Self { delimiter: delimiter.to_owned(), is_output: false }
    }

    /// For `$GITHUB_OUTPUT`.
    #[must_use]
    pub fn output(delimiter: &str) -> Self {
        Self { is_output: true, ..Self::env(delimiter) }
    }
}

impl Consumer for Github {
    fn takes_name(&self, name: &[u8]) -> bool {
        if self.is_output {
            // Expressions name outputs with dashes too.
            let plain: Vec<u8> = name.iter().map(|byte| if *byte == b'-' { b'_' } else { *byte }).collect();
            return is_shell_name(&plain) && !name.starts_with(b"-");
        }
        is_shell_name(name) && !is_the_runners(name)
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let delimiter = self.delimiter.as_bytes();
        text(value)?;
        if memmem::find(value, delimiter).is_some() {
            return Err(Refusal::Delimiter);
        }
        // A runner on Windows takes it for a part of the line's end.
        if value.ends_with(b"\r") {
            return Err(Refusal::CarriageReturn);
        }
        line(&[name, b"<<", delimiter], out);
        line(&[value], out);
        line(&[delimiter], out);
        Ok(())
    }
}

/// A delimiter from 16 bytes of the system's randomness.
#[must_use]
pub fn delimiter(random: [u8; 16]) -> String {
    format!("lacre_{:032x}", u128::from_be_bytes(random))
}

/// Names that the runner sets before each step, does not let a step set, or takes orders from.
fn is_the_runners(name: &[u8]) -> bool {
    let name = name.to_ascii_uppercase();
    let its = [b"ACTIONS_".as_slice(), b"GITHUB_", b"INPUT_", b"RUNNER_"];
    its.iter().any(|start| name.starts_with(start)) || name == b"NODE_OPTIONS"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_between_two_delimiters() {
        let delimiter = delimiter([0xAB; 16]);
        assert_eq!(delimiter, "lacre_abababababababababababababababab");
        let mut out = Vec::new();
        let github = Github::env(&delimiter);
        github.entry(b"A", b"x\r\nB<<EOF\n\n", &mut out).unwrap();
        github.entry(b"B", b"", &mut out).unwrap();
        let expected =
            format!("A<<{delimiter}\nx\r\nB<<EOF\n\n\n{delimiter}\nB<<{delimiter}\n\n{delimiter}\n");
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn what_the_runner_would_change_is_refused() {
        for (value, why) in [
            (b"a\nlacre_1\nB=2".as_slice(), Refusal::Delimiter),
            (b"a\r", Refusal::CarriageReturn),
            (b"\xFF", Refusal::NotUtf8),
        ] {
            assert_eq!(Github::env("lacre_1").entry(b"A", value, &mut Vec::new()), Err(why));
        }
    }

    #[test]
    fn names_of_the_runner_are_refused() {
        for (name, env, output) in [
            ("A_1", true, true),
            ("A-B", false, true),
            ("-A", false, false),
            ("1A", false, false),
            ("GITHUB_TOKEN", false, true),
            ("Runner_Os", false, true),
            ("NODE_OPTIONS", false, true),
            ("ACTIONS_ALLOW_UNSECURE_COMMANDS", false, true),
            ("INPUT_SCRIPT", false, true),
            ("A<<B", false, false),
            ("A\nB", false, false),
        ] {
            assert_eq!(Github::env("d").takes_name(name.as_bytes()), env, "{name}");
            assert_eq!(Github::output("d").takes_name(name.as_bytes()), output, "{name}");
        }
    }
}
