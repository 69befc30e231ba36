//! New entries and items, and the missing maps on the way to them.

use super::emit::Emitter;
use super::lexeme;
use super::place::Place;
use super::replace::respell;
use crate::base::{Kind, Node, Path, Scalar, Shape, Span, Step, Style, Value};
use crate::document::{Document, EditError, Splice, after_node, entries, items, nth_document};

/// See [`crate::document::Format::insert`].
pub fn insert(document: &Document, path: &Path, node: &Node) -> Result<Splice, EditError> {
    let outline = document.outline();
    let missing = || EditError::Missing(path.clone());
    let way = |depth: usize| Path {
        document: path.document,
        steps: path.steps.get(..depth).unwrap_or_default().to_vec(),
    };
    check_names(path, node)?;
    let mut at = nth_document(outline, path.document).ok_or_else(missing)?;
    for (depth, step) in path.steps.iter().enumerate() {
        let rest = path.steps.get(depth + 1..).unwrap_or_default();
        let found = match (outline.events.get(at).map(|event| &event.kind), step) {
            (Some(Kind::Map(_)), Step::Key(name)) => entry(document, at, name),
            (Some(Kind::List(_)), Step::Index(index)) => items(outline, at).get(*index).copied(),
            (Some(Kind::Scalar(_, Scalar::Other(Value::Null))), _) => {
                let node = wrap(path.steps.get(depth..).unwrap_or_default(), node);
                return fill(document, at, &node).ok_or_else(|| EditError::InTheWay(way(depth)));
            }
            (Some(Kind::Alias), _) => return Err(EditError::Alias(way(depth))),
            _ => return Err(EditError::InTheWay(way(depth))),
        };
        let Some(found) = found else {
            let addition = Addition { document, at, node: wrap(rest, node) };
            return addition.splice(step).ok_or_else(|| EditError::Value(path.clone()));
        };
        at = found;
    }
    Err(EditError::InTheWay(path.clone()))
}

/// The value of the last entry called `name`.
fn entry(document: &Document, map: usize, name: &[u8]) -> Option<usize> {
    let outline = document.outline();
    let called = |key: &usize| {
        outline.events.get(*key).is_some_and(|event| match &event.kind {
            Kind::Key(text) => text.bytes(event.span, document.text()) == name,
            _ => false,
        })
    };
    entries(outline, map).into_iter().rev().find(|(key, _)| called(key)).map(|(_, node)| node)
}

fn check_names(path: &Path, node: &Node) -> Result<(), EditError> {
    let fits = |name: &[u8]| std::str::from_utf8(name).is_ok() && name.len() < 512;
    let steps = path.steps.iter().all(|step| match step {
        Step::Key(name) => fits(name),
        Step::Index(_) => true,
    });
    let reserved = path.steps.first() == Some(&Step::Key(b"sops".to_vec()));
    if steps && !reserved && names_fit(node, &fits) { Ok(()) } else { Err(EditError::Name(path.clone())) }
}

fn names_fit(node: &Node, fits: &dyn Fn(&[u8]) -> bool) -> bool {
    match node {
        Node::List(items) => items.iter().all(|item| names_fit(item, fits)),
        Node::Map(entries) => entries.iter().all(|(name, node)| fits(name) && names_fit(node, fits)),
        Node::Value(_) => true,
    }
}

/// `node` below maps and lists for `steps`.
fn wrap(steps: &[Step], node: &Node) -> Node {
    steps.iter().rev().fold(node.clone(), |node, step| match step {
        Step::Index(_) => Node::List(vec![node]),
        Step::Key(name) => Node::Map(vec![(name.clone(), node)]),
    })
}

/// A map or list in the place of a null.
fn fill(document: &Document, null: usize, node: &Node) -> Option<Splice> {
    let text = document.text();
    let span = document.outline().events.get(null)?.span;
    let place = Place::of(document, null);
    if place.tag.is_some() {
        return None;
    }
    let emitter = Emitter { step: 2, json: false, newline: lexeme::newline(text) };
    match place.indent {
        Some(indent) if span.is_empty() && place.key.is_some() => {
            let end = lexeme::line_end(text, span.end as usize);
            let mut lines = emitter.block(node, indent)?;
            if end == text.len() {
                lines.push_str(emitter.newline);
            }
            Some(Splice::new(Span::new(end, end), lines))
        }
        _ => respell(document, null, &emitter.flow(node)?),
    }
}

/// A node to be added to the map or list at an event.
struct Addition<'a> {
    document: &'a Document,
    at: usize,
    node: Node,
}

impl Addition<'_> {
    fn splice(&self, step: &Step) -> Option<Splice> {
        let kind = &self.document.outline().events.get(self.at)?.kind;
        let newline = lexeme::newline(self.document.text());
        let emitter = Emitter { step: 2, json: false, newline };
        match (kind, step) {
            (Kind::Map(Shape::Block), Step::Key(name)) => {
                let entry = [(name.clone(), self.node.clone())];
                let lines = emitter.entries(&entry, root_column(self.document, self.at))?;
                below_block(self.document, self.at, &lines, lines.contains('\n'))
            }
            // A text that is nothing but `{}` has no style to keep; the block style gives one line a value.
            (Kind::Map(Shape::Flow), Step::Key(name)) if self.document.text().trim_ascii() == b"{}" => {
                let mut lines = emitter.entries(&[(name.clone(), self.node.clone())], 0)?;
                if !lines.ends_with(newline) {
                    lines.push_str(newline);
                }
                Some(Splice::new(Span::new(0, self.document.text().len()), lines))
            }
            (Kind::Map(Shape::Flow), Step::Key(name)) => {
                self.flow(|json| Emitter { json, ..emitter }.flow_entry(name, &self.node))
            }
            (Kind::List(Shape::Block), _) => {
                let first = *items(self.document.outline(), self.at).first()?;
                let dash = Place::of(self.document, first).dash?;
                let column = lexeme::column(self.document.text(), dash);
                let lines = emitter.item(&self.node, column)?;
                below_block(self.document, self.at, &lines, lines.contains('\n'))
            }
            (Kind::List(Shape::Flow), _) => self.flow(|json| Emitter { json, ..emitter }.flow(&self.node)),
            _ => None,
        }
    }

    fn flow(&self, spell: impl Fn(bool) -> Option<String>) -> Option<Splice> {
        joined(self.document.text(), &add_to_flow(self.document, self.at, false, spell)?)
    }
}

/// The column of the keys of the block map at `map`; 0 where it has none.
pub fn root_column(document: &Document, map: usize) -> usize {
    let (outline, text) = (document.outline(), document.text());
    let key = entries(outline, map).first().and_then(|(key, _)| outline.events.get(*key));
    let Some(key) = key.map(|event| event.span.start as usize) else { return 0 };
    let start = entry_start(text, key);
    let mut line = lexeme::line_start(text, key);
    // A `?` may stand on a line above its key.
    while line > 0 && start == key {
        line = lexeme::line_start(text, line - 1);
        let first = lexeme::skip_blanks(text, line);
        match text.get(first) {
            Some(b'?') => return lexeme::column(text, first),
            Some(b'#' | b'&' | b'!' | b'\r' | b'\n') => {}
            _ => break,
        }
    }
    lexeme::column(text, start)
}

/// Where the entry of a block map begins whose key stands at `key`: at its tag, its anchor, or its `?`.
pub fn entry_start(text: &[u8], key: usize) -> usize {
    let mut start = lexeme::skip_blanks(text, lexeme::line_start(text, key));
    while start < key && matches!(text.get(start..start + 2), Some(b"- " | b"-\t")) {
        start = lexeme::skip_blanks(text, start + 1);
    }
    start.min(key)
}

/// `lines` at the end of the block map or list at `at`. Where the text has no final line end, `closed` gives it one.
pub fn below_block(document: &Document, at: usize, lines: &str, closed: bool) -> Option<Splice> {
    let (outline, text) = (document.outline(), document.text());
    let newline = lexeme::newline(text);
    let map = outline.events.get(at)?;
    let end = outline.events.get(after_node(outline, at).checked_sub(1)?)?.span.start as usize;
    let empty = matches!(map.kind, Kind::Map(_)) && entries(outline, at).is_empty();
    if empty && plain_null(map.span.of(text)) {
        let alone = lexeme::begins_line(text, map.span.start as usize);
        return Some(Splice::new(map.span, format!("{}{lines}", if alone { "" } else { newline })));
    }
    if empty && lexeme::begins_line(text, end) {
        // Nothing but metadata stands in the document, or nothing at all.
        let mark = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let start = lexeme::line_start(text, end).max(mark);
        return Some(Splice::new(Span::new(start, start), format!("{lines}{newline}")));
    }
    let next = lexeme::next_line(text, end);
    let below = Span::new(next, next);
    if text.get(next.wrapping_sub(1)) == Some(&b'\n') {
        return Some(Splice::new(below, format!("{lines}{newline}")));
    }
    Some(Splice::new(below, format!("{newline}{lines}{}", if closed { newline } else { "" })))
}

fn plain_null(text: &[u8]) -> bool {
    matches!(text, b"~" | b"null" | b"Null" | b"NULL")
}

/// Another entry or item before the closing bracket, spelled like its neighbour. Two splices where a comment stands
/// behind the neighbour, which keeps it: a comma before, the entry after the comment.
pub fn add_to_flow(
    document: &Document,
    at: usize,
    json: bool,
    spell: impl Fn(bool) -> Option<String>,
) -> Option<Vec<Splice>> {
    let (outline, text) = (document.outline(), document.text());
    let insertion = |at: usize, with: String| Splice::new(Span::new(at, at), with);
    let event = outline.events.get(at)?;
    let last = match event.kind {
        Kind::Map(_) => entries(outline, at).last().copied(),
        _ => items(outline, at).last().map(|item| (*item, *item)),
    };
    let Some((first, node)) = last else {
        return Some(vec![insertion(event.span.start as usize + 1, spell(json)?)]);
    };
    let (first, last) = (outline.events.get(first)?, outline.events.get(node)?);
    let quoted =
        first.span.of(text).starts_with(b"\"") || matches!(last.kind, Kind::Scalar(Style::Double, _));
    let entry = spell(json || quoted)?;
    let (start, end) = (first.span.start as usize, last.span.end as usize);
    let line = lexeme::newline(text).to_owned() + &lexeme::blanks(lexeme::column(text, start));
    let comma = lexeme::comma(text, end, text.len()).filter(|comma| lexeme::skip_white(text, end) == *comma);
    let behind = lexeme::skip_blanks(text, comma.map_or(end, |comma| comma + 1));
    if text.get(behind) == Some(&b'#') {
        let below = lexeme::line_end(text, behind);
        return Some(match comma {
            Some(_) => vec![insertion(below, format!("{line}{entry},"))],
            None => vec![insertion(end, ",".to_owned()), insertion(below, line + &entry)],
        });
    }
    let separator = if lexeme::begins_line(text, start) { format!(",{line}") } else { ", ".to_owned() };
    Some(vec![insertion(end, separator + &entry)])
}

/// One splice for all of `splices`, which are in order.
fn joined(text: &[u8], splices: &[Splice]) -> Option<Splice> {
    let (first, last) = (splices.first()?, splices.last()?);
    let mut with = Vec::new();
    let mut at = first.span.start as usize;
    for splice in splices {
        with.extend_from_slice(text.get(at..splice.span.start as usize)?);
        with.extend_from_slice(splice.with.expose());
        at = splice.span.end as usize;
    }
    Some(Splice::new(Span { start: first.span.start, end: last.span.end }, with))
}

#[cfg(test)]
mod tests {
    use super::super::Yaml;
    use super::*;
    use crate::base::Value;
    use crate::document::{Format, splice};

    fn inserted(text: &str, path: &str, node: &Node) -> Result<String, EditError> {
        let document = Document::parse(text.into(), &Yaml).unwrap();
        let splice_in = insert(&document, &Path::parse(path).unwrap(), node)?;
        Ok(String::from_utf8(splice(text.as_bytes(), vec![splice_in])).unwrap())
    }

    #[test]
    fn a_new_entry_looks_like_its_neighbours() {
        for (text, path, expected) in [
            ("a: 1\n", "b", "a: 1\nb: x\n"),
            ("a: 1", "b", "a: 1\nb: x"),
            ("a: 1\r\n", "b.c", "a: 1\r\nb:\r\n  c: x\r\n"),
            ("m:\n    a: 1\n# c\nz: 1\n", "m.b", "m:\n    a: 1\n    b: x\n# c\nz: 1\n"),
            ("m: {}\n", "m.b", "m: {b: x}\n"),
            ("m: # c\nz: 1\n", "m.b", "m: # c\n  b: x\nz: 1\n"),
            ("m: ~\n", "m.b", "m: {b: x}\n"),
            ("l:\n- 1\n", "l[1]", "l:\n- 1\n- x\n"),
            ("l: [1]\n", "l[9]", "l: [1, x]\n"),
            ("a: &a 1\nl:\n- *a\n", "l[1]", "a: &a 1\nl:\n- *a\n- x\n"),
            ("{\"a\": 1}", "b", "{\"a\": 1, \"b\": \"x\"}"),
            ("{\n  \"a\": 1 # c\n}\n", "b", "{\n  \"a\": 1, # c\n  \"b\": \"x\"\n}\n"),
            ("a: 1\n", "no", "a: 1\n\"no\": x\n"),
            ("a: 1\nsops:\n  mac: y\n", "b", "a: 1\nb: x\nsops:\n  mac: y\n"),
        ] {
            assert_eq!(inserted(text, path, &Node::str("x")).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_long_line_of_entries_takes_another() {
        let entries: Vec<String> = (0..10_000).map(|number| format!("key{number}: v")).collect();
        let text = format!("{{{}}}", entries.join(", "));
        let expected = format!("{}, b: x}}", text.trim_end_matches('}'));
        assert_eq!(inserted(&text, "b", &Node::str("x")).unwrap(), expected);
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let error = |text, path| inserted(text, path, &Node::str("x")).unwrap_err();
        let way = |key: &[u8]| Path::key(key);
        assert_eq!(error("a: 1\n", "a"), EditError::InTheWay(way(b"a")));
        assert_eq!(error("a: 1\n", "a.b"), EditError::InTheWay(way(b"a")));
        assert_eq!(error("a: &x {c: 1}\nb: *x\n", "b.d"), EditError::Alias(way(b"b")));
        assert_eq!(error("a: 1\n", "sops"), EditError::Name(way(b"sops")));
    }

    #[test]
    fn a_block_without_a_line_end_gains_none_from_what_comes_below() {
        for (text, after) in [
            ("a: |\n  x", "a: |-\n  x\nb: 1"),
            ("a: >2+\n   x", "a: >2-\n   x\nb: 1"),
            ("m: {}\na: |-\n  x", "m: {}\na: |-\n  x\nb: 1"),
        ] {
            let document = Document::parse(text.into(), &Yaml).unwrap();
            let splice = Yaml.insert(&document, &Path::key(b"b"), &Node::Value(Value::Int(1))).unwrap();
            assert_eq!(document.spliced(vec![splice]).unwrap().text(), after.as_bytes());
        }
    }
}
