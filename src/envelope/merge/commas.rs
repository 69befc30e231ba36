//! JSON without the commas at the ends of its lines: an entry that comes last on one side does not on the other, and
//! only its comma differs then.

use std::borrow::Cow;

use super::lines::lines;

/// `text` without the commas that end its lines; `None` unless [`with_commas`] puts all of them back.
pub fn without_commas(text: &[u8]) -> Option<Vec<u8>> {
    let bare: Vec<u8> = lines(text).into_iter().flat_map(|line| bare(line).into_owned()).collect();
    (with_commas(&bare) == text).then_some(bare)
}

/// `text` with a comma behind each line that an entry ends in and another one follows.
pub fn with_commas(text: &[u8]) -> Vec<u8> {
    let all = lines(text);
    let mut result = Vec::with_capacity(text.len() + all.len());
    let mut rest = all.iter();
    while let Some(line) = rest.next() {
        let content = line.trim_ascii_end();
        let opens = matches!(content.last(), None | Some(b'{' | b'[' | b':' | b','));
        let next = rest.as_slice().iter().find_map(|line| line.trim_ascii_start().first());
        result.extend_from_slice(content);
        if !opens && !matches!(next, None | Some(b'}' | b']' | b',' | b':')) {
            result.push(b',');
        }
        result.extend_from_slice(line.get(content.len()..).unwrap_or_default());
    }
    result
}

fn bare(line: &[u8]) -> Cow<'_, [u8]> {
    let content = line.trim_ascii_end();
    match content.strip_suffix(b",") {
        Some(kept) => [kept, line.get(content.len()..).unwrap_or_default()].concat().into(),
        None => line.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_that_end_lines_come_back() {
        for text in
            ["{\n  \"a\": [\n    1,\n    {}\n  ],\n\n  \"b\": {\n  }\n}\n", "{}", "{\"a\": 1, \"b\": 2}\n"]
        {
            let bare = without_commas(text.as_bytes()).unwrap();
            assert_eq!(with_commas(&bare), text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn commas_that_would_not_come_back_stay() {
        for text in ["{\n\"a\": 1\n, \"b\": 2,\n\"c\"\n: 3}\n", "{\"a\": 1 ,\n\"b\": 2}"] {
            let bare = without_commas(text.as_bytes());
            assert!(bare.is_none_or(|bare| with_commas(&bare) == text.as_bytes()), "{text}");
        }
        assert_eq!(without_commas(b"{\"a\": 1 ,\n\"b\": 2}"), None);
    }
}
