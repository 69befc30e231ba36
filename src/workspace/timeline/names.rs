//! What recipients are called: by the rule file as it stands, and who it names no more, as it named them last.

use std::path::{Path, PathBuf};

use super::super::history::Archive;
use super::super::rule_file::RULE_FILE;
use super::super::{RuleBook, RuleFile};
use crate::base::RecipientId;
use crate::policy::Names;
use crate::world::World;

/// Names of now and then.
pub struct PastNames<'w> {
    world: &'w World,
    path: PathBuf,
    now: Names,
    /// The newest first; read once somebody is not known now.
    older: Option<Vec<Names>>,
}

impl<'w> PastNames<'w> {
    /// For the recipients of the file at `path`.
    #[must_use]
    pub fn new(world: &'w World, path: &Path) -> Self {
        Self { world, path: path.to_owned(), now: RuleBook::new(world).names(path), older: None }
    }

    /// The names among which `id` has one, if any have.
    pub fn of(&mut self, id: &RecipientId, archive: &mut Archive<'_>) -> &Names {
        let spelling = id.spelling();
        let knows = |names: &&Names| names.name_of(&spelling).is_some();
        if knows(&&self.now) {
            return &self.now;
        }
        let (world, path) = (self.world, &self.path);
        let older = self.older.get_or_insert_with(|| older(world, path, archive).unwrap_or_default());
        older.iter().find(knows).unwrap_or(&self.now)
    }
}

/// The names in all versions of the rule file that counts for the file at `path`.
fn older(world: &World, path: &Path, archive: &mut Archive<'_>) -> Option<Vec<Names>> {
    let root = archive.git().root().to_owned();
    let place = RuleFile::locate(world, path).unwrap_or_else(|| root.join(RULE_FILE));
    let place = place.strip_prefix(&root).ok()?;
    let lineage = archive.git().lineage(&[place])?;
    let versions = lineage.steps.iter().flat_map(|step| &step.made).filter_map(|made| made.after.as_ref());
    let mut found: Vec<Names> = Vec::new();
    for id in versions.take(MOST_VERSIONS) {
        let Some(text) = archive.bytes(id) else { continue };
        if let Ok(file) = RuleFile::parse(&root.join(place), text)
            && found.last() != Some(&file.names)
        {
            found.push(file.names);
        }
    }
    Some(found)
}

/// Versions of a rule file that are asked for names.
const MOST_VERSIONS: usize = 200;
