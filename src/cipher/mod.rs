//! Floor 1, the cipher: one value in, one `ENC[…]` out, and the MAC over all of them (spec 1 and 3).
//! Which values are encrypted, and in which order, is the business of `envelope`.

mod aead;
mod ciphertext;
pub mod ecies;
mod mac;

pub use aead::{Cipher, CipherError, NONCE_LENGTH, Nonces};
pub use ciphertext::Ciphertext;
pub use mac::Mac;
