//! What a text loses before it is encrypted and gets back afterwards: the form of its lines.

use crate::base::Secret;

/// The UTF-8 byte order mark.
pub const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The form of lines that a text had, kept in the sealed metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// It began with a UTF-8 byte order mark.
    pub bom: bool,
    /// Every line ended in CR LF.
    pub crlf: bool,
}

/// A change made to a text before it was encrypted that decrypting does not undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What was done.
    pub change: Change,
    /// In which lines, counted from 1.
    pub lines: Vec<usize>,
}

/// The closed list of such changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A line of blanks became an empty line.
    BlankLineEmptied,
    /// A comment was moved to the first column.
    CommentUnindented,
    /// The last line was given an end.
    FinalLineEndAdded,
    /// Line ends were mixed; those with a carriage return became plain line feeds.
    LineEndsUnified,
}

/// A text ready to be encrypted.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The text.
    pub text: Secret<Vec<u8>>,
    /// What `Format::restore` needs to know.
    pub layout: Layout,
    /// What was changed for good.
    pub notes: Vec<Note>,
}
