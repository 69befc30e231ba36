//! The README and the help texts are promises: what they show exists, parses and fits a terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};
use lacre::cli::arguments::Cli;

const README: &str = include_str!("../README.md");
const EXAMPLE: &str = include_str!("../examples/encrypt_a_file.rs");
const QUICKSTART: &str = include_str!("../examples/quickstart/README.md");
const GATE: &str = include_str!("../.ci/run");

/// Columns of a help text at the most.
const WIDTH: usize = 100;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of the README from the line `## title` to the next such line.
fn section(title: &str) -> &'static str {
    let (_, rest) =
        README.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no `## {title}`"));
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

/// The lines of all fenced blocks of `language`.
fn block_lines<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}");
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        match (inside, line) {
            (false, line) if line == fence => inside = true,
            (true, "```") => inside = false,
            (true, line) => lines.push(line),
            (false, _) => {}
        }
    }
    lines
}

/// The words of the call of lacre in `line`: without pipes, redirections and what stands behind two blanks.
fn lacre_words(line: &str) -> Option<Vec<String>> {
    let line = line.trim_start();
    let starts = |part: &&str| part.starts_with("lacre ");
    let call = Some(line).filter(starts).or_else(|| line.split(" | ").find(starts))?;
    let words = shell_words::split(call.split("  ").next()?).unwrap();
    Some(words.into_iter().take_while(|word| !word.starts_with(['>', '<', '|'])).collect())
}

/// The calls of lacre that the README shows.
fn calls_of_the_readme() -> Vec<Vec<String>> {
    let typed = block_lines(README, "console").into_iter().filter_map(|line| line.strip_prefix("$ "));
    typed.chain(block_lines(README, "sh")).filter_map(lacre_words).collect()
}

fn all_commands() -> Vec<clap::Command> {
    let mut cli = Cli::command();
    cli.build();
    cli.get_subcommands().cloned().collect()
}

#[test]
fn trying_it_takes_two_commands() {
    let commands = block_lines(section("Try it"), "sh");
    assert_eq!(
        commands,
        [
            "cd examples/quickstart && cargo run --release --quiet -- run --identity demo-identity.txt -- ./greet",
            "cargo test",
        ]
    );
    assert!(root().join("examples/quickstart/greet").exists());
    assert!(GATE.contains("'/^## Try it/,/^## Install/p'"), "the gate reads the same section");
    assert!(README.find("\n## Try it\n") < README.find("\n## Install\n"));
}

#[test]
fn every_call_in_the_readme_parses() {
    let indented = QUICKSTART.lines().filter(|line| line.starts_with("    "));
    let calls: Vec<_> = calls_of_the_readme().into_iter().chain(indented.filter_map(lacre_words)).collect();
    for words in &calls {
        if let Err(error) = Cli::try_parse_from(words) {
            panic!("{words:?}: {error}");
        }
    }
    assert!(calls.len() >= 12, "only {} calls were found", calls.len());
}

#[test]
fn every_command_in_the_readme_is_listed_by_the_help() {
    let help = Cli::command().render_long_help().to_string();
    for words in calls_of_the_readme() {
        assert!(help.contains(&format!("\n  {} ", words[1])), "`lacre --help` does not list {}", words[1]);
    }
}

#[test]
fn the_readme_and_the_example_show_the_same_code() {
    let lines = block_lines(README, "rust");
    assert!(lines.len() >= 5);
    let example: Vec<&str> = EXAMPLE.lines().map(str::trim).collect();
    for line in lines {
        assert!(example.contains(&line.trim()), "not in the example: {line}");
    }
}

#[test]
fn every_command_shows_examples() {
    for command in all_commands() {
        let name = command.get_name();
        let after = command.get_after_help().unwrap_or_else(|| panic!("{name} has no examples")).to_string();
        let calls: Vec<_> =
            after.lines().filter(|line| line.starts_with("  ")).filter_map(lacre_words).collect();
        assert!(!calls.is_empty(), "{name} has no examples");
        for words in calls {
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("help of {name}: {words:?}: {error}");
            }
        }
    }
}

#[test]
fn every_help_text_fits_in_a_hundred_columns() {
    for mut command in all_commands() {
        let name = command.get_name().to_owned();
        let help = command.clone().term_width(WIDTH).render_long_help().to_string();
        for line in help.lines().chain(command.render_help().to_string().lines()) {
            assert!(line.chars().count() <= WIDTH, "{name}: {line}");
        }
    }
}

/// `LACRE_UPDATE_SNAPSHOTS=1 cargo test --test readme` accepts what the program says now.
#[test]
fn the_help_is_as_it_was_reviewed() {
    let path: PathBuf = root().join("tests/snapshots/help.txt");
    let mut said = Cli::command().term_width(WIDTH).render_long_help().to_string();
    for command in all_commands() {
        let help = command.clone().term_width(WIDTH).render_long_help().to_string();
        write!(said, "\n\n======== lacre {} ========\n\n{help}", command.get_name()).unwrap();
    }
    let said = said.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
    if std::env::var_os("LACRE_UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &said).unwrap();
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    for (line, (now, then)) in said.lines().zip(reviewed.lines()).enumerate() {
        assert_eq!(now, then, "line {} of {}", line + 1, path.display());
    }
    assert_eq!(said.lines().count(), reviewed.lines().count(), "{} is out of date", path.display());
}
