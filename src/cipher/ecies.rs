//! Opening what dotenvx encrypted: ECIES over secp256k1 as eciesjs lays it out. Nothing is ever written this way.
//!
//! A message is an ephemeral public key (65 bytes, uncompressed), a nonce (16), a tag (16) and the ciphertext. The key
//! of AES-256-GCM is HKDF-SHA-256, without salt and info, over the ephemeral public key and the shared point, both
//! uncompressed.

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use hkdf::Hkdf;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{PublicKey, SecretKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::base::Secret;

const POINT_LENGTH: usize = 65;
const NONCE_LENGTH: usize = 16;
const TAG_LENGTH: usize = 16;

/// Bytes of a message that holds nothing.
pub const SHORTEST: usize = POINT_LENGTH + NONCE_LENGTH + TAG_LENGTH;

/// A secp256k1 private key. Wiped on drop.
#[derive(Clone)]
pub struct PrivateKey(SecretKey);

/// A message that does not open. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EciesError {
    /// Too short, or no point of the curve.
    #[error("the ciphertext is damaged")]
    Damaged,
    /// The tag does not fit key, nonce and data.
    #[error("the ciphertext was not made for this key")]
    NotAuthentic,
}

impl PrivateKey {
    /// Reads 64 hexadecimal digits; `None` when they are no key.
    #[must_use]
    pub fn from_hex(digits: &[u8]) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
        }
        SecretKey::from_slice(&*bytes).ok().map(Self)
    }

    /// What `message` says, if it was encrypted for this key.
    ///
    /// # Errors
    /// When it was not, or is damaged.
    pub fn open(&self, message: &[u8]) -> Result<Secret<Vec<u8>>, EciesError> {
        let damaged = EciesError::Damaged;
        let (point, rest) = message.split_at_checked(POINT_LENGTH).ok_or(damaged)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LENGTH).ok_or(damaged)?;
        let (tag, data) = rest.split_at_checked(TAG_LENGTH).ok_or(damaged)?;
        let key = self.shared_key(point).ok_or(damaged)?;
        let gcm = AesGcm::<Aes256, U16>::new((&*key).into());
        let nonce: &Nonce<U16> = nonce.try_into().map_err(|_| damaged)?;
        let tag = tag.try_into().map_err(|_| damaged)?;
        let mut plain = Secret::new(data.to_vec());
        gcm.decrypt_inout_detached(nonce, b"", plain.expose_mut().as_mut_slice().into(), tag)
            .map_err(|_| EciesError::NotAuthentic)?;
        Ok(plain)
    }

    fn shared_key(&self, ephemeral: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let public = PublicKey::from_sec1_bytes(ephemeral).ok()?;
        let shared = public.to_projective() * *self.0.to_nonzero_scalar();
        let shared = PublicKey::from_affine(shared.to_affine()).ok()?;
        let mut input = Zeroizing::new(Vec::with_capacity(2 * POINT_LENGTH));
        input.extend_from_slice(ephemeral);
        input.extend_from_slice(shared.to_sec1_point(false).as_bytes());
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &input).expand(b"", &mut *key).ok()?;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_hexadecimal_digits_within_the_order_are_a_key() {
        assert!(PrivateKey::from_hex(&[b'1'; 64]).is_some());
        assert!(PrivateKey::from_hex(&[b'A'; 64]).is_some());
        for digits in [&[b'0'; 64][..], &[b'f'; 64], &[b'1'; 63], &[b'1'; 66], &[b'x'; 64], b""] {
            assert!(PrivateKey::from_hex(digits).is_none());
        }
    }

    #[test]
    fn what_is_too_short_or_no_point_is_damaged() {
        let key = PrivateKey::from_hex(&[b'1'; 64]).unwrap();
        for message in [vec![], vec![4; SHORTEST - 1], vec![4; SHORTEST], vec![0; SHORTEST + 5]] {
            assert_eq!(key.open(&message).err(), Some(EciesError::Damaged));
        }
    }
}
