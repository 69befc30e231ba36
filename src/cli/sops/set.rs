//! `sops set`: a JSON value at a path, in place. Only what changed is rewritten, and nothing where nothing did.

use std::path::Path;

use super::super::Failure;
use super::call::Call;
use super::codes;
use super::tree_path::{self, TreePath};
use crate::base::{Node, Path as ValuePath, Secret, Step, Value};
use crate::document::EditError;
use crate::envelope::ChangeError;
use crate::workspace::names::FileType;
use crate::workspace::save::Change;
use crate::workspace::{Error, OpenFile, json_node};
use crate::world::files::{self, SIZE_LIMIT};

/// Runs it.
///
/// # Errors
/// With the codes of sops.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    let (by_file, by_stdin) = (call.words.on("value-file"), call.words.on("value-stdin"));
    if by_file && by_stdin {
        return Err(Failure::user("`--value-file` and `--value-stdin` exclude each other"));
    }
    let wanted = if by_stdin { 2 } else { 3 };
    if call.words.rest.len() < wanted {
        return Err(codes::exit(codes::NO_FILE, "`set` needs a file, an index and a value"));
    }
    let path = call.absolute(Path::new(word(call, 0)));
    let at = index(&word(call, 1).to_string_lossy())?;
    let text = if by_stdin {
        call.context.input(Path::new("-"))?.bytes
    } else if by_file {
        let file = call.absolute(Path::new(word(call, 2)));
        files::read(&file, SIZE_LIMIT).map_err(|error| codes::with(codes::GENERIC, error))?
    } else {
        word(call, 2).as_encoded_bytes().to_vec()
    };
    let node = value(&Secret::new(text))?;
    super::rules::check(call)?;
    change(call, &path, &Change::Put(at, node))?;
    Ok(0)
}

fn word<'c>(call: &'c Call<'_>, at: usize) -> &'c std::ffi::OsStr {
    call.words.rest.get(at).map_or(std::ffi::OsStr::new(""), |word| word)
}

/// A path for `set` and `unset`.
///
/// # Errors
/// 7
pub fn index(text: &str) -> Result<ValuePath, Failure> {
    match tree_path::parse(text) {
        Some(TreePath::At(path)) if !path.steps.is_empty() => Ok(path),
        Some(TreePath::Negative) => {
            Err(codes::exit(codes::BAD_SET, "positions in a list are counted from 0"))
        }
        _ => Err(codes::exit(codes::BAD_SET, "the index is no path: `[\"key\"][0]`")),
    }
}

/// JSON; a number by itself is a float, as sops has it, and a list is refused.
///
/// # Errors
/// 7
pub fn value(text: &Secret<Vec<u8>>) -> Result<Node, Failure> {
    let wrong = |what: &str| codes::exit(codes::BAD_SET, format!("the value {what}"));
    match json_node(text.expose()) {
        None => Err(wrong("is no JSON; a string needs its quotes: '\"text\"'")),
        Some(Node::List(_)) => {
            Err(wrong("is a list, which sops refuses here; `lacre set --value-json` takes it"))
        }
        #[expect(clippy::cast_precision_loss, reason = "sops reads a number as a float too")]
        Some(Node::Value(Value::Int(number))) => Ok(Node::Value(Value::Float(number as f64))),
        Some(node) => Ok(node),
    }
}

/// Makes `change` in the file at `path`, under the lock of its folder.
///
/// # Errors
/// With the codes of sops; the file is untouched then.
pub fn change(call: &Call<'_>, path: &Path, change: &Change) -> Result<bool, Failure> {
    let kinds = call.kinds(path);
    if kinds.input != kinds.output {
        return converted(call, path, (kinds.input, kinds.output), change);
    }
    // Opened before the lock is taken, so that nobody waits for somebody else's passphrase.
    let mut file = call.open_path(path, kinds.input)?;
    files::update(path, None, |current| {
        let current = current.unwrap_or_default();
        if current != file.sealed.document().text() {
            file = call.open(path, current.to_vec(), kinds.input)?;
        }
        changed(call, &file, change)
    })
}

/// The text of `file` with `change` made; a single value in the way gives way, as in sops.
fn changed(call: &Call<'_>, file: &OpenFile, change: &Change) -> Result<Option<Vec<u8>>, Failure> {
    let world = call.context.world;
    let (clock, random) = (&*world.clock, &*world.random);
    let result = match (file.changed(change, clock, random), change) {
        (
            Err(Error::Change { cause: ChangeError::Edit(EditError::InTheWay(_)), .. }),
            Change::Put(path, node),
        ) => match replacing(file, path, node) {
            Some(change) => file.changed(&change, clock, random),
            None => return Err(Failure::user(format!("a list or map stands in the way of `{path}`"))),
        },
        (result, _) => result,
    };
    result.map_err(|error| codes::with(codes::GENERIC, error))
}

/// What to put in the place of the value that is in the way.
fn replacing(file: &OpenFile, path: &ValuePath, node: &Node) -> Option<Change> {
    let cut = (1..path.steps.len()).find(|cut| {
        let steps = path.steps.get(..*cut).unwrap_or_default().to_vec();
        file.value(&ValuePath { document: 0, steps }).is_some()
    })?;
    let (above, below) = path.steps.split_at_checked(cut)?;
    let node = below.iter().rev().fold(node.clone(), |node, step| match step {
        Step::Index(_) => Node::List(vec![node]),
        Step::Key(key) => Node::Map(vec![(key.clone(), node)]),
    });
    Some(Change::Put(ValuePath { document: 0, steps: above.to_vec() }, node))
}

/// The same, where the file changes its format with it.
fn converted(
    call: &Call<'_>,
    path: &Path,
    (input, output): (FileType, FileType),
    change: &Change,
) -> Result<bool, Failure> {
    let file = call.open_path(path, input)?;
    let old = file.sealed.document().text().to_vec();
    let text = changed(call, &file, change)?;
    let file = match text {
        Some(text) => call.open(path, text, input)?,
        None => file,
    };
    let text = super::rotate::in_format(call, &file, output)?;
    files::replace(path, None, Some(&old), &text)?;
    Ok(text != old)
}
