//! Taking out entries and items: whole lines in blocks, entry and comma in brackets.

use super::insert::entry_start;
use super::lexeme::{self, LexemeKind};
use super::place::Place;
use crate::base::{Event, Kind, Path, Shape, Span, Step};
use crate::document::{Document, EditError, Splice, after_node, entries, items};

/// See [`crate::document::Format::remove`].
pub fn remove(document: &Document, path: &Path) -> Result<Vec<Splice>, EditError> {
    let missing = || EditError::Missing(path.clone());
    let (step, above) = path.steps.split_last().ok_or_else(missing)?;
    let parent = Path { document: path.document, steps: above.to_vec() };
    let Some(container) = document.find(&parent) else { return Err(through_alias(document, path)) };
    let events = &document.outline().events;
    let kind = events.get(container).map(|event| &event.kind).ok_or_else(missing)?;
    let (all, shape) = match kind {
        Kind::Map(shape) => (entries(document.outline(), container), *shape),
        Kind::List(shape) => {
            (items(document.outline(), container).into_iter().map(|item| (item, item)).collect(), *shape)
        }
        Kind::Alias => return Err(EditError::Alias(parent)),
        _ => return Err(missing()),
    };
    let chosen: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(position, (key, _))| match (step, events.get(*key)) {
            (Step::Index(index), _) => matches!(kind, Kind::List(_)) && index == position,
            (Step::Key(name), Some(event)) => match &event.kind {
                Kind::Key(text) => text.bytes(event.span, document.text()) == name,
                _ => false,
            },
            _ => false,
        })
        .map(|(position, _)| position)
        .collect();
    if chosen.is_empty() {
        return Err(missing());
    }
    let removal = Removal { document, container, shape, all };
    Ok(match shape {
        Shape::Block => removal.block(&chosen),
        Shape::Flow => removal.flow(&chosen),
    })
}

/// Whether an alias is why nothing was found.
fn through_alias(document: &Document, path: &Path) -> EditError {
    for depth in 1..path.steps.len() {
        let above =
            Path { document: path.document, steps: path.steps.get(..depth).unwrap_or_default().to_vec() };
        let event = document.find(&above).and_then(|at| document.outline().events.get(at));
        if event.is_some_and(|event| matches!(event.kind, Kind::Alias)) {
            return EditError::Alias(above);
        }
    }
    EditError::Missing(path.clone())
}

struct Removal<'a> {
    document: &'a Document,
    container: usize,
    shape: Shape,
    /// First event and node of every entry; for items the same.
    all: Vec<(usize, usize)>,
}

impl Removal<'_> {
    /// Where the entry begins and where its last token ends.
    fn bounds(&self, position: usize) -> Option<(usize, usize)> {
        let (key, node) = *self.all.get(position)?;
        let (outline, text) = (self.document.outline(), self.document.text());
        let first = outline.events.get(key)?;
        let start = if matches!(first.kind, Kind::Key(_)) {
            let key = first.span.start as usize;
            if self.shape == Shape::Block { entry_start(text, key) } else { key }
        } else {
            let place = Place::of(self.document, node);
            place.dash.unwrap_or(place.start)
        };
        let last = outline.events.get(after_node(outline, node).checked_sub(1)?)?;
        Some((start, last.span.end as usize))
    }

    fn block(&self, chosen: &[usize]) -> Vec<Splice> {
        let text = self.document.text();
        let mut emptied = chosen.len() == self.all.len() && !self.beside_metadata();
        let brackets = match self.document.outline().events.get(self.container).map(|event| &event.kind) {
            Some(Kind::List(_)) => "[]",
            _ => "{}",
        };
        let mut splices = Vec::new();
        for (start, end) in chosen.iter().filter_map(|position| self.bounds(*position)) {
            if !std::mem::take(&mut emptied) {
                splices.push(Splice::new(self.entry(start, end), ""));
            } else if let Some(behind) = self.behind_key() {
                splices.push(Splice::new(Span::new(behind, behind), format!(" {brackets}")));
                splices.push(Splice::new(self.entry(start, end), ""));
            } else {
                splices.push(Splice::new(Span::new(start, lexeme::line_end(text, end)), brackets));
            }
        }
        splices
    }

    /// Whole lines, or from the first entry behind a dash up to the next.
    fn entry(&self, start: usize, end: usize) -> Span {
        let text = self.document.text();
        if lexeme::begins_line(text, start) {
            let events = &self.document.outline().events;
            let is_behind = |event: &Event| {
                event.span.start as usize >= start && !matches!(event.kind, Kind::Comment { .. })
            };
            let before = events.iter().position(is_behind).unwrap_or(events.len());
            return lexeme::whole_lines(text, start, end, events.get(..before).unwrap_or_default());
        }
        Span::new(start, lexeme::skip_white(text, lexeme::next_line(text, end)))
    }

    /// Where the value begins on the line of the container's own key: behind the colon, anchor and tag.
    fn behind_key(&self) -> Option<usize> {
        let (events, text) = (&self.document.outline().events, self.document.text());
        let mut behind = 0;
        for event in events.get(..self.container)?.iter().rev() {
            let end = event.span.end as usize;
            match event.kind {
                Kind::Anchor | Kind::Tag => behind = behind.max(end),
                Kind::Key(_) => {
                    let colon = lexeme::next(text, end, text.len())?;
                    return (colon.kind == LexemeKind::Colon).then_some(behind.max(colon.end));
                }
                _ => return None,
            }
        }
        None
    }

    /// The root of a document that still has its metadata may lose its last entry.
    fn beside_metadata(&self) -> bool {
        let outline = self.document.outline();
        let before = outline.events.get(..self.container).unwrap_or_default();
        let root = before
            .iter()
            .rev()
            .find(|event| !matches!(event.kind, Kind::Comment { .. } | Kind::Anchor | Kind::Tag));
        let Some(document) = root.filter(|event| matches!(event.kind, Kind::Document)) else { return false };
        let inside = |span: &Span| document.span.start <= span.start && span.start < document.span.end;
        outline.metadata_spans.iter().any(inside)
    }

    fn flow(&self, chosen: &[usize]) -> Vec<Splice> {
        let text = self.document.text();
        let mut splices: Vec<Splice> = Vec::new();
        let mut cut = 0;
        for position in chosen {
            let Some((start, end)) = self.bounds(*position) else { continue };
            let before = position.checked_sub(1).and_then(|before| self.bounds(before)).map(|(_, end)| end);
            let span = match before.and_then(|before| lexeme::comma(text, before, start)) {
                Some(comma) => comma..end,
                None => match lexeme::comma(text, end, text.len()) {
                    Some(comma) if self.all.len() > 1 => start..lexeme::skip_white(text, comma + 1),
                    _ => start..end,
                },
            };
            splices.push(Splice::new(Span::new(span.start.max(cut), span.end.max(cut)), ""));
            cut = span.end.max(cut);
        }
        splices
    }
}

#[cfg(test)]
mod tests {
    use super::super::Yaml;
    use super::*;
    use crate::document::splice;

    #[test]
    fn an_entry_goes_with_its_line_and_nothing_else() {
        for (text, path, expected) in [
            ("a: 1\nb: 2 # c\n# d\nc: 3\n", "b", "a: 1\n# d\nc: 3\n"),
            ("a: 1\nb:\n  - x\n  # in\n\nc: 3", "b", "a: 1\n\nc: 3"),
            ("a: 1\nb: 2", "b", "a: 1"),
            ("a: |\n  x\nb: 2", "b", "a: |\n  x\n"),
            ("m:\n  a: 1 # c\nz: 1\n", "m.a", "m: {}\nz: 1\n"),
            ("l:\n- a: 1\n  b: 2\n- 3\n", "l[0].a", "l:\n- b: 2\n- 3\n"),
            ("l:\n- a: 1\n- 3\n", "l[0]", "l:\n- 3\n"),
            ("l:\n- 3\nz: 1\n", "l[0]", "l: []\nz: 1\n"),
            ("m: {a: 1, b: 2, c: 3}\n", "m.b", "m: {a: 1, c: 3}\n"),
            ("m: {a: 1, b: 2}\n", "m.a", "m: {b: 2}\n"),
            ("m: {a: 1}\n", "m.a", "m: {}\n"),
            ("m: [1, 2]\n", "m[1]", "m: [1]\n"),
            ("a: &a 1\nm: [*a, *a, 2]\n", "m[0]", "a: &a 1\nm: [*a, 2]\n"),
            ("a: 1\n", "a", "{}\n"),
            ("a: 1\nsops:\n  mac: x\n", "a", "sops:\n  mac: x\n"),
        ] {
            let document = Document::parse(text.into(), &Yaml).unwrap();
            let splices = remove(&document, &Path::parse(path).unwrap()).unwrap();
            let after = String::from_utf8(splice(text.as_bytes(), splices)).unwrap();
            assert_eq!(after, expected, "{text}");
            Document::parse(after.into_bytes(), &Yaml).unwrap();
        }
    }

    #[test]
    fn what_is_not_there_is_missing() {
        let document = Document::parse(b"a: &x {b: 1}\nc: *x\n".to_vec(), &Yaml).unwrap();
        let missing = Path::key(b"z");
        assert_eq!(remove(&document, &missing).unwrap_err(), EditError::Missing(missing));
        let through = Path::parse("c.b").unwrap();
        assert_eq!(remove(&document, &through).unwrap_err(), EditError::Alias(Path::key(b"c")));
    }
}
