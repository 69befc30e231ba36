//! What can go wrong between a file on disk and its meaning: kind and place, and what helps.

use std::path::{Path, PathBuf};

use super::names::{is_twin, twin_of};
use crate::base::ports::NoRandomness;
use crate::base::{ParseError, Problem};
use crate::envelope::{ChangeError, EncryptError, FormError, MergeError, OpenError};
use crate::keys::{UnwrapError, WrapError};
use crate::policy::RuleError;
use crate::world::FileError;
use crate::world::terminal::sanitise;

/// Why a file could not be found, opened, changed or saved. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The plaintext cannot be changed as asked.
    #[error("{}: {cause}", shown(path))]
    Change {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: ChangeError,
    },
    /// The plaintext cannot be encrypted.
    #[error("cannot encrypt {}: {cause}", shown(path))]
    Encrypt {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: EncryptError,
    },
    /// The machine refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// The text is not what it should be.
    #[error("{}: {cause}", shown(path))]
    Form {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: FormError,
    },
    /// A key is addressed to one of our identities, and does not open.
    #[error("cannot open {}: {cause}", shown(path))]
    Identity {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: UnwrapError,
    },
    /// Several key groups, whose shares are combined by a later release.
    #[error("{} has several key groups, which are not supported yet", shown(.0))]
    KeyGroups(PathBuf),
    /// Two versions contradict each other.
    #[error("{}: {cause}", shown(path))]
    Merge {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: MergeError,
    },
    /// None of our identities is among the recipients.
    #[error(
        "cannot open {}: {}",
        shown(path),
        match tried.len() {
            0 => "you have no identity".to_owned(),
            1 => "your identity is not among its recipients".to_owned(),
            count => format!("none of your {count} identities is among its recipients"),
        }
    )]
    NoIdentity {
        /// Which file.
        path: PathBuf,
        /// Who could open it.
        recipients: Vec<String>,
        /// Which identities there were.
        tried: Vec<String>,
        /// Sources of identities that could not be read.
        failed: Vec<String>,
    },
    /// Nobody is named who shall be able to open the file.
    #[error("no recipients for {}: {}", shown(path), match rules {
        Some(rules) => format!("no creation rule of {} that matches names one", shown(rules)),
        None => "there is no `.sops.yaml`".to_owned(),
    })]
    NoRecipients {
        /// Which file.
        path: PathBuf,
        /// The rule file that was found.
        rules: Option<PathBuf>,
    },
    /// Not one value would be encrypted.
    #[error("not one value of {} would be encrypted: all are empty, or outside the selector", shown(.0))]
    NothingEncrypted(PathBuf),
    /// The file does not open.
    #[error("{}: {cause}", shown(path))]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: OpenError,
    },
    /// The system has no randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The rule file cannot be used.
    #[error("{}: {cause}", shown(path))]
    Rule {
        /// The rule file.
        path: PathBuf,
        /// Why.
        cause: RuleError,
    },
    /// The rule file belongs to somebody else.
    #[error("{} belongs to another user, so its rules are not followed", shown(.0))]
    RuleOwner(PathBuf),
    /// No seal, where one is asked for.
    #[error("{} has no seal: another tool wrote it last", shown(.0))]
    SealRequired(PathBuf),
    /// A format that is not there yet.
    #[error("{}: {kind} files are not supported yet", shown(path))]
    Unsupported {
        /// Which file.
        path: PathBuf,
        /// Its format.
        kind: &'static str,
    },
    /// The data key cannot be wrapped.
    #[error("cannot encrypt {} for its recipients: {cause}", shown(path))]
    Wrap {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: WrapError,
    },
}

impl Error {
    /// More about it, a line each.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        let Self::NoIdentity { recipients, tried, failed, .. } = self else { return Vec::new() };
        let mut lines = vec![format!("recipients: {}", or_none(recipients))];
        if !tried.is_empty() {
            lines.push(format!("tried: {}", tried.join(", ")));
        }
        lines.extend(failed.iter().map(|failed| format!("not usable: {failed}")));
        lines
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Encrypt { cause: EncryptError::Alias { .. }, .. } => {
                "write the value out where the alias or `<<` stands, or leave it clear by the rule's selector"
                    .to_owned()
            }
            Self::Encrypt { cause: EncryptError::Regex(_), .. } => {
                "look at the selector of the creation rule in `.sops.yaml`".to_owned()
            }
            Self::Form { path, cause } => return form_hint(path, cause),
            Self::Merge { cause: MergeError::Lost(_), .. } => {
                "`lacre decrypt` shows what the encrypted file holds; `--replace` drops what is missing here"
                    .to_owned()
            }
            Self::Merge { cause: MergeError::Conflict(_), .. } => {
                "take the other side's value into your file, or insist with `--replace`".to_owned()
            }
            Self::NoIdentity { tried, .. } if tried.is_empty() => {
                "point to one with `--identity FILE` or `SOPS_AGE_KEY`; or make one with `lacre keygen`, and ask \
                 one of the recipients to add it"
                    .to_owned()
            }
            Self::NoIdentity { .. } => {
                "ask one of the recipients to add your public key and to run `sops updatekeys` on the file"
                    .to_owned()
            }
            Self::NoRecipients { rules: Some(_), .. } => {
                "add a rule whose `path_regex` matches, with `age:` recipients, or name them with `-r age1…`".to_owned()
            }
            Self::NoRecipients { .. } => {
                "run `lacre init`, or name the recipients with `-r age1…`".to_owned()
            }
            Self::NothingEncrypted(_) => {
                "look at the selector of the creation rule, or insist with `--allow-empty`".to_owned()
            }
            Self::Open { cause: OpenError::SealRemoved, .. } => {
                "look at the change with `git log -p`; `lacre seal FILE` accepts it".to_owned()
            }
            Self::Open { cause: OpenError::Alias(_), .. } => return None,
            Self::Open { .. } => {
                "look at the last change with `git log -p`; go back with `git restore`".to_owned()
            }
            Self::SealRequired(_) => "`lacre seal FILE` shows what it covers and seals it".to_owned(),
            Self::Unsupported { kind: "binary", .. } => {
                "if it is dotenv, YAML or JSON under another name, say so with `--type`".to_owned()
            }
            Self::Wrap { cause: WrapError::Invalid(_), .. } => {
                "a recipient is `age1…`, `ssh-ed25519 …`, or a name that `.sops.yaml` gives to one".to_owned()
            }
            _ => return None,
        })
    }
}

fn form_hint(path: &Path, cause: &FormError) -> Option<String> {
    Some(match cause {
        FormError::AlreadyEncrypted => {
            "`lacre edit FILE` opens it; `lacre decrypt FILE` prints it".to_owned()
        }
        FormError::NotEncrypted if is_twin(path) => {
            "its end may be missing: look at it with `git diff`; go back with `git restore`".to_owned()
        }
        FormError::NotEncrypted => {
            format!("its encrypted twin is {}, which `lacre encrypt` makes", shown(&twin_of(path)))
        }
        FormError::Parse(ParseError { problem: Problem::ConflictMarker, .. }) => {
            "finish the merge, or go back with `git restore`".to_owned()
        }
        FormError::Parse(ParseError { problem: Problem::ReservedName, .. }) => {
            "rename it; if the file was encrypted, its end is missing: `git restore` brings it back"
                .to_owned()
        }
        _ => return None,
    })
}

fn or_none(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

fn shown(path: &Path) -> String {
    format!("`{}`", sanitise(&path.to_string_lossy()))
}
