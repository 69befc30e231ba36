//! A file that goes back and forth: sops changes ours, we change theirs.

use lacre::envelope::{Sealed, Verdict};
use lacre::keys::new_identity::NewKind;

use super::bench::{Bench, format_of, identity, text};

const YAML: &str = "\
# head
a: one
num: 5
float: 2.5
when: 2024-01-02T03:04:05Z
nothing: null
open_unencrypted: clear
l:
  # in a list
  - x
  - x
m:
  k: v # inline
  \"with:colon\": w
";

const JSON: &str = "{\n\t\"a\": \"one\",\n\t\"l\": [\"x\", \"x\"],\n\t\"m\": {\"k\": null}\n}\n";

const DOTENV: &str = "# head\na=one\nB=\"two # not a comment\"\n\nC=a\\nb\n";

const FILES: [(&str, &str); 3] = [("r.yaml", YAML), ("r.json", JSON), ("r.env", DOTENV)];

/// Path and text of every value, by our own reading.
fn values(bench: &Bench, name: &str) -> Vec<(String, String)> {
    let (_, plain) = bench.open(name, &bench.read(name)).unwrap();
    let value = |(path, value): (lacre::base::Path, lacre::base::Value)| {
        (path.to_string(), value.plain_bytes().escape_ascii().to_string())
    };
    plain.leaves().into_iter().map(value).collect()
}

fn with(values: &[(String, String)], path: &str, new: &str) -> Vec<(String, String)> {
    let replaced = |(name, old): &(String, String)| {
        (name.clone(), if name == path { new.to_owned() } else { old.clone() })
    };
    values.iter().map(replaced).collect()
}

fn verdict(bench: &Bench, name: &str) -> Verdict {
    bench.open(name, &bench.read(name)).unwrap().0.verdict
}

#[test]
fn what_sops_set_is_read_here_as_written_by_another_tool() {
    let Some(bench) = Bench::new() else { return };
    for (name, plain) in FILES {
        bench.write(name, bench.encrypt(name, plain.as_bytes()));
        assert_eq!(verdict(&bench, name), Verdict::Sealed);
        let before = values(&bench, name);
        bench.sops(["set", name, "[\"a\"]", "\"changed\""]).ok();
        assert_eq!(values(&bench, name), with(&before, "a", "changed"), "{name}");
        assert_eq!(verdict(&bench, name), Verdict::Unsealed, "{name}");
        bench.lacre(["--require-seal", "decrypt", name]).fails(5);
        bench.lacre(["set", name, "a", "back"]).ok();
        assert_eq!(values(&bench, name), with(&before, "a", "back"), "{name}");
        assert_eq!(verdict(&bench, name), Verdict::Sealed, "{name}");
        bench.sops(["decrypt", name]).ok();
    }
}

#[test]
fn what_sops_edited_is_read_here() {
    let Some(bench) = Bench::new() else { return };
    let editor = bench.script("editor", "sed -i s/one/edited/ \"$1\"");
    let keys = bench.path("keys.txt");
    for (name, plain) in FILES {
        bench.write(name, bench.encrypt(name, plain.as_bytes()));
        let before = values(&bench, name);
        bench.sops_with(["edit", name], [("SOPS_AGE_KEY_FILE", &keys), ("EDITOR", &editor)]).ok();
        assert_eq!(values(&bench, name), with(&before, "a", "edited"), "{name}");
        assert_eq!(verdict(&bench, name), Verdict::Unsealed, "{name}");
    }
}

#[test]
fn what_sops_rotated_is_read_here() {
    let Some(bench) = Bench::new() else { return };
    for (name, plain) in FILES {
        bench.write(name, bench.encrypt(name, plain.as_bytes()));
        let before = values(&bench, name);
        bench.sops(["rotate", "-i", name]).ok();
        assert_eq!(values(&bench, name), before, "{name}");
        assert_eq!(verdict(&bench, name), Verdict::Unsealed, "{name}");
    }
}

#[test]
fn a_seal_that_updatekeys_dropped_is_missed_until_it_is_mended() {
    let Some(bench) = Bench::new() else { return };
    let other = identity(NewKind::X25519, 9).recipient;
    for (name, plain) in FILES {
        bench.write(name, bench.encrypt(name, plain.as_bytes()));
        let before = values(&bench, name);
        let rule = |recipients: &str| format!("creation_rules:\n  - age: {recipients}\n");
        bench.write(".sops.yaml", rule(&format!("{},{other}", bench.recipient)));
        bench.sops(["updatekeys", "-y", name]).ok();
        let error = bench.lacre(["decrypt", name]).fails(5);
        assert!(error.contains("the seal was removed"), "{error}");
        bench.lacre(["set", name, "a", "x"]).fails(5);
        let shown = bench.lacre(["seal", "--yes", name]);
        assert!(shown.err.contains(&other), "{}", shown.err);
        shown.ok();
        assert_eq!(values(&bench, name), before, "{name}");
        assert_eq!(verdict(&bench, name), Verdict::Sealed, "{name}");
        bench.sops(["decrypt", name]).ok();
        bench.write(".sops.yaml", rule(&bench.recipient));
    }
}

/// Everything but the metadata.
fn values_of(sealed: &[u8]) -> String {
    let sealed = text(sealed);
    let end =
        ["\nsops:", "\n\t\"sops\"", "\nsops_"].iter().filter_map(|start| sealed.find(start)).min().unwrap();
    sealed[..end].to_owned()
}

/// The lines of `new` that `old` lacks, and the reverse.
fn difference(old: &str, new: &str) -> Vec<String> {
    let lacks = |one: &str, other: &str| {
        let there: Vec<String> = other.lines().map(str::to_owned).collect();
        one.lines()
            .filter(|line| !there.iter().any(|other| other == line))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut found = lacks(new, old);
    found.extend(lacks(old, new).into_iter().map(|line| format!("-{line}")));
    found
}

#[test]
fn set_and_unset_change_nothing_else_in_a_file_of_sops() {
    let Some(bench) = Bench::new() else { return };
    for (name, plain) in FILES {
        // An encrypted comment in a list is an item in sops's file, and a comment in ours.
        let plain = plain.replacen("  # in a list\n", "", 1).into_bytes();
        bench.write(name, bench.sops_encrypts(name, &plain));
        let written = bench.read(name);
        let before = values(&bench, name);
        bench.lacre(["set", name, "a", "here"]).ok();
        let changed = difference(&values_of(&written), &values_of(&bench.read(name)));
        assert_eq!(changed.len(), 2, "{name} {changed:#?}");
        let is_leaf = |line: &String| line.trim_start_matches(['-', '\t', '"']).starts_with('a');
        assert!(changed.iter().all(is_leaf), "{name} {changed:#?}");
        assert_eq!(values(&bench, name), with(&before, "a", "here"), "{name}");
        assert!(text(&bench.sops(["decrypt", name]).ok()).contains("here"), "{name}");

        bench.lacre(["unset", name, "a"]).ok();
        let left: Vec<_> = before.iter().filter(|(path, _)| path != "a").cloned().collect();
        assert_eq!(values(&bench, name), left, "{name}");
        bench.sops(["decrypt", name]).ok();
        bench.lacre(["set", name, "new", "added"]).ok();
        assert!(text(&bench.sops(["decrypt", name]).ok()).contains("added"), "{name}");
    }
}

#[test]
fn what_sops_says_about_keys_and_selector_is_kept() {
    let Some(bench) = Bench::new() else { return };
    let age = &bench.recipient;
    bench.write(
        ".sops.yaml",
        format!(
            "creation_rules:\n  - age: {age}\n    encrypted_regex: ^[am]\n    mac_only_encrypted: true\n"
        ),
    );
    for (name, plain) in FILES {
        bench.write(name, bench.sops_encrypts(name, plain.as_bytes()));
        let metadata = || Sealed::parse(bench.read(name), format_of(name)).unwrap().metadata().clone();
        let before = metadata();
        bench.lacre(["set", name, "a", "x"]).ok();
        let after = metadata();
        assert_eq!(before.groups, after.groups, "{name}");
        assert_eq!(before.selector, after.selector, "{name}");
        assert_eq!(before.version, after.version, "{name}");
        assert!(after.mac_only_encrypted && before.threshold == after.threshold, "{name}");
        assert_ne!(before.mac, after.mac, "{name}");
        bench.sops(["decrypt", name]).ok();
    }
}

#[test]
fn a_second_change_of_ours_touches_four_lines() {
    let Some(bench) = Bench::new() else { return };
    for (name, plain) in FILES {
        bench.write(name, bench.encrypt(name, plain.as_bytes()));
        bench.sops(["set", name, "[\"a\"]", "\"x\""]).ok();
        bench.lacre(["set", name, "a", "y"]).ok();
        let before = text(&bench.read(name));
        bench.lacre(["set", name, "a", "z"]).ok();
        let changed = difference(&before, &text(&bench.read(name)));
        // The same second leaves the time as it is.
        let new = changed.iter().filter(|line| !line.starts_with('-')).count();
        assert!((3..=4).contains(&new), "{name} {changed:#?}");
        let known = [
            "a:",
            "a=",
            "\"a\"",
            "mac",
            "sops_mac",
            "lastmodified",
            "sops_lastmodified",
            "seal",
            "sops_lacre__map_seal",
        ];
        for line in &changed {
            let line = line.trim_start_matches(['-', ' ', '\t', '"']);
            assert!(
                known.iter().any(|start| line.starts_with(start.trim_start_matches('"'))),
                "{name} {line}"
            );
        }
    }
}

#[test]
fn a_process_gets_the_same_from_both() {
    let Some(bench) = Bench::new() else { return };
    let plain = "A=plain\nB=\"q # x\"\nC=a\\nb\nE=\nU_unencrypted=c\\nd\nF=\"l1\\nl2\"\nS= s \n";
    let print = "printf '%s|' \"$A\" \"$B\" \"$C\" \"$E\" \"$U_unencrypted\" \"$F\" \"$S\"";
    let theirs = bench.sops_encrypts("p.env", plain.as_bytes());
    bench.write("p.env", &theirs);
    let expected = "plain|\"q # x\"|a\nb||c\nd|\"l1\nl2\"| s |";
    assert_eq!(text(&bench.sops(["exec-env", "p.env", print]).ok()), expected);
    let ours = bench.lacre(["run", "--literal", "-f", "p.env", "--", "sh", "-c", print]);
    assert_eq!(text(&ours.ok()), expected);
}

#[test]
fn values_that_did_not_change_keep_their_ciphertext_with_either() {
    let Some(bench) = Bench::new() else { return };
    bench.write("k.yaml", bench.encrypt("k.yaml", YAML.as_bytes()));
    let cipher = |key: &str| {
        let sealed = text(&bench.read("k.yaml"));
        let found = sealed.lines().find(|line| line.trim_start().starts_with(key)).unwrap();
        found.split("ENC[").nth(1).unwrap().split(']').next().unwrap().to_owned()
    };
    let first = cipher("num:");
    bench.sops(["set", "k.yaml", "[\"a\"]", "\"changed\""]).ok();
    assert_eq!(cipher("num:"), first);
    bench.lacre(["set", "k.yaml", "a", "again"]).ok();
    assert_eq!(cipher("num:"), first);
    bench.sops(["unset", "k.yaml", "[\"a\"]"]).ok();
    assert_eq!(cipher("num:"), first);
    assert_eq!(text(&bench.lacre(["get", "k.yaml", "num"]).ok()), "5\n");
}

#[test]
fn what_sops_sets_as_a_number_or_a_map_keeps_its_type() {
    let Some(bench) = Bench::new() else { return };
    for (name, plain) in FILES {
        bench.write(name, bench.encrypt(name, plain.as_bytes()));
        bench.sops(["set", name, "[\"a\"]", "5"]).ok();
        assert_eq!(
            text(&bench.lacre(["get", name, "a"]).ok()).trim_end_matches(".0\n").trim(),
            "5",
            "{name}"
        );
        if name != "r.env" {
            bench.sops(["set", name, "[\"fresh\"]", "{\"x\": [1, true, null, \"s\"]}"]).ok();
            assert_eq!(text(&bench.lacre(["get", name, "fresh.x[3]"]).ok()), "s\n", "{name}");
        }
        bench.sops(["set", name, "[\"a\"]", "true"]).ok();
        assert_eq!(text(&bench.lacre(["get", name, "a"]).ok()), "true\n", "{name}");
    }
}

#[test]
fn what_is_set_here_with_type_is_read_there() {
    let Some(bench) = Bench::new() else { return };
    for name in ["r.yaml", "r.json"] {
        bench.write(name, bench.sops_encrypts(name, b"{\"a\": \"b\", \"n\": 1}"));
        let json = "{\"x\": [1, 2.5, true, null, \"s\", {\"y\": \"\"}]}";
        bench.lacre(["set", name, "m", "--value-json", json]).ok();
        bench.lacre(["set", name, "n", "7"]).ok();
        let read = bench.sops(["decrypt", "--output-type", "json", name]).ok();
        let read: serde_json::Value = serde_json::from_slice(&read).unwrap();
        assert_eq!(read["m"].to_string(), json.replace(' ', ""), "{name}");
        assert_eq!(read["n"].as_f64(), Some(7.0), "{name}");
    }
}

#[test]
fn every_document_of_a_file_is_kept_through_both() {
    let Some(bench) = Bench::new() else { return };
    bench.write("d.yaml", bench.sops_encrypts("d.yaml", b"a: 1\nx: y\n---\na: 2\n---\nb: [c]\n"));
    bench.lacre(["set", "--document", "1", "d.yaml", "a", "3"]).ok();
    assert_eq!(
        text(&bench.sops(["decrypt", "d.yaml"]).ok()),
        "a: 1\nx: \"y\"\n---\na: 3\n---\nb:\n    - c\n"
    );
    bench.sops(["set", "d.yaml", "[\"x\"]", "\"z\""]).ok();
    assert_eq!(text(&bench.lacre(["get", "--document", "1", "d.yaml", "a"]).ok()), "3\n");
}
