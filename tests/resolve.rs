//! `lacre resolve` after every operation of git that can stop at a conflict, with and without the merge driver.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

#[path = "resolve/editing.rs"]
mod editing;
#[path = "resolve/operations.rs"]
mod operations;
#[path = "resolve/refusals.rs"]
mod refusals;
#[path = "merge/repository.rs"]
#[allow(dead_code, reason = "it is shared with the tests of the driver")]
mod repository;
mod support;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use repository::Repository;
use support::{ALICE, BOB, program};

/// Two conflicts, and a change of each side that is none.
const TEXTS: [&str; 3] = [
    "A=1\nB=1\n# stays\nC=1\nGONE=1\n",
    "A=ours\nB=ours\n# stays\nC=1\n",
    "A=theirs\nB=theirs\n# stays\nC=1\nGONE=1\nNEW=theirs\n",
];

/// On the way from both sides to what is settled, in a merge that stopped.
fn stopped(texts: [&str; 3]) -> Repository {
    let repository = Repository::new();
    repository.fork("x.enc.env", texts);
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    repository
}

/// Takes the driver away, as in a clone where nobody has run `lacre git install`.
fn without_driver(repository: &Repository) {
    repository.git(&["config", "--unset", "merge.lacre.driver"]);
}

#[test]
fn what_is_open_is_listed_with_what_to_do() {
    let repository = stopped(TEXTS);
    repository.0.run(["resolve", "x.enc.env"]).fails(1).untouched().stdout("A  both changed it\nB  both changed it\n").stderr(
        "error: 2 conflicts of `x.enc.env` are open\n  \
         ours is your branch, theirs is the branch that you merge\n\
         hint: `lacre resolve x.enc.env NAME --ours`, `--theirs` or `--edit` settles one; without NAME, all\n",
    );
    repository.0.run(["resolve", "x.enc.env", "--json"]).ok().untouched().stderr("").stdout(
        "[{\"name\":\"A\",\"document\":0,\"ours\":\"changed\",\"theirs\":\"changed\",\"open\":true},\
         {\"name\":\"B\",\"document\":0,\"ours\":\"changed\",\"theirs\":\"changed\",\"open\":true}]\n",
    );
}

#[test]
fn what_is_settled_stays_settled_from_call_to_call() {
    for (first, second, expected) in [
        ("--theirs", "--ours", "A=theirs\nB=ours\n# stays\nC=1\nNEW=theirs\n"),
        ("--ours", "--theirs", "A=ours\nB=theirs\n# stays\nC=1\nNEW=theirs\n"),
        ("--theirs", "--theirs", "A=theirs\nB=theirs\n# stays\nC=1\nNEW=theirs\n"),
        ("--ours", "--ours", "A=ours\nB=ours\n# stays\nC=1\nNEW=theirs\n"),
    ] {
        let repository = stopped(TEXTS);
        let scene = &repository.0;
        let said = "settled 1 conflict in `x.enc.env`, 1 open: `lacre resolve x.enc.env` lists them\n";
        scene.run(["resolve", "x.enc.env", "A", first]).ok().stdout("").stderr(said).changed(["x.enc.env"]);
        // Closed to everybody, until all is settled.
        scene.run(["get", "x.enc.env", "A"]).fails(1);
        assert!(repository.by_sops("x.enc.env", "dotenv").is_none_or(|output| !output.status.success()));
        scene.run(["resolve", "x.enc.env"]).fails(1).stdout("B  both changed it\n");
        let marked = scene.text("x.enc.env");
        assert!(marked.contains("<<<<<<< HEAD\n") && marked.contains(">>>>>>> side\n"), "{marked}");
        scene.run(["resolve", "x.enc.env", second]).ok().stdout("").stderr(
            "settled 1 conflict in `x.enc.env`, which is whole now; next: `git add x.enc.env`, then `git commit`\n",
        );
        assert_eq!(repository.plain("x.enc.env"), expected);
        repository.opens("x.enc.env");
        // Nothing is done twice.
        let again = scene.run(["resolve", "x.enc.env", "--theirs"]).ok().untouched();
        again.stderr("`x.enc.env` is settled; next: `git add x.enc.env`, then `git commit`\n");
        repository.commit_all();
        assert_eq!(repository.plain("x.enc.env"), expected);
    }
}

#[test]
fn a_change_of_mind_counts() {
    let repository = stopped(TEXTS);
    repository.0.run(["resolve", "x.enc.env", "A", "--theirs"]).ok();
    repository.0.run(["resolve", "x.enc.env", "A", "--ours"]).ok();
    repository.0.run(["resolve", "x.enc.env", "--theirs"]).ok();
    assert!(repository.plain("x.enc.env").starts_with("A=ours\nB=theirs\n"));
}

#[test]
fn ciphertext_of_what_is_settled_is_that_of_its_side() {
    let repository = stopped(TEXTS);
    let scene = &repository.0;
    let line = |text: &str, name: &str| {
        text.lines().find(|line| line.starts_with(&format!("{name}="))).map(str::to_owned).unwrap()
    };
    let ours = repository.git(&["show", ":2:x.enc.env"]);
    let theirs = repository.git(&["show", ":3:x.enc.env"]);
    scene.run(["resolve", "x.enc.env", "A", "--theirs"]).ok();
    scene.run(["resolve", "x.enc.env", "--ours"]).ok();
    let now = scene.text("x.enc.env");
    // The same data key: nothing had to be encrypted again.
    let expected = [line(&theirs, "A"), line(&ours, "B"), line(&ours, "C"), line(&theirs, "NEW")];
    assert_eq!(["A", "B", "C", "NEW"].map(|name| line(&now, name)), expected);
}

#[test]
fn a_removal_against_a_change_is_said_and_settled_both_ways() {
    for (side, expected) in [("--ours", "A=1\n"), ("--theirs", "A=1\nB=2\n")] {
        let repository = stopped(["A=1\nB=1\n", "A=1\n", "A=1\nB=2\n"]);
        repository.0.run(["resolve", "x.enc.env"]).fails(1).stdout("B  ours removed it, theirs changed it\n");
        repository.0.run(["resolve", "x.enc.env", "B", side]).ok();
        assert_eq!(repository.plain("x.enc.env"), expected);
        repository.opens("x.enc.env");
    }
}

#[test]
fn every_format_is_settled_by_its_paths() {
    for (name, texts, path, expected) in [
        (
            "x.enc.yaml",
            ["a:\n  b: 1\n  c: 1\n", "a:\n  b: 2\n  c: 1\n", "a:\n  b: 3\n  c: 3\n"],
            "a.b",
            "a:\n  b: 3\n  c: 3\n",
        ),
        (
            "x.enc.json",
            [
                "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
                "{\n  \"a\": {\n    \"b\": 2\n  }\n}\n",
                "{\n  \"a\": {\n    \"b\": 3\n  }\n}\n",
            ],
            "a.b",
            "{\n  \"a\": {\n    \"b\": 3\n  }\n}\n",
        ),
        ("x.enc.ini", ["[s]\nb = 1\n", "[s]\nb = 2\n", "[s]\nb = 3\n"], "s.b", "[s]\nb = 3\n"),
    ] {
        let repository = Repository::new();
        repository.fork(name, texts);
        assert_eq!(repository.try_git(&["merge", "side"]).code, 1, "{name}");
        repository.0.run(["resolve", name]).fails(1).stdout(&format!("{path}  both changed it\n"));
        repository.0.run(["resolve", name, path, "--theirs"]).ok();
        assert_eq!(repository.plain(name), expected);
        repository.opens(name);
    }
    let repository = Repository::new();
    repository.fork("x.enc.bin", ["one", "two", "three"]);
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    repository.0.run(["resolve", "x.enc.bin", "--theirs"]).ok();
    assert_eq!(repository.plain("x.enc.bin"), "three");
    repository.opens("x.enc.bin");
}

#[test]
fn selectors_that_contradict_are_settled_under_the_name_of_the_metadata() {
    for (side, clear) in [("--ours", "a_"), ("--theirs", "b_")] {
        let repository = Repository::new();
        let rule = |suffix: &str| {
            let rule = format!("creation_rules:\n  - unencrypted_regex: ^{suffix}\n    age: {ALICE}\n");
            repository.0.write(".sops.yaml", rule);
            drop(fs::remove_file(repository.0.path("x.enc.env")));
            repository.commit("x.enc.env", "a_x=1\nb_x=2\nSECRET=3\n");
        };
        rule("c_");
        repository.branch("side");
        rule("b_");
        repository.checkout("main");
        rule("a_");
        repository.git(&["config", "merge.ours-rules.driver", "true"]);
        repository.0.write(".git/info/attributes", ".sops.yaml merge=ours-rules\n");
        assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
        let scene = &repository.0;
        scene.run(["resolve", "x.enc.env"]).fails(1).untouched().stdout("sops  its selector\n");
        scene.run(["resolve", "x.enc.env", "--edit"]).fails(1).untouched();
        scene.run(["resolve", "x.enc.env", "sops", side]).ok();
        assert!(scene.text("x.enc.env").contains(&format!("sops_unencrypted_regex=^{clear}\n")));
        repository.opens("x.enc.env");
    }
}

#[test]
fn who_joins_by_a_merge_that_is_resolved_is_named() {
    let repository = Repository::new();
    repository.commit("x.enc.env", "A=1\n");
    repository.branch("side");
    repository.0.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB} # bob\n"));
    repository.0.run(["recipients", "sync", "--yes", "-q", "x.enc.env"]).ok();
    repository.commit_all();
    repository.checkout("main");
    repository.0.run(["set", "-q", "x.enc.env", "A", "2"]).ok();
    repository.commit_all();
    without_driver(&repository);
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    let said = repository.0.run(["resolve", "x.enc.env"]).ok().stderr;
    assert!(said.starts_with(&format!("note: `x.enc.env`: the merge adds recipient {BOB}\n")), "{said}");
    assert!(repository.0.text("x.enc.env").contains(BOB));
    repository.opens("x.enc.env");
}

#[test]
fn a_killed_resolve_leaves_the_file_as_it_was_or_settled() {
    let long = |value: &str| format!("A={value}\nB={}\n", "x".repeat(50_000));
    let repository = stopped([&long("1"), &long("2"), &long("3")]);
    let scene = &repository.0;
    let before = scene.bytes("x.enc.env");
    let run = || {
        let mut command = program(scene);
        command.args(["resolve", "x.enc.env", "--theirs"]).stderr(Stdio::null());
        command
    };
    let begin = Instant::now();
    assert!(run().status().unwrap().success());
    let whole = u64::try_from(begin.elapsed().as_micros()).unwrap() * 5 / 4;
    let (mut settled, kills) = (0, 60);
    for number in 0..kills {
        scene.write("x.enc.env", &before);
        let mut child = run().spawn().unwrap();
        std::thread::sleep(Duration::from_micros(whole * (number * 7 % kills) / kills));
        let _ = child.kill();
        let done = child.wait().unwrap().success();
        if scene.bytes("x.enc.env") == before {
            assert!(!done, "it said that it had settled");
        } else {
            settled += 1;
            assert_eq!(repository.plain("x.enc.env"), long("3"));
        }
    }
    eprintln!("note: {settled} of {kills} killed runs had settled it");
    scene.write("x.enc.env", &before);
    assert!(run().status().unwrap().success());
    repository.opens("x.enc.env");
    let names = fs::read_dir(scene.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, [".git", ".gitattributes", ".sops.yaml", "x.enc.env"]);
}

#[test]
fn two_thousand_conflicts_are_settled_in_seconds() {
    let line = |side: &str, number: usize| format!("K{number}={side}-{number}\n");
    let text = |side: &str| (0..2_000).map(|number| line(side, number)).collect::<Vec<_>>().concat();
    let repository = stopped([&text("base"), &text("ours"), &text("theirs")]);
    let begun = Instant::now();
    repository.0.run(["resolve", "-q", "x.enc.env", "K1", "--ours"]).ok();
    repository.0.run(["resolve", "-q", "x.enc.env", "--theirs"]).ok();
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(repository.plain("x.enc.env"), text("theirs").replace("K1=theirs", "K1=ours"));
}
