//! `sops groups`: one key group more or less; the data key stays and is shared anew.

use std::path::Path;

use super::super::Failure;
use super::call::Call;
use super::{codes, rules, updatekeys};
use crate::workspace::open_file;
use crate::world::files::{self, SIZE_LIMIT};

/// `groups add`
///
/// # Errors
/// With the codes of sops.
pub fn add(call: &Call<'_>) -> Result<u8, Failure> {
    let mut group = Vec::new();
    for (flag, kind) in rules::KINDS {
        group.extend(rules::recipients(call, kind, &call.words.texts(flag))?);
    }
    let (path, sealed) = load(call)?;
    let mut groups = sealed.metadata().recipients();
    groups.push(group);
    let threshold = threshold(call, sealed.metadata().threshold);
    let text = updatekeys::rewrapped(call, &path, &sealed, &groups, threshold);
    let text = text.map_err(|failure| codes::with(codes::GENERIC, failure))?;
    call.deliver(&path, sealed.document().text(), &text)?;
    Ok(0)
}

/// `groups delete`
///
/// # Errors
/// With the codes of sops; 1 for a group that is not there, on which sops ends in a panic.
pub fn delete(call: &Call<'_>) -> Result<u8, Failure> {
    let [index] = call.words.rest.as_slice() else {
        return Err(Failure::user("`groups delete` takes one index, counted from 0"));
    };
    let index = index.to_string_lossy().parse::<usize>().ok();
    let index = index.ok_or_else(|| Failure::user("the index of a group is a number, counted from 0"))?;
    let (path, sealed) = load(call)?;
    let mut groups = sealed.metadata().recipients();
    if index >= groups.len() {
        return Err(Failure::user(format!("there is no group {index}: the file has {}", groups.len())));
    }
    groups.remove(index);
    if groups.is_empty() {
        return Err(Failure::user("no group would be left, and nobody could open the file"));
    }
    let threshold = threshold(call, sealed.metadata().threshold);
    if groups.len() < threshold {
        return Err(Failure::user("fewer groups would be left than the threshold asks for")
            .hint("lower it with `--shamir-secret-sharing-threshold`"));
    }
    let text = updatekeys::rewrapped(call, &path, &sealed, &groups, threshold);
    let text = text.map_err(|failure| codes::with(codes::GENERIC, failure))?;
    call.deliver(&path, sealed.document().text(), &text)?;
    Ok(0)
}

fn load(call: &Call<'_>) -> Result<(std::path::PathBuf, crate::envelope::Sealed), Failure> {
    let file = call.words.os("file").cloned().unwrap_or_default();
    let path = call.absolute(Path::new(&file));
    let bytes = files::read(&path, SIZE_LIMIT).map_err(|error| codes::with(codes::UNREADABLE, error))?;
    let kind = call.kinds(&path).input;
    let sealed = open_file::parse(bytes, &path, Some(kind)).map_err(codes::opening)?;
    Ok((path, sealed))
}

fn threshold(call: &Call<'_>, of_file: usize) -> usize {
    let flag = call.words.number("shamir-secret-sharing-threshold");
    if flag > 0 { usize::try_from(flag).unwrap_or(usize::MAX) } else { of_file }
}
