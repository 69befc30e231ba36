//! New text for whole maps and lists: in blocks, or in brackets.

use super::lexeme;
use super::place::below;
use super::spelling::{self, Block, Manner};
use crate::base::{Node, Style};

/// How new text looks.
#[derive(Clone, Copy, Debug)]
pub struct Emitter {
    /// Columns a level.
    pub step: usize,
    /// Everything quoted, as JSON does.
    pub json: bool,
    /// `\n` or `\r\n`.
    pub newline: &'static str,
}

impl Emitter {
    /// What follows `key:` or `-` whose column is `parent`, the blank included; `None` for what YAML cannot hold.
    pub fn block(&self, node: &Node, parent: usize) -> Option<String> {
        let indent = below(parent, self.step);
        Some(match node {
            Node::List(items) if !items.is_empty() => {
                let items: Option<Vec<String>> = items.iter().map(|item| self.item(item, indent)).collect();
                format!("{}{}", self.newline, items?.join(self.newline))
            }
            Node::Map(entries) if !entries.is_empty() => {
                format!("{}{}", self.newline, self.entries(entries, indent)?)
            }
            Node::Value(value) => {
                let block = Some(Block { parent, indent, keep: false });
                let manner = Manner { flow: false, block, style: None, newline: self.newline };
                format!(" {}", spelling::spell(value, &manner)?)
            }
            empty => format!(" {}", self.flow(empty)?),
        })
    }

    /// One list item, its dash in column `indent`.
    pub fn item(&self, node: &Node, indent: usize) -> Option<String> {
        let text = match node {
            Node::Map(entries) if !entries.is_empty() => {
                format!(" {}", self.entries(entries, indent + 2)?.trim_start())
            }
            _ => self.block(node, indent)?,
        };
        Some(format!("{}-{text}", lexeme::blanks(indent)))
    }

    /// Lines of entries in column `indent`, without the last line end.
    pub fn entries(&self, entries: &[(Vec<u8>, Node)], indent: usize) -> Option<String> {
        let lines: Option<Vec<String>> = entries
            .iter()
            .map(|(key, node)| {
                Some(format!("{}{}:{}", lexeme::blanks(indent), self.key(key)?, self.block(node, indent)?))
            })
            .collect();
        Some(lines?.join(self.newline))
    }

    /// In brackets, in one line.
    pub fn flow(&self, node: &Node) -> Option<String> {
        Some(match node {
            Node::List(items) => {
                let items: Option<Vec<String>> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items?.join(", "))
            }
            Node::Map(entries) => {
                let entries: Option<Vec<String>> =
                    entries.iter().map(|(key, node)| self.flow_entry(key, node)).collect();
                format!("{{{}}}", entries?.join(", "))
            }
            Node::Value(value) => {
                let style = self.json.then_some(Style::Double);
                let manner = Manner { flow: true, block: None, style, newline: self.newline };
                spelling::spell(value, &manner)?
            }
        })
    }

    /// `key: value` in brackets.
    pub fn flow_entry(&self, key: &[u8], node: &Node) -> Option<String> {
        Some(format!("{}: {}", self.key(key)?, self.flow(node)?))
    }

    /// A key, without the colon.
    pub fn key(&self, name: &[u8]) -> Option<String> {
        let key = spelling::key(std::str::from_utf8(name).ok()?, self.json.then_some(Style::Double));
        // YAML finds the colon of a key within 1,024 characters.
        (key.len() < 1024).then_some(key)
    }
}
