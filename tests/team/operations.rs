//! What the team does: one operation after another, by chance.

use std::collections::BTreeMap;
use std::fs;
use std::rc::Rc;

use lacre::workspace::names::FileType;
use serde_json::Value as Json;

use super::Team;
use super::model::{Path, State, Three, Tree, Version};
use super::person::{PEOPLE, recipient_of};
use super::reader::notes;
use super::texts::Desk;

/// Done by one of the team; its name, if it could be done.
type Operation = fn(&mut Team, usize) -> Option<&'static str>;

/// How often of a hundred each is tried.
const OPERATIONS: [(usize, Operation); 9] = [
    (45, Team::change_and_commit),
    (2, Team::rename_file),
    (3, Team::make_file),
    (10, Team::work_on_branch),
    (8, Team::merge_branch),
    (18, Team::pull_and_push),
    (6, Team::rebase_and_push),
    (4, Team::pick_commit),
    (4, Team::put_aside),
];

impl Team {
    /// One operation of somebody.
    pub fn operate(&mut self) {
        loop {
            let at = self.chance.below(self.people.len());
            let mut number = self.chance.below(100);
            let operation = OPERATIONS.iter().find(|(weight, _)| {
                let found = number < *weight;
                number = number.saturating_sub(*weight);
                found
            });
            let who = self.people[at].name;
            if let Some(name) = operation.unwrap().1(self, at) {
                self.tell(format!("{who}: {name}"));
                *self.tally.operations.entry(name).or_default() += 1;
                return;
            }
        }
    }

    /// Commits everything in the clone, which must be `expected`.
    pub fn commit(&mut self, at: usize, expected: &Tree, merged: &BTreeMap<String, Three>) {
        self.number += 1;
        let message = format!("change {}", self.number);
        self.people[at].git(&["add", "--all"]).ok();
        let arguments = ["commit", "--quiet", "--allow-empty", "--no-verify", "-m", &message];
        self.people[at].git(&arguments).ok();
        self.see(at, "HEAD", expected, merged);
    }

    fn change_and_commit(&mut self, at: usize) -> Option<&'static str> {
        let mut tree = self.tree(at, "HEAD");
        let name = self.change(at, &mut tree)?;
        self.commit(at, &tree, &BTreeMap::new());
        Some(name)
    }

    /// One change of a file, in the working tree.
    fn change(&mut self, at: usize, tree: &mut Tree) -> Option<&'static str> {
        let who = self.people[at].name;
        let open: Vec<_> = tree.iter().filter(|(_, version)| version.state.people.contains(who)).collect();
        let (name, version) = self.chance.one(&open).copied()?;
        let (name, mut state) = (name.clone(), State::clone(&version.state));
        let done = match self.chance.below(20) {
            0..=5 => self.set(at, &name, &mut state),
            6..=7 => self.set_new(at, &name, &mut state),
            8 => self.unset(at, &name, version.blob.clone(), &mut state),
            9..=15 => self.edit(at, &name, &mut state),
            16..=18 => self.change_people(at, &name, &mut state),
            _ => {
                self.people[at].lacre(&["rekey", &name]).ok();
                Some("rekey")
            }
        };
        tree.insert(name, Version { blob: None, state: Rc::new(state) });
        done
    }

    fn set(&mut self, at: usize, name: &str, state: &mut State) -> Option<&'static str> {
        let paths: Vec<_> = state.leaves.keys().cloned().collect();
        let path = self.chance.one(&paths).filter(|_| state.kind != FileType::Binary)?;
        let is_list = state.leaves[path].is_array();
        self.set_to(at, name, state, path, is_list);
        Some("set")
    }

    fn set_to(&mut self, at: usize, name: &str, state: &mut State, path: &Path, is_list: bool) {
        let mut desk =
            Desk { lines: vec![], state: state.clone(), chance: &mut self.chance, number: &mut self.number };
        let value = if is_list {
            let count = 1 + desk.chance.below(3);
            (0..count).map(|_| desk.value().0).collect()
        } else {
            desk.value().0
        };
        let place = path.join(".");
        let person = &self.people[at];
        let ran = match &value {
            // As sops would store it, for it is sops that reads it at the end.
            Json::String(text) if state.kind == FileType::Dotenv => {
                person.lacre(&["set", "--literal", name, &place, text])
            }
            Json::String(text) => person.lacre(&["set", name, &place, text]),
            value => person.lacre(&["set", name, &place, "--value-json", &value.to_string()]),
        };
        ran.ok();
        state.leaves.insert(path.clone(), value);
    }

    fn set_new(&mut self, at: usize, name: &str, state: &mut State) -> Option<&'static str> {
        let nested = match state.kind {
            FileType::Binary => return None,
            FileType::Dotenv => false,
            FileType::Ini => true,
            FileType::Json | FileType::Yaml => self.chance.percent(60),
        };
        self.number += 1;
        let mut path = Vec::new();
        // A name stands in one place of a file only.
        let fresh = nested && self.chance.percent(10);
        if nested {
            path.push(if fresh { format!("M{}", self.number) } else { "db".to_owned() });
        }
        // Now and then two people think of the same name.
        let shared = !fresh && self.chance.percent(40);
        let number = if shared { self.chance.below(6) } else { self.number as usize };
        path.push(format!(
            "{}{}{number}",
            if nested { "N" } else { "" },
            if shared { "SHARED" } else { "K" }
        ));
        let is_list = matches!(state.kind, FileType::Json | FileType::Yaml) && self.chance.percent(20);
        self.set_to(at, name, state, &path, is_list);
        Some("add a value")
    }

    fn unset(
        &mut self,
        at: usize,
        name: &str,
        blob: Option<String>,
        state: &mut State,
    ) -> Option<&'static str> {
        let paths: Vec<_> = state.leaves.keys().cloned().collect();
        let path = self.chance.one(&paths).filter(|_| paths.len() > 4)?;
        self.people[at].lacre(&["unset", name, &path.join(".")]).ok();
        state.leaves.remove(path);
        // A comment behind the value goes with it.
        let text = String::from_utf8_lossy(&self.known[&blob?].plain).into_owned();
        let start = format!("{}: ", path.last()?);
        for note in text.lines().filter(|line| line.trim_start().starts_with(&start)).flat_map(notes) {
            state.notes.remove(&note);
        }
        Some("unset")
    }

    fn edit(&mut self, at: usize, name: &str, state: &mut State) -> Option<&'static str> {
        let text = self.people[at].lacre(&["decrypt", name]).ok();
        let lines = text.lines().map(str::to_owned).collect();
        let mut desk =
            Desk { lines, state: state.clone(), chance: &mut self.chance, number: &mut self.number };
        desk.work();
        let (new, edited) = (desk.text(), desk.state);
        let file = self.scratch("edited");
        fs::write(&file, &new).unwrap();
        let editor = format!("cp {}", file.display());
        self.people[at].lacre_with(&["edit", name], &[("SOPS_EDITOR", &editor)]).ok();
        *state = edited;
        Some("edit")
    }

    fn change_people(&mut self, at: usize, name: &str, state: &mut State) -> Option<&'static str> {
        let me = self.people[at].name;
        let missing: Vec<_> =
            PEOPLE.iter().map(|one| one.0).filter(|who| !state.people.contains(who)).collect();
        // Who leaves cannot merge any more what others changed, so most often it is somebody without a clone.
        let gone = if self.chance.percent(80) { "ci" } else { PEOPLE[self.chance.below(3)].0 };
        if let Some(who) =
            self.chance.one(&missing).filter(|_| missing.contains(&gone) || self.chance.percent(60))
        {
            let arguments = ["recipients", "add", "--file-only", "--yes", recipient_of(who), name];
            self.people[at].lacre(&arguments).ok();
            state.people.insert(who);
            return Some("add a recipient");
        }
        if gone == me || !state.people.remove(gone) {
            return None;
        }
        let arguments = ["recipients", "remove", "--file-only", "--yes", recipient_of(gone), name];
        self.people[at].lacre(&arguments).ok();
        Some("remove a recipient")
    }

    fn rename_file(&mut self, at: usize) -> Option<&'static str> {
        self.pull_and_push(at);
        let mut tree = self.tree(at, "HEAD");
        let names: Vec<_> = tree.keys().cloned().collect();
        let name = self.chance.one(&names)?;
        self.number += 1;
        let (_, end) = name.split_once('.').unwrap();
        let new = format!("renamed{}.{end}", self.number);
        self.people[at].git(&["mv", name, &new]).ok();
        let version = tree.remove(name)?;
        tree.insert(new, version);
        self.commit(at, &tree, &BTreeMap::new());
        self.people[at].git(&["push", "--quiet", "origin", "main"]).ok();
        Some("rename a file")
    }

    fn make_file(&mut self, at: usize) -> Option<&'static str> {
        if self.tree(at, "HEAD").len() >= MOST_FILES {
            return None;
        }
        let kind = self.chance.below(KINDS.len());
        self.number += 1;
        let name = format!("made{}.{}", self.number, KINDS[kind].0);
        // Now and then two people think of the same file.
        let makers = if self.chance.percent(50) { vec![at] } else { vec![at, (at + 1) % self.people.len()] };
        for at in makers {
            let mut tree = self.tree(at, "HEAD");
            self.make(at, &name, kind, &mut tree);
            let mut state = State::clone(&tree[&name].state);
            self.set(at, &name, &mut state);
            tree.insert(name.clone(), Version { blob: None, state: Rc::new(state) });
            self.commit(at, &tree, &BTreeMap::new());
        }
        Some("make a file")
    }

    fn make(&mut self, at: usize, name: &str, kind: usize, tree: &mut Tree) {
        let (_, text) = KINDS[kind];
        let plain = self.scratch(name);
        fs::write(&plain, text).unwrap();
        let mut arguments = vec!["encrypt", plain.to_str().unwrap(), "-o", name];
        for (_, recipient) in PEOPLE {
            arguments.extend(["-r", recipient]);
        }
        self.people[at].lacre(&arguments).ok();
        // What a new file says is read once, and held against the real sops at the end.
        let read = self.reader.read(name, fs::read(self.people[at].clone.join(name)).unwrap()).unwrap();
        assert_eq!(String::from_utf8_lossy(&read.plain), text);
        tree.insert(name.to_owned(), Version { blob: None, state: Rc::new(read.state) });
    }

    /// The repository's first commit, and what git must know about its files.
    pub fn found(&mut self) {
        let mut tree = Tree::new();
        for kind in (0..KINDS.len()).chain([0, 1]) {
            let name = format!("first{}.{}", tree.len(), KINDS[kind].0);
            self.make(0, &name, kind, &mut tree);
        }
        self.commit(0, &tree, &BTreeMap::new());
        self.people[0].git(&["push", "--quiet", "origin", "main"]).ok();
    }

    /// Starts a branch or goes on with one, and comes back.
    fn work_on_branch(&mut self, at: usize) -> Option<&'static str> {
        let own = self.branches[at].clone();
        let branch = if own.len() < 2 || self.chance.percent(30) {
            self.number += 1;
            let branch = format!("{}-{}", self.people[at].name, self.number);
            self.people[at].git(&["checkout", "--quiet", "-b", &branch]).ok();
            self.branches[at].push(branch.clone());
            branch
        } else {
            let branch = self.chance.one(&own)?.clone();
            self.people[at].git(&["checkout", "--quiet", &branch]).ok();
            if self.chance.percent(30) {
                self.merge(at, "main");
            }
            branch
        };
        for _ in 0..=self.chance.below(3) {
            self.change_and_commit(at);
        }
        if self.chance.percent(25) {
            self.people[at].git(&["push", "--quiet", "--force", "origin", &branch]).ok();
        }
        self.people[at].git(&["checkout", "--quiet", "main"]).ok();
        Some("work on a branch")
    }

    /// A branch of one's own, or one that somebody has pushed.
    fn merge_branch(&mut self, at: usize) -> Option<&'static str> {
        let own = self.branches[at].clone();
        if self.chance.percent(25) {
            let theirs = self.pushed(at);
            let branch = self.chance.one(&theirs)?;
            return self.merge(at, branch).then_some("merge a colleague's branch");
        }
        let branch = self.chance.one(&own)?;
        if !self.merge(at, branch) {
            return None;
        }
        if self.chance.percent(60) {
            self.branches[at].retain(|other| other != branch);
        }
        Some("merge a branch")
    }

    fn pushed(&self, at: usize) -> Vec<String> {
        let arguments = ["for-each-ref", "--format=%(refname:short)", "refs/remotes/origin"];
        let list = self.people[at].git(&arguments).ok();
        list.lines().filter(|name| name.contains('-')).map(str::to_owned).collect()
    }

    pub fn pull_and_push(&mut self, at: usize) -> Option<&'static str> {
        self.people[at].git(&["fetch", "--quiet", "origin"]).ok();
        self.join(at, "origin/main");
        self.people[at].git(&["push", "--quiet", "origin", "main"]).ok();
        Some("pull and push")
    }

    fn rebase_and_push(&mut self, at: usize) -> Option<&'static str> {
        self.people[at].git(&["fetch", "--quiet", "origin"]).ok();
        if !self.rebase(at) {
            return None;
        }
        self.people[at].git(&["push", "--quiet", "origin", "main"]).ok();
        Some("pull with rebase, and push")
    }

    fn pick_commit(&mut self, at: usize) -> Option<&'static str> {
        let mut sources = self.branches[at].clone();
        sources.extend(self.pushed(at));
        sources.push("origin/main".to_owned());
        let source = self.chance.one(&sources)?;
        let range = format!("HEAD..{source}");
        let list = self.people[at].git(&["rev-list", "--no-merges", "--max-count=20", &range]).ok();
        let commits: Vec<_> = list.lines().collect();
        let commit = self.chance.one(&commits)?;
        let names = |tree: Tree| tree.into_keys().collect::<Vec<_>>();
        if names(self.tree(at, commit)) != names(self.tree(at, &format!("{commit}^"))) {
            return None;
        }
        self.pick(at, commit);
        Some("pick a commit")
    }

    /// Something else comes in between.
    fn put_aside(&mut self, at: usize) -> Option<&'static str> {
        let mut tree = self.tree(at, "HEAD");
        self.change(at, &mut tree)?;
        if self.people[at].git(&["diff", "--quiet", "--no-ext-diff"]).code == 0 {
            return None;
        }
        self.people[at].git(&["stash", "push", "--quiet"]).ok();
        self.see(at, "stash", &tree, &BTreeMap::new());
        if self.chance.percent(50) {
            self.pull_and_push(at);
        }
        self.change_and_commit(at);
        self.pop(at);
        Some("put aside and take back")
    }
}

const MOST_FILES: usize = 14;

/// Ends of names, and what files say at first.
const KINDS: [(&str, &str); 5] = [
    ("enc.yaml", YAML),
    ("env.enc", DOTENV),
    ("enc.json", JSON),
    ("enc.ini", INI),
    ("enc.bin", "some bytes\n"),
];
const YAML: &str = "# note-0\nSHARED1: one\nA: first\nB: second\nC: 3\n\nhosts:\n  - a.example\n  - b.example\ndb:\n  \
                    NA: user\n  NB: word\n  NC: \"quoted\" # note-1\n  deep:\n    DA: x\n    DB: y\nZ: last\n";
const DOTENV: &str =
    "# note-0\nSHARED1=one\nA=first\nB=second\n\n# note-1\nC=third\nD=fourth\nE=fifth\nF=sixth\nZ=last\n";
const JSON: &str = "{\n  \"SHARED1\": \"one\",\n  \"A\": \"first\",\n  \"B\": true,\n  \"C\": 3,\n  \"hosts\": [\n    \"a\",\n    \
                    \"b\"\n  ],\n  \"db\": {\n    \"NA\": \"user\",\n    \"NB\": \"word\"\n  },\n  \"Z\": \"last\"\n}\n";
const INI: &str =
    "; note-0\n[one]\nA = first\nB = second\n\n[db]\n; note-1\nNA = user\nNB = word\nNZ = last\n";
