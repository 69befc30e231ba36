//! Post-quantum keys, `age1pq1…`: the stanza `mlkem768x25519` of the age specification (C2SP), which no release of the
//! `age` crate knows yet. HPKE in base mode with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305.

use std::collections::HashSet;

use age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use hpke::{Deserializable, Kem as _, OpModeR, OpModeS, Serializable};
use x_wing::{DecapsulationKeyRejectNonContrib, TryDecapsulate};
use zeroize::Zeroizing;

use super::bech32;
use crate::base::Secret;

/// Someone who is known by an `age1pq1…` text.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipient(<Kem as hpke::Kem>::PublicKey);

/// The 32-byte seed behind an `AGE-SECRET-KEY-PQ-1…` text.
#[derive(Clone, Debug)]
pub struct Identity(Secret<[u8; SEED_LENGTH]>);

/// The prefix of recipients.
pub const RECIPIENT_PREFIX: &str = "age1pq";
/// The prefix of identities, in lower case.
pub const IDENTITY_PREFIX: &str = "age-secret-key-pq-";

type Aead = hpke::aead::ChaCha20Poly1305;
type Kdf = hpke::kdf::HkdfSha256;
type Kem = hpke::kem::XWing;

const ENCAPSULATED_LENGTH: usize = 1120;
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
const SEED_LENGTH: usize = 32;
const TAG: &str = "mlkem768x25519";
const WRAPPED_LENGTH: usize = FILE_KEY_BYTES + 16;

impl Recipient {
    /// Reads an `age1pq1…` text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = bech32::decode(RECIPIENT_PREFIX, text)?;
        <Kem as hpke::Kem>::PublicKey::from_bytes(&bytes).ok().map(Self)
    }

    /// As it stands in the metadata.
    #[must_use]
    pub fn text(&self) -> String {
        bech32::encode(RECIPIENT_PREFIX, &self.0.to_bytes()).unwrap_or_default()
    }
}

impl Identity {
    /// From its 32 secret bytes; `None` for any other length.
    #[must_use]
    pub fn from_seed(seed: &[u8]) -> Option<Self> {
        <[u8; SEED_LENGTH]>::try_from(seed).ok().map(|seed| Self(Secret::new(seed)))
    }

    /// Reads an `AGE-SECRET-KEY-PQ-1…` text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_seed(&bech32::decode(IDENTITY_PREFIX, text)?)
    }

    /// The recipient that it opens for.
    #[must_use]
    pub fn to_public(&self) -> Option<Recipient> {
        self.private().map(|private| Recipient(Kem::sk_to_pk(&private)))
    }

    fn private(&self) -> Option<<Kem as hpke::Kem>::PrivateKey> {
        <Kem as hpke::Kem>::PrivateKey::from_bytes(self.0.expose()).ok()
    }

    fn open(&self, encapsulated: &[u8], wrapped: &[u8]) -> Result<Option<FileKey>, DecryptError> {
        let ciphertext =
            x_wing::Ciphertext::try_from(encapsulated).map_err(|_| DecryptError::InvalidHeader)?;
        // `hpke` accepts points of low order, whose shared secret anyone can tell; the specification refuses them.
        DecapsulationKeyRejectNonContrib::from(*self.0.expose())
            .try_decapsulate(&ciphertext)
            .map_err(|_| DecryptError::InvalidHeader)?;
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated)
            .map_err(|_| DecryptError::InvalidHeader)?;
        let private = self.private().ok_or(DecryptError::InvalidHeader)?;
        // As with X25519, a failure to open means no more than that the stanza is for somebody else.
        let opened = hpke::single_shot_open::<Aead, Kdf, Kem>(
            &OpModeR::Base,
            &private,
            &encapsulated,
            INFO,
            wrapped,
            b"",
        );
        let Ok(opened) = opened.map(Zeroizing::new) else { return Ok(None) };
        if opened.len() != FILE_KEY_BYTES {
            return Err(DecryptError::InvalidHeader);
        }
        Ok(Some(FileKey::init_with_mut(|key| key.copy_from_slice(&opened))))
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let (encapsulated, body) = hpke::single_shot_seal::<Aead, Kdf, Kem>(
            &OpModeS::Base,
            &self.0,
            INFO,
            file_key.expose_secret(),
            b"",
        )
        .map_err(|_| EncryptError::Io(std::io::ErrorKind::InvalidInput.into()))?;
        let args = vec![BASE64_STANDARD_NO_PAD.encode(encapsulated.to_bytes())];
        let labels = HashSet::from(["postquantum".to_owned()]);
        Ok((vec![Stanza { tag: TAG.to_owned(), args, body }], labels))
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != TAG {
            return None;
        }
        let well_formed = match stanza.args.as_slice() {
            // The engine refuses padding and trailing bits that are not zero.
            [share] => BASE64_STANDARD_NO_PAD.decode(share).ok(),
            _ => None,
        }
        .filter(|share| share.len() == ENCAPSULATED_LENGTH && stanza.body.len() == WRAPPED_LENGTH);
        match well_formed {
            Some(share) => self.open(&share, &stanza.body).transpose(),
            None => Some(Err(DecryptError::InvalidHeader)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::{Identity as _, Recipient as _};

    #[test]
    fn a_wrapped_key_opens_with_its_identity_alone() {
        let mine = Identity::from_seed(&[1; 32]).unwrap();
        let other = Identity::from_seed(&[2; 32]).unwrap();
        let recipient = Recipient::parse(&mine.to_public().unwrap().text()).unwrap();
        let (stanzas, labels) = recipient.wrap_file_key(&FileKey::new(Box::new([9; 16]))).unwrap();
        assert_eq!(labels, HashSet::from(["postquantum".to_owned()]));
        let opened = mine.unwrap_stanzas(&stanzas).unwrap().unwrap();
        assert_eq!(opened.expose_secret(), &[9; 16]);
        assert!(other.unwrap_stanzas(&stanzas).is_none());
    }

    #[test]
    fn identities_have_32_bytes() {
        assert!(Identity::from_seed(&[0; 31]).is_none());
        assert!(Recipient::parse(&bech32::encode(RECIPIENT_PREFIX, &[0; 32]).unwrap()).is_none());
    }
}
