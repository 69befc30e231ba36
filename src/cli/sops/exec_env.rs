//! `sops exec-env`: a shell line with the values of a file in its environment, dotenv values raw. Identities stay in
//! the environment, as scripts that call sops again need them.

use std::ffi::OsString;
use std::path::Path;

use super::super::Failure;
use super::call::Call;
use super::{codes, rules};
use crate::base::{Path as ValuePath, Value};
use crate::document::dotenv::Dotenv;
use crate::document::{Format, Tree};
use crate::envelope::trees;
use crate::workspace::OpenFile;
use crate::workspace::steering::is_steering;
use crate::world::Variables;
use crate::world::child::{self, Child, ChildError};

/// Runs it.
///
/// # Errors
/// With the codes of sops; the code of the command otherwise.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    let [file, line] = call.words.rest.as_slice() else {
        return Err(Failure::user("`exec-env` takes a file and one command line, in quotes"));
    };
    let path = call.absolute(Path::new(file));
    check_background(call)?;
    rules::check(call)?;
    let kind = super::call::kind_by_suffix(&path);
    let file = call.open_path(&path, kind)?;
    let values = values(call, &file)?;
    drop(file);
    let mut variables = call.context.world.variables.clone();
    become_user(call, &mut variables)?;
    if call.words.on("pristine") {
        variables.clear();
    }
    variables.extend(values);
    start(call, line, &variables)
}

/// `--background` is as good as gone.
///
/// # Errors
/// 8 beside `--same-process`.
pub fn check_background(call: &Call<'_>) -> Result<(), Failure> {
    if !call.words.on("background") {
        return Ok(());
    }
    call.context.ui.warn(call.context.world, "`--background` is deprecated");
    if call.words.on("same-process") {
        return Err(codes::exit(codes::CONFLICT, "`--background` and `--same-process` exclude each other"));
    }
    Ok(())
}

/// Starts a shell line, as `--same-process` and `--background` ask for.
///
/// # Errors
/// When it cannot be started.
pub fn start(call: &Call<'_>, line: &OsString, variables: &Variables) -> Result<u8, Failure> {
    let child = Child { line, variables, folder: &call.context.world.folder };
    if call.words.on("same-process") {
        return Err(failure(&child.become_it()));
    }
    if call.words.on("background") {
        child.start().map_err(|error| failure(&error))?;
        return Ok(0);
    }
    child.run().map_err(|error| failure(&error))
}

/// `--user`: from here on we are that user.
///
/// # Errors
/// 1 when there is no such user, or we may not.
pub fn become_user(call: &Call<'_>, variables: &mut Variables) -> Result<(), Failure> {
    let Some(user) = call.words.text("user") else { return Ok(()) };
    child::become_user(&user, variables).map_err(|error| failure(&error))
}

/// A command that was not started.
pub fn failure(error: &ChildError) -> Failure {
    codes::with(codes::GENERIC, Failure::user(error.to_string()))
}

/// The variables of the first document.
fn values(call: &Call<'_>, file: &OpenFile) -> Result<Vec<(OsString, OsString)>, Failure> {
    let trees = trees(&file.sealed, &file.opened).map_err(|error| Failure::user(error.to_string()))?;
    let Some(Tree::Map(branch)) = trees.first() else { return Ok(Vec::new()) };
    let mut values = Vec::new();
    for twig in &branch.twigs {
        let path = ValuePath::key(&twig.key);
        let Tree::Value(value) = &twig.node else { return Err(complex(&path)) };
        if twig.key.contains(&b'=') {
            return Err(Failure::user(format!("`{path}` has a `=` in its name")));
        }
        if is_steering(&twig.key) {
            let shown = call.context.shown(&file.path);
            let steers = format!("{shown} sets `{path}`, which steers loaders, shells or tools");
            call.context.ui.warn(call.context.world, steers);
        }
        values.push((os_string(&twig.key)?, os_string(&text_of(value))?));
    }
    Ok(values)
}

fn complex(path: &ValuePath) -> Failure {
    Failure::user(format!("`{path}` is no single value, so it cannot be a variable"))
}

/// Strings raw; the rest as sops prints it in dotenv.
fn text_of(value: &Value) -> Vec<u8> {
    match value {
        Value::Str(text) => text.expose().clone(),
        Value::Null => b"<nil>".to_vec(),
        other => Dotenv
            .printed(other)
            .map_or_else(|| other.plain_bytes().into_owned(), std::borrow::Cow::into_owned),
    }
}

fn os_string(bytes: &[u8]) -> Result<OsString, Failure> {
    if bytes.contains(&0) {
        return Err(Failure::user("a value holds a NUL byte, so it cannot be a variable"));
    }
    crate::world::system::os_string(bytes)
        .ok_or_else(|| Failure::user("a value is no text that this system takes"))
}
