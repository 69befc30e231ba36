//! The rule files as the judged files have them: a commit is held against the rules that it holds itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::super::rule_file::RULE_FILE;
use super::super::validation::Finding;
use super::super::{Error, RuleFile};
use super::snapshot::{Read, Snapshot};
use super::{code, finding};
use crate::envelope::FormError;
use crate::policy::Rule;
use crate::policy::rule::Accepted;
use crate::schema::Severity;
use crate::world::World;

/// A rule file, and what it accepts.
pub struct Ruling {
    /// The file.
    pub file: RuleFile,
    accepted: Accepted,
}

/// All rule files, each read once. Paths are from the root.
pub struct Rules<'a> {
    snapshot: &'a Snapshot,
    /// The one that the user named, which counts for all.
    named: Option<PathBuf>,
    read: RefCell<BTreeMap<PathBuf, Option<Rc<Ruling>>>>,
    broken: RefCell<Vec<Finding>>,
}

impl<'a> Rules<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(world: &World, snapshot: &'a Snapshot) -> Self {
        let named = world.variable("SOPS_CONFIG").map(|file| world.path(Path::new(file)));
        Self { snapshot, named, read: RefCell::default(), broken: RefCell::default() }
    }

    /// The rule file that counts for the file at `path`, if it can be used.
    #[must_use]
    pub fn ruling(&self, path: &Path) -> Option<Rc<Ruling>> {
        if let Some(named) = &self.named {
            return self.load(named, || RuleFile::read_of_anybody(named));
        }
        let mut folders = path.ancestors().skip(1).map(|folder| folder.join(RULE_FILE));
        let place = folders.find(|file| self.snapshot.has(file))?;
        self.load(&place, || match self.snapshot.read(&place) {
            Read::Bytes(text) => RuleFile::parse(&self.snapshot.absolute(&place), text),
            _ => Err(Error::GitSilent),
        })
    }

    /// The rule that the file at `path` follows, with its rule file.
    #[must_use]
    pub fn rule(&self, path: &Path) -> Option<(Rc<Ruling>, Rule)> {
        let ruling = self.ruling(path)?;
        match ruling.file.rule_for(&self.snapshot.absolute(path)) {
            Ok(rule) => rule.cloned().map(|rule| (ruling, rule)),
            Err(error) => {
                self.tell(&ruling.file.path, &error);
                None
            }
        }
    }

    /// Whether the team accepts findings with this `code` in the file at `path`.
    #[must_use]
    pub fn accepts(&self, path: &Path, code: &str) -> bool {
        let ruling = self.ruling(path);
        ruling.is_some_and(|ruling| {
            ruling.accepted.covers(&ruling.file.subject(&self.snapshot.absolute(path)), code)
        })
    }

    /// What is wrong with rule files that were needed.
    #[must_use]
    pub fn broken(self) -> Vec<Finding> {
        self.broken.into_inner()
    }

    fn load(&self, place: &Path, read: impl FnOnce() -> Result<RuleFile, Error>) -> Option<Rc<Ruling>> {
        if let Some(known) = self.read.borrow().get(place) {
            return known.clone();
        }
        let ruling = read().map_err(|error| self.tell(&self.snapshot.absolute(place), &error)).ok();
        let ruling = ruling.and_then(|file| {
            let accepted = file.tree().map_or_else(|| Ok(Accepted::default()), Accepted::parse);
            let accepted = accepted.map_err(|error| self.push(&file.path, 1, &error.to_string())).ok()?;
            Some(Rc::new(Ruling { file, accepted }))
        });
        self.read.borrow_mut().insert(place.to_owned(), ruling.clone());
        ruling
    }

    fn tell(&self, path: &Path, error: &Error) {
        let (line, words) = match error {
            Error::RuleLine { line, cause, .. } => (*line, cause.to_string()),
            Error::Rule { cause, .. } => (1, cause.to_string()),
            Error::Form { cause: FormError::Parse(cause), .. } => (cause.line, cause.to_string()),
            Error::Form { cause, .. } => (1, cause.to_string()),
            Error::File(error) => (1, error.problem.to_string()),
            _ => (1, "it cannot be read".to_owned()),
        };
        self.push(path, line, &words);
    }

    fn push(&self, path: &Path, line: usize, words: &str) {
        let message = format!("this rule file cannot be used: {words}");
        let said = Finding { line, ..finding(path.to_owned(), code::RULES, Severity::Error, message) };
        let mut broken = self.broken.borrow_mut();
        if !broken.contains(&said) {
            broken.push(said);
        }
    }
}
