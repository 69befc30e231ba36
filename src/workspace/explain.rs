//! Which rule a file follows and why, what else would match, what sops would choose, and how far the file has drifted
//! from its rule. Needs no identity.

use std::path::{Path, PathBuf};

use super::members::{self, Members};
use super::names::{is_twin, plain_name_of, twin_of};
use super::open_file::{self, format_of};
use super::rule_lints::{Lint, lint};
use super::{Error, RuleFile};
use crate::base::Kind;
use crate::document::Document;
use crate::envelope::{FormError, Metadata, Sealed};
use crate::policy::{Rule, Rules, Selector};
use crate::workspace::names::FileType;
use crate::world::World;
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::{Git, repository_root};

/// All about one file.
pub struct Explained {
    /// The rule file that counts for it.
    pub rules: Option<RuleFile>,
    /// The rule that it follows.
    pub rule: Option<Followed>,
    /// What sops, started at the root of the repository, would follow, if that is something else.
    pub sops: Option<SopsFollows>,
    /// How the file differs from its rule; `None`: it is not encrypted, or no rule names anybody.
    pub drift: Option<Drift>,
    /// What is wrong with the rule, and with the rule file as a whole.
    pub lints: Vec<Lint>,
}

/// A rule, and why it is the one.
pub struct Followed {
    /// The rule.
    pub rule: Rule,
    /// Where it stands.
    pub line: usize,
    /// The text that `path_regex` was found in.
    pub subject: String,
    /// Later rules that would match too: their indices.
    pub later: Vec<usize>,
}

/// Another choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SopsFollows {
    /// It finds no rule file.
    NoFile,
    /// None of the rules in this file.
    NoRule(PathBuf),
    /// The rule with this index in this file.
    Rule(PathBuf, usize),
}

/// What is different from the rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// Who may open it.
    pub members: members::Drift,
    /// The selector of the file, which is not the rule's.
    pub selector: Option<Selector>,
    /// `mac_only_encrypted` differs.
    pub mac: bool,
}

impl Drift {
    /// Whether the file is as its rule says.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// `None` when the rule names nobody.
    fn of(metadata: &Metadata, rule: &Rule) -> Option<Self> {
        let wanted = rule.selector.clone().unwrap_or_default();
        Some(Self {
            members: members::Drift::between(metadata, &Members::of_rule(rule)?),
            selector: (metadata.selector != wanted).then(|| metadata.selector.clone()),
            mac: metadata.mac_only_encrypted != rule.mac_only_encrypted,
        })
    }
}

/// Explains the file at `path`, which need not exist.
///
/// # Errors
/// When its rule file cannot be read, or it looks encrypted and is broken.
pub fn explain(world: &World, path: &Path) -> Result<Explained, Error> {
    let sealed = sealed(path)?;
    let subjects = match &sealed {
        None if !is_twin(path) => [twin_of(path), path.to_owned()],
        _ => [path.to_owned(), path.with_file_name(plain_name_of(path))],
    };
    let rules = RuleFile::find(world, path)?;
    let Some(file) = &rules else {
        let sops = sops_follows(world, path, None);
        return Ok(Explained { rules: None, rule: None, sops, drift: None, lints: Vec::new() });
    };
    let mut lints = lint(file);
    let mut rule = None;
    for subject in &subjects {
        match file.first_match(&[subject]) {
            Ok(None) => {}
            Ok(Some(found)) => {
                rule = Some(followed(file, found, file.subject(subject)));
                break;
            }
            // The rule is broken, which a lint tells.
            Err(Error::RuleLine { line, .. }) => {
                lints.retain(|lint| lint.rule.is_none() || lint.line == line);
                return Ok(Explained { rules, rule: None, sops: None, drift: None, lints });
            }
            Err(error) => return Err(error),
        }
    }
    let number = rule.as_ref().map(|followed| followed.rule.index + 1);
    lints.retain(|lint| lint.rule.is_none() || lint.rule == number);
    if let Some(followed) = &rule
        && let Some(document) = document(path, sealed.as_ref())
        && hits_nothing(&document, &followed.rule)
    {
        lints.push(Lint {
            path: file.path.clone(),
            line: followed.line,
            rule: number,
            kind: "selector-hits-nothing",
            message: "its selector matches nothing in the file".to_owned(),
        });
    }
    let drift = match (&sealed, &rule) {
        (Some(sealed), Some(followed)) => Drift::of(sealed.metadata(), &followed.rule),
        _ => None,
    };
    let chosen = rule.as_ref().map(|followed| (file.path.as_path(), followed.rule.index));
    let sops = sops_follows(world, path, chosen);
    Ok(Explained { rules, rule, sops, drift, lints })
}

fn followed(file: &RuleFile, rule: &Rule, subject: String) -> Followed {
    let matching = file.rules.iter().flat_map(|rules| rules.matches(&subject));
    let later = matching.map(|other| other.index).filter(|index| *index > rule.index).collect();
    Followed { rule: rule.clone(), line: file.line(rule.index).unwrap_or(1), subject, later }
}

/// The encrypted file at `path`; `None` when there is none, or it is a plaintext.
fn sealed(path: &Path) -> Result<Option<Sealed>, Error> {
    if !files::exists(path) {
        return Ok(None);
    }
    match open_file::load(path, None) {
        Ok(sealed) => Ok(Some(sealed)),
        Err(Error::Form { cause: FormError::Metadata(cause), path }) => {
            Err(Error::Form { cause: FormError::Metadata(cause), path })
        }
        // A plaintext of any kind.
        Err(Error::Form { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a selector would look at.
fn document(path: &Path, sealed: Option<&Sealed>) -> Option<Document> {
    if let Some(sealed) = sealed {
        return Some(sealed.document().clone());
    }
    let format = format_of(FileType::of(path));
    let text = files::read(path, SIZE_LIMIT).ok().filter(|text| !text.is_empty())?;
    let prepared = format.prepare(text);
    Document::parse(prepared.text.expose().clone(), format).ok()
}

/// Whether the rule's own selector matches no key or comment.
fn hits_nothing(document: &Document, rule: &Rule) -> bool {
    let Some(selector) = &rule.selector else { return false };
    let Ok(matcher) = selector.matcher() else { return false };
    let text = document.text();
    !document.outline().events.iter().any(|event| match &event.kind {
        // What an encrypted comment says is not known here.
        Kind::Comment { .. } if matcher.looks_at_comments() => {
            let comment = event.span.of(text);
            matcher.hits(comment) || memchr::memmem::find(comment, b"ENC[").is_some()
        }
        Kind::Key(key) if !matcher.looks_at_comments() => {
            matcher.hits(document.format().key_name(key.bytes(event.span, text)))
        }
        _ => false,
    })
}

/// What sops would follow for `path` from the root of its repository, where that is not `chosen`.
fn sops_follows(world: &World, path: &Path, chosen: Option<(&Path, usize)>) -> Option<SopsFollows> {
    let root = repository_root(path.parent()?)?;
    let found = RuleFile::locate_as_sops_from(world, &root, None).path;
    let Some(found) = found else { return chosen.map(|_| SopsFollows::NoFile) };
    // One that we do not follow for good reason is not looked into.
    let file = RuleFile::read(&found).ok()?;
    let index = file.first_match(&[path]).ok()?.map(|rule| rule.index);
    match (index, chosen) {
        (Some(index), Some((ours, same))) if found == ours && index == same => None,
        (None, None) => None,
        (Some(index), _) => Some(SopsFollows::Rule(found, index)),
        (None, Some(_)) => Some(SopsFollows::NoRule(found)),
    }
}

/// Every rule file of the repository that git tracks, and the one that counts in the working folder.
#[must_use]
pub fn rule_files(world: &World) -> Vec<PathBuf> {
    let any = world.folder.join(".env");
    let here = RuleFile::locate(world, &any);
    let tracked = Git::around(&any, &world.variables).and_then(|git| git.tracked_files()).unwrap_or_default();
    let is_rule_file =
        |path: &PathBuf| path.file_name().is_some_and(|name| name == super::rule_file::RULE_FILE);
    let mut all: Vec<PathBuf> = tracked.into_iter().filter(is_rule_file).chain(here).collect();
    all.retain(|path| files::exists(path));
    all.sort();
    all.dedup();
    all
}

/// How many rules a rule file has.
#[must_use]
pub fn rule_count(file: &RuleFile) -> usize {
    file.rules.iter().flat_map(Rules::all).count()
}
