//! Who shall be able to open a new file: the user's own `-r`, else the first matching creation rule of the nearest
//! `.sops.yaml` between the file and the root of its repository.

use std::path::{Path, PathBuf};

use super::{Error, Keyring};
use crate::base::DataKey;
use crate::base::assemble::assemble;
use crate::document::Document;
use crate::document::yaml::Yaml;
use crate::envelope::{FormError, Metadata};
use crate::keys::age::AgeRecipient;
use crate::keys::{KeyKind, Recipient, WrapError, WrappedKey};
use crate::policy::{Names, Rule, Rules, Selector};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::{World, git};

/// The name of the rule file.
pub const RULE_FILE: &str = ".sops.yaml";

/// A rule file that was found and read.
pub struct RuleFile {
    /// Where it stands.
    pub path: PathBuf,
    /// Its rules, if it has any.
    pub rules: Option<Rules>,
    /// The names it gives to recipients.
    pub names: Names,
}

/// For whom a new file is encrypted, and which of its leaves.
pub struct Chosen {
    /// Recipients in order, as texts.
    pub recipients: Vec<String>,
    /// Which leaves.
    pub selector: Selector,
    /// Whether clear leaves are outside the MAC.
    pub mac_only_encrypted: bool,
}

impl RuleFile {
    /// The rule file that counts for the file at `path`, which need not exist: `SOPS_CONFIG`, else the nearest upwards
    /// to the repository's root; outside a repository, beside the file or in the working folder.
    ///
    /// # Errors
    /// When it cannot be read, or belongs to another user: whoever writes it decides who reads new secrets.
    pub fn find(world: &World, path: &Path) -> Result<Option<Self>, Error> {
        if let Some(given) = world.variable("SOPS_CONFIG") {
            return Self::read(&world.path(Path::new(given))).map(Some);
        }
        let folder = path.parent().unwrap_or(&world.folder);
        let root = git::repository_root(folder);
        let mut places: Vec<&Path> = match &root {
            Some(root) => {
                let inside = folder.ancestors().take_while(|place| place.starts_with(root));
                inside.collect()
            }
            None => vec![folder, &world.folder],
        };
        places.dedup();
        let found = places.into_iter().map(|place| place.join(RULE_FILE)).find(|file| files::exists(file));
        found.map(|file| Self::read(&file)).transpose()
    }

    /// Whether the rule for the file at `path` asks for sops's reading of dotenv values: quotes are part of them.
    ///
    /// # Errors
    /// When the rule file cannot be used.
    pub fn wants_literal(world: &World, path: &Path) -> Result<bool, Error> {
        let Some(rules) = Self::find(world, path)? else { return Ok(false) };
        Ok(rules.first_match(&[path])?.is_some_and(|rule| rule.lacre.dotenv_literal))
    }

    /// Whether the rule for the file at `path` refuses files without a seal.
    ///
    /// # Errors
    /// When the rule file cannot be used.
    pub fn wants_seal(world: &World, path: &Path) -> Result<bool, Error> {
        let Some(rules) = Self::find(world, path)? else { return Ok(false) };
        Ok(rules.first_match(&[path])?.is_some_and(|rule| rule.lacre.require_seal))
    }

    /// Whether some rule names `recipient`.
    ///
    /// # Errors
    /// When a rule is wrong.
    pub fn mentions(&self, recipient: &str) -> Result<bool, Error> {
        for rule in self.rules.iter().flat_map(Rules::all) {
            let rule = rule.map_err(|cause| Error::Rule { path: self.path.clone(), cause: cause.clone() })?;
            if rule.groups.iter().flatten().any(|key| key.id == recipient) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether some rule has a single recipient, whose loss would be the loss of its files.
    #[must_use]
    pub fn has_lonely_rule(&self) -> bool {
        let mut rules = self.rules.iter().flat_map(Rules::all).flatten();
        rules.any(|rule| rule.groups.iter().flatten().count() == 1)
    }

    fn read(path: &Path) -> Result<Self, Error> {
        if !files::is_trusted(path)? {
            return Err(Error::RuleOwner(path.to_owned()));
        }
        let form = |cause| Error::Form { path: path.to_owned(), cause };
        let document = Document::parse(files::read(path, SIZE_LIMIT)?, &Yaml)
            .map_err(|error| form(FormError::Parse(error)))?;
        let rules = match assemble(&document.outline().events, document.text()) {
            Some(node) => {
                Rules::parse(&node).map_err(|cause| Error::Rule { path: path.to_owned(), cause })?
            }
            None => None,
        };
        let names = Names::of(document.outline(), document.text());
        Ok(Self { path: path.to_owned(), rules, names })
    }

    /// The first rule that matches one of `subjects`, tried in order.
    ///
    /// # Errors
    /// When that rule is wrong.
    pub fn first_match(&self, subjects: &[&Path]) -> Result<Option<&Rule>, Error> {
        let Some(rules) = &self.rules else { return Ok(None) };
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        for subject in subjects {
            let relative = subject.strip_prefix(folder).unwrap_or(subject).to_string_lossy();
            let found = rules
                .first_match(&relative)
                .map_err(|cause| Error::Rule { path: self.path.clone(), cause })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

impl Chosen {
    /// For the new file `output`, made from `source`. `given` are the user's own `-r`, by recipient or name.
    ///
    /// # Errors
    /// When nobody is named, a rule is wrong, or it names keys that we cannot write yet.
    pub fn find(
        rules: Option<&RuleFile>,
        output: &Path,
        source: Option<&Path>,
        given: &[String],
    ) -> Result<Self, Error> {
        let subjects: Vec<&Path> = std::iter::once(output).chain(source).collect();
        let rule = rules.map(|file| file.first_match(&subjects)).transpose()?.flatten();
        let recipients = if given.is_empty() {
            let rule = rule.ok_or_else(|| Error::NoRecipients {
                path: output.to_owned(),
                rules: rules.map(|file| file.path.clone()),
            })?;
            age_recipients(rule, output)?
        } else {
            let named =
                |text: &String| rules.and_then(|file| file.names.recipient_of(text)).map(str::to_owned);
            given.iter().map(|text| named(text).unwrap_or_else(|| text.clone())).collect()
        };
        if recipients.is_empty() {
            let rules = rules.map(|file| file.path.clone());
            return Err(Error::NoRecipients { path: output.to_owned(), rules });
        }
        Ok(Self {
            recipients,
            selector: rule.and_then(|rule| rule.selector.clone()).unwrap_or_default(),
            mac_only_encrypted: rule.is_some_and(|rule| rule.mac_only_encrypted),
        })
    }

    /// Metadata for a new file whose `key` is wrapped for each of them.
    ///
    /// # Errors
    /// When one of them cannot be wrapped for.
    pub fn wrap(&self, keyring: &Keyring<'_>, key: &DataKey, path: &Path) -> Result<Metadata, Error> {
        let share = zeroize::Zeroizing::new(key.expose().to_vec());
        let wrapped: Result<Vec<WrappedKey>, WrapError> = self
            .recipients
            .iter()
            .map(|text| AgeRecipient::parse(text, keyring.plugins)?.wrap(&share))
            .collect();
        let group = wrapped.map_err(|cause| Error::Wrap { path: path.to_owned(), cause })?;
        Ok(Metadata::new(vec![group], self.selector.clone(), self.mac_only_encrypted))
    }
}

fn age_recipients(rule: &Rule, path: &Path) -> Result<Vec<String>, Error> {
    let unsupported = |kind| Error::Wrap { path: path.to_owned(), cause: WrapError::Unsupported(kind) };
    let group = match rule.groups.as_slice() {
        [] => return Ok(Vec::new()),
        [group] => group,
        _ => return Err(Error::KeyGroups(path.to_owned())),
    };
    group
        .iter()
        .map(|key| match KeyKind::ALL.into_iter().find(|kind| kind.name() == key.kind) {
            Some(KeyKind::Age) => Ok(key.id.clone()),
            Some(kind) => Err(unsupported(kind)),
            None => Err(unsupported(KeyKind::Kms)),
        })
        .collect()
}
