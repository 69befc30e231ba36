//! A whole document in plain block style (spec 5.2.4): four columns a level, lists indented below their key.

use super::emit::Emitter;
use super::lexeme::blanks;
use crate::base::{Node, Path, Span, Step};
use crate::document::tree::{Branch, Comment, Tree};
use crate::document::{Document, EditError, Splice};

/// All `trees`, each a document, with `indent` columns a level.
pub(super) fn emit(trees: &[Tree], indent: Option<usize>) -> Result<Vec<u8>, EditError> {
    let step = indent.filter(|step| (2..=9).contains(step)).unwrap_or(4);
    let mut writer = Writer { step, path: Path::default(), text: String::new() };
    for (number, tree) in trees.iter().enumerate() {
        if number > 0 {
            writer.text.push_str("---\n");
        }
        writer.path = Path { document: number, steps: Vec::new() };
        writer.document(tree)?;
    }
    Ok(writer.text.into_bytes())
}

/// Bytes of copies, at the most.
const MOST_COPIED: usize = 64 << 20;

/// In brackets, in one line: that can stand wherever an alias can.
pub(super) fn write_out(document: &Document, aliases: &[usize]) -> Result<Vec<Splice>, EditError> {
    let emitter = Emitter { step: 4, json: false, newline: "\n" };
    let refused = |alias: usize| EditError::Alias(document.path_of(alias));
    let mut splices = Vec::with_capacity(aliases.len());
    let mut copied = 0;
    for (alias, tree) in aliases.iter().zip(Tree::each_of(document, aliases)?) {
        let event = document.outline().events.get(*alias).ok_or_else(|| refused(*alias))?;
        let text = emitter.flow(&tree.bare()).ok_or_else(|| refused(*alias))?;
        copied += text.len();
        if copied > MOST_COPIED {
            return Err(refused(*alias));
        }
        // The sign before the name goes too.
        splices.push(Splice::new(Span { start: event.span.start.saturating_sub(1), ..event.span }, text));
    }
    Ok(splices)
}

struct Writer {
    step: usize,
    path: Path,
    text: String,
}

impl Writer {
    fn document(&mut self, tree: &Tree) -> Result<(), EditError> {
        match tree {
            Tree::List(branch) if !branch.twigs.is_empty() => self.list(branch, 0),
            Tree::Map(branch) if !branch.twigs.is_empty() => self.map(branch, 0, false),
            Tree::List(branch) | Tree::Map(branch) => {
                self.comments(&branch.tail, 0)?;
                let text = self.scalar(tree, 0)?;
                self.add(&[text.trim_start(), "\n"]);
                Ok(())
            }
            Tree::Value(_) => {
                let text = self.scalar(tree, 0)?;
                self.add(&[text.trim_start_matches(' '), "\n"]);
                Ok(())
            }
        }
    }

    /// Entries in column `indent`; the first stands behind a dash if it `is_item`.
    fn map(&mut self, branch: &Branch, indent: usize, is_item: bool) -> Result<(), EditError> {
        for (number, twig) in branch.twigs.iter().enumerate() {
            self.path.steps.push(Step::Key(twig.key.clone()));
            let is_behind_dash = is_item && number == 0;
            // The comments of a first entry behind a dash stand above the dash.
            if !is_behind_dash {
                self.comments(&twig.comments, indent)?;
                self.text.push_str(&blanks(indent));
            }
            let key = self.emitter().key(&twig.key).ok_or_else(|| EditError::Name(self.path.clone()))?;
            self.text.push_str(&key);
            self.text.push(':');
            self.below(&twig.node, indent)?;
            self.path.steps.pop();
        }
        self.comments(&branch.tail, indent)
    }

    fn list(&mut self, branch: &Branch, indent: usize) -> Result<(), EditError> {
        for (number, twig) in branch.twigs.iter().enumerate() {
            self.path.steps.push(Step::Index(number));
            self.comments(&twig.comments, indent)?;
            match &twig.node {
                Tree::Map(map) if !map.twigs.is_empty() => {
                    let first = map.twigs.first().map(|twig| twig.comments.as_slice()).unwrap_or_default();
                    self.comments(first, indent)?;
                    self.add(&[&blanks(indent), "- "]);
                    self.map(map, indent + 2, true)?;
                }
                node => {
                    self.add(&[&blanks(indent), "-"]);
                    self.below(node, indent)?;
                }
            }
            self.path.steps.pop();
        }
        self.comments(&branch.tail, indent)
    }

    /// What follows a key or dash in column `indent`, with the line end.
    fn below(&mut self, node: &Tree, indent: usize) -> Result<(), EditError> {
        let inner = indent + self.step;
        match node {
            Tree::List(branch) if !branch.twigs.is_empty() => {
                self.text.push('\n');
                self.list(branch, inner)
            }
            Tree::Map(branch) if !branch.twigs.is_empty() => {
                self.text.push('\n');
                self.map(branch, inner, false)
            }
            _ => {
                let text = self.scalar(node, indent)?;
                self.text.push_str(&text);
                self.text.push('\n');
                match node {
                    Tree::List(branch) | Tree::Map(branch) => self.comments(&branch.tail, indent),
                    Tree::Value(_) => Ok(()),
                }
            }
        }
    }

    /// A value, or an empty map or list, with the blank before it.
    fn scalar(&self, node: &Tree, parent: usize) -> Result<String, EditError> {
        let node = match node {
            Tree::List(_) => Node::List(Vec::new()),
            Tree::Map(_) => Node::Map(Vec::new()),
            Tree::Value(value) => Node::Value(value.clone()),
        };
        self.emitter().block(&node, parent).ok_or_else(|| EditError::Value(self.path.clone()))
    }

    fn comments(&mut self, comments: &[Comment], indent: usize) -> Result<(), EditError> {
        for comment in comments {
            let text = std::str::from_utf8(comment.expose()).ok();
            let text = text.filter(|text| !text.chars().any(|char| char.is_control() && char != '\t'));
            let text = text.ok_or_else(|| EditError::Value(self.path.clone()))?;
            self.add(&[&blanks(indent), "#", text, "\n"]);
        }
        Ok(())
    }

    fn add(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
    }

    fn emitter(&self) -> Emitter {
        Emitter { step: self.step, json: false, newline: "\n" }
    }
}
