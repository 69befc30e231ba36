//! From a plan to written files: shown, asked about, written in one transaction, and done again when a file changed
//! meanwhile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::super::failure::Code;
use super::super::super::ui::{self, Progress, Ui};
use super::super::super::{Context, Failure};
use super::rows::rows;
use super::{Manner, in_full};
use crate::base::{KeyKind, RecipientId};
use crate::envelope::Verdict;
use crate::workspace::handover::Ready;
use crate::workspace::keyring::shown_recipient;
use crate::workspace::members::{Members, is_same};
use crate::workspace::transaction::{Along, Stuck, Why};
use crate::workspace::{Error, Handover, Plan, RuleBook};
use crate::world::FileProblem;

/// What a command wants done.
pub struct Task<'w> {
    /// To which files.
    pub handovers: Vec<Handover>,
    /// Rule files that are written along.
    pub along: Vec<Along>,
    /// The rules as they shall be.
    pub book: RuleBook<'w>,
}

/// What was done.
#[derive(Default)]
pub struct Outcome {
    /// Files that were written, the rule file aside.
    pub written: usize,
    /// Files that others must change.
    pub stuck: Vec<PathBuf>,
    /// Those of them that do not open here.
    pub closed: Vec<PathBuf>,
    /// One of them was tampered with.
    pub tampered: bool,
    /// The rule files that were written.
    pub along: Vec<PathBuf>,
    /// With `--json`: a row for each file.
    pub rows: Vec<serde_json::Value>,
}

/// What a command says beside its flags.
#[derive(Clone, Copy, Default)]
pub struct Terms<'a> {
    /// Recipients that the person named.
    pub seen: &'a [RecipientId],
    /// Files that do not open here are left to others.
    pub lenient: bool,
    /// It is asked about in any case, unless there is nothing to do.
    pub asks: bool,
    /// The command prints the rows itself.
    pub keeps_rows: bool,
}

/// A file that was changed by somebody else between plan and writing is planned again, so many times in all.
const ATTEMPTS: usize = 3;

/// Files named in one line of talk, at the most.
pub(super) const MOST_FILES: usize = 8;

/// Plans what `make` wants, shows it, asks, and writes.
///
/// # Errors
/// When some file cannot be changed, the answer is no, or nothing can be written.
pub fn carry_out<'w>(
    context: &Context<'w>,
    manner: &Manner,
    terms: Terms<'_>,
    make: &dyn Fn() -> Result<Task<'w>, Failure>,
) -> Result<Outcome, Failure> {
    let mut approved = terms.seen.to_vec();
    let mut attempt = 1;
    loop {
        let mut task = make()?;
        let handovers = std::mem::take(&mut task.handovers);
        let mut progress = Progress::new(context.world, "opening", handovers.len());
        let (world, keyring) = (context.world, &context.keyring);
        let plan = Plan::open(world, keyring, handovers, &task.book, |count| progress.step(count));
        drop(progress);
        if manner.dry_run {
            let rows = rows(context, manner, terms, &plan, &task.book)?;
            if !manner.json {
                let lines = lines(context, &plan, &task.book, &task.along, true);
                lines.iter().try_for_each(|line| context.print_row(line))?;
            }
            return Ok(Outcome { rows, ..Outcome::default() });
        }
        if !plan.stuck.is_empty() && !manner.keep_going && !terms.lenient {
            return Err(refusal(context, &plan));
        }
        let asks = terms.asks && !(plan.is_empty() && task.along.is_empty());
        ask(context, manner, &plan, &task, asks, &mut approved)?;
        let mut progress = Progress::new(context.world, "wrapping", plan.ready.len());
        match plan.write(context.world, &context.keyring, &task.along, |count| progress.step(count)) {
            Err(Error::File(error)) if error.problem == FileProblem::Changed && attempt < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {
                drop(progress);
                let rows = rows(context, manner, terms, &plan, &task.book)?;
                report(context, &plan, &task.book);
                return Ok(Outcome { rows, ..outcome(&plan, task.along) });
            }
        }
        attempt += 1;
    }
}

fn outcome(plan: &Plan, along: Vec<Along>) -> Outcome {
    let path = |stuck: &Stuck| stuck.handover.path.clone();
    let code = |stuck: &Stuck| match &stuck.why {
        Why::Closed(error) => Some(Code::of(error)),
        Why::Unwrappable(_) => None,
    };
    let is_closed = |stuck: &&Stuck| code(stuck) == Some(Code::NoIdentity);
    Outcome {
        written: plan.ready.len(),
        stuck: plan.stuck.iter().map(path).collect(),
        closed: plan.stuck.iter().filter(is_closed).map(path).collect(),
        tampered: plan.stuck.iter().any(|stuck| code(stuck) == Some(Code::Tampered)),
        along: along.into_iter().map(|along| along.path).collect(),
        rows: Vec::new(),
    }
}

/// Names of files for one line.
#[must_use]
pub fn file_list(context: &Context<'_>, files: &[&Path]) -> String {
    let mut shown: Vec<_> = files.iter().take(MOST_FILES).map(|path| context.shown(path)).collect();
    if files.len() > MOST_FILES {
        shown.push(format!("and {} more", files.len() - MOST_FILES));
    }
    shown.join(", ")
}

/// Shows what is new about the plan and asks, unless the person knows all of it; in any case, when something is
/// `unseen`.
fn ask(
    context: &Context<'_>,
    manner: &Manner,
    plan: &Plan,
    task: &Task<'_>,
    mut unseen: bool,
    approved: &mut Vec<RecipientId>,
) -> Result<(), Failure> {
    let Task { book, along, .. } = task;
    let (mut doubts, mut lost) = (Vec::new(), Vec::new());
    for ready in &plan.ready {
        for id in ready.handover.drift.joins.iter().filter(|_| !manner.yes) {
            if !approved.iter().any(|known| is_same(known, id)) {
                approved.push(id.clone());
                unseen = true;
            }
        }
        // Whoever could open it only together with others may be able to do so alone.
        let Handover { sealed, wanted, .. } = &ready.handover;
        unseen |= wanted.may_be_easier_than(&Members::of_file(sealed.metadata()));
        doubts.extend(unvouched(context, ready, book)?);
        if locks_out(context, ready) {
            lost.push(ready.handover.path.as_path());
        }
    }
    if !lost.is_empty() {
        doubts.insert(0, format!("you will not be able to open {} any more", file_list(context, &lost)));
    }
    let asks = !manner.yes && (unseen || !doubts.is_empty());
    // What is asked about is shown, however quiet we are.
    let ui = Ui { quiet: context.ui.quiet && !asks };
    for line in lines(context, plan, book, along, false) {
        ui.say(context.world, line);
    }
    for doubt in doubts.iter().take(MOST_FILES) {
        ui.warn(context.world, doubt);
    }
    if asks { context.ask_to_go_on() } else { Ok(()) }
}

/// Recipients that would get a new data key although neither a seal nor a rule vouches for them.
fn unvouched(context: &Context<'_>, ready: &Ready, book: &RuleBook<'_>) -> Result<Option<String>, Failure> {
    let Handover { path, wanted, rekeys, .. } = &ready.handover;
    if !rekeys || ready.verdict == Verdict::Sealed {
        return Ok(None);
    }
    let ruled = book.rule(path)?.and_then(|(_, rule)| Members::of_rule(&rule));
    let names = book.names(path);
    let strangers: Vec<_> =
        wanted.all().filter(|id| !ruled.as_ref().is_some_and(|ruled| ruled.has(id))).collect();
    if strangers.is_empty() {
        return Ok(None);
    }
    let strangers: Vec<_> = strangers.into_iter().map(|id| in_full(id, &names)).collect();
    Ok(Some(format!(
        "neither a seal nor a rule vouches for these recipients of {}: {}",
        context.shown(path),
        strangers.join(", ")
    )))
}

/// Whether the person would not be able to open the file any more.
fn locks_out(context: &Context<'_>, ready: &Ready) -> bool {
    let own = context.keyring.identities.tried();
    let own: Vec<_> = own
        .iter()
        .flat_map(|tried| &tried.recipients)
        .map(|text| RecipientId::new(KeyKind::Age, text.clone()))
        .collect();
    let leaves = ready.handover.drift.leaves.iter().any(|id| own.iter().any(|one| is_same(one, id)));
    let stays = ready.handover.wanted.all().any(|id| own.iter().any(|one| is_same(one, id)));
    leaves && !stays
}

/// What becomes of which files; files with the same fate together.
#[must_use]
pub fn fates<'h>(
    context: &Context<'_>,
    handovers: impl Iterator<Item = &'h Handover>,
    book: &RuleBook<'_>,
    everything: bool,
) -> Vec<String> {
    let mut fates: BTreeMap<Vec<String>, Vec<&Path>> = BTreeMap::new();
    for handover in handovers {
        fates.entry(fate(handover, book)).or_default().push(&handover.path);
    }
    let mut shown = Vec::new();
    for (lines, files) in fates {
        let Some((first, rest)) = lines.split_first() else { continue };
        let count = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
        shown.push(format!("{count}: {first}"));
        if everything {
            shown.extend(files.iter().map(|file| format!("  {}", context.shown(file))));
        } else {
            shown.push(format!("  {}", file_list(context, &files)));
        }
        shown.extend_from_slice(rest);
    }
    shown
}

/// What a plan says; in a rehearsal, `everything` of it, the rule file that would be written `along` too.
fn lines(
    context: &Context<'_>,
    plan: &Plan,
    book: &RuleBook<'_>,
    along: &[Along],
    everything: bool,
) -> Vec<String> {
    let mut lines: Vec<_> = plan.stuck.iter().flat_map(|stuck| reasons(context, stuck)).collect();
    lines.extend(fates(context, plan.ready.iter().map(|ready| &ready.handover), book, everything));
    let rules = along.iter().filter(|_| everything);
    lines.extend(rules.map(|along| format!("the rules in {}", context.shown(&along.path))));
    if along.is_empty() && plan.is_empty() {
        lines.push("nothing to do".to_owned());
    }
    lines
}

fn fate(handover: &Handover, book: &RuleBook<'_>) -> Vec<String> {
    let (names, former) = (&book.names(&handover.path), &book.former_names(&handover.path));
    let drift = &handover.drift;
    let what = match (handover.rekeys, drift.is_none()) {
        (true, true) => "a new data key",
        (true, false) => "other recipients and a new data key",
        (false, _) => "other recipients",
    };
    let mut lines = vec![what.to_owned()];
    lines.extend(drift.joins.iter().map(|id| format!("  joins: {}", in_full(id, names))));
    lines.extend(drift.leaves.iter().map(|id| format!("  leaves: {}", shown_recipient(id, former))));
    if drift.regroups {
        let Members { groups, threshold } = &handover.wanted;
        lines.push(match groups.len() {
            0 | 1 => "  one key group".to_owned(),
            count => format!("  {threshold} of {count} key groups open it"),
        });
    }
    if drift.respells {
        lines.push("  recipients are spelled as in the rule".to_owned());
    }
    lines
}

/// Why a file stays, and who can do what about it.
fn reasons(context: &Context<'_>, stuck: &Stuck) -> Vec<String> {
    let path = &stuck.handover.path;
    match &stuck.why {
        Why::Closed(error) => {
            let mut lines = vec![ui::shown(context.world, &error.to_string())];
            if let Error::NoIdentity { recipients, .. } = error {
                lines.push(format!("  who can: {}", recipients.join(", ")));
            }
            lines
        }
        Why::Unwrappable(ids) => {
            let kinds: Vec<_> = ids.iter().map(|id| id.kind.name()).collect();
            vec![
                format!(
                    "{} needs `{}` keys, which lacre cannot write yet",
                    context.shown(path),
                    kinds.join("`, `")
                ),
                format!("  run: {}", sops_line(context, &stuck.handover)),
            ]
        }
    }
}

/// The command of sops that does the same.
fn sops_line(context: &Context<'_>, handover: &Handover) -> String {
    let file = context.here(&handover.path);
    let mut words = vec!["sops"];
    let flag = |sign: &str, id: &RecipientId| {
        let kind = match id.kind {
            KeyKind::HcVault => "hc-vault-transit",
            KeyKind::GcpKms => "gcp-kms",
            KeyKind::AzureKv => "azure-kv",
            kind => kind.name(),
        };
        [format!("--{sign}-{kind}"), id.spelling()]
    };
    let joins = handover.drift.joins.iter().flat_map(|id| flag("add", id));
    let changes: Vec<_> = joins.chain(handover.drift.leaves.iter().flat_map(|id| flag("rm", id))).collect();
    if handover.rekeys {
        words.extend(["rotate", "-i"]);
        words.extend(changes.iter().map(String::as_str));
    } else {
        words.extend(["updatekeys", "-y"]);
    }
    words.push(&file);
    shell_words::join(words)
}

/// Some files cannot be changed here, so none is.
fn refusal(context: &Context<'_>, plan: &Plan) -> Failure {
    let (stuck, all) = (plan.stuck.len(), plan.stuck.len() + plan.ready.len());
    let files: Vec<&Path> = plan.stuck.iter().map(|stuck| stuck.handover.path.as_path()).collect();
    let (mut code, mut closed, mut advice) = (Code::User, false, None);
    let mut details = Vec::new();
    for one in &plan.stuck {
        if let Why::Closed(error) = &one.why {
            closed |= Code::of(error) == Code::NoIdentity;
            advice = advice.or_else(|| error.hint());
            code = match (Code::of(error), code) {
                (Code::Tampered, _) | (_, Code::Tampered) => Code::Tampered,
                (Code::NoIdentity, _) | (_, Code::NoIdentity) => Code::NoIdentity,
                _ => Code::User,
            };
        }
        details.extend(reasons(context, one));
    }
    let message = match (stuck, all) {
        (1, 1) => format!("{} cannot be changed here", file_list(context, &files)),
        _ => format!("{stuck} of {all} files cannot be changed here, so none was"),
    };
    let others = "ask somebody who can open them to run the same command".to_owned();
    let mut hint: Vec<_> = if closed { Some(others) } else { advice }.into_iter().collect();
    if all > stuck {
        hint.push("`--keep-going` changes the others".to_owned());
    }
    let hint = (!hint.is_empty()).then(|| hint.join("; "));
    Failure { code, message, details, hint }
}

fn report(context: &Context<'_>, plan: &Plan, book: &RuleBook<'_>) {
    let mut kept: BTreeMap<String, Vec<&Path>> = BTreeMap::new();
    for Ready { handover, .. } in plan.ready.iter().filter(|ready| !ready.handover.rekeys) {
        let names = book.former_names(&handover.path);
        for id in &handover.drift.leaves {
            kept.entry(shown_recipient(id, &names)).or_default().push(&handover.path);
        }
    }
    for (who, files) in kept {
        let message = format!("{who} may have kept the data key of {}", file_list(context, &files));
        context.ui.warn(context.world, message);
        context
            .ui
            .note(context.world, "`lacre rekey` gives files a new one; values they knew need replacing");
    }
}
