//! What a text says when it is read as an encoding of something: the way back from some of the forms.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::base::Secret;

/// Longest text that is decoded.
const LONGEST: usize = 1024 * 1024;

/// Shortest text that is read as base64 or hex: every short word would be one.
const SHORTEST: usize = 8;

/// All readings of `text` that differ from it: base64 in lines of any length, hex, percent-encoding, escapes of JSON.
pub(super) fn decoded(text: &[u8]) -> Vec<Secret<Vec<u8>>> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let whole = [base64(text), hex(text)].into_iter().flatten();
    let inside = [percent(text), json(text)].into_iter().flatten();
    whole.chain(inside).filter(|reading| reading.expose() != text && !reading.expose().is_empty()).collect()
}

fn base64(text: &[u8]) -> Option<Secret<Vec<u8>>> {
    let letters = Secret::new(text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let letters: &Vec<u8> = letters.expose();
    let padding = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let alphabet = if letters.iter().any(|letter| b"-_".contains(letter)) { &URL_SAFE } else { &STANDARD };
    let bytes = GeneralPurpose::new(alphabet, padding).decode(letters);
    bytes.ok().filter(|_| letters.len() >= SHORTEST).map(Secret::new)
}

fn hex(text: &[u8]) -> Option<Secret<Vec<u8>>> {
    let pairs = text.chunks(2).map(|pair| byte(pair.try_into().ok()?));
    let bytes = pairs.collect::<Option<Vec<u8>>>().map(Secret::new);
    bytes.filter(|_| text.len() >= SHORTEST)
}

/// Escapes that are none stay as they are. A plus sign may be one; a blank is too seldom part of a secret to ask.
fn percent(text: &[u8]) -> Option<Secret<Vec<u8>>> {
    memchr::memchr(b'%', text)?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.first_chunk().filter(|_| *first == b'%').and_then(|digits| byte(*digits));
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    Some(Secret::new(bytes))
}

fn json(text: &[u8]) -> Option<Secret<Vec<u8>>> {
    memchr::memchr(b'\\', text)?;
    let quoted = Secret::new([b"\"", text, b"\""].concat());
    let said: String = serde_json::from_slice(quoted.expose()).ok()?;
    Some(Secret::new(said.into_bytes()))
}

fn byte(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? << 4 | low?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(text: &str) -> Vec<String> {
        decoded(text.as_bytes())
            .iter()
            .map(|one| String::from_utf8_lossy(one.expose()).into_owned())
            .collect()
    }

    #[test]
    fn each_encoding_has_its_way_back() {
        for (text, said) in [
            ("aHVudGVyMjI=", "hunter22"),
            ("aHVu\n dGVyMjI", "hunter22"),
            ("Pz8_Pz8-", "?????>"),
            ("68756E7465723232", "hunter22"),
            ("a%20b%2Fc%zz%", "a b/c%zz%"),
            ("a\\\"b\\u00fc", "a\"bü"),
        ] {
            assert!(readings(text).contains(&said.to_owned()), "{text}: {:?}", readings(text));
        }
    }

    #[test]
    fn plain_words_say_nothing_else() {
        for text in ["", "abcd", "hunter22!", "two words of text.", "100%", "C:\\dir"] {
            assert_eq!(readings(text), [""; 0], "{text}");
        }
    }
}
