//! Characters that end a line for sops, whose YAML is 1.1, and for no editor and not for us: what stands behind one in a
//! comment is a comment to us, and may be a recipient to sops.

use crate::base::{Kind, Outline, ParseError, Problem};

/// NEL, LS and PS.
const ENDS: [&str; 3] = ["\u{85}", "\u{2028}", "\u{2029}"];

/// Refuses any of them in `text`.
///
/// # Errors
/// The first one.
pub fn refuse_all(text: &[u8]) -> Result<(), ParseError> {
    match places(text).first() {
        Some(at) => Err(ParseError::at(text, *at, Problem::OtherLineEnd)),
        None => Ok(()),
    }
}

/// Refuses them in comments and in the metadata.
pub(super) fn refuse(text: &[u8], outline: &Outline) -> Result<(), ParseError> {
    let places = places(text);
    if places.is_empty() {
        return Ok(());
    }
    let comments = outline.events.iter().filter(|event| matches!(event.kind, Kind::Comment { .. }));
    for span in comments.map(|event| event.span).chain(outline.metadata_spans.iter().copied()) {
        let range = span.range();
        let next = places.get(places.partition_point(|at| *at < range.start));
        if let Some(at) = next.filter(|at| **at < range.end) {
            return Err(ParseError::at(text, *at, Problem::OtherLineEnd));
        }
    }
    Ok(())
}

/// Where they stand, in order.
fn places(text: &[u8]) -> Vec<usize> {
    let mut found: Vec<usize> =
        ENDS.iter().flat_map(|end| memchr::memmem::find_iter(text, end.as_bytes())).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::super::Yaml;
    use super::*;
    use crate::document::Document;

    #[test]
    fn a_comment_ends_where_it_ends_for_sops() {
        for end in ENDS {
            for text in [
                format!("a: 1 # x{end}b: 2\n"),
                format!("a: 1\n# x{end}- b\n"),
                format!("a: 1\nsops:\n  age: [] # {end}  pgp: []\n  mac: x\n"),
            ] {
                let error = Document::parse(text.clone().into_bytes(), &Yaml).err();
                assert_eq!(error.map(|error| error.problem), Some(Problem::OtherLineEnd), "{text}");
            }
            let value = format!("a: \"x{end}y\" # z\nb: x{end}y\n");
            assert!(Document::parse(value.clone().into_bytes(), &Yaml).is_ok());
            assert!(refuse_all(value.as_bytes()).is_err() && refuse_all(b"a: b\n").is_ok());
        }
    }
}
