//! Files of sops become ours: opened, their dotenv dialect said once in the creation rule, sealed, and opened again
//! before anything is written. The format is the same, so nothing is converted.

use std::path::{Path, PathBuf};

use super::super::RuleFile;
use super::super::{Error, Keyring, OpenFile, open_file, save};
use super::ImportError;
use crate::base::assemble::assemble;
use crate::base::{Node, Path as ValuePath};
use crate::document::dotenv::reading::reading;
use crate::document::yaml::Yaml;
use crate::envelope::{ChangeError, Leaf, Plain, Verdict, update};
use crate::policy::Rules;
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::{FileError, World};

/// A file of sops, opened.
pub struct Taken {
    /// As it stands.
    pub file: OpenFile,
    /// Variables that we would read otherwise than sops does.
    pub differing: Vec<String>,
    /// Variables whose name has `export` or blanks before it, which sops takes for a part of the name.
    pub renamed: Vec<String>,
    /// The creation rule asks for sops's reading already.
    pub is_literal: bool,
    /// Its sealed text, compared value by value; `None`: it is sealed already.
    pub sealed: Option<Vec<u8>>,
}

/// A creation rule that shall say which dialect its files have.
pub struct RuleChange {
    /// The rule file.
    pub path: PathBuf,
    /// The rules, counted from 1.
    pub rules: Vec<usize>,
    old: Vec<u8>,
    new: Vec<u8>,
}

impl Taken {
    /// Opens the file at `path` and seals it in memory. A seal that somebody took off is refused.
    ///
    /// # Errors
    /// When it does not open, or a value would not be the same afterwards.
    pub fn read(world: &World, keyring: &Keyring<'_>, path: &Path) -> Result<Self, ImportError> {
        let sealed = open_file::load(path, None)?;
        let file = match OpenFile::from_sealed(world, keyring, path, sealed.clone()) {
            // This is what we are here for; that no seal was removed is known by then.
            Err(Error::SealRequired(_)) => OpenFile::accept(world, keyring, path, sealed)?,
            other => other?,
        };
        let is_dotenv = file.sealed.document().format().name() == "dotenv";
        let mut differing = Vec::new();
        for (path, value) in file.leaves().filter(|_| is_dotenv) {
            let raw = value.plain_bytes();
            let name = path.to_string();
            if *reading(&raw) != *raw && !differing.contains(&name) {
                differing.push(name);
            }
        }
        let document = file.sealed.document();
        let mut renamed: Vec<_> = document.nodes().into_iter().map(|(path, _)| path).collect();
        renamed.retain(|path| is_dotenv && document.named(path.clone()) != *path);
        let renamed = renamed.into_iter().map(|path| document.named(path).to_string()).collect();
        let is_literal = RuleFile::wants_literal(world, path)?;
        let sealed = if file.opened.verdict == Verdict::Sealed { None } else { Some(seal(world, &file)?) };
        Ok(Self { file, differing, renamed, is_literal, sealed })
    }

    /// Values that were compared.
    #[must_use]
    pub fn values(&self) -> usize {
        self.file.opened.leaves.iter().filter(|leaf| !leaf.comment).count()
    }

    /// Whether somebody has to say how its values are read.
    #[must_use]
    pub fn is_open_question(&self) -> bool {
        self.sealed.is_some() && !self.is_literal && !self.differing.is_empty()
    }

    /// Writes the sealed text over what was read.
    ///
    /// # Errors
    /// When somebody changed the file meanwhile, or the machine refuses.
    pub fn write(&self) -> Result<(), FileError> {
        match &self.sealed {
            Some(text) => self.file.save(text),
            None => Ok(()),
        }
    }
}

/// The text of `file` with a seal, every value of it compared with what it was.
fn seal(world: &World, file: &OpenFile) -> Result<Vec<u8>, ImportError> {
    let (clock, random) = (&*world.clock, &*world.random);
    let path = &file.path;
    let text = match file.plain() {
        Ok(plain) => file.next(&plain, clock, random)?.text,
        // Values with open quotes are no plaintext of ours. One is encrypted anew in its place, so nothing is reread.
        Err(error) => {
            let leaves = &file.opened.leaves;
            let first = leaves.iter().find(|leaf| leaf.encrypted && !leaf.comment);
            let Some(Leaf { event, value, .. }) = first else { return Err(error.into()) };
            let updated = update((&file.sealed, &file.opened), *event, value, &file.key, clock, random);
            let updated = updated.map_err(|cause| Error::Encrypt { path: path.clone(), cause })?;
            updated.ok_or(error)?
        }
    };
    let sealed = open_file::parse(text.clone(), path, None)?;
    let opened = sealed.open(&file.key).map_err(|cause| Error::Open { path: path.clone(), cause })?;
    let after = OpenFile { path: path.clone(), sealed, opened, key: file.key.clone() };
    let (old, new): (Vec<_>, Vec<_>) = (file.leaves().collect(), after.leaves().collect());
    let pairs = old.iter().zip(&new);
    let mut names: Vec<_> =
        pairs.filter(|(old, new)| old != new).map(|((path, _), _)| path.to_string()).collect();
    let longer = if old.len() > new.len() { &old } else { &new };
    names.extend(longer.iter().skip(old.len().min(new.len())).map(|(path, _)| path.to_string()));
    if names.is_empty() { Ok(text) } else { Err(ImportError::Differ { path: path.clone(), names }) }
}

impl RuleChange {
    /// What makes the creation rules of `files` say `lacre: {dotenv: literal}`, comments and all else kept.
    ///
    /// # Errors
    /// When no rule matches one of them, or the rule cannot be changed in its place.
    pub fn literal(world: &World, files: &[&Path]) -> Result<Vec<Self>, ImportError> {
        let mut changes: Vec<Self> = Vec::new();
        for file in files {
            let rules =
                RuleFile::find(world, file)?.ok_or_else(|| ImportError::NoRule((*file).to_owned()))?;
            let rule = rules.rule_for(file)?.ok_or_else(|| ImportError::NoRule((*file).to_owned()))?;
            let index = rule.index;
            if !changes.iter().any(|change| change.path == rules.path) {
                let old = files::read(&rules.path, SIZE_LIMIT)?;
                changes.push(Self { path: rules.path.clone(), rules: Vec::new(), new: old.clone(), old });
            }
            let Some(change) = changes.iter_mut().find(|change| change.path == rules.path) else { continue };
            if !change.rules.contains(&(index + 1)) {
                change.new = spliced(&change.path, &change.new, index)?;
                change.rules.push(index + 1);
            }
        }
        Ok(changes)
    }

    /// Writes it over what was read.
    ///
    /// # Errors
    /// When somebody changed the file meanwhile, or the machine refuses.
    pub fn write(&self) -> Result<(), FileError> {
        save::replace(&self.path, Some(&self.old), &self.new)
    }
}

/// `text` with the setting in the rule at `index`, read back.
fn spliced(path: &Path, text: &[u8], index: usize) -> Result<Vec<u8>, ImportError> {
    let form = |cause| Error::Form { path: path.to_owned(), cause };
    let change = |cause: ChangeError| Error::Change { path: path.to_owned(), cause };
    let plain = Plain::parse(text.to_vec(), &Yaml).map_err(form)?;
    let setting = format!("creation_rules[{index}].lacre.dotenv");
    let Ok(setting) = ValuePath::parse(&setting) else { return Err(ImportError::NoRule(path.to_owned())) };
    let plain = plain.with(&setting, &Node::str("literal")).map_err(change)?;
    let document = plain.document();
    let rules = assemble(&document.outline().events, document.text())
        .map(|node| Rules::parse(&node).map_err(|cause| Error::Rule { path: path.to_owned(), cause }))
        .transpose()?
        .flatten();
    let is_set = rules.as_ref().and_then(|rules| rules.all().nth(index));
    match is_set {
        Some(Ok(rule)) if rule.lacre.dotenv_literal => Ok(document.text().to_vec()),
        _ => Err(ImportError::NoRule(path.to_owned())),
    }
}
