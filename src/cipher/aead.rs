//! AES-256-GCM with the 32-byte nonces of sops (spec 1.2).

use aes_gcm::aead::array::ArraySize;
use aes_gcm::aead::consts::{U8, U12, U16, U24, U32, U64};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use zeroize::Zeroizing;

use super::Ciphertext;
use crate::base::ports::{NoRandomness, Random};
use crate::base::{DataKey, Type, Value};

/// Bytes in every nonce that we write. sops panics on rewriting a value with another length.
pub const NONCE_LENGTH: usize = 32;

const TAG_LENGTH: usize = 16;

/// Nonces are drawn from the system this many at a time: a system call costs more than a cipher run.
const NONCES_AT_ONCE: usize = 128;

/// Encrypts and decrypts the values of one file.
pub struct Cipher {
    aead: AesGcm<Aes256, U32>,
    key: DataKey,
    nonce: Vec<u8>,
    data: Zeroizing<Vec<u8>>,
}

/// Why a ciphertext does not open. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The parts are not base64, or the nonce has a length that no sops ever wrote.
    #[error("the ciphertext is damaged")]
    Damaged,
    /// The tag does not fit key, place, nonce and data.
    #[error("the ciphertext was not made with this key for this place")]
    NotAuthentic,
    /// It opened, but the bytes are not what its type tag says.
    #[error("the type of the ciphertext was changed")]
    WrongType,
}

impl Cipher {
    /// Ready to use `key`.
    #[must_use]
    pub fn new(key: &DataKey) -> Self {
        Self {
            aead: AesGcm::new(key.expose().into()),
            key: key.clone(),
            nonce: Vec::with_capacity(NONCE_LENGTH),
            data: Zeroizing::new(Vec::with_capacity(256)),
        }
    }

    /// Appends the ciphertext of `plain` to `out`, bound to `aad`. The nonce must be used for nothing else.
    ///
    /// # Errors
    /// Only beyond the 64 GiB that GCM can take.
    pub fn encrypt(
        &mut self,
        kind: Type,
        plain: &[u8],
        aad: &[u8],
        nonce: [u8; NONCE_LENGTH],
        out: &mut String,
    ) -> Result<(), CipherError> {
        self.data.clear();
        self.data.extend_from_slice(plain);
        let tag = self
            .aead
            .encrypt_inout_detached(&Nonce::from(nonce), aad, self.data.as_mut_slice().into())
            .map_err(|_| CipherError::Damaged)?;
        Ciphertext::print(kind, &self.data, &nonce, &tag, out);
        Ok(())
    }

    /// The value inside `ciphertext`, if it was made with this key for `aad`.
    ///
    /// # Errors
    /// When it was not, or is damaged.
    pub fn decrypt(&mut self, ciphertext: &Ciphertext<'_>, aad: &[u8]) -> Result<Value, CipherError> {
        ciphertext.decode(&mut self.nonce, &mut self.data).ok_or(CipherError::Damaged)?;
        let split = self.data.len().checked_sub(TAG_LENGTH).ok_or(CipherError::Damaged)?;
        let (key, nonce, data) = (&self.key, &self.nonce, &mut self.data);
        match nonce.len() {
            8 => decrypt_odd::<U8>(key, nonce, aad, data, split),
            12 => decrypt_odd::<U12>(key, nonce, aad, data, split),
            16 => decrypt_odd::<U16>(key, nonce, aad, data, split),
            24 => decrypt_odd::<U24>(key, nonce, aad, data, split),
            NONCE_LENGTH => decrypt(&self.aead, nonce, aad, data, split),
            64 => decrypt_odd::<U64>(key, nonce, aad, data, split),
            _ => Err(CipherError::Damaged),
        }?;
        let plain = self.data.get(..split).unwrap_or_default().to_vec();
        Value::from_plain(ciphertext.kind, plain).map_err(|_| CipherError::WrongType)
    }

    /// The nonce of `ciphertext`, if it has the length we write.
    #[must_use]
    pub fn nonce_of(ciphertext: &Ciphertext<'_>) -> Option<[u8; NONCE_LENGTH]> {
        let mut nonce = Vec::new();
        ciphertext.decode(&mut nonce, &mut Vec::new())?;
        nonce.try_into().ok()
    }
}

/// With a nonce of another length than ours. Such values are rare, so the cipher is made for each anew.
fn decrypt_odd<N: ArraySize>(
    key: &DataKey,
    nonce: &[u8],
    aad: &[u8],
    data: &mut [u8],
    split: usize,
) -> Result<(), CipherError> {
    decrypt::<N>(&AesGcm::new(key.expose().into()), nonce, aad, data, split)
}

fn decrypt<N: ArraySize>(
    gcm: &AesGcm<Aes256, N>,
    nonce: &[u8],
    aad: &[u8],
    data: &mut [u8],
    split: usize,
) -> Result<(), CipherError> {
    let (data, tag) = data.split_at_mut_checked(split).ok_or(CipherError::Damaged)?;
    let nonce = nonce.try_into().map_err(|_| CipherError::Damaged)?;
    let tag = (&*tag).try_into().map_err(|_| CipherError::Damaged)?;
    gcm.decrypt_inout_detached(nonce, aad, data.into(), tag).map_err(|_| CipherError::NotAuthentic)
}

/// Fresh nonces, drawn from the system in blocks. None is ever given out twice.
pub struct Nonces<'a> {
    random: &'a dyn Random,
    block: Vec<u8>,
    used: usize,
}

impl<'a> Nonces<'a> {
    /// Draws from `random` when first asked.
    #[must_use]
    pub const fn new(random: &'a dyn Random) -> Self {
        Self { random, block: Vec::new(), used: 0 }
    }

    /// The next one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn next_nonce(&mut self) -> Result<[u8; NONCE_LENGTH], NoRandomness> {
        if self.used >= self.block.len() {
            self.block.resize(NONCE_LENGTH * NONCES_AT_ONCE, 0);
            self.random.fill(&mut self.block)?;
            self.used = 0;
        }
        let nonce = self.block.get(self.used..).and_then(<[u8]>::first_chunk).ok_or(NoRandomness)?;
        self.used += NONCE_LENGTH;
        Ok(*nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ports::CountedRandom;

    #[test]
    fn a_ciphertext_opens_only_where_it_was_made() {
        let mut cipher = Cipher::new(&DataKey::from_bytes(&[7; 32]).unwrap());
        let mut text = String::new();
        cipher.encrypt(Type::Int, b"42", b"a:", [1; 32], &mut text).unwrap();
        let parsed = Ciphertext::parse(text.as_bytes()).unwrap();
        assert_eq!(cipher.decrypt(&parsed, b"a:"), Ok(Value::Int(42)));
        assert_eq!(cipher.decrypt(&parsed, b"b:"), Err(CipherError::NotAuthentic));
        let other = text.replace("type:int", "type:bool");
        let parsed = Ciphertext::parse(other.as_bytes()).unwrap();
        assert_eq!(cipher.decrypt(&parsed, b"a:"), Err(CipherError::WrongType));
    }

    #[test]
    fn nonces_never_repeat_across_blocks() {
        let random = CountedRandom::default();
        let mut nonces = Nonces::new(&random);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..3 * NONCES_AT_ONCE {
            assert!(seen.insert(nonces.next_nonce().unwrap()));
        }
    }
}
