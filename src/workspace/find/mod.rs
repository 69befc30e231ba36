//! Where a value stands in a repository: in which files, under which names, since which commit, and who can read it.
//! The work tree as git tracks it is looked at first; then the commits that changed what was found there, or all.

mod look;
mod past;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::history::Moment;
use super::members::Members;
use super::tree::Text;
use super::{Error, Keyring, OpenFile, open_file};
use crate::base::RecipientId;
use crate::redact::Needle;
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::{Git, Which};
use crate::world::{FileError, FileProblem, World};
pub use look::Spot;
use past::Past;

/// What is asked.
pub struct Question<'a> {
    /// The machine.
    pub world: &'a World,
    /// Who asks.
    pub keyring: &'a Keyring<'a>,
    /// The repository.
    pub git: Git,
    /// What is looked for.
    pub needle: &'a Needle,
    /// In every version that any branch, tag or stash leads to; else only what the work tree holds is followed back.
    pub in_history: bool,
}

/// What was found, and what could not be looked at.
#[derive(Default)]
pub struct Answer {
    /// Places, those of now first.
    pub places: Vec<Place>,
    /// Files of the work tree that were not searched, or only what of them is in the clear.
    pub closed: Vec<(PathBuf, Error)>,
    /// By path: how many of their versions do not open here.
    pub closed_versions: BTreeMap<PathBuf, usize>,
    /// Versions that are not here, or too large.
    pub absent_versions: usize,
    /// Commits were left out when the repository was cloned.
    pub is_shallow: bool,
    /// How many files of the work tree are encrypted.
    pub encrypted: usize,
    /// How many files were searched, in all.
    pub searched: usize,
}

/// A place where the value stands, or stood.
pub struct Place {
    /// Which file, absolute.
    pub path: PathBuf,
    /// Where in it, by the last version that held it.
    pub spot: Spot,
    /// Who can open the file now; `None` where it is in the clear, or stands there no more.
    pub now: Option<Members>,
    /// Who else could, in some version that held it.
    pub others: Vec<RecipientId>,
    /// The first commit that held it; `None`: none yet.
    pub since: Option<Moment>,
    /// Whether it stands in the work tree.
    pub is_current: bool,
    /// Of what is not current: the commit that took it away; `None`: some branch still has it.
    pub gone: Option<Moment>,
}

/// How far the work is: what is done, how much of it, of how many.
pub type Step<'s> = dyn FnMut(&'static str, usize, usize) + 's;

impl Question<'_> {
    /// Looks for it.
    ///
    /// # Errors
    /// When git does not answer.
    pub fn answer(self, step: &mut Step<'_>) -> Result<Answer, Error> {
        let mut answer = Answer::default();
        self.look_at_tree(&mut answer, step)?;
        let root = self.git.root().to_owned();
        let relative = |place: &Place| place.path.strip_prefix(&root).map(Path::to_owned).ok();
        let mut paths: Vec<PathBuf> = answer.places.iter().filter_map(relative).collect();
        paths.dedup();
        let (which, paths) = if self.in_history { (Which::All, Vec::new()) } else { (Which::Head, paths) };
        if !self.in_history && paths.is_empty() {
            return Ok(answer);
        }
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let history = self.git.history(which, &paths).ok_or(Error::GitSilent)?;
        answer.is_shallow = history.is_shallow;
        let mut past = Past::new(self.world, self.keyring, self.git, self.needle)?;
        past.walk(&history.commits, step);
        let keys = answer.places.iter().map(|place| (place.path.clone(), place.spot.key()));
        // Of several that are alike, the first.
        let positions: HashMap<_, usize> = keys.zip(0..).collect::<Vec<_>>().into_iter().rev().collect();
        for trace in past.take_traces() {
            let path = root.join(&trace.path);
            let position = positions.get(&(path.clone(), trace.spot.key())).copied();
            let Some(place) = position.and_then(|at| answer.places.get_mut(at)) else {
                if self.in_history {
                    answer.places.push(trace.place(path));
                }
                continue;
            };
            let is_known = |id: &RecipientId| place.now.as_ref().is_some_and(|now| now.has(id));
            place.others = trace.readers.into_iter().filter(|id| !is_known(id)).collect();
            place.since = Some(trace.since);
        }
        answer.absent_versions = past.absent;
        answer.closed_versions =
            past.closed.into_iter().map(|(path, count)| (root.join(path), count)).collect();
        Ok(answer)
    }

    fn look_at_tree(&self, answer: &mut Answer, step: &mut Step<'_>) -> Result<(), Error> {
        let paths = self.git.tracked_files().ok_or(Error::GitSilent)?;
        let count = paths.len();
        for (number, path) in paths.into_iter().enumerate() {
            step("searching file", number, count);
            match files::read(&path, SIZE_LIMIT) {
                Ok(text) => self.look_at_file(&path, text, answer),
                // It is deleted, and the index does not know yet.
                Err(error) if is_absent(&error) => {}
                Err(error) => answer.closed.push((path, error.into())),
            }
        }
        Ok(())
    }

    fn look_at_file(&self, path: &Path, text: Vec<u8>, answer: &mut Answer) {
        let found = match Text::of(path, text) {
            Text::Clear(text) => {
                answer.searched += 1;
                return answer.add(path, look::in_text(self.needle, &text, &[]), None);
            }
            Text::Sealed(sealed) => sealed,
            Text::Broken(text, error) => {
                answer.encrypted += 1;
                answer.closed.push((path.to_owned(), error));
                return answer.add(path, look::in_text(self.needle, &text, &[]), None);
            }
        };
        answer.encrypted += 1;
        let members = Members::of_file(found.metadata());
        match open_file::open(self.world, self.keyring, path, &found) {
            Ok((key, opened)) => {
                answer.searched += 1;
                let file = OpenFile { path: path.to_owned(), sealed: *found, opened, key };
                answer.add(path, look::in_file(self.needle, &file), Some(&members));
            }
            Err(error) => {
                answer.closed.push((path.to_owned(), error));
                answer.add(path, look::in_text(self.needle, found.document().text(), &[]), None);
            }
        }
    }
}

impl Answer {
    fn add(&mut self, path: &Path, spots: impl IntoIterator<Item = Spot>, members: Option<&Members>) {
        self.places.extend(spots.into_iter().map(|spot| Place {
            path: path.to_owned(),
            now: members.filter(|_| spot.is_encrypted).cloned(),
            spot,
            others: Vec::new(),
            since: None,
            is_current: true,
            gone: None,
        }));
    }
}

fn is_absent(error: &FileError) -> bool {
    matches!(error.problem, FileProblem::Io { kind: std::io::ErrorKind::NotFound, .. })
}
