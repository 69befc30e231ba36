//! The lines of a schema: comments with decorators, dividers, and items. What a decorator means is not known here.

use super::term::{Context, Reader, Term};
use super::{SchemaError, SchemaProblem};

/// `@name`, `@name=value` or `@name(…)`.
#[derive(Clone, Debug)]
pub struct Decorator {
    /// From 1.
    pub line: usize,
    /// Without the `@`.
    pub name: String,
    /// `None` where the name stands alone.
    pub value: Option<Term>,
    /// `@name(…)`, which may stand several times.
    pub is_call: bool,
}

/// `NAME=value`, with the comment above it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// From 1.
    pub line: usize,
    /// The name.
    pub name: String,
    /// Right of `=`; `None` where nothing stands there.
    pub value: Option<Term>,
    /// Of the lines above and behind.
    pub decorators: Vec<Decorator>,
    /// The other lines above.
    pub description: String,
}

/// A schema, line by line.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// Decorators before the first item that are not its own.
    pub header: Vec<Decorator>,
    /// In order.
    pub entries: Vec<Entry>,
}

/// Reads the lines of a schema.
pub fn read(text: &str) -> Result<Lines, SchemaError> {
    let mut scanner = Scanner { rest: text, line: 1, ..Scanner::default() };
    while !scanner.rest.is_empty() {
        scanner.line()?;
    }
    scanner.end_block();
    Ok(scanner.found)
}

#[derive(Default)]
struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    decorators: Vec<Decorator>,
    description: Vec<&'a str>,
    found: Lines,
}

impl<'a> Scanner<'a> {
    fn line(&mut self) -> Result<(), SchemaError> {
        let line = self.peek();
        let Some(comment) = comment(line) else {
            if line.trim().is_empty() {
                self.end_block();
                self.skip(line);
                return Ok(());
            }
            return self.entry();
        };
        if comment.starts_with("---") || comment.starts_with("===") {
            self.end_block();
            self.skip(line);
        } else if is_decorated(comment) {
            self.decorated(comment)?;
        } else {
            self.description.push(comment.trim_end());
            self.skip(line);
        }
        Ok(())
    }

    /// The line that is next, without its end.
    fn peek(&self) -> &'a str {
        self.rest.split('\n').next().unwrap_or_default()
    }

    /// Takes `text`, which the rest starts with, and the line end behind it.
    fn skip(&mut self, text: &str) {
        let rest = self.rest.get(text.len()..).unwrap_or_default();
        self.line += text.matches('\n').count() + usize::from(rest.starts_with('\n'));
        self.rest = rest.strip_prefix('\n').unwrap_or(rest);
    }

    /// A blank line or divider: what stood above belongs to no item.
    fn end_block(&mut self) {
        if self.found.entries.is_empty() {
            self.found.header.append(&mut self.decorators);
        }
        self.decorators.clear();
        self.description.clear();
    }

    /// A comment with decorators, which goes on in the next comments while a bracket is open.
    fn decorated(&mut self, first: &'a str) -> Result<(), SchemaError> {
        let start = self.line;
        let mut text = first.to_owned();
        self.skip(self.peek());
        loop {
            if let Some(found) = decorators(&text, start) {
                self.decorators.extend(found);
                return Ok(());
            }
            let next = self.peek();
            match comment(next).filter(|_| self.line - start < MOST_LINES && !self.rest.is_empty()) {
                Some(more) => {
                    text.push('\n');
                    text.push_str(more);
                    self.skip(next);
                }
                None => {
                    return Err(SchemaError { line: start, problem: SchemaProblem::Unclosed });
                }
            }
        }
    }

    fn entry(&mut self) -> Result<(), SchemaError> {
        let line = self.line;
        let not_an_item = SchemaError { line, problem: SchemaProblem::NotAnItem };
        let mut reader = Reader::new(self.peek().trim_start());
        if let Some(rest) = reader.rest.strip_prefix("export ") {
            reader.rest = rest.trim_start();
        }
        let name = reader.name().ok_or_else(|| not_an_item.clone())?.to_owned();
        let value = reader.rest.trim_start().strip_prefix('=').ok_or_else(|| not_an_item.clone())?;
        // The value may go on in further lines.
        let from = self.peek().len() - value.len();
        let all = self.rest.get(from..).unwrap_or_default();
        let all = all.trim_start_matches([' ', '\t']);
        let (value, after) = value_of(all).ok_or(SchemaError { line, problem: SchemaProblem::Unclosed })?;
        let behind = after.split('\n').next().unwrap_or_default();
        let taken = self.rest.len() - after.len() + behind.len();
        let end_of_value = self.rest.get(..taken).unwrap_or_default();
        match comment(behind) {
            Some(comment) if is_decorated(comment) => {
                let unclosed = SchemaError { line, problem: SchemaProblem::Unclosed };
                self.decorators.extend(decorators(comment, line).ok_or(unclosed)?);
            }
            None if !behind.trim().is_empty() => return Err(not_an_item),
            _ => {}
        }
        self.skip(end_of_value);
        self.found.entries.push(Entry {
            line,
            name,
            value,
            decorators: std::mem::take(&mut self.decorators),
            description: std::mem::take(&mut self.description).join("\n"),
        });
        Ok(())
    }
}

/// The text of a comment line, less one blank before it.
fn comment(line: &str) -> Option<&str> {
    let comment = line.trim_start().strip_prefix('#')?;
    Some(comment.strip_prefix(' ').unwrap_or(comment))
}

fn is_decorated(comment: &str) -> bool {
    let name = comment.strip_prefix('@');
    name.is_some_and(|name| name.starts_with(|letter: char| letter.is_ascii_alphabetic()))
}

/// The decorators at the front of a comment. `None`: a quote or bracket is open at the end.
fn decorators(text: &str, line: usize) -> Option<Vec<Decorator>> {
    let mut reader = Reader::new(text);
    let mut found = Vec::new();
    while is_decorated(reader.rest) {
        reader.rest = reader.rest.strip_prefix('@')?;
        let name = reader.name()?.to_owned();
        let (value, is_call) = if reader.rest.starts_with('(') {
            let arguments = reader.bracketed('(', ')')?;
            (Some(Term::Call(name.clone(), arguments)), true)
        } else if let Some(rest) = reader.rest.strip_prefix('=') {
            reader.rest = rest;
            (Some(reader.term(Context::Decorator)?), false)
        } else {
            (None, false)
        };
        found.push(Decorator { line, name, value, is_call });
        reader.rest = reader.rest.trim_start();
    }
    Some(found)
}

/// The value at the front of `text`, and what stands behind it.
fn value_of(text: &str) -> Option<(Option<Term>, &str)> {
    for fence in ["```", "\"\"\""] {
        if let Some(inner) = text.strip_prefix(fence) {
            let (inner, after) = inner.split_once(fence)?;
            let inner = inner.strip_prefix('\n').unwrap_or(inner).to_owned();
            return Some((Some(Term::Text { text: inner, quote: fence.chars().next() }), after));
        }
    }
    let mut reader = Reader::new(text);
    if text.starts_with(['"', '\'', '`']) {
        let term = reader.term(Context::Decorator)?;
        return Some((Some(term), reader.rest));
    }
    if let Some((term, after)) = literal(text) {
        return Some((Some(term), after));
    }
    let line = text.split('\n').next().unwrap_or_default();
    let end = line.match_indices('#').find(|(at, _)| *at == 0 || is_blank_before(line, *at));
    let (value, _) = line.split_at(end.map_or(line.len(), |(at, _)| at));
    let after = text.get(value.len()..).unwrap_or_default();
    let value = value.trim();
    let term = Term::Text { text: value.to_owned(), quote: None };
    Some((Some(term).filter(|_| !value.is_empty()), after))
}

/// A list, a map or a call, and what stands behind it; what cannot be read as one is a text.
fn literal(text: &str) -> Option<(Term, &str)> {
    let mut ahead = Reader::new(text);
    let is_call = ahead.name().is_some() && ahead.rest.starts_with('(');
    (is_call || text.starts_with(['[', '{'])).then_some(())?;
    let longest = text.char_indices().nth(LONGEST_LITERAL).map_or(text.len(), |(end, _)| end);
    let mut reader = Reader::new(text.get(..longest)?);
    let term = reader.term(Context::Decorator)?;
    let after = text.get(longest - reader.rest.len()..)?;
    let behind = after.split('\n').next().unwrap_or_default().trim();
    (behind.is_empty() || behind.starts_with('#')).then_some((term, after))
}

fn is_blank_before(line: &str, at: usize) -> bool {
    line.get(..at).is_some_and(|before| before.ends_with([' ', '\t']))
}

/// Bytes of a list, map or call; a longer one is not looked through for each line again.
const LONGEST_LITERAL: usize = 8 << 10;

/// Lines of one comment with decorators, which is looked through for each line again.
const MOST_LINES: usize = 256;
