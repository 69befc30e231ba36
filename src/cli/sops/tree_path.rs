//! Paths as sops writes them (spec 8.2): `["key"][0]['other']`, and the empty text for the whole document.

use crate::base::{Path, Step};

/// What a path text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreePath {
    /// A path; without steps, the whole document.
    At(Path),
    /// A position before the first item, on which sops ends in a panic.
    Negative,
}

/// Reads a path; `None`: the text is none.
#[must_use]
pub fn parse(text: &str) -> Option<TreePath> {
    let mut steps = Vec::new();
    let mut negative = false;
    for piece in text.split('[').filter(|piece| !piece.is_empty()) {
        let inner = piece.strip_suffix(']')?;
        // Both ends are cut without looking at the last.
        let quoted = inner.strip_prefix(['"', '\'']).map(|rest| {
            let mut key = rest.chars();
            key.next_back();
            key.as_str().as_bytes().to_vec()
        });
        steps.push(match quoted {
            Some(key) => Step::Key(key),
            None => match inner.parse::<i64>().ok()? {
                index if index < 0 => {
                    negative = true;
                    Step::Index(0)
                }
                index => Step::Index(usize::try_from(index).ok()?),
            },
        });
    }
    Some(if negative { TreePath::Negative } else { TreePath::At(Path { document: 0, steps }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_sops_reads_it() {
        let at = |steps: Vec<Step>| Some(TreePath::At(Path { document: 0, steps }));
        let key = |name: &str| Step::Key(name.as_bytes().to_vec());
        for (text, expected) in [
            ("[\"a\"][0]['b']", at(vec![key("a"), Step::Index(0), key("b")])),
            ("", at(vec![])),
            ("[\"a\"][-1]", Some(TreePath::Negative)),
            ("a", None),
            ("[a]", None),
            ("[\"a\"", None),
            ("[\"a.b\"]", at(vec![key("a.b")])),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
