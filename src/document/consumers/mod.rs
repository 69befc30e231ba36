//! Who reads variables outside of us, and how each wants them written down: one room a consumer. What cannot be written
//! so that its consumer surely reads it back is refused by name. `lacre export` is the door.

pub mod docker;
pub mod dotenv;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod kubernetes;
pub mod shell;
pub mod systemd;
pub mod yaml;

use crate::base::Secret;

/// A reader of variables.
pub trait Consumer {
    /// Whether it takes `name` for a variable's, as it stands.
    fn takes_name(&self, name: &[u8]) -> bool;

    /// Appends one variable to `out`.
    ///
    /// # Errors
    /// When its consumer would not read the value back; `out` is of no use then.
    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal>;

    /// What stands round the entries, which may be none.
    fn frame(&self, _is_empty: bool) -> Frame {
        Frame::default()
    }

    /// Known readers that get another value from what `entry` writes.
    fn misread_by(&self, _value: &[u8]) -> Vec<&'static str> {
        Vec::new()
    }
}

/// What stands round entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Before the first.
    pub head: String,
    /// Between two.
    pub between: &'static str,
    /// Behind the last.
    pub tail: &'static str,
}

/// Why a consumer cannot have a variable. The texts end a sentence that names it; none holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Blanks at an end are stripped.
    #[error("its value begins or ends with a blank, which would be stripped")]
    Blank,
    /// A carriage return is lost, or ends a line.
    #[error("its value holds a carriage return where it would be lost")]
    CarriageReturn,
    /// The text that ends the value stands in it.
    #[error("its value holds the text that would end it")]
    Delimiter,
    /// Part of the value would be replaced.
    #[error("its value holds what would be taken for a mention of another variable")]
    Expands,
    /// One variable has one line.
    #[error("its value holds a line feed, and a variable has one line there")]
    LineFeed,
    /// The line is longer than its reader's buffer.
    #[error("with its value the line is too long")]
    Long,
    /// Not a name there.
    #[error("that is no name there")]
    Name,
    /// Bytes that are no text.
    #[error("its value is not UTF-8")]
    NotUtf8,
    /// NUL ends a text.
    #[error("its value holds a NUL byte")]
    Nul,
    /// The value needs more kinds of quotes than there are.
    #[error("there are no quotes that hold its value")]
    Quotes,
}

/// A variable that a consumer cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {why}", String::from_utf8_lossy(.name))]
pub struct Refused {
    /// Its name.
    pub name: Vec<u8>,
    /// Why.
    pub why: Refusal,
}

/// All `variables`, names and values, as `consumer` reads them.
///
/// # Errors
/// Every variable that it cannot have.
pub fn written<'v>(
    consumer: &dyn Consumer,
    variables: impl IntoIterator<Item = (&'v [u8], &'v [u8])>,
) -> Result<Secret<Vec<u8>>, Vec<Refused>> {
    let mut variables = variables.into_iter().peekable();
    let Frame { head, between, tail } = consumer.frame(variables.peek().is_none());
    let mut out = Secret::new(head.into_bytes());
    let mut refused = Vec::new();
    while let Some((name, value)) = variables.next() {
        let entry = match value {
            _ if !consumer.takes_name(name) => Err(Refusal::Name),
            _ if value.contains(&0) => Err(Refusal::Nul),
            _ => consumer.entry(name, value, out.expose_mut()),
        };
        refused.extend(entry.err().map(|why| Refused { name: name.to_vec(), why }));
        if variables.peek().is_some() {
            out.expose_mut().extend_from_slice(between.as_bytes());
        }
    }
    out.expose_mut().extend_from_slice(tail.as_bytes());
    if refused.is_empty() { Ok(out) } else { Err(refused) }
}

/// A value that must be a text.
fn text(value: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(value).map_err(|_| Refusal::NotUtf8)
}

/// One line of these parts.
fn line(parts: &[&[u8]], out: &mut Vec<u8>) {
    for part in parts {
        out.extend_from_slice(part);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Box<dyn Consumer>> {
        vec![
            Box::new(docker::Docker),
            Box::new(dotenv::Dotenv { dialect: None }),
            Box::new(github::Github::env("d")),
            Box::new(gitlab::Gitlab),
            Box::new(json::Json),
            Box::new(kubernetes::Manifest::new("app", None, &[], None).unwrap()),
            Box::new(shell::Shell),
            Box::new(systemd::Systemd),
            Box::new(yaml::Yaml),
        ]
    }

    #[test]
    fn nul_goes_nowhere_and_an_error_holds_no_value() {
        for consumer in all() {
            let refused = written(&*consumer, [(b"A".as_slice(), b"hunter2\0".as_slice())]).unwrap_err();
            assert_eq!(refused, [Refused { name: b"A".to_vec(), why: Refusal::Nul }]);
            assert_eq!(refused.first().unwrap().to_string(), "`A`: its value holds a NUL byte");
        }
    }

    #[test]
    fn a_name_never_begins_another_line() {
        for consumer in all() {
            for name in ["A\nB", "A\rB"] {
                let text = written(&*consumer, [(name.as_bytes(), b"v".as_slice())]);
                let text = text.map(|text| String::from_utf8(text.expose().clone()).unwrap());
                assert!(text.is_err() || text.is_ok_and(|text| !text.contains(name)), "{name:?}");
            }
        }
    }
}
