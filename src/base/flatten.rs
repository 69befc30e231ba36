//! Metadata as a flat list of names (spec 4.8): how dotenv and INI store it, and how the seal reads it.
//! Escapes of the values are the formats' own business.

use std::collections::BTreeMap;

use super::{Node, Secret, Value};

const LIST: &str = "__list_";
const MAP: &str = "__map_";
/// Nesting at the most.
const DEEPEST: usize = 128;

/// Every scalar below `node` by its flat name, in the order of sops 3.13: map keys sorted by bytes, list items by
/// number. `prefix` stands before each name of the top map (`sops_` in dotenv). Empty maps and lists and null leave no
/// trace. Booleans are `true` and `false`. Parsers limit how deep a node can be.
#[must_use]
pub fn flatten(prefix: &str, node: &Node) -> Vec<(String, Vec<u8>)> {
    let mut flat = Vec::new();
    if let Node::Map(entries) = node {
        for (key, node) in sorted(entries) {
            walk(format!("{prefix}{}", String::from_utf8_lossy(key)), node, &mut flat);
        }
    }
    flat
}

/// The map that flat names (without prefix) stand for; every value is a string. The last of equal names counts, as
/// before sops 3.13, and an index that is no number is 0. `None` when a name is a value and a map or list at once, a
/// list has gaps, or the nesting is deeper than 128.
#[must_use]
pub fn unflatten<'a>(pairs: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Option<Node> {
    let mut root = Tree::Map(BTreeMap::new());
    for (name, value) in pairs {
        let mut at = &mut root;
        let mut token = Token::Key("");
        for (depth, next) in tokens(name).enumerate() {
            if depth > DEEPEST {
                return None;
            }
            if depth > 0 {
                at = at.child(token)?;
            }
            token = next;
        }
        match at.child(token)? {
            leaf @ (Tree::Open | Tree::Value(_)) => *leaf = Tree::Value(value),
            Tree::List(_) | Tree::Map(_) => return None,
        }
    }
    root.node()
}

fn sorted(entries: &[(Vec<u8>, Node)]) -> Vec<(&[u8], &Node)> {
    let mut entries: Vec<_> = entries.iter().map(|(key, node)| (key.as_slice(), node)).collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

fn walk(name: String, node: &Node, flat: &mut Vec<(String, Vec<u8>)>) {
    match node {
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(format!("{name}{LIST}{index}"), item, flat);
            }
        }
        Node::Map(entries) => {
            for (key, node) in sorted(entries) {
                walk(format!("{name}{MAP}{}", String::from_utf8_lossy(key)), node, flat);
            }
        }
        Node::Value(Value::Null) => {}
        Node::Value(Value::Bool(yes)) => flat.push((name, yes.to_string().into_bytes())),
        Node::Value(value) => flat.push((name, value.plain_bytes().into_owned())),
    }
}

#[derive(Clone, Copy)]
enum Token<'a> {
    Index(usize),
    Key(&'a str),
}

/// A name cut at its separators; the first token is a key.
fn tokens(name: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = Some(name);
    let mut list = false;
    std::iter::from_fn(move || {
        let text = rest?;
        let cut = [MAP, LIST].into_iter().filter_map(|mark| Some((text.find(mark)?, mark))).min();
        let token = text.get(..cut.map_or(text.len(), |(at, _)| at))?;
        let token = if list { Token::Index(token.parse().unwrap_or(0)) } else { Token::Key(token) };
        list = cut.is_some_and(|(_, mark)| mark == LIST);
        rest = cut.and_then(|(at, mark)| text.get(at + mark.len()..));
        Some(token)
    })
}

/// A node under construction; `Open` until its first use says what it is.
enum Tree<'a> {
    List(BTreeMap<usize, Tree<'a>>),
    Map(BTreeMap<&'a str, Tree<'a>>),
    Open,
    Value(Vec<u8>),
}

impl<'a> Tree<'a> {
    fn child(&mut self, token: Token<'a>) -> Option<&mut Self> {
        if matches!(self, Self::Open) {
            *self = match token {
                Token::Index(_) => Self::List(BTreeMap::new()),
                Token::Key(_) => Self::Map(BTreeMap::new()),
            };
        }
        match (self, token) {
            (Self::List(items), Token::Index(index)) => Some(items.entry(index).or_insert(Self::Open)),
            (Self::Map(entries), Token::Key(key)) => Some(entries.entry(key).or_insert(Self::Open)),
            _ => None,
        }
    }

    fn node(self) -> Option<Node> {
        Some(match self {
            Self::List(items) => {
                if items.keys().enumerate().any(|(position, index)| position != *index) {
                    return None;
                }
                Node::List(items.into_values().map(Self::node).collect::<Option<_>>()?)
            }
            Self::Map(entries) => Node::Map(
                entries
                    .into_iter()
                    .map(|(key, tree)| Some((key.as_bytes().to_vec(), tree.node()?)))
                    .collect::<Option<_>>()?,
            ),
            Self::Open => return None,
            Self::Value(bytes) => Node::Value(Value::Str(Secret::new(bytes))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &serde_json::Value) -> Node {
        use serde_json::Value as Json;
        match json {
            Json::Array(items) => Node::List(items.iter().map(node).collect()),
            Json::Bool(yes) => Node::Value(Value::Bool(*yes)),
            Json::Number(number) => Node::Value(Value::Int(number.as_i64().unwrap())),
            Json::Object(map) => {
                Node::Map(map.iter().map(|(key, json)| (key.clone().into(), node(json))).collect())
            }
            Json::String(text) => Node::str(text),
            Json::Null => Node::Value(Value::Null),
        }
    }

    fn vectors() -> serde_json::Value {
        let text = include_str!("../../tests/vectors/sops-vectors.json");
        serde_json::from_str::<serde_json::Value>(text).unwrap()["flatten"].clone()
    }

    #[test]
    fn the_vector_is_flattened_and_rebuilt() {
        let vectors = vectors();
        let flat = flatten("", &node(&vectors["nested"]));
        let expected: Vec<(String, Vec<u8>)> = vectors["flat"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| {
                let text = pair[1].as_str().map_or_else(|| pair[1].to_string(), str::to_owned);
                (pair[0].as_str().unwrap().to_owned(), text.into_bytes())
            })
            .collect();
        assert_eq!(flat, expected);
        let pairs = flat.iter().map(|(name, value)| (name.as_str(), value.clone()));
        assert_eq!(flatten("", &unflatten(pairs).unwrap()), flat);
    }

    fn rebuilt(names: &[&str]) -> Option<Node> {
        unflatten(names.iter().map(|name| (*name, b"x".to_vec())))
    }

    #[test]
    fn contradictions_and_gaps_are_refused() {
        for names in
            [["a", "a__map_b"], ["a__map_b", "a"], ["a__list_0", "a__map_b"], ["a__list_0", "a__list_2"]]
        {
            assert_eq!(rebuilt(&names), None, "{names:?}");
        }
        assert_eq!(rebuilt(&[&"__map_a".repeat(200)]), None);
    }

    #[test]
    fn a_bad_index_is_zero_and_the_last_of_equal_names_counts() {
        let pairs = [("l__list_x", b"1".to_vec()), ("l__list_0", b"2".to_vec())];
        let expected = Node::Map(vec![(b"l".to_vec(), Node::List(vec![Node::str("2")]))]);
        assert_eq!(unflatten(pairs), Some(expected));
    }

    #[test]
    fn a_separator_is_found_behind_an_underscore() {
        let map = Node::Map(vec![(b"b".to_vec(), Node::str("x"))]);
        assert_eq!(rebuilt(&["a___map_b"]), Some(Node::Map(vec![(b"a_".to_vec(), map)])));
    }

    #[test]
    fn lists_are_in_the_order_of_numbers() {
        let list = Node::Map(vec![(b"l".to_vec(), Node::List(vec![Node::str(""); 12]))]);
        let names: Vec<String> = flatten("sops_", &list).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[2], "sops_l__list_2");
        assert_eq!(names[11], "sops_l__list_11");
    }

    #[test]
    fn nothing_leaves_no_trace() {
        let empty = Node::Map(vec![
            (b"kms".to_vec(), Node::List(Vec::new())),
            (b"n".to_vec(), Node::Value(Value::Null)),
        ]);
        assert_eq!(flatten("", &empty), []);
    }
}
