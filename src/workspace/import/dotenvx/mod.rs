//! From a file of dotenvx to a plaintext of ours that hands the same values to a process. Lines whose meaning is the
//! same to both stay as they are; the others are spelled anew. Public keys and the banner above them stay behind.

mod expand;
mod grammar;
mod keys;

use std::path::Path;

use memchr::{memchr, memrchr};

use super::{Handed, ImportError};
use crate::base::{Secret, Span};
use crate::document::dotenv::reading::reading;
use crate::document::dotenv::spelling::{portable, replaced};
use crate::document::{Splice, splice};
use expand::{MOST_BYTES, Reason, expand, has_command, has_reference};
use grammar::{Assignment, assignments};
pub use keys::{KEY_FILE, Keys};
use keys::{is_encrypted, looks_encrypted};

/// What the names of public keys begin with.
const PUBLIC: &[u8] = b"DOTENV_PUBLIC_KEY";

/// How values are taken over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'a> {
    /// Write references to names of the same file out.
    pub resolve: bool,
    /// Names whose text is taken as it stands, whatever dotenvx would expand or run in it.
    pub as_data: &'a [String],
    /// The new file is read as sops reads it: quotes are part of values.
    pub literal: bool,
}

/// A file of dotenvx in the clear.
pub struct Converted {
    /// Plaintext for us.
    pub text: Secret<Vec<u8>>,
    /// What dotenvx hands to a process, in an environment that has none of the names.
    pub handed: Handed,
    /// Names whose value mentions others, which dotenvx would expand and we will not.
    pub mentions: Vec<String>,
}

/// Whether dotenvx wrote `text`: it names a public key, or a value is encrypted.
#[must_use]
pub fn is_theirs(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    assignments(text).iter().any(|one| one.name.starts_with(PUBLIC) || looks_encrypted(&one.value))
}

/// The plaintext that `text`, read from `path`, stands for. Its line ends are unified already.
///
/// # Errors
/// When a value does not open, or dotenvx would make it of something else than this file.
pub fn convert(path: &Path, text: &[u8], keys: &Keys, choice: Choice<'_>) -> Result<Converted, ImportError> {
    let mut converter = Converter {
        path,
        text,
        keys,
        choice,
        handed: Handed::new(),
        splices: Vec::new(),
        mentions: Vec::new(),
        locked: Vec::new(),
        commands: Vec::new(),
        unresolved: Vec::new(),
        left: MOST_BYTES,
    };
    for assignment in assignments(text) {
        converter.take(assignment);
    }
    converter.finish()
}

struct Converter<'a> {
    path: &'a Path,
    text: &'a [u8],
    keys: &'a Keys,
    choice: Choice<'a>,
    handed: Handed,
    splices: Vec<Splice>,
    mentions: Vec<String>,
    locked: Vec<String>,
    commands: Vec<String>,
    unresolved: Vec<(String, Reason)>,
    /// Bytes that references may still stand for.
    left: usize,
}

impl Converter<'_> {
    fn take(&mut self, one: Assignment<'_>) {
        if one.name.starts_with(PUBLIC) {
            self.splices.push(self.without_banner(&one));
            return;
        }
        let name = String::from_utf8_lossy(one.name).into_owned();
        let Assignment { quote, span, start, .. } = one;
        let (name_bytes, written) = (one.name, Secret::new(one.value));
        let was_encrypted = is_encrypted(written.expose());
        let mut value = written;
        if was_encrypted {
            let Some(opened) = self.keys.open(value.expose()) else {
                self.locked.push(name);
                return;
            };
            value = opened;
        }
        if quote != Some(b'\'') && !self.choice.as_data.contains(&name) {
            let Some(expanded) = self.expanded(&name, value) else { return };
            value = expanded;
        }
        if was_encrypted || !self.reads_the_same(&span, value.expose()) {
            let mut spelled = b"=".to_vec();
            if self.choice.literal {
                spelled.extend_from_slice(value.expose());
            } else {
                spelled.extend_from_slice(portable(value.expose()).text.expose());
            }
            if self.text.get(span.end) == Some(&b'#') {
                spelled.push(b' ');
            }
            let from = span.start.max(start);
            self.splices.push(Splice::new(Span::new(from, span.end), spelled));
        }
        self.handed.insert(name_bytes.to_vec(), value);
    }

    /// `value` as dotenvx hands it on, or with references as they stand. `None`, and a word kept about it, where that
    /// is not known.
    fn expanded(&mut self, name: &str, value: Secret<Vec<u8>>) -> Option<Secret<Vec<u8>>> {
        if has_command(value.expose()) {
            self.commands.push(name.to_owned());
            return None;
        }
        if !has_reference(value.expose()) {
            return Some(Secret::new(replaced(value.expose(), b"\\$", b"$").into_owned()));
        }
        if !self.choice.resolve {
            self.mentions.push(name.to_owned());
            return Some(value);
        }
        match expand(value.expose(), &self.handed, &mut self.left) {
            Ok(text) => Some(Secret::new(text)),
            Err(reason) => {
                self.unresolved.push((name.to_owned(), reason));
                None
            }
        }
    }

    /// Whether we would read `value` from the line as it stands.
    fn reads_the_same(&self, span: &std::ops::Range<usize>, value: &[u8]) -> bool {
        let text = self.text;
        let end =
            memchr(b'\n', text.get(span.end..).unwrap_or_default()).map_or(text.len(), |at| span.end + at);
        let behind = text.get(span.start..end).unwrap_or_default().trim_ascii_start();
        let Some(raw) = behind.strip_prefix(b"=") else { return false };
        if self.choice.literal { raw == value } else { *reading(raw) == *value }
    }

    /// The line of a public key, the banner above it, and the name of the file below it.
    fn without_banner(&self, one: &Assignment<'_>) -> Splice {
        let text = self.text;
        let line_start =
            |at: usize| memrchr(b'\n', text.get(..at).unwrap_or_default()).map_or(0, |feed| feed + 1);
        let line_end = |at: usize| {
            memchr(b'\n', text.get(at..).unwrap_or_default()).map_or(text.len(), |feed| at + feed + 1)
        };
        let mut start = line_start(one.start);
        while start > 0 {
            let above = line_start(start - 1);
            if !text.get(above..start).is_some_and(|line| line.starts_with(b"#/")) {
                break;
            }
            start = above;
        }
        let mut end = line_end(one.span.end);
        if text.get(end) == Some(&b'\n') {
            end += 1;
        }
        let header = [b"# ", self.path.file_name().unwrap_or_default().as_encoded_bytes(), b"\n"].concat();
        if text.get(end..).is_some_and(|rest| rest.starts_with(&header)) {
            end += header.len();
        }
        Splice::new(Span::new(start, end), "")
    }

    fn finish(self) -> Result<Converted, ImportError> {
        let path = self.path.to_owned();
        if !self.locked.is_empty() {
            return Err(ImportError::Locked { path, names: self.locked, keys: self.keys.len() });
        }
        if !self.commands.is_empty() {
            return Err(ImportError::Commands { path, names: self.commands });
        }
        if let Some((_, reason)) = self.unresolved.first() {
            let same = self.unresolved.iter().filter(|(_, other)| other == reason);
            let names = same.map(|(name, _)| name.clone()).collect();
            return Err(ImportError::Unresolved { path, names, why: reason.words() });
        }
        let text = Secret::new(splice(self.text, self.splices));
        Ok(Converted { text, handed: self.handed, mentions: self.mentions })
    }
}
