//! Bytes that are written as text.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// A block of PEM.
pub struct Block<'a> {
    /// The words behind `BEGIN`.
    pub label: &'a str,
    /// What it holds.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Padded or not, and in lines of any length.
pub fn base64(value: &[u8], url_safe: bool) -> bool {
    decoded(value, url_safe).is_some()
}

/// Whether the value is one block of PEM or several, all labelled so.
pub fn has_pem(value: &[u8], label: Option<&str>) -> bool {
    let is_labelled = |block: &Block<'_>| label.is_none_or(|label| block.label.ends_with(label));
    blocks(value).is_some_and(|blocks| !blocks.is_empty() && blocks.iter().all(is_labelled))
}

/// The blocks of PEM in a text; words between them are skipped. `None`: one of them is broken.
pub fn blocks(value: &[u8]) -> Option<Vec<Block<'_>>> {
    let mut rest = std::str::from_utf8(value).ok()?;
    let mut found = Vec::new();
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (label, inner) = begun.split_once("-----")?;
        let (body, after) = inner.split_once("-----END ")?;
        let (end, after) = after.split_once("-----")?;
        (end == label && !label.contains(['\n', '\r'])).then_some(())?;
        // Old blocks have headers, as mail has, above an empty line.
        let body =
            if body.contains(": ") { body.split_once("\n\n").map_or(body, |(_, body)| body) } else { body };
        let bytes = decoded(body.as_bytes(), false).filter(|bytes| !bytes.is_empty())?;
        found.push(Block { label, bytes });
        rest = after;
    }
    Some(found)
}

fn decoded(value: &[u8], url_safe: bool) -> Option<Zeroizing<Vec<u8>>> {
    let padding = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(if url_safe { &URL_SAFE } else { &STANDARD }, padding);
    let letters = value.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r'));
    let letters: Zeroizing<Vec<u8>> = Zeroizing::new(letters.collect());
    engine.decode(letters.as_slice()).ok().map(Zeroizing::new)
}
