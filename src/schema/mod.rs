//! What a program expects of its variables, written down: which names, which of them it cannot do without, and what
//! their values look like. A schema checks and never supplies a value. What is found names names, never values.
//!
//! # Beside varlock
//!
//! The language of [`Schema::parse`] is env-spec, as varlock writes it. What is refused there is refused here: types and
//! options that do not exist, decorators that contradict each other or stand in the wrong place, values that refer to
//! themselves. Otherwise than there
//!
//! * values are taken as they are, so a type refuses what varlock would change first: `12px`, `.5` and `0x10` for a number,
//!   `1.5` where `isInt` or `precision` says otherwise, blanks around `true`. Options that change values earn a note;
//! * a URL has its scheme: not `localhost:3000`, not `http:a`. A date is one that exists, with a `T` before its time. A port
//!   is 1 or more and has no zero in front. No mail address has quotes or an IP address;
//! * an IPv6 address is an `ip`, and a UUID may be of version 6 and later;
//! * patterns cannot look around, and their `\d` and `\w` are those of Unicode;
//! * a default is not handed to anyone: what has one may be missing, and what another tool works out must be there;
//! * a name that stands twice, a default that could never fit and a second `@default` are errors; a decorator that is not known is a note;
//! * `int`, `bool`, `length`, `startsWith`, `regex`, `json`, `base64`, `base64url`, `pem`, `certificate` and `path` are ours.

mod check;
mod error;
mod expected;
mod finding;
pub mod hygiene;
pub mod json;
mod kind;
mod lines;
mod options;
mod parse;
mod term;
#[cfg(test)]
mod tests;
mod types;
mod values;
mod write;

pub use error::{SchemaError, SchemaProblem};
pub use finding::{Finding, Problem, Severity};
pub use kind::{Array, Domain, Kind, Number, Pattern, Text, Url};
pub use write::Draft;

/// What is expected of one variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The name of the variable.
    pub name: String,
    /// The line of the schema where it stands, from 1.
    pub line: usize,
    /// It must be there and not be empty.
    pub required: bool,
    /// Its value is a secret.
    pub sensitive: bool,
    /// The schema says of this very item whether it is sensitive; otherwise a default says it.
    pub is_stated: bool,
    /// What the value looks like.
    pub kind: Kind,
    /// A value to show in examples.
    pub example: Option<String>,
    /// What the program takes where there is none.
    pub default: Option<String>,
    /// For people; the comment above it.
    pub description: String,
}

/// Something that stands in a schema and is not checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{name}` is not checked")]
pub struct Note {
    /// From 1.
    pub line: usize,
    /// As it is spelled: `@import`, `exec()`.
    pub name: String,
}

/// Items in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// One for each variable.
    pub items: Vec<Item>,
    /// What stands in the schema and is not checked, each once: decorators and functions of other tools.
    pub notes: Vec<Note>,
    /// It takes in other files, which are not read: names it does not have are not unknown.
    pub partial: bool,
}

impl Schema {
    /// Reads a schema in the env-spec form.
    ///
    /// # Errors
    /// The first place that cannot be understood.
    pub fn parse(text: &[u8]) -> Result<Self, SchemaError> {
        parse::parse(text)
    }

    /// The item called `name`.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }
}
