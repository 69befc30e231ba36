//! Two hundred commits by eight people, beside a model that remembers at each step who could read what: from the
//! operations alone, never from files or from the ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::story::{PEOPLE, Story, TELLING};

const COMMITS: usize = 200;

/// What stands in a file: who can open it, and its values. `id` is another for every text it ever had.
#[derive(Clone, Debug)]
pub struct File {
    pub id: usize,
    pub groups: Vec<BTreeSet<usize>>,
    pub threshold: usize,
    pub values: BTreeMap<String, String>,
}

impl File {
    fn opens_with(&self, keys: &BTreeSet<usize>) -> bool {
        let opened = self.groups.iter().filter(|group| !group.is_disjoint(keys)).count();
        opened >= if self.groups.len() == 1 { 1 } else { self.threshold }
    }

    fn holds(&self, who: usize) -> bool {
        self.groups.iter().any(|group| group.contains(&who))
    }
}

pub type Tree = BTreeMap<String, File>;

/// That a text stood somewhere since a commit.
#[derive(Clone)]
pub struct Stood {
    pub path: String,
    pub file: File,
    /// When, and in which commit; none where a merge only passed it on.
    pub commit: Option<(usize, String)>,
}

impl Story {
    /// File, name, person, why, since when, and whether only together with others.
    fn exposed(&self) -> BTreeSet<(String, String, String, &'static str, String, bool)> {
        let current = &self.branches[&self.branch];
        let mut exposed = BTreeSet::new();
        for (path, file) in current {
            for who in (0..PEOPLE).filter(|who| !file.holds(*who)) {
                let gone: BTreeSet<usize> = (0..PEOPLE).filter(|other| !file.holds(*other)).collect();
                // What they could read: alone or not, and since when.
                let read: Vec<(bool, &Stood)> = self
                    .stood
                    .iter()
                    .filter(|stood| stood.file.holds(who) && self.was_left(stood, who))
                    .filter_map(|stood| {
                        let alone = stood.file.opens_with(&BTreeSet::from([who]));
                        (alone || stood.file.opens_with(&gone)).then_some((alone, stood))
                    })
                    .collect();
                for (name, value) in &file.values {
                    let same_name = |(_, stood): &&(bool, &Stood)| stood.file.values.get(name) == Some(value);
                    let same_value = |(_, stood): &&(bool, &Stood)| {
                        TELLING.contains(&value.as_str())
                            && stood.file.values.values().any(|other| other == value)
                    };
                    let first = |hits: Vec<&(bool, &Stood)>| {
                        let rank = |(alone, stood): &&(bool, &Stood)| (!*alone, self.first(stood));
                        hits.into_iter().map(|hit| (rank(&hit), hit.0)).min()
                    };
                    let named = first(read.iter().filter(same_name).collect()).map(|hit| ("same-name", hit));
                    let valued = first(read.iter().filter(same_value).collect());
                    let hit = named.or_else(|| valued.map(|hit| ("same-value", hit)));
                    if let Some((why, ((_, (_, commit)), alone))) = hit {
                        let person = self.team.people[who].name.clone();
                        exposed.insert((path.clone(), name.clone(), person, why, commit, !alone));
                    }
                }
            }
        }
        exposed
    }

    /// Not what they can still read where it stands: the same text, under the same name, in whatever folder.
    fn was_left(&self, stood: &Stood, who: usize) -> bool {
        let current = &self.branches[&self.branch];
        self.twins(stood).any(|twin| !current.get(&twin.path).is_some_and(|file| file.holds(who)))
    }

    fn twins<'a>(&'a self, stood: &'a Stood) -> impl Iterator<Item = &'a Stood> {
        let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        self.stood
            .iter()
            .filter(move |other| other.file.id == stood.file.id && name(&other.path) == name(&stood.path))
    }

    fn first(&self, stood: &Stood) -> (usize, String) {
        self.twins(stood).filter_map(|twin| twin.commit.clone()).min().unwrap()
    }

    /// File, name, the commits that held one value there for `who`, and whether it is in use.
    fn readable(&self, who: usize) -> BTreeSet<(String, String, Vec<String>, bool)> {
        let current = &self.branches[&self.branch];
        let mut found: BTreeMap<(String, String, String), Vec<(usize, String)>> = BTreeMap::new();
        for stood in self.stood.iter().filter(|stood| stood.file.holds(who)) {
            for (name, value) in &stood.file.values {
                let key = (stood.path.clone(), name.clone(), value.clone());
                found.entry(key).or_default().extend(stood.commit.clone());
            }
        }
        let row = |((path, name, value), mut commits): ((String, String, String), Vec<(usize, String)>)| {
            commits.sort();
            let in_use = current.get(&path).is_some_and(|file| file.values.get(&name) == Some(&value));
            (path, name, commits.into_iter().map(|(_, commit)| commit).collect(), in_use)
        };
        found.into_iter().map(row).collect()
    }

    fn compare(&self) {
        let rows = self.team.scene.run(["offboard", "--status", "--json"]).ok().stderr("").json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let row = |row: &Value| {
            let why = ["same-name", "same-value", "not-compared"];
            let why = why.into_iter().find(|why| row["why"] == *why).unwrap();
            (
                text(&row["file"]),
                text(&row["name"]),
                text(&row["person"]["name"]),
                why,
                text(&row["since"]["commit"]),
                !row["together"].is_null(),
            )
        };
        let said: BTreeSet<_> = rows.as_array().unwrap().iter().map(row).collect();
        assert_eq!(said.len(), rows.as_array().unwrap().len(), "a row stands twice");
        assert_eq!(
            difference(&said, &self.exposed()),
            (vec![], vec![]),
            "after {} commits",
            self.team.commits
        );
        for (who, person) in self.team.people.iter().enumerate() {
            let expected = self.readable(who);
            if expected.is_empty() {
                continue;
            }
            let rows = self.team.scene.run(["access", "--json", "--by", &person.name]).ok().stderr("").json();
            let mut said = BTreeSet::new();
            for file in rows.as_array().unwrap() {
                for value in file["values"].as_array().unwrap() {
                    let commits = value["versions"].as_array().unwrap().iter();
                    let commits = commits.flat_map(|version| version["commits"].as_array().unwrap());
                    let mut commits: Vec<_> =
                        commits.map(|commit| (text(&commit["time"]), text(&commit["commit"]))).collect();
                    commits.sort();
                    commits.dedup();
                    let commits = commits.into_iter().map(|(_, commit)| commit).collect();
                    let in_use = value["in_use"].as_bool().unwrap();
                    said.insert((text(&file["file"]), text(&value["name"]), commits, in_use));
                }
            }
            assert_eq!(
                difference(&said, &expected),
                (vec![], vec![]),
                "{} after {} commits",
                person.name,
                self.team.commits
            );
        }
    }
}

/// What only one of them has.
fn difference<'a, T: Ord>(one: &'a BTreeSet<T>, two: &'a BTreeSet<T>) -> (Vec<&'a T>, Vec<&'a T>) {
    (one.difference(two).collect(), two.difference(one).collect())
}

#[test]
fn the_ledger_of_200_commits_by_8_people_is_what_a_model_computes() {
    // Another story: EXPOSURE_SEED=7 cargo test --test exposure model
    let seed = std::env::var("EXPOSURE_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut story = Story::new(seed.unwrap_or(0x5eed_1234_9876));
    let mut compared = 0;
    while story.team.commits < COMMITS {
        story.step();
        if story.team.commits / 50 > compared {
            compared = story.team.commits / 50;
            story.compare();
        }
    }
    story.compare();
    let exposed = story.exposed();
    for (what, count) in [
        ("under their name", exposed.iter().filter(|row| row.3 == "same-name" && !row.5).count()),
        ("under another name", exposed.iter().filter(|row| row.3 == "same-value").count()),
        ("together", exposed.iter().filter(|row| row.5).count()),
        ("at all", story.stood.len()),
    ] {
        eprintln!("note: {count} {what}");
        assert!(count > 0, "nothing {what}: the story is too tame");
    }
}
