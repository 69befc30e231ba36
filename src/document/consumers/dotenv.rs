//! `.env` files: in the portable spelling, which most readers read alike, or in the dialect of one reader, which surely
//! reads it back.

use super::super::dotenv::spelling::portable;
use super::shell::{is_shell_name, quoted};
use super::{Consumer, Refusal, line, text};

/// A reader of `.env` files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `set -a; . FILE` in bash and any other shell.
    Bash,
    /// Docker Compose: `.env` and `env_file:`.
    Compose,
    /// `node --env-file` and dotenv from npm, both.
    Node,
    /// python-dotenv, with its expansion of `${…}` on, as it comes.
    Python,
}

/// A `.env` file for one dialect, or for all.
#[derive(Clone, Copy, Debug)]
pub struct Dotenv {
    /// `None`: portable.
    pub dialect: Option<Dialect>,
}

impl Consumer for Dotenv {
    fn takes_name(&self, name: &[u8]) -> bool {
        if self.dialect == Some(Dialect::Bash) { is_shell_name(name) } else { is_dotenv_name(name) }
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        match self.dialect {
            None => line(&[name, b"=", portable(value).text.expose()], out),
            Some(dialect) => line(&[name, b"=", &dialect.spelled(value)?], out),
        }
        Ok(())
    }

    fn misread_by(&self, value: &[u8]) -> Vec<&'static str> {
        if self.dialect.is_none() { portable(value).misread_by } else { Vec::new() }
    }
}

impl Dialect {
    /// What stands right of `=`.
    fn spelled(self, value: &[u8]) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Bash => Ok(quoted(value)),
            Self::Compose => Ok(compose(text(value)?)),
            Self::Node => node(text(value)?),
            Self::Python => python(text(value)?),
        }
    }
}

/// Single quotes hold all but themselves; there is no sure way to escape one. Double quotes know `\"`, `\\`, `\$`, `\r`.
fn compose(value: &str) -> Vec<u8> {
    if !value.contains(['\'', '\r']) && !value.ends_with('\\') {
        return format!("'{value}'").into();
    }
    escaped(value, &[('"', "\\\""), ('\\', "\\\\"), ('$', "\\$"), ('\r', "\\r")])
}

/// Three kinds of quotes, no escapes but line ends in double ones. `--env-file` drops every carriage return.
fn node(value: &str) -> Result<Vec<u8>, Refusal> {
    if value.contains('\r') {
        return Err(Refusal::CarriageReturn);
    }
    // dotenv takes a backslash before a quote for part of the value, and looks for another quote.
    let holds = |quote: char| {
        let escapes = if quote == '"' { value.contains('\\') } else { value.ends_with('\\') };
        !value.contains(quote) && !escapes
    };
    match ['\'', '"', '`'].into_iter().find(|quote| holds(*quote)) {
        Some(quote) => Ok(format!("{quote}{value}{quote}").into()),
        None if is_plain(value) => Ok(value.into()),
        None => Err(Refusal::Quotes),
    }
}

/// Quotes with escapes. `${…}` is expanded in any quotes. Before 1.2 a value could not end with a backslash in quotes.
fn python(value: &str) -> Result<Vec<u8>, Refusal> {
    if value.split_once("${").is_some_and(|(_, rest)| rest.contains('}')) {
        return Err(Refusal::Expands);
    }
    if value.ends_with('\\') {
        return if is_plain(value) { Ok(value.into()) } else { Err(Refusal::Quotes) };
    }
    if value.contains('\r') {
        return Ok(escaped(value, &[('"', "\\\""), ('\\', "\\\\"), ('\r', "\\r")]));
    }
    Ok(format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'")).into())
}

/// Whether a value that ends with a backslash can stand without quotes.
fn is_plain(value: &str) -> bool {
    let is_plain = |char: char| (char.is_ascii_graphic() && !"#'\"`".contains(char)) || char == ' ';
    value.chars().all(is_plain) && !value.starts_with(' ')
}

/// In double quotes.
fn escaped(value: &str, escapes: &[(char, &str)]) -> Vec<u8> {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for char in value.chars() {
        match escapes.iter().find(|(from, _)| *from == char) {
            Some((_, to)) => quoted.push_str(to),
            None => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted.into()
}

/// A name that readers of dotenv take for one; `sops_` begins the metadata of an encrypted file.
fn is_dotenv_name(name: &[u8]) -> bool {
    let is_start = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.first().is_some_and(is_start)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte))
        && !name.starts_with(b"sops_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_has_its_own_spelling() {
        let value = "it's \"$5\" \\x";
        for (dialect, spelled) in [
            (Dialect::Bash, r#"'it'\''s "$5" \x'"#),
            (Dialect::Compose, r#""it's \"\$5\" \\x""#),
            (Dialect::Node, r#"`it's "$5" \x`"#),
            (Dialect::Python, r#"'it\'s "$5" \\x'"#),
        ] {
            assert_eq!(String::from_utf8(dialect.spelled(value.as_bytes()).unwrap()).unwrap(), spelled);
        }
    }

    #[test]
    fn what_a_dialect_cannot_say_is_refused() {
        for (dialect, value, why) in [
            (Dialect::Node, "a\rb", Refusal::CarriageReturn),
            (Dialect::Node, "`'\"", Refusal::Quotes),
            (Dialect::Node, "it's\\", Refusal::Quotes),
            (Dialect::Python, "${A}", Refusal::Expands),
            (Dialect::Python, "a\n\\", Refusal::Quotes),
        ] {
            assert_eq!(dialect.spelled(value.as_bytes()), Err(why), "{value:?}");
        }
        for dialect in [Dialect::Compose, Dialect::Node, Dialect::Python] {
            assert_eq!(dialect.spelled(b"\xFF"), Err(Refusal::NotUtf8));
        }
    }
}
