//! Changes to a JSON text as splices: each touches the entry it is about and one comma.

use super::parser::{METADATA, blanks_around, cut};
use super::spell::{Layout, last_line, scalar, string};
use crate::base::{Kind, Node, Path, Span, Step};
use crate::document::{Content, Document, EditError, Splice, entries, items, join, nth_document};

pub(super) fn replace(document: &Document, event: usize, content: Content<'_>) -> Result<Splice, EditError> {
    let spelled = match content {
        Content::Cipher { text, .. } => string(text.as_bytes()),
        Content::Comment(_) => None,
        Content::Value(value) => scalar(value),
    };
    let old = document.outline().events.get(event);
    match (old, spelled) {
        (Some(old), Some(spelled)) => Ok(Splice::new(old.span, spelled)),
        _ => Err(EditError::Value(document.path_of(event))),
    }
}

pub(super) fn insert(document: &Document, path: &Path, node: &Node) -> Result<Splice, EditError> {
    // The longest part of the path that exists, and what is missing below it.
    let prefix = |length: usize| Path {
        document: path.document,
        steps: path.steps.get(..length).unwrap_or_default().to_vec(),
    };
    let (found, length) = (0..=path.steps.len())
        .rev()
        .find_map(|length| Some((document.find(&prefix(length))?, length)))
        .ok_or_else(|| EditError::Missing(path.clone()))?;
    let Some([next, missing @ ..]) = path.steps.get(length..) else {
        return Err(EditError::InTheWay(path.clone()));
    };
    let mut node = node.clone();
    for step in missing.iter().rev() {
        node = match step {
            Step::Index(_) => Node::List(vec![node]),
            Step::Key(key) => Node::Map(vec![(key.clone(), node)]),
        };
    }
    let key = match (document.outline().events.get(found).map(|event| &event.kind), next) {
        (Some(Kind::Map(_)), Step::Key(key)) if length == 0 && key == METADATA => {
            return Err(EditError::Name(path.clone()));
        }
        (Some(Kind::Map(_)), Step::Key(key)) if std::str::from_utf8(key).is_err() => {
            return Err(EditError::Name(path.clone()));
        }
        (Some(Kind::Map(_)), Step::Key(key)) => Some(key.as_slice()),
        (Some(Kind::List(_)), Step::Index(_)) => None,
        _ => return Err(EditError::InTheWay(prefix(length))),
    };
    append(document, found, length, key, &node).ok_or_else(|| EditError::Value(path.clone()))
}

pub(super) fn remove(document: &Document, path: &Path) -> Result<Vec<Splice>, EditError> {
    let missing = || EditError::Missing(path.clone());
    let (last, above) = path.steps.split_last().ok_or_else(missing)?;
    let above = Path { document: path.document, steps: above.to_vec() };
    let container = document.find(&above).ok_or_else(missing)?;
    let outline = document.outline();
    let event = |index: usize| outline.events.get(index);

    // Every entry, and whether it goes.
    let mut found: Vec<(Span, bool)> = Vec::new();
    if let Step::Index(index) = last {
        let nodes = items(outline, container).into_iter().enumerate();
        found.extend(nodes.filter_map(|(at, node)| Some((event(node)?.span, at == *index))));
    } else {
        for (key, node) in entries(outline, container) {
            if let (Some(key), Some(node)) = (event(key), event(node))
                && let (Kind::Key(text), Step::Key(name)) = (&key.kind, last)
            {
                found.push((
                    join(key.span, node.span),
                    text.bytes(key.span, document.text()) == name.as_slice(),
                ));
            }
        }
        if above.steps.is_empty() {
            found.extend(metadata_entry(document).map(|entry| (entry, false)));
            found.sort_unstable();
        }
    }
    let count = found.len();
    let last_kept = found.iter().rposition(|(_, goes)| !goes);
    let splices: Vec<Splice> = found
        .into_iter()
        .enumerate()
        .filter(|(_, (_, goes))| *goes)
        .map(|(index, (entry, _))| {
            let followed = last_kept.map_or(index + 1 < count, |kept| index < kept);
            Splice::new(cut(document.text(), entry, last_kept.is_some(), followed), "")
        })
        .collect();
    if splices.is_empty() { Err(missing()) } else { Ok(splices) }
}

pub(super) fn put_metadata(document: &Document, metadata: Option<&Node>) -> Result<Vec<Splice>, EditError> {
    let Some(node) = metadata else {
        return Ok(document.outline().metadata_spans.iter().map(|span| Splice::new(*span, "")).collect());
    };
    let spelled = match metadata_entry(document) {
        Some(entry) => {
            // The key says `sops`, so the first brace opens the value.
            let brace = memchr::memchr(b'{', entry.of(document.text())).unwrap_or_default();
            let old = Span::new(entry.range().start + brace, entry.range().end);
            let layout = Layout::of(document);
            let indent = layout.lines.as_ref().map_or(&[][..], |(_, unit)| unit);
            let mut new = Vec::new();
            layout.write(node, indent, 1, &mut new).map(|()| Splice::new(old, new))
        }
        None => {
            nth_document(document.outline(), 0).and_then(|map| append(document, map, 0, Some(METADATA), node))
        }
    };
    spelled.map(|splice| vec![splice]).ok_or_else(|| EditError::Value(Path::key(METADATA)))
}

/// The metadata entry, `"sops": {…}`, without blank space and comma.
fn metadata_entry(document: &Document) -> Option<Span> {
    let span = *document.outline().metadata_spans.first()?;
    let is_outside = |byte: &u8| matches!(byte, b',' | b' ' | b'\t' | b'\n' | b'\r');
    let bytes = span.of(document.text());
    let front = bytes.iter().take_while(|byte| is_outside(byte)).count();
    let back = bytes.iter().rev().take_while(|byte| is_outside(byte)).count();
    Some(Span::new(span.range().start + front, span.range().end.saturating_sub(back)))
}

/// Adds an entry (or an item, without `key`) as the last of the map or list at `container`, which is `depth` deep, in
/// the style of the entry before it.
fn append(
    document: &Document,
    container: usize,
    depth: usize,
    key: Option<&[u8]>,
    node: &Node,
) -> Option<Splice> {
    let text = document.text();
    let outline = document.outline();
    let mut layout = Layout::of(document);
    let whole = outline.events.get(container)?.span;
    let last = match key {
        Some(_) => entries(outline, container).last().copied(),
        None => items(outline, container).last().map(|item| (*item, *item)),
    };
    let last = match last {
        Some((key, node)) => Some(join(outline.events.get(key)?.span, outline.events.get(node)?.span)),
        None => None,
    };
    let mut spelled = Vec::new();
    let write = |layout: &Layout, indent: &[u8], out: &mut Vec<u8>| match key {
        Some(key) => layout.write_entry(key, node, indent, depth + 1, out),
        None => layout.write(node, indent, depth + 1, out),
    };
    if let Some(last) = last {
        let lead = Span { start: blanks_around(text, last).start, end: last.start };
        spelled.push(b',');
        if let Some(indent) = last_line(lead.of(text)) {
            let line_end: &[u8] = layout.lines.as_ref().map_or(b"\n", |(line_end, _)| line_end);
            spelled.extend_from_slice(&[line_end, indent].concat());
            write(&layout, indent, &mut spelled)?;
        } else {
            layout.lines = None;
            spelled.extend_from_slice(layout.blank);
            write(&layout, b"", &mut spelled)?;
        }
        return Some(Splice::new(Span { start: last.end, end: last.end }, spelled));
    }
    let outer = line_indent(text, whole);
    let inner = layout.lines.as_ref().map(|(line_end, unit)| (*line_end, [outer, unit].concat()));
    if let Some((line_end, inner)) = &inner {
        spelled.extend_from_slice(&[*line_end, inner.as_slice()].concat());
    }
    write(&layout, inner.as_ref().map_or(b"", |(_, inner)| inner), &mut spelled)?;
    if depth == 0 && !outline.metadata_spans.is_empty() {
        // Only the metadata stands here, and it stays behind.
        spelled.push(b',');
        return Some(Splice::new(Span { start: whole.start + 1, end: whole.start + 1 }, spelled));
    }
    if let Some((line_end, _)) = inner {
        spelled.extend_from_slice(&[line_end, outer].concat());
    }
    Some(Splice::new(whole.shrunk(1, 1), spelled))
}

/// The blank space that begins the line in which `span` starts.
fn line_indent(text: &[u8], span: Span) -> &[u8] {
    let before = text.get(..span.range().start).unwrap_or_default();
    let line = last_line(before).unwrap_or(before);
    let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    line.get(..blanks).unwrap_or_default()
}
