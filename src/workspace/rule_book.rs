//! The rule files of one run, each read once, however many files they rule.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::rule_file::RULE_FILE;
use super::{Error, RuleFile};
use crate::policy::{Names, Rule};
use crate::world::git::Git;
use crate::world::{World, files};

/// Rule files by place.
pub struct RuleBook<'w> {
    world: &'w World,
    /// By the folder of the file that is ruled.
    places: RefCell<HashMap<PathBuf, Option<PathBuf>>>,
    read: RefCell<HashMap<PathBuf, Rc<RuleFile>>>,
    /// What stood on disk, where something else counts now.
    former: RefCell<HashMap<PathBuf, Rc<RuleFile>>>,
}

impl<'w> RuleBook<'w> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        Self { world, places: RefCell::default(), read: RefCell::default(), former: RefCell::default() }
    }

    /// The rule file that counts for the file at `path`.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn find(&self, path: &Path) -> Result<Option<Rc<RuleFile>>, Error> {
        let folder = path.parent().unwrap_or(path);
        let known = self.places.borrow().get(folder).cloned();
        let place = known.unwrap_or_else(|| {
            let found = RuleFile::locate(self.world, path);
            self.places.borrow_mut().insert(folder.to_owned(), found.clone());
            found
        });
        let Some(place) = place else { return Ok(None) };
        if let Some(file) = self.read.borrow().get(&place) {
            return Ok(Some(Rc::clone(file)));
        }
        let file = Rc::new(RuleFile::read(&place)?);
        self.read.borrow_mut().insert(place, Rc::clone(&file));
        Ok(Some(file))
    }

    /// Where rule files stand in the repository with this `root`: those that git tracks, that of the root, and the one
    /// that a variable names.
    ///
    /// # Errors
    /// When git does not answer.
    pub fn all(&self, root: &Path) -> Result<Vec<PathBuf>, Error> {
        let git = Git::find(root, &self.world.variables).ok_or(Error::GitSilent)?;
        let mut places = git.tracked_files().ok_or(Error::GitSilent)?;
        places.retain(|path| path.file_name() == Some(RULE_FILE.as_ref()) && files::exists(path));
        places.extend(RuleFile::locate(self.world, &root.join(RULE_FILE)));
        places.sort();
        places.dedup();
        Ok(places)
    }

    /// From now on, `file` counts for what stands on disk in its place.
    pub fn put(&self, file: RuleFile) {
        let path = file.path.clone();
        if let Some(former) = self.read.borrow_mut().insert(path.clone(), Rc::new(file)) {
            self.former.borrow_mut().insert(path, former);
        }
    }

    /// The rule for the encrypted file at `path`, by its own name, then by that of its plaintext; with its rule file.
    ///
    /// # Errors
    /// When the rule file or the rule cannot be used.
    pub fn rule(&self, path: &Path) -> Result<Option<(Rc<RuleFile>, Rule)>, Error> {
        let Some(file) = self.find(path)? else { return Ok(None) };
        let rule = file.rule_for(path)?.cloned();
        Ok(rule.map(|rule| (file, rule)))
    }

    /// Whether the rule for the file at `path` refuses files without a seal.
    ///
    /// # Errors
    /// When the rule file or the rule cannot be used.
    pub fn wants_seal(&self, path: &Path) -> Result<bool, Error> {
        Ok(self.rule(path)?.is_some_and(|(_, rule)| rule.lacre.require_seal))
    }

    /// What people call the recipients of the file at `path`; without a usable rule file, nothing.
    #[must_use]
    pub fn names(&self, path: &Path) -> Names {
        self.find(path).ok().flatten().map(|file| file.names.clone()).unwrap_or_default()
    }

    /// What people called them before this run.
    #[must_use]
    pub fn former_names(&self, path: &Path) -> Names {
        let file = self.find(path).ok().flatten();
        let former = file.and_then(|file| self.former.borrow().get(&file.path).cloned());
        former.map_or_else(|| self.names(path), |file| file.names.clone())
    }
}
