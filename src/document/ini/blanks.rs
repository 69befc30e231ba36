//! What Go takes for white space, as the reader of sops does: more than ASCII, and bytes that are no UTF-8 are none.

/// White space beyond ASCII, in UTF-8.
const WIDE: [&str; 9] =
    ["\u{85}", "\u{a0}", "\u{1680}", "\u{2028}", "\u{2029}", "\u{202f}", "\u{205f}", "\u{3000}", "\u{2000}"];

/// How many bytes of white space come first.
pub(super) fn leading(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let length = match rest.first() {
            Some(b'\t'..=b'\r' | b' ') => 1,
            Some(0xC2 | 0xE1..=0xE3) => wide(rest, <[u8]>::starts_with),
            _ => 0,
        };
        if length == 0 {
            return at;
        }
        at += length;
    }
    at
}

/// `text` without white space at its end.
pub(super) fn trimmed_end(mut text: &[u8]) -> &[u8] {
    loop {
        let length = match text.last() {
            Some(b'\t'..=b'\r' | b' ') => 1,
            Some(0x80..=0xBF) => wide(text, <[u8]>::ends_with),
            _ => 0,
        };
        match text.len().checked_sub(length).and_then(|end| text.get(..end)) {
            Some(shorter) if length > 0 => text = shorter,
            _ => return text,
        }
    }
}

/// `text` without white space at both ends.
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    trimmed_end(text.get(leading(text)..).unwrap_or_default())
}

fn wide(text: &[u8], stands: impl Fn(&[u8], &[u8]) -> bool) -> usize {
    let ens = ('\u{2001}'..='\u{200a}').map(String::from);
    let found = WIDE.into_iter().map(String::from).chain(ens).find(|blank| stands(text, blank.as_bytes()));
    found.map_or(0, |blank| blank.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_and_rust_mean_the_same_by_white_space() {
        for code in (0..0x3100u32).filter_map(char::from_u32) {
            let text = code.to_string();
            assert_eq!(leading(text.as_bytes()) > 0, code.is_whitespace(), "{code:?}");
            assert_eq!(trimmed_end(text.as_bytes()).is_empty(), code.is_whitespace(), "{code:?}");
        }
        assert_eq!(trimmed(b" \xff\x85 "), b"\xff\x85");
    }
}
