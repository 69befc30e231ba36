//! The end: everybody has everything, and it is what the model says, in lacre and in the real sops.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Team;
use super::model::{State, leaves};
use super::person::{PEOPLE, identity};

impl Team {
    /// Brings all work together.
    pub fn finish(&mut self) {
        for at in 0..self.people.len() {
            for branch in std::mem::take(&mut self.branches[at]) {
                self.join(at, &branch);
            }
            self.pull_and_push(at);
        }
        for at in 0..self.people.len() {
            self.people[at].git(&["fetch", "--quiet", "origin"]).ok();
            self.join(at, "origin/main");
        }
        let ends: Vec<_> = (0..self.people.len()).map(|at| self.commit_id(at, "HEAD")).collect();
        assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    }

    /// Every file says in every clone what the model says, and opens for exactly those who may.
    pub fn look_at_everything(&self, sops: Option<&Path>) {
        let tree = self.tree(0, "HEAD");
        for (name, version) in &tree {
            let known = &self.known[version.blob.as_ref().unwrap()];
            let texts: Vec<_> =
                self.people.iter().map(|person| fs::read(person.clone.join(name)).unwrap()).collect();
            assert!(texts.iter().all(|text| *text == texts[0]), "{name} differs");
            for (who, _) in PEOPLE {
                let file = self.scratch(who);
                fs::write(&file, identity(who)).unwrap();
                let may = version.state.people.contains(who);
                assert_eq!(self.reader.opens(&file, name, texts[0].clone()), may, "{who} and {name}");
                // It does not know post-quantum recipients.
                if let Some(sops) = sops.filter(|_| who != "ci") {
                    let text = sops_opens(sops, &file, &self.people[0].clone.join(name), &version.state);
                    assert_eq!(text.is_some(), may, "{who} and {name} in sops");
                    if let Some(text) = text {
                        assert_eq!(leaves(&text), version.state.leaves, "{name} in sops");
                    }
                }
            }
            for person in self.people.iter().filter(|person| version.state.people.contains(person.name)) {
                assert_eq!(person.lacre(&["decrypt", name]).ok().as_bytes(), &known.plain[..]);
            }
        }
        for person in &self.people {
            person.lacre(&["check"]).ok();
            assert_eq!(person.git(&["status", "--porcelain"]).ok(), "");
        }
    }
}

fn sops_opens(sops: &Path, identity: &Path, file: &Path, state: &State) -> Option<Vec<u8>> {
    let kind = state.kind.name();
    let output = Command::new(sops)
        .args(["decrypt", "--input-type", if kind == "binary" { "json" } else { kind }])
        .args(["--output-type", "json"])
        .arg(file)
        .env_clear()
        .env("SOPS_AGE_KEY_FILE", identity)
        .output()
        .unwrap();
    output.status.success().then_some(output.stdout)
}
