//! What `run --redact` masks. Values may change while the program runs on (`--watch --signal`): from then on the new ones
//! are masked too, and the old ones still, for the program may know both.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::base::ports::Filter;
use crate::redact::{Known, Options, Redactor};

/// All secrets so far; a clone is the same.
#[derive(Clone)]
pub struct Masking(Arc<Mutex<State>>);

struct State {
    options: Options,
    /// The newest first: a value that two names have had is called by its last.
    secrets: Vec<Known>,
    redactor: Redactor,
    /// Counts the redactors.
    turn: usize,
}

impl Masking {
    /// Masks nothing of ours yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let (redactor, _) = Redactor::new(&[], &options);
        Self(Arc::new(Mutex::new(State { options, secrets: Vec::new(), redactor, turn: 0 })))
    }

    /// Masks these too, in all that is printed from now on; the names of those that are not masked.
    pub fn learn(&self, secrets: &[Known]) -> Vec<String> {
        let mut state = self.lock();
        let is_new = |known: &&Known| {
            !state.secrets.iter().any(|old| old.name == known.name && old.value == known.value)
        };
        let new: Vec<Known> = secrets.iter().filter(is_new).cloned().collect();
        state.secrets.splice(0..0, new);
        let (redactor, unmasked) = Redactor::new(&state.secrets, &state.options);
        (state.redactor, state.turn) = (redactor, state.turn + 1);
        unmasked
    }

    /// For one stream.
    #[must_use]
    pub fn stream(&self) -> Box<dyn Filter> {
        let (first, turn) = self.lock().stream();
        Box::new(Renewed { masking: self.clone(), turn, streams: vec![first] })
    }

    /// A panic elsewhere leaves nothing half done here.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn stream(&self) -> (Box<dyn Filter>, usize) {
        (self.redactor.stream(), self.turn)
    }
}

/// A stream that takes up what is learnt.
struct Renewed {
    masking: Masking,
    turn: usize,
    /// One behind the other, the newest last: what the one before still holds goes through the next.
    streams: Vec<Box<dyn Filter>>,
}

impl Filter for Renewed {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let newest = {
            let state = self.masking.lock();
            (state.turn != self.turn).then(|| state.stream())
        };
        if let Some((newest, turn)) = newest {
            self.turn = turn;
            self.streams.push(newest);
        }
        if self.streams.len() > MOST_STREAMS {
            let mut oldest = self.streams.remove(0);
            let mut rest = Zeroizing::new(Vec::new());
            oldest.finish(&mut rest);
            through(&mut self.streams, &rest, out);
        }
        through(&mut self.streams, piece, out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let mut streams = self.streams.as_mut_slice();
        while let Some((first, others)) = streams.split_first_mut() {
            let mut rest = Zeroizing::new(Vec::new());
            first.finish(&mut rest);
            through(others, &rest, out);
            streams = others;
        }
    }
}

/// Pushes `piece` through all `streams`.
fn through(streams: &mut [Box<dyn Filter>], piece: &[u8], out: &mut Vec<u8>) {
    match streams {
        [] => out.extend_from_slice(piece),
        [only] => only.push(piece, out),
        [first, others @ ..] => {
            let mut passed = Zeroizing::new(Vec::new());
            first.push(piece, &mut passed);
            through(others, &passed, out);
        }
    }
}

/// The newest, and the one that may hold the beginning of an older secret.
const MOST_STREAMS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn known(value: &str) -> Known {
        Known { name: "A".into(), value: Secret::new(value.into()) }
    }

    #[test]
    fn what_is_learnt_is_masked_from_then_on_and_what_was_known_still_is() {
        let masking = Masking::new(Options::default());
        assert!(masking.learn(&[known("first-9x-value")]).is_empty());
        let (mut stream, mut out) = (masking.stream(), Vec::new());
        stream.push(b"second-7y-value first-9x-", &mut out);
        for value in ["second-7y-value", "third-5z-value", "fourth-3w-value"] {
            masking.learn(&[known(value)]);
        }
        stream.push(b"value second-7y-value fourth-3w-", &mut out);
        masking.learn(&[known("fifth-1v-value")]);
        stream.push(b"value first-9x-value fifth-1v-value", &mut out);
        stream.finish(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "second-7y-value [A] [A] [A] [A] [A]");
    }
}
