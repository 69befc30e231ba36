//! From git's store and the work tree to the versions of all encrypted files, each blob read once.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;

use super::super::history::Archive;
use super::super::rule_file::RULE_FILE;
use super::super::tree::Text;
use super::super::{Error, RuleFile, process_text};
use super::version::{self, Place, Version};
use super::{CurrentFile, CurrentLeaf, Ledger, Until};
use crate::envelope::Sealed;
use crate::policy::Names;
use crate::world::git::{Change, Commit, History, ObjectId};

/// Fills a ledger.
pub struct Gatherer<'a> {
    archive: Archive<'a>,
    /// What blobs are, by their names and those of their files, which decide about the format.
    seen: HashMap<(ObjectId, OsString), Option<usize>>,
    rules: HashSet<ObjectId>,
}

impl<'a> Gatherer<'a> {
    /// With what git keeps.
    pub fn new(archive: Archive<'a>) -> Self {
        Self { archive, seen: HashMap::new(), rules: HashSet::new() }
    }

    /// All versions of `history`; `step` is told how many commits were looked at.
    pub fn history(&mut self, ledger: &mut Ledger, history: &History, step: &mut dyn FnMut(usize)) {
        for (number, commit) in history.commits.iter().enumerate() {
            step(number);
            for change in &commit.changes {
                let Some(id) = change.new.as_ref().filter(|_| change.is_file) else { continue };
                self.rule_names(ledger, &change.path, id);
                let Some(version) = self.blob(ledger, &change.path, id) else { continue };
                let file = ledger.file_number(&change.path);
                let place = Place { file, commit: number, merges: commit.parents.len() > 1 };
                if let Some(version) = ledger.versions.get_mut(version)
                    && !version.places.contains(&place)
                {
                    version.places.push(place);
                }
            }
        }
        for version in &mut ledger.versions {
            let made: HashSet<usize> =
                version.places.iter().filter(|place| !place.merges).map(|place| place.file).collect();
            version.places.retain(|place| !place.merges || !made.contains(&place.file));
        }
        for (number, commit) in history.commits.iter().enumerate() {
            self.ends(ledger, number, commit);
        }
    }

    /// Which version made room for which.
    fn ends(&self, ledger: &mut Ledger, number: usize, commit: &Commit) {
        for Change { path, old, new, .. } in &commit.changes {
            let name = path.file_name().unwrap_or_default();
            let version = |id: &ObjectId| self.seen.get(&(id.clone(), name.to_owned())).copied().flatten();
            let Some(old) = old.as_ref().and_then(version) else { continue };
            let (file, new) = (ledger.file_number(path), new.as_ref().and_then(version));
            ledger.ends.push(Until { file, commit: number, old, new });
        }
    }

    /// What people were called in this version of a rule file.
    fn rule_names(&mut self, ledger: &mut Ledger, path: &Path, id: &ObjectId) {
        if path.file_name() != Some(RULE_FILE.as_ref()) || !self.rules.insert(id.clone()) {
            return;
        }
        if let Some(names) = self.archive.bytes(id).and_then(|text| names_of(path, text)) {
            ledger.people.called_before(&names);
        }
    }

    /// The version of the blob `id` at `path`, from the root; `None` when it is no encrypted file.
    pub fn blob(&mut self, ledger: &mut Ledger, path: &Path, id: &ObjectId) -> Option<usize> {
        let key = (id.clone(), path.file_name().unwrap_or_default().to_owned());
        if let Some(known) = self.seen.get(&key) {
            return *known;
        }
        let version = match self.archive.bytes(id) {
            None => {
                ledger.gaps.absent += 1;
                None
            }
            Some(text) => Text::of(path, text).sealed().map(|sealed| self.version(ledger, path, sealed).0),
        };
        self.seen.insert(key, version);
        version
    }

    /// A new version, opened if it says anything new; with its values.
    fn version(&mut self, ledger: &mut Ledger, path: &Path, sealed: Sealed) -> (usize, Vec<version::Leaf>) {
        let leaves = version::leaves(&sealed, path, &mut ledger.values);
        let metadata = sealed.metadata();
        let mut number = |group: Vec<_>| group.iter().map(|id| ledger.people.key(id)).collect();
        let version = Version {
            groups: metadata.recipients().into_iter().map(&mut number).collect(),
            threshold: metadata.threshold,
            leaves: leaves.iter().map(|leaf| (ledger.leaf_number(leaf), leaf.token)).collect(),
            places: Vec::new(),
        };
        if !leaves.iter().all(|leaf| ledger.values.is_known(leaf.token)) {
            self.open(ledger, path, sealed, &leaves);
        }
        ledger.versions.push(version);
        (ledger.versions.len() - 1, leaves)
    }

    fn open(&mut self, ledger: &mut Ledger, path: &Path, sealed: Sealed, leaves: &[version::Leaf]) {
        // Of what is closed or tampered with, the values stay unknown, and count as such.
        let Ok(file) = self.archive.open(path, sealed) else { return };
        let is_dotenv = file.sealed.document().format().name() == "dotenv";
        let opened = &file.opened.leaves;
        for leaf in leaves {
            let at = opened.binary_search_by_key(&leaf.event, |leaf| leaf.event);
            if let Some(found) = at.ok().and_then(|at| opened.get(at)).filter(|leaf| leaf.encrypted) {
                ledger.values.learn(leaf.token, process_text(&found.value, is_dotenv));
            }
        }
    }

    /// `text`, which stands at `path`, from the root, is what is to be protected.
    pub fn current(&mut self, ledger: &mut Ledger, path: &Path, sealed: Sealed) {
        let document = sealed.document().clone();
        let (version, leaves) = self.version(ledger, path, sealed);
        let leaves = leaves.into_iter().map(|leaf| CurrentLeaf {
            name: ledger.leaf_number(&leaf),
            line: version::line(&document, leaf.event),
            format: document.format().name(),
            shown: leaf.shown,
            path: leaf.path,
            token: leaf.token,
        });
        let leaves = leaves.collect();
        let file = ledger.file_number(path);
        ledger.current.push(CurrentFile { file, version, leaves });
    }

    /// All that stood in `commit`.
    ///
    /// # Errors
    /// When git does not answer.
    pub fn at(&mut self, ledger: &mut Ledger, commit: &ObjectId) -> Result<(), Error> {
        let files = self.archive.git().files_of(commit).ok_or(Error::GitSilent)?;
        for (path, id) in files {
            if let Some(sealed) = self.archive.bytes(&id).and_then(|text| Text::of(&path, text).sealed()) {
                self.current(ledger, &path, sealed);
            }
        }
        Ok(())
    }

    /// Encrypted files at the tips of the branches that are not checked out.
    ///
    /// # Errors
    /// When git does not answer.
    pub fn branches(&mut self, ledger: &mut Ledger) -> Result<(), Error> {
        let git = self.archive.git().clone();
        let branches = git.branches().ok_or(Error::GitSilent)?;
        for branch in branches.into_iter().filter(|branch| !branch.is_current) {
            let files = git.files_of(&branch.tip).ok_or(Error::GitSilent)?;
            let versions = files.iter().filter_map(|(path, id)| {
                let key = (id.clone(), path.file_name()?.to_owned());
                self.seen.get(&key).copied().flatten()
            });
            let versions = versions.collect();
            ledger.branches.push((branch.name, versions));
        }
        Ok(())
    }
}

/// The names in the rule file `text`; one that cannot be read gives none.
pub fn names_of(path: &Path, text: Vec<u8>) -> Option<Names> {
    RuleFile::parse(path, text).ok().map(|file| file.names)
}
