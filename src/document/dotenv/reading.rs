//! What a raw value means to the process that gets it, and where readers of dotenv disagree about it. How to write a
//! value that all of them read alike is the business of `spelling`.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::super::layout::BOM;
use super::grammar::closing_quote;

/// The variable that a key names: without blanks, byte order mark and `export`. `None` when nothing is left.
#[must_use]
pub fn name(key: &[u8]) -> Option<&[u8]> {
    let key = trim(key.strip_prefix(BOM).unwrap_or(key));
    let name = match key.strip_prefix(b"export") {
        Some(rest) if rest.first().is_some_and(|byte| is_blank(*byte)) => trim(rest),
        _ => key,
    };
    (!name.is_empty()).then_some(name)
}

/// The bytes that a process gets for the raw text right of `=`. Unquoted: trimmed, `#` begins a comment behind a
/// blank only, a backslash is a backslash. Single quotes: verbatim. Double quotes: `\n \r \t \\ \" \$` are escapes and
/// any other backslash stays. A backtick is no quote. Nothing is expanded. A quoted text with anything but a
/// comment behind it counts as unquoted. sops hands over the raw text itself.
#[must_use]
pub fn reading(raw: &[u8]) -> Cow<'_, [u8]> {
    match quoted(raw) {
        Some((b'"', inner)) => unescape_double(inner),
        Some((_, inner)) => inner.into(),
        None => unquoted(raw).into(),
    }
}

/// Why readers disagree about a raw value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// A backslash: an escape to some.
    Backslash,
    /// A backtick: a quote to some, a command to others.
    Backtick,
    /// A blank that some end the value at, or refuse.
    Blank,
    /// A dollar sign: some expand it, some even run `$(…)`.
    Dollar,
    /// A `#` that some take for a comment.
    Hash,
    /// A line feed in single quotes.
    LineFeed,
    /// A quote inside an unquoted value, or text behind a quoted one.
    Quote,
    /// A character with a meaning in shells, or beyond ASCII; bytes that are not UTF-8.
    Special,
}

/// Whether common readers disagree about `raw`, and the first reason: the hint is to quote it, for which
/// `spelling::portable` knows the best way.
#[must_use]
pub fn doubt(raw: &[u8]) -> Option<Doubt> {
    match quoted(raw) {
        _ if std::str::from_utf8(raw).is_err() => Some(Doubt::Special),
        Some(_) if raw.first().is_some_and(|byte| is_blank(*byte)) => Some(Doubt::Blank),
        Some((b'\'', inner)) if expands(inner) => Some(Doubt::Dollar),
        Some((b'\'', inner)) if memchr(b'\n', inner).is_some() => Some(Doubt::LineFeed),
        Some((b'\'', inner)) => {
            let escapes = inner.ends_with(b"\\") || memmem::find(inner, b"\\\\").is_some();
            escapes.then_some(Doubt::Backslash)
        }
        Some((_, inner)) => inner.iter().find_map(|byte| match byte {
            b'\\' => Some(Doubt::Backslash),
            b'`' => Some(Doubt::Backtick),
            b'$' => Some(Doubt::Dollar),
            _ => None,
        }),
        None if unquoted(raw).is_empty() => None,
        None if raw.first().is_some_and(|byte| is_blank(*byte)) => Some(Doubt::Blank),
        None => unquoted(raw).iter().find_map(|byte| match byte {
            byte if is_bare(*byte) => None,
            b' ' | b'\t' => Some(Doubt::Blank),
            b'#' => Some(Doubt::Hash),
            b'$' => Some(Doubt::Dollar),
            b'"' | b'\'' => Some(Doubt::Quote),
            b'\\' => Some(Doubt::Backslash),
            b'`' => Some(Doubt::Backtick),
            _ => Some(Doubt::Special),
        }),
    }
}

/// The variables that `raw` mentions as `${NAME}` outside single quotes. They are not expanded; who expected that
/// should be told.
pub fn mentions(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let raw = match quoted(raw) {
        Some((b'\'', _)) => b"",
        _ => raw,
    };
    memmem::find_iter(raw, b"${").filter_map(move |at| {
        let rest = raw.get(at + 2..)?;
        let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))?;
        rest.get(..end).filter(|name| !name.is_empty())
    })
}

/// Whether a backslash and an `n` stand side by side: sops turns the two into a line feed when it edits the file.
#[must_use]
pub fn holds_escaped_line_feed(raw: &[u8]) -> bool {
    memmem::find(raw, b"\\n").is_some()
}

/// Whether a value of this byte alone is the same to every reader without quotes.
pub(super) fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&byte)
}

/// Whether a `$` stands here that some expand even in single quotes.
pub(super) fn expands(value: &[u8]) -> bool {
    memchr(b'$', value).is_some_and(|at| at + 1 < value.len())
}

/// Whether only blanks, or blanks and a comment, stand here.
pub(super) fn blank_or_comment(rest: &[u8]) -> bool {
    let blanks = skip_blanks(rest);
    match rest.get(blanks) {
        None => true,
        Some(b'#') => blanks > 0,
        Some(_) => false,
    }
}

/// How many blanks come first.
pub(super) fn skip_blanks(text: &[u8]) -> usize {
    text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len())
}

/// The quote and the text inside it, where `raw` is one quoted text with at most a comment behind it.
pub(super) fn quoted(raw: &[u8]) -> Option<(u8, &[u8])> {
    let open = skip_blanks(raw);
    let quote = *raw.get(open).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let close = closing_quote(raw, open, quote)?;
    let rest = raw.get(close + 1..)?;
    // A line feed behind the quote would begin another line.
    (blank_or_comment(rest) && memchr(b'\n', rest).is_none()).then_some((quote, raw.get(open + 1..close)?))
}

fn unquoted(raw: &[u8]) -> &[u8] {
    let comment = memchr::memchr_iter(b'#', raw)
        .find(|at| at.checked_sub(1).and_then(|before| raw.get(before)).is_some_and(|byte| is_blank(*byte)));
    trim(raw.get(..comment.unwrap_or(raw.len())).unwrap_or(raw))
}

fn unescape_double(inner: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\\', inner).is_none() {
        return inner.into();
    }
    let mut value = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = match (byte, bytes.peek()) {
            (b'\\', Some(b'n')) => b'\n',
            (b'\\', Some(b'r')) => b'\r',
            (b'\\', Some(b't')) => b'\t',
            (b'\\', Some(same @ (b'\\' | b'"' | b'$'))) => *same,
            _ => {
                value.push(byte);
                continue;
            }
        };
        value.push(escaped);
        bytes.next();
    }
    value.into()
}

fn trim(text: &[u8]) -> &[u8] {
    let text = text.get(skip_blanks(text)..).unwrap_or_default();
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

/// A carriage return counts as a blank: sops leaves it in the values of a file with CR LF.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}
