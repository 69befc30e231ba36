//! One of us on the terminal that was made for a program: it leads the session there and stands beside the program, so
//! that job control works. Without it the program would lead the session itself, and the system stops no such program.

use std::ffi::{OsStr, OsString};
use std::io;

use super::beside::Beside;
use super::{End, Launch, Supervision};
use crate::world::processes::{Program, StartError};

/// The first word of its command line.
const WORD: &str = "--inside-a-terminal";

/// The program that stands beside `program`.
pub(super) fn wrap(program: &Program) -> io::Result<Program> {
    let path = std::env::current_exe()?;
    let words: [OsString; 3] = ["lacre".into(), WORD.into(), program.path.clone().into()];
    let arguments = words.into_iter().chain(program.arguments.iter().cloned()).collect();
    Ok(Program { path, arguments, variables: program.variables.clone() })
}

/// Stands beside a program, if these words of a command line ask for it; how it ended.
pub(super) fn run(words: &[OsString]) -> Option<Result<End, StartError>> {
    let [_, word, path, arguments @ ..] = words else { return None };
    if word != OsStr::new(WORD) {
        return None;
    }
    let program = Program {
        path: path.into(),
        arguments: arguments.to_vec(),
        variables: std::env::vars_os().collect(),
    };
    Some(
        Beside::start(Launch { program, filter: None }, true)
            .and_then(|beside| beside.run(Supervision::default())),
    )
}
