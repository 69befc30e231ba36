//! Production that shares a secret with development: whoever has the one has the other. Only values that both files
//! set themselves count; what an environment takes from its base is shared on purpose.

use std::collections::HashMap;

use super::seen::{Seen, SeenLeaf};
use super::stage::{Stage, stage_of};
use super::{Finding, Scope};
use crate::base::{Path, Step};
use crate::redact::is_maskable;
use crate::schema::hygiene::sounds_secret;
use crate::schema::{Problem, Severity};

/// Secrets of production that stand in development too.
pub(super) fn judge(scope: &Scope<'_>) -> Vec<Finding> {
    let mut families: HashMap<String, Vec<(&Seen, Stage)>> = HashMap::new();
    for file in scope.files {
        let (stage, family) = stage_of(&file.path, &scope.root);
        families.entry(family).or_default().push((file, stage));
    }
    let mut found = Vec::new();
    for family in families.values() {
        let of = |wanted: &'static [Stage]| {
            family.iter().filter(move |(_, stage)| wanted.contains(stage)).map(|(file, _)| *file)
        };
        // By path, each secret of development with its file.
        let mut known: HashMap<&Path, Vec<(&Seen, &SeenLeaf)>> = HashMap::new();
        for file in of(&[Stage::Base, Stage::Development]) {
            for leaf in file.leaves.iter().filter(|leaf| is_secret(scope, file, leaf)) {
                known.entry(&leaf.path).or_default().push((file, leaf));
            }
        }
        for file in of(&[Stage::Production]) {
            for leaf in &file.leaves {
                let others = known.get(&leaf.path).into_iter().flatten();
                if let Some((other, _)) = others.into_iter().find(|(_, other)| other.value == leaf.value) {
                    let path = other.path.strip_prefix(&scope.root).unwrap_or(&other.path);
                    let problem = Problem::SameAs { environment: format!("`{}`", path.display()) };
                    found.push(Finding::at(file, leaf, Severity::Warning, &problem));
                }
            }
        }
    }
    found
}

/// Known, long enough not to be alike by chance, and called sensitive by its schema or its name.
fn is_secret(scope: &Scope<'_>, file: &Seen, leaf: &SeenLeaf) -> bool {
    if !leaf.value.as_ref().is_some_and(|value| is_maskable(value.expose())) {
        return false;
    }
    match scope.schema_of(file).and_then(|known| known.schema.item(&leaf.name)) {
        Some(item) if item.is_stated => item.sensitive,
        _ => match leaf.path.steps.last() {
            Some(Step::Key(name)) => sounds_secret(&String::from_utf8_lossy(name)),
            _ => false,
        },
    }
}
