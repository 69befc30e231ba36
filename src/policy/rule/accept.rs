//! Findings that a team has looked at and accepts: `lacre: {accept: [...]}` at the top of a rule file, where a change is
//! reviewed as any other. sops passes it over.

use regex::bytes::Regex;

use crate::base::{Node, Value};
use crate::policy::re2;

/// What a rule file accepts, in order.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// As it is written.
    pattern: String,
    path: Regex,
    codes: Vec<String>,
}

/// What is wrong with it. Entries are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// An entry lacks one of its two fields, or has another.
    #[error("`lacre: accept:` entry {0} is not `{{path_regex: TEXT, codes: [CODE, ...]}}`")]
    Entry(usize),
    /// The map `lacre` holds something else, or no list.
    #[error("the top-level map `lacre` holds a list `accept` and nothing else")]
    NotAList,
    /// `path_regex` does not compile.
    #[error("`lacre: accept:` entry {0}: `path_regex` is not a valid regular expression")]
    PathRegex(usize),
}

impl Accepted {
    /// Reads it from a rule file; nothing is accepted where nothing is said.
    ///
    /// # Errors
    /// When any of it is not understood: what was meant to be accepted, or not, is not known then.
    pub fn parse(file: &Node) -> Result<Self, AcceptError> {
        let Some(map) = file.entry("lacre").filter(|node| !is_null(node)) else { return Ok(Self::default()) };
        match map {
            Node::Map(fields) if fields.iter().all(|(name, _)| name == b"accept") => {}
            _ => return Err(AcceptError::NotAList),
        }
        match map.entry("accept").filter(|node| !is_null(node)) {
            None => Ok(Self::default()),
            Some(Node::List(items)) => {
                let entries = items.iter().enumerate().map(|(index, item)| entry(index + 1, item));
                Ok(Self { entries: entries.collect::<Result<_, _>>()? })
            }
            Some(_) => Err(AcceptError::NotAList),
        }
    }

    /// Each code that is accepted, with the `path_regex` of the files where it is.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().flat_map(|entry| entry.codes.iter().map(|code| (&*entry.pattern, code.as_str())))
    }

    /// Whether findings with this `code` are accepted in the file at `path`, relative to the folder of the rule file.
    #[must_use]
    pub fn covers(&self, path: &str, code: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.codes.iter().any(|one| one == code) && entry.path.is_match(path.as_bytes()))
    }
}

fn entry(number: usize, item: &Node) -> Result<Entry, AcceptError> {
    let wrong = AcceptError::Entry(number);
    let Node::Map(fields) = item else { return Err(wrong) };
    if !fields.iter().all(|(name, _)| matches!(name.as_slice(), b"codes" | b"path_regex")) {
        return Err(wrong);
    }
    let pattern = item.entry("path_regex").and_then(Node::text).ok_or(wrong)?;
    let Some(Node::List(codes)) = item.entry("codes") else { return Err(wrong) };
    let codes = codes.iter().map(|code| code.text().map(str::to_owned).ok_or(wrong));
    let path = re2::compile(pattern).map_err(|_| AcceptError::PathRegex(number))?;
    Ok(Entry { pattern: pattern.to_owned(), path, codes: codes.collect::<Result<_, _>>()? })
}

const fn is_null(node: &Node) -> bool {
    matches!(node, Node::Value(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: Vec<(&str, Node)>) -> Node {
        Node::Map(entries.into_iter().map(|(name, node)| (name.as_bytes().to_vec(), node)).collect())
    }

    fn file(entry: Node) -> Node {
        map(vec![("lacre", map(vec![("accept", Node::List(vec![entry]))]))])
    }

    #[test]
    fn a_code_is_accepted_where_the_path_matches() {
        let codes = Node::List(vec![Node::str("identity-file")]);
        let entry = map(vec![("path_regex", Node::str("^tests/")), ("codes", codes)]);
        let accepted = Accepted::parse(&file(entry)).unwrap();
        assert!(accepted.covers("tests/key.txt", "identity-file"));
        assert!(!accepted.covers("src/tests/key.txt", "identity-file"));
        assert!(!accepted.covers("tests/key.txt", "known-value"));
        assert!(!Accepted::parse(&map(vec![])).unwrap().covers("a", "identity-file"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let codes = || Node::List(vec![Node::str("a")]);
        for (entry, error) in [
            (Node::str("a"), AcceptError::Entry(1)),
            (map(vec![("codes", codes())]), AcceptError::Entry(1)),
            (map(vec![("path_regex", Node::str("a"))]), AcceptError::Entry(1)),
            (map(vec![("path_regex", Node::str("a")), ("codes", Node::str("a"))]), AcceptError::Entry(1)),
            (
                map(vec![("path_regex", Node::str("a")), ("codes", codes()), ("x", codes())]),
                AcceptError::Entry(1),
            ),
            (map(vec![("path_regex", Node::str("(")), ("codes", codes())]), AcceptError::PathRegex(1)),
        ] {
            assert_eq!(Accepted::parse(&file(entry)).err(), Some(error));
        }
        let other = map(vec![("lacre", map(vec![("acept", Node::List(vec![]))]))]);
        assert_eq!(Accepted::parse(&other).err(), Some(AcceptError::NotAList));
    }
}
