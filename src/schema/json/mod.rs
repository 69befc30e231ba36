//! JSON Schema for the leaves of YAML and JSON. The everyday keywords of draft 2020-12 and its forerunners are read; a
//! keyword that is not known is named once and not checked. `$ref` stays inside the schema: nothing is fetched or opened.
//! The `jsonschema` crate would bring 39 packages, a backtracking search for patterns, and errors that hold values.

mod check;
mod compile;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::kind::{Kind, Number, Pattern, Text};
use super::{Finding, Problem};
use crate::base::Node;

/// What a tree of values must look like.
#[derive(Clone, Debug)]
pub struct JsonSchema {
    /// Each by its place in the list; the first is the whole schema.
    rules: Vec<Rule>,
    /// Keywords and formats that are not checked, each once.
    pub notes: Vec<String>,
}

/// Why a JSON Schema cannot be read. Pointers are those of RFC 6901.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonSchemaError {
    /// A keyword has a value that it cannot have.
    #[error("`{0}` has a value that it cannot have")]
    BadKeyword(String),
    /// A rule needs itself before anything is looked at.
    #[error("`{0}` refers to itself without end")]
    Cycle(String),
    /// `$ref` points to nothing.
    #[error("`{0}` points to nothing in this schema")]
    Dangling(String),
    /// `$ref` leaves the schema.
    #[error("`{0}` refers to another document; only `#…` is followed")]
    Elsewhere(String),
    /// The text is no JSON.
    #[error("line {0}: this is no JSON")]
    NotJson(usize),
    /// The schema is larger than 256 KiB or nested too deeply.
    #[error("the schema is too large")]
    TooLarge,
    /// `type` names a type that JSON does not have.
    #[error("`{0}` names a type that JSON does not have")]
    UnknownType(String),
}

/// What one schema asks of one value. Numbers are places in the list of rules.
#[derive(Clone, Debug, Default)]
struct Rule {
    pointer: String,
    /// The schema `false`.
    never: bool,
    types: Vec<Type>,
    members: Option<Vec<Value>>,
    required: Vec<String>,
    properties: Vec<(String, usize)>,
    patterns: Vec<(Pattern, usize)>,
    additional: Option<usize>,
    fields: Count,
    prefix: Vec<usize>,
    items: Option<usize>,
    length: Count,
    text: Text,
    number: Number,
    above: Option<f64>,
    below: Option<f64>,
    format: Option<Kind>,
    all: Vec<usize>,
    any: Option<Vec<usize>>,
    one: Option<Vec<usize>>,
    not: Option<usize>,
    /// `if`, `then`, `else`.
    when: Option<(usize, Option<usize>, Option<usize>)>,
    reference: Option<usize>,
}

/// Fewest and most.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    min: Option<usize>,
    max: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

impl JsonSchema {
    /// Reads a schema.
    ///
    /// # Errors
    /// When it is no JSON or too large, a keyword has no sense, or a reference leaves it, leads nowhere or in a circle.
    pub fn parse(text: &[u8]) -> Result<Self, JsonSchemaError> {
        if text.len() > LONGEST {
            return Err(JsonSchemaError::TooLarge);
        }
        let root = serde_json::from_slice(text).map_err(|error| JsonSchemaError::NotJson(error.line()))?;
        compile::compile(&root)
    }

    /// What is wrong with a tree of values, by the paths of its leaves.
    #[must_use]
    pub fn check(&self, tree: &Node) -> Vec<Finding> {
        self.findings(tree, true)
    }

    /// What names and structure alone tell: what is missing, what is too much, and maps and lists where the other should
    /// be. Values may be encrypted; none is looked at.
    #[must_use]
    pub fn check_names(&self, tree: &Node) -> Vec<Finding> {
        self.findings(tree, false)
    }

    fn findings(&self, tree: &Node, with_values: bool) -> Vec<Finding> {
        let mut checker = check::Checker::new(&self.rules, with_values);
        checker.check(0, tree);
        if checker.is_exhausted() {
            let expected = "something that this schema can judge in reasonable time".to_owned();
            checker.found.push(Finding::error("(all)", Problem::WrongKind { expected }));
        }
        checker.found
    }
}

/// Bytes of a schema.
const LONGEST: usize = 256 << 10;
