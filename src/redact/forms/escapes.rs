//! Escapes: JSON strings as the usual writers spell them, and the quotings of shells.

use super::{Forms, digit};

/// The inside of a JSON string, with and without what a writer may choose to escape; the inside of each quoting of
/// shells; and Python's `repr`.
pub(super) fn add(text: &[u8], forms: &mut Forms) {
    if let Ok(text) = std::str::from_utf8(text) {
        for slash in [false, true] {
            for beyond in [Beyond::Bare, Beyond::Escaped(LOWER), Beyond::Escaped(UPPER)] {
                for html in [false, true] {
                    forms.add(json(text, slash, beyond, html));
                }
            }
        }
    }
    forms.add(replaced(text, |byte| (byte == b'\'').then_some(b"'\\''".as_slice())));
    forms.add(replaced(text, |byte| (byte == b'\'').then_some(b"'\"'\"'".as_slice())));
    // Between double quotes, as `export -p` prints.
    forms.add(backslashed(text, |byte| b"\"$\\`".contains(&byte)));
    // Bare words, as `printf %q` prints: bash, which also escapes `#` and `~` at the start of a word, and others.
    forms.add(bare_word(text, b" !\"$&'()*,;<>?[\\]^`{|}\t"));
    forms.add(bare_word(text, b" !\"$&'()*;<=>?[\\]^`{|}~#\t"));
    for quote in [b"\\'".as_slice(), b"'", b"\\\""] {
        forms.add(c_style(text, quote, false));
        forms.add(c_style(text, quote, true));
    }
}

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// What becomes of characters beyond ASCII.
#[derive(Clone, Copy)]
enum Beyond {
    Bare,
    Escaped(&'static [u8; 16]),
}

fn json(text: &str, slash: bool, beyond: Beyond, html: bool) -> Vec<u8> {
    let mut form = Vec::with_capacity(text.len());
    let digits = if let Beyond::Escaped(digits) = beyond { digits } else { LOWER };
    for character in text.chars() {
        match character {
            '"' => form.extend(b"\\\""),
            '\\' => form.extend(b"\\\\"),
            '\u{8}' => form.extend(b"\\b"),
            '\u{c}' => form.extend(b"\\f"),
            '\n' => form.extend(b"\\n"),
            '\r' => form.extend(b"\\r"),
            '\t' => form.extend(b"\\t"),
            '/' if slash => form.extend(b"\\/"),
            '<' | '>' | '&' if html => unicode(character, digits, &mut form),
            character if character < ' ' => unicode(character, digits, &mut form),
            character if !character.is_ascii() && matches!(beyond, Beyond::Escaped(_)) => {
                unicode(character, digits, &mut form);
            }
            character => form.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    form
}

fn unicode(character: char, digits: &[u8; 16], form: &mut Vec<u8>) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        form.extend(b"\\u");
        for byte in unit.to_be_bytes() {
            form.extend([digit(byte >> 4, digits), digit(byte, digits)]);
        }
    }
}

/// `text` with some of its bytes replaced.
pub(super) fn replaced(text: &[u8], by: impl Fn(u8) -> Option<&'static [u8]>) -> Vec<u8> {
    let mut form = Vec::with_capacity(text.len());
    for byte in text {
        match by(*byte) {
            Some(other) => form.extend_from_slice(other),
            None => form.push(*byte),
        }
    }
    form
}

fn backslashed(text: &[u8], is_special: impl Fn(u8) -> bool) -> Vec<u8> {
    let escaped = |byte: u8| is_special(byte).then_some(b'\\').into_iter().chain([byte]);
    text.iter().flat_map(|byte| escaped(*byte)).collect()
}

fn bare_word(text: &[u8], special: &[u8]) -> Vec<u8> {
    let mut form = backslashed(text, |byte| special.contains(&byte));
    if text.first().is_some_and(|first| b"#~".contains(first) && !special.contains(first)) {
        form.insert(0, b'\\');
    }
    form
}

/// `$'…'` of bash, where other control bytes are octal; and `repr` of Python, where they are hexadecimal. Bytes beyond
/// ASCII are escaped only where the text is not UTF-8.
fn c_style(text: &[u8], quote: &[u8], hexadecimal: bool) -> Vec<u8> {
    let is_text = std::str::from_utf8(text).is_ok();
    let mut form = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'\\' => form.extend(b"\\\\"),
            b'\'' if quote != b"\\\"" => form.extend(quote),
            b'"' if quote == b"\\\"" => form.extend(quote),
            b'\n' => form.extend(b"\\n"),
            b'\r' => form.extend(b"\\r"),
            b'\t' => form.extend(b"\\t"),
            7 if !hexadecimal => form.extend(b"\\a"),
            8 if !hexadecimal => form.extend(b"\\b"),
            11 if !hexadecimal => form.extend(b"\\v"),
            12 if !hexadecimal => form.extend(b"\\f"),
            27 if !hexadecimal => form.extend(b"\\E"),
            byte if (32..127).contains(byte) || (*byte >= 128 && is_text) => form.push(*byte),
            byte if hexadecimal => form.extend([b'\\', b'x', digit(byte >> 4, LOWER), digit(*byte, LOWER)]),
            byte => form.extend([b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]),
        }
    }
    form
}
