//! Killed at any moment, offboarding leaves files that open, and done again finishes.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::program;
use crate::team::Team;

const FILES: usize = 24;
const KILLS: u32 = 12;
/// No waiting for ever.
const LONGEST: Duration = Duration::from_mins(2);
const ARGUMENTS: [&str; 4] = ["offboard", "p1", "--yes", "-q"];

#[test]
fn a_killed_offboarding_leaves_files_that_open_and_is_finished_by_another() {
    let mut team = Team::new(2);
    let (zero, one) = (team.people[0].recipient.clone(), team.people[1].recipient.clone());
    let rules = format!("creation_rules:\n  - age:\n      - {zero} # p0\n      - {one} # p1\n");
    team.scene.write(".sops.yaml", &rules);
    team.scene.write("b/.sops.yaml", &rules);
    let names: Vec<String> =
        (0..FILES).map(|number| format!("{}/n{number}.yaml", ["a", "b", "c"][number % 3])).collect();
    for name in &names {
        team.scene.write(name, "key: some-Secret-1\n");
        team.scene.run_in("", &["encrypt", "-q", "-i", name]).ok();
    }
    team.commit("start");
    team.holds(&[0]);
    let all: Vec<&str> =
        [".sops.yaml", "b/.sops.yaml"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let before: Vec<_> = all.iter().map(|name| team.scene.bytes(name)).collect();
    let begin = Instant::now();
    assert!(program(&team.scene).args(ARGUMENTS).stdout(Stdio::null()).status().unwrap().success());
    let whole = begin.elapsed();
    let mut partly = 0;
    for number in 0..KILLS {
        for (name, text) in all.iter().zip(&before) {
            team.scene.write(name, text);
        }
        // Reading takes long and writing is quick: every other time, wait until the first file is new.
        let done = if number % 2 == 0 {
            killed(&team, |_| std::thread::sleep(whole * number / KILLS))
        } else {
            killed(&team, |folder| {
                while begin.elapsed() < LONGEST && std::fs::read(folder.join(all[0])).unwrap() == before[0] {}
                std::thread::sleep(Duration::from_micros(u64::from(number) * 40));
            })
        };
        let left = all.iter().filter(|name| team.scene.text(name).contains(&one)).count();
        assert!(!done || left == 0);
        partly += u32::from(left > 0 && left < all.len());
        opens(&team, &names);
        assert!(program(&team.scene).args(ARGUMENTS).stdout(Stdio::null()).status().unwrap().success());
        assert!(all.iter().all(|name| !team.scene.text(name).contains(&one)));
        opens(&team, &names);
        assert_eq!(team.git(&["ls-files", "--others"]), "", "a temporary file stays");
    }
    eprintln!("note: {partly} of {KILLS} killed runs had changed some of the files");
}

/// Kills it when `wait` ends; whether it ended by itself before.
fn killed(team: &Team, wait: impl Fn(&Path)) -> bool {
    let mut command = program(&team.scene);
    command.args(ARGUMENTS).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    wait(&team.scene.folder());
    let _ = child.kill();
    child.wait().unwrap().success()
}

/// One command opens and verifies all of them.
fn opens(team: &Team, names: &[String]) {
    let rows = team.scene.run(["rekey", "--dry-run", "--all", "--json"]).ok().json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), names.len());
    assert!(rows.iter().all(|row| row["state"] == "planned"), "{rows:?}");
}
