//! What `lacre git install` puts into a clone, piece by piece. Each piece says what is different from what it should be,
//! and whether it changes that is for the caller to decide, so that a dry run goes the same way.

pub mod attributes;
pub mod drivers;
pub mod hook;

/// Whether a piece is put in place, or only looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it is.
    DryRun,
    /// Written.
    InEarnest,
}

impl Manner {
    /// Whether anything may be written.
    #[must_use]
    pub fn writes(self) -> bool {
        self == Self::InEarnest
    }
}
