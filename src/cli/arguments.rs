//! The command line as clap sees it. Help texts stand beside the flags, in the rooms of their commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::commands::{
    access, check, ci, config, decrypt, diff, edit, encrypt, export, find, get, git, help, import, init,
    keygen, list, log, offboard, recipients, redact, rekey, resolve, run, schema, seal, set, shell, status,
    unset,
};

/// Keeps secrets encrypted inside the git repository and hands them to the process that needs them.
///
/// Values are encrypted, names stay readable. Every encrypted file is a sops v3 file.
#[derive(Debug, Parser)]
#[command(
    name = "lacre",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Start here:\n  lacre init                      make this folder ready\n  lacre encrypt .env              write .env.enc, to be committed\n  lacre run -- npm start          start a program with the secrets in its environment\n  lacre recipients add bob=age1…  let somebody else open the files\n  lacre git install               have git compare and merge by value, and guard commits\n  lacre help                      list the topics: formats, threat model, moving from sops …"
)]
pub struct Cli {
    /// For every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command has.
#[derive(Args, Clone, Debug, Default)]
pub struct Global {
    /// A file with age or ssh identities, tried before all others (repeatable)
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub identity: Vec<PathBuf>,
    /// Start age plugins that only a file from git names
    #[arg(long, global = true, help_heading = "Global options")]
    pub allow_plugin: bool,
    /// Refuse files that carry no seal of lacre [env: `LACRE_REQUIRE_SEAL=1`]
    #[arg(long, global = true, help_heading = "Global options")]
    pub require_seal: bool,
    /// Print nothing on stderr but errors
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
#[allow(missing_docs, reason = "each is documented where its arguments are")]
pub enum Command {
    Init(init::Init),
    Keygen(keygen::Keygen),
    Encrypt(encrypt::Encrypt),
    Decrypt(decrypt::Decrypt),
    Edit(edit::Edit),
    Get(get::Get),
    Set(set::Set),
    Unset(unset::Unset),
    Run(run::Run),
    Export(export::Export),
    Ci(ci::Ci),
    Redact(redact::Redact),
    List(list::List),
    Status(status::Status),
    Check(check::Check),
    Schema(schema::Schema),
    Recipients(recipients::Recipients),
    Rekey(rekey::Rekey),
    Offboard(offboard::Offboard),
    Access(access::Access),
    Find(find::Find),
    Diff(diff::Diff),
    Log(log::Log),
    Git(git::Git),
    Resolve(resolve::Resolve),
    Config(config::Config),
    Seal(seal::Seal),
    Import(import::Import),
    Sops(Sops),
    Shell(shell::Shell),
    Help(help::Help),
}

/// Speak the command line of sops: same flags, variables, files and exit codes
#[derive(Args, Debug)]
#[command(
    disable_help_flag = true,
    after_help = "Examples:\n  lacre sops decrypt secrets.yaml\n  ln -s lacre sops                a drop-in replacement\n  lacre sops --help               its own flags\n  lacre help sops                 what differs, and why"
)]
pub struct Sops {
    /// As sops takes them
    #[arg(value_name = "WORD", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}

/// `lacre run` by itself: services start by it, and need not wait until all other commands are laid out.
#[derive(Debug, Parser)]
pub struct RunOnly {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: OnlyCommand,
}

#[derive(Debug, Subcommand)]
enum OnlyCommand {
    Run(run::Run),
}

impl RunOnly {
    /// The command line, if it is `lacre run` without a mistake; mistakes are told by [`Cli`].
    #[must_use]
    pub fn parsed(arguments: &[OsString]) -> Option<Cli> {
        if arguments.get(1)? != "run" {
            return None;
        }
        let Self { global, command: OnlyCommand::Run(run) } = Self::try_parse_from(arguments).ok()?;
        Some(Cli { global, command: Command::Run(run) })
    }
}

impl Command {
    /// Recipients that the user named on the command line, by key or by name.
    #[must_use]
    pub fn recipients(&self) -> &[String] {
        match self {
            Self::Encrypt(arguments) => &arguments.recipient,
            Self::Import(arguments) => arguments.recipients(),
            Self::Recipients(arguments) => arguments.words(),
            Self::Set(arguments) => &arguments.recipient,
            _ => &[],
        }
    }
}
