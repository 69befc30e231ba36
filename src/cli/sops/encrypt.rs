//! `sops encrypt`: a plaintext, for the keys of flags or rule, in the format that the output has.

use super::super::Failure;
use super::super::commands::encrypt;
use super::call::{Call, Source, kind_called};
use super::{codes, rules};
use crate::base::{DataKey, Problem, Secret, Value};
use crate::document::tree::Said;
use crate::document::{Format, Layout, Tree};
use crate::envelope::{EncryptError, FormError, Plain, encrypt as seal, encrypt_as, expand_aliases};
use crate::workspace::names::FileType;
use crate::workspace::{Chosen, Error, open_file};

/// Runs it.
///
/// # Errors
/// With the codes of sops.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    let source = call.source(true)?;
    let chosen = rules::chosen(call, &source.name)?;
    let text = text(call, &source, &chosen)?;
    call.deliver(&source.path, &source.bytes, &text)?;
    Ok(0)
}

/// The encrypted text of `source`.
///
/// # Errors
/// With the codes of sops; nothing was written.
pub fn text(call: &Call<'_>, source: &Source, chosen: &Chosen) -> Result<Vec<u8>, Failure> {
    let kinds = call.kinds(&source.name);
    let (input, output) = (open_file::format_of(kinds.input), open_file::format_of(kinds.output));
    let (plain, layout) = read(call, source, input)?;
    new_text(call, source, (&plain, layout), output, chosen)
}

/// The plaintext as a document.
///
/// # Errors
/// 2, 92 or 203
pub fn read(
    call: &Call<'_>,
    source: &Source,
    format: &'static dyn Format,
) -> Result<(Plain, Layout), Failure> {
    if format.name() == "yaml" && source.bytes.trim_ascii().is_empty() {
        return Err(codes::exit(codes::NO_DOCUMENT, "a YAML file needs at least one document"));
    }
    let bytes = source.bytes.clone();
    let read = encrypt::parse(call.context, &source.path, bytes, format);
    read.map_err(|failure| {
        let code =
            if is_reserved(&source.bytes, format) { codes::ALREADY_ENCRYPTED } else { codes::UNREADABLE };
        codes::with(code, failure)
    })
}

/// Whether metadata, or names that look like it, keep a text from being a plaintext.
fn is_reserved(text: &[u8], format: &'static dyn Format) -> bool {
    let text = format.prepare(text.to_vec()).text;
    match Plain::parse(text.expose().clone(), format) {
        Err(FormError::AlreadyEncrypted) => true,
        Err(FormError::Parse(error)) => matches!(error.problem, Problem::Metadata | Problem::ReservedName),
        _ => false,
    }
}

/// `plain` under a new data key, as a file of `output`.
///
/// # Errors
/// With the codes of sops.
pub fn new_text(
    call: &Call<'_>,
    source: &Source,
    (plain, layout): (&Plain, Layout),
    output: &'static dyn Format,
    chosen: &Chosen,
) -> Result<Vec<u8>, Failure> {
    call.check_services()?;
    let world = call.context.world;
    let (clock, random) = (&*world.clock, &*world.random);
    let key = DataKey::generate(random).map_err(Error::Random)?;
    let mut metadata =
        chosen.wrap(&call.context.keyring, &key, &source.path, random).map_err(codes::encrypting)?;
    let failed = |cause: EncryptError| {
        let code =
            if matches!(cause, EncryptError::Edit(_)) { codes::CANNOT_DUMP } else { codes::CANNOT_ENCRYPT };
        codes::with(code, Error::Encrypt { path: source.path.clone(), cause })
    };
    let to = kind_of(output);
    let indent = rules::indent(call, to)?;
    let converted = match plain.document().format().name() {
        "dotenv" if output.name() != "dotenv" => Some(from_dotenv(plain, (output, indent), source)?),
        _ => None,
    };
    let plain = expand_aliases(converted.as_ref().unwrap_or(plain), &metadata.selector).map_err(failed)?;
    let written = if plain.document().format().name() == output.name() {
        metadata.extension.layout = layout;
        seal(&plain, metadata, &key, clock, random)
    } else {
        encrypt_as(&plain, (output, indent), metadata, &key, clock, random)
    };
    Ok(written.map_err(failed)?.text)
}

/// A dotenv file in another format, where `\n` in a value is a line feed, as sops reads it.
fn from_dotenv(
    plain: &Plain,
    (output, indent): (&'static dyn Format, Option<usize>),
    source: &Source,
) -> Result<Plain, Failure> {
    let document = plain.document();
    let said = |event: usize| match document.scalar(event)? {
        Value::Str(text) => {
            let text = document.format().stored_string(text.expose()).into_owned();
            Some(Said::Value(Value::Str(Secret::new(text))))
        }
        _ => None,
    };
    let text = Tree::all_of(document, said).and_then(|trees| output.emit(&trees, indent));
    let text = text.map_err(|cause| {
        let path = source.path.clone();
        codes::with(codes::CANNOT_DUMP, Error::Conversion { path, to: output.name(), cause })
    })?;
    Plain::parse(text, output)
        .map_err(|cause| codes::with(codes::CANNOT_DUMP, Error::Form { path: source.path.clone(), cause }))
}

fn kind_of(format: &'static dyn Format) -> FileType {
    kind_called(format.name()).unwrap_or(FileType::Binary)
}
