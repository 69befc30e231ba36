//! The form without a command: `sops -d FILE`, `-e`, `-r`, `--set 'INDEX VALUE'`, or nothing to edit. All but `-d`
//! want a creation rule that matches.

use std::path::Path;

use super::super::{Context, Failure};
use super::call::Call;
use super::table::COMMANDS;
use super::words::Words;
use super::{codes, decrypt, edit, encrypt, find, rotate, rules, set, set_order};
use crate::base::Secret;
use crate::workspace::save::Change;
use crate::world::files;

/// Runs it.
///
/// # Errors
/// With the codes of sops.
pub fn run(root: Words, context: &mut Context<'_>) -> Result<u8, Failure> {
    set_order(&root, context)?;
    // Of several, sops shows what the last in this order did.
    let name = if root.os("set").is_some() {
        "set"
    } else if root.on("rotate") {
        "rotate"
    } else if root.on("decrypt") {
        "decrypt"
    } else if root.on("encrypt") {
        "encrypt"
    } else {
        "edit"
    };
    let entry = find(COMMANDS, name).ok_or_else(|| Failure::user("there is no such command"))?;
    let call = Call { entry, words: root.clone(), root, context };
    let file = call.file().ok_or_else(|| codes::exit(codes::NO_FILE, "no file was named"))?.to_owned();
    let path = call.absolute(&file);
    if !files::exists(&path) {
        if rotate::names_keys(&call.words) {
            let message = "keys of a file that does not exist cannot be changed";
            return Err(codes::exit(codes::NO_FILE_TO_CHANGE, message));
        }
        if name != "edit" && name != "set" {
            call.existing(&file)?;
        }
    }
    match name {
        "encrypt" => encrypt::run(&call),
        "decrypt" => decrypt::run(&call),
        "rotate" => {
            rules::chosen(&call, &call.name_for(&path))?;
            rotate::run(&call)
        }
        "set" => set_here(&call, &path),
        _ => {
            rules::chosen(&call, &call.name_for(&path))?;
            edit::run(&call)
        }
    }
}

fn set_here(call: &Call<'_>, path: &Path) -> Result<u8, Failure> {
    rules::chosen(call, &call.name_for(path))?;
    let text = call.words.text("set").unwrap_or_default();
    let (index, value) = text.split_once("] ").ok_or_else(|| {
        codes::exit(codes::BAD_SET, "`--set` takes an index and a value: '[\"key\"] \"value\"'")
    })?;
    let at = set::index(&format!("{index}]"))?;
    let node = set::value(&Secret::new(value.as_bytes().to_vec()))?;
    set::change(call, path, &Change::Put(at, node))?;
    Ok(0)
}
