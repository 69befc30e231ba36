//! How dotenvx reads a file: which lines are assignments, and what stands in them. It differs from our own reading: a
//! `#` ends any unquoted value, a backtick is a quote, `NAME: value` is an assignment too.

use std::ops::Range;

use regex::bytes::Regex;

use crate::document::dotenv::spelling::replaced;

/// One assignment. Lines that are none are passed over, as dotenvx does.
pub(super) struct Assignment<'a> {
    pub(super) name: &'a [u8],
    /// The quote that its value begins with.
    pub(super) quote: Option<u8>,
    /// Without quotes, escapes made out.
    pub(super) value: Vec<u8>,
    /// From behind the name to the end of the value, separator included.
    pub(super) span: Range<usize>,
    /// Where the name begins; blank lines and `export` may stand before it.
    pub(super) start: usize,
}

const PATTERN: &str = r#"(?mx-u)
    ^ \s* (?: export \s+ )? (?<name> [\w.-]+ )
    (?: \s* = \s*? | : \s+? )
    (?<value>
        \s* ' (?: \\' | [^'] )* '
      | \s* " (?: \\" | [^"] )* "
      | \s* ` (?: \\` | [^`] )* `
      | [^\#\r\n]+
    )?
    \s* (?: \# [^\r\n]* )? $"#;

/// All assignments of `text`, in order.
pub(super) fn assignments(text: &[u8]) -> Vec<Assignment<'_>> {
    // A test reads with it; without it nothing would be found, and no comparison would hold.
    let Ok(regex) = Regex::new(PATTERN) else { return Vec::new() };
    let found = regex.captures_iter(text).filter_map(|captures| {
        let name = captures.name("name")?;
        let value = captures.name("value");
        // Without a value, the separator is the first thing behind the name.
        let behind = text.get(name.end()..)?;
        let separator = name.end() + memchr::memchr2(b'=', b':', behind)? + 1;
        let end = value.map_or(separator, |value| value.end());
        let raw = value.map_or(&b""[..], |value| value.as_bytes()).trim_ascii();
        let quote = raw.first().copied().filter(|byte| b"'\"`".contains(byte));
        let value = meaning(raw, quote);
        Some(Assignment { name: name.as_bytes(), quote, value, span: name.end()..end, start: name.start() })
    });
    found.collect()
}

fn meaning(raw: &[u8], quote: Option<u8>) -> Vec<u8> {
    let inner = match (raw, quote) {
        ([_, inner @ .., last], Some(quote)) if *last == quote => inner,
        _ => raw,
    };
    match quote {
        Some(b'\'') => replaced(inner, b"\\'", b"'").into_owned(),
        Some(b'"') => {
            let text = replaced(inner, b"\\n", b"\n");
            replaced(&replaced(&text, b"\\r", b"\r"), b"\\t", b"\t").into_owned()
        }
        _ => inner.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let owned = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assignments(text.as_bytes()).iter().map(|one| (owned(one.name), owned(&one.value))).collect()
    }

    #[test]
    fn values_are_read_as_dotenvx_reads_them() {
        for (text, name, value) in [
            ("A=1", "A", "1"),
            ("export A = x y # c", "A", "x y"),
            ("A=x#c", "A", "x"),
            ("A=", "A", ""),
            ("A=\n# c\n", "A", ""),
            ("A: x", "A", "x"),
            ("A=`x y`", "A", "x y"),
            ("A='it\\'s'", "A", "it's"),
            ("A='a\\n'", "A", "a\\n"),
            (r#"A="a\nb\t""#, "A", "a\nb\t"),
            (r#"A="say \"hi\"""#, "A", r#"say \"hi\""#),
            ("A=\"l1\nl2\"", "A", "l1\nl2"),
            ("A=\"x", "A", "\"x"),
            ("a.b-c=1", "a.b-c", "1"),
        ] {
            assert_eq!(read(text), [(name.to_owned(), value.to_owned())], "{text}");
        }
    }

    #[test]
    fn lines_that_are_no_assignment_are_passed_over() {
        assert_eq!(read("# A=1\nA B=1\nnonsense\n\n"), []);
        // A separator is looked for beyond the line end, too.
        assert_eq!(read("A\n=x\n"), [("A".to_owned(), "x".to_owned())]);
    }
}
