//! `sops unset`: takes a value, an item or a branch out of a file, in place.

use std::path::Path;

use super::super::Failure;
use super::call::Call;
use super::{codes, set};
use crate::workspace::OpenFile;
use crate::workspace::save::Change;

/// Runs it.
///
/// # Errors
/// With the codes of sops.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    let [file, index, ..] = call.words.rest.as_slice() else {
        return Err(codes::exit(codes::NO_FILE, "`unset` needs a file and an index"));
    };
    let path = call.absolute(Path::new(file));
    let at = set::index(&index.to_string_lossy())?;
    super::rules::check(call)?;
    if call.words.on("idempotent") {
        let file: OpenFile = call.open_path(&path, call.kinds(&path).input)?;
        if file.sealed.document().find(&at).is_none() {
            return Ok(0);
        }
    }
    set::change(call, &path, &Change::Remove(vec![at]))?;
    Ok(0)
}
