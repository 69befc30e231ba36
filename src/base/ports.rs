//! Time, chance and the human: the three things a pure core must be handed. And what a core hands to the machine that
//! moves bytes: a filter.

use time::OffsetDateTime;

use super::Secret;

/// Tells the time.
pub trait Clock {
    /// Now, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// Fills buffers with bytes nobody can guess.
pub trait Random {
    /// Overwrites all of `bytes`.
    ///
    /// # Errors
    /// When the system has no randomness; nothing may be encrypted then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The system refused to give random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// Asks the person at the controlling terminal.
pub trait Prompt {
    /// A secret, typed without echo; `None` without a terminal or when the person declines.
    fn secret(&self, question: &str) -> Option<Secret<String>>;

    /// A yes; `None` without a terminal.
    fn confirm(&self, question: &str) -> Option<bool>;

    /// Something to tell while waiting, e.g. "touch your key".
    fn tell(&self, message: &str);
}

/// Changes a stream of bytes on its way, in whatever pieces it comes.
pub trait Filter: Send {
    /// Takes the next piece and appends to `out` what can be handed on by now.
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>);

    /// The stream has ended: appends what was held.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// A clock that stands still, for tests.
#[derive(Clone, Copy, Debug)]
pub struct FrozenClock(pub OffsetDateTime);

impl Clock for FrozenClock {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

/// Counts instead of guessing, for tests: every byte differs from its neighbour, no block repeats soon.
#[derive(Debug, Default)]
pub struct CountedRandom(std::cell::Cell<u64>);

impl Random for CountedRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        for chunk in bytes.chunks_mut(8) {
            let count = self.0.get();
            self.0.set(count.wrapping_add(1));
            let block = count.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
            chunk.copy_from_slice(block.get(..chunk.len()).unwrap_or_default());
        }
        Ok(())
    }
}

/// Nobody is there, for tests and for jobs without a terminal.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPrompt;

impl Prompt for NoPrompt {
    fn secret(&self, _: &str) -> Option<Secret<String>> {
        None
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn tell(&self, _: &str) {}
}
