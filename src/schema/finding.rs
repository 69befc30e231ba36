//! What is wrong with a variable, in a word for machines and in words for people. Neither holds a value.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is refused for it.
    Warning,
    /// A program must not start with it.
    Error,
}

/// Something that is wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the variable, or the path of the leaf.
    pub subject: String,
    /// What is wrong.
    pub problem: Problem,
    /// How bad it is.
    pub severity: Severity,
}

impl Finding {
    /// A program must not start with it.
    #[must_use]
    pub fn error(subject: &str, problem: Problem) -> Self {
        Self { subject: subject.to_owned(), problem, severity: Severity::Error }
    }

    /// Worth knowing.
    #[must_use]
    pub fn warning(subject: &str, problem: Problem) -> Self {
        Self { subject: subject.to_owned(), problem, severity: Severity::Warning }
    }
}

/// What can be wrong. `Display` gives the words for a person, to be read behind the subject; they hold no value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It must not be empty and is.
    Empty,
    /// Its certificate has run out, so many days ago.
    Expired {
        /// Whole days since.
        days: i64,
    },
    /// Its certificate runs out soon.
    Expires {
        /// Whole days left.
        days: i64,
    },
    /// It must be there and is not.
    Missing,
    /// Its certificate is of the future.
    NotYetValid,
    /// It was never filled in: `changeme`, `<your-key>`, the example itself.
    Placeholder,
    /// It is sensitive, and a build tool publishes every variable whose name starts like this.
    PublicName {
        /// Such as `NEXT_PUBLIC_`.
        prefix: &'static str,
    },
    /// It is sensitive and the same in another environment.
    SameAs {
        /// The name of that environment.
        environment: String,
    },
    /// The schema does not know it.
    Unknown,
    /// It does not look as the schema says.
    WrongKind {
        /// What it should be, starting with an article: "a port: a whole number from 1 to 65535".
        expected: String,
    },
}

impl Problem {
    /// A word for machines, which stays what it is.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Expired { .. } => "expired",
            Self::Expires { .. } => "expires",
            Self::Missing => "missing",
            Self::NotYetValid => "not-yet-valid",
            Self::Placeholder => "placeholder",
            Self::PublicName { .. } => "public-name",
            Self::SameAs { .. } => "same-value",
            Self::Unknown => "unknown",
            Self::WrongKind { .. } => "wrong-type",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is required and empty"),
            Self::Expired { days: 0 } => f.write_str("is a certificate that expired today"),
            Self::Expired { days } => write!(f, "is a certificate that expired {days} days ago"),
            Self::Expires { days: 0 } => f.write_str("is a certificate that expires today"),
            Self::Expires { days } => write!(f, "is a certificate that expires in {days} days"),
            Self::Missing => f.write_str("is required and missing"),
            Self::NotYetValid => f.write_str("is a certificate that is not valid yet"),
            Self::Placeholder => f.write_str("still holds a placeholder"),
            Self::PublicName { prefix } => {
                write!(f, "is sensitive, and build tools publish every variable that starts with {prefix}")
            }
            Self::SameAs { environment } => write!(f, "has the same value in {environment}"),
            Self::Unknown => f.write_str("is not in the schema"),
            Self::WrongKind { expected } => write!(f, "is not {expected}"),
        }
    }
}
