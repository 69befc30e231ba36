//! The same merges by people who have plain git and the real sops: the same three plaintexts, changed in the editor that
//! `sops edit` opens, so that what did not change keeps its ciphertext; then git merges the three files as text.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lacre::base::DataKey;

use super::Team;
use super::model::Version;
use super::person::{PEOPLE, identity, recipient_of};

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peers {
    /// Merges that were replayed.
    pub merges: usize,
    /// Those that git left to a person.
    pub conflicts: usize,
    /// Those that git took for clean, and that sops refuses.
    pub broken: usize,
}

/// One version as sops wrote it, without borrowing from the team, for threads.
struct Side {
    plain: Vec<u8>,
    people: BTreeSet<&'static str>,
    key: DataKey,
}

impl Side {
    fn new(team: &Team, version: &Version) -> Option<Self> {
        let known = &team.known[version.blob.as_ref()?];
        let people = version.state.people.clone();
        Some(Self { plain: known.plain.to_vec(), people, key: known.key.clone() })
    }
}

struct Job {
    kind: &'static str,
    base: Side,
    sides: [Side; 2],
}

/// Replays every merge that the team has seen, or so many of them, spread over all.
pub fn replay(team: &Team, sops: &Path, most: usize) -> Peers {
    let step = team.merged.len().div_ceil(most).max(1);
    let jobs = team.merged.iter().step_by(step).filter_map(|(three, _)| {
        let side = |version| Side::new(team, version);
        let sides = [side(&three.ours)?, side(&three.theirs)?];
        Some(Job { kind: three.base.state.kind.name(), base: side(&three.base)?, sides })
    });
    let jobs: Vec<_> = jobs.collect();
    let folder = team.scratch("peer");
    let counts = std::thread::scope(|scope| {
        let half = jobs.len().div_ceil(2).max(1);
        let start = |(number, jobs): (usize, _)| {
            let folder = folder.with_file_name(format!("peer{number}"));
            scope.spawn(move || work(&folder, sops, jobs))
        };
        let threads: Vec<_> = jobs.chunks(half).enumerate().map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let sum = |of: fn(&Peers) -> usize| counts.iter().map(of).sum();
    Peers {
        merges: sum(|one| one.merges),
        conflicts: sum(|one| one.conflicts),
        broken: sum(|one| one.broken),
    }
}

fn work(folder: &Path, sops: &Path, jobs: &[Job]) -> Peers {
    fs::create_dir_all(folder).unwrap();
    let identities: Vec<_> = PEOPLE.iter().map(|person| identity(person.0)).collect();
    fs::write(folder.join("identities.txt"), identities.join("\n")).unwrap();
    let desk = Desk { folder: folder.to_owned(), sops: sops.to_owned() };
    let mut peers = Peers::default();
    for job in jobs {
        peers.merges += 1;
        match desk.merge(job) {
            Ending::Clean => {}
            Ending::Conflict => peers.conflicts += 1,
            Ending::Broken => peers.broken += 1,
        }
    }
    peers
}

enum Ending {
    Broken,
    Clean,
    Conflict,
}

struct Desk {
    folder: PathBuf,
    sops: PathBuf,
}

impl Desk {
    fn merge(&self, job: &Job) -> Ending {
        // sops goes by the name.
        let end = if job.kind == "dotenv" { "env" } else { job.kind };
        let [base, ours, theirs] = ["base", "ours", "theirs"].map(|name| format!("{name}.{end}"));
        self.write(&base, &job.base.plain);
        self.rules(&job.base.people);
        self.done(&["encrypt", "--in-place", &base]);
        for (name, side) in [(&ours, &job.sides[0]), (&theirs, &job.sides[1])] {
            self.write(name, &fs::read(self.folder.join(&base)).unwrap());
            self.change(name, &job.base, side);
        }
        let mut command = Command::new("git");
        command.args(["merge-file", "--quiet", &ours, &base, &theirs]).current_dir(&self.folder);
        match command.status().unwrap().code() {
            Some(0) if self.run(&["decrypt", &ours]).status.success() => Ending::Clean,
            Some(0) => Ending::Broken,
            Some(1..=127) => Ending::Conflict,
            other => panic!("git merge-file: {other:?}"),
        }
    }

    /// What one side did to `name`, which is as `base` says.
    fn change(&self, name: &str, base: &Side, side: &Side) {
        if side.plain != base.plain {
            self.write("edited", &side.plain);
            self.done(&["edit", name]);
        }
        let gone: Vec<_> = base.people.difference(&side.people).copied().collect();
        if side.people.difference(&base.people).next().is_some() {
            self.rules(&side.people);
            self.done(&["updatekeys", "--yes", name]);
        }
        let removals: Vec<_> = gone.iter().map(|who| peer_of(who)).collect();
        let removals = removals.join(",");
        if !gone.is_empty() {
            self.done(&["rotate", "--in-place", "--rm-age", &removals, name]);
        } else if side.key != base.key {
            self.done(&["rotate", "--in-place", name]);
        }
    }

    fn rules(&self, people: &BTreeSet<&'static str>) {
        let keys: Vec<_> = people.iter().map(|who| peer_of(who)).collect();
        self.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", keys.join(",")).as_bytes());
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.folder.join(name), content).unwrap();
    }

    fn done(&self, arguments: &[&str]) {
        let output = self.run(arguments);
        // 200: an edit that only changed how it is written, which sops does not keep.
        let code = output.status.code();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(code, Some(0 | 200)), "sops {arguments:?}: {talk}");
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.sops);
        command.args(arguments).current_dir(&self.folder).env_clear().stdin(Stdio::null());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("SOPS_AGE_KEY_FILE", self.folder.join("identities.txt"));
        command.env("SOPS_EDITOR", format!("cp {}", self.folder.join("edited").display()));
        command.output().unwrap()
    }
}

/// This sops knows no post-quantum recipients, so somebody else stands in.
fn peer_of(who: &str) -> &'static str {
    if who == "ci" {
        "age14rve55mttagpmtmya35agawpcy72qa82yduydluyqq4gzd0yy3rsnaaern"
    } else {
        recipient_of(who)
    }
}
