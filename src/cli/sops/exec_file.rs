//! `sops exec-file`: a shell line in which `{}` is a FIFO, or a file, with the plaintext. It stands in a folder that
//! only we can enter, and is gone when the command is.

use std::ffi::OsString;
use std::path::{Component, Path};

use super::super::Failure;
use super::call::Call;
use super::{decrypt, exec_env, rules};
use crate::world::private_folder::{HAS_FIFOS, PrivateFolder};

/// Runs it.
///
/// # Errors
/// With the codes of sops; the code of the command otherwise.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    let [file, line] = call.words.rest.as_slice() else {
        return Err(Failure::user("`exec-file` takes a file and one command line, in quotes"));
    };
    let path = call.absolute(Path::new(file));
    exec_env::check_background(call)?;
    // Who would write into the FIFO of a command that outlives us?
    let as_file = call.words.on("no-fifo") || call.words.on("background") || !HAS_FIFOS;
    if as_file {
        call.context.plaintext_allowed()?;
    }
    rules::check(call)?;
    let kinds = call.kinds(&path);
    let mut file = call.open_path(&path, kinds.input)?;
    decrypt::shorten(&mut file, kinds);
    let bytes = decrypt::converted(call, &file, kinds)?;
    drop(file);
    let name = call.words.text("filename").unwrap_or_else(|| "tmp-file".to_owned());
    if !Path::new(&name).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(Failure::user("`--filename` is a name inside the temporary folder"));
    }
    let mut variables = call.context.world.variables.clone();
    exec_env::become_user(call, &mut variables)?;
    let folder = PrivateFolder::create(&variables)?;
    let place = if as_file {
        folder.write(Path::new(&name), &bytes)?
    } else {
        folder.serve(Path::new(&name), bytes)?
    };
    if call.words.on("background") {
        // The command outlives us, and so must its file: the next command sweeps it.
        folder.leave();
        return exec_env::start(call, &with_place(line, &place), &variables);
    }
    let code = exec_env::start(call, &with_place(line, &place), &variables);
    drop(folder);
    code
}

/// `{}` becomes the path, wherever it stands.
fn with_place(line: &OsString, place: &Path) -> OsString {
    match (line.to_str(), place.to_str()) {
        (Some(line), Some(place)) => line.replace("{}", place).into(),
        _ => line.clone(),
    }
}
