//! `sops decrypt`: the plaintext of a file or of one branch, in the format that the output has.

use super::super::Failure;
use super::call::{Call, Kinds, Source};
use super::codes;
use super::tree_path::{self, TreePath};
use crate::base::{Path, Value};
use crate::document::Tree;
use crate::envelope::trees;
use crate::workspace::names::FileType;
use crate::workspace::open_file::format_of;
use crate::workspace::{Error, OpenFile};

/// Runs it.
///
/// # Errors
/// With the codes of sops.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    call.context.plaintext_allowed()?;
    super::rules::check(call)?;
    let path = call.words.text("extract").map(|text| {
        let none = || codes::exit(codes::BAD_PATH, "`--extract` is no path: `[\"key\"][0]`");
        tree_path::parse(&text).ok_or_else(none)
    });
    let path = path.transpose()?;
    let source = call.source(false)?;
    let bytes = plaintext(call, &source, path)?;
    call.deliver(&source.path, &source.bytes, &bytes)?;
    Ok(0)
}

fn plaintext(call: &Call<'_>, source: &Source, path: Option<TreePath>) -> Result<Vec<u8>, Failure> {
    let kinds = call.kinds(&source.name);
    let mut file = call.open(&source.path, source.bytes.clone(), kinds.input)?;
    shorten(&mut file, kinds);
    match path {
        None => converted(call, &file, kinds),
        Some(TreePath::At(path)) if path.steps.is_empty() => converted(call, &file, kinds),
        Some(TreePath::At(path)) => extracted(&file, &path, kinds.output),
        Some(TreePath::Negative) => Err(missing()),
    }
}

/// Floats without a fraction as sops prints them in YAML and JSON, without `.0`: sops before 3.13.2 made floats of all
/// numbers of JSON, and scripts read them as they print.
pub fn shorten(file: &mut OpenFile, kinds: Kinds) {
    if !matches!(kinds.output, FileType::Json | FileType::Yaml) {
        return;
    }
    for leaf in &mut file.opened.leaves {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
        if let Value::Float(float) = leaf.value
            && float.fract() == 0.0
            && float.abs() < MOST_EXACT
        {
            leaf.value = Value::Int(float as i64);
        }
    }
}

/// Below it, every whole float is exact.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole plaintext: as the user wrote it, unless another format or indentation is asked for.
///
/// # Errors
/// 4 when that format cannot hold it.
pub fn converted(call: &Call<'_>, file: &OpenFile, kinds: Kinds) -> Result<Vec<u8>, Failure> {
    let wants_indent = call.root.number("indent") > 0;
    if kinds.input == kinds.output && !wants_indent {
        return file.plaintext().map_err(|error| codes::with(codes::CANNOT_DUMP, error));
    }
    let indent = super::rules::indent(call, kinds.output)?;
    let text = trees(&file.sealed, &file.opened).and_then(|mut trees| {
        if kinds.output != FileType::Yaml {
            trees.truncate(1);
        }
        format_of(kinds.output).emit(&trees, indent)
    });
    text.map_err(|cause| {
        let path = file.path.clone();
        codes::with(codes::CANNOT_DUMP, Error::Conversion { path, to: kinds.output.name(), cause })
    })
}

/// A string as it is; a map as a document; anything else as the output's format spells it, in a line of its own where
/// sops ends it with one.
fn extracted(file: &OpenFile, path: &Path, to: FileType) -> Result<Vec<u8>, Failure> {
    let failed = |cause| {
        let path = file.path.clone();
        codes::with(codes::CANNOT_DUMP, Error::Conversion { path, to: to.name(), cause })
    };
    let trees = trees(&file.sealed, &file.opened).map_err(failed)?;
    let tree = trees.first().and_then(|tree| tree.at(&path.steps)).ok_or_else(missing)?;
    let one = std::slice::from_ref(tree);
    match (tree, to) {
        (Tree::Value(Value::Str(text)), _) => Ok(text.expose().clone()),
        (Tree::Map(_), _) | (_, FileType::Yaml) => format_of(to).emit(one, None).map_err(failed),
        (_, FileType::Binary | FileType::Dotenv) => Err(codes::exit(
            codes::CANNOT_DUMP,
            format!("`{path}` is no string, and {} holds strings only", to.name()),
        )),
        (_, FileType::Ini | FileType::Json) => {
            let mut text = format_of(FileType::Json).emit(one, None).map_err(failed)?;
            text.pop();
            Ok(text)
        }
    }
}

fn missing() -> Failure {
    Failure::user("nothing stands at the path of `--extract`").hint("`lacre list FILE` shows what there is")
}
