//! `lacre config explain`: which rule a file follows and why, and what is wrong with the rules. Needs no identity.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::super::{Context, Failure};
use super::recipients::people;
use super::{FOUND, count, listing};
use crate::base::RecipientId;
use crate::policy::{Names, Rule, Selector};
use crate::workspace::RuleFile;
use crate::workspace::explain::{Drift, Explained, Followed, SopsFollows, explain, rule_count, rule_files};
use crate::workspace::keyring::shown_recipients;
use crate::workspace::rule_lints::{Lint, lint};

/// Explain and check the rules in `.sops.yaml`
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre config explain secrets.enc.yaml\n  lacre config explain --exit-code"
)]
pub struct Config {
    /// What to do
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "each is documented where its arguments are")]
pub enum ConfigCommand {
    Explain(Explain),
}

/// Show which rule a file follows and why, and what is wrong with the rules; needs no identity
#[derive(Args, Debug)]
#[command(
    after_help = "With FILE, which need not exist yet: its rule, who may open it, later rules that would match too, what sops would choose at the root of the repository, and how an encrypted FILE differs from its rule. Without FILE: what is wrong with each rule file of the repository. `lacre help config` explains the rules.\n\nExamples:\n  lacre config explain secrets.enc.yaml\n  lacre config explain --exit-code         for CI: exit code 3 if anything is wrong"
)]
pub struct Explain {
    /// The files; without one, the rule files of the repository are checked
    pub file: Vec<PathBuf>,
    /// Print a JSON array, an object a file
    #[arg(long)]
    pub json: bool,
    /// End with exit code 3 if anything is wrong, or a file differs from its rule
    #[arg(long, visible_alias = "check")]
    pub exit_code: bool,
}

/// Runs it.
///
/// # Errors
/// When a rule file or an encrypted file cannot be read.
pub fn run(arguments: &Config, context: &Context<'_>) -> Result<u8, Failure> {
    let ConfigCommand::Explain(arguments) = &arguments.command;
    let (rows, found) = if arguments.file.is_empty() {
        rule_file_rows(context)?
    } else {
        file_rows(context, &arguments.file)?
    };
    if arguments.json {
        let rows: Vec<Value> = rows.into_iter().map(|row| row.json).collect();
        context.print_line(&listing(&rows.into()))?;
    } else {
        if rows.is_empty() {
            context.ui.note(context.world, "there is no `.sops.yaml` here; `lacre init` makes one");
        }
        for line in rows.iter().flat_map(|row| &row.lines) {
            context.print_row(line)?;
        }
    }
    Ok(if found && arguments.exit_code { FOUND } else { 0 })
}

/// What is told about one file.
struct Row {
    lines: Vec<String>,
    json: Value,
}

fn rule_file_rows(context: &Context<'_>) -> Result<(Vec<Row>, bool), Failure> {
    let mut rows = Vec::new();
    let mut found = false;
    for path in rule_files(context.world) {
        let file = RuleFile::read(&path)?;
        let wrong = lint(&file);
        found |= !wrong.is_empty();
        let rules = rule_count(&file);
        let mut lines = vec![context.here(&path)];
        lines.push(format!("  {}", count(rules, "rule")));
        lines.extend(wrong.iter().map(|lint| lint_line(lint, true)));
        if wrong.is_empty() {
            lines.push("  nothing is wrong".to_owned());
        }
        let wrong: Vec<Value> = wrong.iter().map(lint_json).collect();
        let json = json!({"rule_file": context.here(&path), "rules": rules, "lints": wrong});
        rows.push(Row { lines, json });
    }
    Ok((rows, found))
}

fn file_rows(context: &Context<'_>, files: &[PathBuf]) -> Result<(Vec<Row>, bool), Failure> {
    let mut rows = Vec::new();
    let mut found = false;
    for file in files {
        let explained = explain(context.world, &context.world.path(file))?;
        let drifts = explained.drift.as_ref().is_some_and(|drift| !drift.is_none());
        found |=
            drifts || explained.sops.is_some() || !explained.lints.is_empty() || explained.rule.is_none();
        rows.push(Row { lines: lines(context, file, &explained), json: object(context, file, &explained) });
    }
    Ok((rows, found))
}

fn lines(context: &Context<'_>, file: &Path, explained: &Explained) -> Vec<String> {
    let mut lines = vec![file.to_string_lossy().into_owned()];
    let mut say = |line: String| lines.push(format!("  {line}"));
    let names = explained.rules.as_ref().map(|file| file.names.clone()).unwrap_or_default();
    match (&explained.rules, &explained.rule) {
        (None, _) => say("there is no `.sops.yaml` for it".to_owned()),
        (Some(rules), None) if explained.lints.iter().any(|lint| lint.rule.is_some()) => {
            say(format!("which rule of {} it follows cannot be told", context.shown(&rules.path)));
        }
        (Some(rules), None) => say(format!("no rule of {} matches", context.shown(&rules.path))),
        (Some(rules), Some(followed)) => {
            say(which(context, rules, followed));
            rule_lines(&followed.rule, &names, &mut say);
            for index in &followed.later {
                let line = rules.line(*index).unwrap_or(1);
                say(format!("rule {}, line {line}, would match too, but comes later", index + 1));
            }
        }
    }
    if let Some(sops) = &explained.sops {
        say(format!("sops, started at the root of the repository, {}", sops_words(context, sops)));
    }
    if let Some(drift) = explained.drift.as_ref().filter(|drift| !drift.is_none()) {
        drift_lines(drift, &names, &mut say);
    }
    lines.extend(explained.lints.iter().map(|lint| lint_line(lint, explained.rule.is_none())));
    lines
}

fn which(context: &Context<'_>, rules: &RuleFile, followed: &Followed) -> String {
    let (number, shown, line) = (followed.rule.index + 1, context.shown(&rules.path), followed.line);
    let why = match &followed.rule.path_regex {
        Some(regex) => format!("`{regex}` is found in `{}`", followed.subject),
        None => "without a `path_regex` it matches everything".to_owned(),
    };
    format!("rule {number} of {shown}, line {line}: {why}")
}

fn rule_lines(rule: &Rule, names: &Names, say: &mut impl FnMut(String)) {
    let people = |group: &[RecipientId]| match group {
        [] => "nobody".to_owned(),
        group => shown_recipients(group, names),
    };
    match rule.groups.as_slice() {
        [] => say("recipients: nobody".to_owned()),
        [group] => say(format!("recipients: {}", people(group))),
        groups => {
            let needed = rule.shamir_threshold.map_or(groups.len(), |needed| needed as usize);
            say(format!("{needed} of {} key groups open it", groups.len()));
            for (index, group) in groups.iter().enumerate() {
                say(format!("  group {}: {}", index + 1, people(group)));
            }
        }
    }
    let default = if rule.selector.is_none() { ", the default" } else { "" };
    say(format!("selector: {}{default}", selector_words(&rule.selector.clone().unwrap_or_default())));
    if rule.mac_only_encrypted {
        say("mac_only_encrypted: clear values are outside the MAC".to_owned());
    }
    if rule.lacre.require_seal {
        say("require_seal: a file without a seal is refused".to_owned());
    }
    if rule.lacre.dotenv_literal {
        say("dotenv: literal: quotes are part of the values".to_owned());
    }
}

fn selector_words(selector: &Selector) -> String {
    format!("{} {}", selector.kind.name(), selector.text)
}

fn sops_words(context: &Context<'_>, sops: &SopsFollows) -> String {
    match sops {
        SopsFollows::NoFile => "would find no `.sops.yaml`".to_owned(),
        SopsFollows::NoRule(file) => format!("would find no rule that matches in {}", context.shown(file)),
        SopsFollows::Rule(file, index) => {
            format!("would follow rule {} of {}", index + 1, context.shown(file))
        }
    }
}

fn drift_lines(drift: &Drift, names: &Names, say: &mut impl FnMut(String)) {
    let people = |keys: &[RecipientId]| shown_recipients(keys, names);
    let members = &drift.members;
    if !members.joins.is_empty() {
        say(format!("drift: cannot open it yet: {}", people(&members.joins)));
    }
    if !members.leaves.is_empty() {
        say(format!("drift: can open it still: {}", people(&members.leaves)));
    }
    if members.regroups {
        say("drift: its key groups or threshold are others".to_owned());
    }
    if members.respells {
        say("drift: recipients are not spelled as in the rule".to_owned());
    }
    if let Some(selector) = &drift.selector {
        say(format!("drift: its selector is {}", selector_words(selector)));
    }
    if drift.mac {
        say("drift: mac_only_encrypted is the opposite".to_owned());
    }
}

fn lint_line(lint: &Lint, with_rule: bool) -> String {
    match lint.rule {
        Some(rule) if with_rule => format!("  line {}, rule {rule}: {}", lint.line, lint.message),
        _ => format!("  line {}: {}", lint.line, lint.message),
    }
}

fn lint_json(lint: &Lint) -> Value {
    json!({"line": lint.line, "rule": lint.rule, "kind": lint.kind, "message": lint.message})
}

fn object(context: &Context<'_>, file: &Path, explained: &Explained) -> Value {
    let names = explained.rules.as_ref().map(|file| file.names.clone()).unwrap_or_default();
    let people = |keys: &[RecipientId]| people(keys, &names);
    let selector = |selector: &Selector| json!({selector.kind.name(): selector.text});
    let rule = explained.rule.as_ref().map(|followed| {
        let rule = &followed.rule;
        let later: Vec<usize> = followed.later.iter().map(|index| index + 1).collect();
        json!({
            "rule": rule.index + 1,
            "line": followed.line,
            "path_regex": rule.path_regex,
            "matched": followed.subject,
            "groups": rule.groups.iter().map(|group| people(group)).collect::<Vec<_>>(),
            "shamir_threshold": rule.shamir_threshold,
            "selector": selector(&rule.selector.clone().unwrap_or_default()),
            "mac_only_encrypted": rule.mac_only_encrypted,
            "later_rules": later,
        })
    });
    let drift = explained.drift.as_ref().map(|drift| {
        json!({
            "joins": people(&drift.members.joins),
            "leaves": people(&drift.members.leaves),
            "regroups": drift.members.regroups,
            "respells": drift.members.respells,
            "selector": drift.selector.as_ref().map(selector),
            "mac_only_encrypted": drift.mac,
        })
    });
    let sops = explained.sops.as_ref().map(|sops| match sops {
        SopsFollows::NoFile => json!({"rule_file": null, "rule": null}),
        SopsFollows::NoRule(file) => json!({"rule_file": context.here(file), "rule": null}),
        SopsFollows::Rule(file, index) => json!({"rule_file": context.here(file), "rule": index + 1}),
    });
    json!({
        "file": file.to_string_lossy(),
        "rule_file": explained.rules.as_ref().map(|rules| context.here(&rules.path)),
        "follows": rule,
        "sops_differs": sops,
        "drift": drift,
        "lints": explained.lints.iter().map(lint_json).collect::<Vec<_>>(),
    })
}
