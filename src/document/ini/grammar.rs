//! One line of INI as go-ini reads it for sops (spec 5.4): a header, a key, a value with its quotes, a comment. What
//! sops would read otherwise than it looks, or lose, is an error that says so; `outline` puts the lines together.

use memchr::{memchr, memchr2, memmem};

use super::blanks::{leading, trimmed, trimmed_end};
use crate::base::outline::Quotes;
use crate::base::{Problem, Span, Style, Text};

/// A value, from behind the delimiter to the end of its last line.
pub(super) struct Value {
    /// With its quotes; a continued value with all its lines.
    pub(super) span: Span,
    /// Double or single quotes, none, `Literal` for backquotes and `"""`, `Folded` where backslashes continue it.
    pub(super) style: Style,
    pub(super) text: Text,
    /// What stands behind a comment sign on its last line.
    pub(super) comment: Option<Span>,
    /// Where the next line starts.
    pub(super) next: usize,
}

/// A key, and where its value begins.
pub(super) struct Key {
    pub(super) span: Span,
    pub(super) text: Text,
    pub(super) behind: usize,
}

/// A problem, and where it is.
pub(super) type Trouble = (usize, Problem);

/// The end of the line that holds `from`, and the start of the next.
pub(super) fn line_end(text: &[u8], from: usize) -> (usize, usize) {
    match memchr(b'\n', text.get(from..).unwrap_or_default()) {
        Some(length) => (from + length, from + length + 1),
        None => (text.len(), text.len()),
    }
}

/// The text behind the comment sign at `sign`, as sops cuts it: without signs and blanks before it.
pub(super) fn comment(text: &[u8], sign: usize, end: usize) -> Span {
    let line = trimmed_end(text.get(sign..end).unwrap_or_default());
    let first = line.first().copied().unwrap_or_default();
    let signs = line.iter().take_while(|byte| **byte == first || **byte == b' ').count();
    Span::new(sign + signs, sign + line.len())
}

/// The name in the header whose bracket stands at `open`, in a line that ends at `end`. sops reads to the last bracket of
/// the line, and ciphertext has one, so no comment can follow.
pub(super) fn header(text: &[u8], open: usize, end: usize) -> Result<Span, Trouble> {
    let line = text.get(open..end).unwrap_or_default();
    let close = memchr(b']', line).ok_or((open, Problem::Syntax))?;
    let name = Span::new(open + 1, open + close);
    if name.is_empty() {
        return Err((open, Problem::NoName));
    }
    if std::str::from_utf8(name.of(text)).is_err() {
        return Err((open, Problem::NotUtf8));
    }
    match trimmed(line.get(close + 1..).unwrap_or_default()).first() {
        None => Ok(name),
        Some(b'#' | b';') => Err((open, Problem::BehindHeader)),
        Some(_) => Err((open, Problem::BehindQuote)),
    }
}

/// The key that begins at `start`, in a line that ends at `end`.
pub(super) fn key(text: &[u8], start: usize, end: usize) -> Result<Key, Trouble> {
    let line = text.get(start..end).unwrap_or_default();
    let quote: &[u8] = match line {
        [b'"', b'"', b'"', ..] if line.len() > 6 => b"\"\"\"",
        [b'"', ..] => b"\"",
        [b'`', ..] => b"`",
        _ => b"",
    };
    let no_equals = || (start, Problem::NoEquals);
    let (span, inner, behind) = if quote.is_empty() {
        let delimiter = memchr2(b'=', b':', line).ok_or_else(no_equals)?;
        let name = trimmed_end(line.get(..delimiter).unwrap_or_default());
        let span = Span::new(start, start + name.len());
        (span, span, start + delimiter + 1)
    } else {
        let rest = line.get(quote.len()..).unwrap_or_default();
        let length = memmem::find(rest, quote).ok_or((start, Problem::UnclosedQuote))?;
        let close = length + 2 * quote.len();
        let rest = line.get(close..).unwrap_or_default();
        let delimiter = memchr2(b'=', b':', rest).ok_or_else(no_equals)?;
        if !trimmed(rest.get(..delimiter).unwrap_or_default()).is_empty() {
            return Err((start, Problem::BehindQuote));
        }
        let span = Span::new(start, start + close);
        let quotes = u32::try_from(quote.len()).unwrap_or_default();
        (span, span.shrunk(quotes, quotes), start + close + delimiter + 1)
    };
    let name = trimmed(inner.of(text));
    if name.is_empty() {
        return Err((start, Problem::NoName));
    }
    if std::str::from_utf8(name).is_err() {
        return Err((start, Problem::NotUtf8));
    }
    if !sops_keeps(name) {
        return Err((start, Problem::NameLost));
    }
    let text = match quote.len() {
        0 => Text::Verbatim(Quotes::None),
        1 if name.len() == inner.range().len() => Text::Verbatim(Quotes::Both),
        _ => Text::decoded(name.to_vec()),
    };
    Ok(Key { span, text, behind })
}

/// Whether sops reads the key `name` again in what it writes itself: `-` becomes a counter, and what begins like a comment
/// or a header is written as one.
pub(super) fn sops_keeps(name: &[u8]) -> bool {
    let holds = |bytes: &[u8]| name.iter().any(|byte| bytes.contains(byte));
    name != b"-" && !matches!(name.first(), Some(b'#' | b';' | b'[')) && !(holds(b"`") && holds(b"\"=:"))
}

/// The value that begins behind the delimiter, at `from`.
pub(super) fn value(text: &[u8], from: usize) -> Result<Value, Trouble> {
    let (end, next) = line_end(text, from);
    let line = text.get(from..next).unwrap_or_default();
    let start = from + leading(line);
    let rest = text.get(start..next).unwrap_or_default();
    if rest.is_empty() {
        let at = if line.starts_with(b" ") { from + 1 } else { from };
        return Ok(plain(Span::new(at, at), None, next));
    }
    if rest.starts_with(b"\"\"\"") && rest.len() > 3 {
        return quoted(text, start, b"\"\"\"", end);
    }
    if rest.starts_with(b"`") {
        return quoted(text, start, b"`", end);
    }
    let rest = trimmed_end(rest);
    if rest.ends_with(b"\\") {
        return continued(text, start, start + rest.len() - 1, next);
    }
    let sign = memchr2(b'#', b';', rest);
    let content = trimmed_end(rest.get(..sign.unwrap_or(rest.len())).unwrap_or_default());
    let span = Span::new(start, start + content.len());
    let found = sign.map(|sign| comment(text, start + sign, start + rest.len()));
    match *content {
        [quote @ (b'"' | b'\''), ref inner @ .., last] if quote == last && memchr(quote, inner).is_none() => {
            let style = if quote == b'"' { Style::Double } else { Style::Single };
            Ok(Value { span, style, text: Text::Verbatim(Quotes::Both), comment: found, next })
        }
        [quote @ (b'"' | b'\''), ..] if sign.and_then(|sign| memchr(quote, rest.get(sign..)?)).is_some() => {
            Err((start, Problem::SignInQuotes))
        }
        // `x = ;` and the like: nothing stands before the sign.
        [] => Ok(plain(Span::new(start, start), found, next)),
        _ => Ok(plain(span, found, next)),
    }
}

const fn plain(span: Span, comment: Option<Span>, next: usize) -> Value {
    Value { span, style: Style::Plain, text: Text::Verbatim(Quotes::None), comment, next }
}

/// A value between backquotes or `"""`: to the last such quote of the line, or of the first line that has one.
fn quoted(text: &[u8], start: usize, quote: &[u8], end: usize) -> Result<Value, Trouble> {
    let inner = start + quote.len();
    let (mut from, mut end, mut next) = (inner, end, line_end(text, end).1);
    let close = loop {
        if let Some(found) = memmem::rfind(text.get(from..end).unwrap_or_default(), quote) {
            break from + found;
        }
        if next >= text.len() {
            return Err((start, Problem::UnclosedQuote));
        }
        from = next;
        (end, next) = line_end(text, from);
    };
    let span = Span::new(start, close + quote.len());
    let text_of = match quote.len() {
        1 => Text::Verbatim(Quotes::Both),
        _ => Text::decoded(text.get(inner..close).unwrap_or_default().to_vec()),
    };
    let comment = behind_quote(text, close + quote.len(), end)?;
    Ok(Value { span, style: Style::Literal, text: text_of, comment, next })
}

/// Only a comment may follow a closing quote or bracket: sops drops anything else.
fn behind_quote(text: &[u8], from: usize, end: usize) -> Result<Option<Span>, Trouble> {
    let rest = text.get(from..end).unwrap_or_default();
    let blanks = leading(rest);
    match rest.get(blanks) {
        None => Ok(None),
        Some(b'#' | b';') => Ok(Some(comment(text, from + blanks, end))),
        Some(_) => Err((from, Problem::BehindQuote)),
    }
}

/// A value whose lines end in backslashes. sops takes whatever stands in the next line, even another key; so that line
/// must be indented, and say something.
fn continued(text: &[u8], start: usize, mut end: usize, mut next: usize) -> Result<Value, Trouble> {
    let mut content = text.get(start..end).unwrap_or_default().to_vec();
    loop {
        let from = next;
        let (line_end, after) = line_end(text, from);
        let line = text.get(from..line_end).unwrap_or_default();
        let said = trimmed(line);
        let is_indented = matches!(line.first(), Some(b' ' | b'\t'));
        if !is_indented || said.is_empty() {
            return Err((start, Problem::Continued));
        }
        next = after;
        end = from + leading(line) + said.len();
        content.extend_from_slice(said);
        if content.last() != Some(&b'\\') {
            break;
        }
        content.pop();
    }
    let span = Span::new(start, end);
    Ok(Value { span, style: Style::Folded, text: Text::decoded(content), comment: None, next })
}
