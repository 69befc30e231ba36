//! True conflicts: what is written, what is said, and that nobody takes the file for a good one.

use lacre::workspace::merging::{Parted, part};

use super::repository::Repository;

/// Names, sops's word for the format, both sides and the names in conflict.
const CONFLICTS: [(&str, &str, [&str; 3], &str); 5] = [
    ("a.enc.env", "dotenv", ["A=1\nB=2\n", "A=ours\nB=2\nC=3\n", "A=theirs\nB=2\nD=4\n"], "`A`"),
    ("a.enc.yaml", "yaml", ["m:\n  a: 1\nb: 2\n", "m:\n  a: 3\nb: 2\n", "m:\n  a: x\nb: 4\n"], "`m.a`"),
    (
        "a.enc.json",
        "json",
        [
            "{\n  \"a\": 1,\n  \"b\": 2\n}\n",
            "{\n  \"a\": 3,\n  \"b\": 2\n}\n",
            "{\n  \"a\": \"x\",\n  \"b\": 4\n}\n",
        ],
        "`a`",
    ),
    ("a.enc.ini", "ini", ["[s]\na = 1\nb = 2\n", "[s]\na = 3\nb = 2\n", "[s]\na = x\nb = 4\n"], "`s.a`"),
    ("a.enc.bin", "binary", ["one", "ours", "theirs"], "`data`"),
];

#[test]
fn a_true_conflict_is_marked_and_refused_by_everybody() {
    for (name, kind, texts, conflict) in CONFLICTS {
        let repository = Repository::new();
        repository.fork(name, texts);
        let told = repository.try_git(&["merge", "--no-edit", "side"]);
        assert_eq!(told.code, 1, "{}", told.words);
        let said = format!(
            "error: `{name}`: both sides changed {conflict}\nhint: `lacre resolve {name}` settles it\n"
        );
        assert!(told.words.contains(&said), "{}", told.words);
        let marked = repository.0.bytes(name);
        let Parted { ours, theirs, conflicts } = part(&marked).unwrap();
        assert_eq!(conflicts, 1, "{name}");
        let refused = repository.0.run(["decrypt", name]).fails(1).untouched().stderr;
        assert!(refused.contains("merge conflict is not resolved"), "{name}: {refused}");
        assert!(
            refused.contains("hint: `lacre resolve FILE` settles an encrypted file"),
            "{name}: {refused}"
        );
        for arguments in [["list", name], ["encrypt", name], ["rekey", name], ["recipients", "list"]] {
            let outcome = repository.0.run(arguments);
            assert!(arguments[0] == "recipients" || outcome.code == 1, "{arguments:?}: {}", outcome.stderr);
        }
        if let Some(output) = repository.by_sops(name, kind) {
            assert!(!output.status.success(), "{name}: {output:?}");
            eprintln!("note: sops says of {name}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        // Ours in every place is a good file, with what they changed elsewhere.
        repository.0.write(name, &ours);
        repository.opens(name);
        let plain = repository.plain(name);
        assert!(plain.contains('3') || plain == "ours", "{plain}");
        assert!(!plain.contains("theirs") && !plain.contains('x'), "{plain}");
        // Theirs is what its MAC does not vouch for.
        repository.0.write(name, &theirs);
        repository.0.run(["decrypt", name]).fails(5).untouched();
    }
}

#[test]
fn labels_with_signs_of_assignment_make_no_values() {
    for (name, kind, texts, _) in CONFLICTS {
        let repository = Repository::new();
        repository.commit(name, texts[0]);
        repository.branch("their=side");
        repository.commit(name, texts[2]);
        repository.checkout("main");
        repository.branch("our=side");
        repository.commit(name, texts[1]);
        assert_eq!(repository.try_git(&["merge", "--no-edit", "their=side"]).code, 1);
        repository.0.run(["decrypt", name]).fails(1);
        if let Some(output) = repository.by_sops(name, kind) {
            assert!(!output.status.success(), "{name}: {output:?}");
        }
    }
}

#[test]
fn who_removed_and_who_changed_one_value_are_in_conflict() {
    let repository = Repository::new();
    repository.fork("a.enc.env", ["A=1\nB=2\nC=3\n", "A=1\nB=two\nC=3\n", "A=1\nC=three\n"]);
    assert_eq!(repository.try_git(&["merge", "--no-edit", "side"]).code, 1);
    let parted = part(&repository.0.bytes("a.enc.env")).unwrap();
    repository.0.write("a.enc.env", &parted.ours);
    assert_eq!(repository.plain("a.enc.env"), "A=1\nB=two\nC=three\n");
}

#[test]
fn without_a_base_equal_and_new_values_merge_and_others_conflict() {
    for (theirs, clean) in [("A=1\nC=3\n", true), ("A=2\nC=3\n", false)] {
        let repository = Repository::new();
        repository.commit_all();
        repository.branch("side");
        repository.commit("a.enc.env", theirs);
        repository.checkout("main");
        repository.commit("a.enc.env", "# note\nA=1\nB=2\n");
        let told = repository.try_git(&["merge", "--no-edit", "side"]);
        assert_eq!(told.code == 0, clean, "{}", told.words);
        if clean {
            assert_eq!(repository.plain("a.enc.env"), "# note\nA=1\nB=2\nC=3\n");
            repository.opens("a.enc.env");
        } else {
            assert!(told.words.contains("both sides changed `A`\n"), "{}", told.words);
        }
    }
}

#[test]
fn no_value_is_ever_said() {
    let repository = Repository::new();
    repository.fork("a.enc.env", ["A=canary0\n", "A=canary1\n", "A=canary2\n"]);
    let told = repository.try_git(&["merge", "--no-edit", "side"]);
    assert!(!told.words.contains("canary"), "{}", told.words);
    assert!(!repository.0.text("a.enc.env").contains("canary"));
}
