//! Plaintext files beside their encrypted twins, and twins that an ignore line keeps out of git.
//!
//! A file of another kind than dotenv is not a plaintext by its name alone: `values.yaml` may stand beside
//! `values.enc.yaml` and hold what is no secret. It must hold a value that its twin encrypts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::names::{FileType, is_never_encrypted, is_twin, plain_name_of};
use super::super::open_file::format_of;
use super::super::validation::Finding;
use super::clear::has_encrypted_name;
use super::judge::{Judge, Kind, kind_of};
use super::snapshot::{Read, Snapshot, read_on_disk};
use super::{code, finding, typed};
use crate::cipher::Ciphertext;
use crate::document::Document;
use crate::envelope::Sealed;
use crate::schema::Severity;
use crate::schema::hygiene::is_placeholder;
use crate::world::walk::{files_below, files_in};

/// The files that may be the encrypted twin of the plaintext at `path`, by their names.
pub fn twins_of(snapshot: &Snapshot, path: &Path) -> Vec<PathBuf> {
    if is_twin(path) || is_never_encrypted(path) {
        return Vec::new();
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut names = Vec::new();
    for mark in ["enc", "sops"] {
        names.push(format!("{name}.{mark}"));
        if let Some((stem, extension)) = name.rsplit_once('.') {
            names.push(format!("{stem}.{mark}.{extension}"));
        }
    }
    names.into_iter().map(|name| path.with_file_name(name)).filter(|twin| snapshot.has(twin)).collect()
}

/// The file that may be the plaintext of the encrypted file at `path`, by its name.
pub fn plaintext_of(snapshot: &Snapshot, path: &Path) -> Option<PathBuf> {
    let plain = path.with_file_name(plain_name_of(path));
    (plain != path && snapshot.has(&plain) && !is_never_encrypted(&plain)).then_some(plain)
}

/// Whether the file at `path` is the plaintext of the one at `twin`, and says so.
pub fn judge(snapshot: &Snapshot, path: &Path, twin: &Path) -> Option<Finding> {
    let (Read::Bytes(plain), Read::Bytes(sealed)) = (snapshot.read(path), snapshot.read(twin)) else {
        return None;
    };
    is_plaintext_of(path, plain, twin, &sealed).then(|| {
        let (name, shown) = (typed(path), twin.display());
        let message = format!(
            "this is the plaintext of `{shown}`: `lacre encrypt {name}` brings that up to date, `git rm --cached {name}` takes this out of git"
        );
        finding(snapshot.absolute(path), code::PLAINTEXT, Severity::Error, message)
    })
}

/// Whether `plain` holds in the clear what `sealed` encrypts.
pub fn is_plaintext_of(path: &Path, plain: Vec<u8>, twin: &Path, sealed: &[u8]) -> bool {
    let Kind::Sealed(sealed) = kind_of(twin, sealed) else { return false };
    if plain.trim_ascii().is_empty() || matches!(kind_of(path, &plain), Kind::Sealed(_)) {
        return false;
    }
    let kind = FileType::of(path);
    if matches!(kind, FileType::Binary | FileType::Dotenv) {
        return true;
    }
    // One that cannot be read is not known to be harmless.
    Document::parse(plain, format_of(kind)).map_or(true, |plain| shares_a_secret(&plain, &sealed))
}

fn shares_a_secret(plain: &Document, sealed: &Sealed) -> bool {
    let document = sealed.document();
    document.nodes().into_iter().any(|(path, event)| {
        let is_encrypted =
            document.scalar(event).is_some_and(|value| Ciphertext::is_meant(&value.plain_bytes()));
        let held = || plain.find(&path).and_then(|event| plain.scalar(event));
        is_encrypted
            && held()
                .is_some_and(|value| !value.plain_bytes().is_empty() && !is_placeholder(&value.plain_bytes()))
    })
}

impl Judge<'_> {
    /// Twins in the folders of `paths` that git does not see for an ignore line.
    pub fn twins_hidden_beside(&mut self, paths: &[PathBuf]) {
        let folders: BTreeSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
        for folder in folders {
            let listed = files_in(&self.snapshot.absolute(folder), &has_encrypted_name);
            self.hidden(&listed.unwrap_or_default());
        }
    }

    /// All files of the work tree that git ignores although they are encrypted twins.
    pub fn hidden_twins(&mut self) {
        let listed = files_below(&self.snapshot.root, &has_encrypted_name);
        self.hidden(&listed.unwrap_or_default());
    }

    fn hidden(&mut self, places: &[PathBuf]) {
        for place in places {
            let Ok(path) = place.strip_prefix(&self.snapshot.root) else { continue };
            if self.snapshot.has(path) {
                continue;
            }
            let is_sealed = match read_on_disk(place) {
                Read::Bytes(bytes) => matches!(kind_of(place, &bytes), Kind::Sealed(_)),
                Read::Absent | Read::Refused => false,
            };
            let Some(by) = is_sealed.then(|| self.snapshot.git().ignored_by(place)).flatten() else {
                continue;
            };
            let message = format!(
                "this encrypted file is not in git, for an ignore line hides it ({by}): put `!{}` behind that line",
                path.file_name().unwrap_or_default().to_string_lossy()
            );
            let found = finding(place.clone(), code::HIDDEN, Severity::Warning, message);
            self.add(path, vec![found]);
        }
    }
}
