//! One run of the guards: each file is looked at by those that its content calls for.

use std::path::{Path, PathBuf};

use super::super::validation::Finding;
use super::super::{Error, Keyring, OpenFile, open_file, secrets};
use super::known::Values;
use super::rules::Rules;
use super::snapshot::{Read, Snapshot};
use super::{Guarded, NEVER_ACCEPTED, clear, code, identities, sealed, twins};
use crate::cipher::Ciphertext;
use crate::envelope::{FormError, Sealed};
use crate::schema::Severity;
use crate::world::World;

/// What a file is.
pub enum Kind {
    /// Encrypted by its name or its content, and not to be read.
    Broken(FormError),
    /// An encrypted file.
    Sealed(Box<Sealed>),
    /// Anything else.
    Plain,
}

/// One run. Paths are from the root.
pub struct Judge<'a> {
    pub world: &'a World,
    pub keyring: &'a Keyring<'a>,
    pub snapshot: &'a Snapshot,
    pub rules: Rules<'a>,
    pub guarded: Guarded,
    values: Values,
    /// Files in the clear of which nothing was told that would make a known value in them no news.
    unsuspected: Vec<PathBuf>,
}

impl<'a> Judge<'a> {
    pub fn new(world: &'a World, keyring: &'a Keyring<'a>, snapshot: &'a Snapshot) -> Self {
        let rules = Rules::new(world, snapshot);
        let (guarded, values, unsuspected) = (Guarded::default(), Values::default(), Vec::new());
        Self { world, keyring, snapshot, rules, guarded, values, unsuspected }
    }

    /// Looks at the files at `paths`.
    pub fn files(&mut self, paths: &[PathBuf]) {
        for path in paths {
            match self.snapshot.read(path) {
                Read::Absent => {}
                Read::Bytes(bytes) => self.file(path, bytes),
                Read::Refused => self.guarded.skipped.push(self.snapshot.absolute(path)),
            }
        }
    }

    fn file(&mut self, path: &Path, bytes: Vec<u8>) {
        let place = self.snapshot.absolute(path);
        self.guarded.files.push(place.clone());
        if let Some(found) = identities::judge(path, &place, &bytes) {
            self.add(path, found);
        }
        if let Some(found) = sealed::conflict(path, &place, &bytes) {
            return self.add(path, vec![found]);
        }
        match kind_of(&place, &bytes) {
            Kind::Broken(cause) => self.add(path, vec![sealed::broken(place, &cause)]),
            Kind::Sealed(sealed) => self.sealed(path, *sealed),
            Kind::Plain => self.plain(path, &place, bytes),
        }
    }

    fn sealed(&mut self, path: &Path, sealed: Sealed) {
        let place = self.snapshot.absolute(path);
        let clear = clear::in_sealed(path, &place, &sealed);
        let is_told = clear.is_some() && !self.rules.accepts(path, code::CLEAR);
        let rule = self.rules.rule(path);
        let mut found: Vec<Finding> = clear.into_iter().collect();
        found.extend(
            rule.as_ref().and_then(|(ruling, rule)| sealed::drift(path, &place, &sealed, ruling, rule)),
        );
        if let Some(plain) = twins::plaintext_of(self.snapshot, path) {
            found.extend(twins::judge(self.snapshot, &plain, path));
        }
        // A value in the clear is told by its name already.
        if !is_told {
            let wants_seal = rule.is_some_and(|(_, rule)| rule.lacre.require_seal);
            match self.open(&place, sealed, wants_seal) {
                Ok(()) => {}
                Err(error) => found.extend(sealed::tampered(place, &error)),
            }
        }
        self.add(path, found);
    }

    /// Opens and verifies, and remembers the values.
    fn open(&mut self, place: &Path, sealed: Sealed, wants_seal: bool) -> Result<(), Error> {
        let opened = open_file::open(self.world, self.keyring, place, &sealed);
        let (key, opened) = opened.inspect_err(|error| {
            if matches!(error, Error::NoIdentity { .. } | Error::Identity { .. }) {
                self.guarded.closed.push(place.to_owned());
            }
        })?;
        let is_sealed = opened.verdict == crate::envelope::Verdict::Sealed;
        let file = OpenFile { path: place.to_owned(), sealed, opened, key };
        self.values.add(&file, secrets::secrets(&file));
        if is_sealed || !(wants_seal || self.keyring.require_seal) {
            return Ok(());
        }
        Err(Error::SealRequired(place.to_owned()))
    }

    fn plain(&mut self, path: &Path, place: &Path, bytes: Vec<u8>) {
        let rule = self.rules.rule(path).map(|(_, rule)| rule);
        let mut found: Vec<Finding> = Vec::new();
        for twin in twins::twins_of(self.snapshot, path) {
            found.extend(twins::judge(self.snapshot, path, &twin));
        }
        if found.is_empty() {
            found.extend(clear::in_plain(path, place, bytes, rule.as_ref()));
        }
        let suspected = found.iter().any(|said| said.severity == Severity::Error);
        if !suspected && path.file_name().is_some_and(|name| name != super::super::rule_file::RULE_FILE) {
            self.unsuspected.push(path.to_owned());
        }
        self.add(path, found);
    }

    /// Tracked plaintext, by the names of the files alone.
    pub fn tracked_plaintext(&mut self) {
        let snapshot = self.snapshot;
        for path in snapshot.paths() {
            for twin in twins::twins_of(snapshot, path) {
                let found = twins::judge(snapshot, path, &twin);
                self.add(path, found.into_iter().collect());
            }
        }
    }

    /// Encrypted files that cannot be read as such: in the middle of a merge, or cut short.
    pub fn unfinished(&mut self) {
        let snapshot = self.snapshot;
        for path in
            snapshot.paths().filter(|path| snapshot.is_unmerged(path) || clear::has_encrypted_name(path))
        {
            let Read::Bytes(bytes) = snapshot.read(path) else { continue };
            let place = snapshot.absolute(path);
            let mut found = sealed::conflict(path, &place, &bytes);
            if found.is_none()
                && let Kind::Broken(cause) = kind_of(&place, &bytes)
            {
                found = Some(sealed::broken(place.clone(), &cause));
            }
            if let Some(found) = found {
                self.guarded.files.push(place);
                self.add(path, vec![found]);
            }
        }
    }

    /// Learns the values of encrypted files that are not among `paths`, if there is a file in which they could stand.
    pub fn values_elsewhere(&mut self, paths: &[PathBuf]) {
        if self.unsuspected.is_empty() {
            return;
        }
        for (place, sealed) in super::known::encrypted_on_disk(self.snapshot) {
            let is_staged =
                place.strip_prefix(&self.snapshot.root).is_ok_and(|path| paths.iter().any(|one| one == path));
            let closed = self.guarded.closed.len();
            // What is wrong with it is no matter of this commit.
            drop(self.open(&place, sealed, false));
            if is_staged {
                self.guarded.closed.truncate(closed);
            }
        }
    }

    /// What can be seen in the work tree only.
    pub fn whole_tree(&mut self) {
        self.hidden_twins();
        self.images();
    }

    pub fn add(&mut self, path: &Path, found: Vec<Finding>) {
        for one in found {
            let accepted = !NEVER_ACCEPTED.contains(&one.code) && self.rules.accepts(path, one.code);
            if accepted {
                self.guarded.accepted += 1;
            } else {
                self.guarded.findings.push(one);
            }
        }
    }

    /// Looks for known values, and tells all.
    pub fn finish(mut self) -> Guarded {
        let values = std::mem::take(&mut self.values).finder();
        for path in std::mem::take(&mut self.unsuspected) {
            if values.is_empty() {
                break;
            }
            if let Read::Bytes(bytes) = self.snapshot.read(&path) {
                let found = values.judge(self.snapshot, &path, &bytes);
                self.add(&path, found);
            }
        }
        let Self { rules, mut guarded, .. } = self;
        guarded.findings.extend(rules.broken());
        guarded.closed.sort();
        guarded.closed.dedup();
        guarded
    }
}

/// What the bytes of the file at `place` are.
pub fn kind_of(place: &Path, bytes: &[u8]) -> Kind {
    // Its MAC is one, whatever its selector matches.
    if !Ciphertext::stands_in(bytes) {
        return Kind::Plain;
    }
    match open_file::parse(bytes.to_vec(), place, None) {
        Ok(sealed) => Kind::Sealed(Box::new(sealed)),
        Err(Error::Form { cause: FormError::NotEncrypted, .. }) => Kind::Plain,
        Err(Error::Form { cause, .. }) if clear::has_encrypted_name(place) => Kind::Broken(cause),
        Err(_) => Kind::Plain,
    }
}
