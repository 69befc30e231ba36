//! What can go wrong between a file on disk and its meaning: kind and place, and what helps.

use std::path::{Path, PathBuf};

use super::keyring::GroupsError;
use super::names::{is_never_encrypted, is_twin, twin_of};
use super::rule_edit::RuleEditError;
use super::rule_file::RULE_FILE;
use crate::base::ports::NoRandomness;
use crate::base::{ParseError, Problem};
use crate::document::EditError;
use crate::envelope::{ChangeError, EncryptError, FormError, MergeError, OpenError};
use crate::keys::shamir::CombineError;
use crate::keys::{UnwrapError, WrapError};
use crate::policy::RuleError;
use crate::world::FileError;
use crate::world::terminal::sanitise;

/// Lines about keys that do not open, at most; a file may name a thousand.
const MOST_FAILED: usize = 10;

/// Recipients that one error names.
const MOST_SHOWN: usize = 20;

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
    /// The plaintext has no form in another format.
    #[error("{} cannot be written as {to}: {cause}", shown(path))]
    Conversion {
        /// Which file.
        path: PathBuf,
        /// The format that was asked for.
        to: &'static str,
        /// Why.
        cause: EditError,
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
    /// git is not there, or does not answer.
    #[error("git does not list the files it tracks")]
    GitSilent,
    /// What would have to be looked at was left out when the repository was cloned.
    #[error("{}, so nobody can say here what is exposed", if *shallow {
        "this is a shallow clone"
    } else {
        "versions of files were left out of this clone"
    })]
    HistoryMissing {
        /// Older commits are missing, rather than what they hold.
        shallow: bool,
    },
    /// A key is addressed to one of our identities, and does not open.
    #[error("cannot open {}: {cause}", shown(path))]
    Identity {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: UnwrapError,
    },
    /// The key groups cannot be written.
    #[error("cannot encrypt {}: {cause}", shown(path))]
    KeyGroups {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: GroupsError,
    },
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
        match (groups, tried.len()) {
            (Some((opened, needed)), _) => format!("{opened} of the {needed} key groups that it needs open"),
            (None, _) if *services_only => "none of its keys opens here".to_owned(),
            (None, 0) => "you have no identity".to_owned(),
            (None, 1) => "your identity is not among its recipients".to_owned(),
            (None, count) => format!("none of your {count} identities is among its recipients"),
        }
    )]
    NoIdentity {
        /// Which file.
        path: PathBuf,
        /// Who could open it.
        recipients: Vec<String>,
        /// Which identities there were.
        tried: Vec<String>,
        /// Sources of identities that could not be read, and keys that did not open.
        failed: Vec<String>,
        /// With several key groups: how many open, and how many must.
        groups: Option<(u8, u8)>,
        /// No age identity could have opened it, and services did not.
        services_only: bool,
        /// What the user can do so that one of its keys is asked for.
        advice: Option<Box<str>>,
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
    /// All tracked files are meant, where there is no repository.
    #[error("this is no git repository, so no file is tracked")]
    NoRepository,
    /// A text of ours does not say what it should. This is a bug of ours, found before anything was written.
    #[error("{} would not read back as it should; nothing was written", shown(.0))]
    NotReadBack(PathBuf),
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
    /// A rule cannot be used.
    #[error("{}, line {line}: {cause}", shown(path))]
    RuleLine {
        /// The rule file.
        path: PathBuf,
        /// Where the rule stands.
        line: usize,
        /// Why.
        cause: RuleError,
    },
    /// The rule file cannot be changed as asked.
    #[error("{}: {cause}", shown(path))]
    RuleEdit {
        /// The rule file.
        path: PathBuf,
        /// Why.
        cause: RuleEditError,
    },
    /// The rule file belongs to somebody else.
    #[error("{} belongs to another user, so its rules are not followed", shown(.0))]
    RuleOwner(PathBuf),
    /// Nothing is that old.
    #[error("there is no commit as old as that")]
    NoCommit,
    /// No seal, where one is asked for.
    #[error("{} has no seal: another tool wrote it last", shown(.0))]
    SealRequired(PathBuf),
    /// The shares of several key groups do not belong together.
    #[error("cannot open {}: {cause}", shown(path))]
    Shares {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: CombineError,
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
        let Self::NoIdentity { recipients, tried, failed, services_only, .. } = self else {
            return Vec::new();
        };
        let mut lines = vec![format!("recipients: {}", or_none(recipients))];
        if !tried.is_empty() && !services_only {
            lines.push(format!("tried: {}", tried.join(", ")));
        }
        lines.extend(failed.iter().take(MOST_FAILED).map(|failed| format!("not usable: {failed}")));
        if failed.len() > MOST_FAILED {
            lines.push(format!("not usable: {} more", failed.len() - MOST_FAILED));
        }
        lines
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Encrypt { cause: EncryptError::Alias { .. }, .. } => {
                "`lacre encrypt --expand-aliases` writes it out where the alias or `<<` stands; or leave it clear by the \
                 rule's selector"
                    .to_owned()
            }
            Self::Encrypt { cause: EncryptError::Regex(_), .. } => {
                "look at the selector of the creation rule in `.sops.yaml`".to_owned()
            }
            Self::Form { path, cause } => return form_hint(path, cause),
            Self::GitSilent => "name the files".to_owned(),
            Self::NoRepository => {
                "go into one, or make one with `git init`; or name the files, where that is enough".to_owned()
            }
            Self::HistoryMissing { shallow: true } => {
                "`git fetch --unshallow` brings the rest; in GitHub Actions, check out with `fetch-depth: 0`".to_owned()
            }
            Self::HistoryMissing { .. } => "clone it again without `--filter`".to_owned(),
            Self::Merge { cause: MergeError::Lost(_), .. } => {
                "`lacre decrypt` shows what the encrypted file holds; `--replace` drops what is missing here"
                    .to_owned()
            }
            Self::Merge { cause: MergeError::Conflict(_), .. } => {
                "take the other side's value into your file, or insist with `--replace`".to_owned()
            }
            Self::NoIdentity { advice: Some(advice), .. } => advice.to_string(),
            Self::NoIdentity { tried, services_only: false, .. } if tried.is_empty() => {
                "point to one with `--identity FILE` or `SOPS_AGE_KEY`; or make one with `lacre keygen`, and ask \
                 one of the recipients to add it"
                    .to_owned()
            }
            Self::NoIdentity { services_only: false, .. } => {
                "name yourself with `lacre recipients add NAME=KEY`, commit, and ask one of the recipients to run \
                 `lacre recipients sync` on the file"
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
            Self::RuleEdit { cause, .. } => return cause.hint().map(str::to_owned),
            Self::SealRequired(_) => "`lacre seal FILE` shows what it covers and seals it".to_owned(),
            Self::Wrap { cause, .. } => return wrap_hint(cause),
            _ => return None,
        })
    }
}

fn wrap_hint(cause: &WrapError) -> Option<String> {
    Some(match cause {
        WrapError::Address => {
            "a key of Vault is `https://HOST/v1/ENGINE/keys/NAME`, one of Azure `https://VAULT/keys/NAME`"
                .to_owned()
        }
        WrapError::Invalid(_) => {
            "a recipient is `age1…`, `ssh-ed25519 …`, or a name that `.sops.yaml` gives to one".to_owned()
        }
        WrapError::NotAsked { advice, .. } => advice.clone(),
        _ => return None,
    })
}

/// Services say themselves what helps; those that cannot be asked do not.
fn form_hint(path: &Path, cause: &FormError) -> Option<String> {
    Some(match cause {
        FormError::AlreadyEncrypted => {
            "`lacre edit FILE` opens it; `lacre decrypt FILE` prints it".to_owned()
        }
        // Standard input, and the rules: neither has a twin.
        FormError::NotEncrypted if ["-", RULE_FILE].iter().any(|name| path.ends_with(name)) => {
            return None;
        }
        FormError::NotEncrypted if is_never_encrypted(path) => {
            "files of this name stay in the clear; name an encrypted one".to_owned()
        }
        FormError::NotEncrypted if is_twin(path) => {
            "its end may be missing: look at it with `git diff`; go back with `git restore`".to_owned()
        }
        FormError::NotEncrypted => {
            format!("its encrypted twin is {}, which `lacre encrypt` makes", shown(&twin_of(path)))
        }
        FormError::Parse(ParseError { problem: Problem::ConflictMarker, .. }) => {
            "`lacre resolve FILE` settles an encrypted file; in plaintext, finish the merge, or `git restore` it"
                .to_owned()
        }
        FormError::Parse(ParseError { problem: Problem::ReservedName, .. }) => {
            "rename it; if the file was encrypted, its end is missing: `git restore` brings it back"
                .to_owned()
        }
        _ => return None,
    })
}

/// The first of them, and how many more there are.
fn or_none(items: &[String]) -> String {
    match items.get(..MOST_SHOWN) {
        _ if items.is_empty() => "none".to_owned(),
        Some(first) if items.len() > MOST_SHOWN => {
            format!("{}, and {} more", first.join(", "), items.len() - MOST_SHOWN)
        }
        _ => items.join(", "),
    }
}

fn shown(path: &Path) -> String {
    format!("`{}`", sanitise(&path.to_string_lossy()))
}
