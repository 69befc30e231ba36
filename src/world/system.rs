//! What the system itself gives and asks for: time, chance, a name, its own kind of words, its limits. The doubles of
//! clock and randomness for tests are in `base::ports`.

use std::cell::RefCell;
use std::ffi::OsString;

use time::OffsetDateTime;
use zeroize::{Zeroize, Zeroizing};

use crate::base::ports::{Clock, NoRandomness, Random};

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// The system's randomness, drawn in blocks, for a file takes one nonce a leaf. No byte is given twice, and a
/// byte that was given is wiped here.
pub struct SystemRandom(RefCell<Block>);

struct Block {
    bytes: Zeroizing<Vec<u8>>,
    used: usize,
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self(RefCell::new(Block { bytes: Zeroizing::new(vec![0; BLOCK_LENGTH]), used: BLOCK_LENGTH }))
    }
}

impl Random for SystemRandom {
    fn fill(&self, wanted: &mut [u8]) -> Result<(), NoRandomness> {
        if wanted.len() > BLOCK_LENGTH {
            return getrandom::fill(wanted).map_err(|_| NoRandomness);
        }
        let mut block = self.0.borrow_mut();
        let Block { bytes, used } = &mut *block;
        if BLOCK_LENGTH - *used < wanted.len() {
            // Until the fill has succeeded, nothing of the block counts as fresh.
            *used = BLOCK_LENGTH;
            getrandom::fill(bytes).map_err(|_| NoRandomness)?;
            *used = 0;
        }
        let fresh = bytes.get_mut(*used..*used + wanted.len()).ok_or(NoRandomness)?;
        wanted.copy_from_slice(fresh);
        fresh.zeroize();
        *used += wanted.len();
        Ok(())
    }
}

/// The name of this machine; empty where it has none.
#[must_use]
pub fn host_name() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Bytes as a word of the system's.
#[must_use]
pub fn os_string(bytes: &[u8]) -> Option<OsString> {
    #[cfg(unix)]
    return Some(std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec()));
    #[cfg(not(unix))]
    Some(std::str::from_utf8(bytes).ok()?.into())
}

/// How many bytes of arguments and variables a program can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgumentLimits {
    /// A single one, with its name.
    pub one: usize,
    /// All together, pointers to them included.
    pub all: usize,
}

/// The limits of this system, where they are known.
#[must_use]
pub fn argument_limits() -> Option<ArgumentLimits> {
    #[cfg(target_os = "linux")]
    {
        // `MAX_ARG_STRLEN` of the kernel; and of `execve(2)`: a quarter of the stack, 6 MiB at the most.
        let stack = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
        let all = stack.map_or(6 << 20, |stack| (stack / 4).clamp(128 << 10, 6 << 20));
        Some(ArgumentLimits { one: 128 << 10, all: usize::try_from(all).ok()? })
    }
    #[cfg(not(target_os = "linux"))]
    None
}

const BLOCK_LENGTH: usize = 4096;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_draw_repeats_across_blocks() {
        let random = SystemRandom::default();
        let mut seen = BTreeSet::new();
        for _ in 0..1000 {
            let mut nonce = [0; 31];
            random.fill(&mut nonce).unwrap();
            assert_ne!(nonce, [0; 31]);
            assert!(seen.insert(nonce));
        }
    }

    #[test]
    fn draws_of_any_length_are_filled() {
        let random = SystemRandom::default();
        for length in [0, 1, BLOCK_LENGTH - 1, BLOCK_LENGTH, BLOCK_LENGTH + 1, 100_000] {
            let mut bytes = vec![0; length];
            random.fill(&mut bytes).unwrap();
            assert!(length < 16 || bytes.iter().rev().take(16).any(|byte| *byte != 0), "{length}");
        }
    }

    #[test]
    fn given_bytes_are_wiped() {
        let random = SystemRandom::default();
        random.fill(&mut [0; 32]).unwrap();
        assert!(random.0.borrow().bytes[..32].iter().all(|byte| *byte == 0));
        assert!(random.0.borrow().bytes[32..].iter().any(|byte| *byte != 0));
    }
}
