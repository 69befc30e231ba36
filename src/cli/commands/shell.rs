//! `lacre shell`: completions and the manual page, made from the same definition as the help.

use clap::{Args, CommandFactory, Subcommand};
use clap_complete::Shell as Kind;

use super::super::arguments::Cli;
use super::super::{Context, Failure};

/// Print completions or the manual page
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre shell completions bash > ~/.local/share/bash-completion/completions/lacre\n  lacre shell man > ~/.local/share/man/man1/lacre.1"
)]
pub struct Shell {
    /// What to print
    #[command(subcommand)]
    pub what: What,
}

/// What to print.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Completions for a shell
    Completions {
        /// Which shell
        shell: Kind,
    },
    /// The manual page, in roff
    Man,
}

/// Runs it.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(arguments: &Shell, context: &Context<'_>) -> Result<u8, Failure> {
    let mut command = Cli::command();
    let mut text = Vec::new();
    match arguments.what {
        What::Completions { shell } => clap_complete::generate(shell, &mut command, "lacre", &mut text),
        What::Man => {
            clap_mangen::Man::new(command.clone()).render(&mut text)?;
            for sub in command.get_subcommands() {
                let sub = sub.clone().name(format!("lacre-{}", sub.get_name()).leak() as &str);
                clap_mangen::Man::new(sub).render(&mut text)?;
            }
        }
    }
    context.print(&text)?;
    Ok(0)
}
