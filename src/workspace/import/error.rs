//! What can keep a file from being imported: kinds, places and names; never a value.

use std::path::{Path, PathBuf};

use super::super::Error;
use super::super::environment::EnvironmentError;
use super::super::names::twin_of;
use crate::world::FileError;
use crate::world::terminal::sanitise;

/// Why nothing was imported. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Values of dotenvx that would be made by running commands.
    #[error("{}: dotenvx runs the commands in {}; lacre never does", shown(path), listed(names))]
    Commands {
        /// Which file.
        path: PathBuf,
        /// Which values.
        names: Vec<String>,
    },
    /// Values that would not be the same afterwards.
    #[error("{} is not imported: {} would not be the same afterwards", shown(path), listed(names))]
    Differ {
        /// Which file.
        path: PathBuf,
        /// Which values.
        names: Vec<String>,
    },
    /// The values cannot be variables.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The twin is there and says something else.
    #[error("{} is there already, and differs from {} in {}", shown(twin), shown(plain), listed(names))]
    Exists {
        /// The file of the other tool.
        plain: PathBuf,
        /// The encrypted file.
        twin: PathBuf,
        /// Which values differ.
        names: Vec<String>,
    },
    /// No private key opens these values of dotenvx.
    #[error("cannot open {} of {}: {}", listed(names), shown(path), match keys {
        0 => "there is no private key of dotenvx".to_owned(),
        1 => "the private key is not the right one".to_owned(),
        keys => format!("none of the {keys} private keys is the right one"),
    })]
    Locked {
        /// Which file.
        path: PathBuf,
        /// Which values.
        names: Vec<String>,
        /// How many keys were tried.
        keys: usize,
    },
    /// The plaintext is not dotenv.
    #[error("{} is no folder, and not called like a `.env` file", shown(.0))]
    NotDotenv(PathBuf),
    /// The file is for everybody, or is encrypted by its name.
    #[error("{} is not imported: it is an example, a file of keys, or encrypted", shown(.0))]
    NotMeant(PathBuf),
    /// Nothing to import below a folder.
    #[error("there is no {what} below {}", shown(path))]
    Nothing {
        /// Which folder.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// No creation rule that could say which dialect.
    #[error("no creation rule matches {}, so none can say `dotenv: literal`", shown(.0))]
    NoRule(PathBuf),
    /// Values that dotenvx would expand in a way that the file alone does not decide.
    #[error("{}: {} cannot be written out: {why}", shown(path), listed(names))]
    Unresolved {
        /// Which file.
        path: PathBuf,
        /// Which values.
        names: Vec<String>,
        /// Why.
        why: &'static str,
    },
    /// dotenvx encrypted values in it.
    #[error("{} holds values that dotenvx encrypted", shown(.0))]
    Theirs(PathBuf),
    /// Files and rules.
    #[error(transparent)]
    Workspace(#[from] Error),
}

impl From<FileError> for ImportError {
    fn from(error: FileError) -> Self {
        Self::Workspace(error.into())
    }
}

impl ImportError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Commands { .. } => {
                "keep the text as it stands with `--as-data NAME`, or write the result into the file"
                    .to_owned()
            }
            Self::Differ { .. } => {
                "quote these values, or let the selector of the creation rule encrypt them".to_owned()
            }
            Self::Environment(error) => return error.hint().map(str::to_owned),
            Self::Exists { plain, .. } if is_plain(plain) => {
                format!("`lacre encrypt` brings the two together value by value: {}", shown(plain))
            }
            Self::Exists { .. } => "move it away to import anew, or change it with `lacre set`".to_owned(),
            Self::Locked { .. } => {
                "the keys are in `.env.keys` beside the file, or point to them with `--keys FILE` or \
                 `DOTENV_PRIVATE_KEY`"
                    .to_owned()
            }
            Self::NotDotenv(_) => "`lacre encrypt FILE` encrypts files of other formats".to_owned(),
            Self::NotMeant(_) => "`lacre import sops FILE` takes over files that sops encrypted".to_owned(),
            Self::NoRule(_) => "add one to `.sops.yaml`; `lacre help format` shows it".to_owned(),
            Self::Unresolved { .. } => {
                "keep the text as it stands with `--as-data NAME`, or write the value out by hand".to_owned()
            }
            Self::Theirs(path) => format!("`lacre import dotenvx` reads them: {}", shown(path)),
            Self::Nothing { .. } => return None,
            Self::Workspace(error) => return error.hint(),
        })
    }
}

/// Whether `lacre encrypt` would know what to do with it.
fn is_plain(source: &Path) -> bool {
    twin_of(source) != *source
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    let mut words: Vec<_> = names.iter().take(MOST).map(|name| format!("`{}`", sanitise(name))).collect();
    if let Some(more) = names.len().checked_sub(MOST).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

fn shown(path: &Path) -> String {
    format!("`{}`", sanitise(&path.to_string_lossy()))
}
