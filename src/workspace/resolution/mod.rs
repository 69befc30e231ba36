//! A merge that stopped, done again from the versions that git keeps, and settled place by place.
//!
//! What was settled before is read from the file itself: between its markers stand two whole texts, and where both say
//! the same, nothing is open. So there is no state beside the file, and a merge that was never begun is begun here.

mod said;
mod stages;

use std::collections::{BTreeMap, BTreeSet};

use super::members::{Drift, Members};
use super::merging::{self, Contradiction, Labels, Merged, Sort, Terms, Three, Unmerged, part};
use super::{Error, Keyring, OpenFile, open_file};
use crate::base::{Path, RecipientId};
use crate::document::{Format, Layout};
use crate::envelope::{Choice, Metadata, Plain, Sealed};
use crate::world::World;
pub use said::Did;
use said::{Sayings, single};
pub use stages::{InConflict, NoConflict, Operation};

/// The three versions, and what of their conflicts is open.
pub struct Resolution {
    three: Three,
    /// What they say: the common base, ours, theirs.
    sayings: (Option<Sayings>, Sayings, Sayings),
    left: Option<Left>,
    /// The conflicts that were settled before.
    settled: BTreeSet<Path>,
    terms: Terms,
    /// What both sides changed, differently, in the order of the paths.
    pub conflicts: Vec<Conflict>,
    /// What is in conflict of the metadata, in words.
    pub metadata: Vec<String>,
}

/// A place where both sides have changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// It stands for all that is below it.
    pub path: Path,
    /// What ours did.
    pub ours: Did,
    /// What theirs did.
    pub theirs: Did,
    /// Not settled yet.
    pub is_open: bool,
}

/// Where a file stands.
pub enum Standing {
    /// Not one of its versions is encrypted.
    Plain,
    /// It was settled, whole, and git was not told.
    Settled,
    /// As found.
    Unsettled(Box<Resolution>),
}

/// What shall be settled.
#[derive(Clone, Debug, Default)]
pub struct Picks {
    /// Places.
    pub values: BTreeMap<Path, Choice>,
    /// The metadata: recipients, selector and the like.
    pub metadata: Option<Choice>,
}

/// A file in which more is settled than before.
pub struct Settled {
    /// Its text; marked, while something is open.
    pub text: Vec<u8>,
    /// How much is open.
    pub open: usize,
    /// Places that the format cannot hold as they were settled. Nothing should be written then.
    pub unsettled: Vec<Path>,
    /// Who can open it, and could not open ours.
    pub joins: Vec<RecipientId>,
    /// Who could open ours, and cannot open it.
    pub leaves: Vec<RecipientId>,
}

/// What an earlier call or the merge driver left between the markers.
struct Left {
    /// The text with ours everywhere: a file that opens.
    file: OpenFile,
    plain: Plain,
    ours: Sayings,
    theirs: Sayings,
    /// Both texts have the same metadata.
    same_terms: bool,
}

impl Resolution {
    /// Opens the versions of `found`.
    ///
    /// # Errors
    /// When one does not open, or they do not fit together.
    pub fn open(world: &World, keyring: &Keyring<'_>, found: &InConflict) -> Result<Standing, Unmerged> {
        let Sort::Encrypted(sealeds) = found.texts.clone().sort(&found.path)? else {
            return Ok(Standing::Plain);
        };
        let three = Three::open(world, keyring, &found.path, *sealeds)?;
        let work = found.work.as_deref().unwrap_or_default();
        let versions = [Some(&found.texts.ours), Some(&found.texts.theirs), found.texts.base.as_ref()];
        let parted = part(work);
        if parted.is_none()
            && !versions.into_iter().flatten().any(|version| version == work)
            && opened(world, keyring, &three, work.to_vec()).is_some()
        {
            return Ok(Standing::Settled);
        }
        let left = parted.and_then(|parted| Left::read(world, keyring, &three, parted.ours, parted.theirs));
        Ok(Standing::Unsettled(Box::new(Self::begin(world, keyring, three, left)?)))
    }

    fn begin(
        world: &World,
        keyring: &Keyring<'_>,
        three: Three,
        left: Option<Left>,
    ) -> Result<Self, Unmerged> {
        let (base, ours, theirs) = &three.plains;
        let sayings = (base.as_ref().map(Sayings::of), Sayings::of(ours), Sayings::of(theirs));
        let terms = three.terms(world, keyring, &Choice::Ours)?;
        let bared = bared(world, &three, &terms)?;
        let in_question = !bared.is_empty() || !terms.contradictions.is_empty();
        let left = match left {
            Some(left) if left.fits(&three, &terms, in_question) => Some(left),
            Some(left) if in_question => {
                let others = three.terms(world, keyring, &Choice::Theirs)?;
                Some(left).filter(|left| left.fits(&three, &others, true))
            }
            _ => None,
        };
        let conflicts = three.plain(&|_| Choice::Ours).conflicts.into_iter().map(|path| {
            let (base, ours, theirs) = &sayings;
            let base = base.as_ref().map(|base| base.at(&path));
            let (ours, theirs) = (ours.at(&path), theirs.at(&path));
            let is_open = left.as_ref().is_none_or(|left| left.is_open(&path));
            let (ours, theirs) = (Did::between(base.as_ref(), &ours), Did::between(base.as_ref(), &theirs));
            Conflict { path, ours, theirs, is_open }
        });
        let conflicts: Vec<Conflict> = conflicts.collect();
        let settled = conflicts.iter().filter(|one| !one.is_open).map(|one| one.path.clone()).collect();
        let metadata = match &left {
            Some(left) if left.same_terms => Vec::new(),
            _ => terms.contradictions.iter().map(Contradiction::words).chain(bared).collect(),
        };
        Ok(Self { three, sayings, left, settled, terms, conflicts, metadata })
    }

    /// The format of the versions.
    #[must_use]
    pub fn format(&self) -> &'static dyn Format {
        self.three.ours.sealed.document().format()
    }

    /// The form of lines of the plaintext.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.terms.metadata.extension.layout
    }

    /// How much is open.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.conflicts.iter().filter(|one| one.is_open).count() + usize::from(!self.metadata.is_empty())
    }

    /// The file with `picks` settled too.
    ///
    /// # Errors
    /// When it cannot be encrypted, or a value would stand in the clear.
    pub fn settle(
        &self,
        world: &World,
        keyring: &Keyring<'_>,
        picks: &Picks,
        labels: &Labels,
    ) -> Result<Settled, Unmerged> {
        let mut terms = self.terms(world, keyring, picks)?;
        let open = self.open_after(picks);
        if picks.metadata.is_some() || self.metadata.is_empty() {
            terms.contradictions.clear();
        }
        let choose = |path: &Path| self.choice(picks, path, Choice::Ours);
        let before = self.left.as_ref().map(|left| &left.file);
        let merged = self.three.merged(world, &terms, before, &choose)?;
        let open_count = open.len() + usize::from(picks.metadata.is_none() && !self.metadata.is_empty());
        let (joins, leaves) = self.drift(&terms);
        let Merged { unsettled, .. } = &merged;
        let unsettled = unsettled.iter().filter(|path| !open.contains(*path)).cloned().collect();
        let text = if open_count == 0 {
            merged.text
        } else {
            let other = |path: &Path| self.choice(picks, path, Choice::Theirs);
            self.three.in_conflict(world, keyring, &terms, &merged, labels, &other)?
        };
        Ok(Settled { text, open: open_count, unsettled, joins, leaves })
    }

    /// The plaintexts in which `paths` are as ours and as theirs has them, for a person to make one of them.
    #[must_use]
    pub fn to_edit(&self, paths: &[Path]) -> (Plain, Plain) {
        let side = |side: &Choice| {
            let picks = paths.iter().map(|path| (path.clone(), side.clone())).collect();
            let picks = Picks { values: picks, metadata: None };
            self.three.plain(&|path| self.choice(&picks, path, Choice::Ours)).plain
        };
        (side(&Choice::Ours), side(&Choice::Theirs))
    }

    /// Picks for `paths` as `edited` has them; `None` when it says something else than them, or one of them cannot be
    /// picked alone.
    #[must_use]
    pub fn picked(&self, paths: &[Path], edited: &Plain) -> Option<Picks> {
        let said = Sayings::of(edited);
        let choices = paths.iter().map(|path| Some((path.clone(), self.choice_of(edited, &said, path)?)));
        let picks = Picks { values: choices.collect::<Option<_>>()?, metadata: None };
        let expected = self.three.plain(&|path| self.choice(&picks, path, Choice::Ours)).plain;
        let root = |plain: &Plain| {
            let values = plain.leaves().into_iter();
            values.map(|(path, value)| (plain.document().named(path), value)).collect::<Vec<_>>()
        };
        let (mut expected, mut said) = (root(&expected), root(edited));
        expected.sort_by(|one, two| one.0.cmp(&two.0));
        said.sort_by(|one, two| one.0.cmp(&two.0));
        (expected == said).then_some(picks)
    }

    /// The file that says what `edited` says, all of it.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub fn settle_as(&self, world: &World, keyring: &Keyring<'_>, edited: &Plain) -> Result<Settled, Error> {
        let terms = self.terms(world, keyring, &Picks::default())?;
        let before = self.left.as_ref().map(|left| &left.file);
        let file = self.three.encrypted(world, &terms, before, edited)?;
        let has_secrets =
            |file: &OpenFile| file.opened.leaves.iter().any(|leaf| leaf.encrypted && !leaf.comment);
        if has_secrets(&self.three.ours) && !has_secrets(&file) {
            return Err(Error::NothingEncrypted(self.three.ours.path.clone()));
        }
        let (joins, leaves) = self.drift(&terms);
        let text = file.sealed.document().text().to_vec();
        Ok(Settled { text, open: 0, unsettled: Vec::new(), joins, leaves })
    }

    /// What stays open with `picks` settled.
    fn open_after(&self, picks: &Picks) -> BTreeSet<Path> {
        let open = self.conflicts.iter().filter(|one| one.is_open && !picks.values.contains_key(&one.path));
        open.map(|one| one.path.clone()).collect()
    }

    /// As `picks` has it, or as it was settled before, or else as `open` says.
    fn choice(&self, picks: &Picks, path: &Path, open: Choice) -> Choice {
        if let Some(choice) = picks.values.get(path) {
            return choice.clone();
        }
        let left = self.left.as_ref().filter(|_| self.settled.contains(path));
        left.and_then(|left| self.choice_of(&left.plain, &left.ours, path)).unwrap_or(open)
    }

    /// The choice by which `path` says what `plain` says there, whose sayings are `said`.
    fn choice_of(&self, plain: &Plain, said: &Sayings, path: &Path) -> Option<Choice> {
        let wanted = said.at(path);
        let (base, ours, theirs) = &self.sayings;
        let versions =
            [(Some(ours), Choice::Ours), (Some(theirs), Choice::Theirs), (base.as_ref(), Choice::Base)];
        let found = versions
            .into_iter()
            .find_map(|(version, choice)| (version?.at(path) == wanted).then_some(choice));
        found.or_else(|| single(plain, path).map(Choice::Value))
    }

    /// Recipients, selector and data key of the result.
    fn terms(&self, world: &World, keyring: &Keyring<'_>, picks: &Picks) -> Result<Terms, Error> {
        if let Some(side) = &picks.metadata {
            let mut terms = self.three.terms(world, keyring, side)?;
            let file = if *side == Choice::Theirs { &self.three.theirs } else { &self.three.ours };
            terms.metadata.selector = file.sealed.metadata().selector.clone();
            return Ok(terms);
        }
        let mut terms = self.terms.clone();
        if let Some(left) = self.left.as_ref() {
            terms.metadata = left.file.sealed.metadata().clone();
            terms.metadata.extension.seal = None;
            terms.key = left.file.key.clone();
        }
        Ok(terms)
    }

    fn drift(&self, terms: &Terms) -> (Vec<RecipientId>, Vec<RecipientId>) {
        let wanted = Members::of_file(&terms.metadata);
        let Drift { joins, leaves, .. } = Drift::between(self.three.ours.sealed.metadata(), &wanted);
        (joins, leaves)
    }
}

impl Left {
    fn read(
        world: &World,
        keyring: &Keyring<'_>,
        three: &Three,
        ours: Vec<u8>,
        theirs: Vec<u8>,
    ) -> Option<Self> {
        let file = opened(world, keyring, three, ours)?;
        let sealed = Sealed::parse(theirs, file.sealed.document().format()).ok()?;
        // Only looked at, to tell what is open: it is no file of its own, and may have no MAC of its own.
        let theirs = match sealed.open_ignoring_mac(&file.key) {
            Ok(opened) => opened,
            Err(_) => open_file::open(world, keyring, &file.path, &sealed).ok()?.1,
        };
        let theirs = Plain::parse(sealed.plaintext(&theirs).ok()?, file.sealed.document().format()).ok()?;
        let plain = file.plain().ok()?;
        let (ours, theirs) = (Sayings::of(&plain), Sayings::of(&theirs));
        let same_terms = same_terms(file.sealed.metadata(), sealed.metadata());
        Some(Self { file, plain, ours, theirs, same_terms })
    }

    /// Whether it was made under `terms`. What git alone left may open too, when all that the sides changed stands
    /// between markers; but it is no merged file. With `any_selector`, a person may have chosen another.
    fn fits(&self, three: &Three, terms: &Terms, any_selector: bool) -> bool {
        let has_new_key = self.file.key != three.ours.key && self.file.key != three.theirs.key;
        let mut metadata = self.file.sealed.metadata().clone();
        if any_selector {
            metadata.selector.clone_from(&terms.metadata.selector);
        }
        has_new_key == terms.is_new && same_terms(&metadata, &terms.metadata)
    }

    fn is_open(&self, path: &Path) -> bool {
        self.ours.at(path) != self.theirs.at(path)
    }
}

/// What would stand in the clear by the selector that only one side changed, in words.
fn bared(world: &World, three: &Three, terms: &Terms) -> Result<Vec<String>, Unmerged> {
    let selector = |file: &OpenFile| file.sealed.metadata().selector.clone();
    if selector(&three.ours) == selector(&three.theirs) {
        return Ok(Vec::new());
    }
    let words = |path: &Path| format!("its selector, by which `{path}` would stand in the clear");
    match three.merged(world, terms, None, &|_| Choice::Ours) {
        Err(Unmerged::Bared(paths)) => Ok(paths.iter().map(words).collect()),
        other => other.map(|_| Vec::new()),
    }
}

/// `text`, opened and verified, mostly with a key that opened another version.
fn opened(world: &World, keyring: &Keyring<'_>, three: &Three, text: Vec<u8>) -> Option<OpenFile> {
    let sealed = Sealed::parse(text, three.ours.sealed.document().format()).ok()?;
    let mut keys = vec![three.ours.key.clone(), three.theirs.key.clone()];
    merging::opened(world, keyring, &three.ours.path, sealed, &mut keys).ok()
}

fn same_terms(one: &Metadata, two: &Metadata) -> bool {
    Members::of_file(one) == Members::of_file(two)
        && one.selector == two.selector
        && one.mac_only_encrypted == two.mac_only_encrypted
        && one.unknown == two.unknown
}
