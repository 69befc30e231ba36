//! `lacre diff`: two versions of encrypted files compared, value by value.

mod place;
mod report;
mod version;

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::failure::Code;
use super::super::{Context, Failure};
use super::FOUND;
use report::Report;
use version::Version;

/// Compare encrypted files value by value: files, revisions, environments
#[derive(Args, Debug)]
#[command(
    after_help = "With A alone, the file is compared with what HEAD has of it. A and B are files, plaintext ones too;\nREV:PATH as git spells it (`:PATH` is what is staged); or environments: NAME is what `run --env NAME` reads.\n\n  + new    - gone    ~ another value or type    ? does not open here\n\nExamples:\n  lacre diff .env.enc\n  lacre diff main:.env.enc .env.enc\n  lacre diff .env.enc .env                     what `lacre encrypt` would change\n  lacre diff --names prod staging              which variables one has and the other lacks\n  lacre diff --exit-code HEAD~1:./a.enc.yaml   3 if a value, comment or recipient differs"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Diff {
    /// The older one: a file, REV:PATH, an environment, or `-` for stdin
    pub a: PathBuf,
    /// The newer one
    pub b: Option<PathBuf>,
    /// Print the values too, a line each
    #[arg(long, conflicts_with_all = ["names", "json"])]
    pub show: bool,
    /// Compare names only; needs no identity
    #[arg(long)]
    pub names: bool,
    /// End with 3 if anything differs
    #[arg(long)]
    pub exit_code: bool,
    /// Print a JSON object; never with values
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
///
/// # Errors
/// When a side cannot be read, was tampered with, or holds values that do not open here and may differ.
pub fn run(arguments: &Diff, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.show {
        context.plaintext_allowed()?;
    }
    let (mut a, mut b) = versions(arguments, context)?;
    let (a_format, b_format) = (a.format(), b.format());
    a.settle(b_format)?;
    b.settle(a_format)?;
    let mut closed = None;
    if !arguments.names {
        closed = a.open(context)?;
        closed = closed.or(b.open(context)?);
    }
    let (a_side, b_side) = (a.side(), b.side());
    let report = Report::new(context, (&a, &a_side), (&b, &b_side), arguments.names);
    if arguments.json {
        report.print_json(context)?;
    } else {
        report.print(context, arguments.show)?;
    }
    if a.is_nothing() {
        context.ui.note(context.world, format!("HEAD has no {}: all of it is new", context.shown(&a.path)));
    }
    if report.rekeyed == Some(true) {
        context.ui.note(context.world, "rekeyed: all values are encrypted anew, with another data key");
    }
    match closed {
        Some(closed) if report.is_unknown() => Err(Failure {
            code: Code::NoIdentity,
            message: format!("what is marked `?` could not be compared: {}", closed.message),
            ..closed
        }),
        _ => Ok(if arguments.exit_code && report.differs() { FOUND } else { 0 }),
    }
}

fn versions(arguments: &Diff, context: &Context<'_>) -> Result<(Version, Version), Failure> {
    let word = |word: &Path| word.display().to_string();
    let Some(other) = &arguments.b else {
        let (old, new) = place::pair(context, &arguments.a)?;
        let shown = word(&arguments.a);
        let is_revision = shown.contains(':');
        let a =
            Version::read(context, if is_revision { shown.clone() } else { format!("HEAD:{shown}") }, old)?;
        let b = Version::read(context, if is_revision { "the work tree".to_owned() } else { shown }, new)?;
        return Ok((a, b));
    };
    if [&arguments.a, other].iter().all(|word| word.as_path() == Path::new("-")) {
        return Err(Failure::usage("only one of the two can be stdin"));
    }
    let read = |name: &Path| Version::read(context, word(name), place::find(context, name)?);
    Ok((read(&arguments.a)?, read(other)?))
}
