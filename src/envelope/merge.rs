//! Three versions of a plaintext brought together leaf by leaf: what only one side changed counts.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::Plain;
use super::plain::ChangeError;
use crate::base::assemble::assemble;
use crate::base::{Kind, Node, Path, Step};
use crate::document::{Document, after_node, entries, nth_document};

/// What stands in the way of a merge; nothing is changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A change cannot be written down.
    #[error("{0}")]
    Change(#[from] ChangeError),
    /// Both sides changed these, differently.
    #[error("both sides changed {}", list(.0))]
    Conflict(Vec<Path>),
    /// There is no common base to tell who changed what, and these would be lost.
    #[error("{} would be lost", list(.0))]
    Lost(Vec<Path>),
}

/// The merged plaintext, and what of it came from the other side.
#[derive(Debug)]
pub struct Merged {
    /// Our text with their changes in it.
    pub plain: Plain,
    /// What was taken from them.
    pub taken: Vec<Path>,
}

/// `ours` with what only `theirs` changed since `base`. Lists count as a whole. Without a base, ours counts,
/// provided that nothing of theirs is lost.
///
/// # Errors
/// Conflicts and losses, all of them by path.
pub fn merge(base: Option<&Plain>, ours: &Plain, theirs: &Plain) -> Result<Merged, MergeError> {
    let Some(base) = base else {
        let (our_units, their_units) = (units(ours.document()), units(theirs.document()));
        let lost: Vec<_> = their_units.into_keys().filter(|path| !our_units.contains_key(path)).collect();
        let same = Merged { plain: ours.clone(), taken: Vec::new() };
        return if lost.is_empty() { Ok(same) } else { Err(MergeError::Lost(lost)) };
    };
    match merge_preferring_ours(base, ours, theirs)? {
        (merged, conflicts) if conflicts.is_empty() => Ok(merged),
        (_, conflicts) => Err(MergeError::Conflict(conflicts)),
    }
}

/// The same, but what both sides changed, differently, stays as ours has it; it is named beside the result.
///
/// # Errors
/// When a change of theirs cannot be written down in ours.
pub fn merge_preferring_ours(
    base: &Plain,
    ours: &Plain,
    theirs: &Plain,
) -> Result<(Merged, Vec<Path>), MergeError> {
    let (our_units, their_units) = (units(ours.document()), units(theirs.document()));
    let base_units = units(base.document());
    let mut conflicts = Vec::new();
    let mut taken = Vec::new();
    let mut paths: Vec<&Path> = their_units.keys().chain(base_units.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let (our, base, their) = (our_units.get(path), base_units.get(path), their_units.get(path));
        if our == their || base == their {
            continue;
        }
        let hides = matches!(their, Some(Node::List(_) | Node::Value(_)))
            && below(&our_units, path).any(|(ours, node)| base_units.get(ours) != Some(node));
        if our == base && !hides { taken.push(path.clone()) } else { conflicts.push(path.clone()) }
    }
    // What goes, goes first: it may be in the way of what comes.
    taken.sort_by_key(|path| their_units.contains_key(path));
    let mut plain = ours.clone();
    for path in &taken {
        let found = plain.document().find(path);
        let kind =
            found.and_then(|event| plain.document().outline().events.get(event)).map(|event| &event.kind);
        plain = match (their_units.get(path), kind) {
            // Emptied by now, or holding what we put there.
            (Some(Node::Map(_)), Some(Kind::Map(_))) | (None, None) => plain,
            // An empty map that they filled: what is new in it comes by itself.
            (None, Some(Kind::Map(_))) if below(&their_units, path).next().is_some() => plain,
            (Some(node), _) => plain.with(path, node)?,
            (None, Some(_)) => plain.without(path)?,
        };
    }
    Ok((Merged { plain, taken }, conflicts))
}

/// Scalars, whole lists and empty maps, by the path of keys that leads to them. Aliases are left to the document
/// they stand in.
fn units(document: &Document) -> BTreeMap<Path, Node> {
    let mut found = BTreeMap::new();
    let mut number = 0;
    while let Some(top) = nth_document(document.outline(), number) {
        let mut path = Path { document: number, steps: Vec::new() };
        collect(document, top, &mut path, &mut found);
        number += 1;
    }
    found
}

fn collect(document: &Document, node: usize, path: &mut Path, found: &mut BTreeMap<Path, Node>) {
    let outline = document.outline();
    let Some(event) = outline.events.get(node) else { return };
    let children = entries(outline, node);
    match event.kind {
        Kind::Alias => {}
        Kind::Map(_) if !children.is_empty() || path.steps.is_empty() => {
            for (key, child) in children {
                let Some(event) = outline.events.get(key) else { continue };
                let Kind::Key(text) = &event.kind else { continue };
                let name = document.format().key_name(text.bytes(event.span, document.text()));
                path.steps.push(Step::Key(name.to_vec()));
                collect(document, child, path, found);
                path.steps.pop();
            }
        }
        _ => {
            let events = outline.events.get(node..after_node(outline, node)).unwrap_or_default();
            if let Some(tree) = assemble(events, document.text()) {
                found.insert(path.clone(), tree);
            }
        }
    }
}

/// The units strictly below `path`.
fn below<'a>(units: &'a BTreeMap<Path, Node>, path: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Node)> {
    let inside = |other: &Path| other.document == path.document && other.steps.starts_with(&path.steps);
    units.range((Bound::Excluded(path), Bound::Unbounded)).take_while(move |(other, _)| inside(other))
}

fn list(paths: &[Path]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Format, Json, dotenv::Dotenv};

    fn merged(format: &'static dyn Format, texts: [&str; 3]) -> Result<String, MergeError> {
        let [base, ours, theirs] = texts.map(|text| Plain::parse(text.into(), format).unwrap());
        let merged = merge(Some(&base), &ours, &theirs)?;
        Ok(String::from_utf8(merged.plain.document().text().to_vec()).unwrap())
    }

    #[test]
    fn a_map_that_they_emptied_keeps_what_we_put_into_it() {
        let (base, theirs) = (r#"{"m":{"a":1}}"#, r#"{"m":{}}"#);
        assert_eq!(merged(&Json, [base, base, theirs]).unwrap(), theirs);
        let ours = r#"{"m":{"a":1,"b":2}}"#;
        assert_eq!(merged(&Json, [base, ours, theirs]).unwrap(), r#"{"m":{"b":2}}"#);
    }

    #[test]
    fn a_map_that_they_replaced_conflicts_with_what_we_put_into_it() {
        let texts = [r#"{"m": {"a": 1}}"#, r#"{"m": {"a": 1, "b": 2}}"#, r#"{"m": 3}"#];
        assert_eq!(merged(&Json, texts), Err(MergeError::Conflict(vec![Path::parse("m").unwrap()])));
    }

    #[test]
    fn an_empty_file_takes_what_they_wrote() {
        assert_eq!(merged(&Dotenv, ["", "", "A=1\n"]).unwrap(), "A=1\n");
    }
}
