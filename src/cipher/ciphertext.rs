//! The text of an encrypted value, `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]` (spec 1.1): taken apart and printed.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::base::Type;

const PREFIX: &[u8] = b"ENC[AES256_GCM,data:";

/// What is meant to be one begins so.
const SIGN: &[u8] = b"ENC[AES256_GCM,";

/// Unused trailing bits are not checked: sops does not either.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// The four parts, still in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphertext<'a> {
    /// The whole text, `ENC[` to its closing `]`.
    pub text: &'a [u8],
    /// The type of the value inside. Not authenticated by the cipher.
    pub kind: Type,
    data: &'a [u8],
    iv: &'a [u8],
    tag: &'a [u8],
}

impl<'a> Ciphertext<'a> {
    /// Takes `text` apart as sops does: it must begin with `ENC[`, what follows the closing bracket is ignored, and
    /// no line feed may stand inside. `None`: this is no ciphertext of a type we know.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let inside = text.strip_prefix(PREFIX)?;
        let line = inside.get(..memchr::memchr(b'\n', inside).unwrap_or(inside.len()))?;
        let line = line.get(..memchr::memrchr(b']', line)?)?;
        let (rest, kind) = rsplit_once(line, b"type:")?;
        let (rest, tag) = rsplit_once(rest, b"tag:")?;
        let (data, iv) = rsplit_once(rest, b"iv:")?;
        if data.is_empty() || iv.is_empty() || tag.is_empty() {
            return None;
        }
        let text = text.get(..PREFIX.len() + line.len() + 1)?;
        Some(Self { text, kind: Type::from_name(kind)?, data, iv, tag })
    }

    /// Whether `text` wants to be a ciphertext, well formed or not.
    #[must_use]
    pub fn is_meant(text: &[u8]) -> bool {
        text.starts_with(SIGN)
    }

    /// Whether something in `text` wants to be one: cheap enough to spare most files a parser.
    #[must_use]
    pub fn stands_in(text: &[u8]) -> bool {
        memchr::memmem::find(text, SIGN).is_some()
    }

    /// Whether its nonce has 32 bytes, so that it may be kept in a file that is written again: sops reads other
    /// lengths, and panics when it comes to write one (spec 1.2).
    #[must_use]
    pub fn can_be_kept(&self) -> bool {
        self.iv.len() == 44 && self.iv.ends_with(b"=") && !self.iv.ends_with(b"==")
    }

    /// Decodes nonce, and data followed by tag, into the buffers; `None` when the base64 is broken.
    pub(super) fn decode(&self, nonce: &mut Vec<u8>, data: &mut Vec<u8>) -> Option<()> {
        nonce.clear();
        // Every nonce of ours fits: no growing, no clearing.
        let mut short = [0; 36];
        match BASE64.decode_slice(self.iv, &mut short) {
            Ok(length) => nonce.extend_from_slice(short.get(..length)?),
            Err(_) => BASE64.decode_vec(self.iv, nonce).ok()?,
        }
        data.clear();
        BASE64.decode_vec(self.data, data).ok()?;
        BASE64.decode_vec(self.tag, data).ok()
    }

    /// Appends the text of a ciphertext to `out`.
    pub(super) fn print(kind: Type, data: &[u8], nonce: &[u8], tag: &[u8], out: &mut String) {
        out.push_str("ENC[AES256_GCM,data:");
        BASE64.encode_string(data, out);
        out.push_str(",iv:");
        BASE64.encode_string(nonce, out);
        out.push_str(",tag:");
        BASE64.encode_string(tag, out);
        out.push_str(",type:");
        out.push_str(kind.name());
        out.push(']');
    }
}

/// At the last comma, which `label` must follow: base64 has none.
fn rsplit_once<'a>(text: &'a [u8], label: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let comma = memchr::memrchr(b',', text)?;
    Some((text.get(..comma)?, text.get(comma + 1..)?.strip_prefix(label)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sops_accepts_is_accepted() {
        for (text, accepted) in [
            ("ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]", true),
            ("ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str] trailing", true),
            ("ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]\n", true),
            (" ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]", false),
            ("ENC[AES256_GCM,data:QQ\n==,iv:QQ==,tag:QQ==,type:str]", false),
            ("ENC[AES256_GCM,data:,iv:QQ==,tag:QQ==,type:str]", false),
            ("ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:bytes]", false),
            ("ENC[AES256_GCM,data:QQ==,iv:QQ==,type:str]", false),
            ("", false),
        ] {
            assert_eq!(Ciphertext::parse(text.as_bytes()).is_some(), accepted, "{text}");
        }
    }

    #[test]
    fn a_nonce_of_32_bytes_alone_may_be_kept() {
        for (length, kept) in [(12, false), (16, false), (31, false), (32, true), (33, false)] {
            let mut text = String::new();
            Ciphertext::print(Type::Str, b"x", &vec![1; length], &[2; 16], &mut text);
            assert_eq!(Ciphertext::parse(text.as_bytes()).unwrap().can_be_kept(), kept, "{length}");
        }
    }

    #[test]
    fn the_text_ends_at_the_closing_bracket() {
        let parsed = Ciphertext::parse(b"ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:int]\n").unwrap();
        assert_eq!(parsed.text, b"ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:int]");
        assert_eq!(parsed.kind, Type::Int);
    }
}
