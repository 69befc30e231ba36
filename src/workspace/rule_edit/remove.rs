//! One recipient less.

use super::find::{Finder, Spot};
use super::{RuleEditError, RuleText, comma};
use crate::base::span::line_of;
use crate::base::{Kind, Path, RecipientId, Span, Step};
use crate::document::yaml::Yaml;
use crate::document::{Document, Format, Splice, after_node, items};

/// The rule file without one place in the rule at `index` that names `key`; `None` when there is none.
pub fn from_rule(file: &RuleText, index: usize, key: &RecipientId) -> Result<Option<Vec<u8>>, RuleEditError> {
    let document = &file.document;
    let finder = Finder::new(document);
    let named = file.rules.get(index).and_then(|rule| rule.as_ref().ok());
    if !named.is_some_and(|rule| rule.groups.iter().flatten().any(|other| other == key)) {
        return Ok(None);
    }
    let spot =
        finder.groups(index).and_then(|groups| groups.iter().find_map(|group| finder.spot(group, key)));
    let Some(spot) = spot else { return Err(refused(document, 0)) };
    let splices = match spot {
        Spot::Field { map, name } => {
            let mut path = document.path_of(map);
            path.steps.push(Step::Key(name.as_bytes().to_vec()));
            cut(&finder, &path)?
        }
        Spot::Item(item) => cut(&finder, &document.path_of(item))?,
        Spot::Part { scalar, part } => {
            let event = finder.event(scalar).ok_or_else(|| refused(document, scalar))?;
            let Kind::Scalar(style, _) = event.kind else { return Err(refused(document, scalar)) };
            let splice = comma::without(document.text(), event, style, part);
            vec![splice.ok_or_else(|| refused(document, scalar))?]
        }
    };
    spliced(document, splices).map(Some)
}

/// The rule file without one definition of `key` outside the rules, when no rule names it any more and no alias leads to
/// the definition.
pub fn definition(file: &RuleText, key: &RecipientId) -> Result<Option<Vec<u8>>, RuleEditError> {
    let mut rules = file.rules.iter().flatten();
    if rules.any(|rule| rule.groups.iter().flatten().any(|other| other == key)) {
        return Ok(None);
    }
    let document = &file.document;
    let finder = Finder::new(document);
    let unused = |at: &usize| match finder.anchor_of(*at) {
        Some(anchor) => finder.aliases_of(anchor).is_empty(),
        None => matches!(document.path_of(*at).steps.last(), Some(Step::Index(_))),
    };
    let Some(at) = finder.definitions(&key.spelling()).into_iter().find(unused) else { return Ok(None) };
    let mut path = document.path_of(at);
    // A list of one goes with it, when it is a field.
    if let Some((Step::Index(_), above)) = path.steps.split_last()
        && matches!(above.last(), Some(Step::Key(_)))
    {
        let list = Path { document: path.document, steps: above.to_vec() };
        if document.find(&list).is_some_and(|at| items(document.outline(), at).len() == 1) {
            path = list;
        }
    }
    spliced(document, cut(&finder, &path)?).map(Some)
}

/// What takes the node at `path` out. Where aliases lead to an anchor in it, the first of them becomes the anchor.
fn cut(finder: &Finder<'_>, path: &Path) -> Result<Vec<Splice>, RuleEditError> {
    let document = finder.document;
    let node = document.find(path).ok_or_else(|| refused(document, 0))?;
    let mut splices = Yaml.remove(document, path).map_err(|_| refused(document, node))?;
    let end = after_node(document.outline(), node);
    let inner =
        (node + 1..end).filter(|at| matches!(finder.event(*at).map(|event| &event.kind), Some(Kind::Anchor)));
    for anchor in finder.anchor_of(node).into_iter().chain(inner) {
        let aliases = finder.aliases_of(anchor);
        let Some(alias) = aliases.into_iter().find(|alias| !(node..end).contains(alias)) else { continue };
        let target = finder.resolve(alias).ok_or_else(|| refused(document, alias))?;
        if !matches!(finder.event(target).map(|event| &event.kind), Some(Kind::Scalar(..))) {
            return Err(refused(document, alias));
        }
        let sign = |span: Span| Span { start: span.start.saturating_sub(1), ..span };
        let written = Span { end: finder.span(target).end, ..sign(finder.span(anchor)) };
        splices.push(Splice::new(sign(finder.span(alias)), written.of(document.text())));
    }
    Ok(splices)
}

fn spliced(document: &Document, splices: Vec<Splice>) -> Result<Vec<u8>, RuleEditError> {
    Ok(document.spliced(splices)?.text().to_vec())
}

fn refused(document: &Document, at: usize) -> RuleEditError {
    let start = document.outline().events.get(at).map_or(0, |event| event.span.range().start);
    RuleEditError::Refused(line_of(document.text(), start))
}
