//! Why a schema cannot be read: where, and what. No line of it is quoted, only names that the schema gives.

/// A place in a schema, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SchemaError {
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: SchemaProblem,
}

/// What can be wrong with a schema. Names are letters, digits, `_`, `-`, `.` and `$`, and not longer than 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaProblem {
    /// An argument of a type has no sense: not a number, a minimum above the maximum.
    #[error("`{option}` of type `{kind}` has a value that it cannot have")]
    BadOption {
        /// The name of the type.
        kind: String,
        /// The name of the option.
        option: String,
    },
    /// A decorator has a value that it cannot have.
    #[error("`@{name}` has a value that it cannot have")]
    BadDecorator {
        /// The decorator.
        name: String,
    },
    /// A pattern is no regular expression, is too large, or looks around.
    #[error("`{option}` is no regular expression that can be searched in linear time")]
    BadPattern {
        /// The option that holds it.
        option: String,
    },
    /// Two decorators of one item say opposite things.
    #[error("`@{first}` and `@{second}` contradict each other")]
    Contradiction {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// An item's value needs itself.
    #[error("the value of `{name}` refers to itself")]
    Cycle {
        /// The item.
        name: String,
    },
    /// The same decorator stands twice at one item.
    #[error("`@{name}` stands twice")]
    DecoratorTwice {
        /// The decorator.
        name: String,
    },
    /// A default or example is not of the item's own type.
    #[error("the {what} of `{name}` is not {expected}")]
    DoesNotFit {
        /// `default` or `example`.
        what: &'static str,
        /// The item.
        name: String,
        /// What the type wants.
        expected: String,
    },
    /// A decorator of the whole file stands at an item, or one of an item in the header.
    #[error("`@{name}` stands in the wrong place: what is for the whole file goes above the first `# ---`")]
    Misplaced {
        /// The decorator.
        name: String,
    },
    /// The same name stands twice.
    #[error("`{name}` stands twice, first in line {first}")]
    NameTwice {
        /// The item.
        name: String,
        /// Its first line.
        first: usize,
    },
    /// The line is no comment and no `NAME=value`.
    #[error("this is no comment and no `NAME=value`")]
    NotAnItem,
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    NotText,
    /// The schema is larger than 256 KiB or nested too deeply.
    #[error("the schema is too large")]
    TooLarge,
    /// An item has a value and another `@default`.
    #[error("`{name}` has two defaults")]
    TwoDefaults {
        /// The item.
        name: String,
    },
    /// A quote or bracket is not closed.
    #[error("a quote or bracket is not closed")]
    Unclosed,
    /// A type takes no such option.
    #[error("type `{kind}` has no option `{option}`")]
    UnknownOption {
        /// The name of the type.
        kind: String,
        /// The name of the option.
        option: String,
    },
    /// There is no such type.
    #[error("there is no type `{name}`")]
    UnknownType {
        /// The name that was given.
        name: String,
    },
}
