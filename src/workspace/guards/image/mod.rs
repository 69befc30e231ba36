//! Plaintext and identities in the work tree that building an image would copy into it. Which folder is sent to the
//! builder is said on its command line, so this is a guess: the nearest folder with a `.dockerignore`, or the one of the
//! Dockerfile.

mod dockerfile;
mod ignore;

use std::path::{Path, PathBuf};

use super::super::validation::Finding;
use super::identities::holds_a_key;
use super::judge::Judge;
use super::snapshot::{Read, Snapshot, read_on_disk};
use super::{code, finding, twins};
use crate::schema::Severity;
use crate::world::walk::files_below;
use dockerfile::copied;
use ignore::Ignored;

impl Judge<'_> {
    /// Looks at every Dockerfile that git tracks.
    pub fn images(&mut self) {
        let snapshot = self.snapshot;
        let files: Vec<&PathBuf> = snapshot.paths().filter(|path| is_dockerfile(path)).collect();
        if files.is_empty() {
            return;
        }
        let wanted = |place: &Path| {
            let path = place.strip_prefix(&snapshot.root).unwrap_or(place);
            is_called_like_a_key(path) || !twins::twins_of(snapshot, path).is_empty()
        };
        let candidates = files_below(&snapshot.root, &wanted).unwrap_or_default();
        let candidates = candidates.iter().filter_map(|place| place.strip_prefix(&snapshot.root).ok());
        let secret: Vec<&Path> = candidates.filter(|path| is_secret(snapshot, path)).collect();
        for file in files {
            let found = judge(snapshot, file, &secret);
            self.add(file, found);
        }
    }
}

/// What of `secret` the Dockerfile at `file` copies. Paths are from the root.
fn judge(snapshot: &Snapshot, file: &Path, secret: &[&Path]) -> Vec<Finding> {
    let Some(text) = text_at(&snapshot.absolute(file)) else { return Vec::new() };
    let (context, ignore_file) = context_of(snapshot, file);
    let ignored =
        text_at(&snapshot.absolute(&ignore_file)).map(|text| Ignored::parse(&text)).unwrap_or_default();
    let all = copied(&text);
    let mut found = Vec::new();
    for path in secret {
        let Ok(inside) = path.strip_prefix(&context) else { continue };
        let inside = inside.to_string_lossy();
        let Some(copies) = all.iter().find(|one| one.takes(&inside)) else { continue };
        if ignored.excludes(&inside) {
            continue;
        }
        let message = format!(
            "would be copied into the image: put the line `{inside}` into `{}`",
            ignore_file.display()
        );
        let said = finding(snapshot.absolute(file), code::IMAGE, Severity::Warning, message);
        found.push(Finding { line: copies.line, subject: path.display().to_string(), ..said });
    }
    found
}

/// The folder that is sent to the builder, and the file that says what is left out.
fn context_of(snapshot: &Snapshot, file: &Path) -> (PathBuf, PathBuf) {
    let is_there = |path: &Path| matches!(read_on_disk(&snapshot.absolute(path)), Read::Bytes(_));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let own = file.with_file_name(format!("{name}.dockerignore"));
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let of = |folder: &Path| {
        [".dockerignore", ".containerignore"]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|path| is_there(path))
    };
    let nearest = folder.ancestors().find_map(|folder| Some((folder.to_owned(), of(folder)?)));
    match (is_there(&own), nearest) {
        (true, Some((context, _))) => (context, own),
        (true, None) => (folder, own),
        (false, Some(found)) => found,
        (false, None) => (folder.clone(), folder.join(".dockerignore")),
    }
}

/// Whether the file at `path` is the plaintext of an encrypted one, or a private key.
fn is_secret(snapshot: &Snapshot, path: &Path) -> bool {
    let Read::Bytes(bytes) = read_on_disk(&snapshot.absolute(path)) else { return false };
    if is_called_like_a_key(path) && holds_a_key(&bytes) {
        return true;
    }
    twins::twins_of(snapshot, path).into_iter().any(|twin| match read_on_disk(&snapshot.absolute(&twin)) {
        Read::Bytes(sealed) => twins::is_plaintext_of(path, bytes.clone(), &twin, &sealed),
        Read::Absent | Read::Refused => false,
    })
}

fn is_dockerfile(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is = |word: &str| {
        name == word
            || name.strip_prefix(word).is_some_and(|rest| rest.starts_with('.') && rest != ".dockerignore")
            || name.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'))
    };
    is("Dockerfile") || is("Containerfile")
}

/// Where people and tools keep private keys.
fn is_called_like_a_key(path: &Path) -> bool {
    const NAMES: [&str; 5] = [".env.keys", "identities.txt", "identity.txt", "key.txt", "keys.txt"];
    const ENDS: [&str; 4] = [".agekey", ".key", ".p8", ".pem"];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_of_ssh = name.starts_with("id_") && !name.ends_with(".pub");
    NAMES.contains(&&*name) || is_of_ssh || ENDS.iter().any(|end| name.ends_with(end))
}

fn text_at(place: &Path) -> Option<String> {
    match read_on_disk(place) {
        Read::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Read::Absent | Read::Refused => None,
    }
}
