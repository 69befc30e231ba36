//! Three texts become one: what it says is decided unit by unit; comments, order and form are those of both sides, as
//! far as their lines let them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::commas::{with_commas, without_commas};
use super::decide::{Choice, Decision, Sides, is_within};
use super::lines::{join_lines, lines, merge_lines};
use super::repair::repaired;
use super::units::{Units, same};
use crate::base::Path;
use crate::document::Document;
use crate::envelope::Plain;

/// A plaintext in which both sides are.
#[derive(Debug)]
pub struct MergedText {
    /// It.
    pub plain: Plain,
    /// What both sides changed, differently, however it was settled; each stands for all that is below it.
    pub conflicts: Vec<Path>,
    /// Those of the conflicts that cannot be written as they were settled, and are as ours has them.
    pub unsettled: Vec<Path>,
}

/// Rounds in which what cannot be written becomes a conflict. Each of them names all that it finds.
const MOST_ROUNDS: usize = 8;

/// `ours` and `theirs` brought together, where `base` tells who changed what; conflicts are settled as `choose` says.
/// Without a base, what only one side has is taken.
///
/// Meaning comes from what was decided for single values, whole lists and maps, never from lines: the result says
/// exactly that. What one side only moved, respelled or commented is kept where no line of the other is in the way.
#[must_use]
pub fn merge_texts(
    base: Option<&Plain>,
    ours: &Plain,
    theirs: &Plain,
    choose: &dyn Fn(&Path) -> Choice,
) -> MergedText {
    let text = |plain: &Plain| plain.document().text().to_vec();
    let done =
        |plain: &Plain| MergedText { plain: plain.clone(), conflicts: Vec::new(), unsettled: Vec::new() };
    if let Some(base) = base.map(text) {
        if base == ours.document().text() {
            return done(theirs);
        }
        if base == theirs.document().text() {
            return done(ours);
        }
    }
    if ours.document().text() == theirs.document().text() {
        return done(ours);
    }
    let units = base.map(|base| Units::of(base.document()));
    let (our_units, their_units) = (Units::of(ours.document()), Units::of(theirs.document()));
    let sides = Sides { base: units.as_ref(), ours: &our_units, theirs: &their_units };
    let (mut also, mut unsettled) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..MOST_ROUNDS {
        let choose = |path: &Path| if unsettled.contains(path) { Choice::Ours } else { choose(path) };
        let decision = sides.decide(&also, &choose);
        match written(&sides, (base, ours, theirs), &decision) {
            Ok(plain) => {
                let unsettled = decision.conflicts.iter().filter(|path| unsettled.contains(*path));
                return MergedText {
                    plain,
                    unsettled: unsettled.cloned().collect(),
                    conflicts: decision.conflicts,
                };
            }
            Err(failed) => {
                for path in failed {
                    match decision.conflicts.iter().find(|conflict| is_within(&path, conflict)) {
                        Some(conflict) => drop(unsettled.insert(conflict.clone())),
                        None => drop(also.insert(path)),
                    }
                }
            }
        }
    }
    // Something of theirs cannot be written in ours, and what that is cannot be told apart.
    let everything = sides.differing();
    MergedText { plain: ours.clone(), unsettled: everything.clone(), conflicts: everything }
}

/// Whether two plaintexts say the same, spelling, comments and order aside.
#[must_use]
pub fn says_the_same(one: &Plain, two: &Plain) -> bool {
    let (one, two) = (Units::of(one.document()), Units::of(two.document()));
    let both = one.found.iter().zip(&two.found);
    one.found.len() == two.found.len()
        && both.into_iter().all(|(one, two)| one.0 == two.0 && same(one.1, two.1))
}

/// Values, lists and empty maps that `two` has and `one` has otherwise, or not at all, or the reverse.
pub fn changed(one: &Plain, two: &Plain) -> Vec<Path> {
    let (one, two) = (Units::of(one.document()), Units::of(two.document()));
    let all: BTreeSet<&Path> = one.found.keys().chain(two.found.keys()).collect();
    let differs =
        |path: &&&Path| !same(one.at(path), two.at(path)) && (one.is_leaf(path) || two.is_leaf(path));
    all.iter().filter(differs).map(|path| (*path).clone()).collect()
}

/// Values, lists and empty maps of `two` where `one` has nothing.
pub fn missing(one: &Plain, two: &Plain) -> Vec<Path> {
    let (one, two) = (Units::of(one.document()), Units::of(two.document()));
    two.found.keys().filter(|path| one.at(path).is_empty() && two.is_leaf(path)).cloned().collect()
}

/// A text that says what was decided: the one that lines make, or else ours, changed where it has to be.
fn written(
    sides: &Sides<'_, '_>,
    (base, ours, theirs): (Option<&Plain>, &Plain, &Plain),
    decision: &Decision<'_, '_>,
) -> Result<Plain, BTreeSet<Path>> {
    let documents = sides.documents();
    let everywhere: Vec<Path> = (0..documents).map(|document| Path { document, steps: Vec::new() }).collect();
    let mut failed = Vec::new();
    // Tags, anchors and aliases cannot be put into a text that has none; one of these may have them where they belong.
    let candidates: [&dyn Fn() -> Option<Plain>; 3] =
        [&|| by_lines(sides, (base, ours, theirs), decision), &|| Some(ours.clone()), &|| {
            Some(theirs.clone())
        }];
    for plain in candidates.into_iter().filter_map(|candidate| candidate()) {
        let (plain, places) = repaired(plain, &decision.wanted, &everywhere);
        if places.is_empty() {
            return Ok(plain);
        }
        failed.push(places);
    }
    // Of whichever text comes nearest.
    Err(failed.into_iter().min_by_key(BTreeSet::len).unwrap_or_default())
}

/// What the lines of both make, after ours says how conflicts are settled.
fn by_lines(
    sides: &Sides<'_, '_>,
    (base, ours, theirs): (Option<&Plain>, &Plain, &Plain),
    decision: &Decision<'_, '_>,
) -> Option<Plain> {
    let format = ours.document().format();
    if format.is_whole() {
        return None;
    }
    // Where both changed a line, ours counts.
    let (ours, _) = repaired(ours.clone(), &decision.wanted, &decision.conflicts);
    let twice = in_both(sides.base, &Units::of(ours.document()), &Units::of(theirs.document()));
    let texts = [base.unwrap_or(&ours), &ours, theirs].map(|plain| plain.document().text());
    let stripped = if format.name() == "json" { all_bare(texts) } else { None };
    let [base_text, our_text, their_text] =
        stripped.as_ref().map_or(texts, |stripped| stripped.each_ref().map(Vec::as_slice));
    let their_lines = lines(their_text).into_iter().enumerate();
    let their_lines = their_lines.filter(|(at, _)| !twice.contains(at)).map(|(_, line)| line).collect();
    let merged = match base {
        Some(_) => merge_lines(&lines(base_text), &lines(our_text), &their_lines),
        None => join_lines(&lines(our_text), &their_lines),
    };
    let merged = merged.concat();
    Plain::parse(if stripped.is_some() { with_commas(&merged) } else { merged }, format).ok()
}

/// All of them without the commas at the ends of their lines, if that can be undone in each.
fn all_bare(texts: [&[u8]; 3]) -> Option<[Vec<u8>; 3]> {
    let [base, ours, theirs] = texts.map(without_commas);
    Some([base?, ours?, theirs?])
}

/// The lines of theirs that hold nothing but values which ours has too and the base has not: they stay where ours
/// put them.
fn in_both(base: Option<&Units<'_>>, ours: &Units<'_>, theirs: &Units<'_>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let text = theirs.document.text();
    let feeds: Vec<usize> = memchr::memchr_iter(b'\n', text).collect();
    for (path, units) in &theirs.found {
        let is_old = base.is_some_and(|base| !base.at(path).is_empty());
        let ([unit], false, false) = (&**units, is_old, ours.at(path).is_empty()) else { continue };
        if let (false, Some(key)) = (unit.is_map, unit.key) {
            found.extend(own_lines(theirs.document, &feeds, key, unit.events.end));
        }
    }
    found
}

/// The lines of the events from `key` to before `end`, counted from 0, where nothing stands before them. `feeds` are the
/// line feeds of the text.
fn own_lines(document: &Document, feeds: &[usize], key: usize, end: usize) -> Range<usize> {
    let spans =
        document.outline().events.get(key..end).unwrap_or_default().iter().map(|event| event.span.range());
    let first = spans.clone().map(|span| span.start).min().unwrap_or_default();
    let last = spans.map(|span| span.end).max().unwrap_or_default();
    let line = |at: usize| feeds.partition_point(|feed| *feed < at);
    let begin = line(first).checked_sub(1).and_then(|before| feeds.get(before)).map_or(0, |feed| feed + 1);
    let before = document.text().get(begin..first).unwrap_or_default();
    let is_first = before.iter().all(u8::is_ascii_whitespace);
    if is_first { line(first)..line(last.saturating_sub(1).max(first)) + 1 } else { 0..0 }
}
