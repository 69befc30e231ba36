//! `sops updatekeys`: the keys of files become those of their creation rule. Data key, values and MAC stay.

use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::super::Failure;
use super::call::Call;
use super::{codes, rules};
use crate::base::{DataKey, Node, RecipientId};
use crate::envelope::{Metadata, RewrapError, Sealed, rewrap};
use crate::keys::WrappedKey;
use crate::workspace::members::is_same;
use crate::workspace::{Error, open_file};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::terminal::sanitise;

/// Runs it, file by file; one that fails does not keep the others back.
///
/// # Errors
/// 1 when one of several failed; with the code of sops when it was the only one.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    rules::file(call)?.ok_or_else(|| Failure::user("there is no `.sops.yaml` from here up"))?;
    let files: Vec<&Path> = call.words.rest.iter().map(Path::new).collect();
    if files.is_empty() {
        return Err(codes::exit(codes::NO_FILE, "no file was named"));
    }
    let mut failed = None;
    for file in &files {
        if let Err(failure) = one(call, &call.absolute(file)) {
            if files.len() == 1 {
                return Err(failure);
            }
            failure.print(call.context.world);
            failed = Some(Failure::user("not every file was updated"));
        }
    }
    failed.map_or(Ok(0), Err)
}

fn one(call: &Call<'_>, path: &Path) -> Result<(), Failure> {
    let (context, world) = (call.context, call.context.world);
    let path: PathBuf = call.existing(path).map_err(|failure| codes::with(codes::GENERIC, failure))?;
    let chosen = rules::chosen(call, &path)?;
    let bytes = files::read(&path, SIZE_LIMIT).map_err(|error| codes::with(codes::UNREADABLE, error))?;
    let sealed = open_file::parse(bytes, &path, Some(call.kinds(&path).input)).map_err(codes::opening)?;
    let old = sealed.metadata().recipients();
    let shown = context.shown(&path);
    if same(&old, &chosen.groups) {
        context.ui.say(world, format!("{shown} is up to date"));
        return Ok(());
    }
    let threshold = sealed.metadata().threshold.min(chosen.groups.len());
    context
        .print(shown_changes(&old, &chosen.groups, (sealed.metadata().threshold, threshold)).as_bytes())?;
    if !call.words.on("yes") && !agreed(call, "Is this okay? (y/n):")? {
        context.ui.say(world, format!("{shown} stays as it was"));
        return Ok(());
    }
    let text = rewrapped(call, &path, &sealed, &chosen.groups, threshold)?;
    files::replace(&path, None, Some(sealed.document().text()), &text).map_err(codes::writing)?;
    context.ui.say(world, format!("{shown} was updated"));
    Ok(())
}

/// The text of `sealed` with its own data key wrapped for `groups`.
///
/// # Errors
/// 128 when it does not open, 1 when one of them cannot be wrapped for.
pub fn rewrapped(
    call: &Call<'_>,
    path: &Path,
    sealed: &Sealed,
    groups: &[Vec<RecipientId>],
    threshold: usize,
) -> Result<Vec<u8>, Failure> {
    call.check_services().map_err(|failure| codes::with(codes::NO_KEY, failure))?;
    let context = call.context;
    let key = context.keyring.unlock(context.world, path, sealed).map_err(codes::opening)?;
    let old = sealed.metadata();
    let keys = match (old.groups.as_slice(), groups) {
        // A key that stays keeps its entry, so that nobody need be able to wrap for it.
        ([before], [after]) if !after.is_empty() => vec![kept_or_wrapped(call, path, before, after, &key)?],
        _ => context
            .keyring
            .wrap(path, groups, if groups.len() > 1 { threshold } else { 0 }, &key, &*context.world.random)
            .map_err(codes::encrypting)?,
    };
    let threshold = Metadata::threshold_of(keys.len(), threshold);
    let metadata = Metadata { groups: keys, threshold, ..old.clone() };
    rewrap(sealed, metadata, &key).map_err(|error| match error {
        RewrapError::Open(cause) => codes::opening(Error::Open { path: path.to_owned(), cause }),
        error => Failure::user(format!("{}: {error}", context.shown(path))),
    })
}

fn kept_or_wrapped(
    call: &Call<'_>,
    path: &Path,
    before: &[WrappedKey],
    after: &[RecipientId],
    key: &DataKey,
) -> Result<Vec<WrappedKey>, Failure> {
    let share = zeroize::Zeroizing::new(key.expose().to_vec());
    let entry = |id: &RecipientId| match before.iter().find(|entry| is_same(&entry.recipient_id(), id)) {
        Some(entry) => Ok(entry.clone()),
        None => call
            .context
            .keyring
            .wrap_one(id, &share)
            .map_err(|cause| codes::encrypting(Error::Wrap { path: path.to_owned(), cause })),
    };
    after.iter().map(entry).collect()
}

/// `y` or `n`, a line each, from stdin, so that a script may answer.
///
/// # Errors
/// When nobody answers.
pub fn agreed(call: &Call<'_>, question: &str) -> Result<bool, Failure> {
    let mut stdin = call.context.world.stdin.borrow_mut();
    loop {
        call.context.print(sanitise(question).as_bytes())?;
        let mut line = Vec::new();
        let mut byte = [0];
        while stdin.read(&mut byte).is_ok_and(|count| count == 1) && byte != *b"\n" {
            line.extend_from_slice(&byte);
        }
        match line.trim_ascii() {
            b"y" => return Ok(true),
            b"n" => return Ok(false),
            b"" => return Err(Failure::user("nobody answered").hint("`--yes` answers for you")),
            _ => {}
        }
    }
}

fn same(old: &[Vec<RecipientId>], new: &[Vec<RecipientId>]) -> bool {
    let holds = |one: &[RecipientId], other: &[RecipientId]| {
        one.iter().all(|id| other.iter().any(|other| is_same(id, other)))
    };
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| holds(old, new) && holds(new, old))
}

/// What changes, in the words of sops, which scripts and people look at before they agree.
fn shown_changes(old: &[Vec<RecipientId>], new: &[Vec<RecipientId>], threshold: (usize, usize)) -> String {
    let mut text = "The following changes will be made to the file's groups:\n".to_owned();
    if threshold.0 != threshold.1 {
        let _ =
            writeln!(text, "+++ shamir_threshold: {}\n--- shamir_threshold: {}", threshold.1, threshold.0);
    }
    let none = Vec::new();
    for number in 0..old.len().max(new.len()) {
        let (old, new) = (old.get(number).unwrap_or(&none), new.get(number).unwrap_or(&none));
        let _ = writeln!(text, "Group {}", number + 1);
        let holds = |group: &[RecipientId], id: &RecipientId| group.iter().any(|other| is_same(id, other));
        let lines =
            |ids: &[RecipientId], other: &[RecipientId], stays: bool, sign: &str, text: &mut String| {
                for id in ids.iter().filter(|id| holds(other, id) == stays) {
                    let _ = writeln!(text, "{sign}{}", sanitise(&spelled(id)));
                }
            };
        lines(new, old, true, "    ", &mut text);
        lines(new, old, false, "+++ ", &mut text);
        lines(old, new, false, "--- ", &mut text);
    }
    text
}

/// As sops tells keys apart: one of AWS by its encryption context too.
fn spelled(id: &RecipientId) -> String {
    let context = id.other.iter().find(|(name, _)| name == b"context");
    let Some((_, Node::Map(pairs))) = context else { return id.spelling() };
    let mut pairs: Vec<String> = pairs
        .iter()
        .map(|(name, node)| format!("{}:{}", String::from_utf8_lossy(name), node.text().unwrap_or_default()))
        .collect();
    pairs.sort();
    if pairs.is_empty() { id.spelling() } else { format!("{}|{}", id.spelling(), pairs.join(",")) }
}
