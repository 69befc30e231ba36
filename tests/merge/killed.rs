//! The driver killed at any moment: what git finds is our version, or the merged one, and nothing lies about.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::repository::Repository;
use super::support::program;

const FILE: &str = "a.enc.env";
const LONGEST: Duration = Duration::from_secs(8);

#[test]
fn a_killed_driver_leaves_ours_or_the_merged_version() {
    let long = "x".repeat(50_000);
    let repository = Repository::new();
    let scene = &repository.0;
    let texts = [("o", "A=1\nB=2\n"), ("a", "A=one\nB=2\n"), ("b", "A=1\nB=two\n")];
    repository.commit(FILE, &format!("{}L={long}\n", texts[0].1));
    for (name, text) in texts {
        for line in text.lines() {
            let (key, value) = line.split_once('=').unwrap();
            scene.run(["set", "-q", FILE, key, value]).ok();
        }
        fs::copy(scene.path(FILE), scene.path(name)).unwrap();
    }
    let ours = scene.bytes("a");
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(scene.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let start = || {
        let mut command = program(scene);
        command.args(["git", "merge", "o", "a", "b", "7", FILE]);
        command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let merged = |text: &[u8]| {
        scene.write("merged.enc.env", text);
        let plain = scene.run(["--require-seal", "decrypt", "merged.enc.env"]).ok().printed();
        fs::remove_file(scene.path("merged.enc.env")).unwrap();
        assert!(plain.starts_with("A=one\nB=two\nL="), "{}", &plain[..20]);
    };
    let before = names();
    let begin = Instant::now();
    assert!(start().wait().unwrap().success());
    let whole = u64::try_from(begin.elapsed().as_micros()).unwrap() * 5 / 4;
    merged(&scene.bytes("a"));
    let (mut tried, mut done) = (0, 0);
    for number in 0..150u64 {
        scene.write("a", &ours);
        let mut child = start();
        std::thread::sleep(Duration::from_micros(whole * (number * 61 % 150) / 150));
        let _ = child.kill();
        let ended = child.wait().unwrap().success();
        let text = scene.bytes("a");
        tried += 1;
        if text == ours {
            assert!(!ended, "it said that it had merged");
        } else {
            done += 1;
            merged(&text);
        }
        if begin.elapsed() > LONGEST {
            break;
        }
    }
    eprintln!("note: {done} of {tried} killed merges had happened");
    scene.write("a", &ours);
    assert!(start().wait().unwrap().success());
    // What a killed one left beside is swept by the next.
    assert_eq!(names(), before);
}
