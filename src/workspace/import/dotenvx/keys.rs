//! The private keys of dotenvx: in `.env.keys` beside the file, in files that the person names, and in variables
//! called `DOTENV_PRIVATE_KEY…`. None of them is printed or handed on.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::super::ImportError;
use super::grammar::assignments;
use crate::base::Secret;
use crate::cipher::ecies::{PrivateKey, SHORTEST};
use crate::world::World;
use crate::world::files;

/// What encrypted values begin with.
const PREFIX: &[u8] = b"encrypted:";

/// What the names of private keys begin with; the rest names the file they are for.
const PRIVATE: &str = "DOTENV_PRIVATE_KEY";

/// The file of keys, beside the files that they open.
pub const KEY_FILE: &str = ".env.keys";

/// Keys at the most: each is tried on each value.
const MOST_KEYS: usize = 256;

const LARGEST_KEY_FILE: u64 = 1 << 20;

/// As lenient about padding as dotenvx.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Private keys, and the files that were looked into.
#[derive(Default)]
pub struct Keys {
    private: Vec<PrivateKey>,
    /// Files that held some.
    pub files: Vec<PathBuf>,
    /// Names whose value is no key.
    pub unusable: Vec<String>,
    /// The one that opened the last value, which opens the next one too.
    latest: Cell<usize>,
}

impl Keys {
    /// Those for `source`: `given` files first, then the one beside it, then the variables.
    ///
    /// # Errors
    /// When a file that was named, or is there, cannot be read.
    pub fn find(world: &World, source: &Path, given: &[PathBuf]) -> Result<Self, ImportError> {
        let mut keys = Self::default();
        for file in given {
            keys.read(&world.path(file))?;
        }
        let beside = source.with_file_name(KEY_FILE);
        if files::exists(&beside) && !keys.files.contains(&beside) {
            keys.read(&beside)?;
        }
        for (name, value) in &world.variables {
            let name = name.to_string_lossy();
            if name.starts_with(PRIVATE) {
                keys.add(&name, value.as_encoded_bytes());
            }
        }
        Ok(keys)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.private.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.private.is_empty()
    }

    /// What an encrypted `value` says; `None` when no key opens it.
    pub(super) fn open(&self, value: &[u8]) -> Option<Secret<Vec<u8>>> {
        let message = message(value)?;
        let latest = self.latest.get();
        let others = (0..self.private.len()).filter(|at| *at != latest);
        let mut places = std::iter::once(latest).chain(others);
        places.find_map(|at| {
            let plain = self.private.get(at)?.open(&message).ok()?;
            self.latest.set(at);
            Some(plain)
        })
    }

    fn read(&mut self, path: &Path) -> Result<(), ImportError> {
        let text = Secret::new(files::read(path, LARGEST_KEY_FILE)?);
        for one in assignments(text.expose()) {
            if one.name.starts_with(PRIVATE.as_bytes()) {
                let value = Secret::new(one.value);
                self.add(&String::from_utf8_lossy(one.name), value.expose());
            }
        }
        self.files.push(path.to_owned());
        Ok(())
    }

    /// One key, or several behind commas: old ones stay there while values still need them.
    fn add(&mut self, name: &str, value: &[u8]) {
        for digits in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            match PrivateKey::from_hex(digits) {
                Some(key) if self.private.len() < MOST_KEYS => self.private.push(key),
                Some(_) => {}
                None if digits.is_empty() => {}
                None => self.unusable.push(name.to_owned()),
            }
        }
    }
}

/// Whether `value` says that dotenvx encrypted it.
pub(super) fn is_encrypted(value: &[u8]) -> bool {
    value.starts_with(PREFIX)
}

/// Whether it looks like such a message, too: nobody's own text.
pub(super) fn looks_encrypted(value: &[u8]) -> bool {
    message(value).is_some_and(|message| message.len() >= SHORTEST)
}

fn message(value: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(value.strip_prefix(PREFIX)?.trim_ascii()).ok()
}
