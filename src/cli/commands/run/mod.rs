//! `lacre run`: a program with the secrets in its environment.

mod checked;
mod files;
mod masking;
mod prepared;
pub mod supervised;
mod too_large;
mod watch;

use std::ffi::{OsStr, OsString};

use clap::Args;
use serde_json::{Value, json};

use super::super::failure::Code;
use super::super::{Context, Failure};
use super::listing;
use super::selection::Selection;
use crate::workspace::environment::{Environment, Variable, clean, without_identities};
use crate::world::Variables;
use crate::world::processes::{Program, StartError, StartProblem, exec, resolve};
use crate::world::supervise::Change;
use files::{FileWord, Files};
use prepared::Prepared;
use supervised::Supervised;
use watch::{Given, Watch};

/// Run a program with secrets in its environment; values from the file win over inherited variables
///
/// sops does the same, dotenv libraries the opposite: that is `--keep-existing`. Nothing is expanded or executed: `$`, backticks and `$(…)` are data. The program replaces lacre, and
/// gets neither identities nor a shell unless asked for.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre run -- npm start\n  lacre run --env prod -- ./server          .env.enc, then .env.prod.enc\n  lacre run -f db.enc.yaml --flatten -- ./migrate\n  lacre run --only DATABASE_URL -- psql\n  lacre run --redact -- npm test            secrets in its output become `[NAME]`\n  lacre run --file TLS_KEY -- ./server      the value as a file: TLS_KEY_FILE=/dev/fd/N\n  lacre run --watch --file TOKEN --signal HUP -- ./server\n  lacre run --shell -- 'echo \"$GREETING\" | tr a-z A-Z'\n  lacre run --explain                       which name comes from which file; runs nothing\n\nFiles: without PATH the program inherits a memory file, which nobody can change; children that it starts without its descriptors (npm, Node and Python do so) need a PATH. At a PATH on a disk stands a FIFO, so nothing is written there: one reader after the other gets all of it, from its start. Files at a PATH are removed when the program or lacre ends; what a SIGKILL leaves, the next lacre command removes. `LACRE_NO_PLAINTEXT` forbids a PATH.\n\nExit codes: the program's own, 128+n for signal n; 125 lacre failed before it, 126 not executable, 127 not found"
)]
#[allow(clippy::struct_excessive_bools, reason = "flags are words of the command line")]
pub struct Run {
    /// Which variables.
    #[command(flatten)]
    pub selection: Selection,
    /// Inherited variables win over those of the file
    #[arg(long)]
    pub keep_existing: bool,
    /// Hand on no inherited variables but PATH, HOME, USER, TERM, LANG, LC_*, TZ and TMPDIR
    #[arg(long)]
    pub clean_env: bool,
    /// With `--clean-env`: hand on NAME too (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "clean_env")]
    pub pass: Vec<String>,
    /// Hand on age identities, for programs that run lacre or sops themselves
    #[arg(long)]
    pub keep_identity: bool,
    /// The value NAME as a file, not a variable: `NAME_FILE` points to it. In memory without PATH, gone with the program;
    /// with PATH a new file in a memory file system, a FIFO elsewhere. `NAME=@FILE`: all of an encrypted FILE (repeatable)
    #[arg(long = "file", value_name = "NAME[=PATH]")]
    pub as_file: Vec<FileWord>,
    /// Start the program anew when the values in the encrypted files change; what is unchanged or broken does nothing
    #[arg(long)]
    pub watch: bool,
    /// With `--watch`: send it this signal instead, and renew what `--file` gives; its variables cannot change
    #[arg(long, value_name = "NAME", requires = "watch")]
    pub signal: Option<String>,
    /// CMD is a line for `sh`; ARGs are its `$1`, `$2` …
    #[arg(long)]
    pub shell: bool,
    /// Start although the values do not fit the schema beside the file they are from
    #[arg(long)]
    pub no_check: bool,
    /// Print which name comes from which file, no values, and run nothing
    #[arg(long)]
    pub explain: bool,
    /// With `--explain`: as JSON
    #[arg(long, requires = "explain")]
    pub json: bool,
    /// What keeps us beside the program.
    #[command(flatten)]
    pub supervised: Supervised,
    /// The program and its arguments
    #[arg(value_name = "CMD", required_unless_present = "explain", trailing_var_arg = true)]
    pub command: Vec<OsString>,
}

/// Runs it; returns when nothing was started, or when we stayed beside it to its end.
///
/// # Errors
/// Every reason why nothing was started.
pub fn run(arguments: &Run, context: &Context<'_>) -> Result<u8, Failure> {
    files::check(&arguments.as_file, context)?;
    if arguments.explain {
        let encrypted = prepared::encrypted(arguments, context)?;
        return explain(
            arguments,
            &prepared::environment(arguments, &encrypted, &mut |_| Ok(()), context)?,
            context,
        );
    }
    let words = words(arguments);
    let program = words.first().map_or(OsStr::new(""), OsString::as_os_str);
    // In our own PATH, and before anything of a file counts.
    let search = context.world.variables.get(OsStr::new("PATH")).map(OsString::as_os_str);
    let path = resolve(program, search, &context.world.folder)?;
    let encrypted = prepared::encrypted(arguments, context)?;
    let mut watch = arguments.watch.then(|| Watch::new(arguments, encrypted.clone(), context)).transpose()?;
    let prepared = Prepared::read(arguments, &encrypted, context)?;
    let files = Files::make(&prepared.contents, arguments.signal.is_some(), context)?;
    let program = Program { path, arguments: words, variables: Variables::new() };
    let mut given = Given { prepared, files, program, masking: arguments.supervised.masking() };
    let launch = given.launch(context);
    let program = launch.program.clone();
    if watch.is_none() && !given.files.need_us() && !arguments.supervised.is_wanted() {
        given.prepared = Prepared::default();
        return Err(too_large::explained(exec(&program), &program));
    }
    let mut look = watch.as_mut().map(|watch| || watch.look(&mut given));
    let watch = look.as_mut().map(|look| look as &mut dyn FnMut() -> Change);
    let end = arguments.supervised.stay(launch, watch);
    // We may die of the signal that the program died of: nothing is removed after that.
    drop(given);
    end.map(supervised::code).map_err(|error| too_large::explained(error, &program))
}

fn words(arguments: &Run) -> Vec<OsString> {
    let Some((line, rest)) = arguments.command.split_first().filter(|_| arguments.shell) else {
        return arguments.command.clone();
    };
    let start = ["sh".into(), "-c".into(), line.clone(), "sh".into()];
    start.into_iter().chain(rest.iter().cloned()).collect()
}

/// What the program gets of our own variables.
fn inherited(arguments: &Run, context: &Context<'_>) -> Variables {
    let ours = &context.world.variables;
    let kept = if arguments.keep_identity { ours.clone() } else { without_identities(ours) };
    if arguments.clean_env { clean(&kept, &arguments.pass) } else { kept }
}

fn explain(arguments: &Run, environment: &Environment, context: &Context<'_>) -> Result<u8, Failure> {
    let inherited = inherited(arguments, context);
    let stays = |name: &str| arguments.keep_existing && inherited.contains_key(OsStr::new(name));
    let row = |variable: &Variable| {
        let name = String::from_utf8_lossy(&variable.name);
        let file = (!stays(&name)).then(|| context.here(&variable.file));
        (if variable.as_file { format!("{name}_FILE") } else { name.into_owned() }, file)
    };
    let rows: Vec<(String, Option<String>)> = environment.variables().iter().map(row).collect();
    if arguments.json {
        let rows: Vec<Value> =
            rows.into_iter().map(|(name, file)| json!({ "name": name, "file": file })).collect();
        context.print_line(&listing(&rows.into()))?;
        return Ok(0);
    }
    for (name, file) in rows {
        context.print_row(&format!("{name} ← {}", file.as_deref().unwrap_or("inherited")))?;
    }
    Ok(0)
}

/// 127 and 126 as a shell says them; what the system refuses later is 126 too, as with `env`.
impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let number = if error.problem == StartProblem::NotFound { 127 } else { 126 };
        Self { code: Code::Other(number), ..Self::user(error.to_string()) }
    }
}
