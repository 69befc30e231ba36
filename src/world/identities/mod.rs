//! Where identities are kept (spec 6.2), and the search for one that opens. What the texts mean is `keys::key_file`;
//! starting age plugins is `providers::age_plugin`.
//!
//! Nothing is read before it is needed, and what costs a person time comes last: keys at hand, then passphrases, then
//! plugins, then the user's own commands.

mod sources;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use sources::{Place, Source};
pub use sources::{agent_key_file, default_key_file};

use crate::base::ports::Prompt;
use crate::keys::key_file::{Key, KeyFile, KeyFileError};
use crate::keys::plugin::{PluginName, Plugins};
use crate::keys::{KeyKind, KeyShare, UnwrapError, WrappedKey};

type Variables = BTreeMap<OsString, OsString>;

/// All age and ssh identities of a person, and the means to ask for the locked ones.
pub struct Identities<'a> {
    sources: Vec<Source>,
    /// What commands answered, by their place among the sources and the recipient they were asked for.
    answers: RefCell<Vec<(usize, String, Rc<Source>)>>,
    /// Shares that were unwrapped before, with their `enc`: nobody touches a token twice for one file.
    opened: RefCell<Vec<(String, Opened)>>,
    /// Only keys that open at once, without a person or another program.
    at_hand_only: Cell<bool>,
    variables: &'a Variables,
    prompt: &'a dyn Prompt,
    plugins: &'a dyn Plugins,
}

/// A share, and who opened it.
#[derive(Clone)]
pub struct Opened {
    /// The data key, or a Shamir share of it.
    pub share: KeyShare,
    /// The source of the identity, e.g. `~/.config/sops/age/keys.txt`.
    pub source: String,
    /// The recipient of the key entry that it opened.
    pub recipient: String,
}

/// Without the share: `Zeroizing` shows what it holds.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, recipient, share: _ } = self;
        f.debug_struct("Opened").field("source", source).field("recipient", recipient).finish_non_exhaustive()
    }
}

/// Nothing opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotOpened {
    /// The sources that hold identities or should, in the order they were tried.
    pub tried: Vec<Tried>,
    /// The first key that was addressed to one of them and still did not open.
    pub problem: Option<UnwrapError>,
}

/// One source of identities, for error messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The path (`~` for the home folder, escaped), or the name of the variable.
    pub source: String,
    /// The public halves of its keys, where they are known without further ado.
    pub recipients: Vec<String>,
    /// Why it could not be used.
    pub failure: Option<SourceError>,
}

/// Why a source of identities cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The command does not start, or ends with an error.
    #[error("the command {0}")]
    Command(String),
    /// What it holds is no identity.
    #[error(transparent)]
    Content(#[from] KeyFileError),
    /// The file cannot be read.
    #[error("it cannot be read ({0})")]
    Unreadable(std::io::ErrorKind),
}

/// What a try may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    /// A key at hand whose recipient the entry names.
    Own,
    /// Any key at hand: the entry may name its recipient in another spelling.
    Any,
    /// The passphrase of an ssh key that an entry is addressed to.
    LockedSsh,
    /// A plugin that an entry names: another program, perhaps a touch.
    OwnPlugin,
    /// The passphrase of an identity file, which may hold anything.
    LockedFile,
    /// Any plugin: some keep keys whose recipients are plain `age1…`.
    AnyPlugin,
}

impl Effort {
    /// In the order of trying.
    const ALL: [Self; 6] =
        [Self::Own, Self::Any, Self::LockedSsh, Self::OwnPlugin, Self::LockedFile, Self::AnyPlugin];
}

impl<'a> Identities<'a> {
    /// The sources, in their order; reads nothing yet. `explicit` are the user's own `--identity` files, relative to
    /// `folder`.
    #[must_use]
    pub fn gather(
        explicit: &[PathBuf],
        folder: &Path,
        variables: &'a Variables,
        prompt: &'a dyn Prompt,
        plugins: &'a dyn Plugins,
    ) -> Self {
        let sources = sources::all(explicit, folder, variables);
        let (answers, opened) = (RefCell::default(), RefCell::default());
        Self { sources, answers, opened, at_hand_only: Cell::new(false), variables, prompt, plugins }
    }

    /// From now on, only keys at hand open anything: no passphrase is asked for, no plugin or command is started.
    pub fn ask_nobody(&self) {
        self.at_hand_only.set(true);
    }

    /// Unwraps the first of `group` that any identity opens. A failing source or a damaged entry does not stop the others.
    ///
    /// # Errors
    /// When none opens; with everything an error message needs.
    pub fn open(&self, group: &[WrappedKey]) -> Result<Opened, NotOpened> {
        let entries: Vec<_> = group.iter().filter(|key| key.kind == KeyKind::Age).collect();
        let before =
            self.opened.borrow().iter().find_map(|(enc, opened)| {
                entries.iter().any(|entry| entry.enc == *enc).then(|| opened.clone())
            });
        if let Some(opened) = before {
            return Ok(opened);
        }
        let mut problem = None;
        let found = self.search(&entries, &mut problem);
        match found {
            Some((entry, opened)) => {
                self.opened.borrow_mut().push((entry.enc.clone(), opened.clone()));
                Ok(opened)
            }
            None => Err(NotOpened { tried: self.tried(), problem }),
        }
    }

    /// Every identity that can be read at no cost, with its source: who the user is.
    #[must_use]
    pub fn tried(&self) -> Vec<Tried> {
        let answers = self.answers.borrow();
        let answered = |at: usize| answers.iter().filter(move |(command, ..)| *command == at);
        let mut tried = Vec::new();
        for (at, source) in self.sources.iter().enumerate() {
            if source.is_command() {
                tried.extend(answered(at).filter_map(|(.., answer)| answer.tried()));
            } else {
                tried.extend(source.tried());
            }
        }
        tried.dedup();
        tried
    }

    /// Whether an identity at hand is in the hands of the plugin `name`.
    #[must_use]
    pub fn has_plugin(&self, name: &PluginName) -> bool {
        let is_it = |key: &Key| matches!(key, Key::Plugin(identity) if identity.name == *name);
        self.sources.iter().filter(|source| !source.is_command()).any(|source| match source.keys() {
            Some(Ok(KeyFile::Open(keys))) => keys.iter().any(is_it),
            Some(Ok(KeyFile::Locked(_))) => {
                source.unlocked.get().is_some_and(|keys| keys.iter().flatten().any(is_it))
            }
            Some(Err(_)) | None => false,
        })
    }

    fn search<'e>(
        &self,
        entries: &[&'e WrappedKey],
        problem: &mut Option<UnwrapError>,
    ) -> Option<(&'e WrappedKey, Opened)> {
        let at_hand: Vec<_> = self.sources.iter().filter(|source| !source.is_command()).collect();
        if entries.is_empty() {
            return None;
        }
        if let Some(found) = self.search_in(&at_hand, entries, problem) {
            return Some(found);
        }
        if self.at_hand_only.get() {
            return None;
        }
        for (at, command) in self.sources.iter().enumerate().filter(|(_, source)| source.is_command()) {
            for entry in entries {
                let answer = self.answer(at, command, &entry.recipient);
                if let Some(found) = self.search_in(&[&answer], entries, problem) {
                    return Some(found);
                }
            }
        }
        None
    }

    fn search_in<'e>(
        &self,
        sources: &[&Source],
        entries: &[&'e WrappedKey],
        problem: &mut Option<UnwrapError>,
    ) -> Option<(&'e WrappedKey, Opened)> {
        let is_free = |effort: &Effort| matches!(effort, Effort::Own | Effort::Any);
        for effort in Effort::ALL.into_iter().filter(|effort| is_free(effort) || !self.at_hand_only.get()) {
            for source in sources.iter().filter(|source| source.is_worth(effort, entries)) {
                for (entry, key) in source.pairs(effort, entries, self.prompt) {
                    let ask = || self.prompt.secret(&format!("passphrase for {}", source.label));
                    match key.unwrap(entry, &source.label, &ask, self.plugins) {
                        Some(Ok(share)) => {
                            let (source, recipient) = (source.label.clone(), entry.recipient.clone());
                            return Some((entry, Opened { share, source, recipient }));
                        }
                        Some(Err(error)) => *problem = problem.take().or(Some(error)),
                        None => {}
                    }
                }
            }
        }
        None
    }

    fn answer(&self, at: usize, command: &Source, recipient: &str) -> Rc<Source> {
        let known = self.answers.borrow().iter().find_map(|(place, asked, answer)| {
            (*place == at && asked == recipient).then(|| Rc::clone(answer))
        });
        known.unwrap_or_else(|| {
            let answer = Rc::new(command.run(recipient, self.variables));
            self.answers.borrow_mut().push((at, recipient.to_owned(), Rc::clone(&answer)));
            answer
        })
    }
}

impl Source {
    /// ssh keys are not even read before an entry could be theirs: a large RSA key takes a while.
    fn is_worth(&self, effort: Effort, entries: &[&WrappedKey]) -> bool {
        effort != Effort::Own
            || !matches!(self.place, Place::SshFile { .. })
            || entries.iter().any(|entry| entry.recipient.trim_start().starts_with("ssh-"))
    }

    /// Which of its keys to try on which entries.
    fn pairs<'s, 'e>(
        &'s self,
        effort: Effort,
        entries: &[&'e WrappedKey],
        prompt: &dyn Prompt,
    ) -> Vec<(&'e WrappedKey, &'s Key)> {
        let (open, locked) = match self.keys() {
            Some(Ok(KeyFile::Open(keys))) => (keys.as_slice(), false),
            Some(Ok(KeyFile::Locked(_))) if effort == Effort::LockedFile || self.is_unlocked() => {
                (self.unlock(prompt), true)
            }
            _ => return Vec::new(),
        };
        let mut pairs = Vec::new();
        for key in open {
            let own = key.recipient();
            for entry in entries {
                let is_own = match key {
                    Key::Plugin(identity) => names_plugin(&entry.recipient, &identity.name),
                    _ => own.as_deref().is_some_and(|own| is_same(own, &entry.recipient)),
                };
                let fits = match (effort, key) {
                    (Effort::OwnPlugin, Key::Plugin(_)) => is_own,
                    (Effort::AnyPlugin, Key::Plugin(_)) => !is_own || locked,
                    (Effort::OwnPlugin | Effort::AnyPlugin, _) | (_, Key::Plugin(_)) => false,
                    (Effort::LockedSsh, Key::Ssh(ssh)) => ssh.is_locked(),
                    (_, Key::Ssh(ssh)) if ssh.is_locked() => false,
                    (Effort::Own, _) => is_own,
                    (Effort::Any, _) => !is_own,
                    (Effort::LockedSsh, _) => false,
                    (Effort::LockedFile, _) => locked,
                };
                if fits {
                    pairs.push((!is_own, *entry, key));
                }
            }
        }
        // What an entry says of its recipient is a hint, so it only decides who goes first.
        pairs.sort_by_key(|(later, ..)| *later);
        pairs.into_iter().map(|(_, entry, key)| (entry, key)).collect()
    }

    fn tried(&self) -> Option<Tried> {
        let (recipients, failure) = match self.keys()? {
            Ok(KeyFile::Open(keys)) => (keys.iter().filter_map(Key::recipient).collect(), None),
            Ok(KeyFile::Locked(_)) => match self.unlocked.get() {
                Some(Ok(keys)) => (keys.iter().filter_map(Key::recipient).collect(), None),
                Some(Err(error)) => (Vec::new(), Some(SourceError::Content(*error))),
                None => (Vec::new(), None),
            },
            Err(error) => (Vec::new(), Some(error.clone())),
        };
        Some(Tried { source: self.label.clone(), recipients, failure })
    }
}

/// ssh comments, blanks and case aside.
fn is_same(own: &str, named: &str) -> bool {
    if own.starts_with("ssh-") {
        own.split_whitespace().take(2).eq(named.split_whitespace().take(2))
    } else {
        own.eq_ignore_ascii_case(named.trim())
    }
}

fn names_plugin(named: &str, name: &PluginName) -> bool {
    PluginName::of_recipient(named.trim()).as_ref() == Some(name)
}

#[cfg(test)]
mod tests;
