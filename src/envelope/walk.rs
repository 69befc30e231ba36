//! One walk over a document, in the order of sops (spec 2.2): it decides which leaves and comments the selector
//! encrypts (2.3) and what each is bound to (1.3). Encrypting, opening and listing all take this walk.

use std::collections::HashMap;

use crate::base::{Event, Kind, Scalar};
use crate::cipher::Ciphertext;
use crate::document::{Document, after_node, next_node};
use crate::policy::Matcher;

/// Aliases that lead into aliases. A loop of them ends here.
const MOST_ALIAS_DEPTH: usize = 32;

/// Leaves reached through aliases: a few lines of nested aliases can stand for billions.
const MOST_ALIASED: usize = 1_000_000;

/// Bytes that aliases stand for: each of them goes through the MAC.
const MOST_ALIASED_BYTES: usize = 256 << 20;

/// One leaf or comment on the way.
pub struct Visit<'w> {
    /// Its event.
    pub event: usize,
    /// What it is.
    pub role: Role<'w>,
    /// Whether the selector wants it encrypted.
    pub selected: bool,
    /// It was reached through an alias: the event stands elsewhere, under another path.
    pub aliased: bool,
    /// The outermost alias that it was reached through.
    pub alias: Option<usize>,
    aad: &'w [u8],
    frames: &'w [Frame],
}

/// What a visit is to.
#[derive(Clone, Copy)]
pub enum Role<'w> {
    /// A comment, or the list item that sops makes of an encrypted comment in a list (spec 2.4).
    Comment,
    /// A scalar; null included.
    Leaf(&'w Scalar),
}

/// Aliases that loop, or stand for too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AliasBomb {
    /// The alias at which it was too much.
    pub event: usize,
}

struct Frame {
    is_list: bool,
    /// Length of the AAD of this map or list, without the key of the current entry.
    aad: usize,
    /// Some key on the way here matches.
    path_hit: bool,
    /// A comment matches that governs the next entry.
    comment_hit: bool,
}

impl Visit<'_> {
    /// What the ciphertext is bound to.
    pub fn aad(&self) -> &[u8] {
        or_top(self.aad)
    }

    /// Other places that a comment may have been bound to by a writer that saw it elsewhere: the maps and lists
    /// around it, then the entry before it (spec 5.2.3, last sentence).
    pub fn nearby_aads<'a>(&'a self, before: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let outer = self.frames.iter().rev().filter_map(|frame| self.aad.get(..frame.aad));
        outer.map(or_top).chain(std::iter::once(or_top(before)))
    }
}

fn or_top(aad: &[u8]) -> &[u8] {
    if aad.is_empty() { b":" } else { aad }
}

/// Visits every leaf and comment of `document` in order, until `visit` fails.
pub fn walk<E: From<AliasBomb>>(
    document: &Document,
    matcher: &Matcher,
    mut visit: impl FnMut(&Visit<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut walk = Walk {
        document,
        matcher,
        aad: Vec::new(),
        frames: Vec::new(),
        anchors: HashMap::new(),
        within: Vec::new(),
        aliased: 0,
        aliased_bytes: 0,
    };
    let mut at = 0;
    loop {
        if let Some((back, end)) = walk.within.last()
            && at == *end
        {
            at = *back;
            walk.within.pop();
            continue;
        }
        let Some(event) = document.outline().events.get(at) else { return Ok(()) };
        if let Kind::Alias = event.kind {
            at = walk.enter_alias(at, event)?;
            continue;
        }
        walk.step(at, event, &mut visit)?;
        at += 1;
    }
}

struct Walk<'d> {
    document: &'d Document,
    matcher: &'d Matcher,
    /// Keys from the top to the current entry, each followed by a colon.
    aad: Vec<u8>,
    frames: Vec<Frame>,
    anchors: HashMap<&'d [u8], usize>,
    /// Aliased nodes being walked: where to go on, and where they end.
    within: Vec<(usize, usize)>,
    aliased: usize,
    aliased_bytes: usize,
}

impl<'d> Walk<'d> {
    fn step<E>(
        &mut self,
        at: usize,
        event: &'d Event,
        visit: &mut impl FnMut(&Visit<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &event.kind {
            Kind::Document => {
                self.aad.clear();
                self.frames.clear();
                self.anchors.clear();
            }
            Kind::Anchor => {
                if let Some(node) = next_node(self.document.outline(), at + 1) {
                    self.anchors.insert(event.span.of(self.document.text()), node);
                }
            }
            Kind::Key(text) => {
                let key = text.bytes(event.span, self.document.text());
                self.aad.truncate(self.frames.last().map_or(0, |frame| frame.aad));
                self.aad.extend_from_slice(key);
                self.aad.push(b':');
            }
            Kind::Map(_) | Kind::List(_) => self.enter(matches!(event.kind, Kind::List(_))),
            Kind::End => {
                self.frames.pop();
                self.settle();
            }
            Kind::Comment { .. } => {
                if self.within.is_empty() {
                    self.comment(at, event.span.of(self.document.text()), visit)?;
                }
            }
            Kind::Scalar(_, scalar) => self.leaf(at, event, scalar, visit)?,
            Kind::Alias | Kind::Tag => {}
        }
        Ok(())
    }

    fn leaf<E>(
        &mut self,
        at: usize,
        event: &Event,
        scalar: &Scalar,
        visit: &mut impl FnMut(&Visit<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.begin_item();
        if self.frames.last().is_some_and(|frame| frame.is_list)
            && let Scalar::Str(text) = scalar
            && Ciphertext::parse(text.bytes(event.span, self.document.text()))
                .is_some_and(|cipher| cipher.kind == crate::base::Type::Comment)
        {
            return self.comment(at, text.bytes(event.span, self.document.text()), visit);
        }
        let hit = if self.matcher.looks_at_comments() { self.comment_hit() } else { self.path_hit() };
        visit(&Visit {
            event: at,
            role: Role::Leaf(scalar),
            selected: hit == self.matcher.encrypts_hits(),
            aliased: !self.within.is_empty(),
            alias: self.within.first().and_then(|(back, _)| back.checked_sub(1)),
            aad: &self.aad,
            frames: &self.frames,
        })?;
        self.settle();
        Ok(())
    }

    fn comment<E>(
        &mut self,
        at: usize,
        text: &[u8],
        visit: &mut impl FnMut(&Visit<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let container = self.frames.last().map_or(0, |frame| frame.aad);
        let hit = if self.matcher.looks_at_comments() {
            let before = self.comment_hit();
            let own = self.matcher.hits(text);
            if let Some(frame) = self.frames.last_mut() {
                frame.comment_hit |= own;
            }
            // A comment that asks for encryption does not ask for itself.
            before || (own && !self.matcher.encrypts_hits())
        } else {
            self.frames.last().is_some_and(|frame| frame.path_hit)
        };
        visit(&Visit {
            event: at,
            role: Role::Comment,
            selected: hit == self.matcher.encrypts_hits(),
            aliased: !self.within.is_empty(),
            alias: self.within.first().and_then(|(back, _)| back.checked_sub(1)),
            aad: self.aad.get(..container).unwrap_or_default(),
            frames: &self.frames,
        })
    }

    fn enter(&mut self, is_list: bool) {
        self.begin_item();
        let path_hit = !self.matcher.looks_at_comments() && self.path_hit();
        self.frames.push(Frame { is_list, aad: self.aad.len(), path_hit, comment_hit: false });
    }

    /// A list adds nothing to the AAD, so an item forgets the keys of the item before it.
    fn begin_item(&mut self) {
        if let Some(frame) = self.frames.last().filter(|frame| frame.is_list) {
            self.aad.truncate(frame.aad);
        }
    }

    /// An entry is over: the comments above it have done their work.
    fn settle(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.comment_hit = false;
        }
    }

    fn comment_hit(&self) -> bool {
        self.frames.iter().any(|frame| frame.comment_hit)
    }

    /// Whether a key on the way to the current entry matches, its own included.
    fn path_hit(&self) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        if frame.path_hit || frame.is_list {
            return frame.path_hit;
        }
        let own = self.aad.get(frame.aad..).and_then(<[u8]>::split_last).map_or(&[][..], |(_, key)| key);
        self.matcher.hits(own)
    }

    fn enter_alias(&mut self, at: usize, event: &Event) -> Result<usize, AliasBomb> {
        let bomb = AliasBomb { event: at };
        let name = event.span.of(self.document.text());
        let node = *self.anchors.get(name).ok_or(bomb)?;
        let end = after_node(self.document.outline(), node);
        self.aliased += end - node;
        let events = self.document.outline().events.get(node..end).unwrap_or_default();
        let starts = events.iter().map(|event| event.span.range());
        let (first, last) = starts
            .fold((usize::MAX, 0), |(first, last), range| (first.min(range.start), last.max(range.end)));
        self.aliased_bytes += last.saturating_sub(first);
        let is_bomb = self.aliased > MOST_ALIASED || self.aliased_bytes > MOST_ALIASED_BYTES;
        if is_bomb || self.within.len() >= MOST_ALIAS_DEPTH {
            return Err(bomb);
        }
        self.within.push((at + 1, end));
        Ok(node)
    }
}
