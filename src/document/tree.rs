//! A document as a tree of values and comments, without its spelling: what conversion goes through. Aliases are copied out,
//! and a merge key stays a key, as in sops (spec 5.2.1). Every format emits a tree in its own spelling.

use std::collections::HashMap;

use super::{Document, EditError, next_node};
use crate::base::{Kind, Node, Path, Secret, Step, Value};

/// Nodes at the most, copies counted: a few lines of nested aliases can stand for billions.
const MOST_NODES: usize = 1_000_000;

/// Bytes of text at the most, copies and the blanks that indent them counted: many aliases of one long text.
const MOST_BYTES: usize = 128 << 20;

/// Maps and lists inside each other, at the most: no format reads more.
const MOST_DEPTH: usize = 128;

/// Aliases that lead into aliases.
const MOST_ALIAS_DEPTH: usize = 32;

/// One node with all that is below it.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Items; their keys are empty.
    List(Branch),
    /// Entries in order.
    Map(Branch),
    /// One scalar.
    Value(Value),
}

/// What a map or list holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// Its entries or items.
    pub twigs: Vec<Twig>,
    /// Comments behind the last one.
    pub tail: Vec<Comment>,
}

/// One entry or item.
#[derive(Clone, Debug, PartialEq)]
pub struct Twig {
    /// Comments above it or at the end of its line.
    pub comments: Vec<Comment>,
    /// Its key; empty in a list.
    pub key: Vec<u8>,
    /// What it holds.
    pub node: Tree,
}

/// One line of a comment: what stands behind the `#`, a leading blank included.
pub type Comment = Secret<Vec<u8>>;

/// What an event says where that is not what its text says.
#[derive(Clone, Debug)]
pub enum Said {
    /// It is a comment.
    Comment(Secret<Vec<u8>>),
    /// It is a value.
    Value(Value),
}

impl Tree {
    /// The trees of all documents of `document`. `said` tells what is known better than the text: decrypted values.
    ///
    /// # Errors
    /// When an alias leads to nothing or into itself, or stands for more than a million nodes.
    pub fn all_of(document: &Document, said: impl Fn(usize) -> Option<Said>) -> Result<Vec<Self>, EditError> {
        let mut growth = Growth::new(document, &said);
        let events = document.outline().events.iter().enumerate();
        let starts = events.filter(|(_, event)| matches!(event.kind, Kind::Document));
        starts.map(|(at, _)| Ok(growth.node(at + 1)?.0)).collect()
    }

    /// What the nodes at the events `at` stand for: what an alias leads to.
    ///
    /// # Errors
    /// As `all_of`.
    pub fn each_of(document: &Document, at: &[usize]) -> Result<Vec<Self>, EditError> {
        let mut growth = Growth::new(document, &|_| None);
        at.iter().map(|event| Ok(growth.node(*event)?.0)).collect()
    }

    /// Without comments.
    #[must_use]
    pub fn bare(self) -> Node {
        match self {
            Self::List(branch) => Node::List(branch.twigs.into_iter().map(|twig| twig.node.bare()).collect()),
            Self::Map(branch) => {
                Node::Map(branch.twigs.into_iter().map(|twig| (twig.key, twig.node.bare())).collect())
            }
            Self::Value(value) => Node::Value(value),
        }
    }

    /// What stands at `steps` below it; the last one where a name stands several times.
    #[must_use]
    pub fn at(&self, steps: &[Step]) -> Option<&Self> {
        let [step, rest @ ..] = steps else { return Some(self) };
        match (self, step) {
            (Self::List(branch), Step::Index(index)) => branch.twigs.get(*index)?.node.at(rest),
            (Self::Map(branch), Step::Key(key)) => {
                branch.twigs.iter().rev().filter(|twig| twig.key == *key).find_map(|twig| twig.node.at(rest))
            }
            _ => None,
        }
    }
}

struct Growth<'d> {
    document: &'d Document,
    said: &'d dyn Fn(usize) -> Option<Said>,
    /// Where each alias leads.
    targets: HashMap<usize, usize>,
    left: usize,
    bytes_left: usize,
    aliases: usize,
    depth: usize,
}

impl<'d> Growth<'d> {
    fn new(document: &'d Document, said: &'d dyn Fn(usize) -> Option<Said>) -> Self {
        let (outline, text) = (document.outline(), document.text());
        let (mut anchors, mut targets) = (HashMap::new(), HashMap::new());
        for (at, event) in outline.events.iter().enumerate() {
            let name = event.span.of(text);
            match event.kind {
                Kind::Document => anchors.clear(),
                Kind::Anchor => drop(next_node(outline, at).map(|node| anchors.insert(name, node))),
                Kind::Alias => drop(anchors.get(name).map(|node| targets.insert(at, *node))),
                _ => {}
            }
        }
        let (left, bytes_left) = (MOST_NODES, MOST_BYTES);
        Self { document, said, targets, left, bytes_left, aliases: 0, depth: 0 }
    }

    /// The node at or behind `from`, and the event after it.
    fn node(&mut self, from: usize) -> Result<(Tree, usize), EditError> {
        let refused = |growth: &Self| EditError::Alias(growth.document.path_of(from));
        let (outline, text) = (self.document.outline(), self.document.text());
        let at = next_node(outline, from).ok_or_else(|| refused(self))?;
        self.left = self.left.checked_sub(1).ok_or_else(|| refused(self))?;
        let Some(event) = outline.events.get(at) else { return Err(refused(self)) };
        Ok(match &event.kind {
            Kind::Alias => {
                let target = self.targets.get(&at).copied();
                self.aliases += 1;
                let target =
                    target.filter(|_| self.aliases <= MOST_ALIAS_DEPTH).ok_or_else(|| refused(self))?;
                let (tree, _) = self.node(target)?;
                self.aliases -= 1;
                (tree, at + 1)
            }
            Kind::List(_) => {
                let (branch, next) = self.branch(at + 1, false)?;
                (Tree::List(branch), next)
            }
            Kind::Map(_) => {
                let (branch, next) = self.branch(at + 1, true)?;
                (Tree::Map(branch), next)
            }
            Kind::Scalar(_, scalar) => {
                let value = match (self.said)(at) {
                    Some(Said::Value(value)) => value,
                    _ => scalar.value(event.span, text),
                };
                let length = if let Value::Str(text) = &value { text.expose().len() } else { 0 };
                self.pay(length).ok_or_else(|| refused(self))?;
                (Tree::Value(value), at + 1)
            }
            _ => return Err(refused(self)),
        })
    }

    /// For so many bytes at this depth, indented by four blanks a level.
    fn pay(&mut self, bytes: usize) -> Option<()> {
        self.bytes_left = self.bytes_left.checked_sub(bytes + 4 * self.depth)?;
        Some(())
    }

    /// The entries or items from the event `at`, and the event after the end.
    fn branch(&mut self, at: usize, is_map: bool) -> Result<(Branch, usize), EditError> {
        if self.depth >= MOST_DEPTH {
            return Err(EditError::Alias(self.document.path_of(at)));
        }
        self.depth += 1;
        let grown = self.twigs(at, is_map);
        self.depth -= 1;
        grown
    }

    fn twigs(&mut self, mut at: usize, is_map: bool) -> Result<(Branch, usize), EditError> {
        let (outline, text) = (self.document.outline(), self.document.text());
        // INI has the comments of a key behind it, but for those of the section.
        let follows = self.document.format().name() == "ini";
        let mut branch = Branch::default();
        while let Some(event) = outline.events.get(at) {
            let comment = match (&event.kind, (self.said)(at)) {
                (Kind::Comment { .. } | Kind::Scalar(..), Some(Said::Comment(comment))) => Some(comment),
                (Kind::Comment { .. }, _) => Some(Secret::new(event.span.of(text).to_vec())),
                _ => None,
            };
            let (document, start) = (self.document, at);
            let refused = || EditError::Alias(document.path_of(start));
            if let Some(comment) = comment {
                self.pay(comment.expose().len()).ok_or_else(refused)?;
                let lines = lines(&comment, follows);
                match branch.twigs.last_mut().filter(|_| follows) {
                    Some(twig) => twig.comments.extend(lines),
                    None => branch.tail.extend(lines),
                }
                at += 1;
                continue;
            }
            let key = match &event.kind {
                Kind::End => return Ok((branch, at + 1)),
                Kind::Key(key) if is_map => {
                    at += 1;
                    key.bytes(event.span, text).to_vec()
                }
                _ => Vec::new(),
            };
            self.pay(key.len()).ok_or_else(refused)?;
            let (node, next) = self.node(at)?;
            // Comments between a key and its value belong to the entry too.
            let comments = std::mem::take(&mut branch.tail);
            branch.twigs.push(Twig { comments, key, node });
            at = next;
        }
        Ok((branch, at))
    }
}

/// A comment line by line; in INI all but the first have a sign of their own.
fn lines(comment: &Secret<Vec<u8>>, is_ini: bool) -> Vec<Comment> {
    let lines = comment.expose().split(|byte| *byte == b'\n');
    let line = |line: &[u8]| {
        if !is_ini {
            return Secret::new(line.to_vec());
        }
        let line = line.trim_ascii();
        let line = line.strip_prefix(b";").or_else(|| line.strip_prefix(b"#")).unwrap_or(line).trim_ascii();
        Secret::new(if line.is_empty() { Vec::new() } else { [b" ", line].concat() })
    };
    lines.map(line).collect()
}

/// The only tree among `trees`: no format but YAML holds several documents.
///
/// # Errors
/// When there are several, or none.
pub(super) fn only(trees: &[Tree]) -> Result<&Tree, EditError> {
    match trees {
        [tree] => Ok(tree),
        _ => Err(EditError::Documents),
    }
}

/// `path` with one more key.
pub(super) fn below(path: &Path, key: &[u8]) -> Path {
    let mut path = path.clone();
    path.steps.push(Step::Key(key.to_vec()));
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Ini, Json, yaml::Yaml};

    fn json(document: &Document) -> String {
        let trees = Tree::all_of(document, |_| None).unwrap();
        let text = crate::document::Format::emit(&Json, &trees, Some(0)).unwrap();
        String::from_utf8(text).unwrap().replace('\n', "")
    }

    #[test]
    fn aliases_and_merge_keys_are_copied_out() {
        let text = "a: &a\n  x: 1\nb: *a\nc:\n  <<: *a\n  y: [*a, &s q, *s]\n";
        let document = Document::parse(text.into(), &Yaml).unwrap();
        assert_eq!(
            json(&document),
            r#"{"a": {"x": 1},"b": {"x": 1},"c": {"\u003c\u003c": {"x": 1},"y": [{"x": 1},"q","q"]}}"#
        );
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let levels = (1..40).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
        let text = "a0: &a0 [x, x]\n".to_owned() + &levels.collect::<Vec<_>>().concat();
        let document = Document::parse(text.into(), &Yaml).unwrap();
        assert!(matches!(Tree::all_of(&document, |_| None), Err(EditError::Alias(_))));
        let document = Document::parse(b"a: &a [*a]\n".to_vec(), &Yaml).unwrap();
        assert!(matches!(Tree::all_of(&document, |_| None), Err(EditError::Alias(_))));
    }

    #[test]
    fn comments_of_ini_stand_above_their_keys_again() {
        let document = Document::parse(b"; s\n[a]\n; one\n# two\nx = 1 ; three\n".to_vec(), &Ini).unwrap();
        let trees = Tree::all_of(&document, |_| None).unwrap();
        let text = crate::document::Format::emit(&Yaml, &trees, None).unwrap();
        let expected = "DEFAULT: {}\na:\n    # s\n    # one\n    # two\n    # three\n    x: \"1\"\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
