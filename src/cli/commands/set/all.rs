//! `lacre set --all`: one name in every file that has it, in one transaction.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::super::super::failure::Code;
use super::super::super::ui::{self, Progress, Ui};
use super::super::super::{Context, Failure};
use super::super::recipients::file_list;
use super::super::{count, listing, name_or_path, warn_if_twice};
use super::{Set, node, value, warn_if_misread};
use crate::base::{Node, Value};
use crate::workspace::bearers::{self, Bearers, Holder};
use crate::workspace::save::Change;
use crate::workspace::{Error, OpenFile};
use crate::world::FileProblem;

/// How to go about many files.
#[derive(Args, Debug)]
#[command(next_help_heading = "In many files")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Everywhere {
    /// Set NAME in all encrypted files that git tracks in this repository and that have it
    #[arg(long, conflicts_with_all = ["value_json", "recipient"])]
    pub all: bool,
    /// Also where its values differ now
    #[arg(long, requires = "all")]
    pub different_too: bool,
    /// Show which files would change, and do nothing; asks for no value
    #[arg(short = 'n', long, requires = "all")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long, requires = "all")]
    pub yes: bool,
    /// Change the files that can be changed here, although others cannot
    #[arg(long, requires = "all")]
    pub keep_going: bool,
    /// Print a JSON array, an object a file
    #[arg(long, requires = "all")]
    pub json: bool,
}

/// A file that was changed by somebody else between opening and writing is opened again, so many times in all.
const ATTEMPTS: usize = 3;

/// The files that have the name.
struct Plan {
    /// Those to be changed, by what they hold now.
    alike: Vec<Vec<Holder>>,
    /// Those that hold the value already.
    unchanged: Vec<Holder>,
    /// Those where it is not encrypted.
    clear: Vec<Holder>,
    /// Those that do not open here.
    closed: Vec<(PathBuf, Error)>,
}

/// Runs it.
///
/// # Errors
/// When no file has the name, one cannot be changed, its values differ, or the answer is no.
pub fn run(arguments: &Set, context: &Context<'_>) -> Result<u8, Failure> {
    let name = name(arguments)?;
    let manner = &arguments.everywhere;
    let mut given: Option<Node> = None;
    let mut approved = Vec::new();
    let mut attempt = 1;
    loop {
        let mut plan = Plan::open(arguments, name, context)?;
        if !plan.closed.is_empty() && !manner.keep_going {
            return Err(plan.refusal(context));
        }
        if manner.dry_run {
            return plan.rehearse(context, name, manner.json);
        }
        let given = match &mut given {
            Some(given) => given,
            empty => empty.insert(value(arguments, name, context)?),
        };
        plan.set_aside(given);
        if plan.alike.len() > 1 && !manner.different_too {
            return Err(plan.differs(context, name));
        }
        ask(context, manner, name, &plan, &mut approved)?;
        let texts = texts(arguments, context, &plan, given)?;
        match bearers::write(&texts) {
            Err(Error::File(error)) if error.problem == FileProblem::Changed && attempt < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
            Ok(()) => return plan.report(context, name, manner.json),
        }
        attempt += 1;
    }
}

/// No value is an argument here: who replaces a secret everywhere has one that leaked.
fn name(arguments: &Set) -> Result<&str, Failure> {
    let word = arguments.path.as_deref();
    if arguments.value.is_some() || word.is_some_and(|word| word != "-") {
        return Err(Failure::usage("`--all` takes NAME and at most `-`: no file, and no value").hint(
            "`lacre set --all NAME` asks for the value, `lacre set --all NAME -` reads it from stdin",
        ));
    }
    if word.is_some() && arguments.names_a_source() {
        return Err(Failure::usage("`-` and another source of the value contradict each other"));
    }
    let name = arguments.file.to_str().ok_or_else(|| Failure::usage("the name is not UTF-8"))?;
    if name.contains('=') && !name.starts_with('[') {
        // What stands behind the sign may be the secret.
        return Err(Failure::usage("the name has a `=` in it; the value is no argument"));
    }
    Ok(name)
}

impl Plan {
    fn open(arguments: &Set, name: &str, context: &Context<'_>) -> Result<Self, Failure> {
        let at = |format: &str| name_or_path(name, format, arguments.document).ok();
        let Bearers { named, broken: closed } = bearers::named(context.world, at)?;
        if named.is_empty() && closed.is_empty() {
            return Err(Failure::user(format!("no encrypted file that git tracks here has `{name}`"))
                .hint("`lacre list FILE` shows what a file has; `git add` new files"));
        }
        let mut plan = Self { alike: Vec::new(), unchanged: Vec::new(), clear: Vec::new(), closed };
        let mut progress = Progress::new(context.world, "opening", named.len());
        for (number, named) in named.into_iter().enumerate() {
            let path = named.found.path.clone();
            match named.open(context.world, &context.keyring) {
                Ok(holder) if holder.is_clear() => plan.clear.push(holder),
                Ok(mut holder) => {
                    holder.literal |= arguments.literal;
                    plan.add(holder);
                }
                Err(error) => plan.closed.push((path, error)),
            }
            progress.step(number + 1);
        }
        drop(progress);
        context.tell_about_services();
        Ok(plan)
    }

    /// The most frequent value shall be the first.
    fn add(&mut self, holder: Holder) {
        let says = holder.says();
        let alike = self.alike.iter_mut();
        match alike.filter_map(|group| Some((group.first()?.says() == says, group))).find(|(is, _)| *is) {
            Some((_, group)) => group.push(holder),
            None => self.alike.push(vec![holder]),
        }
        self.alike.sort_by_key(|group| std::cmp::Reverse(group.len()));
    }

    /// A run that was stopped half-way left files that hold the value already.
    fn set_aside(&mut self, given: &Node) {
        let Node::Value(Value::Str(new)) = given else { return };
        let (same, other) = std::mem::take(&mut self.alike)
            .into_iter()
            .partition::<Vec<_>, _>(|group| group.first().is_some_and(|holder| holder.says() == *new));
        self.alike = other;
        self.unchanged = same.into_iter().flatten().collect();
    }

    fn count(&self) -> usize {
        self.alike.iter().map(Vec::len).sum()
    }

    /// Some files cannot be changed here, so none is.
    fn refusal(&self, context: &Context<'_>) -> Failure {
        let (closed, all) = (self.closed.len(), self.closed.len() + self.count() + self.clear.len());
        let codes: Vec<Code> = self.closed.iter().map(|(_, error)| Code::of(error)).collect();
        let code = [Code::Tampered, Code::NoIdentity].into_iter().find(|code| codes.contains(code));
        let message = format!("{closed} of {} cannot be changed here, so none was", count(all, "file"));
        let mut failure = Failure { code: code.unwrap_or(Code::User), ..Failure::user(message) };
        for (_, error) in &self.closed {
            failure = failure.detail(ui::shown(context.world, &error.to_string()));
            if let Error::NoIdentity { recipients, .. } = error {
                failure = failure.detail(format!("  who can: {}", recipients.join(", ")));
            }
        }
        let advice = if code == Some(Code::NoIdentity) {
            Some("ask somebody who can open them to run the same command".to_owned())
        } else {
            self.closed.iter().find_map(|(_, error)| error.hint())
        };
        let others = (all > closed).then(|| "`--keep-going` changes the others".to_owned());
        let hint: Vec<String> = advice.into_iter().chain(others).collect();
        Failure { hint: (!hint.is_empty()).then(|| hint.join("; ")), ..failure }
    }

    /// One value in place of several is seldom what was meant: those of production and of tests, for example.
    fn differs(&self, context: &Context<'_>, name: &str) -> Failure {
        let (values, files) = (self.alike.len(), count(self.count(), "file"));
        let mut failure =
            Failure::user(format!("`{name}` has {values} values in {files}, so none was changed"));
        for line in self.lines(context) {
            failure = failure.detail(line);
        }
        failure.hint("`--different-too` sets all of them; `lacre set FILE NAME` one")
    }

    /// The files, those with the same value together.
    fn lines(&self, context: &Context<'_>) -> Vec<String> {
        let group = |group: &Vec<Holder>| {
            format!("{}: {}", count(group.len(), "file"), file_list(context, &paths(group)))
        };
        self.alike.iter().map(group).collect()
    }

    fn rehearse(&self, context: &Context<'_>, name: &str, json: bool) -> Result<u8, Failure> {
        if json {
            self.print_json(context, "planned")?;
            return Ok(0);
        }
        let values = self.alike.len();
        let differ = if values > 1 { format!(", with {values} values") } else { String::new() };
        context.print_row(&format!("`{name}` in {}{differ}", count(self.count(), "file")))?;
        for group in &self.alike {
            for (number, holder) in group.iter().enumerate() {
                let start = if values > 1 && number == 0 { "-" } else { " " };
                context.print_row(&format!("{start} {}", context.shown(&holder.file.path)))?;
            }
        }
        self.tell(context, name);
        Ok(0)
    }

    fn report(&self, context: &Context<'_>, name: &str, json: bool) -> Result<u8, Failure> {
        if json {
            self.print_json(context, "written")?;
        }
        self.tell(context, name);
        context.ui.say(
            context.world,
            match self.count() {
                0 => "nothing to do".to_owned(),
                files => format!("set `{name}` in {}", count(files, "file")),
            },
        );
        Ok(u8::from(!self.closed.is_empty()))
    }

    /// Which files stay as they are.
    fn tell(&self, context: &Context<'_>, name: &str) {
        let (ui, world) = (context.ui, context.world);
        for (_, error) in &self.closed {
            ui.warn(world, error);
        }
        if !self.clear.is_empty() {
            let files = file_list(context, &paths(&self.clear));
            ui.warn(world, format!("`{name}` stands in the clear and is left alone in {files}"));
        }
        if !self.unchanged.is_empty() {
            let files = file_list(context, &paths(&self.unchanged));
            ui.note(world, format!("`{name}` says that already in {files}"));
        }
    }

    fn print_json(&self, context: &Context<'_>, done: &str) -> Result<(), Failure> {
        let row = |path: &Path, state: &str, alike: Option<usize>| json!({"file": context.here(path), "state": state, "alike": alike});
        let rows = |holders: &[Holder], state: &str, alike: Option<usize>| -> Vec<_> {
            holders.iter().map(|holder| row(&holder.file.path, state, alike)).collect()
        };
        let mut all: Vec<_> = self.closed.iter().map(|(path, _)| row(path, "closed", None)).collect();
        all.extend(rows(&self.clear, "clear", None));
        all.extend(rows(&self.unchanged, "unchanged", None));
        let groups = (1..).zip(&self.alike);
        all.extend(groups.flat_map(|(number, group)| rows(group, done, Some(number))));
        context.print_line(&listing(&all.into()))
    }
}

fn paths(holders: &[Holder]) -> Vec<&Path> {
    holders.iter().map(|holder| holder.file.path.as_path()).collect()
}

/// Shows which files change, and asks, unless it is one or the person knows all of them.
fn ask(
    context: &Context<'_>,
    manner: &Everywhere,
    name: &str,
    plan: &Plan,
    approved: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let files: Vec<&Path> = plan.alike.iter().flat_map(|group| paths(group)).collect();
    if files.iter().all(|path| approved.iter().any(|known| known == path)) {
        return Ok(());
    }
    approved.extend(files.iter().map(|path| (*path).to_owned()));
    let asks = !manner.yes && files.len() > 1;
    // What is asked about is shown, however quiet we are.
    let ui = Ui { quiet: context.ui.quiet && !asks };
    ui.say(context.world, format!("`{name}` gets a new value"));
    for line in plan.lines(context) {
        ui.say(context.world, format!("  {line}"));
    }
    if asks { context.ask_to_go_on() } else { Ok(()) }
}

/// The next texts of the files.
fn texts<'p>(
    arguments: &Set,
    context: &Context<'_>,
    plan: &'p Plan,
    given: &Node,
) -> Result<Vec<(&'p OpenFile, Vec<u8>)>, Failure> {
    let format = |holder: &Holder| holder.file.sealed.document().format().name();
    // Once is enough: the name is the same everywhere, and so is the value.
    let quoted = plan.alike.iter().flatten().find(|holder| format(holder) == "dotenv" && !holder.literal);
    if let Some(holder) = quoted {
        warn_if_misread(context, format(holder), &holder.at, given, holder.literal);
    }
    let mut texts = Vec::new();
    for holder in plan.alike.iter().flatten() {
        let Holder { file, at, literal } = holder;
        warn_if_twice(context, file.sealed.document(), at, "the last one is set");
        let node = node(arguments, format(holder), at, file.value(at), given, *literal)?;
        let text =
            file.changed(&Change::Put(at.clone(), node), &*context.world.clock, &*context.world.random)?;
        texts.extend(text.map(|text| (file, text)));
    }
    Ok(texts)
}
