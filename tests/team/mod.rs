//! Three people, a clone each, and a bare repository between them; what every encrypted blob must say is known.

pub mod chance;
pub mod finale;
pub mod merges;
pub mod model;
pub mod operations;
pub mod peer;
pub mod person;
pub mod reader;
pub mod texts;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::rc::Rc;

use chance::Chance;
use lacre::base::DataKey;
use model::{State, Three, Tree, Version};
use person::Person;
use reader::Reader;
use tempfile::TempDir;

/// What is known of a blob.
pub struct Known {
    pub state: Rc<State>,
    pub plain: Rc<Vec<u8>>,
    pub key: DataKey,
}

/// Merges of one file each, as they came out.
#[derive(Debug, Default)]
pub struct Tally {
    pub operations: BTreeMap<&'static str, usize>,
    /// Merges, picks and stashes that git carried out.
    pub joins: usize,
    /// Files that both sides had changed, in versions that the person who merged could open.
    pub merges: usize,
    /// Those of them that both sides had made.
    pub made_by_both: usize,
    /// Those of them where both sides had changed one value, differently.
    pub true_conflicts: usize,
    /// Those of them that lacre left to a person.
    pub conflicts: usize,
    /// Comments that merged files should have.
    pub comments: usize,
    /// Those that they have not.
    pub comments_lost: usize,
    /// Comments that one side had removed and that are there.
    pub comments_back: usize,
    /// Files that could not be opened by who merged.
    pub closed: usize,
    /// Histories that crossed so that their two bases conflict: git took one side.
    pub crossed: usize,
    /// Files that git no longer found on one side.
    pub gone: usize,
}

pub struct Team {
    temporary: TempDir,
    pub origin: PathBuf,
    pub people: Vec<Person>,
    pub reader: Reader,
    pub chance: Chance,
    /// The last number given to a name, a value or a comment.
    pub number: u32,
    /// By blob.
    pub known: HashMap<String, Known>,
    /// Unmerged branches, by person.
    pub branches: Vec<Vec<String>>,
    pub tally: Tally,
    /// Every merge counted in `tally`, and whether it was a true conflict.
    pub merged: Vec<(Three, bool)>,
    seed: u64,
    /// What was done, for who must find out.
    story: Vec<String>,
}

impl Team {
    pub fn new(seed: u64) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let base = std::fs::canonicalize(temporary.path()).unwrap();
        let origin = base.join("origin.git");
        let arguments = ["init", "--quiet", "--bare", "--initial-branch=main"];
        let made = std::process::Command::new("git").args(arguments).arg(&origin).status();
        assert!(made.unwrap().success());
        let people: Vec<_> = ["alice", "bob", "carol"].map(|name| Person::new(&base, name)).into();
        let mut team = Self {
            reader: Reader::new(&base),
            temporary,
            branches: vec![Vec::new(); people.len()],
            people,
            chance: Chance::new(seed),
            number: 0,
            known: HashMap::new(),
            tally: Tally::default(),
            merged: Vec::new(),
            seed,
            story: Vec::new(),
            origin,
        };
        team.people[0].join(&team.origin);
        team.found();
        for person in &team.people[1..] {
            person.join(&team.origin);
        }
        team
    }

    /// A place that no repository sees.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let folder = self.temporary.path().join("scratch");
        std::fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    }

    pub fn tell(&mut self, words: String) {
        self.story.push(words);
    }

    /// The encrypted files of a commit.
    pub fn tree(&self, at: usize, commit: &str) -> Tree {
        let version = |(name, blob): (String, String)| {
            let state = self.known.get(&blob).unwrap_or_else(|| panic!("{name} of {commit} came unseen"));
            (name, Version { state: Rc::clone(&state.state), blob: Some(blob) })
        };
        self.blobs(at, commit).into_iter().map(version).collect()
    }

    fn blobs(&self, at: usize, commit: &str) -> Vec<(String, String)> {
        let list = self.people[at].git(&["ls-tree", "-r", "-z", commit]).ok();
        let entries = list.split_terminator('\0').map(|entry| entry.split_once('\t').unwrap());
        let entries = entries.filter(|(_, name)| !name.starts_with(".git"));
        entries.map(|(data, name)| (name.to_owned(), data.rsplit(' ').next().unwrap().to_owned())).collect()
    }

    /// The files of `commit` are those of `expected`, and say the same.
    pub fn see(&mut self, at: usize, commit: &str, expected: &Tree, merged: &BTreeMap<String, Three>) {
        let blobs = self.blobs(at, commit);
        let names: Vec<_> = blobs.iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected.keys().collect::<Vec<_>>(), "files of {commit}");
        for (name, blob) in blobs {
            let state = &expected[&name].state;
            if let Some(known) = self.known.get(&blob) {
                let unlike = state.unlike(&known.state);
                assert!(known.state == *state, "{name} is not as it should be: {unlike}");
                continue;
            }
            let text = self.people[at].git(&["cat-file", "blob", &blob]).ok();
            let read = self.reader.read(&name, text.into_bytes());
            let read = read.unwrap_or_else(|error| panic!("{name} does not open: {error}"));
            let plain = String::from_utf8_lossy(&read.plain).into_owned();
            let mut state = State::clone(state);
            if let Some(three) = merged.get(&name) {
                self.see_merged(&name, three, &read, &plain);
                self.see_notes(&name, three, &mut state, &read.state);
            }
            assert!(
                read.state == state,
                "{name} is not as it should be: {}\n{plain}",
                state.unlike(&read.state)
            );
            let known = Known { state: Rc::new(state), plain: Rc::new(read.plain), key: read.key };
            self.known.insert(blob, known);
        }
    }

    /// Comments are merged as lines: where both sides changed the same lines, one side's comments may be lost. None that
    /// both have goes, and none comes from nowhere.
    fn see_notes(&mut self, name: &str, three: &Three, wanted: &mut State, found: &State) {
        let [ours, theirs] = [&three.ours, &three.theirs].map(|version| &version.state.notes);
        assert!((ours & theirs).is_subset(&found.notes), "{name}: a comment of both is gone");
        assert!(found.notes.is_subset(&(ours | theirs)), "{name}: a comment is nobody's");
        self.tally.comments += wanted.notes.len();
        self.tally.comments_lost += (&wanted.notes - &found.notes).len();
        self.tally.comments_back += (&found.notes - &wanted.notes).len();
        wanted.notes.clone_from(&found.notes);
    }

    /// Who may no longer open the file has no data key of it; and every line is a line of one side.
    fn see_merged(&self, name: &str, three: &Three, read: &reader::Read, plain: &str) {
        let side = |version: &Version| &self.known[version.blob.as_ref().unwrap()];
        for version in [&three.base, &three.ours, &three.theirs].into_iter().filter(|one| one.blob.is_some())
        {
            let lost = version.state.people.difference(&read.state.people).next();
            assert!(lost.is_none() || side(version).key != read.key, "{name}: {lost:?} knows its data key");
        }
        // A value of one side may stand before a comment of the other, and then be quoted as is usual.
        let parts = |text: &str| -> Vec<String> {
            let lines = text.lines().flat_map(|line| line.trim_end_matches(',').split(" # "));
            lines.map(|part| part.replace('"', "")).collect()
        };
        let texts =
            [&three.ours, &three.theirs].map(|version| parts(&String::from_utf8_lossy(&side(version).plain)));
        for part in parts(plain) {
            // Each side took the other's last value out of a map.
            let is_somebodys = part.ends_with(" {}") || texts.iter().any(|text| text.contains(&part));
            assert!(is_somebodys, "{name}: nobody wrote {part:?}:\n{plain}");
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last = self.story.len().saturating_sub(12);
            eprintln!(
                "LACRE_TEAM_SEED={}; the last operations:\n{}",
                self.seed,
                self.story[last..].join("\n")
            );
            if std::env::var_os("LACRE_TEAM_KEEP").is_some() {
                self.temporary.disable_cleanup(true);
                eprintln!("kept {}", self.temporary.path().display());
            }
        }
    }
}
