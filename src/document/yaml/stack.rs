//! What is open while a text is read. The ends and starts of block maps and lists leave no sign in the text, so they
//! wait (`pending`) until the comments of the gap they stand in are placed (`gaps.rs`). How the metadata is taken out
//! is `cut.rs`.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use super::lexeme;
use crate::base::span::line_of;
use crate::base::{Event, Kind, Outline, ParseError, Problem, Shape, Span, Text};

/// The state of reading.
pub struct Reader<'a> {
    pub text: &'a [u8],
    /// Up to here everything is placed.
    pub at: usize,
    /// Where the last node or bracket ended.
    pub token: usize,
    pub outline: Outline,
    /// What is open for the parser: for a map, whether a key comes next.
    pub frames: Vec<Option<bool>>,
    /// Not placed yet.
    pub pending: VecDeque<Pending>,
    /// A value is awaited: behind a key, a dash, or the start of a document.
    pub slot: bool,
    /// The start event of the flow map or list that has just been closed.
    pub closed: Option<usize>,
    /// Comments before a root that has no start yet.
    pub early: Vec<Event>,
    pub open: Vec<Open<'a>>,
    /// The text of the document has ended by `...`.
    pub ended: Option<usize>,
    pub documents: usize,
    /// The metadata entry that is being read.
    pub sops: Option<Entry>,
    /// Whether the last entry of the root was metadata, and where the root ended before it.
    pub before_sops: Option<usize>,
}

/// A map or list whose end is not placed.
pub struct Open<'a> {
    /// Its event.
    pub start: usize,
    pub shape: Shape,
    /// It has brackets.
    pub braced: bool,
    /// Where its entries stand in their lines, once the first is known.
    pub column: Option<usize>,
    /// The event of the present entry.
    pub entry: usize,
    pub map: bool,
    /// Keys so far, in the first document.
    keys: HashSet<Cow<'a, [u8]>>,
}

/// A structural event that waits for its gap.
#[derive(Debug)]
pub enum Pending {
    DocumentEnd,
    DocumentStart,
    End,
    Start { map: bool, props: Props },
}

/// Anchor and tag of a node, as written, signs included.
#[derive(Clone, Debug, Default)]
pub struct Props {
    pub anchor: Option<Range<usize>>,
    pub tag: Option<Range<usize>>,
}

/// A top-level entry, and the event and byte where it begins.
pub struct Entry {
    pub event: usize,
    pub start: usize,
    /// Where all before it ends, comments included.
    pub before: usize,
    /// Where the node or bracket before it ends.
    pub token: usize,
}

impl Props {
    pub const fn is_empty(&self) -> bool {
        self.anchor.is_none() && self.tag.is_none()
    }

    /// Where the first begins; `otherwise` without any.
    pub fn start(&self, otherwise: usize) -> usize {
        [&self.anchor, &self.tag].into_iter().flatten().map(|range| range.start).min().unwrap_or(otherwise)
    }

    /// Where the last ends.
    pub fn end(&self) -> usize {
        [&self.anchor, &self.tag].into_iter().flatten().map(|range| range.end).max().unwrap_or_default()
    }
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            token: 0,
            outline: Outline::default(),
            frames: Vec::new(),
            pending: VecDeque::new(),
            slot: false,
            closed: None,
            early: Vec::new(),
            open: Vec::new(),
            ended: None,
            documents: 0,
            sops: None,
            before_sops: None,
        }
    }

    /// All that is left, then the outline.
    pub fn finish(mut self) -> Result<Outline, ParseError> {
        self.flush(self.text.len());
        self.at = self.text.len();
        match self.outline.events.first() {
            None => Err(self.problem(0, Problem::NotAMap)),
            Some(_) if self.metadata_broken() => {
                let at = self.outline.metadata_spans.first().map_or(0, |span| span.start as usize);
                Err(self.problem(at, Problem::Metadata).named(b"sops"))
            }
            Some(_) => Ok(self.outline),
        }
    }

    fn metadata_broken(&self) -> bool {
        let first = self.outline.events.first().map(|event| event.span);
        let inside = |span: &Span| first.is_some_and(|first| span.start < first.end.max(1));
        self.outline.metadata.is_none() && self.outline.metadata_spans.iter().any(inside)
    }

    pub fn problem(&self, at: usize, problem: Problem) -> ParseError {
        ParseError { line: line_of(self.text, at), name: None, problem }
    }

    pub fn is_key(&self) -> bool {
        matches!(self.frames.last(), Some(Some(true)))
    }

    pub fn top(&self) -> Option<&Open<'a>> {
        self.open.last()
    }

    pub fn top_mut(&mut self) -> Option<&mut Open<'a>> {
        self.open.last_mut()
    }

    /// The map or list round the innermost.
    pub fn parent_column(&self) -> Option<usize> {
        self.open.iter().rev().nth(1).and_then(|open| open.column)
    }

    /// The name of the last key before here.
    pub fn last_key(&self) -> Option<&[u8]> {
        self.outline.events.iter().rev().find_map(|event| match &event.kind {
            Kind::Key(text) => Some(text.bytes(event.span, self.text)),
            _ => None,
        })
    }

    pub fn nothing_open(&self) -> bool {
        self.open.is_empty()
    }

    /// The metadata's key has been read, and its value not.
    pub fn in_sops(&self) -> bool {
        self.open.len() == 1 && self.sops.is_some()
    }

    /// The metadata was not the last thing in the root.
    pub fn after_sops(&mut self) {
        if self.open.len() == 1 {
            self.before_sops = None;
        }
    }

    /// A value has been parsed: in a map, a key comes next.
    pub fn value_parsed(&mut self) {
        if let Some(Some(key_next)) = self.frames.last_mut() {
            *key_next = true;
        }
    }

    /// Makes an event of a structural item, here.
    pub fn release(&mut self, item: Pending) {
        match item {
            Pending::DocumentEnd => {
                if let Some(event) =
                    self.outline.events.iter_mut().rev().find(|event| matches!(event.kind, Kind::Document))
                {
                    event.span.end = Span::new(0, self.ended.unwrap_or(self.at)).end;
                }
            }
            Pending::DocumentStart => {
                self.documents += 1;
                self.ended = None;
                self.slot = true;
                self.before_sops = None;
                self.outline.events.push(Event { span: Span::new(self.at, self.at), kind: Kind::Document });
            }
            Pending::End => self.close(),
            Pending::Start { map, props } => {
                let at = self.at;
                self.open(map, Shape::Block, false, props, at);
            }
        }
    }

    /// Places the start of a map or list.
    pub fn open(&mut self, map: bool, shape: Shape, braced: bool, props: Props, start: usize) {
        if let Some(top) = self.open.last_mut()
            && !top.map
            && top.shape == Shape::Flow
        {
            top.entry = self.outline.events.len();
        }
        self.props(props);
        let event = self.outline.events.len();
        let kind = if map { Kind::Map(shape) } else { Kind::List(shape) };
        self.outline.events.push(Event { span: Span::new(start, start), kind });
        self.outline.events.append(&mut self.early);
        self.slot = false;
        self.closed = None;
        let entry = self.outline.events.len();
        self.open.push(Open { start: event, shape, braced, column: None, entry, map, keys: HashSet::new() });
    }

    fn props(&mut self, props: Props) {
        if let Some(anchor) = props.anchor {
            let span = Span::new(anchor.start + 1, anchor.end);
            self.outline.events.push(Event { span, kind: Kind::Anchor });
        }
        if let Some(tag) = props.tag {
            self.outline.events.push(Event { span: Span::new(tag.start, tag.end), kind: Kind::Tag });
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let root = self.open.is_empty();
        let end = if root { self.before_sops.or(self.ended).unwrap_or(self.at) } else { self.at };
        let mut at = Span::new(end, end);
        if let Some(event) = self.outline.events.get_mut(open.start) {
            if !open.braced {
                event.span.end = at.end.max(event.span.start);
            }
            at = Span { start: event.span.end, end: event.span.end };
        }
        self.outline.events.push(Event { span: at, kind: Kind::End });
        self.slot = false;
        if self.in_sops() {
            self.finish_sops();
        }
    }

    /// The bracket at `at` ends the innermost map or list.
    pub fn bracket(&mut self, at: usize) {
        self.at = at + 1;
        self.token = self.at;
        self.slot = false;
        self.closed = self.top().map(|open| open.start);
        if let Some(event) = self.closed.and_then(|start| self.outline.events.get_mut(start)) {
            event.span.end = Span::new(0, at + 1).end;
        }
    }

    /// A key, all before it placed.
    pub fn key(
        &mut self,
        span: Span,
        text: Text,
        name: Cow<'a, [u8]>,
        start: usize,
    ) -> Result<(), ParseError> {
        if self.open.len() == 1 {
            self.before_sops = None;
            if &*name == b"sops" {
                let event = self.outline.events.len();
                self.sops = Some(Entry { event, start, before: self.at, token: self.token });
            }
        }
        if self.documents == 1 {
            let known = self.open.last().is_some_and(|top| top.keys.contains(&name));
            if known {
                return Err(self.problem(start, Problem::DuplicateKey).named(&name));
            }
            if let Some(top) = self.open.last_mut() {
                top.keys.insert(name);
            }
        }
        let (entry, source) = (self.outline.events.len(), self.text);
        if let Some(top) = self.open.last_mut() {
            if top.shape == Shape::Block {
                top.column.get_or_insert_with(|| lexeme::column(source, start));
            }
            top.entry = entry;
            if let Some(event) = self.outline.events.get_mut(top.start)
                && !top.braced
                && entry == top.start + 1
            {
                event.span.start = span.start;
            }
        }
        self.outline.events.push(Event { span, kind: Kind::Key(text) });
        if let Some(frame) = self.frames.last_mut() {
            *frame = Some(false);
        }
        self.slot = true;
        self.closed = None;
        self.at = span.end as usize;
        self.token = self.at;
        Ok(())
    }

    /// A scalar or alias, all before it placed.
    pub fn node(&mut self, span: Span, kind: Kind, end: usize, props: Props) {
        if let Some(top) = self.open.last_mut()
            && !top.map
            && top.shape == Shape::Flow
        {
            top.entry = self.outline.events.len();
        }
        self.props(props);
        self.outline.events.push(Event { span, kind });
        self.value_parsed();
        self.slot = false;
        self.closed = None;
        self.at = self.at.max(end);
        self.token = self.at;
        if self.in_sops() {
            self.finish_sops();
        }
    }
}
