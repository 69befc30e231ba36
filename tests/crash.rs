//! Being killed at any moment, and writing all at once: a file is the old one or the new one, and nothing is lost.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::{ALICE, Scene, program};

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
