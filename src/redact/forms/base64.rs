//! Base64 of a secret, alone or in the middle of something else: what stands before it shifts its letters.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::{Forms, SHORTEST_LINE};

/// Columns at which `base64`, PEM and MIME break lines.
const WIDTHS: [usize; 2] = [76, 64];

/// Standard and URL-safe, behind 0, 1 or 2 other bytes of a group of three: the letters that depend on the secret
/// alone; and, where it is the end of what was encoded, the last one too, with and without padding.
pub(super) fn add(text: &[u8], forms: &mut Forms) {
    for engine in [&STANDARD, &URL_SAFE] {
        for others in [b"".as_slice(), b"\0", b"\0\0"] {
            let encoded = engine.encode([others, text].concat()).into_bytes();
            // Six bits a letter: the first that begins behind the bytes before, and the last that ends within the secret.
            let first = (8 * others.len()).div_ceil(6);
            let end = 8 * (others.len() + text.len()) / 6;
            let padding = encoded.iter().rev().take_while(|letter| **letter == b'=').count();
            for end in [end, encoded.len() - padding, encoded.len()] {
                forms.add(encoded.get(first..end).unwrap_or_default().to_vec());
            }
        }
    }
    let encoded = STANDARD.encode(text);
    for width in WIDTHS.into_iter().filter(|width| encoded.len() > *width) {
        let lines: Vec<&[u8]> = encoded.as_bytes().chunks(width).collect();
        forms.add(lines.join(&b'\n'));
        for line in lines.into_iter().filter(|line| line.len() >= SHORTEST_LINE) {
            forms.add(line.to_vec());
        }
    }
}
