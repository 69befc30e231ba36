//! What commonly goes wrong, schema or not: a file that hides nothing, a placeholder that was never filled in, a secret
//! under a name that build tools publish.

use super::seen::{Seen, SeenLeaf};
use super::stage::{Stage, stage_of};
use super::{Finding, Scope};
use crate::base::Step;
use crate::schema::hygiene::{is_placeholder, public_names};
use crate::schema::{Problem, Severity};

/// Files that are encrypted by name only.
pub(super) fn nothing_encrypted(scope: &Scope<'_>) -> Vec<Finding> {
    let holds_something =
        |leaf: &SeenLeaf| leaf.value.as_ref().is_some_and(|value| !value.expose().is_empty());
    let is_bare = |file: &&Seen| {
        file.leaves.iter().any(holds_something) && !file.leaves.iter().any(|leaf| leaf.encrypted)
    };
    let finding = |file: &Seen| Finding {
        file: file.path.clone(),
        line: 1,
        subject: String::new(),
        code: "nothing-encrypted",
        severity: Severity::Error,
        message: "no value of this file is encrypted: its selector matches nothing".to_owned(),
    };
    scope.files.iter().filter(is_bare).map(finding).collect()
}

/// Placeholders, and names that are published.
pub(super) fn values(scope: &Scope<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in scope.files {
        // A developer's own start may hold placeholders; production must not.
        let is_production = stage_of(&file.path, &scope.root).0 == Stage::Production;
        let severity = if is_production { Severity::Error } else { Severity::Warning };
        // A schema judges names itself.
        let has_schema = scope.schema_of(file).is_some();
        for leaf in &file.leaves {
            if leaf.value.as_ref().is_some_and(|value| is_placeholder(value.expose())) {
                found.push(Finding::at(file, leaf, severity, &Problem::Placeholder));
            }
            let Some(Step::Key(name)) = leaf.path.steps.last().filter(|_| !has_schema) else { continue };
            let said = public_names([&*String::from_utf8_lossy(name)]);
            found.extend(said.iter().map(|said| Finding::at(file, leaf, said.severity, &said.problem)));
        }
    }
    found
}
