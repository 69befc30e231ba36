//! Being killed at any moment, and writing all at once: a file is the old one or the new one, and nothing is lost.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::{ALICE, BOB, Scene, program};

const LONGEST: Duration = Duration::from_secs(8);

fn names(scene: &Scene) -> Vec<String> {
    let entries = fs::read_dir(scene.folder()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Starts `lacre` and kills it after so many microseconds; whether it ended by itself before.
fn killed(scene: &Scene, arguments: &[&str], after: u64) -> bool {
    let mut command = program(scene);
    let mut child = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_micros(after));
    let _ = child.kill();
    child.wait().unwrap().success()
}

/// Moments spread over the time that an undisturbed run takes, and a little beyond, in an order that jumps about.
fn moments(whole: Duration, count: u64) -> impl Iterator<Item = u64> {
    let whole = u64::try_from(whole.as_micros()).unwrap() * 5 / 4;
    (0..count).map(move |number| whole * (number * 61 % count) / count)
}

#[test]
fn a_killed_set_leaves_the_old_file_or_the_new_one() {
    let scene = Scene::new().identity("alice").file(".env", format!("A=0\nB={}\n", "x".repeat(100_000)));
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    let begin = Instant::now();
    assert!(program(&scene).args(["set", ".env.enc", "A", "0x"]).status().unwrap().success());
    let whole = begin.elapsed();
    let (mut old, mut survived, mut tried) = ("0x".to_owned(), 0, 0);
    for (number, moment) in moments(whole, 150).enumerate() {
        let new = number.to_string();
        let done = killed(&scene, &["set", ".env.enc", "A", &new], moment);
        let now = scene.run(["get", ".env.enc", "A"]).ok().printed().trim_end().to_owned();
        assert!(now == new || (now == old && !done), "neither {old} nor {new}");
        survived += u32::from(now == new);
        tried += 1;
        old = now;
        if begin.elapsed() > LONGEST {
            break;
        }
    }
    eprintln!("note: {survived} of {tried} killed writes had happened");
    scene.run(["set", ".env.enc", "A", "last"]).ok();
    assert_eq!(names(&scene), [".env", ".env.enc"]);
}

#[test]
fn a_killed_encryption_in_place_leaves_the_old_file_or_the_new_one() {
    let text = format!("a: 1\nb: {}\n", "x".repeat(100_000));
    let scene = Scene::new().identity("alice");
    let arguments = ["encrypt", "-i", "a.yaml", "-r", ALICE];
    scene.write("a.yaml", &text);
    let begin = Instant::now();
    assert!(program(&scene).args(arguments).stderr(Stdio::null()).status().unwrap().success());
    for moment in moments(begin.elapsed(), 150) {
        scene.write("a.yaml", &text);
        let done = killed(&scene, &arguments, moment);
        let now = scene.text("a.yaml");
        if now == text {
            assert!(!done, "it said that it had encrypted");
        } else {
            scene.run(["decrypt", "a.yaml"]).ok().stdout(&text);
        }
        if begin.elapsed() > LONGEST {
            break;
        }
    }
    scene.write("a.yaml", &text);
    scene.run(arguments).ok();
    assert_eq!(names(&scene), ["a.yaml"]);
}

#[test]
fn parallel_writes_lose_nothing() {
    let scene = Scene::new().identity("alice").file(".env", "A=0\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    let children: Vec<_> = (0..32)
        .map(|number| {
            let (name, value) = (format!("N{number}"), format!("v{number}"));
            program(&scene).args(["set", ".env.enc", &name, &value]).stdin(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let text = scene.run(["decrypt", ".env.enc"]).ok().printed();
    for number in 0..32 {
        assert!(text.contains(&format!("\nN{number}=v{number}\n")), "N{number} is lost:\n{text}");
    }
    assert_eq!(text.lines().count(), 33);
    assert_eq!(names(&scene), [".env", ".env.enc"]);
}

/// So many files for alice, a third of them in folders of their own, and rules that now name bob too.
fn tree(scene: &Scene, count: usize) -> Vec<String> {
    scene.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
    scene.write("a.env", "A=1\nB=two\n");
    scene.run(["encrypt", "-q", "a.env"]).ok();
    let text = scene.bytes("a.enc.env");
    let names: Vec<String> = (0..count)
        .map(|number| {
            if number % 3 == 0 {
                format!("d{}/n{number}.enc.env", number % 7)
            } else {
                format!("n{number}.enc.env")
            }
        })
        .collect();
    for name in &names {
        scene.write(name, &text);
    }
    fs::remove_file(scene.path("a.env")).unwrap();
    fs::remove_file(scene.path("a.enc.env")).unwrap();
    scene.git(&["add", "."]);
    names
}

/// Every file below the folder, git's own aside.
fn all_names(scene: &Scene) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![scene.folder()]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if !path.is_dir() {
                found.push(path.strip_prefix(scene.folder()).unwrap().to_str().unwrap().to_owned());
            } else if path.file_name().unwrap() != ".git" {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Who may open each file: alice alone, or alice and bob. Nothing else may stand there.
fn new_ones(scene: &Scene, names: &[String]) -> usize {
    let count = |name: &String| {
        let text = scene.text(name);
        let people = text.matches("map_recipient=").count();
        assert!(text.contains(ALICE) && people == 1 + usize::from(text.contains(BOB)), "{name}:\n{text}");
        people - 1
    };
    names.iter().map(count).sum()
}

fn opens_all(scene: &Scene, identity: &str) {
    let key = scene.folder().parent().unwrap().join("one.txt");
    fs::write(&key, identity).unwrap();
    // One command opens and verifies all of them.
    let key = key.to_str().unwrap();
    scene.run(["rekey", "--dry-run", "--all", "--json", "--identity", key]).ok();
    let rows = scene.run(["rekey", "--dry-run", "--all", "--json", "--identity", key]).ok().json();
    assert!(rows.as_array().unwrap().iter().all(|row| row["state"] == "planned"), "{rows}");
}

fn a_killed_sync(files: usize, kills: u64) {
    let scene = Scene::repository().identity("alice");
    let names = tree(&scene, files);
    let before: Vec<_> = names.iter().map(|name| scene.bytes(name)).collect();
    let rules = [
        format!("creation_rules:\n  - age: {ALICE}\n"),
        format!("creation_rules:\n  - age: {ALICE},{BOB}\n"),
    ];
    scene.write(".sops.yaml", &rules[1]);
    let sync = ["recipients", "sync", "--all", "--yes", "-q"];
    let begin = Instant::now();
    assert!(program(&scene).args(sync).status().unwrap().success());
    let whole = begin.elapsed();
    let everything = all_names(&scene);
    let mut partly = 0;
    for moment in moments(whole, kills) {
        for (name, text) in names.iter().zip(&before) {
            scene.write(name, text);
        }
        let done = killed(&scene, &sync, moment);
        let new = new_ones(&scene, &names);
        assert!(!done || new == names.len());
        partly += u32::from(new > 0 && new < names.len());
        opens_all(&scene, support::identity_of("alice"));
        assert!(program(&scene).args(sync).status().unwrap().success());
        assert_eq!(new_ones(&scene, &names), names.len());
        opens_all(&scene, support::identity_of("bob"));
        assert_eq!(all_names(&scene), everything, "a temporary file stays");
    }
    eprintln!("note: {partly} of {kills} killed runs over {files} files had changed some of them");
}

#[test]
fn a_tree_whose_sync_was_killed_is_finished_by_another() {
    a_killed_sync(200, 10);
}

#[test]
#[ignore = "takes a minute"]
fn a_tree_of_a_thousand_files_whose_sync_was_killed_is_finished_by_another() {
    a_killed_sync(1000, 12);
}

#[test]
fn one_name_set_everywhere_is_finished_by_the_same_command() {
    let scene = Scene::repository().identity("alice");
    let names = tree(&scene, 60);
    let arguments = |value: &'static str| ["set", "--all", "A", "--from-file", value, "--yes", "-q"];
    let value = |name: &String| scene.run(["get", "-n", name, "A"]).ok().printed();
    for number in ["one", "two"] {
        scene.write(number, number);
    }
    let begin = Instant::now();
    assert!(program(&scene).args(arguments("one")).status().unwrap().success());
    let whole = begin.elapsed();
    let everything = all_names(&scene);
    let mut partly = 0;
    for (number, moment) in moments(whole, 12).enumerate() {
        let (old, new) = if number % 2 == 0 { ("one", "two") } else { ("two", "one") };
        killed(&scene, &arguments(new), moment);
        let values: Vec<_> = names.iter().map(value).collect();
        assert!(values.iter().all(|value| value == old || value == new), "{values:?}");
        partly += u32::from(values.contains(&old.to_owned()) && values.contains(&new.to_owned()));
        // Although two values stand there now, one of them is the new one.
        assert!(program(&scene).args(arguments(new)).status().unwrap().success());
        assert!(names.iter().all(|name| value(name) == new));
        assert_eq!(all_names(&scene), everything, "a temporary file stays");
    }
    eprintln!("note: {partly} of 12 killed runs over 60 files had changed some of them");
}

#[test]
fn names_set_everywhere_at_once_are_not_lost() {
    let scene = Scene::repository().identity("alice");
    let names = tree(&scene, 20);
    let start = |name: &str| {
        let mut command = program(&scene);
        command.args(["set", "--all", name, "--generate", "hex:8", "--yes", "-q"]);
        command.stdin(Stdio::null()).spawn().unwrap()
    };
    for mut child in [start("A"), start("B")] {
        assert!(child.wait().unwrap().success());
    }
    for name in ["A", "B"] {
        let values = names.iter().map(|file| scene.run(["get", "-n", file, name]).ok().printed());
        let values: std::collections::BTreeSet<_> = values.collect();
        assert!(values.len() == 1 && values.iter().all(|value| value.len() == 16), "{values:?}");
    }
}

#[test]
fn two_syncs_at_once_do_the_work_of_one() {
    let scene = Scene::repository().identity("alice");
    let names = tree(&scene, 60);
    scene.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB}\n"));
    let everything = all_names(&scene);
    let start = || program(&scene).args(["recipients", "sync", "--all", "--yes", "-q"]).spawn().unwrap();
    let children = [start(), start(), start()];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!((new_ones(&scene, &names), all_names(&scene)), (names.len(), everything));
    opens_all(&scene, support::identity_of("bob"));
}

#[test]
fn a_file_that_cannot_be_written_leaves_all_of_them_as_they_were() {
    let scene = Scene::repository().identity("alice");
    let names = tree(&scene, 30);
    scene.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB}\n"));
    let (before, everything): (Vec<_>, _) =
        (names.iter().map(|name| scene.bytes(name)).collect(), all_names(&scene));
    // Other names of a file would keep the old content, so it is refused, late in the order of the folders.
    fs::hard_link(scene.path(&names[29]), scene.folder().parent().unwrap().join("other")).unwrap();
    let said = scene.run(["recipients", "sync", "--all", "--yes", "-q"]).fails(1).stderr;
    assert!(said.contains("it has more than one hard link"), "{said}");
    assert_eq!(names.iter().map(|name| scene.bytes(name)).collect::<Vec<_>>(), before);
    assert_eq!(all_names(&scene), everything);
    fs::remove_file(scene.folder().parent().unwrap().join("other")).unwrap();
    scene.run(["recipients", "sync", "--all", "--yes", "-q"]).ok();
    assert_eq!(new_ones(&scene, &names), names.len());
}

#[test]
fn a_full_disk_leaves_all_of_them_as_they_were() {
    let scene = Scene::repository().identity("alice");
    let names = tree(&scene, 30);
    scene.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB}\n"));
    scene.write("big.env", format!("A={}\n", "x".repeat(200_000)));
    scene.run(["encrypt", "-q", "big.env", "-r", ALICE]).ok();
    scene.git(&["add", "."]);
    let everything = all_names(&scene);
    let before: Vec<_> = everything.iter().map(|name| scene.bytes(name)).collect();
    // No file of ours may grow beyond 100 KiB: the last one cannot be written, as on a full disk.
    let direct = program(&scene);
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg("trap '' XFSZ; ulimit -f 200; exec \"$0\" recipients sync --all --yes -q");
    shell.arg(direct.get_program()).env_clear().current_dir(scene.folder());
    shell.envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(everything.iter().map(|name| scene.bytes(name)).collect::<Vec<_>>(), before);
    assert_eq!(all_names(&scene), everything);
    assert_eq!(new_ones(&scene, &names), 0);
}
