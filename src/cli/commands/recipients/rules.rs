//! The rule file that `add` and `remove` change: which it is, which of its rules are meant, and whose files those rule.

use std::path::{Path, PathBuf};

use super::super::super::{Context, Failure};
use crate::base::RecipientId;
use crate::keys::WrapError;
use crate::policy::{Rule, Rules};
use crate::workspace::members::is_same;
use crate::workspace::newcomers::{SourceError, newcomers};
use crate::workspace::rule_file::RULE_FILE;
use crate::workspace::transaction::Along;
use crate::workspace::tree::{self, Found};
use crate::workspace::{Error, Newcomer, RuleBook, RuleEditError, RuleFile};
use crate::world::files::{self, SIZE_LIMIT};

/// A rule file to be changed.
pub struct RuleTarget {
    /// What it is, read.
    pub file: RuleFile,
    /// What stands there.
    pub old: Vec<u8>,
    /// What shall stand there.
    pub new: Vec<u8>,
}

/// The words of a command line: who is meant, and which files.
pub struct Words {
    /// People.
    pub who: Vec<Newcomer>,
    /// Files, as they were named.
    pub files: Vec<PathBuf>,
}

impl RuleTarget {
    /// The rule file for these files, or for the working folder.
    ///
    /// # Errors
    /// When there is none, or the files have different ones.
    pub fn find(context: &Context<'_>, files: &[PathBuf]) -> Result<Self, Failure> {
        let place = |path: &Path| RuleFile::locate(context.world, &context.world.path(path));
        let mut places: Vec<_> = files.iter().map(|file| place(file)).collect();
        if places.is_empty() {
            places.push(place(Path::new(RULE_FILE)));
        }
        places.dedup();
        let [Some(path)] = places.as_slice() else {
            let message = if places.len() > 1 {
                "the files follow different rule files"
            } else {
                "there is no `.sops.yaml` to change"
            };
            return Err(Failure::user(message)
                .hint("`lacre init` makes one; `--file-only` changes files and no rule"));
        };
        Self::read(path)
    }

    /// The rule file at `path`.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let file = RuleFile::read(path)?;
        let old = files::read(path, SIZE_LIMIT)?;
        Ok(Self { file, new: old.clone(), old })
    }

    /// The rules that are meant, from 0: `number` (from 1), those of `files`, or the only one there is.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn rules(
        &self,
        context: &Context<'_>,
        number: Option<usize>,
        files: &[PathBuf],
    ) -> Result<Vec<usize>, Failure> {
        let all: Vec<&Rule> = self.file.rules.iter().flat_map(Rules::all).flatten().collect();
        if let Some(number) = number {
            let index = number.checked_sub(1).ok_or_else(|| Failure::usage("rules are counted from 1"))?;
            return Ok(vec![index]);
        }
        let book = RuleBook::new(context.world);
        let mut meant = Vec::new();
        for file in files {
            let path = context.world.path(file);
            let (_, rule) = book
                .rule(&path)?
                .ok_or_else(|| Failure::user(format!("no creation rule matches {}", context.shown(&path))))?;
            meant.push(rule.index);
        }
        meant.sort_unstable();
        meant.dedup();
        match (meant.is_empty(), all.as_slice()) {
            (false, _) => Ok(meant),
            (true, [only]) => Ok(vec![only.index]),
            (true, several) => {
                let mut failure = Failure::usage("it is not said which creation rule is meant")
                    .hint("name it with `--rule N`, or name a file that follows it");
                for rule in several {
                    let regex = rule.path_regex.as_deref().unwrap_or("every file");
                    failure = failure.detail(format!("rule {}: {regex}", rule.index + 1));
                }
                Err(failure)
            }
        }
    }

    /// Changes the text.
    ///
    /// # Errors
    /// What `change` says.
    pub fn change(
        &mut self,
        change: impl FnOnce(&[u8]) -> Result<Vec<u8>, RuleEditError>,
    ) -> Result<(), RuleEditError> {
        self.new = change(&self.new)?;
        Ok(())
    }

    /// The file as it is written along, if it is different.
    #[must_use]
    pub fn along(&self) -> Vec<Along> {
        if self.new == self.old {
            return Vec::new();
        }
        vec![Along { path: self.file.path.clone(), old: self.old.clone(), new: self.new.clone() }]
    }

    /// The rules as they shall be.
    ///
    /// # Errors
    /// When the new text is no rule file.
    pub fn book<'w>(&self, context: &Context<'w>) -> Result<RuleBook<'w>, Failure> {
        let book = RuleBook::new(context.world);
        self.put_into(&book)?;
        Ok(book)
    }

    /// The same, beside other rule files.
    ///
    /// # Errors
    /// When the new text is no rule file.
    pub fn put_into(&self, book: &RuleBook<'_>) -> Result<(), Failure> {
        // As it stands, so that people keep the names they had.
        book.put(RuleFile::parse(&self.file.path, self.old.clone())?);
        book.put(RuleFile::parse(&self.file.path, self.new.clone())?);
        Ok(())
    }

    /// Every tracked file beside and below the rule file, and those that were named.
    ///
    /// # Errors
    /// When one that was named is not encrypted.
    pub fn tree(&self, context: &Context<'_>, named: &[PathBuf]) -> Result<Vec<Found>, Failure> {
        let mut found = tree::named(context.world, named)?;
        let folder = self.file.path.parent().unwrap_or(&context.world.folder);
        match tree::tracked(context.world, folder) {
            Ok(tracked) => {
                let is_new = |one: &Found| !found.iter().any(|other| other.path == one.path);
                let tracked: Vec<_> = tracked.into_iter().filter(is_new).collect();
                found.extend(tracked);
            }
            Err(Error::NoRepository | Error::GitSilent) if !named.is_empty() => {}
            Err(Error::NoRepository | Error::GitSilent) => {
                context
                    .ui
                    .note(context.world, "no file is named and git tracks none: only the rules are changed");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(found)
    }

    /// The recipient as the rules spell it.
    #[must_use]
    pub fn spelled(&self, id: &RecipientId) -> RecipientId {
        let rules = self.file.rules.iter().flat_map(Rules::all).flatten();
        let mut keys = rules.flat_map(|rule| rule.groups.iter().flatten());
        keys.find(|key| is_same(key, id)).unwrap_or(id).clone()
    }
}

impl Words {
    /// Sorts `words`: a name that `.sops.yaml` gives, a file that is there, or whatever names a recipient.
    ///
    /// # Errors
    /// When a word is none of these.
    pub fn sort(context: &Context<'_>, words: &[String]) -> Result<Self, Failure> {
        let place = context.world.path(Path::new(RULE_FILE));
        let names = RuleBook::new(context.world).names(&place);
        let mut sorted = Self { who: Vec::new(), files: Vec::new() };
        for word in words {
            let known = names.recipient_of(word).and_then(RecipientId::guess);
            let is_key_file = Path::new(word).extension().is_some_and(|extension| extension == "pub")
                || word.ends_with("authorized_keys");
            if let Some(recipient) = known {
                sorted.who.push(Newcomer { name: None, recipient });
            } else if !is_key_file && files::exists(&context.world.path(Path::new(word))) {
                sorted.files.push(PathBuf::from(word));
            } else {
                let found = newcomers(context.world, word).map_err(|error| {
                    let is_name = matches!(error, SourceError::Recipient(WrapError::Invalid(_)))
                        && !word.contains(['=', '@']);
                    let failure = Failure::usage(if is_name {
                        format!("`{word}` is no recipient, no name in `{RULE_FILE}` and no file")
                    } else {
                        error.to_string()
                    });
                    match error.hint() {
                        Some(hint) => failure.hint(hint),
                        None => failure,
                    }
                })?;
                sorted.who.extend(found);
            }
        }
        if sorted.who.is_empty() {
            return Err(Failure::usage("nobody is named")
                .hint("a recipient is `NAME=age1…`, a name from `.sops.yaml`, or a file of public keys"));
        }
        Ok(sorted)
    }

    /// Their keys.
    #[must_use]
    pub fn ids(&self) -> Vec<RecipientId> {
        self.who.iter().map(|one| one.recipient.clone()).collect()
    }
}
