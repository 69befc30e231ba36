//! `lacre log` against a model: 300 commits of random changes, with what each of them was written down as it was made.

use std::collections::BTreeMap;
use std::process::Command;

use crate::log::{commit, git_in, lacre};
use crate::support::{ALICE, BOB, CI, Scene};

/// What one commit really changed.
#[derive(Debug, Default, PartialEq)]
struct Told {
    /// `NAME change`, sorted.
    values: Vec<String>,
    joins: Vec<String>,
    leaves: Vec<String>,
    rekeyed: bool,
    renamed: bool,
}

/// The file as it should be.
struct Model {
    file: String,
    values: BTreeMap<String, String>,
    people: Vec<&'static str>,
    chance: u64,
}

impl Model {
    fn below(&mut self, end: u64) -> u64 {
        // xorshift: the same story in every run.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % end
    }

    fn name(&mut self) -> String {
        format!("V{}", self.below(6))
    }

    fn set(&mut self, scene: &Scene, told: &mut Told) {
        let (name, value) = (self.name(), format!("value {}", self.below(4)));
        lacre(scene, &["set", &self.file, &name, &value]);
        match self.values.insert(name.clone(), value.clone()) {
            None => told.values.push(format!("{name} added")),
            Some(old) if old != value => told.values.push(format!("{name} changed")),
            Some(_) => {}
        }
    }

    fn unset(&mut self, scene: &Scene, told: &mut Told) {
        let name = self.name();
        // One value is always there.
        if name != "V0" && self.values.remove(&name).is_some() {
            lacre(scene, &["unset", &self.file, &name]);
            told.values.push(format!("{name} removed"));
        }
    }

    fn people(&mut self, scene: &Scene, told: &mut Told) {
        let who = [BOB, CI][usize::from(self.below(2) == 0)];
        let verb = if self.people.contains(&who) {
            self.people.retain(|other| *other != who);
            told.leaves.push(who.to_owned());
            told.rekeyed = true;
            "remove"
        } else {
            self.people.push(who);
            told.joins.push(who.to_owned());
            "add"
        };
        lacre(scene, &["recipients", verb, "--file-only", "--yes", who, &self.file]);
    }

    fn rename(&mut self, scene: &Scene, told: &mut Told) {
        let new = if self.file == "one.env.enc" { "two.env.enc" } else { "one.env.enc" };
        scene.git(&["mv", &self.file, new]);
        new.clone_into(&mut self.file);
        told.renamed = true;
    }

    fn comment(&mut self, scene: &Scene) {
        let text = format!("# {}\n{}", self.below(1000), scene.text(&self.file));
        scene.write(&self.file, text);
    }
}

#[test]
fn the_log_of_300_random_commits_is_the_one_that_was_written_down() {
    let scene = Scene::repository().identity("alice").file("one.env", "V0=first\n");
    lacre(&scene, &["encrypt", "one.env", "-o", "one.env.enc", "-r", ALICE]);
    std::fs::remove_file(scene.path("one.env")).unwrap();
    commit(&scene, "0");
    let mut model = Model {
        file: "one.env.enc".to_owned(),
        values: BTreeMap::from([("V0".to_owned(), "first".to_owned())]),
        people: vec![ALICE],
        chance: 0x5eed,
    };
    let mut expected =
        vec![("0".to_owned(), Told { values: vec!["V0 added".to_owned()], ..Told::default() })];
    for number in 1..300 {
        let mut told = Told::default();
        match model.below(12) {
            0..=5 => model.set(&scene, &mut told),
            6 => model.unset(&scene, &mut told),
            7 => model.people(&scene, &mut told),
            8 => {
                lacre(&scene, &["rekey", &model.file]);
                told.rekeyed = true;
            }
            9 => {
                model.rename(&scene, &mut told);
                model.set(&scene, &mut told);
            }
            10 => model.comment(&scene),
            _ => scene.write("other", number.to_string()),
        }
        commit(&scene, &number.to_string());
        if told != Told::default() {
            expected.push((number.to_string(), told));
        }
    }
    assert!(expected.len() > 150, "{} commits changed something", expected.len());
    expected.reverse();
    let found = read(&scene, &["log", "--json", &model.file]);
    assert_eq!(found, expected);
    // One value by itself, from a clone that starts from what git sends.
    let url = format!("file://{}", scene.folder().display());
    git_in(&scene, "", &["clone", "--quiet", &url, "clone"]);
    let rows = scene.run_in("clone", &["log", "--json", &model.file, "V1"]).ok().json();
    let subjects = rows.as_array().unwrap().iter().map(|row| row["subject"].as_str().unwrap().to_owned());
    let about = |told: &Told| told.values.iter().any(|value| value.starts_with("V1 "));
    let wanted = expected.iter().filter(|(_, told)| about(told)).map(|(subject, _)| subject.clone());
    assert_eq!(subjects.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
    // And git agrees about how many commits there are.
    let count =
        Command::new("git").args(["rev-list", "--count", "HEAD"]).current_dir(scene.folder()).output();
    assert_eq!(count.unwrap().stdout, b"300\n");
}

fn read(scene: &Scene, arguments: &[&str]) -> Vec<(String, Told)> {
    let rows = scene.run_in("", arguments).ok().json();
    let rows = rows.as_array().unwrap().iter().map(|row| {
        let list = |name: &str| row[name].as_array().unwrap().clone();
        let people = |name: &str| -> Vec<String> {
            list(name).iter().map(|one| one["recipient"].as_str().unwrap().to_owned()).collect()
        };
        let value = |value: &serde_json::Value| {
            format!("{} {}", value["path"].as_str().unwrap(), value["change"].as_str().unwrap())
        };
        let told = Told {
            values: list("values").iter().map(value).collect(),
            joins: people("joins"),
            leaves: people("leaves"),
            rekeyed: row["rekeyed"].as_bool().unwrap(),
            renamed: !row["former_file"].is_null(),
        };
        assert_eq!(row["version"], "open");
        (row["subject"].as_str().unwrap().to_owned(), told)
    });
    rows.collect()
}
