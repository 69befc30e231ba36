//! Drafts gathered into one import: planned, asked about, written one after the other, reported.

use serde_json::json;

use super::super::super::ui::Ui;
use super::super::super::{Context, Failure};
use super::super::encrypt::{Permitted, Target, new_text};
use super::super::{count, listing};
use super::{Common, ask, listed};
use crate::workspace::import::{Draft, Fresh, Import};

/// Files that were encrypted in memory and compared.
pub(super) struct Batch<'a> {
    context: &'a Context<'a>,
    common: Common,
    recipients: &'a [String],
    rows: Vec<Row>,
}

struct Row {
    import: Import,
    /// Who will be able to open it, as people know them; nobody, where the file is there already.
    people: Vec<String>,
    /// Names whose value mentions others.
    mentions: Vec<String>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(context: &'a Context<'a>, common: Common, recipients: &'a [String]) -> Self {
        Self { context, common, recipients, rows: Vec::new() }
    }

    /// Encrypts and compares one more.
    pub(super) fn add(&mut self, draft: &Draft, mentions: Vec<String>) -> Result<(), Failure> {
        let context = self.context;
        let mut people = Vec::new();
        let import = draft.import::<Failure>(context.world, &context.keyring, |draft| {
            let mut target = Target::new_file(context, &draft.twin, Some(&draft.source), self.recipients)?;
            target.layout = draft.layout;
            people = target.people();
            let (written, key) = new_text(context, &target, &draft.plain, Permitted::default())?;
            Ok(Fresh { text: written.text, key, encrypted: written.encrypted })
        })?;
        self.rows.push(Row { import, people, mentions });
        Ok(())
    }

    /// Shows the plan, asks, writes and reports. Returns what was written by now.
    pub(super) fn finish(&self) -> Result<Vec<&Import>, Failure> {
        let open: Vec<&Row> = self.rows.iter().filter(|row| row.import.text.is_some()).collect();
        self.plan(!open.is_empty())?;
        for row in open.iter().filter(|row| !row.import.steering.is_empty()) {
            let (twin, names) = (self.context.shown(&row.import.twin), listed(&row.import.steering));
            let note =
                format!("{twin}: `lacre run` refuses {names}, which steer programs, without `--allow-name`");
            self.context.ui.note(self.context.world, note);
        }
        if self.common.dry_run {
            return Ok(Vec::new());
        }
        if !open.is_empty() {
            let question = format!("Write {}?", count(open.len(), "file"));
            ask(self.common, &question, self.context)?;
        }
        for (number, row) in open.iter().enumerate() {
            row.import.write().map_err(|error| {
                let failure = Failure::from(error);
                if number == 0 {
                    return failure;
                }
                let done = format!("{} of {} files were written", number, open.len());
                failure.detail(done).hint("the same command again finishes the rest")
            })?;
        }
        self.report(open.len())?;
        Ok(open.into_iter().map(|row| &row.import).collect())
    }

    /// On stdout where it is all that was asked for, else beside the question.
    fn plan(&self, asks: bool) -> Result<(), Failure> {
        let (context, dry) = (self.context, self.common.dry_run);
        if dry && self.common.json {
            return self.print_json("planned", 0);
        }
        let ui = Ui { quiet: context.ui.quiet && (self.common.yes || !asks) };
        for row in &self.rows {
            let line = self.line(row);
            if dry { context.print_row(&line)? } else { ui.say(context.world, line) }
        }
        Ok(())
    }

    fn line(&self, Row { import, people, .. }: &Row) -> String {
        let (source, twin) = (self.context.shown(&import.source), self.context.shown(&import.twin));
        let values = count(import.variables, "variable");
        if import.text.is_none() {
            return format!("{twin} says the same as {source} already: {values}");
        }
        format!("{source} into {twin}: {values}, {} encrypted, for {}", import.encrypted, people.join(", "))
    }

    fn report(&self, written: usize) -> Result<(), Failure> {
        if self.common.json {
            return self.print_json("written", written);
        }
        let compared = count(self.compared(), "value");
        let done = match self.rows.len() - written {
            0 => String::new(),
            done => format!(", {} done already", count(done, "file")),
        };
        let said =
            format!("wrote {}{done}; compared {compared}, old and new: all the same", count(written, "file"));
        self.context.ui.say(self.context.world, said);
        Ok(())
    }

    fn compared(&self) -> usize {
        self.rows.iter().map(|row| row.import.compared).sum()
    }

    fn print_json(&self, state: &str, written: usize) -> Result<(), Failure> {
        let row = |Row { import, people, mentions }: &Row| {
            json!({
                "source": self.context.here(&import.source),
                "file": self.context.here(&import.twin),
                "state": if import.text.is_some() { state } else { "unchanged" },
                "variables": import.variables,
                "encrypted": import.encrypted,
                "compared": import.compared,
                "recipients": people,
                "mentions": mentions,
            })
        };
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let result = json!({
            "files": rows,
            "dry_run": self.common.dry_run,
            "written": written,
            "compared": self.compared(),
        });
        self.context.print_line(&listing(&result))
    }
}
