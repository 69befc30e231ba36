//! `lacre edit`: the plaintext in the person's own editor. Whatever goes wrong behind the editor, the text goes back
//! into it: the person's work is lost only when the person says so.

use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::super::{Context, Failure};
use super::TypeWord;
use super::advice::advise_on_clear_comments;
use super::encrypt::{self, Permitted, Target};
use crate::base;
use crate::document::{Format, Layout};
use crate::envelope::{Plain, merge_preferring_ours};
use crate::workspace::names::{self, FileType};
use crate::workspace::template::Template;
use crate::workspace::user_editor::{EditingError, UserEditor};
use crate::workspace::{Error, OpenFile, open_file};
use crate::world::editor::EditorError;
use crate::world::file_error::FileProblem;
use crate::world::files;
use crate::world::processes::become_default;

/// Edit an encrypted file in your editor
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre edit .env.enc\n  EDITOR='code --wait' lacre edit secrets.enc.yaml\n  lacre edit -r age1… new.enc.json         a file that does not exist yet\n\nThe editor is $SOPS_EDITOR, $VISUAL or $EDITOR (words, no shell), else vim, nano or vi. It gets the plaintext in a\nfolder that only you can enter, in memory where the system has such a place, and no identity in its environment.\nThe folder is removed when the editor ends. An editor that fails (vim: `:cq`) changes nothing.\n\nIf somebody else changes FILE meanwhile, both changes are merged by value; where they contradict, you are asked again.\nA missing FILE starts from a template, under its creation rule or `-r`.\n`LACRE_NO_PLAINTEXT=1` forbids this command; `lacre set` is not forbidden by it."
)]
pub struct Edit {
    /// The encrypted file
    pub file: PathBuf,
    /// For a new file: a recipient (repeatable)
    #[arg(short, long, value_name = "RECIPIENT")]
    pub recipient: Vec<String>,
    /// The format, where neither content nor name says it
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<TypeWord>,
}

/// Runs it.
///
/// # Errors
/// When the file does not open, the editor fails, or the edit cannot be saved and is given up.
pub fn run(arguments: &Edit, context: &Context<'_>) -> Result<u8, Failure> {
    context.plaintext_allowed()?;
    let editor = UserEditor::find(context.world).map_err(|error| no_editor(&error))?;
    let mut work = Work::start(arguments, context)?;
    let name = names::plain_name_of(&work.path);
    loop {
        let edited = match editor.edit(context.world, &name, &work.text) {
            Ok(edited) => edited,
            Err(EditingError::Editor(EditorError::Interrupted(signal))) => return Ok(become_default(signal)),
            Err(error) => return Err(no_editor(&error)),
        };
        if edited.returned_at_once && edited.text == work.text {
            let hint = "the editor returned at once; if its window is still open, it needs a flag to wait: \
                        `EDITOR='code --wait'`, `'subl --wait'`, `'gvim --nofork'`";
            context.ui.note(context.world, hint);
        }
        work.text = edited.text;
        let Err(failure) = work.save() else { return Ok(0) };
        failure.print(context.world);
        match context.world.prompt.confirm("Give up this edit? Enter goes back to the editor.") {
            Some(false) => {}
            Some(true) => return Err(work.given_up("the edit was given up")),
            None => {
                return Err(work.given_up("there is no terminal to offer the edit again on: it was dropped"));
            }
        }
    }
}

/// An edit under way.
struct Work<'c> {
    context: &'c Context<'c>,
    path: PathBuf,
    kind: Option<FileType>,
    place: Place,
    /// The plaintext that the edit starts from.
    base: Plain,
    /// What the editor shows.
    text: Zeroizing<Vec<u8>>,
}

/// Where the edit goes.
enum Place {
    Existing(Box<OpenFile>),
    New(Box<Target>, Template),
}

/// Why an edit was not saved.
enum Unsaved {
    /// Somebody else was faster.
    Changed,
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Unsaved {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl<'c> Work<'c> {
    fn start(arguments: &Edit, context: &'c Context<'c>) -> Result<Self, Failure> {
        let path = context.world.path(&arguments.file);
        let kind = arguments.kind.map(FileType::from);
        if files::is_empty(&path)? {
            return Self::start_new(context, path, kind, &arguments.recipient);
        }
        if !arguments.recipient.is_empty() {
            return Err(Failure::usage("`-r` is for new files; this one has its recipients"));
        }
        let file = OpenFile::open(context.world, &context.keyring, &path, kind)?;
        context.tell_about(&file);
        let base = file.plain()?;
        let text = Zeroizing::new(file.restored(&base));
        Ok(Self { context, path, kind, place: Place::Existing(Box::new(file)), base, text })
    }

    fn start_new(
        context: &'c Context<'c>,
        path: PathBuf,
        kind: Option<FileType>,
        recipients: &[String],
    ) -> Result<Self, Failure> {
        let shown = context.shown(&path);
        let twin = names::twin_of(&path);
        if twin != path && !files::is_empty(&twin)? {
            let hint = format!("`lacre edit` opens its twin {}", context.shown(&twin));
            return Err(Failure::user(format!("there is no {shown}")).hint(hint));
        }
        if kind.is_none() && names::is_never_encrypted(&path) {
            return Err(Failure::user(format!("{shown} is a file for everybody and is not encrypted"))
                .hint("`--type dotenv` insists"));
        }
        if path.parent().is_some_and(|folder| !files::exists(folder)) {
            return Err(Failure::user(format!("cannot write {shown}: no such folder")));
        }
        let target = Target::new_file(context, &path, None, recipients)?;
        let format = open_file::format_of(kind.unwrap_or_else(|| FileType::of(&path)));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let template = Template::new(format.name(), &name, &target.people());
        let text = Zeroizing::new(template.text());
        let empty = if format.name() == "json" { &b"{}\n"[..] } else { b"" };
        let base = plain(&path, empty, format)?;
        Ok(Self { context, path, kind, place: Place::New(Box::new(target), template), base, text })
    }

    /// Saves the text, merged with what others changed meanwhile, or says that there is nothing to save.
    fn save(&mut self) -> Result<(), Failure> {
        let shown = self.context.shown(&self.path);
        if let Place::New(_, template) = &self.place
            && template.is_untouched(&self.text)
        {
            self.context
                .ui
                .say(self.context.world, format!("{shown} was not created: there is nothing in it"));
            return Ok(());
        }
        let format = self.base.document().format();
        // `parse` says what it changes in the form of lines; of a text that nobody touched there is nothing to say.
        let untouched =
            matches!(&self.place, Place::Existing(file) if file.restored(&self.base) == *self.text);
        if untouched {
            self.context.ui.say(self.context.world, format!("{shown} is unchanged"));
            return Ok(());
        }
        let (mut ours, layout) = encrypt::parse(self.context, &self.path, self.text.to_vec(), format)?;
        if let Place::New(_, template) = &self.place {
            ours = plain(&self.path, template.below_heading(ours.document().text()), format)?;
        }
        loop {
            match self.write(&ours, layout) {
                Ok(()) => return Ok(()),
                Err(Unsaved::Changed) => ours = self.catch_up(&ours, layout)?,
                Err(Unsaved::Failure(failure)) => return Err(failure),
            }
        }
    }

    /// Writes `ours`, if the file still is what the edit started from.
    fn write(&mut self, ours: &Plain, layout: Layout) -> Result<(), Unsaved> {
        let Self { context, path, base, .. } = self;
        let world = context.world;
        let file = match &mut self.place {
            Place::New(target, _) => {
                if !files::is_empty(path)? {
                    return Err(Unsaved::Changed);
                }
                target.layout = layout;
                encrypt::write_new(context, target, ours, Permitted::default())?;
                return Ok(());
            }
            Place::Existing(file) => file,
        };
        let shown = context.shown(path);
        let mut metadata = file.sealed.metadata().clone();
        if ours.document().text() == base.document().text() && metadata.extension.layout == layout {
            context.ui.say(world, format!("{shown} is unchanged"));
            return Ok(());
        }
        metadata.extension.layout = layout;
        let written = file.next_with(ours, metadata, &*world.clock, &*world.random)?;
        if written.encrypted == 0 && file.opened.leaves.iter().any(|leaf| leaf.encrypted) {
            return Err(Failure::user(format!("not one value of {shown} would be encrypted"))
                .hint("look at its selector with `lacre status`; to drop all values, remove the file")
                .into());
        }
        match file.save(&written.text) {
            Err(error) if error.problem == FileProblem::Changed => return Err(Unsaved::Changed),
            other => other?,
        }
        context.ui.say(world, format!("updated {shown}"));
        advise_on_clear_comments(context, path, ours, &written.text);
        Ok(())
    }

    /// Starts again from the version that somebody else has written: `ours` with their changes in it. What both
    /// changed stays ours and is a failure, so that the person decides.
    fn catch_up(&mut self, ours: &Plain, layout: Layout) -> Result<Plain, Failure> {
        let context = self.context;
        let file = OpenFile::open(context.world, &context.keyring, &self.path, self.kind)?;
        let theirs = file.plain()?;
        let (merged, both) = merge_preferring_ours(&self.base, ours, &theirs);
        let document = merged.plain.document();
        self.text = Zeroizing::new(document.format().restore(document.text().to_vec(), layout));
        self.base = theirs;
        self.place = Place::Existing(Box::new(file));
        let shown = context.shown(&self.path);
        if !merged.taken.is_empty() {
            let taken = list(&merged.taken);
            context.ui.note(context.world, format!("{shown} keeps what others changed meanwhile: {taken}"));
        }
        if both.is_empty() {
            return Ok(merged.plain);
        }
        let message = format!("{shown} was changed meanwhile, and both sides changed {}", list(&both));
        Err(Failure::user(message).hint(
            "your text keeps your values, `lacre get` shows the others; what you save next replaces them",
        ))
    }

    fn given_up(&self, why: &str) -> Failure {
        Failure::user(format!("{why}; {} is as it was", self.context.shown(&self.path)))
    }
}

fn plain(path: &Path, text: &[u8], format: &'static dyn Format) -> Result<Plain, Error> {
    Plain::parse(text.to_vec(), format).map_err(|cause| Error::Form { path: path.to_owned(), cause })
}

fn list(paths: &[base::Path]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

fn no_editor(error: &EditingError) -> Failure {
    let failure = Failure::user(error.to_string());
    match error {
        EditingError::Editor(_) | EditingError::NoEditor | EditingError::Quote(_) => {
            failure.hint("name your editor: `export EDITOR=nano`, `export EDITOR='code --wait'`")
        }
        _ => failure,
    }
}
