//! Floor 6, the person: arguments in, words and exit codes out. The rooms below do the work.

pub mod arguments;
pub mod commands;
mod context;
pub mod failure;
pub mod sops;
pub mod ui;

use std::ffi::OsString;
use std::io::Write;
use std::panic::catch_unwind;

use clap::{CommandFactory, Parser};

use crate::base::RecipientId;
use crate::keys::plugin::PluginName;
use crate::providers::age_plugin::{AgePlugins, AllowedPlugins};
use crate::workspace::Keyring;
use crate::workspace::environment::without_identities;
use crate::world::{World, arguments as given_arguments, files, git, private_folder, processes};
use arguments::{Cli, Command, Global, RunOnly};
pub use context::{Context, Input};
use failure::{Code, Failure};
use ui::Ui;

/// Runs the program in the real world; the exit code.
#[must_use]
pub fn main() -> u8 {
    processes::harden();
    processes::quiet_panics();
    let result = catch_unwind(|| {
        let arguments: Vec<OsString> = given_arguments().collect();
        commands::run::supervised::inside(&arguments).unwrap_or_else(|| match World::real() {
            Ok(world) => run(arguments, &world),
            Err(_) => Code::User.number(),
        })
    });
    result.unwrap_or(Code::Bug.number())
}

/// Runs one command line, the program's name first; the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, world: &World) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(words) = words_of_sops(&arguments) {
        private_folder::sweep(&world.variables);
        return finish(as_sops(words, Global::default(), world), false, world);
    }
    let cli = match RunOnly::parsed(&arguments).map_or_else(|| Cli::try_parse_from(&arguments), Ok) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &arguments, world),
    };
    private_folder::sweep(&world.variables);
    let starts_a_command = matches!(cli.command, Command::Run(_));
    finish(dispatch(cli, world), starts_a_command, world)
}

/// The words behind `sops`, if that is how we were called.
fn words_of_sops(arguments: &[OsString]) -> Option<&[OsString]> {
    match arguments {
        [program, words @ ..] if sops::is_meant(program) => Some(words),
        [_, command, words @ ..] if command == "sops" => Some(words),
        _ => None,
    }
}

fn finish(result: Result<u8, Failure>, starts_a_command: bool, world: &World) -> u8 {
    let flushed = world.stdout.borrow_mut().flush().map_err(Failure::from);
    match result.and_then(|code| flushed.map(|()| code)) {
        Ok(code) => code,
        Err(failure) => {
            failure.print(world);
            match failure.code {
                Code::Other(number) => number,
                _ if starts_a_command => Code::NotStarted.number(),
                code => code.number(),
            }
        }
    }
}

fn as_sops(words: &[OsString], mut global: Global, world: &World) -> Result<u8, Failure> {
    // Scripts take stderr for a part of the output, so what is no error is for people only.
    global.quiet |= !world.terminals.stderr;
    // Recipients stand behind flags and in variables, in lists.
    let texts: Vec<String> = words
        .iter()
        .chain(sops::recipient_variables().filter_map(|name| world.variable(name)))
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let named: Vec<String> =
        texts.iter().flat_map(|text| text.split([',', '='])).map(str::to_owned).collect();
    in_context(&global, &named, world, |context| sops::run(words, context))
}

fn in_context(
    global: &Global,
    recipients: &[String],
    world: &World,
    work: impl FnOnce(Context<'_>) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let root = git::repository_root(&world.folder);
    let allowed = if global.allow_plugin {
        AllowedPlugins::All
    } else {
        // Behind `NAME=`, where there is one.
        let keys = recipients.iter().map(|text| text.rsplit('=').next().unwrap_or(text));
        AllowedPlugins::Named(keys.filter_map(PluginName::of_recipient).collect())
    };
    let search = world.variable("PATH").cloned();
    let plugins = AgePlugins::new(search, root.as_deref(), allowed, &*world.prompt)
        .seeing(without_identities(&world.variables));
    // A file that was named and is not there is a mistake, whoever else could open the file.
    if let Some(missing) = global.identity.iter().find(|file| !files::exists(&world.path(file))) {
        return Err(Failure::user(format!("`--identity {}`: there is no such file", missing.display())));
    }
    let mut keyring = Keyring::new(world, &plugins, &global.identity, global.require_seal);
    keyring.services.allow(recipients.iter().filter_map(|text| RecipientId::guess(text)));
    work(Context { world, keyring, ui: Ui { quiet: global.quiet } })
}

fn dispatch(cli: Cli, world: &World) -> Result<u8, Failure> {
    let Cli { global, command } = cli;
    if let Command::Sops(arguments) = &command {
        return as_sops(&arguments.words, global, world);
    }
    let recipients = command.recipients().to_vec();
    in_context(&global, &recipients, world, |context| run_command(command, &context))
}

fn run_command(command: Command, context: &Context<'_>) -> Result<u8, Failure> {
    let code = match command {
        Command::Access(arguments) => commands::access::run(&arguments, context),
        Command::Check(arguments) => commands::check::run(&arguments, context),
        Command::Ci(arguments) => commands::ci::run(&arguments, context),
        Command::Config(arguments) => commands::config::run(&arguments, context),
        Command::Decrypt(arguments) => commands::decrypt::run(&arguments, context),
        Command::Diff(arguments) => commands::diff::run(&arguments, context),
        Command::Edit(arguments) => commands::edit::run(&arguments, context),
        Command::Encrypt(arguments) => commands::encrypt::run(&arguments, context),
        Command::Export(arguments) => commands::export::run(&arguments, context),
        Command::Find(arguments) => commands::find::run(&arguments, context),
        Command::Get(arguments) => commands::get::run(&arguments, context),
        Command::Git(arguments) => commands::git::run(&arguments, context),
        Command::Help(arguments) => commands::help::run(&arguments, context),
        Command::Import(arguments) => commands::import::run(&arguments, context),
        Command::Init(arguments) => commands::init::run(&arguments, context),
        Command::Keygen(arguments) => commands::keygen::run(&arguments, context),
        Command::List(arguments) => commands::list::run(&arguments, context),
        Command::Log(arguments) => commands::log::run(&arguments, context),
        Command::Offboard(arguments) => commands::offboard::run(&arguments, context),
        Command::Recipients(arguments) => commands::recipients::run(&arguments, context),
        Command::Redact(arguments) => commands::redact::run(&arguments, context),
        Command::Rekey(arguments) => commands::rekey::run(&arguments, context),
        Command::Resolve(arguments) => commands::resolve::run(&arguments, context),
        Command::Run(arguments) => commands::run::run(&arguments, context),
        Command::Schema(arguments) => commands::schema::run(&arguments, context),
        Command::Seal(arguments) => commands::seal::run(&arguments, context),
        Command::Set(arguments) => commands::set::run(&arguments, context),
        Command::Shell(arguments) => commands::shell::run(&arguments, context),
        // Dispatched before.
        Command::Sops(_) => Ok(0),
        Command::Status(arguments) => commands::status::run(&arguments, context),
        Command::Unset(arguments) => commands::unset::run(&arguments, context),
    };
    context.tell_about_services();
    code
}

/// Help and version go to stdout and are no failure; everything else is, and `lacre run` says 125.
fn usage(error: &clap::Error, arguments: &[OsString], world: &World) -> u8 {
    let colour = if error.use_stderr() { world.terminals.stderr } else { world.terminals.stdout };
    let words = error.render();
    let text = if ui_colours(colour, world) { words.ansi().to_string() } else { words.to_string() };
    if error.use_stderr() {
        drop(world.stderr.borrow_mut().write_all(text.as_bytes()));
        // Parsed anew, whatever is wrong with it, to learn which command was meant.
        let meant = Cli::command().ignore_errors(true).try_get_matches_from(arguments);
        let meant = meant.ok();
        match meant.as_ref().and_then(|meant| meant.subcommand()) {
            Some(("run", _)) => Code::NotStarted.number(),
            Some(("git", verb)) if verb.subcommand_name() == Some("merge") => commands::git::CALLED_WRONGLY,
            _ => Code::Usage.number(),
        }
    } else {
        drop(world.stdout.borrow_mut().write_all(text.as_bytes()));
        0
    }
}

fn ui_colours(is_terminal: bool, world: &World) -> bool {
    crate::world::terminal::colours(is_terminal, &world.variables)
}
