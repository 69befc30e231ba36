//! Percent-encoding: which bytes stay bare differs from encoder to encoder.

use super::{Forms, digit};

/// What stays bare besides letters and digits: RFC 3986, `encodeURIComponent`, HTML forms, and Python's `quote`.
const BARE: [&[u8]; 4] = [b"-._~", b"-._~!*'()", b"-._*", b"-._~/"];

/// All of them, with digits in both cases and a blank as `%20` and as `+`.
pub(super) fn add(text: &[u8], forms: &mut Forms) {
    for bare in BARE {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            for blank in [b"%20".as_slice(), b"+"] {
                let mut form = Vec::with_capacity(text.len() * 3);
                for byte in text {
                    match byte {
                        b' ' => form.extend_from_slice(blank),
                        byte if byte.is_ascii_alphanumeric() || bare.contains(byte) => form.push(*byte),
                        byte => form.extend([b'%', digit(byte >> 4, digits), digit(*byte, digits)]),
                    }
                }
                forms.add(form);
            }
        }
    }
}
