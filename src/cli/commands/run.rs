//! `lacre run`: a program with the secrets in its environment.

use std::ffi::{OsStr, OsString};

use clap::Args;

use super::super::failure::Code;
use super::super::{Context, Failure};
use super::selection::Selection;
use crate::workspace::environment::{Environment, clean, without_identities};
use crate::world::Variables;
use crate::world::processes::{StartError, StartProblem, exec, resolve};

/// Run a program with secrets in its environment; values from the file win over inherited variables
///
/// sops does the same, dotenv libraries the opposite: that is `--keep-existing`. Nothing is expanded or executed: `$`, backticks and `$(…)` are data. The program replaces lacre, and
/// gets neither identities nor a shell unless asked for.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre run -- npm start\n  lacre run --env prod -- ./server          .env.enc, then .env.prod.enc\n  lacre run -f db.enc.yaml --flatten -- ./migrate\n  lacre run --only DATABASE_URL -- psql\n  lacre run --shell -- 'echo \"$GREETING\" | tr a-z A-Z'\n  lacre run --explain                       which name comes from which file; runs nothing\n\nExit codes: the program's own, 128+n for signal n; 125 lacre failed before it, 126 not executable, 127 not found"
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
    /// CMD is a line for `sh`; ARGs are its `$1`, `$2` …
    #[arg(long)]
    pub shell: bool,
    /// Print which name comes from which file, no values, and run nothing
    #[arg(long)]
    pub explain: bool,
    /// The program and its arguments
    #[arg(value_name = "CMD", required_unless_present = "explain", trailing_var_arg = true)]
    pub command: Vec<OsString>,
}

/// Runs it; returns only when nothing was started.
///
/// # Errors
/// Every reason why nothing was started.
pub fn run(arguments: &Run, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.explain {
        return explain(arguments, &arguments.selection.read(context)?, context);
    }
    let words = words(arguments);
    let program = words.first().map_or(OsStr::new(""), OsString::as_os_str);
    // In our own PATH, and before anything of a file counts.
    let search = context.world.variables.get(OsStr::new("PATH")).map(OsString::as_os_str);
    let path = resolve(program, search, &context.world.folder)?;
    let environment = arguments.selection.read(context)?;
    let mut variables = inherited(arguments, context);
    environment.pour(&mut variables, arguments.keep_existing);
    drop(environment);
    Err(exec(&path, &words, &variables).into())
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
    for variable in environment.variables() {
        let name = String::from_utf8_lossy(&variable.name);
        let source = if stays(&name) {
            "inherited".to_owned()
        } else {
            let path = variable.file.strip_prefix(&context.world.folder).unwrap_or(&variable.file);
            path.display().to_string()
        };
        context.print_row(&format!("{name} ← {source}"))?;
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
