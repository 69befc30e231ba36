//! From opened files to the variables of a process: which names, which bytes, from which file. Nothing is expanded or
//! executed. Finding the files is the business of `layers`; which names are refused, that of `steering`.

mod leaves;
mod report;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path as FilePath;
use std::rc::Rc;

use memchr::{memchr, memmem};

use super::secrets::secrets;
use super::{OpenFile, RuleFile, value_text};
use crate::base::{Path, Secret, Step, Value};
use crate::document::Document;
use crate::document::dotenv::reading::{mentions, reading};
use crate::envelope::{Plain, Verdict};
use crate::redact::Known;
use crate::world::system::os_string;
use crate::world::{Variables, World};
pub(super) use leaves::leaves;
pub use report::{EnvironmentError, Note};

/// `inherited` without identities: the variables that sops takes keys or commands for keys from, and every other one
/// that holds an age identity. Children and editors have no use for them.
#[must_use]
pub fn without_identities(inherited: &Variables) -> Variables {
    let kept = inherited.iter().filter(|(name, value)| !is_identity(name, value));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn is_identity(name: &OsStr, value: &OsStr) -> bool {
    let (name, value) = (name.as_encoded_bytes(), value.as_encoded_bytes());
    name == b"SOPS_AGE_KEY"
        || (name.starts_with(b"SOPS_") && name.ends_with(b"_KEY_CMD"))
        // Bech32 is all upper or all lower case.
        || memmem::find(value, b"AGE-SECRET-KEY-").is_some()
        || memmem::find(value, b"age-secret-key-").is_some()
}

/// What of `inherited` a clean environment keeps: what programs need to find themselves, and the names in `passed`.
#[must_use]
pub fn clean(inherited: &Variables, passed: &[String]) -> Variables {
    let is_kept = |name: &OsStr| {
        CLEAN.iter().any(|kept| name == *kept)
            || name.as_encoded_bytes().starts_with(b"LC_")
            || passed.iter().any(|passed| name == passed.as_str())
    };
    let kept = inherited.iter().filter(|(name, _)| is_kept(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

const CLEAN: [&str; 7] = ["HOME", "LANG", "PATH", "TERM", "TMPDIR", "TZ", "USER"];

/// Which leaves become variables, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'a> {
    /// Only these names; empty: all.
    pub only: &'a [String],
    /// Not these names.
    pub except: &'a [String],
    /// Nested leaves too, their path joined by `_` in upper case.
    pub flatten: bool,
    /// dotenv: the raw text, quotes and all, as sops does.
    pub literal: bool,
    /// These become files, not variables, so their values may hold anything; whatever `only` and `except` say.
    pub as_files: &'a [String],
    /// Leaves whose names no variable can have are left out, with a note.
    pub skip_invalid: bool,
}

impl Choice<'_> {
    fn wants(&self, name: &[u8]) -> bool {
        let among = |names: &[String]| names.iter().any(|one| one.as_bytes() == name);
        self.is_file(name) || ((self.only.is_empty() || among(self.only)) && !among(self.except))
    }

    fn is_file(&self, name: &[u8]) -> bool {
        self.as_files.iter().any(|one| one.as_bytes() == name)
    }
}

/// One variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name: not empty, without `=` and NUL.
    pub name: Vec<u8>,
    /// What the process gets, without NUL unless it gets it as a file.
    pub value: Secret<Vec<u8>>,
    /// The file it is from.
    pub file: Rc<FilePath>,
    /// It becomes a file, and no variable of this name.
    pub as_file: bool,
    /// Names that it mentions as `${NAME}`.
    mentions: Vec<Vec<u8>>,
}

/// Variables in the order in which they first occurred; each name once.
#[derive(Debug, Default)]
pub struct Environment {
    variables: Vec<Variable>,
    places: HashMap<Vec<u8>, usize>,
    notes: Vec<Note>,
    secrets: Vec<Known>,
    /// The last dotenv file that was added.
    dotenv: Option<Rc<FilePath>>,
    /// A file that nobody could open was left out, or another one stands in.
    pub is_makeshift: bool,
}

impl Environment {
    /// All variables, each name once.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The variable called `name`.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&Variable> {
        self.variables.get(*self.places.get(name)?)
    }

    /// All encrypted values of the files that were added, whether they became variables or not.
    #[must_use]
    pub fn secrets(&self) -> &[Known] {
        &self.secrets
    }

    /// The folder of the dotenv file that wins over the others.
    #[must_use]
    pub fn dotenv_folder(&self) -> Option<&FilePath> {
        self.dotenv.as_ref()?.parent()
    }

    /// Adds the leaves of an opened file, which win over those of files before.
    ///
    /// # Errors
    /// When a chosen leaf cannot be a variable.
    pub fn add(
        &mut self,
        world: &World,
        file: &OpenFile,
        choice: Choice<'_>,
    ) -> Result<(), EnvironmentError> {
        let leaves = leaves(file.sealed.document(), &file.opened.leaves);
        let layer = Layer { world, path: &file.path, document: file.sealed.document(), choice };
        let differing = self.layer(&layer, leaves)?;
        self.secrets.extend(secrets(file));
        if file.opened.verdict == Verdict::Unsealed && !differing.is_empty() {
            self.notes.push(Note::ReadDifferently { file: file.path.clone(), names: differing });
        }
        Ok(())
    }

    /// The same, of a plaintext.
    ///
    /// # Errors
    /// When a chosen leaf cannot be a variable.
    pub fn add_plain(
        &mut self,
        world: &World,
        path: &FilePath,
        plain: &Plain,
        choice: Choice<'_>,
    ) -> Result<(), EnvironmentError> {
        let layer = Layer { world, path, document: plain.document(), choice };
        self.layer(&layer, leaves(plain.document(), &[])).map(drop)
    }

    /// What to tell the person.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let mentions =
            |variable: &&Variable| variable.mentions.iter().any(|name| self.places.contains_key(name));
        let names: Vec<_> =
            self.variables.iter().filter(mentions).map(|variable| text(&variable.name)).collect();
        let mentions = (!names.is_empty()).then_some(Note::Mentions(names));
        self.notes.iter().cloned().chain(mentions).collect()
    }

    /// Puts all variables into `inherited`; one that is there already stays if `keep_existing`. What becomes a file is no
    /// variable, not even an inherited one. A name that the system cannot hold, which only Windows has, is left out.
    pub fn pour(&self, inherited: &mut Variables, keep_existing: bool) {
        for variable in &self.variables {
            let Some(name) = os_string(&variable.name) else { continue };
            if variable.as_file {
                inherited.remove(&name);
            } else if let Some(value) = os_string(variable.value.expose())
                && (!keep_existing || !inherited.contains_key(&name))
            {
                inherited.insert(name, value);
            }
        }
    }

    /// Adds one file; the names of dotenv values whose reading is not their raw text.
    fn layer(
        &mut self,
        layer: &Layer<'_>,
        leaves: Vec<(Path, usize, Option<Value>)>,
    ) -> Result<Vec<String>, EnvironmentError> {
        let file: Rc<FilePath> = layer.path.into();
        if layer.document.format().is_whole() {
            return Err(EnvironmentError::Binary(layer.path.to_owned()));
        }
        let is_dotenv = layer.document.format().name() == "dotenv";
        if is_dotenv {
            self.dotenv = Some(Rc::clone(&file));
        }
        // The rule file is looked at only where it makes a difference.
        let mut literal = layer.choice.literal.then_some(true);
        // For each name whether it is nested, and whether it was said to stand twice.
        let mut seen: HashMap<Vec<u8>, (bool, bool)> = HashMap::new();
        let mut differing = Vec::new();
        for (path, _, value) in leaves {
            let (name, is_nested) = match layer.name(&path) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(EnvironmentError::Name { file, path }) if layer.choice.skip_invalid => {
                    self.notes.push(Note::Skipped { file, path });
                    continue;
                }
                Err(error) => return Err(error),
            };
            let value = value.ok_or_else(|| layer.nested(&path))?;
            if matches!(value, Value::Null) {
                continue;
            }
            let raw = value_text(&value);
            let mut bytes = raw.clone();
            if is_dotenv && *reading(&raw) != *raw {
                if literal.is_none() {
                    literal = Some(RuleFile::wants_literal(layer.world, layer.path)?);
                }
                if literal == Some(false) {
                    bytes = reading(&raw);
                    differing.push(text(&name));
                }
            }
            let as_file = layer.choice.is_file(&name);
            if !as_file && memchr(0, &bytes).is_some() {
                return Err(EnvironmentError::Nul { file: layer.path.to_owned(), path });
            }
            match seen.get_mut(&name) {
                Some((other, _)) if *other || is_nested => {
                    return Err(EnvironmentError::Collision {
                        file: layer.path.to_owned(),
                        name: text(&name),
                    });
                }
                Some((_, said)) => {
                    if !std::mem::replace(said, true) {
                        self.notes.push(Note::Duplicate { file: layer.path.to_owned(), name: text(&name) });
                    }
                }
                None => drop(seen.insert(name.clone(), (is_nested, false))),
            }
            let mentions = mentions(&raw).map(<[u8]>::to_vec).collect();
            let value = Secret::new(bytes.into_owned());
            self.put(Variable { name, value, file: Rc::clone(&file), as_file, mentions });
        }
        Ok(differing)
    }

    fn put(&mut self, variable: Variable) {
        let place = *self.places.entry(variable.name.clone()).or_insert(self.variables.len());
        match self.variables.get_mut(place) {
            Some(old) => *old = variable,
            None => self.variables.push(variable),
        }
    }
}

/// One file on its way into the environment.
struct Layer<'a> {
    world: &'a World,
    path: &'a FilePath,
    document: &'a Document,
    choice: Choice<'a>,
}

impl Layer<'_> {
    /// The variable for the leaf at `path`, and whether it is nested; `None` if it is not wanted.
    fn name(&self, path: &Path) -> Result<Option<(Vec<u8>, bool)>, EnvironmentError> {
        let [Step::Key(key), rest @ ..] = path.steps.as_slice() else { return Err(self.nested(path)) };
        let is_nested = !rest.is_empty();
        let name = if is_nested && self.choice.flatten {
            flat(&path.steps)
        } else {
            self.document.format().key_name(key).to_vec()
        };
        if !self.choice.wants(&name) {
            return Ok(None);
        }
        if is_nested && !self.choice.flatten {
            return Err(self.nested(path));
        }
        if name.is_empty() || name.iter().any(|byte| matches!(byte, b'=' | 0)) {
            return Err(EnvironmentError::Name { file: self.path.to_owned(), path: path.clone() });
        }
        Ok(Some((name, is_nested)))
    }

    fn nested(&self, path: &Path) -> EnvironmentError {
        EnvironmentError::Nested { file: self.path.to_owned(), path: path.clone() }
    }
}

fn flat(steps: &[Step]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = steps
        .iter()
        .map(|step| match step {
            Step::Index(index) => index.to_string().into_bytes(),
            Step::Key(key) => key.to_ascii_uppercase(),
        })
        .collect();
    parts.join(&b'_')
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests;
