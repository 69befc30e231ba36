//! What there is to say about variables: notes for the person, and why some cannot be. Names only, no values.

use std::fmt;
use std::path::PathBuf;

use super::super::Error;
use crate::base::Path;

/// Something to know about the variables; names only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A name stands more than once in a file; the last one counts.
    Duplicate {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
    },
    /// Values that mention other variables, which stays text.
    Mentions(Vec<String>),
    /// Another tool wrote the file, and that tool's processes get other bytes.
    ReadDifferently {
        /// The file.
        file: PathBuf,
        /// The names.
        names: Vec<String>,
    },
    /// A leaf whose name no variable can have was left out.
    Skipped {
        /// The file.
        file: PathBuf,
        /// The leaf.
        path: Path,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { file, name } => {
                write!(f, "`{name}` stands more than once in `{}`; the last one counts", file.display())
            }
            Self::Mentions(names) => write!(
                f,
                "{}: a mention of another variable, `${{…}}`, stays as it is; nothing is expanded",
                listed(names)
            ),
            Self::Skipped { file, path } => {
                write!(f, "`{}`: `{path}` cannot be the name of a variable; skipped", file.display())
            }
            Self::ReadDifferently { file, names } => write!(
                f,
                "another tool wrote `{}`; quotes, blanks and escapes are read in {}, where sops hands them on \
                 (`--literal` does so too)",
                file.display(),
                listed(names)
            ),
        }
    }
}

/// Why leaves cannot become variables.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A file of any bytes.
    #[error("`{}` is a binary file: it holds no variables", .0.display())]
    Binary(PathBuf),
    /// Two flattened leaves would have the same name.
    #[error("`{}`: two values would both be called `{name}`", file.display())]
    Collision {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
    },
    /// A leaf inside a map or list, or an alias to one.
    #[error("`{}`: `{path}` is not a single value, so it cannot be a variable", file.display())]
    Nested {
        /// The file.
        file: PathBuf,
        /// The leaf.
        path: Path,
    },
    /// The name is empty, or holds `=` or NUL.
    #[error("`{}`: `{path}` cannot be the name of a variable", file.display())]
    Name {
        /// The file.
        file: PathBuf,
        /// The leaf.
        path: Path,
    },
    /// The value holds NUL, which no variable can.
    #[error("`{}`: the value of `{path}` holds a NUL byte, which no variable can", file.display())]
    Nul {
        /// The file.
        file: PathBuf,
        /// The leaf.
        path: Path,
    },
    /// The rule file cannot be used.
    #[error(transparent)]
    Rule(#[from] Error),
}

impl EnvironmentError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Nested { .. } => Some(
                "`--flatten` joins the names on the way by `_`, in upper case; `--only` and `--except` choose",
            ),
            Self::Name { .. } => Some("`--skip-invalid` leaves such names out, with a warning"),
            Self::Nul { .. } => Some("`lacre run --file NAME` hands any bytes on, as a file"),
            _ => None,
        }
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
