//! The MAC over all values of a file (spec 3.1): SHA-512 over their plain bytes, nothing between them.

use sha2::{Digest, Sha512};

use crate::base::Value;

/// SHA-256 of `sops`: what the hash begins with when only encrypted values are covered.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b,
    0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A running MAC.
pub struct Mac(Sha512);

impl Mac {
    /// Begins; `only_encrypted` is the metadata's `mac_only_encrypted`.
    #[must_use]
    pub fn new(only_encrypted: bool) -> Self {
        let mut hash = Sha512::new();
        if only_encrypted {
            hash.update(ONLY_ENCRYPTED);
        }
        Self(hash)
    }

    /// Covers `value` too. Null adds nothing.
    pub fn feed(&mut self, value: &Value) {
        self.feed_bytes(&value.plain_bytes());
    }

    /// The same, of plain bytes that are at hand.
    pub fn feed_bytes(&mut self, plain: &[u8]) {
        self.0.update(plain);
    }

    /// The 128 upper-case hexadecimal digits.
    #[must_use]
    pub fn finish(self) -> String {
        self.0.finalize().iter().fold(String::with_capacity(128), |mut text, byte| {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or_default().to_ascii_uppercase());
            }
            text
        })
    }
}
