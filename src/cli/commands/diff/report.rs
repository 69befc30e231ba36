//! What is different, as people and as programs read it.

use serde_json::json;

use super::super::super::{Context, Failure};
use super::super::listing;
use super::super::recipients::people;
use super::version::Version;
use crate::policy::Names;
use crate::workspace::comparison::{self, Comments, Difference, Row, Says, Side, What};
use crate::workspace::keyring::shown_recipient;
use crate::workspace::members::{Drift, Members};
use crate::workspace::{RuleBook, value_text};

/// All differences of two versions.
pub struct Report<'r> {
    a: &'r Version,
    b: &'r Version,
    values: Vec<Difference<'r>>,
    comments: Comments,
    /// Of two encrypted files: who can open the second, and not the first, and so on.
    members: Option<Drift>,
    names: Names,
    /// Of two encrypted files.
    selectors: Option<(String, String)>,
    /// Of two versions of one file that open here.
    pub rekeyed: Option<bool>,
}

impl<'r> Report<'r> {
    /// Compares; by `names_only`, or all of it.
    pub fn new(
        context: &Context<'_>,
        (a, a_side): (&'r Version, &'r Side<'r>),
        (b, b_side): (&'r Version, &'r Side<'r>),
        names_only: bool,
    ) -> Self {
        let mut values = comparison::values(a_side, b_side);
        let names = RuleBook::new(context.world).names(&b.path);
        let mut report = Self {
            a,
            b,
            values: Vec::new(),
            comments: Comments::default(),
            members: None,
            names,
            selectors: None,
            rekeyed: None,
        };
        if names_only {
            values.retain(|one| matches!(one.what, What::Added | What::Removed));
        } else {
            report.comments = comparison::comments(a_side, b_side);
            if let (Some(old), Some(new)) = (a.metadata(), b.metadata()) {
                report.members = Some(Drift::between(old, &Members::of_file(new)));
                let selectors = (old.selector.shown(), new.selector.shown());
                report.selectors = Some(selectors).filter(|(old, new)| old != new);
            }
            if a.path == b.path {
                report.rekeyed = a.key().zip(b.key()).map(|(old, new)| old != new);
            }
        }
        report.values = values;
        report
    }

    /// Whether anything is different, or may be.
    pub fn differs(&self) -> bool {
        !self.values.is_empty()
            || self.comments != Comments::default()
            || self.selectors.is_some()
            || self.members.as_ref().is_some_and(has_other_members)
    }

    /// Whether something that differs was not opened, so that it may say the same.
    pub fn is_unknown(&self) -> bool {
        self.comments.unknown || self.values.iter().any(|one| one.what == What::Unknown)
    }

    /// For people.
    pub fn print(&self, context: &Context<'_>, show: bool) -> Result<(), Failure> {
        if !self.differs() {
            context.ui.say(context.world, "no difference");
            return Ok(());
        }
        context.print_row(&format!("--- {}", self.a.shown))?;
        context.print_row(&format!("+++ {}", self.b.shown))?;
        for one in &self.values {
            context.print_row(&line(one))?;
            if show {
                print_values(context, one)?;
            }
        }
        if self.comments.changed > 0 {
            let mark = if self.comments.unknown { '?' } else { '~' };
            context
                .print_row(&format!("{mark} {}", super::super::count(self.comments.changed, "comment")))?;
        }
        if let Some((old, new)) = &self.selectors {
            context.print_row(&format!("~ selector  ({old} → {new})"))?;
        }
        let Some(drift) = &self.members else { return Ok(()) };
        for id in &drift.leaves {
            context.print_row(&format!("- recipient {}", shown_recipient(id, &self.names)))?;
        }
        for id in &drift.joins {
            context.print_row(&format!("+ recipient {}", shown_recipient(id, &self.names)))?;
        }
        if drift.regroups {
            context.print_row("~ key groups or their threshold")?;
        }
        Ok(())
    }

    /// For programs.
    pub fn print_json(&self, context: &Context<'_>) -> Result<(), Failure> {
        let side =
            |row: Option<&Row<'_>>| row.map(|row| json!({"type": row.kind, "encrypted": row.encrypted}));
        let value = |one: &Difference<'_>| {
            let row = one.b.or(one.a);
            json!({
                "path": row.map(|row| row.path.to_string()),
                "document": row.map(|row| row.path.document),
                "change": word(one.what),
                "before": side(one.a),
                "after": side(one.b),
            })
        };
        let (old, new) = self.selectors.clone().unzip();
        let members = self.members.as_ref();
        let drift = |which: fn(&Drift) -> &Vec<_>| members.map(|drift| people(which(drift), &self.names));
        let report = json!({
            "a": self.a.shown,
            "b": self.b.shown,
            "values": self.values.iter().map(value).collect::<Vec<_>>(),
            "comments": self.comments.changed,
            "joins": drift(|drift| &drift.joins),
            "leaves": drift(|drift| &drift.leaves),
            "regroups": members.map(|drift| drift.regroups),
            "selector": old.map(|old| json!({"before": old, "after": new})),
            "rekeyed": self.rekeyed,
            "unknown": self.is_unknown(),
        });
        context.print_line(&listing(&report))
    }
}

/// Another spelling of a key is no other key.
fn has_other_members(drift: &Drift) -> bool {
    drift.regroups || !drift.joins.is_empty() || !drift.leaves.is_empty()
}

fn line(one: &Difference<'_>) -> String {
    let Some(row) = one.b.or(one.a) else { return String::new() };
    let document = match row.path.document {
        0 => String::new(),
        number => format!("document {number}  "),
    };
    let mark = match one.what {
        What::Added => '+',
        What::Changed | What::Exposure => '~',
        What::Removed => '-',
        What::Unknown => '?',
    };
    let remark = match (one.what, one.a, one.b) {
        (What::Changed, Some(a), Some(b)) if a.kind != b.kind => format!("  ({} → {})", a.kind, b.kind),
        (What::Exposure, _, Some(b)) if b.encrypted => "  (encrypted now)".to_owned(),
        (What::Exposure, ..) => "  (in the clear now)".to_owned(),
        _ => String::new(),
    };
    format!("{mark} {document}{}{remark}", row.path)
}

fn print_values(context: &Context<'_>, one: &Difference<'_>) -> Result<(), Failure> {
    for (mark, row) in [('-', one.a), ('+', one.b)] {
        if let Some(Row { says: Says::Plain(value), .. }) = row {
            context.print_row(&format!("    {mark} {}", String::from_utf8_lossy(&value_text(value))))?;
        }
    }
    Ok(())
}

const fn word(what: What) -> &'static str {
    match what {
        What::Added => "added",
        What::Changed => "changed",
        What::Exposure => "exposure",
        What::Removed => "removed",
        What::Unknown => "unknown",
    }
}
