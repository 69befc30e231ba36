//! The places where identities are kept, in the order of sops (spec 6.2), and how each is read.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::{Key, KeyFile, KeyFileError, OnceCell, Path, PathBuf, Prompt, SourceError, Variables};
use crate::base::Secret;
use crate::keys::escaped;
use crate::keys::key_file::LONGEST_FILE;

/// One place, and what it was found to hold.
pub(super) struct Source {
    pub(super) label: String,
    pub(super) place: Place,
    keys: OnceCell<Option<Result<KeyFile, SourceError>>>,
    pub(super) unlocked: OnceCell<Result<Vec<Key>, KeyFileError>>,
}

pub(super) enum Place {
    /// What a command said.
    Answer(Result<Zeroizing<Vec<u8>>, SourceError>),
    /// A command of the user's own.
    Command(String),
    /// A file with identities; a `required` one must exist.
    File { path: PathBuf, required: bool },
    /// A file with an ssh private key.
    SshFile { path: PathBuf, required: bool },
    /// The value of a variable.
    Text(Secret<Vec<u8>>),
}

/// All places, whether they exist or not.
pub(super) fn all(explicit: &[PathBuf], folder: &Path, variables: &Variables) -> Vec<Source> {
    let home = home(variables);
    let value = |name: &str| variables.get(OsStr::new(name)).filter(|value| !value.is_empty());
    let file = |path: PathBuf, required| (label(&path, home.as_deref()), Place::File { path, required });
    let ssh = |path: PathBuf, required| (label(&path, home.as_deref()), Place::SshFile { path, required });
    let command = |name: &str| {
        value(name).map(|line| (name.to_owned(), Place::Command(line.to_string_lossy().into_owned())))
    };
    let mut places: Vec<(String, Place)> = Vec::new();
    places.extend(explicit.iter().map(|path| file(folder.join(path), true)));
    places.extend(value("SOPS_AGE_SSH_PRIVATE_KEY_FILE").map(|path| ssh(folder.join(path), true)));
    places.extend(command("SOPS_AGE_SSH_PRIVATE_KEY_CMD"));
    if let Some(home) = &home {
        places.extend(["id_ed25519", "id_rsa"].map(|name| ssh(home.join(".ssh").join(name), false)));
    }
    places.extend(
        value("SOPS_AGE_KEY").map(|text| {
            ("SOPS_AGE_KEY".to_owned(), Place::Text(Secret::new(text.as_encoded_bytes().to_vec())))
        }),
    );
    places.extend(value("SOPS_AGE_KEY_FILE").map(|path| file(folder.join(path), true)));
    places.extend(command("SOPS_AGE_KEY_CMD"));
    places.extend(default_key_files(variables).into_iter().map(|path| file(path, false)));
    places.into_iter().map(|(label, place)| Source::new(label, place)).collect()
}

/// Where sops keeps identities by default on this system, and where a new one is appended; `None` without a home.
#[must_use]
pub fn default_key_file(variables: &Variables) -> Option<PathBuf> {
    default_key_files(variables).into_iter().next()
}

/// Where the identity for agents is kept: beside, not among, those that are looked for; `None` without a home.
#[must_use]
pub fn agent_key_file(variables: &Variables) -> Option<PathBuf> {
    Some(default_key_file(variables)?.ancestors().nth(3)?.join("lacre").join("agent.txt"))
}

fn default_key_files(variables: &Variables) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if cfg!(windows) {
        folders.extend(absolute(variables, "AppData").or_else(|| absolute(variables, "APPDATA")));
    } else {
        folders.extend(absolute(variables, "XDG_CONFIG_HOME"));
        if let Some(home) = home(variables) {
            if cfg!(target_os = "macos") {
                if folders.is_empty() {
                    folders.push(home.join("Library/Application Support"));
                }
                folders.push(home.join(".config"));
            } else if folders.is_empty() {
                folders.push(home.join(".config"));
            }
        }
    }
    folders.into_iter().map(|folder| folder.join("sops").join("age").join("keys.txt")).collect()
}

fn home(variables: &Variables) -> Option<PathBuf> {
    absolute(variables, if cfg!(windows) { "USERPROFILE" } else { "HOME" })
}

fn absolute(variables: &Variables, name: &str) -> Option<PathBuf> {
    variables.get(OsStr::new(name)).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// A path as people write it, without anything that a terminal would obey.
fn label(path: &Path, home: Option<&Path>) -> String {
    let text = match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => Path::new("~").join(rest),
        None => path.to_owned(),
    };
    escaped(&text.to_string_lossy())
}

impl Source {
    fn new(label: String, place: Place) -> Self {
        Self { label, place, keys: OnceCell::new(), unlocked: OnceCell::new() }
    }

    pub(super) const fn is_command(&self) -> bool {
        matches!(self.place, Place::Command(_))
    }

    /// What it holds, read once; `None` for a file that may be absent, and is.
    pub(super) fn keys(&self) -> Option<&Result<KeyFile, SourceError>> {
        self.keys.get_or_init(|| self.read()).as_ref()
    }

    fn read(&self) -> Option<Result<KeyFile, SourceError>> {
        let parse = |bytes: &[u8]| KeyFile::parse(bytes).map_err(SourceError::from);
        match &self.place {
            Place::Answer(answer) => Some(answer.as_ref().map_err(Clone::clone).and_then(|text| parse(text))),
            Place::Command(_) => None,
            Place::File { path, required } | Place::SshFile { path, required } => match read_file(path) {
                Ok(bytes) => Some(parse(&bytes)),
                Err(std::io::ErrorKind::NotFound) if !required => None,
                Err(kind) => Some(Err(SourceError::Unreadable(kind))),
            },
            Place::Text(text) => Some(parse(text.expose())),
        }
    }

    pub(super) fn is_unlocked(&self) -> bool {
        self.unlocked.get().is_some()
    }

    /// The keys behind a passphrase, which is asked for once; none if it was wrong.
    pub(super) fn unlock(&self, prompt: &dyn Prompt) -> &[Key] {
        let unlock = || match self.keys() {
            Some(Ok(KeyFile::Locked(file))) => {
                let question = format!("passphrase for {}", self.label);
                prompt.secret(&question).ok_or(KeyFileError::Locked).and_then(|typed| file.unlock(&typed))
            }
            _ => Ok(Vec::new()),
        };
        self.unlocked.get_or_init(unlock).as_deref().unwrap_or_default()
    }

    /// Runs the command to learn the identity of `recipient`: words as a shell would split them, but no shell.
    pub(super) fn run(&self, recipient: &str, variables: &Variables) -> Self {
        let answer = match &self.place {
            Place::Command(line) => output(line, recipient, variables),
            _ => Err("is none"),
        };
        let answer = answer.map_err(|problem| SourceError::Command(problem.to_owned()));
        Self::new(self.label.clone(), Place::Answer(answer))
    }
}

fn output(line: &str, recipient: &str, variables: &Variables) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let words = shell_words::split(line).map_err(|_| "has a quote that is not closed")?;
    let (program, arguments) = words.split_first().ok_or("is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(variables)
        .env("SOPS_AGE_RECIPIENT", recipient)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| "does not start")?;
    let mut bytes = Zeroizing::new(Vec::new());
    let read = child.stdout.take().map(|stdout| bounded(stdout, &mut bytes));
    let ended = child.wait();
    match (read, ended) {
        (Some(Ok(())), Ok(status)) if status.success() => Ok(bytes),
        (_, Ok(status)) if !status.success() => Err("ended with an error"),
        _ => Err("cannot be read from"),
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, std::io::ErrorKind> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path).and_then(|file| bounded(file, &mut bytes)).map_err(|error| error.kind())?;
    Ok(bytes)
}

/// Reads at most one byte more than an identity file may have, so that the excess is noticed.
fn bounded(reader: impl Read, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    reader.take(LONGEST_FILE as u64 + 1).read_to_end(bytes).map(drop)
}
