//! How values are written down: what `decrypt` prints for a raw value, and the spelling of a process's value that most
//! readers of dotenv read alike (measured with 14 of them). What raw values mean is the business of `reading`.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};
use time::format_description::well_known::Rfc3339;

use super::reading::{expands, is_bare, quoted};
use crate::base::{Secret, Value};

/// A raw text for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelled {
    /// What goes to the right of `=`; for `export` the whole line.
    pub text: Secret<Vec<u8>>,
    /// Readers known to get another value from it; empty for nearly every value.
    pub misread_by: Vec<&'static str>,
}

/// Readers that see no escape but line ends in double quotes.
const NODE: [&str; 5] = ["dotenv (npm)", "dotenv-expand", "dotenvx", "node --env-file", "@next/env"];
const SHELLS: [&str; 2] = ["bash", "dash"];

/// The most portable raw text for `value`; `reading` gives it back. A value with NUL has none that any file can hold.
///
/// Bare where every reader agrees, else in single quotes. A line feed is read by more of them in double quotes, and a
/// single quote can only stand there. Backslash escapes are the last resort.
#[must_use]
pub fn portable(value: &[u8]) -> Spelled {
    let holds = |byte| memchr(byte, value).is_some();
    let single = !holds(b'\'') && !holds(b'\r') && !value.ends_with(b"\\");
    let double = !holds(b'"') && !holds(b'\\') && !holds(b'$') && !holds(b'\r');
    let mut misread = Vec::new();
    if std::str::from_utf8(value).is_err() {
        misread.extend(NODE);
        misread.extend(["python-dotenv", "dotenvy"]);
    }
    let text = if value.iter().copied().all(is_bare) {
        value.to_vec()
    } else if single && (!holds(b'\n') || !double || holds(b'`')) {
        if expands(value) {
            misread.push("dotenv-expand");
        }
        if value.windows(2).any(|pair| pair.first() == Some(&b'$') && pair.last() != Some(&b'(')) {
            misread.push("@next/env");
        }
        // python-dotenv expands `${…}` whatever quotes stand round it.
        if memmem::find(value, b"\\\\").is_some() || memmem::find(value, b"${").is_some() {
            misread.push("python-dotenv");
        }
        if holds(b'\n') {
            misread.push("phpdotenv");
        }
        [b"'", value, b"'"].concat()
    } else {
        if holds(b'`') {
            misread.extend(SHELLS);
        }
        if !double {
            misread_escapes(value, &mut misread);
        }
        escaped(value)
    };
    misread.sort_unstable();
    misread.dedup();
    Spelled { text: Secret::new(text), misread_by: misread }
}

/// What `decrypt` prints for a raw value (dotenv rule 5): the value itself, but a line feed outside one well-formed
/// quoted text becomes `\n`, as sops prints it; else it would begin another variable.
#[must_use]
pub fn printed(raw: &[u8]) -> Cow<'_, [u8]> {
    if quoted(raw).is_some() { raw.into() } else { escape(raw) }
}

/// The text that sops prints for any value (spec 5.1); a string's is its raw text.
#[must_use]
pub fn raw_text(value: &Value) -> Cow<'_, [u8]> {
    let text = match value {
        Value::Bool(yes) => yes.to_string(),
        Value::Float(float) => float_text(*float),
        Value::Null => "<nil>".to_owned(),
        Value::Time(time) => time.replace_nanosecond(0).unwrap_or(*time).format(&Rfc3339).unwrap_or_default(),
        Value::Int(_) | Value::Str(_) => return value.plain_bytes(),
    };
    text.into_bytes().into()
}

/// Every line feed as backslash and `n`: the only escape that sops knows.
#[must_use]
pub fn escape(raw: &[u8]) -> Cow<'_, [u8]> {
    replaced(raw, b"\n", b"\\n")
}

/// The reverse, as sops reads every clear value of a file.
#[must_use]
pub fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    replaced(text, b"\\n", b"\n")
}

/// `text` with every `from` as `to`.
#[must_use]
pub fn replaced<'a>(text: &'a [u8], from: &[u8], to: &[u8]) -> Cow<'a, [u8]> {
    // Nearly no value holds one; looking for a single byte costs next to nothing.
    if from.first().is_none_or(|first| memchr(*first, text).is_none()) {
        return text.into();
    }
    let count = memmem::find_iter(text, from).count();
    if count == 0 {
        return text.into();
    }
    // Exact capacity: a growing buffer would leave unwiped copies behind.
    let mut result = Vec::with_capacity(text.len() - count * from.len() + count * to.len());
    let mut at = 0;
    for found in memmem::find_iter(text, from) {
        result.extend_from_slice(text.get(at..found).unwrap_or_default());
        result.extend_from_slice(to);
        at = found + from.len();
    }
    result.extend_from_slice(text.get(at..).unwrap_or_default());
    result.into()
}

/// In double quotes, with the escapes of `reading` where they are needed. A line feed stays one.
fn escaped(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(2 * value.len() + 2);
    text.push(b'"');
    for byte in value {
        match byte {
            b'\r' => text.extend_from_slice(b"\\r"),
            b'\\' | b'"' | b'$' => text.extend_from_slice(&[b'\\', *byte]),
            _ => text.push(*byte),
        }
    }
    text.push(b'"');
    text
}

/// Who misreads the escapes that `value` needs.
fn misread_escapes(value: &[u8], misread: &mut Vec<&'static str>) {
    if memchr2(b'"', b'\\', value).is_some() {
        misread.extend(NODE);
    }
    for (found, readers) in [
        ("\"", ["godotenv"].as_slice()),
        ("\\n", &["symfony"]),
        ("$", &["dotenv (npm)", "node --env-file", "python-dotenv"]),
        ("$(", &["dotenv-expand", "dotenvx"]),
        ("\r", &["node --env-file", "ruby dotenv", "dotenvy", "bash", "dash"]),
    ] {
        if memmem::find(value, found.as_bytes()).is_some() {
            misread.extend(readers);
        }
    }
}

/// Shortest digits; with an exponent from six digits before the point or five zeros behind it.
fn float_text(float: f64) -> String {
    if !float.is_finite() {
        return if float.is_nan() {
            ".nan"
        } else if float > 0.0 {
            ".inf"
        } else {
            "-.inf"
        }
        .to_owned();
    }
    let scientific = format!("{float:E}");
    let Some((digits, exponent)) = scientific.split_once('E') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}E{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{float:?}"),
    }
}
