//! Three versions of an encrypted file brought together: opened and verified, merged by value, encrypted again. What
//! does not verify is never written anew.

mod marked;
mod terms;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Error, Keyring, OpenFile, RuleFile, open_file};
use crate::base::{DataKey, Path as ValuePath, Value};
use crate::document::splice;
use crate::envelope::{
    Choice, FormError, MergedText, Plain, Sealed, Verdict, merge_texts, reencrypt_from, says_the_same,
};
use crate::world::World;
pub use marked::{Labels, Parted, first_marker, is_marked, marked, part};
pub use terms::{Contradiction, Terms};

/// What git hands to a merge driver, or keeps in its index.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The common base; `None` where both sides have added the file.
    pub base: Option<Vec<u8>>,
    /// Ours.
    pub ours: Vec<u8>,
    /// Theirs.
    pub theirs: Vec<u8>,
}

/// What these texts are.
pub enum Sort {
    /// Not one of them is encrypted.
    Plain,
    /// All of them are.
    Encrypted(Box<Sealeds>),
}

/// The three versions, not opened yet.
pub struct Sealeds {
    base: Option<Sealed>,
    ours: Sealed,
    theirs: Sealed,
}

/// The three versions, opened and verified.
pub struct Three {
    /// The common base.
    pub base: Option<OpenFile>,
    /// Ours.
    pub ours: OpenFile,
    /// Theirs.
    pub theirs: OpenFile,
    /// All three in the clear.
    pub plains: (Option<Plain>, Plain, Plain),
}

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The common base.
    Base,
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
}

/// Why nothing can be merged; nothing is changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unmerged {
    /// One of the versions is not encrypted, another is.
    #[error("{} is encrypted, {} is not", .encrypted.words(), .plain.words())]
    Mixed {
        /// One that is.
        encrypted: Side,
        /// One that is not.
        plain: Side,
    },
    /// Values that one side keeps encrypted would stand in the clear, by the selector of the other.
    #[error(
        "by the selector that only one side changed, {} would stand in the clear, which the other side encrypts",
        .0.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
    )]
    Bared(Vec<ValuePath>),
    /// They are of different formats.
    #[error("{} is not of the format that ours is of", .0.words())]
    Format(Side),
    /// One of the versions does not open, or is no encrypted file.
    #[error("{}: {cause}", .side.words())]
    Side {
        /// Which.
        side: Side,
        /// Why.
        cause: Box<Error>,
    },
    /// The result cannot be written.
    #[error(transparent)]
    Result(#[from] Error),
}

/// A merged file.
#[derive(Debug)]
pub struct Merged {
    /// Its text: valid, whatever conflicts there were.
    pub text: Vec<u8>,
    /// What both sides changed, differently; each stands for all that is below it. Settled as was asked for.
    pub conflicts: Vec<ValuePath>,
    /// Those of the conflicts that the format cannot hold as they were settled; they are as ours has them.
    pub unsettled: Vec<ValuePath>,
}

impl Side {
    /// As people call it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Base => "the common base",
            Self::Ours => "our version",
            Self::Theirs => "their version",
        }
    }
}

impl Texts {
    /// What they are, as versions of the file at `path`.
    ///
    /// # Errors
    /// When some are encrypted and others are not, or one is damaged.
    pub fn sort(self, path: &Path) -> Result<Sort, Unmerged> {
        let read = |side, text: Vec<u8>| match open_file::parse(text, path, None) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(Error::Form { cause: FormError::NotEncrypted, .. }) => Ok(None),
            Err(cause) => Err(Unmerged::Side { side, cause: Box::new(cause) }),
        };
        // Any text at all, as long as nobody encrypted it.
        let may_be_plain = |text: &Vec<u8>| memchr::memmem::find(text, b"sops").is_none();
        if [Some(&self.ours), Some(&self.theirs), self.base.as_ref()].into_iter().flatten().all(may_be_plain)
        {
            return Ok(Sort::Plain);
        }
        let ours = read(Side::Ours, self.ours)?;
        let theirs = read(Side::Theirs, self.theirs)?;
        let base = self.base.map(|text| read(Side::Base, text)).transpose()?;
        let mixed = |encrypted, plain| Err(Unmerged::Mixed { encrypted, plain });
        match (base, ours, theirs) {
            (None | Some(None), None, None) => Ok(Sort::Plain),
            (_, Some(_), None) => mixed(Side::Ours, Side::Theirs),
            (_, None, Some(_)) => mixed(Side::Theirs, Side::Ours),
            (Some(Some(_)), None, None) => mixed(Side::Base, Side::Ours),
            (Some(None), Some(_), Some(_)) => mixed(Side::Ours, Side::Base),
            (base, Some(ours), Some(theirs)) => {
                Ok(Sort::Encrypted(Box::new(Sealeds { base: base.flatten(), ours, theirs })))
            }
        }
    }
}

impl Three {
    /// Opens and verifies all of them, as versions of the file at `path`.
    ///
    /// # Errors
    /// When one does not open, or they do not fit together.
    pub fn open(
        world: &World,
        keyring: &Keyring<'_>,
        path: &Path,
        sealeds: Sealeds,
    ) -> Result<Self, Unmerged> {
        let Sealeds { base, ours, theirs } = sealeds;
        let format = |sealed: &Sealed| sealed.document().format().name();
        for (side, other) in [(Side::Theirs, Some(&theirs)), (Side::Base, base.as_ref())] {
            if other.is_some_and(|other| format(other) != format(&ours)) {
                return Err(Unmerged::Format(side));
            }
        }
        let wants_seal = keyring.require_seal || RuleFile::wants_seal(world, path)?;
        let mut keys = Vec::new();
        let mut open = |side, sealed| {
            let opened = opened(world, keyring, path, sealed, &mut keys).and_then(|file| {
                let lacks_seal = file.opened.verdict == Verdict::Unsealed && wants_seal && side != Side::Base;
                if lacks_seal { Err(Error::SealRequired(path.to_owned())) } else { Ok(file) }
            });
            opened.map_err(|cause| Unmerged::Side { side, cause: Box::new(cause) })
        };
        let ours = open(Side::Ours, ours)?;
        let theirs = open(Side::Theirs, theirs)?;
        let base = base.map(|base| open(Side::Base, base)).transpose()?;
        let plain = |side, file: &OpenFile| {
            file.plain().map_err(|cause| Unmerged::Side { side, cause: Box::new(cause) })
        };
        let plains = (
            base.as_ref().map(|base| plain(Side::Base, base)).transpose()?,
            plain(Side::Ours, &ours)?,
            plain(Side::Theirs, &theirs)?,
        );
        Ok(Self { base, ours, theirs, plains })
    }

    /// The plaintexts brought together, conflicts settled as `choose` says.
    #[must_use]
    pub fn plain(&self, choose: &dyn Fn(&ValuePath) -> Choice) -> MergedText {
        let (base, ours, theirs) = &self.plains;
        merge_texts(base.as_ref(), ours, theirs, choose)
    }

    /// The merged file under `terms`, conflicts settled as `choose` says. `before` is a version of it that was settled
    /// otherwise, whose ciphertext counts first.
    ///
    /// # Errors
    /// When it cannot be encrypted, does not read back, or a value of one side would stand in the clear.
    pub fn merged(
        &self,
        world: &World,
        terms: &Terms,
        before: Option<&OpenFile>,
        choose: &dyn Fn(&ValuePath) -> Choice,
    ) -> Result<Merged, Unmerged> {
        let MergedText { plain, conflicts, unsettled } = self.plain(choose);
        let (_, ours, theirs) = &self.plains;
        for (side, its_plain) in [(&self.ours, ours), (&self.theirs, theirs)] {
            let is_same = its_plain.document().text() == plain.document().text();
            if before.is_none() && is_same && terms.are_of(side) {
                let text = side.sealed.document().text().to_vec();
                return Ok(Merged { text, conflicts, unsettled });
            }
        }
        let file = self.encrypted(world, terms, before, &plain)?;
        let bared = self.bared(&file);
        if !bared.is_empty() {
            return Err(Unmerged::Bared(bared));
        }
        Ok(Merged { text: file.sealed.document().text().to_vec(), conflicts, unsettled })
    }

    /// `plain` under `terms`, with the ciphertext of whichever version has it; that of `before` counts first.
    ///
    /// # Errors
    /// When it cannot be encrypted, or does not read back.
    pub fn encrypted(
        &self,
        world: &World,
        terms: &Terms,
        before: Option<&OpenFile>,
        plain: &Plain,
    ) -> Result<OpenFile, Error> {
        let all = [before, Some(&self.ours), Some(&self.theirs), self.base.as_ref()];
        let versions = all.into_iter().flatten().filter(|file| file.key == terms.key);
        let versions: Vec<_> = versions.map(|file| (&file.sealed, &file.opened)).collect();
        let (clock, random) = (&*world.clock, &*world.random);
        let path = || self.ours.path.clone();
        let written = reencrypt_from(plain, &versions, terms.metadata.clone(), &terms.key, clock, random)
            .map_err(|cause| Error::Encrypt { path: path(), cause })?;
        self.read_back(written.text, &terms.key, plain)
    }

    /// `text`, opened: it says what it should, and its seal fits.
    ///
    /// # Errors
    /// When it does not; that is a bug of ours, found before anything was written.
    fn read_back(&self, text: Vec<u8>, key: &DataKey, plain: &Plain) -> Result<OpenFile, Error> {
        let path = self.ours.path.clone();
        let wrong = |_| Error::NotReadBack(path.clone());
        let sealed = Sealed::parse(text, plain.document().format()).map_err(wrong)?;
        let opened = sealed.open(key).map_err(|_| Error::NotReadBack(path.clone()))?;
        let file = OpenFile { path: path.clone(), sealed, opened, key: key.clone() };
        let is_right = says_the_same(&file.plain()?, plain) && file.opened.verdict == Verdict::Sealed;
        if is_right { Ok(file) } else { Err(Error::NotReadBack(path)) }
    }

    /// Values that a side keeps encrypted, and `file` has in the clear, where no side says just that in the clear: what
    /// one side bared may be what the other has changed since.
    fn bared(&self, file: &OpenFile) -> Vec<ValuePath> {
        let selector = |file: &OpenFile| file.sealed.metadata().selector.clone();
        if selector(&self.ours) == selector(&self.theirs) && selector(file) == selector(&self.ours) {
            return Vec::new();
        }
        let (ours, theirs) = (Standing::of(&self.ours, false), Standing::of(&self.theirs, false));
        let hidden = [Standing::of(&self.ours, true), Standing::of(&self.theirs, true)];
        let is_bared = |(path, value): &(ValuePath, &Value)| {
            hidden.iter().any(|hidden| hidden.has(path))
                && !ours.says(path, value)
                && !theirs.says(path, value)
        };
        let clear = Standing::of(file, false).0.into_iter();
        clear
            .flat_map(|(path, values)| values.into_iter().map(move |value| (path.clone(), value)))
            .filter(is_bared)
            .map(|(path, _)| path)
            .collect()
    }

    /// The text of a file in conflict: `merged`, in which every conflict is settled as ours, with the lines marked that
    /// would be others if what is open were settled as `other` says, mostly as theirs. Taking ours in every place gives `merged` byte for byte.
    ///
    /// # Errors
    /// When the other way cannot be encrypted.
    pub fn in_conflict(
        &self,
        world: &World,
        keyring: &Keyring<'_>,
        terms: &Terms,
        merged: &Merged,
        labels: &Labels,
        other: &dyn Fn(&ValuePath) -> Choice,
    ) -> Result<Vec<u8>, Unmerged> {
        let theirs = self.theirs.sealed.document().text();
        if !terms.contradictions.is_empty() {
            let terms = self.terms(world, keyring, &Choice::Theirs)?;
            let other = self.merged(world, &terms, None, other)?;
            let other = if other.text == merged.text { theirs } else { &other.text };
            return Ok(marked(&merged.text, other, labels));
        }
        let format = self.ours.sealed.document().format();
        let wrong = || Error::NotReadBack(self.ours.path.clone());
        let sealed = Sealed::parse(merged.text.clone(), format).map_err(|_| wrong())?;
        let opened = sealed.open(&terms.key).map_err(|_| wrong())?;
        let ours = OpenFile { path: self.ours.path.clone(), sealed, opened, key: terms.key.clone() };
        let other = self.merged(world, terms, Some(&ours), other)?;
        if !other.unsettled.is_empty() {
            return Ok(marked(&merged.text, theirs, labels));
        }
        // Values alone are in conflict: the metadata is that of ours.
        let metadata = ours.sealed.metadata().to_node();
        let other = Sealed::parse(other.text, format).map_err(|_| wrong())?;
        let splices = format.put_metadata(other.document(), Some(&metadata)).map_err(|_| wrong())?;
        let other = splice(other.document().text(), splices);
        Ok(marked(&merged.text, if other == merged.text { theirs } else { &other }, labels))
    }
}

/// The values of a file that are encrypted, or that are not, each with its place.
struct Standing<'f>(BTreeMap<ValuePath, Vec<&'f Value>>);

impl<'f> Standing<'f> {
    fn of(file: &'f OpenFile, encrypted: bool) -> Self {
        let document = file.sealed.document();
        let mut nodes = document.nodes().into_iter();
        let leaves = file.opened.leaves.iter().filter(|leaf| {
            !leaf.comment && leaf.encrypted == encrypted && !leaf.value.plain_bytes().is_empty()
        });
        let mut found: BTreeMap<ValuePath, Vec<&Value>> = BTreeMap::new();
        for leaf in leaves {
            if let Some((path, _)) = nodes.find(|(_, event)| *event == leaf.event) {
                found.entry(document.named(path)).or_default().push(&leaf.value);
            }
        }
        Self(found)
    }

    fn has(&self, path: &ValuePath) -> bool {
        self.0.contains_key(path)
    }

    fn says(&self, path: &ValuePath, value: &Value) -> bool {
        let values = self.0.get(path).map(Vec::as_slice).unwrap_or_default();
        values.iter().any(|other| other.plain_bytes() == value.plain_bytes())
    }
}

/// `sealed`, opened with one of `keys`, which opened other versions, or else with one that is unwrapped.
pub(super) fn opened(
    world: &World,
    keyring: &Keyring<'_>,
    path: &Path,
    sealed: Sealed,
    keys: &mut Vec<DataKey>,
) -> Result<OpenFile, Error> {
    for key in &*keys {
        if let Ok(opened) = sealed.open(key) {
            return Ok(OpenFile { path: path.to_owned(), sealed, opened, key: key.clone() });
        }
    }
    let (key, opened) = open_file::open(world, keyring, path, &sealed)?;
    keys.push(key.clone());
    Ok(OpenFile { path: path.to_owned(), sealed, opened, key })
}
