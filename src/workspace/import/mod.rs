//! Files of other tools become encrypted files: read as their owner reads them, encrypted in memory, opened again there,
//! and every value compared, old and new. Only then is there anything to write.

pub mod dotenvx;
mod error;
pub mod plain;
pub mod sops;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::environment::{Choice, Environment};
use super::names::{self, FileType};
use super::steering::is_steering;
use super::{Error, Keyring, OpenFile, open_file, save};
use crate::base::{DataKey, Path as ValuePath, Secret};
use crate::document::Layout;
use crate::envelope::Plain;
use crate::world::files;
use crate::world::{FileError, World};
pub use error::ImportError;

/// What a process gets, by name.
pub type Handed = BTreeMap<Vec<u8>, Secret<Vec<u8>>>;

/// A plaintext on its way into its twin.
pub struct Draft {
    /// The file of the other tool.
    pub source: PathBuf,
    /// The encrypted file that shall be.
    pub twin: PathBuf,
    /// What it shall say.
    pub plain: Plain,
    /// The form of its lines.
    pub layout: Layout,
    /// What the other tool hands to a process; `None`: what `run` would make of the plaintext.
    pub handed: Option<Handed>,
}

/// A text that was just encrypted, and the key it opens with.
pub struct Fresh {
    /// The encrypted file.
    pub text: Vec<u8>,
    /// Its data key.
    pub key: DataKey,
    /// Values that stand encrypted in it.
    pub encrypted: usize,
}

/// A file that was encrypted and compared, or stands there already.
pub struct Import {
    /// The file of the other tool.
    pub source: PathBuf,
    /// The encrypted file.
    pub twin: PathBuf,
    /// Variables that a process gets.
    pub variables: usize,
    /// Values that were compared, each as it is stored and as a process gets it.
    pub compared: usize,
    /// Values that stand encrypted in it.
    pub encrypted: usize,
    /// Names that steer other programs, which `run` refuses unless they are allowed.
    pub steering: Vec<String>,
    /// What is to be written; `None`: the twin says it already.
    pub text: Option<Vec<u8>>,
}

/// What a comparison of a draft and an opened file found.
struct Comparison {
    /// Names whose values differ.
    differing: Vec<String>,
    /// Values that were compared.
    compared: usize,
    /// What a process gets of the file.
    after: Handed,
}

impl Draft {
    /// The twin of `source`: the one that is there, else the one that would be made.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn twin_of(source: &Path) -> Result<PathBuf, FileError> {
        let twin = names::twin_of(source);
        match names::other_twin_of(source) {
            Some(other) if !files::is_empty(&other)? && files::is_empty(&twin)? => Ok(other),
            _ => Ok(twin),
        }
    }

    /// The import of this draft: where a twin stands it must say the same already; else `encrypt` makes one, which is
    /// opened and compared before anybody sees it.
    ///
    /// # Errors
    /// When a twin says something else, or a value would not be the same afterwards.
    pub fn import<E: From<ImportError>>(
        &self,
        world: &World,
        keyring: &Keyring<'_>,
        encrypt: impl FnOnce(&Self) -> Result<Fresh, E>,
    ) -> Result<Import, E> {
        if !files::is_empty(&self.twin).map_err(ImportError::from)? {
            return Ok(self.again(world, keyring)?);
        }
        let Fresh { text, key, encrypted } = encrypt(self)?;
        let file = opened(&self.twin, &text, key)?;
        let comparison = self.compare(world, &file)?;
        if !comparison.differing.is_empty() {
            return Err(ImportError::Differ { path: self.source.clone(), names: comparison.differing }.into());
        }
        Ok(self.done(&comparison, encrypted, Some(text)))
    }

    /// What an interrupted run has left done.
    fn again(&self, world: &World, keyring: &Keyring<'_>) -> Result<Import, ImportError> {
        let file = OpenFile::open(world, keyring, &self.twin, None)?;
        let comparison = self.compare(world, &file)?;
        if !comparison.differing.is_empty() {
            let (plain, twin) = (self.source.clone(), self.twin.clone());
            return Err(ImportError::Exists { plain, twin, names: comparison.differing });
        }
        let encrypted = file.opened.leaves.iter().filter(|leaf| leaf.encrypted && !leaf.comment).count();
        Ok(self.done(&comparison, encrypted, None))
    }

    fn done(&self, comparison: &Comparison, encrypted: usize, text: Option<Vec<u8>>) -> Import {
        let (source, twin) = (self.source.clone(), self.twin.clone());
        let names = comparison.after.keys().filter(|name| is_steering(name));
        let steering = names.map(|name| ValuePath::key(name).to_string()).collect();
        let variables = comparison.after.len();
        Import { source, twin, variables, compared: comparison.compared, encrypted, steering, text }
    }

    /// This and `file`, value by value: as they are stored, and as a process gets them.
    fn compare(&self, world: &World, file: &OpenFile) -> Result<Comparison, ImportError> {
        let mut differing = Vec::new();
        let (old, new) = (self.plain.leaves(), file.leaves().collect::<Vec<_>>());
        let stored = file.opened.leaves.iter().filter(|leaf| !leaf.comment);
        let document = self.plain.document();
        for ((path, value), ((other, now), leaf)) in old.iter().zip(new.iter().zip(stored)) {
            let path = document.named(path.clone());
            let (value, now) = (value.plain_bytes(), now.plain_bytes());
            let is_same = value == now || !leaf.encrypted && document.format().stored_string(&value) == now;
            if path != *other || !is_same {
                differing.push(path.to_string());
            }
        }
        // Leaves that only one side has.
        let more = old.iter().skip(new.len()).map(|(path, _)| path).cloned();
        let more = more.chain(new.iter().skip(old.len()).map(|(path, _)| path.clone()));
        differing.extend(more.map(|path| document.named(path).to_string()));
        let before = match &self.handed {
            Some(_) => BTreeMap::new(),
            None => handed_by_plain(world, &self.twin, &self.plain)?,
        };
        let before = self.handed.as_ref().unwrap_or(&before);
        let after = handed(world, file)?;
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        let changed = names.filter(|name| before.get(*name) != after.get(*name));
        differing.extend(changed.map(|name| ValuePath::key(name).to_string()));
        differing.sort();
        differing.dedup();
        Ok(Comparison { differing, compared: new.len(), after })
    }
}

impl Import {
    /// Writes the twin, which must still be missing or empty. Nothing, if it is done already.
    ///
    /// # Errors
    /// When something stands there by now, or the machine refuses.
    pub fn write(&self) -> Result<(), FileError> {
        match &self.text {
            Some(text) => save::replace_empty(&self.twin, text),
            None => Ok(()),
        }
    }
}

/// A text that is not written yet, opened as if it stood at `path`.
fn opened(path: &Path, text: &[u8], key: DataKey) -> Result<OpenFile, ImportError> {
    let sealed = open_file::parse(text.to_vec(), path, Some(FileType::Dotenv))?;
    let opened = sealed.open(&key).map_err(|cause| Error::Open { path: path.to_owned(), cause })?;
    Ok(OpenFile { path: path.to_owned(), sealed, opened, key })
}

/// What `run` hands on of `file`.
fn handed(world: &World, file: &OpenFile) -> Result<Handed, ImportError> {
    let mut environment = Environment::default();
    environment.add(world, file, Choice::default())?;
    Ok(by_name(&environment))
}

/// The same of a plaintext, if it stood at `path`.
fn handed_by_plain(world: &World, path: &Path, plain: &Plain) -> Result<Handed, ImportError> {
    let mut environment = Environment::default();
    environment.add_plain(world, path, plain, Choice::default())?;
    Ok(by_name(&environment))
}

fn by_name(environment: &Environment) -> Handed {
    let variables = environment.variables().iter();
    variables.map(|variable| (variable.name.clone(), variable.value.clone())).collect()
}
