//! What a merge counts: single values, whole lists and maps, by the path of keys that leads to them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::decide::at_and_below;
use crate::base::assemble::assemble;
use crate::base::{Event, Kind, Node, Path, Scalar, Step, Type, Value};
use crate::document::{Document, Format, after_node, entries, nth_document};

/// The units of one document. A name that stands several times has several, in order.
pub struct Units<'d> {
    pub document: &'d Document,
    pub found: BTreeMap<Path, Vec<Unit>>,
}

/// What stands at one path.
#[derive(Clone)]
pub struct Unit {
    /// All that it says, spelling and comments aside; of a map its anchor and tag only.
    pub said: Vec<u8>,
    /// It is a map: its entries are units of their own.
    pub is_map: bool,
    /// Its events, without key, anchor and tag.
    pub events: Range<usize>,
    /// The event of its key.
    pub key: Option<usize>,
    /// What a person chose, which stands in no document.
    pub given: Option<Node>,
}

impl<'d> Units<'d> {
    /// Of all documents of the file.
    pub fn of(document: &'d Document) -> Self {
        let mut units = Self { document, found: BTreeMap::new() };
        let mut number = 0;
        while let Some(top) = nth_document(document.outline(), number) {
            units.collect(top, None, &mut Path { document: number, steps: Vec::new() });
            number += 1;
        }
        units
    }

    /// What stands at `path`, each time.
    pub fn at(&self, path: &Path) -> &[Unit] {
        self.found.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a value, a list or an empty map stands at `path`.
    pub fn is_leaf(&self, path: &Path) -> bool {
        let mut within = at_and_below(&self.found, path).map(|(_, units)| units);
        within.next().is_some_and(|units| !units.iter().all(|unit| unit.is_map) || within.next().is_none())
            && !self.at(path).is_empty()
    }

    /// The tree of a unit of this document; `None` where aliases lead out of it.
    pub fn node(&self, unit: &Unit) -> Option<Node> {
        if let Some(given) = &unit.given {
            return Some(given.clone());
        }
        if unit.is_map {
            return Some(Node::Map(Vec::new()));
        }
        assemble(self.document.outline().events.get(unit.events.clone())?, self.document.text())
    }

    fn collect(&mut self, node: usize, key: Option<usize>, path: &mut Path) {
        let (document, outline) = (self.document, self.document.outline());
        let Some(event) = outline.events.get(node) else { return };
        let is_map = matches!(event.kind, Kind::Map(_));
        let end = after_node(outline, node);
        let mut said = Vec::new();
        let marks = outline.events.get(key.map_or(node, |key| key + 1)..node).unwrap_or_default();
        let rest = outline.events.get(node..end).filter(|_| !is_map).unwrap_or_default();
        for event in marks.iter().chain(rest) {
            say(event, document.text(), &mut said);
        }
        let unit = Unit { said, is_map, events: node..end, key, given: None };
        let units = self.found.entry(path.clone()).or_default();
        // Sections of one name are one map.
        if !is_map || units.iter().all(|other| !other.is_map || other.said != unit.said) {
            units.push(unit);
        }
        if !is_map {
            return;
        }
        for (key, child) in entries(outline, node) {
            let Some(Event { span, kind: Kind::Key(text) }) = outline.events.get(key) else { continue };
            let name = document.format().key_name(text.bytes(*span, document.text()));
            path.steps.push(Step::Key(name.to_vec()));
            self.collect(child, Some(key), path);
            path.steps.pop();
        }
    }
}

impl Unit {
    /// A value or list that a person chose, as a document of `format` says it.
    pub fn given(node: Node, format: &dyn Format) -> Self {
        let mut said = Vec::new();
        say_node(&node, format, &mut said);
        Self { said, is_map: false, events: 0..0, key: None, given: Some(node) }
    }
}

/// Whether the same is said, as often.
pub fn same(one: &[Unit], two: &[Unit]) -> bool {
    let is_same = |(one, two): (&Unit, &Unit)| one.is_map == two.is_map && one.said == two.said;
    one.len() == two.len() && one.iter().zip(two).all(is_same)
}

fn say(event: &Event, text: &[u8], out: &mut Vec<u8>) {
    let spelled = event.span.of(text);
    match &event.kind {
        Kind::Alias => put(b'*', spelled, out),
        Kind::Anchor => put(b'&', spelled, out),
        // The type that a core tag asks for is that of the value.
        Kind::Tag if spelled.starts_with(b"!!") => {}
        Kind::Tag => put(b'!', spelled, out),
        Kind::Comment { .. } | Kind::Document => {}
        Kind::Key(key) => put(b'k', key.bytes(event.span, text), out),
        Kind::List(_) => out.push(b'['),
        Kind::Map(_) => out.push(b'{'),
        Kind::End => out.push(b'.'),
        Kind::Scalar(_, Scalar::Str(string)) => say_str(string.bytes(event.span, text), out),
        Kind::Scalar(_, Scalar::Other(value)) => say_value(value, out),
    }
}

fn say_node(node: &Node, format: &dyn Format, out: &mut Vec<u8>) {
    match node {
        Node::List(items) => {
            out.push(b'[');
            for item in items {
                say_node(item, format, out);
            }
            out.push(b'.');
        }
        Node::Map(entries) => {
            out.push(b'{');
            for (name, node) in entries {
                put(b'k', name, out);
                say_node(node, format, out);
            }
            out.push(b'.');
        }
        Node::Value(value) => match format.printed(value) {
            Some(text) => say_str(&text, out),
            None => say_value(value, out),
        },
    }
}

fn say_value(value: &Value, out: &mut Vec<u8>) {
    match value.kind() {
        None => out.push(b'0'),
        Some(Type::Str) => say_str(&value.plain_bytes(), out),
        Some(kind) => {
            let bytes: Cow<'_, [u8]> = value.plain_bytes();
            put(b'v', kind.name().as_bytes(), out);
            put(b'=', &bytes, out);
        }
    }
}

fn say_str(text: &[u8], out: &mut Vec<u8>) {
    put(b's', text, out);
}

fn put(sign: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(sign);
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}
