//! The rule file that counts for a file, `.sops.yaml`: the nearest between the file and the root of its repository, or
//! where sops would look; and which of its rules a file follows.

use std::path::{Component, Path, PathBuf};

use super::Error;
use super::names::plain_name_of;
use crate::base::assemble::assemble;
use crate::base::span::line_of;
use crate::base::{Node, Path as ValuePath};
use crate::document::yaml::{Yaml, line_ends};
use crate::document::{Document, items, nth_document};
use crate::envelope::FormError;
use crate::policy::rule::{DestinationError, StoresError};
use crate::policy::{Destinations, Names, Rule, RuleError, Rules, Stores};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::{World, git};

/// The name of the rule file.
pub const RULE_FILE: &str = ".sops.yaml";
/// The name that is not followed.
const MISNAMED: &str = ".sops.yml";
/// Folders that sops looks into.
const MOST_LEVELS: usize = 100;

/// A rule file that was found and read.
pub struct RuleFile {
    /// Where it stands.
    pub path: PathBuf,
    /// Its rules, if it has any.
    pub rules: Option<Rules>,
    /// The names it gives to recipients.
    pub names: Names,
    /// Where its rules stand.
    lines: Vec<usize>,
    tree: Option<Node>,
    document: Document,
}

/// What sops finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAsSops {
    /// Its rule file.
    pub path: Option<PathBuf>,
    /// A nearer `.sops.yml`, of which it only says that the name is wrong.
    pub ignored: Option<PathBuf>,
}

impl RuleFile {
    /// The rule file that counts for the file at `path`, which need not exist: `SOPS_CONFIG`, else the nearest upwards
    /// to the repository's root; outside a repository, beside the file or in the working folder.
    ///
    /// # Errors
    /// When it cannot be read, or belongs to another user: whoever writes it decides who reads new secrets.
    pub fn find(world: &World, path: &Path) -> Result<Option<Self>, Error> {
        Self::locate(world, path).map(|file| Self::read(&file)).transpose()
    }

    /// Where that rule file stands.
    #[must_use]
    pub fn locate(world: &World, path: &Path) -> Option<PathBuf> {
        if let Some(given) = world.variable("SOPS_CONFIG") {
            return Some(world.path(Path::new(given)));
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
        places.into_iter().map(|place| place.join(RULE_FILE)).find(|file| files::exists(file))
    }

    /// Where sops, started in the working folder, would find its rule file (spec 7.1): `given` by flag, `SOPS_CONFIG`,
    /// or the first `.sops.yaml` upwards.
    #[must_use]
    pub fn locate_as_sops(world: &World, given: Option<&Path>) -> FoundAsSops {
        Self::locate_as_sops_from(world, &world.folder, given)
    }

    /// The same, of a sops started in `folder`.
    #[must_use]
    pub fn locate_as_sops_from(world: &World, folder: &Path, given: Option<&Path>) -> FoundAsSops {
        let variable = || world.variable("SOPS_CONFIG").map(Path::new);
        if let Some(given) = given.filter(|given| !given.as_os_str().is_empty()).or_else(variable) {
            return FoundAsSops { path: Some(world.path(given)), ignored: None };
        }
        let mut ignored = None;
        for place in folder.ancestors().take(MOST_LEVELS) {
            let file = place.join(RULE_FILE);
            if files::exists(&file) {
                return FoundAsSops { path: Some(file), ignored };
            }
            ignored = ignored.or_else(|| Some(place.join(MISNAMED)).filter(|file| files::exists(file)));
        }
        FoundAsSops { path: None, ignored }
    }

    /// Reads that rule file. One without creation rules counts as absent for whoever asks for a rule.
    ///
    /// # Errors
    /// When it is given and missing, cannot be read, or belongs to another user.
    pub fn find_as_sops(world: &World, given: Option<&Path>) -> Result<Option<Self>, Error> {
        Self::locate_as_sops(world, given).path.map(|file| Self::read(&file)).transpose()
    }

    /// Whether the rule for the file at `path` asks for sops's reading of dotenv values: quotes are part of them.
    ///
    /// # Errors
    /// When the rule file cannot be used.
    pub fn wants_literal(world: &World, path: &Path) -> Result<bool, Error> {
        let Some(rules) = Self::find(world, path)? else { return Ok(false) };
        Ok(rules.rule_for(path)?.is_some_and(|rule| rule.lacre.dotenv_literal))
    }

    /// Whether the rule for the file at `path` refuses files without a seal.
    ///
    /// # Errors
    /// When the rule file cannot be used.
    pub fn wants_seal(world: &World, path: &Path) -> Result<bool, Error> {
        // Whoever wrote it: this can only make us stricter.
        let rules = Self::locate(world, path).map(|file| Self::read_of_anybody(&file)).transpose()?;
        let Some(rules) = rules else { return Ok(false) };
        Ok(rules.rule_for(path)?.is_some_and(|rule| rule.lacre.require_seal))
    }

    /// Whether some rule names `recipient`.
    ///
    /// # Errors
    /// When a rule is wrong.
    pub fn mentions(&self, recipient: &str) -> Result<bool, Error> {
        for rule in self.rules.iter().flat_map(Rules::all) {
            let rule = rule.map_err(|cause| self.error(cause.clone()))?;
            if rule.groups.iter().flatten().any(|key| key.spelling() == recipient) {
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

    /// Reads the rule file at `path`.
    ///
    /// # Errors
    /// As `find`.
    pub fn read(path: &Path) -> Result<Self, Error> {
        if !files::is_trusted(path)? {
            return Err(Error::RuleOwner(path.to_owned()));
        }
        Self::read_of_anybody(path)
    }

    /// The same, whoever it belongs to: for what lets nobody new read anything.
    ///
    /// # Errors
    /// When it cannot be read or is no rule file.
    pub fn read_of_anybody(path: &Path) -> Result<Self, Error> {
        Self::parse(path, files::read(path, SIZE_LIMIT)?)
    }

    /// The same, of a text that stands or shall stand at `path`.
    ///
    /// # Errors
    /// When it is no rule file.
    pub fn parse(path: &Path, text: Vec<u8>) -> Result<Self, Error> {
        let form = |cause| Error::Form { path: path.to_owned(), cause };
        // Whom sops would read behind such a character, nobody would see here.
        line_ends::refuse_all(&text).map_err(|error| form(FormError::Parse(error)))?;
        let document = Document::parse(text, &Yaml).map_err(|error| form(FormError::Parse(error)))?;
        let tree = assemble(&document.outline().events, document.text());
        let rule = |cause| Error::Rule { path: path.to_owned(), cause };
        if tree.is_none() && nth_document(document.outline(), 0).is_some() {
            return Err(rule(RuleError::TooLarge));
        }
        let rules = tree.as_ref().map(Rules::parse).transpose().map_err(rule)?.flatten();
        let names = Names::of(document.outline(), document.text());
        Ok(Self { path: path.to_owned(), rules, names, lines: rule_lines(&document), tree, document })
    }

    /// The line of the rule with this index.
    #[must_use]
    pub fn line(&self, index: usize) -> Option<usize> {
        self.lines.get(index).copied()
    }

    /// Its text, and what stands where.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// All that it says, aliases and merge keys resolved.
    #[must_use]
    pub const fn tree(&self) -> Option<&Node> {
        self.tree.as_ref()
    }

    /// How new text is indented.
    ///
    /// # Errors
    /// When `stores` is wrong.
    pub fn stores(&self) -> Result<Stores, StoresError> {
        self.tree.as_ref().map_or(Ok(Stores::default()), Stores::parse)
    }

    /// Where files are published to.
    ///
    /// # Errors
    /// When `destination_rules` is no list.
    pub fn destinations(&self) -> Result<Destinations, DestinationError> {
        self.tree.as_ref().map_or_else(|| Ok(Destinations::default()), Destinations::parse)
    }

    fn error(&self, cause: RuleError) -> Error {
        let path = self.path.clone();
        match cause.rule().and_then(|rule| self.line(rule.checked_sub(1)?)) {
            Some(line) => Error::RuleLine { path, line, cause },
            None => Error::Rule { path, cause },
        }
    }

    /// `path` as `path_regex` sees it (spec 7.3): without the folder of the rule file, where it is inside; links are not
    /// resolved.
    #[must_use]
    pub fn subject(&self, path: &Path) -> String {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let path = without_dots(path);
        path.strip_prefix(without_dots(folder)).unwrap_or(&path).to_string_lossy().into_owned()
    }

    /// The rule that the encrypted file at `path` follows: by its own name, else by that of its plaintext, as it did
    /// when it was encrypted.
    ///
    /// # Errors
    /// When that rule is wrong.
    pub fn rule_for(&self, path: &Path) -> Result<Option<&Rule>, Error> {
        self.first_match(&[path, &path.with_file_name(plain_name_of(path))])
    }

    /// The first rule that matches one of `subjects`, tried in order.
    ///
    /// # Errors
    /// When that rule is wrong.
    pub fn first_match(&self, subjects: &[&Path]) -> Result<Option<&Rule>, Error> {
        let Some(rules) = &self.rules else { return Ok(None) };
        for subject in subjects {
            let found = rules.first_match(&self.subject(subject)).map_err(|cause| self.error(cause))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// The line of each creation rule.
fn rule_lines(document: &Document) -> Vec<usize> {
    let Some(list) = document.find(&ValuePath::key(b"creation_rules")) else { return Vec::new() };
    let events = &document.outline().events;
    let start = |item: &usize| events.get(*item).map_or(0, |event| event.span.range().start);
    items(document.outline(), list).iter().map(|item| line_of(document.text(), start(item))).collect()
}

/// `path` without `.` and `..`, by its text alone.
#[must_use]
pub fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}
