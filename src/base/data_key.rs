//! The key of one file: 32 random bytes that encrypt every value in it.

use zeroize::Zeroizing;

use super::Secret;
use super::ports::{NoRandomness, Random};

/// The 32-byte AES-256 key of one file. Wiped on drop, compared in constant time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKey(Secret<[u8; DataKey::LENGTH]>);

impl DataKey {
    /// Length in bytes.
    pub const LENGTH: usize = 32;

    /// A new key from the system's randomness.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        random.fill(&mut *bytes)?;
        Ok(Self(Secret::new(*bytes)))
    }

    /// A key that was unwrapped; `None` unless it is 32 bytes long.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <[u8; Self::LENGTH]>::try_from(bytes).ok().map(|key| Self(Secret::new(key)))
    }

    /// The raw bytes, to wrap or to encrypt with.
    #[must_use]
    pub const fn expose(&self) -> &[u8; Self::LENGTH] {
        self.0.expose()
    }
}
