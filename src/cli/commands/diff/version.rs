//! One side of a comparison: the files that it is made of, as far as they open here.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::super::{Context, Failure};
use super::place::{Blob, Place};
use crate::base::DataKey;
use crate::envelope::{FormError, Metadata, Opened, Plain, Sealed};
use crate::workspace::comparison::Side;
use crate::workspace::comparison::rows::{self, Row};
use crate::workspace::names::FileType;
use crate::workspace::{Error, open_file};
use crate::world::files::{self, SIZE_LIMIT};

/// One side.
pub struct Version {
    /// As it was called.
    pub shown: String,
    /// Where the last file stands, or would stand.
    pub path: PathBuf,
    /// The files, the one that wins last; none: there is nothing yet.
    files: Vec<(PathBuf, Content)>,
    /// What of the encrypted ones opened, in the same order.
    opened: Vec<Option<(DataKey, Opened)>>,
}

enum Content {
    Plain(Plain),
    Sealed(Box<Sealed>),
    /// In the clear, in a format that neither name nor content says.
    Unread(Vec<u8>),
}

impl Version {
    /// Reads what stands at `place`; opens nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(context: &Context<'_>, shown: String, place: Place) -> Result<Self, Failure> {
        let (paths, found) = match place {
            Place::New(path) => (vec![path], Vec::new()),
            Place::Stdin => {
                let input = context.input(Path::new("-"))?;
                (vec![input.path.clone()], vec![content(input.bytes, &input.path)?])
            }
            Place::Blob(Blob { git, id, path }) => {
                let bytes = git.objects().and_then(|mut objects| objects.blob(&id, SIZE_LIMIT));
                let Some(bytes) = bytes else {
                    return Err(Failure::user(format!("git has no content of `{shown}` here"))
                        .hint("it is no file, or was left out when the repository was cloned"));
                };
                let found = content(bytes, &path).map_err(|failure| of(failure, &shown))?;
                (vec![path], vec![found])
            }
            Place::File(path) => {
                let bytes = files::read(&path, SIZE_LIMIT)?;
                let found = content(bytes, &path)?;
                (vec![path], vec![found])
            }
            Place::Environment(paths) => {
                let read = |path: &PathBuf| content(files::read(path, SIZE_LIMIT)?, path);
                let found = paths.iter().map(read).collect::<Result<_, _>>()?;
                (paths, found)
            }
        };
        let path = paths.last().cloned().unwrap_or_default();
        Ok(Self { shown, path, files: paths.into_iter().zip(found).collect(), opened: Vec::new() })
    }

    /// Reads a plaintext whose format nothing says as one of the format `other`.
    ///
    /// # Errors
    /// When it is none.
    pub fn settle(&mut self, other: Option<FileType>) -> Result<(), Failure> {
        for (path, content) in &mut self.files {
            if let Content::Unread(bytes) = content {
                let kind = other.unwrap_or(FileType::Binary);
                *content = Content::Plain(plain(std::mem::take(bytes), path, kind)?);
            }
        }
        Ok(())
    }

    /// Opens the encrypted ones; why the first of those that nobody here can open stays closed.
    ///
    /// # Errors
    /// When one of them was tampered with.
    pub fn open(&mut self, context: &Context<'_>) -> Result<Option<Failure>, Failure> {
        let mut closed = None;
        for (path, content) in &self.files {
            let Content::Sealed(sealed) = content else {
                self.opened.push(None);
                continue;
            };
            match open_file::open(context.world, &context.keyring, path, sealed) {
                Ok(opened) => self.opened.push(Some(opened)),
                Err(error @ (Error::NoIdentity { .. } | Error::Identity { .. })) => {
                    self.opened.push(None);
                    closed.get_or_insert(of(error.into(), &self.shown));
                }
                Err(error) => return Err(of(error.into(), &self.shown)),
            }
        }
        Ok(closed)
    }

    /// Its values. Of an environment, those of the file that wins.
    pub fn side(&self) -> Side<'_> {
        let mut rows: Vec<Row<'_>> = Vec::new();
        for (at, (_, content)) in self.files.iter().enumerate() {
            let opened = self.opened.get(at).and_then(Option::as_ref).map(|(_, opened)| opened);
            let above = match content {
                Content::Sealed(sealed) => rows::of_sealed(sealed, opened),
                Content::Plain(plain) => rows::of_plain(plain),
                Content::Unread(_) => Vec::new(),
            };
            if !rows.is_empty() {
                let wins: HashSet<_> = above.iter().map(|row| &row.path).collect();
                rows.retain(|row| !row.is_comment() && !wins.contains(&row.path));
            }
            rows.extend(above);
        }
        let is_sealed = self.files.iter().all(|(_, content)| matches!(content, Content::Sealed(_)));
        Side { rows, format: self.format().map_or("", FileType::name), is_sealed }
    }

    /// The format of what is there.
    pub fn format(&self) -> Option<FileType> {
        let document = match &self.files.last()?.1 {
            Content::Plain(plain) => plain.document(),
            Content::Sealed(sealed) => sealed.document(),
            Content::Unread(_) => return None,
        };
        FileType::ALL.into_iter().find(|kind| kind.name() == document.format().name())
    }

    /// Whether there is nothing yet.
    pub const fn is_nothing(&self) -> bool {
        self.files.is_empty()
    }

    /// The metadata of the last file, if it is encrypted.
    pub fn metadata(&self) -> Option<&Metadata> {
        match &self.files.last()?.1 {
            Content::Sealed(sealed) => Some(sealed.metadata()),
            _ => None,
        }
    }

    /// The data key of the last file, if it opened.
    pub fn key(&self) -> Option<&DataKey> {
        self.opened.last()?.as_ref().map(|(key, _)| key)
    }
}

fn content(bytes: Vec<u8>, path: &Path) -> Result<Content, Failure> {
    match open_file::parse(bytes.clone(), path, None) {
        Ok(sealed) => Ok(Content::Sealed(Box::new(sealed))),
        Err(Error::Form { cause: FormError::NotEncrypted, .. }) => match FileType::of(path) {
            FileType::Binary => Ok(Content::Unread(bytes)),
            kind => Ok(Content::Plain(plain(bytes, path, kind)?)),
        },
        Err(error) => Err(error.into()),
    }
}

fn plain(bytes: Vec<u8>, path: &Path, kind: FileType) -> Result<Plain, Failure> {
    let format = open_file::format_of(kind);
    let text = format.prepare(bytes).text.expose().clone();
    Plain::parse(text, format).map_err(|cause| Error::Form { path: path.to_owned(), cause }.into())
}

/// With the name that the person gave, where the file itself does not say which version is meant.
fn of(failure: Failure, shown: &str) -> Failure {
    if shown.contains(':') { failure.detail(format!("in `{shown}`")) } else { failure }
}
