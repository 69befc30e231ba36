//! What a program is given: variables, and the contents of files. Read once before it starts, and again by a watch.

use std::path::PathBuf;

use super::super::super::{Context, Failure};
use super::super::selection::{Look, Selection};
use super::files::{self, Contents, FileWord, Place};
use super::{Run, checked, inherited};
use crate::redact::Known;
use crate::workspace::OpenFile;
use crate::workspace::environment::Environment;
use crate::world::Variables;

/// All that changed encrypted files can change.
#[derive(Default)]
pub struct Prepared {
    /// The whole environment, less what points to files.
    pub variables: Variables,
    /// What goes into files.
    pub contents: Contents,
    /// What no output may show, where that is asked for.
    pub secrets: Vec<Known>,
}

impl Prepared {
    /// Reads the `encrypted` files, and holds what they say against the schema.
    ///
    /// # Errors
    /// When one does not open, or what it says cannot be handed on.
    pub fn read(arguments: &Run, encrypted: &[PathBuf], context: &Context<'_>) -> Result<Self, Failure> {
        let mut check = |file: &OpenFile| checked::check_tree(arguments, file, context);
        let environment = environment(arguments, encrypted, &mut check, context)?;
        let mut secrets = environment.secrets().to_vec();
        let contents = files::contents(arguments, &environment, &mut secrets, &mut check, context)?;
        let mut variables = inherited(arguments, context);
        environment.pour(&mut variables, arguments.keep_existing);
        checked::check(arguments, &environment, &variables, context)?;
        Ok(Self { variables, contents, secrets })
    }

    /// Whether a program could not tell one from the other.
    #[must_use]
    pub fn gives_the_same(&self, other: &Self) -> bool {
        self.variables == other.variables && self.contents == other.contents
    }
}

/// The values of the `encrypted` files, by name; `check` sees each file.
///
/// # Errors
/// When one does not open, or a value cannot be handed on; and those of `check`.
pub fn environment(
    arguments: &Run,
    encrypted: &[PathBuf],
    check: &mut Look<'_>,
    context: &Context<'_>,
) -> Result<Environment, Failure> {
    let names = files::names(&arguments.as_file);
    let environment = arguments.selection.gather_from(encrypted, &names, check, context)?;
    Selection::tell(&environment, context);
    Ok(environment)
}

/// The encrypted files whose values become variables; none where all that is asked for are whole files.
///
/// # Errors
/// When there is none, or one that was asked for is missing.
pub fn encrypted(arguments: &Run, context: &Context<'_>) -> Result<Vec<PathBuf>, Failure> {
    let is_whole = |word: &FileWord| matches!(word.place, Place::Whole(_));
    let only_whole = !arguments.as_file.is_empty() && arguments.as_file.iter().all(is_whole);
    arguments.selection.files.paths(only_whole, context)
}
