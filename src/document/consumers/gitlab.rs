//! The report `artifacts:reports:dotenv` of GitLab: a name, `=`, and a value in one line, without quotes, escapes, comments
//! or empty lines. Blanks at the ends are stripped, and mentions of other variables are expanded in later jobs. The rules
//! are those of `Ci::ParseDotenvArtifactService` and `ExpandVariables`.

use super::shell::is_shell_name;
use super::{Consumer, Refusal, line, text};

/// `artifacts:reports:dotenv`.
#[derive(Clone, Copy, Debug)]
pub struct Gitlab;

impl Consumer for Gitlab {
    fn takes_name(&self, name: &[u8]) -> bool {
        is_shell_name(name) && name.len() <= LONGEST_NAME
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let text = text(value)?;
        if text.contains('\n') {
            return Err(Refusal::LineFeed);
        }
        if text.contains('\r') {
            return Err(Refusal::CarriageReturn);
        }
        let is_blank = |char: char| char.is_whitespace() || char.is_control();
        if text.starts_with(is_blank) || text.ends_with(is_blank) {
            return Err(Refusal::Blank);
        }
        if text.contains('$') || mentions(value) {
            return Err(Refusal::Expands);
        }
        if name.len() + 2 + value.len() >= SIZE_LIMIT {
            return Err(Refusal::Long);
        }
        line(&[name, b"=", value], out);
        Ok(())
    }
}

/// Whether `%NAME%` or `%%` stands there, the forms of Windows.
fn mentions(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'%').skip(1).peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_some() && (part.is_empty() || is_shell_name(part)) {
            return true;
        }
    }
    false
}

const LONGEST_NAME: usize = 255;
/// A whole report must be smaller, unless the instance's administrator allows more.
const SIZE_LIMIT: usize = 5 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gitlab_would_change_is_refused() {
        for (value, why) in [
            ("a\nb", Refusal::LineFeed),
            ("a\rb", Refusal::CarriageReturn),
            (" a", Refusal::Blank),
            ("a\t", Refusal::Blank),
            ("a$", Refusal::Expands),
            ("$A", Refusal::Expands),
            ("50%%", Refusal::Expands),
            ("x%A_b%", Refusal::Expands),
        ] {
            assert_eq!(Gitlab.entry(b"A", value.as_bytes(), &mut Vec::new()), Err(why), "{value}");
        }
        assert_eq!(Gitlab.entry(b"A", &[b'x'; SIZE_LIMIT], &mut Vec::new()), Err(Refusal::Long));
        assert_eq!(Gitlab.entry(b"A", b"\xFF", &mut Vec::new()), Err(Refusal::NotUtf8));
    }

    #[test]
    fn the_rest_stands_as_it_is() {
        for value in ["", "a # b", "\"q\"", "it's \\n", "100%", "%20%3D", "a % b % c", "=x="] {
            let mut out = Vec::new();
            Gitlab.entry(b"A", value.as_bytes(), &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), format!("A={value}\n"));
        }
    }
}
