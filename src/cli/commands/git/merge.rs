//! `lacre git merge`: the merge driver. git hands it three versions and takes the result from where ours was.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::super::super::{Context, Failure};
use super::super::recipients::note_merged_recipients;
use crate::envelope::Choice;
use crate::workspace::Error;
use crate::workspace::merging::{Contradiction, Labels, Merged, Sort, Terms, Texts, Three, Unmerged};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::{Git, repository_root};

/// Merge three versions of an encrypted file (called by git)
#[derive(Args, Debug)]
#[command(
    after_help = "`lacre git install` makes git call this for encrypted files. By hand:\n\n  git config merge.lacre.name 'encrypted files, by value'\n  git config merge.lacre.driver 'lacre git merge -- %O %A %B %L %P %S %X %Y'\n  echo '*.enc* merge=lacre' >> .gitattributes\n\nValues that one side changed are taken with their ciphertext; comments and order of both sides are kept. Recipients are merged as sets: whoever one side removed is out, and the data key is new then. Where both sides changed one value, OURS gets conflict markers and stays closed to lacre and to sops until `lacre resolve FILE`. A version that does not open or was tampered with leaves OURS as it is.\n\nExit codes: 0 merged, 1 conflict or not merged, 129 called wrongly.\n\nExamples:\n  lacre git merge -- %O %A %B %L %P %S %X %Y"
)]
pub struct Merge {
    /// The common base; empty where both sides added the file (%O)
    pub base: PathBuf,
    /// Our version, which the result replaces (%A)
    pub ours: PathBuf,
    /// Their version (%B)
    pub theirs: PathBuf,
    /// Length of conflict markers (%L)
    pub size: usize,
    /// Where the file stands in the work tree (%P)
    pub path: PathBuf,
    /// What the base is called (%S)
    pub base_label: Option<OsString>,
    /// What our version is called (%X)
    pub our_label: Option<OsString>,
    /// What their version is called (%Y)
    pub their_label: Option<OsString>,
}

/// To git, more than 128 is an error of the driver, and stops the whole merge.
pub const CALLED_WRONGLY: u8 = 129;
/// To git, a conflict.
const NOT_MERGED: u8 = 1;

/// How git calls the sides of a merge that makes the base of another one: of a criss-cross.
const TEMPORARY: &str = "Temporary merge branch";

/// Runs it; what to tell git. Nothing that goes wrong in a work tree is anything but a conflict.
#[must_use]
pub fn run(arguments: &Merge, context: &Context<'_>) -> u8 {
    let place = match Place::of(arguments, context) {
        Ok(place) => place,
        Err(failure) => {
            failure.print(context.world);
            return CALLED_WRONGLY;
        }
    };
    let work = std::panic::AssertUnwindSafe(|| Driver { arguments, context, place }.run());
    match std::panic::catch_unwind(work) {
        Ok(Ok(code)) => return code,
        Ok(Err(failure)) => failure.print(context.world),
        Err(_) => Failure::user("a bug of ours: the merge was given up").print(context.world),
    }
    NOT_MERGED
}

/// Where git has called us.
struct Place {
    /// The top of the work tree, where the three files are.
    root: PathBuf,
    /// The file that is merged.
    file: PathBuf,
}

impl Place {
    fn of(arguments: &Merge, context: &Context<'_>) -> Result<Self, Failure> {
        let folder = &context.world.folder;
        let is_inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_inside(&arguments.path) {
            return Err(Failure::usage("%P is a path from the top of the work tree"));
        }
        let is_bare = ["HEAD", "objects", "refs"].iter().all(|name| files::exists(&folder.join(name)))
            && !files::exists(&folder.join(".git"));
        let has_tree = ["GIT_DIR", "GIT_WORK_TREE"].iter().any(|name| context.world.variable(name).is_some());
        let root = repository_root(folder).or_else(|| Some(folder.clone()).filter(|_| has_tree));
        match root {
            Some(root) if !is_bare => Ok(Self { file: folder.join(&arguments.path), root }),
            _ => Err(Failure::usage("there is no work tree here: encrypted files are merged in one only")
                .hint("merge in a clone: `git clone`, `git merge`, `git push`")),
        }
    }
}

struct Driver<'a> {
    arguments: &'a Merge,
    context: &'a Context<'a>,
    place: Place,
}

impl Driver<'_> {
    fn run(&self) -> Result<u8, Failure> {
        let Merge { base, ours, theirs, .. } = self.arguments;
        let [base, ours, theirs] = [base, ours, theirs].map(|path| self.context.world.path(path));
        if [&base, &ours, &theirs].into_iter().any(|path| files::is_link(path)) {
            return Err(Failure::user("one of the versions is a symbolic link"));
        }
        let read = |path: &Path| files::read(path, SIZE_LIMIT);
        let texts = Texts {
            base: Some(read(&base)?).filter(|text| !text.is_empty()),
            ours: read(&ours)?,
            theirs: read(&theirs)?,
        };
        let before = texts.ours.clone();
        let (text, code) = match texts.sort(&self.place.file).map_err(|error| self.unmerged(&error))? {
            Sort::Plain => self.merge_plain([&ours, &base, &theirs])?,
            Sort::Encrypted(sealeds) => {
                let (world, keyring) = (self.context.world, &self.context.keyring);
                let three = Three::open(world, keyring, &self.place.file, *sealeds);
                self.merge(&three.map_err(|error| self.unmerged(&error))?)?
            }
        };
        files::replace_passing(&ours, Some(&self.place.root), &before, &text)?;
        Ok(code)
    }

    /// What git makes of files that nobody encrypted.
    fn merge_plain(&self, files: [&Path; 3]) -> Result<(Vec<u8>, u8), Failure> {
        let Merge { our_label, base_label, their_label, .. } = self.arguments;
        let labels = [(our_label, "ours"), (base_label, "base"), (their_label, "theirs")];
        let labels = labels.map(|(given, otherwise)| label(given.as_ref(), otherwise));
        let labels = labels.each_ref().map(|label| OsStr::new(label.as_str()));
        let git = Git::find_as_called(&self.place.root, &self.context.world.variables);
        let merged = git.and_then(|git| git.merge_file(files, labels, self.arguments.size));
        let shown = self.context.shown(&self.place.file);
        let merged = merged.ok_or_else(|| Failure::user(format!("git cannot merge {shown}")))?;
        Ok((merged.text, if merged.is_clean { 0 } else { NOT_MERGED }))
    }

    /// The text that git shall find, and what to tell git.
    fn merge(&self, three: &Three) -> Result<(Vec<u8>, u8), Failure> {
        let (world, keyring) = (self.context.world, &self.context.keyring);
        let failed = |error: Unmerged| self.unmerged(&error);
        let result = |error: Error| self.unmerged(&error.into());
        let our_label = label(self.arguments.our_label.as_ref(), "ours");
        if our_label.starts_with(TEMPORARY) {
            let terms = three.terms(world, keyring, &Choice::Base).map_err(result)?;
            let merged = three.merged(world, &terms, None, &|_| Choice::Base).map_err(failed)?;
            return Ok((merged.text, 0));
        }
        let terms = three.terms(world, keyring, &Choice::Ours).map_err(result)?;
        let merged = three.merged(world, &terms, None, &|_| Choice::Ours).map_err(failed)?;
        note_merged_recipients(self.context, &self.place.file, &terms.joins, &terms.leaves);
        let is_clean = merged.conflicts.is_empty() && terms.contradictions.is_empty();
        if is_clean {
            return Ok((merged.text, 0));
        }
        self.tell_conflicts(&merged, &terms);
        let labels = Labels {
            ours: our_label,
            theirs: label(self.arguments.their_label.as_ref(), "theirs"),
            size: self.arguments.size,
        };
        let text = three.in_conflict(world, keyring, &terms, &merged, &labels, &|_| Choice::Theirs);
        Ok((text.map_err(failed)?, NOT_MERGED))
    }

    /// The file as a shell takes it.
    fn word(&self) -> String {
        shell_words::quote(&self.arguments.path.to_string_lossy()).into_owned()
    }

    fn tell_conflicts(&self, merged: &Merged, terms: &Terms) {
        let values = merged.conflicts.iter().map(|path| format!("`{path}`"));
        let all: Vec<_> = values.chain(terms.contradictions.iter().map(Contradiction::words)).collect();
        let shown = self.context.shown(&self.place.file);
        Failure::user(format!("{shown}: both sides changed {}", all.join(", ")))
            .hint(format!("`lacre resolve {}` settles it", self.word()))
            .print(self.context.world);
    }

    /// A failure that leaves ours as it is.
    fn unmerged(&self, error: &Unmerged) -> Failure {
        let shown = self.context.shown(&self.place.file);
        let hint = format!("ours stays as it is; `lacre resolve {}` merges it where it opens", self.word());
        let mut failure = Failure::user(format!("{shown} is not merged: {error}"));
        let cause = match error {
            Unmerged::Side { cause, .. } => Some(&**cause),
            Unmerged::Result(cause) => Some(cause),
            _ => None,
        };
        for detail in cause.map(Error::details).unwrap_or_default() {
            failure = failure.detail(detail);
        }
        if let Some(cause) = cause.and_then(Error::hint) {
            failure = failure.detail(cause);
        }
        failure.hint(hint)
    }
}

/// What git calls a side. An older git leaves the words as they are.
fn label(given: Option<&OsString>, otherwise: &str) -> String {
    let given = given.map(|label| label.to_string_lossy().into_owned());
    given.filter(|label| !label.is_empty() && !label.starts_with('%')).unwrap_or_else(|| otherwise.to_owned())
}
