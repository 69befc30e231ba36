//! `sops publish`: the values of a file, for Vault's key-value store, where a destination rule sends them. S3 and GCS
//! are not offered.

use super::super::Failure;
use super::call::Call;
use super::{codes, rules, updatekeys};
use crate::document::{Format, Json};
use crate::envelope::trees;
use crate::policy::rule::Target;
use crate::providers::vault_transit::VaultTransit;
use crate::providers::vault_transit::kv::{KvError, Secret};
use crate::world::terminal::sanitise;

/// Runs it.
///
/// # Errors
/// With the codes of sops.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    call.context.plaintext_allowed()?;
    let rules = rules::file(call)?.ok_or_else(|| Failure::user("there is no `.sops.yaml` from here up"))?;
    let file = call.file().ok_or_else(|| codes::exit(codes::NO_FILE, "no file was named"))?;
    if call.words.on("recursive") {
        return Err(Failure::user("`--recursive` is not offered")
            .hint("`find DIR -type f -exec sops publish --yes {} \\;` publishes a folder"));
    }
    let path = call.absolute(file);
    let rule = rules.destinations().map_err(|error| Failure::user(error.to_string()))?;
    let rule = rule.first_match(&file.to_string_lossy()).map_err(|error| Failure::user(error.to_string()))?;
    let rule = rule.ok_or_else(|| Failure::user("no matching destination rule found"))?;
    let Target::Vault { address, mount, path: folder, version } = &rule.to else {
        return Err(Failure::user("`publish` writes to Vault's key-value store only, not to S3 or GCS")
            .hint("upload the encrypted file as it is, with the tool of the store"));
    };
    let mut name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if (rule.omit_extensions || call.words.on("omit-extensions"))
        && let Some((start, _)) = name.rsplit_once('.')
    {
        name.truncate(start.len());
    }
    let opened = call.open_path(&path, call.kinds(&path).input)?;
    let found = trees(&opened.sealed, &opened.opened).map_err(|error| Failure::user(error.to_string()))?;
    let data = zeroize::Zeroizing::new(
        Json.emit(&found, None).map_err(|error| codes::exit(codes::CANNOT_DUMP, error.to_string()))?,
    );
    let to = Secret {
        address: address.clone(),
        mount: mount.clone(),
        path: format!("{folder}/{name}"),
        version: *version,
    };
    let shown = sanitise(&format!("{}/{}", mount.trim_end_matches('/'), to.path)).replace("//", "/");
    if !call.words.on("yes") {
        let question = format!("uploading {} to {shown}? (y/n):", call.context.shown(&path));
        if !updatekeys::agreed(call, &question)? {
            return Ok(0);
        }
    }
    let written =
        VaultTransit::new(call.context.world).publish(&to, &data).map_err(|error| failure(&error))?;
    let done = if written { "was written" } else { "is up to date" };
    call.context.ui.say(call.context.world, format!("`{shown}` {done}"));
    Ok(0)
}

fn failure(error: &KvError) -> Failure {
    Failure { hint: error.advice.clone(), ..Failure::user(error.to_string()) }
}
