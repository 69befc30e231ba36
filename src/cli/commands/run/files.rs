//! `run --file`: secrets as files, and `NAME_FILE` pointing to them, as container images have it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use zeroize::Zeroizing;

use super::super::super::failure::Code;
use super::super::super::{Context, Failure};
use super::super::selection::Look;
use super::Run;
use crate::redact::Known;
use crate::workspace::environment::Environment;
use crate::workspace::secrets::secrets as encrypted_values;
use crate::world::Variables;
use crate::world::files;
use crate::world::secret_file::{Content, SecretFile};

/// One word behind `--file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileWord {
    /// What the secret is called.
    pub name: String,
    /// Where it comes from, or goes to.
    pub place: Place,
}

/// What stands behind the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing: the value called so, in memory.
    Memory,
    /// `PATH`: the value called so, at this path.
    Path(PathBuf),
    /// `@FILE`: the whole plaintext of an encrypted file, in memory.
    Whole(PathBuf),
}

impl FromStr for FileWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let (name, place) = match word.split_once('=') {
            None => (word, Place::Memory),
            Some((_, "" | "@")) => return Err("a path is missing behind `=`"),
            Some((name, path)) => match path.strip_prefix('@') {
                Some(file) => (name, Place::Whole(file.into())),
                None => (name, Place::Path(path.into())),
            },
        };
        if name.is_empty() { Err("a name is missing") } else { Ok(Self { name: name.to_owned(), place }) }
    }
}

impl FileWord {
    /// The variable that points to the file.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{}_FILE", self.name)
    }
}

/// The values that shall be files, not variables.
pub fn names(words: &[FileWord]) -> Vec<String> {
    let leaves = words.iter().filter(|word| !matches!(word.place, Place::Whole(_)));
    leaves.map(|word| word.name.clone()).collect()
}

/// What can be told before a file is opened.
///
/// # Errors
/// A path where plaintext is forbidden, a name that stands twice, or a file in place of a name.
pub fn check(words: &[FileWord], context: &Context<'_>) -> Result<(), Failure> {
    for (at, word) in words.iter().enumerate() {
        let FileWord { name, place } = word;
        if words.iter().take(at).any(|other| other.name == *name) {
            return Err(Failure::usage(format!("`--file {name}` stands twice")));
        }
        if matches!(place, Place::Path(_)) {
            context.plaintext_allowed().map_err(|failure| {
                failure.hint(format!("`--file {name}`, without a PATH, gives it in memory"))
            })?;
        }
        let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if *place == Place::Memory && !is_word && files::exists(&context.world.path(Path::new(name))) {
            return Err(Failure::usage(format!("`--file {name}` names a file; a value is wanted"))
                .hint(format!("`-f {name}` reads it; `--file NAME=@{name}` hands all of it on as a file")));
        }
    }
    Ok(())
}

/// What each file shall hold, in order; those that no identity opens and that may be skipped are left out.
pub type Contents = Vec<(FileWord, Content)>;

/// Reads what the files shall hold. The encrypted values of whole files join the `secrets`.
///
/// # Errors
/// When an encrypted file does not open, or a file of the environment sets the variable that shall point to one.
pub fn contents(
    arguments: &Run,
    environment: &Environment,
    secrets: &mut Vec<Known>,
    check: &mut Look<'_>,
    context: &Context<'_>,
) -> Result<Contents, Failure> {
    let skip = arguments.selection.files.no_identity == Path::new("skip");
    let mut contents = Contents::new();
    for word in &arguments.as_file {
        let variable = word.variable();
        if let Some(other) = environment.get(variable.as_bytes()).filter(|other| !other.as_file) {
            let shown = context.shown(&other.file);
            return Err(Failure::user(format!(
                "{shown} sets `{variable}`, which `--file {}` sets",
                word.name
            ))
            .hint(format!("leave one of them out: `--except {variable}`")));
        }
        let bytes = match &word.place {
            Place::Whole(file) => match context.open(file) {
                Ok(file) => {
                    check(&file)?;
                    secrets.extend(encrypted_values(&file));
                    Some(Zeroizing::new(file.plaintext()?))
                }
                Err(failure) if skip && failure.code == Code::NoIdentity => {
                    context.ui.warn(context.world, format!("{}; skipped", failure.message));
                    None
                }
                Err(failure) => return Err(failure),
            },
            _ => {
                environment.get(word.name.as_bytes()).map(|leaf| Zeroizing::new(leaf.value.expose().clone()))
            }
        };
        contents.extend(bytes.map(|bytes| (word.clone(), bytes)));
    }
    Ok(contents)
}

/// The files, while they are there.
#[derive(Default)]
pub struct Files(Vec<(FileWord, SecretFile)>);

impl Files {
    /// Makes them. With `renewable`, their contents can be changed later.
    ///
    /// # Errors
    /// When something is at a path already, or the system refuses; nothing is left then.
    pub fn make(contents: &Contents, renewable: bool, context: &Context<'_>) -> Result<Self, Failure> {
        let mut made = Self::default();
        for (word, bytes) in contents {
            made.0.push((word.clone(), file(word, bytes, renewable, context)?));
        }
        Ok(made)
    }

    /// Points to them; programs that take both refuse a variable beside its file.
    pub fn pour(&self, variables: &mut Variables) {
        for (word, file) in &self.0 {
            variables.remove(OsStr::new(&word.name));
            variables.insert(OsString::from(word.variable()), file.path().into());
        }
    }

    /// Whether we must stay beside the program for them.
    #[must_use]
    pub fn need_us(&self) -> bool {
        self.0.iter().any(|(_, file)| file.needs_us())
    }

    /// Whether programs that are started from now on inherit them.
    pub fn inherit(&self, yes: bool) {
        self.0.iter().for_each(|(_, file)| file.inherit(yes));
    }

    /// Gives each its new content, where it is.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn renew(&self, contents: &Contents) -> Result<(), Failure> {
        for (word, file) in &self.0 {
            if let Some((_, bytes)) = contents.iter().find(|(other, _)| other == word) {
                file.renew(bytes.clone())?;
            }
        }
        Ok(())
    }

    /// The same for a program that is about to be started: what is inherited is made anew.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn renew_for_start(&mut self, contents: &Contents, context: &Context<'_>) -> Result<(), Failure> {
        let mut kept = std::mem::take(&mut self.0);
        kept.retain(|(_, file)| file.needs_us());
        for (word, bytes) in contents {
            let at = kept.iter().position(|(other, _)| other == word);
            let file = match at.map(|at| kept.swap_remove(at)) {
                Some((_, old)) => {
                    old.renew(bytes.clone())?;
                    old
                }
                None => file(word, bytes, false, context)?,
            };
            self.0.push((word.clone(), file));
        }
        Ok(())
    }
}

fn file(
    word: &FileWord,
    bytes: &Content,
    renewable: bool,
    context: &Context<'_>,
) -> Result<SecretFile, Failure> {
    let variables = &context.world.variables;
    match &word.place {
        Place::Path(path) => Ok(SecretFile::at(&context.world.path(path), bytes.clone(), variables)?),
        Place::Memory | Place::Whole(_) => Ok(SecretFile::in_memory(bytes, renewable, variables)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_name_and_perhaps_a_place() {
        let place = |word: &str| word.parse::<FileWord>().map(|word| (word.name, word.place));
        for (word, name, expected) in [
            ("A", "A", Place::Memory),
            ("A=b", "A", Place::Path("b".into())),
            ("A=./@b", "A", Place::Path("./@b".into())),
            ("A=/x=y", "A", Place::Path("/x=y".into())),
            ("A=@b.enc", "A", Place::Whole("b.enc".into())),
        ] {
            assert_eq!(place(word), Ok((name.to_owned(), expected)), "{word}");
        }
        for word in ["", "=x", "A=", "A=@"] {
            assert!(place(word).is_err(), "{word}");
        }
    }
}
