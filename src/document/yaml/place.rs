//! Where a node stands: in a flow or a block, how far indented. Looks at the text round it only, so that replacing
//! every leaf of a large file stays linear.

use super::lexeme;
use crate::base::{Event, Kind, Outline, Path, Span, Step};
use crate::document::Document;

/// The surroundings of a node.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Within brackets.
    pub flow: bool,
    /// Where the entries of the map or list stand in their lines; `None` where no block scalar may be written.
    pub indent: Option<usize>,
    /// The key, where it is the value of one.
    pub key: Option<Span>,
    /// The dash, where it is an item of a block list.
    pub dash: Option<usize>,
    /// Its tag.
    pub tag: Option<Span>,
    /// Where the node begins, tag and anchor included.
    pub start: usize,
}

impl Place {
    /// Of the node at `event`.
    pub fn of(document: &Document, event: usize) -> Self {
        let (text, events) = (document.text(), &document.outline().events);
        let span = events.get(event).map(|event| event.span).unwrap_or_default();
        // The span of an alias is its name without the sign.
        let sign = events.get(event).is_some_and(|event| matches!(event.kind, Kind::Alias));
        let mut place = Self {
            flow: is_flow(text, span.end as usize),
            indent: None,
            key: None,
            dash: None,
            tag: None,
            start: (span.start as usize).saturating_sub(usize::from(sign)),
        };
        for Event { span, kind } in events.get(..event).unwrap_or_default().iter().rev() {
            match kind {
                Kind::Anchor => place.start = place.start.min((span.start as usize).saturating_sub(1)),
                Kind::Tag => {
                    place.start = place.start.min(span.start as usize);
                    place.tag = Some(*span);
                }
                Kind::Key(_) => {
                    place.key = Some(*span);
                    break;
                }
                _ => break,
            }
        }
        if place.flow {
            return place;
        }
        if let Some(key) = place.key {
            let start = key.start as usize;
            let before = text.get(lexeme::line_start(text, start)..start).unwrap_or_default();
            let simple = before.iter().all(|byte| matches!(byte, b' ' | b'-'));
            place.indent = simple.then(|| lexeme::column(text, start));
        } else {
            let before = text.get(..place.start).unwrap_or_default().trim_ascii_end();
            place.dash = before.ends_with(b"-").then(|| before.len() - 1);
            place.indent = place.dash.map(|dash| lexeme::column(text, dash));
        }
        place
    }
}

/// Lines are not put further right than this: many of them, each with millions of blanks, would fill the memory.
pub const FURTHEST: usize = 4096;

/// The column for what stands below `indent`.
pub const fn below(indent: usize, step: usize) -> usize {
    (indent / step + 1) * step
}

/// In a flow collection, and only there, a comma or bracket follows a node.
fn is_flow(text: &[u8], end: usize) -> bool {
    let mut at = lexeme::skip_white(text, end);
    while text.get(at) == Some(&b'#') {
        at = lexeme::skip_white(text, lexeme::line_end(text, at));
    }
    matches!(text.get(at), Some(b',' | b']' | b'}'))
}

/// The path to the node or comment at `target`, for errors.
pub fn path_of(outline: &Outline, text: &[u8], target: usize) -> Path {
    let mut path = Path::default();
    let mut documents = 0usize;
    // For every open map or list: whether it is a list.
    let mut open: Vec<bool> = Vec::new();
    for event in outline.events.iter().take(target + 1) {
        if matches!(event.kind, Kind::Alias | Kind::List(_) | Kind::Map(_) | Kind::Scalar(..))
            && open.last() == Some(&true)
            && let Some(Step::Index(index)) = path.steps.last_mut()
        {
            *index = index.wrapping_add(1);
        }
        match &event.kind {
            Kind::Document => documents += 1,
            Kind::End => {
                open.pop();
                path.steps.truncate(open.len());
            }
            Kind::Key(name) => {
                path.steps.truncate(open.len().saturating_sub(1));
                path.steps.push(Step::Key(name.bytes(event.span, text).to_vec()));
            }
            Kind::List(_) => {
                open.push(true);
                path.steps.push(Step::Index(usize::MAX));
            }
            Kind::Map(_) => {
                open.push(false);
                path.steps.truncate(open.len() - 1);
            }
            _ => {}
        }
    }
    path.steps.retain(|step| *step != Step::Index(usize::MAX));
    path.document = documents.saturating_sub(1);
    path
}
