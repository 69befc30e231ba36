//! `sops edit`: the plaintext in an editor, as `lacre edit` shows it: in a private folder, and given back to the editor
//! when it cannot be saved.

use std::path::Path;

use zeroize::Zeroizing;

use super::super::Failure;
use super::super::commands::encrypt as encryption;
use super::call::{Call, Kinds, Source};
use super::{codes, decrypt, encrypt, rules};
use crate::document::splice;
use crate::envelope::{FormError, Metadata, Plain, Sealed, encrypt_as};
use crate::workspace::keyring::shown_recipient;
use crate::workspace::open_file::format_of;
use crate::workspace::template::Template;
use crate::workspace::user_editor::{EditingError, UserEditor};
use crate::workspace::{Chosen, Error, OpenFile, save};
use crate::world::editor::EditorError;
use crate::world::files;
use crate::world::processes::become_default;

/// Where the edit goes.
enum Place {
    Existing(Box<OpenFile>),
    New(Box<Chosen>, Template),
}

/// Runs it.
///
/// # Errors
/// With the codes of sops.
pub fn run(call: &Call<'_>) -> Result<u8, Failure> {
    call.context.plaintext_allowed()?;
    let file = call.file().ok_or_else(|| codes::exit(codes::NO_FILE, "no file was named"))?;
    let path = call.absolute(file);
    let kinds = call.kinds(&call.name_for(&path));
    rules::check(call)?;
    let (place, shown) = start(call, &path, kinds)?;
    let editor = UserEditor::find_as_sops(call.context.world).map_err(|error| no_editor(&error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut text = shown.clone();
    loop {
        let edited = match editor.edit(call.context.world, &name, &text) {
            Ok(edited) => edited,
            Err(EditingError::Editor(EditorError::Interrupted(signal))) => return Ok(become_default(signal)),
            Err(error) => return Err(no_editor(&error)),
        };
        text = edited.text;
        if text == shown {
            return Err(codes::exit(codes::NOT_MODIFIED, "the file has not changed"));
        }
        let Err(failure) = finish(call, &path, kinds, &place, &text) else { return Ok(0) };
        failure.print(call.context.world);
        match call.context.world.prompt.confirm("Give up this edit? Enter goes back to the editor.") {
            Some(false) => {}
            _ => return Err(failure),
        }
    }
}

/// What is edited, and what the editor shows of it.
fn start(call: &Call<'_>, path: &Path, kinds: Kinds) -> Result<(Place, Zeroizing<Vec<u8>>), Failure> {
    if files::exists(path) {
        let file = call.open_path(path, kinds.input)?;
        let mut text = decrypt::converted(call, &file, kinds)?;
        if call.words.on("show-master-keys") {
            text = with_metadata(&file, text, kinds)?;
        }
        return Ok((Place::Existing(Box::new(file)), Zeroizing::new(text)));
    }
    let chosen = rules::chosen(call, path)?;
    let names = rules::file(call)?.map(|file| file.names).unwrap_or_default();
    let people: Vec<String> = chosen.recipients().map(|id| shown_recipient(id, &names)).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let template = Template::new(format_of(kinds.output).name(), &name, &people);
    let text = Zeroizing::new(template.text());
    Ok((Place::New(Box::new(chosen), template), text))
}

/// Writes what came back from the editor.
fn finish(call: &Call<'_>, path: &Path, kinds: Kinds, place: &Place, text: &[u8]) -> Result<(), Failure> {
    let format = format_of(kinds.output);
    match place {
        Place::New(chosen, template) => {
            let bytes = template.below_heading(text).to_vec();
            let source = Source { path: path.to_owned(), name: path.to_owned(), bytes };
            let (plain, layout) = encrypt::read(call, &source, format)?;
            let text = encrypt::new_text(call, &source, (&plain, layout), format, chosen)?;
            save::replace_empty(path, &text).map_err(codes::writing)
        }
        Place::Existing(file) => {
            let (bytes, mut metadata) = if call.words.on("show-master-keys") {
                without_metadata(file, text, kinds)?
            } else {
                (text.to_vec(), file.sealed.metadata().clone())
            };
            let (plain, layout) = encryption::parse(call.context, path, bytes, format)
                .map_err(|failure| codes::with(codes::UNREADABLE, failure))?;
            metadata.extension.layout = layout;
            write(call, path, file, (&plain, metadata), kinds)
        }
    }
}

fn write(
    call: &Call<'_>,
    path: &Path,
    file: &OpenFile,
    (plain, metadata): (&Plain, Metadata),
    kinds: Kinds,
) -> Result<(), Failure> {
    let world = call.context.world;
    let (clock, random) = (&*world.clock, &*world.random);
    if kinds.input == kinds.output {
        let written = file.next_with(plain, metadata, clock, random).map_err(codes::encrypting)?;
        return file.save(&written.text).map_err(codes::writing);
    }
    let format = (format_of(kinds.output), None);
    let written = encrypt_as(plain, format, metadata, &file.key, clock, random)
        .map_err(|cause| codes::encrypting(Error::Encrypt { path: path.to_owned(), cause }))?;
    files::replace(path, None, Some(file.sealed.document().text()), &written.text).map_err(codes::writing)
}

/// `text` with the metadata of `file` in it.
fn with_metadata(file: &OpenFile, text: Vec<u8>, kinds: Kinds) -> Result<Vec<u8>, Failure> {
    let form = |cause| codes::with(codes::GENERIC, Error::Form { path: file.path.clone(), cause });
    let plain = Plain::parse(text, format_of(kinds.output)).map_err(form)?;
    let document = plain.document();
    let splices = document.format().put_metadata(document, Some(&file.sealed.metadata().to_node()));
    let splices = splices.map_err(|error| codes::exit(codes::CANNOT_DUMP, error.to_string()))?;
    Ok(splice(document.text(), splices))
}

/// The reverse: the text without it, and the metadata as it was left.
fn without_metadata(file: &OpenFile, text: &[u8], kinds: Kinds) -> Result<(Vec<u8>, Metadata), Failure> {
    let form = |cause: FormError| codes::with(codes::GENERIC, Error::Form { path: file.path.clone(), cause });
    let sealed = Sealed::parse(text.to_vec(), format_of(kinds.output)).map_err(form)?;
    let document = sealed.document();
    let splices = document.format().put_metadata(document, None);
    let splices = splices.map_err(|error| codes::exit(codes::CANNOT_DUMP, error.to_string()))?;
    let metadata = sealed.metadata().clone();
    if metadata.keys().next().is_none() {
        return Err(Failure::user("no key is left that could open the file"));
    }
    Ok((splice(document.text(), splices), metadata))
}

fn no_editor(error: &EditingError) -> Failure {
    codes::exit(codes::NO_EDITOR, error.to_string())
}
