//! `sops filestatus`: whether a file is encrypted, without opening it.

use super::super::Failure;
use super::call::Call;
use super::codes;
use crate::envelope::{FormError, Metadata};
use crate::workspace::names::FileType;
use crate::workspace::{Error, json_node, open_file};
use crate::world::files::{self, SIZE_LIMIT};

/// Prints one line of JSON.
///
/// # Errors
/// 1 for a file that cannot be read or has half of its metadata, 100 without a file.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    let file = call.file().ok_or_else(|| codes::exit(codes::NO_FILE, "no file was named"))?;
    let path = call.absolute(file);
    let kind = call.kinds(&path).input;
    let bytes = files::read(&path, SIZE_LIMIT)?;
    if kind == FileType::Binary && json_node(&bytes).is_none() {
        let shown = call.context.shown(&path);
        return Err(Failure::user(format!("{shown} is no binary file of sops, which is JSON")));
    }
    let encrypted = match open_file::parse(bytes, &path, Some(kind)) {
        Ok(sealed) => is_whole(sealed.metadata()),
        Err(Error::Form { cause: FormError::NotEncrypted, .. }) => false,
        Err(error) => return Err(error.into()),
    };
    call.context.print_line(&format!("{{\"encrypted\":{encrypted}}}"))?;
    Ok(0)
}

fn is_whole(metadata: &Metadata) -> bool {
    !metadata.version.is_empty() && !metadata.mac.is_empty()
}
