//! What a document may ask of the memory beyond its own size. Nesting is limited by each format.

use crate::base::{Kind, Outline};

/// Bytes of all leaf paths together, at most. A long name above many leaves is part of the path, and of the AAD, of each.
pub const LONGEST_PATHS: usize = 256 << 20;

/// Where the leaf stands at which all paths so far have more than `limit` bytes.
pub fn first_beyond(outline: &Outline, limit: usize) -> Option<usize> {
    let mut total = 0usize;
    // Lengths of the path to each open map or list; and of the key before here.
    let (mut open, mut key) = (Vec::new(), 0usize);
    let length = |open: &[usize], key: usize| open.last().copied().unwrap_or_default() + key;
    for event in &outline.events {
        match event.kind {
            Kind::Key(_) => key = event.span.range().len(),
            Kind::Map(_) | Kind::List(_) => {
                open.push(length(&open, key));
                key = 0;
            }
            Kind::End => {
                open.pop();
                key = 0;
            }
            Kind::Alias | Kind::Comment { .. } | Kind::Scalar(..) => {
                total = total.saturating_add(length(&open, key));
                if total > limit {
                    return Some(event.span.range().start);
                }
            }
            Kind::Anchor | Kind::Document | Kind::Tag => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::base::Problem;
    use crate::document::{Document, Json};

    #[test]
    fn a_long_name_above_many_leaves_is_refused() {
        let text = |leaves: usize| {
            let name = "k".repeat(1 << 20);
            format!("{{\"a\": 1,\n\"{name}\": [{}]}}", vec!["1"; leaves].join(", ")).into_bytes()
        };
        assert!(Document::parse(text(100), &Json).is_ok());
        let error = Document::parse(text(300), &Json).unwrap_err();
        assert_eq!((error.line, error.problem), (2, Problem::PathsTooLong));
    }
}
