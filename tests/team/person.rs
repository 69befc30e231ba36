//! One of the team: an identity, a home, a clone, and the two programs they use.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lacre::world::World;
use lacre::world::system::{SystemClock, SystemRandom};

use crate::support::{ALICE, BOB, CI, identity_of};

/// Who can be a recipient. The last has no clone, and a post-quantum recipient that sops does not know.
pub const PEOPLE: [(&str, &str); 4] = [("alice", ALICE), ("bob", BOB), ("carol", CAROL), ("ci", CI)];
const CAROL: &str = "age1dqjeyyqxaaar867hw0m80h6mnm5jzawcnjyg3dfvg5ksu2cpvayqqk4cfm";

/// The recipient of one of [`PEOPLE`].
pub fn recipient_of(who: &str) -> &'static str {
    PEOPLE.iter().find(|person| person.0 == who).unwrap().1
}

/// The identity of one of [`PEOPLE`].
pub fn identity(who: &str) -> &'static str {
    if who == "carol" {
        return "AGE-SECRET-KEY-1NQXC4WZUNM2JVDEP04G8PFQAPYUN6EK54588NJKQF9Q86F4JD4HQ4LFSVW";
    }
    identity_of(who)
}

pub struct Person {
    pub name: &'static str,
    /// Their clone.
    pub clone: PathBuf,
    home: PathBuf,
    identity: PathBuf,
}

/// What a program left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub talk: String,
}

impl Ran {
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.talk);
        self.out
    }
}

impl Person {
    pub fn new(base: &Path, name: &'static str) -> Self {
        let home = base.join("homes").join(name);
        fs::create_dir_all(&home).unwrap();
        let file = home.join("identity.txt");
        fs::write(&file, identity(name)).unwrap();
        Self { name, clone: base.join(name), home, identity: file }
    }

    /// Clones the repository, and lets lacre set the clone up.
    pub fn join(&self, origin: &Path) {
        let arguments = ["clone", "--quiet", origin.to_str().unwrap(), self.clone.to_str().unwrap()];
        assert!(self.command("git", origin).args(arguments).status().unwrap().success());
        for (name, value) in [
            ("user.name", self.name),
            ("user.email", "team@example.org"),
            ("commit.gpgSign", "false"),
            ("core.fsync", "none"),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
            ("pull.rebase", "false"),
            ("advice.mergeConflict", "false"),
            ("core.editor", "true"),
        ] {
            self.git(&["config", name, value]).ok();
        }
        self.program(&["git", "install"]).ok();
    }

    /// Runs git in the clone.
    pub fn git(&self, arguments: &[&str]) -> Ran {
        run(self.command("git", &self.clone).args(arguments))
    }

    /// Runs the real program in the clone, for what cannot be done in process: it writes down where it stands.
    pub fn program(&self, arguments: &[&str]) -> Ran {
        run(self.command(env!("CARGO_BIN_EXE_lacre"), &self.clone).args(arguments))
    }

    /// Runs lacre in the clone, in process.
    pub fn lacre(&self, arguments: &[&str]) -> Ran {
        self.lacre_with(arguments, &[])
    }

    /// The same, with variables.
    pub fn lacre_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let (mut world, printed) = World::test(&self.clone);
        world.clock = Box::new(SystemClock);
        world.random = Box::new(SystemRandom::default());
        world.variables.extend(std::env::var_os("PATH").map(|path| ("PATH".into(), path)));
        world.variables.insert("HOME".into(), self.home.clone().into());
        world.variables.insert("SOPS_AGE_KEY_FILE".into(), self.identity.clone().into());
        world.variables.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
        let words = std::iter::once("lacre").chain(arguments.iter().copied()).map(OsString::from);
        let code = lacre::cli::run(words, &world);
        let out = String::from_utf8(printed.stdout.bytes()).unwrap();
        Ran { code: code.into(), out, talk: printed.stderr.text() }
    }

    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).current_dir(folder);
        command.env("HOME", &self.home).env("SOPS_AGE_KEY_FILE", &self.identity);
        command.env("GIT_CONFIG_NOSYSTEM", "1").stdin(Stdio::null());
        command
    }
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        talk: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
