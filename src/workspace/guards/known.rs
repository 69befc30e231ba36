//! Values of the repository's encrypted files that stand in another file: as they are, or in base64, in hexadecimal, in
//! an address. They are told by their names only.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::super::OpenFile;
use super::super::names::FileType;
use super::super::validation::Finding;
use super::clear::has_encrypted_name;
use super::judge::{Kind, kind_of};
use super::setting::is_worth_finding;
use super::snapshot::{Read, Snapshot, read_on_disk};
use super::{code, finding};
use crate::base::Secret;
use crate::base::span::Lines;
use crate::envelope::Sealed;
use crate::redact::{Finder, Known};
use crate::schema::Severity;

/// Values that one finding names; the rest is counted.
const MOST_TOLD: usize = 10;

/// The values that were learned, each with the file it is from.
#[derive(Default)]
pub struct Values {
    known: Vec<Known>,
    origins: Vec<PathBuf>,
}

/// The same, ready to be looked for.
pub struct Search {
    known: Vec<Known>,
    origins: Vec<PathBuf>,
    finder: Finder,
}

impl Values {
    /// With the encrypted values of `file`, as far as they are worth to be looked for.
    pub fn add(&mut self, file: &OpenFile, secrets: Vec<Known>) {
        let is_manifest =
            ["apiVersion", "kind"].iter().all(|name| secrets.iter().any(|one| one.name == *name));
        for one in secrets {
            // What every manifest says, and says the same.
            let is_common = is_manifest
                && (matches!(one.name.as_str(), "apiVersion" | "kind" | "type")
                    || one.name.starts_with("metadata."));
            if is_common {
                continue;
            }
            // Kubernetes keeps values in base64.
            let decoded =
                one.name.starts_with("data.").then(|| BASE64_STANDARD.decode(one.value.expose()).ok());
            if let Some(value) = decoded.flatten().map(Secret::new) {
                self.push(file, Known { name: one.name.clone(), value });
            }
            self.push(file, one);
        }
    }

    fn push(&mut self, file: &OpenFile, one: Known) {
        if is_worth_finding(&one.name, one.value.expose()) {
            self.known.push(one);
            self.origins.push(file.path.clone());
        }
    }

    /// Ready to be looked for.
    pub fn finder(self) -> Search {
        let finder = Finder::new(&self.known);
        Search { known: self.known, origins: self.origins, finder }
    }
}

impl Search {
    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The known values in `bytes`, the file at `path`.
    pub fn judge(&self, snapshot: &Snapshot, path: &Path, bytes: &[u8]) -> Vec<Finding> {
        let (mut found, mut more) = (Vec::new(), 0);
        let (mut lines, mut told) = (Lines::of(bytes), HashSet::new());
        let place = snapshot.absolute(path);
        for hit in self.finder.find(bytes) {
            let (Some(known), Some(origin)) = (self.known.get(hit.owner), self.origins.get(hit.owner)) else {
                continue;
            };
            let line = lines.line_of(hit.start);
            if !told.insert((line, known.name.as_str())) {
                continue;
            }
            if found.len() == MOST_TOLD {
                more += 1;
                continue;
            }
            let is_bare =
                bytes.get(hit.start..hit.end).is_some_and(|bytes| bytes == known.value.expose().trim_ascii());
            let origin = origin.strip_prefix(&snapshot.root).unwrap_or(origin).display();
            let how = if is_bare { "stands here" } else { "stands here, in another spelling" };
            let message =
                format!("of `{origin}` {how}: take it out, and rotate it if this was pushed before");
            let said = finding(place.clone(), code::KNOWN, Severity::Error, message);
            found.push(Finding { line, subject: known.name.clone(), ..said });
        }
        if more > 0 {
            let message = format!("{more} more known values stand here");
            found.push(finding(place, code::KNOWN, Severity::Error, message));
        }
        found
    }
}

/// The encrypted files of `snapshot` as they stand in the work tree, which is newer than what was committed, as far as
/// their names let one expect it: not every file is read.
pub fn encrypted_on_disk(snapshot: &Snapshot) -> Vec<(PathBuf, Sealed)> {
    let may_be = |path: &&PathBuf| FileType::of(path) != FileType::Binary || has_encrypted_name(path);
    let mut found = Vec::new();
    for path in snapshot.paths().filter(may_be) {
        let place = snapshot.absolute(path);
        let bytes = match read_on_disk(&place) {
            Read::Bytes(bytes) => bytes,
            // A sparse checkout leaves files out.
            Read::Absent | Read::Refused => match snapshot.read(path) {
                Read::Bytes(bytes) => bytes,
                Read::Absent | Read::Refused => continue,
            },
        };
        if let Kind::Sealed(sealed) = kind_of(&place, &bytes) {
            found.push((place, *sealed));
        }
    }
    found
}
