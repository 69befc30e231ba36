//! Bech32, the spelling of age's keys: checked, of any length. Whose keys they are, the prefix tells.

use bech32::primitives::checksum::Checksum;
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use zeroize::Zeroizing;

/// The bytes behind `text`, if it is well spelled (BIP 173, but of any length) and its prefix is `prefix`, in either case.
#[must_use]
pub fn decode(prefix: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let parsed = CheckedHrpstring::new::<Long>(text).ok()?;
    let hrp = parsed.hrp();
    if !hrp.as_str().eq_ignore_ascii_case(prefix) {
        return None;
    }
    let bytes = Zeroizing::new(parsed.byte_iter().collect::<Vec<_>>());
    // The bits that pad the last character must be zero, which the crate does not check.
    let canonical = Zeroizing::new(bech32::encode_lower::<Long>(hrp, &bytes).ok()?);
    canonical.eq_ignore_ascii_case(text).then_some(bytes)
}

/// The prefix of `text` in lower case, if it is well spelled.
#[must_use]
pub fn prefix(text: &str) -> Option<String> {
    CheckedHrpstring::new::<Long>(text).ok().map(|parsed| parsed.hrp().to_lowercase())
}

/// `bytes` in lower case, as recipients are written; `None` for a prefix that bech32 does not allow.
#[must_use]
pub fn encode(prefix: &str, bytes: &[u8]) -> Option<String> {
    bech32::encode_lower::<Long>(Hrp::parse(prefix).ok()?, bytes).ok()
}

/// Bech32 without its limit of 1,023 characters: post-quantum recipients have 1,959.
#[derive(Clone, Copy, Debug)]
enum Long {}

impl Checksum for Long {
    type MidstateRepr = u32;
    const CODE_LENGTH: usize = 1 << 16;
    const CHECKSUM_LENGTH: usize = Bech32::CHECKSUM_LENGTH;
    const GENERATOR_SH: [u32; 5] = Bech32::GENERATOR_SH;
    const TARGET_RESIDUE: u32 = Bech32::TARGET_RESIDUE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_survive_a_round_trip() {
        let bytes = [7; 1216];
        let text = encode("age1pq", &bytes).unwrap();
        assert_eq!(text.len(), 1959);
        assert_eq!(decode("age1pq", &text).unwrap().as_slice(), bytes);
        assert_eq!(decode("age1pq", &text.to_uppercase()).unwrap().as_slice(), bytes);
    }

    #[test]
    fn a_wrong_prefix_character_or_case_is_refused() {
        let text = encode("age", &[1; 32]).unwrap();
        assert!(decode("age1pq", &text).is_none());
        assert!(decode("age", &text.replace('q', "p")).is_none());
        assert!(decode("age", &text.replacen('a', "A", 1)).is_none());
        assert_eq!(prefix(&text).as_deref(), Some("age"));
    }
}
