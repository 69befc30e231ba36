//! Where and why a text is no document. Holds places and key names, never a value or a line of input.

use std::fmt;

use super::span::line_of;

/// A place and a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Line, counted from 1.
    pub line: usize,
    /// Name of the key concerned, where there is one; may hold control characters, so escape it before printing.
    pub name: Option<String>,
    /// What is wrong there.
    pub problem: Problem,
}

impl ParseError {
    /// `problem` at the byte `offset` of `text`.
    #[must_use]
    pub fn at(text: &[u8], offset: usize, problem: Problem) -> Self {
        Self { line: line_of(text, offset), name: None, problem }
    }

    /// The same, concerning the key `name`.
    #[must_use]
    pub fn named(self, name: &[u8]) -> Self {
        Self { name: Some(String::from_utf8_lossy(name).into_owned()), ..self }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(name) = &self.name {
            write!(f, ", `{}`", name.escape_debug())?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for ParseError {}

/// What can be wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// An alias or merge key reaches a value that is to be encrypted, or an anchor that does not exist.
    #[error("an alias to nothing")]
    BadAlias,
    /// A carriage return, NUL or other byte where the format has no place for it.
    #[error("a byte that has no place here")]
    BadByte,
    /// INI: a comment behind a section header, which ciphertext would make part of the name.
    #[error(
        "a comment stands behind the section's name, where sops could not read it; give it a line of its own"
    )]
    BehindHeader,
    /// INI: text behind a closing quote or bracket.
    #[error("something that is no comment follows the closing quote or bracket; sops would drop it")]
    BehindQuote,
    /// git left `<<<<<<<`, `=======` or `>>>>>>>` behind.
    #[error("a merge conflict is not resolved")]
    ConflictMarker,
    /// INI: a backslash at the end of a line that swallows the next key, or nothing.
    #[error("the line ends in a backslash, so sops joins the next one to it; put the value in double quotes")]
    Continued,
    /// A key that stands twice in one map.
    #[error("the key stands twice in its map")]
    DuplicateKey,
    /// Flattened metadata names that contradict each other, or a metadata entry that is no map.
    #[error("the sops metadata is not well formed")]
    Metadata,
    /// INI: a name that sops would write so that it reads otherwise.
    #[error("sops cannot keep this name in an INI file")]
    NameLost,
    /// A line of dotenv that is neither empty, a comment nor an assignment.
    #[error("the line has no `=`")]
    NoEquals,
    /// INI: a section or a key without a name.
    #[error("the name is missing")]
    NoName,
    /// No map at the top: sops needs one.
    #[error("the top level is no map")]
    NotAMap,
    /// Bytes that are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A map key that is no string.
    #[error("a key that is not a string; quote it")]
    NotAString,
    /// An integer beyond 63 bits, which sops cannot hold.
    #[error("an integer beyond 64 bits signed, which sops cannot hold; quote it")]
    NumberTooLarge,
    /// A variable that begins with `sops_`, which is reserved for metadata.
    #[error("names that begin with `sops_` are reserved")]
    ReservedName,
    /// INI: `#` or `;` between quotes.
    #[error("sops takes a `#` or `;` for a comment even in quotes; put the value between backquotes")]
    SignInQuotes,
    /// The text breaks the grammar of its format here.
    #[error("the text is not well formed here")]
    Syntax,
    /// More nesting than the limit allows.
    #[error("nested too deeply")]
    TooDeep,
    /// Something follows where the document should have ended.
    #[error("text follows the end of the document")]
    Trailing,
    /// All leaf paths together are far longer than the text.
    #[error("its names are too long for so many values")]
    PathsTooLong,
    /// NEL, LS or PS where it would hide what follows.
    #[error("a character (U+0085, U+2028 or U+2029) that ends the line for sops")]
    OtherLineEnd,
    /// A quote that is opened and never closed.
    #[error("a quote is not closed")]
    UnclosedQuote,
    /// A directive or construct that sops does not read.
    #[error("sops does not read this construct")]
    Unsupported,
}
