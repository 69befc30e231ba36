//! Several key groups with age, PGP and transit keys in them: the data key is shared out, and who has enough of the
//! groups opens the file, here as there.

use lacre::base::Path;
use lacre::envelope::{Plain, Sealed};
use lacre::keys::new_identity::NewKind;

use super::bench::{Bench, Run, format_of, identity, leaves, text};
use super::peers::{Bao, Gpg, Variables};

/// A file of each format with the values A and B, and the same after B was set to `new`.
const FILES: [(&str, &str, &str); 3] = [
    ("g.yaml", "A: one # keep\nB: two\n", "A: one # keep\nB: new\n"),
    ("g.json", "{\"A\": \"one\", \"B\": \"two\"}", "{\"A\": \"one\", \"B\": \"new\"}"),
    ("g.env", "A=one\nB=two\n", "A=one\nB=new\n"),
];

/// Everybody: who they are is said by the variables of a run.
struct Team {
    bench: Bench,
    gpg: Gpg,
    /// A keyring without keys.
    nobody: Gpg,
    bao: Bao,
    key: String,
}

impl Team {
    fn new() -> Option<Self> {
        let (bench, gpg, nobody, bao) = (Bench::new()?, Gpg::new()?, Gpg::new()?, Bao::new()?);
        let (key, _) = gpg.key("alice", "");
        Some(Self { bench, gpg, nobody, bao, key })
    }

    /// One group each for age, PGP and transit.
    fn rule(&self, threshold: &str) {
        let (age, pgp, uri) = (&self.bench.recipient, &self.key, self.bao.uri("transit", "app"));
        self.bench.write(
            ".sops.yaml",
            format!(
                "creation_rules:\n  - key_groups:\n      - age: [{age}]\n      - pgp: [{pgp}]\n      - hc_vault: ['{uri}']\n{threshold}"
            ),
        );
    }

    /// The variables of somebody who has these keys.
    fn who(&self, has: &[&str]) -> Variables {
        let mut variables = if has.contains(&"pgp") { self.gpg.variables() } else { self.nobody.variables() };
        if has.contains(&"age") {
            variables.push(("SOPS_AGE_KEY_FILE", self.bench.path("keys.txt").into()));
        }
        if has.contains(&"transit") {
            variables.extend(self.bao.variables());
        }
        variables
    }

    /// The file encrypted by us and by sops.
    fn sealed(&self, name: &str, plain: &str) -> [(&'static str, Vec<u8>); 2] {
        self.bench.write(name, plain);
        let all = || self.who(&["age", "pgp", "transit"]);
        let ours = self.bench.lacre_with(["encrypt", name, "-o", "-"], all()).ok();
        let theirs = self.bench.sops_with(["encrypt", name], all()).ok();
        [("we", ours), ("sops", theirs)]
    }

    /// How both end when somebody with these keys decrypts the file: we, then sops.
    fn decrypt(&self, name: &str, has: &[&str]) -> [Run; 2] {
        let ours = self.bench.lacre_with(["decrypt", name], self.who(has));
        [ours, self.bench.sops_with(["decrypt", name], self.who(has))]
    }

    #[track_caller]
    fn opens(&self, name: &str, plain: &str, has: &[&str]) {
        for run in self.decrypt(name, has) {
            assert_eq!(values(name, &run.ok()), values(name, plain.as_bytes()), "{name} {has:?}");
        }
    }

    #[track_caller]
    fn stays_shut(&self, name: &str, has: &[&str], groups: &str) {
        let [ours, theirs] = self.decrypt(name, has);
        assert_eq!(theirs.code, 128, "{name} {has:?}: {}", theirs.err);
        let said = ours.fails(4);
        assert!(said.starts_with(&format!("error: cannot open `{name}`: {groups}\n")), "{said}");
    }
}

fn values(name: &str, plain: &[u8]) -> Vec<(Path, &'static str, String)> {
    leaves(&Plain::parse(plain.to_vec(), format_of(name)).unwrap())
}

const PAIRS: [[&str; 2]; 3] = [["age", "pgp"], ["age", "transit"], ["pgp", "transit"]];

#[test]
fn two_of_three_groups_open_a_file_and_one_does_not() {
    let Some(team) = Team::new() else { return };
    team.rule("    shamir_threshold: 2\n");
    for (name, plain, _) in FILES {
        for (who, sealed) in team.sealed(name, plain) {
            assert!(text(&sealed).contains("key_groups"), "{who} wrote\n{}", text(&sealed));
            team.bench.write(name, sealed);
            for pair in PAIRS {
                team.opens(name, plain, &pair);
            }
            for one in ["age", "pgp", "transit"] {
                team.stays_shut(name, &[one], "1 of the 2 key groups that it needs open");
            }
            team.stays_shut(name, &[], "0 of the 2 key groups that it needs open");
        }
    }
}

#[test]
fn without_a_threshold_in_the_rule_all_groups_are_needed() {
    let Some(team) = Team::new() else { return };
    team.rule("");
    for (name, plain, _) in FILES {
        for (who, sealed) in team.sealed(name, plain) {
            let threshold =
                text(&sealed).lines().find(|line| line.contains("shamir_threshold")).map(str::to_owned);
            assert!(threshold.as_ref().is_some_and(|line| line.contains('3')), "{who}: {threshold:?}");
            team.bench.write(name, sealed);
            team.opens(name, plain, &["age", "pgp", "transit"]);
            for pair in PAIRS {
                team.stays_shut(name, &pair, "2 of the 3 key groups that it needs open");
            }
        }
    }
}

#[test]
fn a_file_that_lost_its_threshold_opens_with_what_there_is() {
    let Some(team) = Team::new() else { return };
    team.rule("    shamir_threshold: 2\n");
    for (name, plain, _) in FILES {
        for (who, sealed) in team.sealed(name, plain) {
            if who == "we" {
                // The seal would notice.
                continue;
            }
            let sealed = text(&sealed);
            let lines = sealed.lines().filter(|line| !line.contains("shamir_threshold"));
            team.bench.write(name, lines.map(|line| format!("{line}\n")).collect::<String>());
            for pair in PAIRS {
                team.opens(name, plain, &pair);
            }
            // One share alone is never taken for the key.
            team.bench.lacre_with(["decrypt", name], team.who(&["pgp"])).fails(4);
        }
    }
}

#[test]
fn a_file_with_groups_is_edited_in_turns() {
    let Some(team) = Team::new() else { return };
    team.rule("    shamir_threshold: 2\n");
    for (name, plain, changed) in FILES {
        for (who, sealed) in team.sealed(name, plain) {
            team.bench.write(name, &sealed);
            team.bench.lacre_with(["set", name, "B", "new"], team.who(&["age", "transit"])).ok();
            let shares = |sealed: &[u8]| -> Vec<String> {
                let sealed = Sealed::parse(sealed.to_vec(), format_of(name)).unwrap();
                sealed.metadata().keys().map(|key| key.enc.clone()).collect()
            };
            let edited = team.bench.read(name);
            assert_eq!(shares(&edited), shares(&sealed), "{who} {name}");
            team.opens(name, changed, &["age", "pgp"]);
            team.bench.sops_with(["set", name, "[\"B\"]", "\"two\""], team.who(&["pgp", "transit"])).ok();
            team.opens(name, plain, &["pgp", "transit"]);
            team.bench.lacre_with(["set", name, "B", "new"], team.who(&["age", "pgp"])).ok();
            team.opens(name, changed, &["age", "transit"]);
        }
    }
}

#[test]
fn any_member_opens_its_group() {
    let Some(team) = Team::new() else { return };
    let other = identity(NewKind::X25519, 9);
    team.bench.write("other.txt", other.text.expose());
    let (age, pgp, uri) = (&team.bench.recipient, &team.key, team.bao.uri("transit", "app"));
    team.bench.write(
        ".sops.yaml",
        format!(
            "creation_rules:\n  - key_groups:\n      - age: [{age}]\n        pgp: [{pgp}]\n      - age: ['{}']\n        hc_vault: ['{uri}']\n",
            other.recipient
        ),
    );
    for (name, plain, _) in FILES {
        for (_, sealed) in team.sealed(name, plain) {
            team.bench.write(name, sealed);
            for pair in [["age", "transit"], ["pgp", "transit"]] {
                team.opens(name, plain, &pair);
            }
            // Both in the first group: that is one group.
            team.stays_shut(name, &["age", "pgp"], "1 of the 2 key groups that it needs open");
            let mut variables = team.who(&["pgp"]);
            variables.push(("SOPS_AGE_KEY_FILE", team.bench.path("other.txt").into()));
            let opened = team.bench.lacre_with(["decrypt", name], variables).ok();
            assert_eq!(values(name, &opened), values(name, plain.as_bytes()));
        }
    }
}
