//! One version of a file: where in it the value stands.

use std::collections::HashMap;

use super::super::{OpenFile, value_text};
use crate::base::span::Lines;
use crate::base::{Path as ValuePath, Span};
use crate::document::dotenv::reading::reading;
use crate::envelope::Leaf;
use crate::redact::{Hit, Likeness, Needle};

/// A name, or lines without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The leaf's path; `None` for a comment, a file that is one value, and text between the leaves.
    pub name: Option<String>,
    /// From 1, in order. A name may stand several times.
    pub lines: Vec<usize>,
    /// It stands as ciphertext; else it is in the clear.
    pub is_encrypted: bool,
    /// It is a comment that is encrypted.
    pub is_comment: bool,
    /// How it is like the value.
    pub likeness: Likeness,
}

impl Spot {
    /// What is the same of one place, in whatever version and line.
    #[must_use]
    pub fn key(&self) -> Key {
        (self.name.clone(), self.is_encrypted, self.is_comment)
    }
}

/// What tells one place from another: its name, whether it is encrypted, and whether it is a comment.
pub type Key = (Option<String>, bool, bool);

/// In the values and comments of an opened file, and in what stands between them in the clear.
pub(super) fn in_file(needle: &Needle, file: &OpenFile) -> Vec<Spot> {
    let document = file.sealed.document();
    let is_dotenv = document.format().name() == "dotenv";
    let alike = |leaf: &&Leaf| likeness(needle, leaf, is_dotenv).is_some();
    let leaves: Vec<&Leaf> = file.opened.leaves.iter().filter(alike).collect();
    let mut spots = Spots::default();
    let mut told: Vec<Span> = Vec::new();
    // Most versions of most files hold nothing, and need no names.
    let nodes: HashMap<usize, ValuePath> = if leaves.is_empty() {
        HashMap::new()
    } else {
        document.nodes().into_iter().map(|(path, event)| (event, path)).collect()
    };
    let mut lines = Lines::of(document.text());
    for leaf in leaves {
        let Some(likeness) = likeness(needle, leaf, is_dotenv) else { continue };
        let span = document.outline().events.get(leaf.event).map(|event| event.span).unwrap_or_default();
        let path = nodes.get(&leaf.event).filter(|_| !leaf.comment && !document.format().is_whole());
        if !leaf.encrypted {
            told.push(span);
        }
        spots.add(Spot {
            name: path.map(|path| document.named(path.clone()).to_string()),
            lines: vec![lines.line_of(span.start as usize)],
            is_encrypted: leaf.encrypted,
            is_comment: leaf.comment && leaf.encrypted,
            likeness,
        });
    }
    told.sort_unstable();
    spots.all.extend(in_text(needle, document.text(), &told));
    spots.all
}

/// In a text, values aside that were told already, in order.
pub(super) fn in_text(needle: &Needle, text: &[u8], told: &[Span]) -> Option<Spot> {
    let mut hits = needle.hits(text);
    let nearest = |hit: &Hit| told.partition_point(|span| span.range().start <= hit.start).checked_sub(1);
    let is_told = |hit: &Hit| {
        nearest(hit).and_then(|at| told.get(at)).is_some_and(|span| span.range().contains(&hit.start))
    };
    hits.retain(|hit| !is_told(hit));
    if hits.is_empty() {
        return None;
    }
    let likeness = Likeness { whole: false, plain: hits.iter().any(|hit| hit.plain) };
    let mut counted = Lines::of(text);
    let mut lines: Vec<usize> = hits.iter().map(|hit| counted.line_of(hit.start)).collect();
    lines.dedup();
    Some(Spot { name: None, lines, is_encrypted: false, is_comment: false, likeness })
}

/// Of a dotenv value, both the raw text and what a process reads of it.
fn likeness(needle: &Needle, leaf: &Leaf, is_dotenv: bool) -> Option<Likeness> {
    let raw = value_text(&leaf.value);
    let read = is_dotenv.then(|| reading(&raw)).filter(|read| **read != *raw);
    needle.likeness(&raw).max(read.and_then(|read| needle.likeness(&read)))
}

/// Each place once.
#[derive(Default)]
struct Spots {
    all: Vec<Spot>,
    positions: HashMap<Key, usize>,
}

impl Spots {
    fn add(&mut self, spot: Spot) {
        let at = *self.positions.entry(spot.key()).or_insert(self.all.len());
        match self.all.get_mut(at) {
            Some(other) => {
                other.lines.extend(spot.lines);
                other.likeness = other.likeness.max(spot.likeness);
            }
            None => self.all.push(spot),
        }
    }
}
