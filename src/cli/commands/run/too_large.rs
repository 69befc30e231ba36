//! What to say when the system takes no more arguments and variables: how much there is, and what is large.

use super::super::super::Failure;
use crate::world::processes::{Program, StartError, StartProblem};
use crate::world::system::argument_limits;

/// `error`, with the sizes of what `program` was to get, if that was too much. Names and numbers only.
pub fn explained(error: StartError, program: &Program) -> Failure {
    let is_too_large = error.problem == StartProblem::TooLarge;
    let failure = Failure::from(error);
    if !is_too_large {
        return failure;
    }
    // With the `=` between and the NUL behind, as the system counts.
    let mut sizes: Vec<(usize, String)> = program
        .variables
        .iter()
        .map(|(name, value)| (name.len() + value.len() + 2, name.to_string_lossy().into_owned()))
        .collect();
    sizes.sort_by(|one, other| other.cmp(one));
    let variables: usize = sizes.iter().map(|(size, _)| size).sum();
    let arguments: usize = program.arguments.iter().map(|argument| argument.len() + 1).sum();
    let largest: Vec<String> =
        sizes.iter().take(MOST_NAMES).map(|(size, name)| format!("`{name}` {size}")).collect();
    let mut failure = failure
        .detail(format!("variables: {variables} bytes, arguments: {arguments} bytes"))
        .detail(format!("the largest variables: {}", largest.join(", ")));
    if let Some(limits) = argument_limits() {
        let (one, all) = (limits.one, limits.all);
        failure = failure.detail(format!("the system takes {one} bytes in one, and about {all} in all"));
    }
    let name = sizes.first().map_or("NAME", |(_, name)| name);
    failure.hint(format!(
        "`--file {name}` hands a large value on as a file; `--only`, `--except` and `--clean-env` leave others out"
    ))
}

const MOST_NAMES: usize = 3;
