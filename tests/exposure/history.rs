//! What the ledger says of histories made for it, one fact each.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::team::Team;

/// Three people, and a dotenv file that the first two can open: `ONE` and `TWO` are secrets, `FLAG` is a setting.
fn team() -> Team {
    let mut team = Team::new(3);
    rules(&team, &[0, 1]);
    team.scene.write(".env", "ONE=first-Secret-1\nTWO=second-Secret-2\nFLAG=true\n");
    team.scene.run(["encrypt", "-q", ".env"]).ok();
    std::fs::remove_file(team.scene.path(".env")).unwrap();
    team.commit("start");
    team
}

fn rules(team: &Team, who: &[usize]) {
    let line = |who: &usize| {
        let person = &team.people[*who];
        format!("      - {} # {}\n", person.recipient, person.name)
    };
    let lines: String = who.iter().map(line).collect();
    team.scene.write(".sops.yaml", format!("creation_rules:\n  - age:\n{lines}"));
}

fn status(team: &Team) -> Vec<(String, String, String, String)> {
    let rows = team.scene.run(["offboard", "--status", "--json"]).ok().json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let row = |row: &Value| {
        (text(&row["file"]), text(&row["name"]), text(&row["person"]["name"]), text(&row["why"]))
    };
    rows.as_array().unwrap().iter().map(row).collect()
}

fn row(file: &str, name: &str, person: &str, why: &str) -> (String, String, String, String) {
    (file.to_owned(), name.to_owned(), person.to_owned(), why.to_owned())
}

/// Keys and commits by names that do not change.
fn plain(team: &Team, text: &str) -> String {
    let mut text = text.to_owned();
    for person in &team.people {
        let end = &person.recipient[person.recipient.len() - 6..];
        text = text.replace(&person.recipient, &format!("[{}]", person.name)).replace(end, &person.name);
    }
    for (number, commit) in team.git(&["rev-list", "--all", "--reverse", "--date-order"]).lines().enumerate()
    {
        text = text.replace(&commit[..8], &format!("commit {}", number + 1));
    }
    text
}

#[test]
fn who_leaves_is_removed_from_every_rule_file_and_every_file_at_once() {
    let mut team = team();
    let (zero, one) = (&team.people[0].recipient, &team.people[1].recipient);
    let rules = format!("keys:\n  - &p0 {zero}\n  - &p1 {one}\ncreation_rules:\n  - age: [*p0, *p1]\n");
    team.scene.write("deep/.sops.yaml", rules);
    team.scene.write("deep/a.yaml", "key: first-Secret-1\n");
    team.scene.run(["encrypt", "-q", "-i", "deep/a.yaml"]).ok();
    team.commit("deep");
    team.git(&["branch", "old"]);
    let dry = team.scene.run(["offboard", "p1", "--dry-run"]).ok().untouched();
    let expected = "\
2 files: other recipients and a new data key
  `.env.enc`
  `deep/a.yaml`
  leaves: p1 (…p1)
the rules in `.sops.yaml`
the rules in `deep/.sops.yaml`
to rotate: 3 values in use that p1 (…p1) could read, and 1 short or common
.env.enc
  ONE  since 2026-01-01 (commit 1)
    lacre set .env.enc ONE -
  TWO  since 2026-01-01 (commit 1)
    lacre set .env.enc TWO -
  if they are secrets, short or common: FLAG
deep/a.yaml
  key  since 2026-01-01 (commit 2)
    lacre set deep/a.yaml key -
";
    assert_eq!(plain(&team, &dry.printed()), expected);
    let done = team.scene.run(["offboard", "p1", "--yes"]).ok();
    let done = done.changed([".env.enc", ".sops.yaml", "deep/.sops.yaml", "deep/a.yaml"]);
    assert!(expected.ends_with(&plain(&team, &done.printed())));
    assert_eq!(
        plain(&team, &done.stderr),
        "\
2 files: other recipients and a new data key
  `.env.enc`, `deep/a.yaml`
  leaves: p1 (…p1)
changed `.sops.yaml`
changed `deep/.sops.yaml`
rekeyed 2 files
note: other branches still carry files that they can open: `old`
note: git's history and every clone keep what they could read: only new values end that
"
    );
    for file in [".env.enc", ".sops.yaml", "deep/.sops.yaml", "deep/a.yaml"] {
        assert!(!team.scene.text(file).contains(&team.people[1].recipient), "{file}");
    }
    team.holds(&[1]);
    team.scene.run(["decrypt", "deep/a.yaml"]).fails(4);
    team.holds(&[0]);
    team.scene.run(["check", "deep/a.yaml", ".env.enc"]).ok();
    // Again: nothing to do, and the same list.
    let again = team.scene.run(["offboard", "p1", "--yes"]).ok().untouched();
    assert!(again.stderr.starts_with("nothing to do\n"), "{}", again.stderr);
    assert!(expected.ends_with(&plain(&team, &again.printed())));
}

#[test]
fn a_value_that_is_replaced_leaves_the_list_and_check_passes() {
    let mut team = team();
    team.scene.run(["check", "--no-exposed"]).ok();
    team.scene.run(["offboard", "p1", "--yes"]).ok();
    team.commit("offboard");
    let all = ["ONE", "TWO", "FLAG"].map(|name| row(".env.enc", name, "p1", "same-name"));
    assert_eq!(status(&team), all);
    let found = team.scene.run(["check", "--no-exposed", "--json"]).fails(3).json();
    let found: Vec<_> = found.as_array().unwrap().iter().filter(|row| row["code"] == "exposed").collect();
    let message = format!(
        "could be read by who is no recipient any more: p1 (…{})",
        &team.people[1].recipient[team.people[1].recipient.len() - 6..]
    );
    let rows: Vec<_> = [("ONE", 1, "error"), ("TWO", 2, "error"), ("FLAG", 3, "warning")]
        .iter()
        .map(|(name, line, severity)| {
            json!({"file": ".env.enc", "line": line, "name": name, "code": "exposed",
                "severity": severity, "message": message})
        })
        .collect();
    assert_eq!(json!(found), json!(rows));
    team.scene.run(["set", "-q", ".env.enc", "ONE", "third-Secret-3"]).ok();
    assert_eq!(status(&team), all[1..]);
    team.scene.run(["set", "-q", ".env.enc", "TWO", "fourth-Secret-4"]).ok();
    team.scene.run(["check", "--no-exposed"]).ok();
    team.scene.run(["check", "--no-exposed", "--strict"]).fails(3);
    team.commit("rotated");
    team.scene.run(["set", "-q", ".env.enc", "FLAG", "false"]).ok();
    assert_eq!(status(&team), []);
    let said = team.scene.run(["offboard", "--status"]).ok().stdout("");
    assert_eq!(said.stderr, "no value that somebody who left could read is in use\n");
    // An old value comes back under another name.
    team.scene.run(["set", "-q", ".env.enc", "THREE", "first-Secret-1"]).ok();
    assert_eq!(status(&team), [row(".env.enc", "THREE", "p1", "same-value")]);
}

#[test]
fn without_the_key_of_the_old_versions_a_value_counts_as_exposed() {
    let mut team = team();
    rules(&team, &[2]);
    // Who comes later opens nothing of what was before.
    team.scene.run(["recipients", "sync", "-q", "--yes", "--rekey", ".env.enc"]).ok();
    team.scene.run(["set", "-q", ".env.enc", "ONE", "third-Secret-3"]).ok();
    team.commit("others");
    let exposed = ["ONE", "TWO", "FLAG"];
    team.holds(&[2]);
    let mut expected = Vec::new();
    for person in ["p0", "p1"] {
        expected.extend(exposed.map(|name| row(".env.enc", name, person, "not-compared")));
    }
    let mut said = status(&team);
    said.sort_by_key(|row| row.2.clone());
    assert_eq!(said, expected);
    team.scene.run(["check", "--no-exposed"]).fails(3);
    // Who opens them knows better.
    team.holds(&[0, 2]);
    let mut said = status(&team);
    said.sort_by_key(|row| row.2.clone());
    let known = |person: &str| ["TWO", "FLAG"].map(|name| row(".env.enc", name, person, "same-name"));
    assert_eq!(said, [known("p0"), known("p1")].concat());
    // With nobody's key, an unchanged ciphertext is the same value still.
    let mut team = self::team();
    rules(&team, &[0]);
    team.scene.run(["recipients", "sync", "-q", "--yes", ".env.enc"]).ok();
    team.commit("without a new key");
    team.holds(&[]);
    let known = ["ONE", "TWO", "FLAG"].map(|name| row(".env.enc", name, "p1", "same-name"));
    assert_eq!(status(&team), known);
}

#[test]
fn a_shallow_clone_says_what_it_does_not_know_and_check_refuses() {
    let mut team = team();
    team.scene.run(["offboard", "p1", "--yes"]).ok();
    team.commit("offboard");
    team.commit("later");
    let source = format!("file://{}", team.scene.folder().display());
    team.git(&["clone", "--quiet", "--depth", "1", &source, "clone"]);
    let status = team.scene.run_in("clone", &["offboard", "--status"]).ok().stdout("");
    assert_eq!(
        status.stderr,
        "\
warning: this clone is shallow, so what older commits hold is not known; `git fetch --unshallow` brings older commits
no value that somebody who left could read is in use
"
    );
    let check = team.scene.run_in("clone", &["check", "--no-exposed"]).fails(1).stdout("");
    assert_eq!(
        check.stderr,
        "\
error: this is a shallow clone, so nobody can say here what is exposed
hint: `git fetch --unshallow` brings the rest; in GitHub Actions, check out with `fetch-depth: 0`
"
    );
}

#[test]
fn a_file_that_does_not_open_here_is_left_and_named() {
    let mut team = team();
    let (one, two) = (&team.people[1].recipient, &team.people[2].recipient);
    team.scene.write("closed.yaml", "key: other-Secret-5\n");
    team.scene.run(["encrypt", "-q", "-i", "closed.yaml", "-r", one, "-r", two]).ok();
    team.commit("closed");
    team.holds(&[0]);
    let done = team.scene.run(["offboard", "p1", "--yes", "--json"]).fails(1);
    let done = done.changed([".env.enc", ".sops.yaml"]);
    let row = done.json();
    let states: Vec<_> = row["files"].as_array().unwrap().iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["closed", "written"]);
    let rotate: Vec<_> = row["rotate"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(rotate, ["ONE", "TWO", "FLAG", "key"]);
    assert!(
        done.stderr.contains("warning: `closed.yaml` can still be opened by who leaves\n"),
        "{}",
        done.stderr
    );
    assert!(done.stderr.contains("to run `lacre offboard p1`\n"), "{}", done.stderr);
    // Who can, finishes: by the name in an older rule file, for today's has forgotten it.
    team.commit("half");
    team.holds(&[2]);
    team.scene.run(["offboard", "p1", "--yes", "-q"]).ok().changed(["closed.yaml"]);
}

#[test]
fn nothing_is_changed_without_a_yes_or_for_nobody() {
    let team = team();
    let said = team.scene.run(["offboard", "p1"]).fails(2).untouched();
    assert!(said.stderr.ends_with(
        "error: there is no terminal to ask on, so nothing was changed\nhint: `--yes` changes them without asking\n"
    ));
    let said = team.scene.run(["offboard", "nobody", "--yes"]).fails(1).untouched();
    assert_eq!(
        said.stderr,
        "\
error: nobody is or was called so, in no rule file and no encrypted file
hint: a name stands in `.sops.yaml`, today or in an older commit; or give the recipient in full
"
    );
    let team = self::team();
    rules(&team, &[0]);
    team.scene.run(["recipients", "sync", "-q", "--yes", "--rekey", ".env.enc"]).ok();
    let said = team.scene.run(["offboard", "p0", "--yes"]).fails(1).untouched();
    assert!(said.stderr.contains("creation rule 1 would have nobody left"), "{}", said.stderr);
}

#[test]
fn a_key_that_its_owner_replaced_is_no_departure_unless_it_is_asked_about() {
    let mut team = team();
    // p1 gets another key, that of p2, under the old name.
    team.people[2].name = "p1".to_owned();
    rules(&team, &[0, 2]);
    team.scene.run(["recipients", "sync", "-q", "--yes", "--rekey", ".env.enc"]).ok();
    team.commit("a new laptop");
    assert_eq!(status(&team), []);
    let old = team.people[1].recipient.clone();
    let rows = team.scene.run(["offboard", "--status", "--json", &old]).ok().json();
    let names: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["ONE", "TWO", "FLAG"]);
}

#[test]
fn under_key_groups_who_left_counts_where_all_who_left_can_open_it_together() {
    let mut team = Team::new(5);
    let write = |team: &Team, groups: &[&[usize]]| {
        let mut text = "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n".to_owned();
        for group in groups {
            text.push_str("      - age:\n");
            for who in *group {
                let person = &team.people[*who];
                writeln!(text, "          - {} # {}", person.recipient, person.name).unwrap();
            }
        }
        team.scene.write(".sops.yaml", text);
    };
    write(&team, &[&[0, 1], &[2, 3], &[4]]);
    team.scene.write("a.yaml", "key: shared-Secret-9\n");
    team.scene.run(["encrypt", "-q", "-i", "a.yaml"]).ok();
    team.commit("start");
    team.scene.run(["offboard", "p1", "--yes", "-q"]).ok();
    team.commit("one");
    // Alone, p1 opens nothing, and who helps p1 could as well help somebody else.
    assert_eq!(status(&team), []);
    let by = team.scene.run(["access", "--by", "p1"]).ok();
    assert_eq!(
        plain(&team, &by.printed()),
        "\
p1 (…p1)
a.yaml: was a recipient
  key
    2026-01-01 (commit 1), in use, together: 2 of: p0 (…p0), p1 (…p1) | p2 (…p2), p3 (…p3) | p4 (…p4)
"
    );
    team.scene.run(["offboard", "p3", "--yes", "-q"]).ok();
    team.commit("two");
    let both = team.scene.run(["offboard", "--status"]).ok();
    assert_eq!(
        plain(&team, &both.printed()),
        "\
to rotate: 1 value in use that p1 (…p1) could read
a.yaml
  key  since 2026-01-01 (commit 1), together: 2 of: p1 (…p1), p3 (…p3)
    lacre set a.yaml key -
to rotate: 1 value in use that p3 (…p3) could read
a.yaml
  key  since 2026-01-01 (commit 1), together: 2 of: p1 (…p1), p3 (…p3)
    lacre set a.yaml key -
"
    );
}

#[test]
fn access_tells_who_can_read_now_and_who_could_before_and_at_a_day() {
    let mut team = team();
    team.commits += 24;
    team.scene.run(["offboard", "p1", "--yes", "-q"]).ok();
    team.scene.run(["set", "-q", ".env.enc", "ONE", "third-Secret-3"]).ok();
    team.commit("offboard");
    team.holds(&[0]);
    let now = team.scene.run(["access", "--all"]).ok().stderr("");
    assert_eq!(
        plain(&team, &now.printed()),
        "\
.env.enc
  p0 (…p0)  since 2026-01-01 (commit 1)
  p1 (…p1)  formerly, 2026-01-01 (commit 1) to 2026-01-02 (commit 2), still knows 2 of 3 values
"
    );
    let then = team.scene.run(["access", ".env.enc", "--at", "2026-01-01"]).ok();
    assert_eq!(
        plain(&team, &then.printed()),
        "\
.env.enc
  p0 (…p0)  since 2026-01-01 (commit 1)
  p1 (…p1)  since 2026-01-01 (commit 1)
"
    );
    let by = team.scene.run(["access", ".env.enc", "--by", "p1"]).ok();
    assert_eq!(
        plain(&team, &by.printed()),
        "\
p1 (…p1)
.env.enc: was a recipient
  FLAG
    2026-01-01 (commit 1), in use
  ONE
    2026-01-01 (commit 1)
  TWO
    2026-01-01 (commit 1), in use
"
    );
    // Who needs no identity; what is the same does.
    team.holds(&[]);
    let who = team.scene.run(["access", "--all"]).ok();
    assert_eq!(
        plain(&team, &who.printed()),
        "\
.env.enc
  p0 (…p0)  since 2026-01-01 (commit 1)
  p1 (…p1)  formerly, 2026-01-01 (commit 1) to 2026-01-02 (commit 2), still knows 0 of 3 values, 3 could not be compared
"
    );
    assert_eq!(who.stderr, "note: 6 values do not open here, so what equals them is not known\n");
    let at = team.scene.run(["access", "--all", "--at", "2020-01-01"]).fails(1);
    assert_eq!(at.stderr, "error: there is no commit as old as that\n");
    team.scene.run(["access"]).fails(2);
    team.scene.run(["access", ".sops.yaml"]).fails(1);
    team.scene.run(["access", "--all", "--at", "yesterday"]).fails(2);
}
