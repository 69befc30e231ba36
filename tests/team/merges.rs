//! What git merges, and what the model says of it: merge, rebase, cherry-pick, stash.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value as Json;

use super::Team;
use super::model::{self, Conflict, Merger, Outcome, Path, Renames, State, Three, Tree, Version};
use super::person::Ran;

impl Team {
    pub fn commit_id(&self, at: usize, name: &str) -> String {
        self.people[at].git(&["rev-parse", "--verify", "--quiet", name]).ok().trim().to_owned()
    }

    /// What merging must give; `None` where the model does not reach: more than two bases, or two that conflict.
    fn judge(&self, at: usize, ours: &str, theirs: &str) -> Option<Outcome> {
        let bases = self.people[at].git(&["merge-base", "--all", ours, theirs]).ok();
        let bases: Vec<_> = bases.lines().collect();
        match bases[..] {
            [base] => Some(self.judge_from(at, base, ours, theirs)),
            [one, two] => {
                let virtual_base = self.judge(at, one, two)?;
                let sides = [self.tree(at, ours), self.tree(at, theirs)];
                let named = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
                let is_simple = virtual_base.conflicts.is_empty()
                    && sides.iter().all(|side| named(side) == named(&virtual_base.tree));
                let none = [Renames::new(), Renames::new()];
                is_simple.then(|| self.merged_as(at, &virtual_base.tree, [&sides[0], &sides[1]], &none))
            }
            _ => None,
        }
    }

    /// With a base that is known.
    fn judge_from(&self, at: usize, base: &str, ours: &str, theirs: &str) -> Outcome {
        let [base_tree, our_tree, their_tree] = [base, ours, theirs].map(|commit| self.tree(at, commit));
        let renames = [(ours, &our_tree), (theirs, &their_tree)].map(|(commit, tree)| {
            let all_there = base_tree.keys().all(|name| tree.contains_key(name));
            if all_there { Renames::new() } else { self.renames(at, base, commit) }
        });
        self.merged_as(at, &base_tree, [&our_tree, &their_tree], &renames)
    }

    fn merged_as(&self, at: usize, base: &Tree, sides: [&Tree; 2], renames: &[Renames; 2]) -> Outcome {
        let key = |version: &Version| version.blob.as_ref().map(|blob| &self.known[blob].key);
        let share_key = |one: &Version, two: &Version| key(one).is_some() && key(one) == key(two);
        model::merge(base, sides, renames, Merger { name: self.people[at].name, share_key: &share_key })
    }

    fn renames(&self, at: usize, from: &str, to: &str) -> Renames {
        let arguments = ["diff", "--name-status", "-z", "--find-renames", "--diff-filter=R", "--no-textconv"];
        let list = self.people[at].git(&[&arguments[..], &[from, to]].concat()).ok();
        let words: Vec<_> = list.split_terminator('\0').collect();
        words.chunks(3).map(|words| (words[1].to_owned(), words[2].to_owned())).collect()
    }

    /// Merges `theirs` into what is checked out; whether it could be done.
    pub fn merge(&mut self, at: usize, theirs: &str) -> bool {
        let Some(mut outcome) = self.judge(at, "HEAD", theirs) else { return false };
        let ran = self.people[at].git(&["merge", "--quiet", "--no-edit", theirs]);
        if self.settle(at, &mut outcome, &ran) {
            self.people[at].git(&["commit", "--quiet", "--no-edit", "--no-verify"]).ok();
        }
        self.see(at, "HEAD", &outcome.tree, &outcome.merged);
        true
    }

    /// The same of a line of work that must be brought together, whatever the model reaches: git can take ours as it is.
    pub fn join(&mut self, at: usize, theirs: &str) {
        if !self.merge(at, theirs) {
            let tree = self.tree(at, "HEAD");
            self.people[at].git(&["merge", "--quiet", "--no-edit", "--strategy=ours", theirs]).ok();
            self.see(at, "HEAD", &tree, &BTreeMap::new());
            self.tally.crossed += 1;
        }
    }

    /// Takes over one commit.
    pub fn pick(&mut self, at: usize, commit: &str) {
        let mut outcome = self.judge_from(at, &format!("{commit}^"), "HEAD", commit);
        let ran = self.people[at].git(&["cherry-pick", "--keep-redundant-commits", commit]);
        if self.settle(at, &mut outcome, &ran) {
            let arguments = ["commit", "--quiet", "--no-edit", "--allow-empty", "--no-verify"];
            self.people[at].git(&arguments).ok();
        }
        self.see(at, "HEAD", &outcome.tree, &outcome.merged);
    }

    /// Takes back what was put aside.
    pub fn pop(&mut self, at: usize) {
        let mut outcome = self.judge_from(at, "stash^1", "HEAD", "stash");
        let ran = self.people[at].git(&["stash", "pop", "--quiet"]);
        if self.settle(at, &mut outcome, &ran) {
            self.people[at].git(&["stash", "drop", "--quiet"]).ok();
        }
        self.commit(at, &outcome.tree, &outcome.merged);
    }

    /// `git pull --rebase`, of commits that have one parent each; whether that could be done.
    pub fn rebase(&mut self, at: usize) -> bool {
        let list = |team: &Self, arguments: &[&str]| -> Vec<String> {
            let list = team.people[at].git(&[&["rev-list"], arguments].concat()).ok();
            list.lines().map(str::to_owned).collect()
        };
        if !list(self, &["--merges", "origin/main..HEAD"]).is_empty() {
            return false;
        }
        let replayed = ["--reverse", "--cherry-pick", "--right-only", "origin/main...HEAD"];
        let commits = list(self, &replayed);
        let mut done = self.commit_id(at, "origin/main");
        let mut ran = self.people[at].git(&["pull", "--quiet", "--rebase"]);
        for commit in commits {
            let mut outcome = self.judge_from(at, &format!("{commit}^"), &done, &commit);
            let stopped = self.is_rebasing(at) && self.commit_id(at, "REBASE_HEAD") == commit;
            if stopped {
                assert!(self.settle(at, &mut outcome, &ran), "stopped without a conflict: {}", ran.talk);
                ran = self.people[at].git(&["rebase", "--continue"]);
            } else {
                let missed: Vec<_> = outcome.conflicts.keys().collect();
                assert!(missed.is_empty(), "merged in spite of a conflict in {missed:?}");
                self.count(&outcome, 0);
            }
            // A commit that changes nothing any more is left out.
            if let Some(next) = self.replayed(at, &done, &commit) {
                self.see(at, &next, &outcome.tree, &outcome.merged);
                done = next;
            } else {
                let before = self.tree(at, &done);
                assert_eq!(states(&before), states(&outcome.tree), "{commit} was left out");
            }
        }
        assert!(ran.code == 0 && !self.is_rebasing(at), "{}{}", ran.out, ran.talk);
        let tree = |commit: &str| self.commit_id(at, &format!("{commit}^{{tree}}"));
        assert_eq!(tree("HEAD"), tree(&done), "more was replayed");
        true
    }

    fn is_rebasing(&self, at: usize) -> bool {
        self.people[at].clone.join(".git/rebase-merge").exists()
    }

    /// What became of a commit, told by its subject: the next one, unless it was left out. Those that never changed
    /// anything come along uncounted.
    fn replayed(&self, at: usize, done: &str, commit: &str) -> Option<String> {
        let tree = self.commit_id(at, &format!("{done}^{{tree}}"));
        let subject = self.people[at].git(&["log", "-1", "--format=%s", commit]).ok();
        let log =
            self.people[at].git(&["log", "--reverse", "--format=%H %T %s", &format!("{done}..HEAD")]).ok();
        let mut lines = log.lines().map(|line| line.splitn(3, ' ').collect::<Vec<_>>());
        let next = lines.find(|next| next[2] == subject.trim_end() || next[1] != tree)?;
        (next[2] == subject.trim_end()).then(|| next[0].to_owned())
    }

    /// The conflicts are those of the model, and are settled; whether there were any.
    fn settle(&mut self, at: usize, outcome: &mut Outcome, ran: &Ran) -> bool {
        let list = self.people[at].git(&["ls-files", "--unmerged", "-z"]).ok();
        let entries = list.split_terminator('\0').map(|entry| entry.split_once('\t').unwrap().1.to_owned());
        let unmerged: BTreeSet<String> = entries.collect();
        let expected: BTreeSet<String> = outcome.conflicts.keys().cloned().collect();
        assert_eq!(unmerged, expected, "conflicts\n{}{}\n{:?}", ran.out, ran.talk, outcome.conflicts);
        assert_eq!(ran.code != 0, !expected.is_empty(), "{}{}", ran.out, ran.talk);
        self.count(outcome, unmerged.len());
        for (name, (conflict, three)) in outcome.conflicts.clone() {
            if let Conflict::Leaves(paths) = &conflict {
                let expected: Vec<_> = paths.iter().map(|path| path.join(".")).collect();
                assert_eq!(named(&ran.talk, &name), expected, "{}", ran.talk);
                let refused = self.people[at].lacre(&["decrypt", &name]);
                assert_eq!((refused.code, &*refused.out), (1, ""), "{}", refused.talk);
            }
            self.settle_file(at, &name, &conflict, three.as_ref(), &mut outcome.tree);
        }
        !expected.is_empty()
    }

    fn count(&mut self, outcome: &Outcome, unmerged: usize) {
        let of =
            |wanted: fn(&Conflict) -> bool| outcome.conflicts.values().filter(|(one, _)| wanted(one)).count();
        let closed = of(|conflict| *conflict == Conflict::Closed);
        let gone = of(|conflict| *conflict == Conflict::Gone);
        self.tally.joins += 1;
        self.tally.merges += outcome.merged.len();
        let is_new = |three: &&Three| *three.base.state == State::nothing(three.base.state.kind);
        self.tally.made_by_both += outcome.merged.values().filter(is_new).count();
        self.tally.true_conflicts += outcome.conflicts.len() - closed - gone;
        self.tally.conflicts += unmerged - closed - gone;
        self.tally.closed += closed;
        self.tally.gone += gone;
        for (name, three) in &outcome.merged {
            self.merged.push((three.clone(), outcome.conflicts.contains_key(name)));
        }
    }

    fn settle_file(
        &mut self,
        at: usize,
        name: &str,
        conflict: &Conflict,
        three: Option<&Three>,
        tree: &mut Tree,
    ) {
        match (conflict, three) {
            (Conflict::Leaves(paths), Some(three)) => {
                let version = self.resolve(at, name, paths, three, &tree[name]);
                tree.insert(name.to_owned(), version);
            }
            (Conflict::People, Some(three)) => {
                let sides = [("--ours", &three.ours), ("--theirs", &three.theirs)];
                let (flag, side) = sides[usize::from(self.chance.percent(50))];
                self.people[at].lacre(&["resolve", name, flag]).ok();
                self.people[at].git(&["add", name]).ok();
                let mut state = State::clone(&tree[name].state);
                state.leaves.extend(side.state.leaves.clone());
                state.people.clone_from(&side.state.people);
                tree.insert(name.to_owned(), Version { blob: None, state: Rc::new(state) });
            }
            // Nobody here can say what came of it, so one side goes.
            (Conflict::Closed, Some(three)) => {
                let (side, version) = if self.chance.percent(50) {
                    ("--ours", &three.ours)
                } else {
                    ("--theirs", &three.theirs)
                };
                let before = self.people[at].git(&["hash-object", name]).ok();
                assert_eq!(Some(before.trim_end()), three.ours.blob.as_deref(), "{name} was touched");
                assert_ne!(self.people[at].lacre(&["resolve", name, side]).code, 0, "{name} was resolved");
                self.people[at].git(&["checkout", side, "--", name]).ok();
                self.people[at].git(&["add", name]).ok();
                tree.insert(name.to_owned(), version.clone());
            }
            _ => {
                self.people[at].git(&["rm", "--quiet", name]).ok();
                tree.remove(name);
            }
        }
    }

    /// Settles the values one by one, each for a side, or all of them.
    fn resolve(&mut self, at: usize, name: &str, paths: &[Path], three: &Three, merged: &Version) -> Version {
        let person = &self.people[at];
        let list: Json = serde_json::from_str(&person.lacre(&["resolve", name, "--json"]).ok()).unwrap();
        let listed: Vec<_> =
            list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(listed, paths.iter().map(|path| path.join(".")).collect::<Vec<_>>());
        let mut state = State::clone(&merged.state);
        let way = self.chance.below(4);
        let whole =
            if self.chance.percent(50) { ("--ours", &three.ours) } else { ("--theirs", &three.theirs) };
        for path in paths {
            let each =
                if self.chance.percent(50) { ("--ours", &three.ours) } else { ("--theirs", &three.theirs) };
            let (flag, side) = match way {
                0 => whole,
                1 => ("--edit", &three.ours),
                _ => each,
            };
            match side.state.leaves.get(path) {
                Some(value) => drop(state.leaves.insert(path.clone(), value.clone())),
                None => drop(state.leaves.remove(path)),
            }
            if way > 1 {
                person.lacre(&["resolve", name, &path.join("."), flag]).ok();
            }
        }
        match way {
            0 => drop(person.lacre(&["resolve", name, whole.0]).ok()),
            1 => drop(person.lacre_with(&["resolve", name, "--edit"], &[("SOPS_EDITOR", KEEP_OURS)]).ok()),
            _ => {}
        }
        person.git(&["add", name]).ok();
        Version { blob: None, state: Rc::new(state) }
    }
}

/// An editor that keeps what stands before the middle of a conflict.
const KEEP_OURS: &str = "sed -i -e '/^=======$/,/^>>>>>>>/d' -e '/^<<<<<<</d'";

/// The values of `name` that lacre told of as conflicts.
fn named(talk: &str, name: &str) -> Vec<String> {
    let start = format!("error: `{name}`: both sides changed ");
    let names = talk.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default();
    names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
}

fn states(tree: &Tree) -> BTreeMap<&String, &model::State> {
    tree.iter().map(|(name, version)| (name, &*version.state)).collect()
}
