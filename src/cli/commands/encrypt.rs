//! `lacre encrypt`: plaintext files become encrypted twins. Onto an existing twin it is a three-way update by leaf,
//! so that an old plaintext does not delete a colleague's new secret.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{Context, Failure, Input};
use super::advice::{advise, advise_on_clear_comments};
use super::{TypeWord, count};
use crate::base::DataKey;
use crate::document::layout::{Change, Note};
use crate::document::{Format, Layout};
use crate::envelope::{FormError, Plain, encrypt, expand_aliases, merge};
use crate::policy::Selector;
use crate::workspace::keyring::shown_recipient;
use crate::workspace::names::{self, FileType};
use crate::workspace::{Chosen, Error, OpenFile, RuleFile, base_text, open_file, save};
use crate::world::files;
use crate::world::git::Git;

/// Encrypt plaintext files into their twins (`.env` into `.env.enc`)
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre encrypt .env                       writes .env.enc\n  lacre encrypt secrets.yaml config.json   writes secrets.enc.yaml and config.enc.json\n  lacre encrypt -i k8s-secret.yaml         replaces the file itself\n  lacre encrypt --type dotenv -r age1… < .env > .env.enc\n\nOnto an existing twin, what only the twin changed stays, and what both changed is refused by name."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Encrypt {
    /// Plaintext files; `-` or none is stdin
    pub file: Vec<PathBuf>,
    /// Write into OUT, `-` is stdout
    #[arg(short, long, value_name = "OUT", conflicts_with = "in_place")]
    pub output: Option<PathBuf>,
    /// Replace the plaintext file by its encrypted form
    #[arg(short, long)]
    pub in_place: bool,
    /// Who may open a new file: an age or ssh public key, or a name from `.sops.yaml` (repeatable)
    #[arg(short, long, value_name = "RECIPIENT")]
    pub recipient: Vec<String>,
    /// The format, where the name does not say it
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<TypeWord>,
    /// For stdin: the name that decides format and creation rule
    #[arg(long, value_name = "NAME")]
    pub filename: Option<PathBuf>,
    /// YAML: write out aliases and merge keys that lead to an encrypted value, as sops does
    #[arg(long)]
    pub expand_aliases: bool,
    /// Write although not one value would be encrypted
    #[arg(long)]
    pub allow_empty: bool,
    /// Onto a twin: what the plaintext lacks or says otherwise replaces what the twin has
    #[arg(long)]
    pub replace: bool,
}

/// What the person allows an encryption to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permitted {
    /// Encrypting not one value.
    pub allow_empty: bool,
    /// Writing out aliases.
    pub expands: bool,
}

impl Encrypt {
    const fn permitted(&self) -> Permitted {
        Permitted { allow_empty: self.allow_empty, expands: self.expand_aliases }
    }
}

/// Where a new file goes, and for whom.
pub struct Target {
    path: PathBuf,
    /// What is encrypted into it, for error messages.
    source: PathBuf,
    chosen: Chosen,
    rules: Option<RuleFile>,
    /// The form of lines that its plaintext has.
    pub layout: Layout,
}

/// Runs it, file by file; the first failure stops.
///
/// # Errors
/// Every reason why a file was not written.
pub fn run(arguments: &Encrypt, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.file.len() > 1 && arguments.output.is_some() {
        return Err(Failure::usage("`--output` takes one FILE"));
    }
    let stdin = [PathBuf::from("-")];
    let files = if arguments.file.is_empty() { &stdin[..] } else { &arguments.file };
    for file in files {
        let input = context.input(file)?;
        one(arguments, context, input)?;
    }
    Ok(0)
}

fn one(arguments: &Encrypt, context: &Context<'_>, input: Input) -> Result<(), Failure> {
    let source = match (&arguments.filename, input.is_stdin) {
        (Some(name), _) => context.world.path(name),
        (None, true) if arguments.in_place => return Err(Failure::usage("`--in-place` needs a file")),
        (None, _) => input.path.clone(),
    };
    let (plain, layout) = read(arguments, context, &source, input.bytes)?;
    let output = match &arguments.output {
        Some(output) if output == Path::new("-") => None,
        Some(output) => Some(context.world.path(output)),
        None if arguments.in_place => Some(source.clone()),
        None if input.is_stdin => None,
        None => Some(twin(&source)),
    };
    let Some(output) = output else {
        let name = names::twin_of(&source);
        let mut target = Target::new_file(context, &name, Some(&source), &arguments.recipient)?;
        target.layout = layout;
        let (written, _) = new_text(context, &target, &plain, arguments.permitted())?;
        let text = written.text;
        return context.print(&text);
    };
    if arguments.in_place {
        let mut target = Target::new_file(context, &output, None, &arguments.recipient)?;
        target.layout = layout;
        let (written, _) = new_text(context, &target, &plain, arguments.permitted())?;
        let old = plain_text(&plain, layout);
        save::replace(&output, Some(&old), &written.text)?;
        target.tell(context, &written);
        return Ok(());
    }
    if !files::is_empty(&output)? {
        if !arguments.recipient.is_empty() {
            let shown = context.shown(&output);
            return Err(Failure::usage(format!("{shown} has its recipients; `-r` is for new files")));
        }
        update(arguments, context, &source, &output, &plain, layout)?;
        warn_if_tracked(context, &source);
        return Ok(());
    }
    let mut target = Target::new_file(context, &output, Some(&source), &arguments.recipient)?;
    target.layout = layout;
    let text = write_new(context, &target, &plain, arguments.permitted())?;
    context.remember_base(&source, &text);
    warn_if_tracked(context, &source);
    Ok(())
}

/// The plaintext as a document; its form of lines is set aside.
fn read(
    arguments: &Encrypt,
    context: &Context<'_>,
    source: &Path,
    bytes: Vec<u8>,
) -> Result<(Plain, Layout), Failure> {
    if arguments.kind.is_none() && names::is_never_encrypted(source) {
        let shown = context.shown(source);
        return Err(Failure::user(format!("{shown} is a file for everybody and is not encrypted"))
            .hint("`--type dotenv` insists"));
    }
    if arguments.kind.is_none() && source == Path::new("-") {
        return Err(Failure::usage("standard input has no name that says its format")
            .hint("say it with `--type`, or name a file with `--filename`"));
    }
    let kind = arguments.kind.map_or_else(|| FileType::of(source), Into::into);
    let format = open_file::format_of(kind);
    parse(context, source, bytes, format)
}

/// Reads a plaintext, and says what of it will not come back as it was.
///
/// # Errors
/// When it is no document of its format, or is encrypted already.
pub fn parse(
    context: &Context<'_>,
    source: &Path,
    bytes: Vec<u8>,
    format: &'static dyn Format,
) -> Result<(Plain, Layout), Failure> {
    let prepared = format.prepare(bytes);
    for note in &prepared.notes {
        context.ui.note(context.world, format!("{}: {}", context.shown(source), words(note)));
    }
    let form = |cause: FormError| Error::Form { path: source.to_owned(), cause };
    let plain = Plain::parse(prepared.text.expose().clone(), format).map_err(form)?;
    advise(context, &plain);
    Ok((plain, prepared.layout))
}

fn words(note: &Note) -> String {
    let what = match note.change {
        Change::BlankLineEmptied => "a line of blanks becomes an empty line",
        Change::CommentUnindented => "a comment moves to the first column",
        Change::FinalLineEndAdded => "the last line gets a line end",
        Change::LineEndsUnified => "mixed line ends become line feeds",
    };
    let lines: Vec<_> = note.lines.iter().take(5).map(ToString::to_string).collect();
    let more = if note.lines.len() > 5 { ", …" } else { "" };
    format!("{what} (line {}{more})", lines.join(", "))
}

/// The twin of `source`: the one that is there, else the one that would be made.
fn twin(source: &Path) -> PathBuf {
    let twin = names::twin_of(source);
    match names::other_twin_of(source) {
        Some(other) if files::exists(&other) && !files::exists(&twin) => other,
        _ => twin,
    }
}

/// The three-way update of an existing twin.
fn update(
    arguments: &Encrypt,
    context: &Context<'_>,
    source: &Path,
    output: &Path,
    ours: &Plain,
    layout: Layout,
) -> Result<(), Failure> {
    let file = OpenFile::open(context.world, &context.keyring, output, None)?;
    context.tell_about(&file);
    let expanded = if arguments.expand_aliases {
        Some(expanded(ours, &file.sealed.metadata().selector, source)?)
    } else {
        None
    };
    let ours = expanded.as_ref().unwrap_or(ours);
    let theirs = file.plain()?;
    let merged = if arguments.replace {
        ours.clone()
    } else {
        let base = base(context, source, output)?;
        let merged = merge(base.as_ref(), ours, &theirs)
            .map_err(|cause| Error::Merge { path: output.to_owned(), cause })?;
        if !merged.taken.is_empty() {
            let paths: Vec<_> = merged.taken.iter().map(|path| format!("`{path}`")).collect();
            let (shown, paths) = (context.shown(output), paths.join(", "));
            let changed = format!("{shown} was changed since, and stays as it is in {paths}");
            context.ui.note(context.world, changed);
        }
        merged.plain
    };
    let mut metadata = file.sealed.metadata().clone();
    metadata.extension.layout = layout;
    let (clock, random) = (&*context.world.clock, &*context.world.random);
    if merged.document().text() == theirs.document().text() {
        context.ui.say(context.world, format!("{} is up to date", context.shown(output)));
    } else {
        let written = file.next_with(&merged, metadata.clone(), clock, random)?;
        let is_whole = merged.document().format().is_whole();
        if written.encrypted == 0 && !arguments.allow_empty && !is_whole {
            return Err(Error::NothingEncrypted(output.to_owned()).into());
        }
        file.save(&written.text)?;
        context.ui.say(context.world, format!("updated {}", context.shown(output)));
        advise_on_clear_comments(context, output, &merged, &written.text);
    }
    // The base is what the plaintext file says, not what the merge made of it.
    let base = file.next_with(ours, metadata, clock, random)?;
    context.remember_base(source, &base.text);
    Ok(())
}

/// What `source` said when it and its twin were last the same.
fn base(context: &Context<'_>, source: &Path, output: &Path) -> Result<Option<Plain>, Failure> {
    let Some(text) = base_text::recall(context.world, source)? else { return Ok(None) };
    let opened = open_file::parse(text, output, None)
        .and_then(|sealed| OpenFile::from_sealed(context.world, &context.keyring, output, sealed))
        .and_then(|file| file.plain());
    if opened.is_err() {
        context.ui.warn(context.world, "the remembered common base does not open and is not used");
    }
    Ok(opened.ok())
}

impl Target {
    /// A file that does not exist yet: its recipients by `-r` or by the creation rule that matches `path`, else `source`.
    ///
    /// # Errors
    /// When nobody is named who may open it.
    pub fn new_file(
        context: &Context<'_>,
        path: &Path,
        source: Option<&Path>,
        given: &[String],
    ) -> Result<Self, Failure> {
        let rules = RuleFile::find(context.world, path)?;
        let chosen = Chosen::find(rules.as_ref(), path, source, given)?;
        let source = source.unwrap_or(path).to_owned();
        Ok(Self { path: path.to_owned(), source, chosen, rules, layout: Layout::default() })
    }

    /// Who will be able to open it, as people know them.
    #[must_use]
    pub fn people(&self) -> Vec<String> {
        let names = self.rules.as_ref().map(|rules| rules.names.clone()).unwrap_or_default();
        self.chosen.recipients().map(|id| shown_recipient(id, &names)).collect()
    }

    fn tell(&self, context: &Context<'_>, written: &crate::envelope::Written) {
        let (file, values) = (context.shown(&self.path), count(written.encrypted, "value"));
        let people = self.people().join(", ");
        context.ui.say(context.world, format!("encrypted {values} into {file} for {people}"));
    }
}

fn expanded(plain: &Plain, selector: &Selector, source: &Path) -> Result<Plain, Error> {
    expand_aliases(plain, selector).map_err(|cause| Error::Encrypt { path: source.to_owned(), cause })
}

/// Encrypts `plain` with a new data key, and gives that out too, for whoever looks at the result before it is written.
/// Aliases are written out if it `expands`.
///
/// # Errors
/// When it cannot be encrypted, or not one value would be.
pub fn new_text(
    context: &Context<'_>,
    target: &Target,
    plain: &Plain,
    Permitted { allow_empty, expands }: Permitted,
) -> Result<(crate::envelope::Written, DataKey), Failure> {
    let selector = &target.chosen.selector;
    let expanded = if expands { Some(expanded(plain, selector, &target.source)?) } else { None };
    let plain = expanded.as_ref().unwrap_or(plain);
    if plain.document().format().is_whole() && *selector != Selector::default() {
        let message = "a binary file is encrypted as a whole: the rule's selector is ignored";
        context.ui.note(context.world, message);
    }
    let key = DataKey::generate(&*context.world.random).map_err(Error::Random)?;
    let mut metadata = target.chosen.wrap(&context.keyring, &key, &target.path, &*context.world.random)?;
    metadata.extension.layout = target.layout;
    let written = encrypt(plain, metadata, &key, &*context.world.clock, &*context.world.random)
        .map_err(|cause| Error::Encrypt { path: target.source.clone(), cause })?;
    if written.encrypted == 0 && !allow_empty && !plain.document().format().is_whole() {
        return Err(Error::NothingEncrypted(target.path.clone()).into());
    }
    advise_on_clear_comments(context, &target.path, plain, &written.text);
    Ok((written, key))
}

/// Encrypts `plain` into a file that must not exist yet; the text that was written.
///
/// # Errors
/// When it cannot be encrypted or written, or not one value would be encrypted.
pub fn write_new(
    context: &Context<'_>,
    target: &Target,
    plain: &Plain,
    permitted: Permitted,
) -> Result<Vec<u8>, Failure> {
    let (written, _) = new_text(context, target, plain, permitted)?;
    save::replace_empty(&target.path, &written.text)?;
    target.tell(context, &written);
    Ok(written.text)
}

fn plain_text(plain: &Plain, layout: Layout) -> Vec<u8> {
    let document = plain.document();
    document.format().restore(document.text().to_vec(), layout)
}

/// The plaintext is in git's history already: encrypting it now does not take it out.
pub fn warn_if_tracked(context: &Context<'_>, source: &Path) {
    if Git::around(source, &context.world.variables).and_then(|git| git.is_tracked(source)) == Some(true) {
        let shown = context.shown(source);
        context.ui.warn(
            context.world,
            format!("git tracks {shown}: its values are in the history, and should be changed"),
        );
        context.ui.note(context.world, format!("`git rm --cached` takes {shown} out of the next commit"));
    }
}
