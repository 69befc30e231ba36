//! `lacre help TOPIC`: the texts that explain, in `cli/help/`; without a topic, their list.

use std::iter;

use clap::error::ErrorKind;
use clap::{Args, Parser};

use super::super::arguments::Cli;
use super::super::{Context, Failure};

/// Explain a topic, or a command
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre help                  the list of topics\n  lacre help threat-model\n  lacre help encrypt          the same as lacre encrypt --help\n  lacre help recipients add"
)]
pub struct Help {
    /// A topic or a command; without it, the topics
    pub topic: Vec<String>,
}

/// Topic, what it is about, and its text.
const TOPICS: &[(&str, &str, &str)] = &[
    (
        "format",
        "what an encrypted file is, and which values are encrypted",
        include_str!("../help/format.txt"),
    ),
    ("dotenv", "how .env files are read and written", include_str!("../help/dotenv.txt")),
    ("export", "what each format of `export` can hold", include_str!("../help/export.txt")),
    ("config", "the rules: which files are encrypted for whom", include_str!("../help/config.txt")),
    (
        "identities",
        "the keys that open files, and where they are found",
        include_str!("../help/identities.txt"),
    ),
    ("services", "keys that gpg or a Vault server hold", include_str!("../help/services.txt")),
    ("aws", "keys that AWS KMS holds, and credentials for them", include_str!("../help/aws.txt")),
    ("running", "what a program that `run` starts can rely on", include_str!("../help/running.txt")),
    ("redact", "what is masked in output, and what cannot be", include_str!("../help/redact.txt")),
    ("ci", "secrets in the jobs of GitHub Actions and GitLab", include_str!("../help/ci.txt")),
    ("git", "diffs, merges and guards of encrypted files", include_str!("../help/git.txt")),
    ("merges", "merges of encrypted files, and their conflicts", include_str!("../help/merges.txt")),
    (
        "history",
        "when values changed, who could read them, and who left",
        include_str!("../help/history.txt"),
    ),
    ("schema", "what a program expects of its variables", include_str!("../help/schema.txt")),
    ("seal", "what vouches for names, structure and recipients", include_str!("../help/seal.txt")),
    ("threat-model", "what is protected, and what is not", include_str!("../help/threat-model.txt")),
    ("json", "the fields that `--json` prints, command by command", include_str!("../help/json.txt")),
    ("json-git", "the same, of commands that look into git", include_str!("../help/json-git.txt")),
    ("from-sops", "what is the same, and what differs", include_str!("../help/from-sops.txt")),
    ("mixed-team", "lacre and sops on the same files", include_str!("../help/mixed-team.txt")),
    ("sops", "its command line, and what differs in ours", include_str!("../help/sops.txt")),
    (
        "from-dotenvx",
        "values of dotenvx: what comes over, and what differs",
        include_str!("../help/from-dotenvx.txt"),
    ),
];

/// Runs it.
///
/// # Errors
/// When there is no such topic.
pub fn run(arguments: &Help, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.topic.is_empty() {
        context.print_line("Topics, for `lacre help TOPIC`:\n")?;
        for (name, about, _) in TOPICS {
            context.print_line(&format!("  {name:14}{about}"))?;
        }
        context.print_line("\n`lacre --help` lists the commands; `lacre help COMMAND` explains one.")?;
        return Ok(0);
    }
    let topic = arguments.topic.join(" ");
    if let Some((.., text)) = TOPICS.iter().find(|(name, ..)| *name == topic) {
        context.print(text.as_bytes())?;
        return Ok(0);
    }
    let words = arguments.topic.iter().map(String::as_str);
    match Cli::try_parse_from(iter::once("lacre").chain(words).chain(["--help"])) {
        Err(help) if help.kind() == ErrorKind::DisplayHelp => {
            context.print(help.render().to_string().as_bytes())?;
            Ok(0)
        }
        _ => Err(Failure::usage(format!("there is no topic `{topic}`"))
            .hint("`lacre help` lists the topics, `lacre --help` the commands")),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::*;
    use crate::world::World;

    fn help(words: &[&str]) -> (u8, String) {
        let (world, printed) = World::test(Path::new("/"));
        let words = ["lacre", "help"].iter().chain(words).map(OsString::from);
        (super::super::super::run(words, &world), printed.stdout.text())
    }

    #[test]
    fn every_topic_fits_a_terminal_and_says_its_name_first() {
        for (name, _, text) in TOPICS {
            let title = name.to_uppercase().replace('-', " ");
            assert!(text.starts_with(&format!("{title}: ")), "{name}");
            assert!(text.ends_with('\n') && text.lines().count() <= 90, "{name} is too long");
            for line in text.lines() {
                assert!(line.chars().count() <= 76, "{name}: {line}");
                assert_eq!(line, line.trim_end(), "{name}");
            }
        }
    }

    #[test]
    fn every_topic_is_listed_and_printed() {
        let (code, list) = help(&[]);
        assert_eq!(code, 0);
        for (name, about, text) in TOPICS {
            assert!(list.contains(&format!("  {name:14}{about}\n")), "{name}");
            assert_eq!(help(&[name]), (0, (*text).to_owned()));
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "it looks at the source tree")]
    fn every_file_of_the_help_folder_is_a_topic() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/help");
        let files = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(files, TOPICS.len());
    }

    #[test]
    fn a_command_is_explained_as_by_its_own_flag() {
        let (world, printed) = World::test(Path::new("/"));
        let words = ["lacre", "get", "--help"].map(OsString::from);
        assert_eq!(super::super::super::run(words, &world), 0);
        assert_eq!(help(&["get"]), (0, printed.stdout.text()));
        let (code, said) = help(&["recipients", "add"]);
        assert_eq!(code, 0);
        assert!(said.starts_with("Let somebody open the files of a rule\n"), "{said}");
    }

    #[test]
    fn an_unknown_topic_is_a_usage_error() {
        assert_eq!(help(&["cooking"]), (2, String::new()));
    }
}
