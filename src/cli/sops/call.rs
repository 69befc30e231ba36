//! One call of a command: its words, and what all commands do alike with files, formats and keys.

use std::path::{Path, PathBuf};

use super::super::{Context, Failure};
use super::codes;
use super::table::Entry;
use super::words::Words;
use crate::envelope::OpenError;
use crate::workspace::names::FileType;
use crate::workspace::rule_file::without_dots;
use crate::workspace::{Error, OpenFile, RuleFile, open_file};
use crate::world::files::{self, SIZE_LIMIT};

/// One call.
pub struct Call<'c> {
    /// Which command.
    pub entry: &'c Entry,
    /// Its words.
    pub words: Words,
    /// The flags before it; in the legacy form the same.
    pub root: Words,
    /// The machine, the identities, and the way to talk.
    pub context: &'c Context<'c>,
}

/// The formats of input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// As it is read.
    pub input: FileType,
    /// As it is written.
    pub output: FileType,
}

/// What a command reads.
pub struct Source {
    /// Where it stands; of stdin, the name that was given for it.
    pub path: PathBuf,
    /// The name that decides formats and rule.
    pub name: PathBuf,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl Call<'_> {
    /// The first word that is no flag; what stands behind it is ignored, as sops does, with a word about it.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        if self.words.rest.len() > 1 {
            let ui = self.context.ui;
            ui.warn(self.context.world, "only the first file counts; flags stand before it");
        }
        self.words.rest.first().map(Path::new)
    }

    /// The first word as a path.
    ///
    /// # Errors
    /// 100
    pub fn named_file(&self) -> Result<PathBuf, Failure> {
        let file = self.file().ok_or_else(|| codes::exit(codes::NO_FILE, "no file was named"))?;
        Ok(self.absolute(file))
    }

    /// `file`, which must exist.
    ///
    /// # Errors
    /// 100
    pub fn existing(&self, file: &Path) -> Result<PathBuf, Failure> {
        let path = self.absolute(file);
        if files::exists(&path) {
            return Ok(path);
        }
        let shown = self.context.shown(&path);
        Err(codes::exit(codes::NO_FILE, format!("there is no file {shown}")))
    }

    /// `path` from the root, without `.` and `..`, as rules are matched against it.
    #[must_use]
    pub fn absolute(&self, path: &Path) -> PathBuf {
        without_dots(&self.context.world.path(path))
    }

    /// `--filename-override`, else `path`.
    #[must_use]
    pub fn name_for(&self, path: &Path) -> PathBuf {
        let given = self.words.os("filename-override");
        given.map_or_else(|| path.to_owned(), |given| self.absolute(Path::new(given)))
    }

    /// Formats by `--input-type` and `--output-type`, else by the suffix of `name`.
    #[must_use]
    pub fn kinds(&self, name: &Path) -> Kinds {
        let kind = |flag: &str| self.words.text(flag).and_then(|word| kind_called(&word));
        let named = kind_by_suffix(name);
        Kinds { input: kind("input-type").unwrap_or(named), output: kind("output-type").unwrap_or(named) }
    }

    /// Reads the file, or stdin where none is named and the command may.
    ///
    /// # Errors
    /// 2, 8 or 100
    pub fn source(&self, stdin_needs_a_name: bool) -> Result<Source, Failure> {
        let named = self.file().map(|file| self.existing(file)).transpose()?;
        if named.is_none() && self.words.on("in-place") {
            return Err(codes::exit(codes::CONFLICT, "`--in-place` needs a file"));
        }
        if self.words.on("in-place") && self.words.os("output").is_some() {
            return Err(codes::exit(codes::CONFLICT, "`--output` and `--in-place` exclude each other"));
        }
        let name = named.clone().map_or_else(
            || self.words.os("filename-override").map(|given| self.absolute(Path::new(given))),
            |path| Some(self.name_for(&path)),
        );
        if name.is_none() && stdin_needs_a_name {
            return Err(codes::exit(codes::CONFLICT, "standard input needs `--filename-override`"));
        }
        let file = named.as_deref().unwrap_or(Path::new("-"));
        let bytes =
            self.context.input(file).map_err(|failure| codes::with(codes::UNREADABLE, failure))?.bytes;
        let name = name.unwrap_or_else(|| PathBuf::from("-"));
        Ok(Source { path: named.unwrap_or_else(|| name.clone()), name, bytes })
    }

    /// Opens an encrypted file, whatever its MAC says if `--ignore-mac` says so.
    ///
    /// # Errors
    /// 1, 25, 51 or 128
    pub fn open(&self, path: &Path, bytes: Vec<u8>, kind: FileType) -> Result<OpenFile, Failure> {
        let sealed = open_file::parse(bytes, path, Some(kind)).map_err(codes::opening)?;
        self.check_services().map_err(|failure| codes::with(codes::NO_KEY, failure))?;
        let Context { world, keyring, .. } = self.context;
        let opened = if self.words.on("ignore-mac") {
            self.context.ui.warn(world, "the MAC is not checked: values may have been tampered with");
            OpenFile::rescue(world, keyring, path, sealed)
        } else {
            match OpenFile::from_sealed(world, keyring, path, sealed.clone()) {
                Err(Error::Open { cause: OpenError::SealRemoved, .. }) if !self.wants_seal(path)? => {
                    let shown = self.context.shown(path);
                    self.context
                        .ui
                        .warn(world, format!("{shown} lost its seal: only values are vouched for"));
                    OpenFile::accept(world, keyring, path, sealed)
                }
                opened => opened,
            }
        };
        let file = opened.map_err(codes::opening)?;
        self.context.tell_about(&file);
        Ok(file)
    }

    /// Whether a file without a seal is refused. By itself it is not, here: the real sops takes seals off
    /// (`updatekeys`, `groups`), and goes by the MAC.
    fn wants_seal(&self, path: &Path) -> Result<bool, Failure> {
        let Context { world, keyring, .. } = self.context;
        Ok(keyring.require_seal || RuleFile::wants_seal(world, path).map_err(codes::opening)?)
    }

    /// Reads and opens the encrypted file at `path`.
    ///
    /// # Errors
    /// 1, 2, 25, 51 or 128
    pub fn open_path(&self, path: &Path, kind: FileType) -> Result<OpenFile, Failure> {
        let bytes = files::read(path, SIZE_LIMIT).map_err(|error| codes::opening(Error::File(error)))?;
        self.open(path, bytes, kind)
    }

    /// Without our own identities there are none: we speak with no key service.
    ///
    /// # Errors
    /// When they are switched off.
    pub fn check_services(&self) -> Result<(), Failure> {
        let is_off =
            self.words.text("enable-local-keyservice").is_some() && !self.words.on("enable-local-keyservice");
        if !self.words.texts("keyservice").is_empty() {
            self.context.ui.warn(self.context.world, "`--keyservice` is passed over: lacre speaks with none");
        }
        if is_off {
            Err(Failure::user("no key service but our own is spoken with, and it is off"))
        } else {
            Ok(())
        }
    }

    /// Hands out the result: back into the file, if it still holds `old`, into `--output`, or to stdout.
    ///
    /// # Errors
    /// 3
    pub fn deliver(&self, source: &Path, old: &[u8], bytes: &[u8]) -> Result<(), Failure> {
        if self.words.on("in-place") {
            return files::replace(source, None, Some(old), bytes).map_err(codes::writing);
        }
        match self.words.os("output") {
            Some(output) => {
                files::overwrite(&self.absolute(Path::new(output)), bytes).map_err(codes::writing)
            }
            None => self.context.print(bytes),
        }
    }
}

/// sops's rule: the suffix, in this letter case.
#[must_use]
pub fn kind_by_suffix(name: &Path) -> FileType {
    let name = name.as_os_str().as_encoded_bytes();
    let ends = |suffix: &str| name.ends_with(suffix.as_bytes());
    if ends(".yaml") || ends(".yml") {
        FileType::Yaml
    } else if ends(".json") {
        FileType::Json
    } else if ends(".env") {
        FileType::Dotenv
    } else if ends(".ini") {
        FileType::Ini
    } else {
        FileType::Binary
    }
}

/// A word of `--input-type`; others are passed over, as sops does.
#[must_use]
pub fn kind_called(word: &str) -> Option<FileType> {
    Some(match word {
        "binary" => FileType::Binary,
        "dotenv" => FileType::Dotenv,
        "ini" => FileType::Ini,
        "json" => FileType::Json,
        "yaml" => FileType::Yaml,
        _ => return None,
    })
}
