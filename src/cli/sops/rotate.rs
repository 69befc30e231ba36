//! `sops rotate`: a new data key, for the old recipients and those that flags add, without those that flags remove.

use super::super::Failure;
use super::call::Call;
use super::words::Words;
use super::{codes, rules};
use crate::base::{DataKey, RecipientId};
use crate::envelope::{EncryptError, Metadata, encrypt_as, rekey};
use crate::workspace::names::FileType;
use crate::workspace::open_file::format_of;
use crate::workspace::{Error, OpenFile};

/// Runs it.
///
/// # Errors
/// With the codes of sops.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    let path = call.named_file()?;
    if call.words.on("in-place") && call.words.os("output").is_some() {
        return Err(codes::exit(codes::CONFLICT, "`--output` and `--in-place` exclude each other"));
    }
    rules::check(call)?;
    let kinds = call.kinds(&call.name_for(&path));
    let file = call.open_path(&path, kinds.input)?;
    let text = rotated(call, &file, kinds.output)?;
    call.deliver(&path, file.sealed.document().text(), &text)?;
    Ok(0)
}

fn rotated(call: &Call<'_>, file: &OpenFile, output: FileType) -> Result<Vec<u8>, Failure> {
    let world = call.context.world;
    let (clock, random) = (&*world.clock, &*world.random);
    let key = DataKey::generate(random).map_err(Error::Random)?;
    let groups = changed(call, file.sealed.metadata())?;
    let metadata = wrapped(call, file, &groups, file.sealed.metadata().threshold, &key)?;
    if file.sealed.document().format().name() != format_of(output).name() {
        return as_format(call, file, output, (metadata, &key));
    }
    let written = rekey((&file.sealed, &file.opened), metadata, &key, clock, random);
    Ok(written.map_err(|cause| failed(file, cause))?.text)
}

/// The recipients after the flags: additions join the first group, removals leave every one.
fn changed(call: &Call<'_>, metadata: &Metadata) -> Result<Vec<Vec<RecipientId>>, Failure> {
    let mut groups = metadata.recipients();
    if groups.is_empty() {
        groups.push(Vec::new());
    }
    for (flag, kind) in rules::KINDS {
        let added = rules::recipients(call, kind, &call.words.list(&format!("add-{flag}")))?;
        if let Some(first) = groups.first_mut() {
            let new: Vec<_> = added.into_iter().filter(|id| !first.contains(id)).collect();
            first.extend(new);
        }
        let removed = rules::recipients(call, kind, &call.words.list(&format!("rm-{flag}")))?;
        for group in &mut groups {
            group.retain(|id| !removed.iter().any(|removed| removed.kind == id.kind && removed.id == id.id));
        }
    }
    Ok(groups)
}

/// Whether a flag wants keys added or removed.
#[must_use]
pub fn names_keys(words: &Words) -> bool {
    let mut flags = rules::KINDS.iter().flat_map(|(flag, _)| [format!("add-{flag}"), format!("rm-{flag}")]);
    flags.any(|flag| words.os(&flag).is_some())
}

/// The metadata of `file` with `key` wrapped for `groups`.
///
/// # Errors
/// When one of them cannot be wrapped for.
pub fn wrapped(
    call: &Call<'_>,
    file: &OpenFile,
    groups: &[Vec<RecipientId>],
    threshold: usize,
    key: &DataKey,
) -> Result<Metadata, Failure> {
    call.check_services()?;
    let random = &*call.context.world.random;
    let keys =
        call.context.keyring.wrap(&file.path, groups, threshold, key, random).map_err(codes::encrypting)?;
    let threshold = Metadata::threshold_of(keys.len(), threshold);
    Ok(Metadata { groups: keys, threshold, ..file.sealed.metadata().clone() })
}

/// `file` as a file of another format, for the same recipients.
///
/// # Errors
/// 4 when that format cannot hold it.
pub fn in_format(call: &Call<'_>, file: &OpenFile, output: FileType) -> Result<Vec<u8>, Failure> {
    as_format(call, file, output, (file.sealed.metadata().clone(), &file.key))
}

fn as_format(
    call: &Call<'_>,
    file: &OpenFile,
    output: FileType,
    (metadata, key): (Metadata, &DataKey),
) -> Result<Vec<u8>, Failure> {
    let world = call.context.world;
    let plain = file.plain().map_err(|error| codes::with(codes::CANNOT_DUMP, error))?;
    let format = (format_of(output), rules::indent(call, output)?);
    let written = encrypt_as(&plain, format, metadata, key, &*world.clock, &*world.random);
    Ok(written.map_err(|cause| failed(file, cause))?.text)
}

fn failed(file: &OpenFile, cause: EncryptError) -> Failure {
    let code =
        if matches!(cause, EncryptError::Edit(_)) { codes::CANNOT_DUMP } else { codes::CANNOT_ENCRYPT };
    codes::with(code, Error::Encrypt { path: file.path.clone(), cause })
}
