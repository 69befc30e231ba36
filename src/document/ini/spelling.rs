//! How a value is written so that it reads back as itself: as it was quoted before if that can hold it, else bare, in
//! quotes, in backquotes, or in `"""`. Every spelling is read back before it is used.

use super::grammar::{self, line_end};
use crate::base::{Span, Style};
use crate::document::{Content, Document};

/// What stands between `open` and `close`.
type Quotes = (&'static [u8], &'static [u8]);

const BARE: Quotes = (b"", b"");
const DOUBLE: Quotes = (b"\"", b"\"");
const SINGLE: Quotes = (b"'", b"'");
const BACK: Quotes = (b"`", b"`");
const TRIPLE: Quotes = (b"\"\"\"", b"\"\"\"");

/// `value` with the quotes that `old` has, if they can hold it, before `rest` of the line; `None` if no quotes can.
pub(super) fn spelled(value: &[u8], old: (Style, &[u8]), rest: &[u8]) -> Option<Vec<u8>> {
    if matches!(old.0, Style::Plain | Style::Folded)
        && rest.iter().all(u8::is_ascii_whitespace)
        && is_bare(value)
    {
        return Some(value.to_vec());
    }
    let holds = |bytes: &[u8]| value.iter().any(|byte| bytes.contains(byte));
    // As sops chooses: what begins a comment stands in backquotes, several lines in three double quotes.
    let usual = if holds(b"\n`") {
        [TRIPLE, BACK, DOUBLE, SINGLE]
    } else if holds(b"#;") {
        [BACK, TRIPLE, DOUBLE, SINGLE]
    } else {
        [DOUBLE, SINGLE, BACK, TRIPLE]
    };
    let candidates = [quotes_of(old), BARE].into_iter().chain(usual);
    let mut spelled = candidates.map(|(open, close)| [open, value, close].concat());
    spelled.find(|text| reads_as(text, value, rest))
}

/// Whether nothing in `value` can mean anything but itself; most values are so.
fn is_bare(value: &[u8]) -> bool {
    let (first, last) = (value.first(), value.last());
    let is_plain = |byte: &u8| {
        matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'%'..=b'&' | b'('..=b':' | b'<'..=b'@')
            || matches!(byte, b' ' | b'!' | b'$' | b'^' | b'_' | b'{'..=b'~')
    };
    first != Some(&b' ') && last != Some(&b' ') && value.iter().all(is_plain)
}

/// The quotes round `text`, which is written in `style`.
fn quotes_of((style, text): (Style, &[u8])) -> Quotes {
    match style {
        Style::Double => DOUBLE,
        Style::Folded | Style::Plain => BARE,
        Style::Literal if text.starts_with(b"`") => BACK,
        Style::Literal => TRIPLE,
        Style::Single => SINGLE,
    }
}

/// `cipher` with the quotes of what it replaces.
pub(super) fn enclosed(cipher: &str, old: (Style, &[u8])) -> Vec<u8> {
    let (open, close) = quotes_of(old);
    [open, cipher.as_bytes(), close].concat()
}

fn reads_as(spelled: &[u8], value: &[u8], rest: &[u8]) -> bool {
    let line = [b" ", spelled, rest, b"\n"].concat();
    let has_comment = |value: &grammar::Value| value.comment.is_some();
    let before = grammar::value(&[b" x", rest, b"\n"].concat(), 0);
    let is_commented = before.as_ref().is_ok_and(has_comment);
    grammar::value(&line, 0).is_ok_and(|read| {
        read.text.bytes(read.span, &line) == value
            && read.next == line.len()
            && has_comment(&read) == is_commented
    })
}

/// What follows `span` in its line, without the line end.
pub(super) fn rest_of_line(document: &Document, span: Span) -> &[u8] {
    let end = span.range().end;
    document.text().get(end..line_end(document.text(), end).0).unwrap_or_default()
}

/// The line `name = value`, without its end; `None` if it has no spelling.
pub(super) fn line(name: &[u8], delimiter: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let value = spelled(value, (Style::Plain, b""), b"")?;
    Some([&spelled_key(name)?, delimiter, &value].concat())
}

/// A key that reads back as itself.
pub(super) fn spelled_key(name: &[u8]) -> Option<Vec<u8>> {
    if !grammar::sops_keeps(name) || name.iter().any(|byte| b"\0\r\n".contains(byte)) {
        return None;
    }
    let mut candidates =
        [BARE, BACK, DOUBLE, TRIPLE].map(|(open, close)| [open, name, close].concat()).into_iter();
    candidates.find(|key| {
        let line = [key.as_slice(), b" = "].concat();
        grammar::key(&line, 0, line.len())
            .is_ok_and(|read| read.text.bytes(read.span, &line) == name && read.behind + 1 == line.len())
            && super::blanks::leading(&line) == 0
    })
}

/// The text that replaces the scalar or comment at `span`.
pub(super) fn comment_text(content: Content<'_>, is_inline: bool) -> Option<Vec<u8>> {
    let text = match content {
        Content::Cipher { text, .. } => return Some(text.as_bytes().to_vec()),
        Content::Comment(text) => super::comments::restored(text),
        Content::Value(_) => return None,
    };
    let is_writable = !(text.contains(&0) || is_inline && text.contains(&b'\n'));
    is_writable.then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_bare_where_it_can_be() {
        for (value, expected) in [
            ("a", "a"),
            ("", ""),
            ("a b=c:d", "a b=c:d"),
            (" a", "\" a\""),
            ("a#b", "`a#b`"),
            ("a\nb", "\"\"\"a\nb\"\"\""),
            ("a`#", "\"\"\"a`#\"\"\""),
            ("\"a\"", "'\"a\"'"),
            ("'a'", "\"'a'\""),
            ("a\\", "\"a\\\""),
            ("'\"", "'\""),
            ("`", "\"\"\"`\"\"\""),
            ("\"\"\"a\nb", "`\"\"\"a\nb`"),
        ] {
            let spelled = spelled(value.as_bytes(), (Style::Plain, b""), b"").unwrap();
            assert_eq!(String::from_utf8(spelled).unwrap(), expected);
        }
    }

    #[test]
    fn quotes_stay_where_they_can_hold_the_value() {
        let again = |value: &str, old: Style, text: &str| {
            spelled(value.as_bytes(), (old, text.as_bytes()), b"")
                .map(|text| String::from_utf8(text).unwrap())
        };
        assert_eq!(again("b", Style::Double, "\"a\"").unwrap(), "\"b\"");
        assert_eq!(again("b\"", Style::Double, "\"a\"").unwrap(), "b\"");
        assert_eq!(again("b", Style::Literal, "`a`").unwrap(), "`b`");
        assert_eq!(again("a\"\"\"\nb`\nc", Style::Plain, ""), None);
    }

    #[test]
    fn what_follows_in_the_line_counts() {
        let spelled = spelled(b"a;b", (Style::Plain, b"x"), b" ; it`s").unwrap();
        assert_eq!(spelled, b"\"\"\"a;b\"\"\"");
    }

    #[test]
    fn keys_are_quoted_where_they_must_be() {
        for (name, expected) in [
            ("a b", Some("a b")),
            ("a=b", Some("`a=b`")),
            ("a`", Some("a`")),
            ("-", None),
            ("#a", None),
            ("", None),
        ] {
            let key = spelled_key(name.as_bytes()).map(|key| String::from_utf8(key).unwrap());
            assert_eq!(key.as_deref(), expected, "{name}");
        }
    }
}
