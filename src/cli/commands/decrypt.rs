//! `lacre decrypt`: the plaintext of a file, to stdout or into a file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{Context, Failure};
use super::{TypeWord, name_or_path, no_value};
use crate::workspace::names::FileType;
use crate::workspace::{OpenFile, open_file, value_text};
use crate::world::git::{Git, repository_root};
use crate::world::{FileProblem, files};

/// Print the plaintext of an encrypted file
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre decrypt .env.enc\n  lacre decrypt .env.enc -o .env           for tools that read a file\n  lacre decrypt secrets.enc.yaml --extract db.password\n\nA plaintext file is readable by you alone, and is refused where git would commit it. `LACRE_NO_PLAINTEXT=1` forbids this command."
)]
pub struct Decrypt {
    /// The encrypted file; `-` is stdin
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// Write into FILE instead of stdout; `-` is stdout
    #[arg(short, long, value_name = "FILE", conflicts_with = "in_place")]
    pub output: Option<PathBuf>,
    /// Replace the file by its plaintext
    #[arg(short, long)]
    pub in_place: bool,
    /// Print one value only, without a line end: `["a"][0]` or `a[0].b`
    #[arg(long, value_name = "PATH", conflicts_with = "in_place")]
    pub extract: Option<String>,
    /// Print another format; dotenv values keep their quotes (`lacre export` reads them)
    #[arg(long, value_name = "TYPE", conflicts_with = "in_place")]
    pub to: Option<TypeWord>,
    /// The format, where neither name nor content says it
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<TypeWord>,
    /// Decrypt although MAC or seal do not match: values may have been tampered with
    #[arg(long)]
    pub ignore_mac: bool,
    /// Write plaintext over an existing file, or where git would commit it
    #[arg(long)]
    pub force: bool,
}

/// Runs it.
///
/// # Errors
/// Every reason why nothing was printed or written.
pub fn run(arguments: &Decrypt, context: &Context<'_>) -> Result<u8, Failure> {
    context.plaintext_allowed()?;
    let input = context.input(&arguments.file)?;
    if arguments.in_place && input.is_stdin {
        return Err(Failure::usage("`--in-place` needs a file"));
    }
    let sealed = open_file::parse(input.bytes, &input.path, arguments.kind.map(Into::into))?;
    let file = if arguments.ignore_mac {
        context.ui.warn(context.world, "MAC and seal are not checked: values may have been tampered with");
        OpenFile::rescue(context.world, &context.keyring, &input.path, sealed)?
    } else {
        OpenFile::from_sealed(context.world, &context.keyring, &input.path, sealed)?
    };
    context.tell_about(&file);
    let to = arguments.to.map(FileType::from);
    let path = arguments.extract.as_deref();
    let path = path.map(|text| name_or_path(text, file.sealed.document().format().name(), 0)).transpose()?;
    let bytes = match (path, to) {
        (None, None) => file.plaintext()?,
        (None, Some(to)) => file.converted(to)?,
        (Some(path), Some(to)) => {
            file.converted_at(&path, to)?.ok_or_else(|| no_value(context, &file, &path))?
        }
        (Some(path), None) => {
            value_text(file.value(&path).ok_or_else(|| no_value(context, &file, &path))?).into_owned()
        }
    };
    if arguments.in_place {
        write(context, &input.path, &bytes, arguments.force, true)?;
    } else if let Some(output) = arguments.output.as_deref().filter(|output| *output != Path::new("-")) {
        let output = context.world.path(output);
        write(context, &output, &bytes, arguments.force, false)?;
        if arguments.extract.is_none() {
            context.remember_base(&output, file.sealed.document().text());
        }
    } else {
        context.print(&bytes)?;
    }
    Ok(0)
}

/// Writes plaintext where nobody but the user reads it, and git does not either.
fn write(context: &Context<'_>, path: &Path, bytes: &[u8], force: bool, over: bool) -> Result<(), Failure> {
    let root = path.parent().and_then(repository_root);
    if !force {
        let shown = context.shown(path);
        if let Some(git) = Git::around(path, &context.world.variables) {
            if git.is_tracked(path) == Some(true) {
                return Err(Failure::user(format!("git tracks {shown}: plaintext there would be committed"))
                    .hint("write elsewhere with `-o`, or insist with `--force`"));
            }
            if files::exists(path.parent().unwrap_or(path)) && git.is_ignored(path).is_none() {
                return Err(Failure::user(format!("git does not say whether it would commit {shown}"))
                    .hint("`git status` shows why; or insist with `--force`"));
            }
            if git.is_ignored(path) == Some(false) {
                return Err(Failure::user(format!(
                    "git does not ignore {shown}: plaintext there could be committed"
                ))
                .hint("let git ignore it, as `lacre init` does for `.env`; or insist with `--force`"));
            }
        }
    }
    files::write_plaintext(path, root.as_deref(), bytes, force || over).map_err(|error| {
        let exists = error.problem == FileProblem::Exists;
        let failure = Failure::from(error);
        if exists { failure.hint("`--force` replaces it") } else { failure }
    })
}
