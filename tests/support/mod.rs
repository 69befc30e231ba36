//! `Scene`: a folder, a home, some identities and a command line run in process, for tests that look from outside.
#![allow(dead_code, reason = "every test binary uses its own part")]

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use lacre::base::Secret;
use lacre::base::ports::Prompt;
use lacre::world::{Terminals, Variables, World};

/// Throw-away people: name, recipient, identity. They open nothing but what tests encrypt.
pub const PEOPLE: [(&str, &str, &str); 3] = [
    ("alice", ALICE, "AGE-SECRET-KEY-1JLL8HPQKN70KEU05Z5P6XKM45XLCHL6UZN5F67G4WZ3Z9KJCK23S7L7RJQ"),
    ("bob", BOB, "AGE-SECRET-KEY-1CH4S2A33WVUXU7GWP9D5M0AY4R3FA6VZ4F2E7D8JM3T57XVNKQ7Q8ARJDG"),
    ("ci", CI, "AGE-SECRET-KEY-17QR9TDF5PDAJZW67HYKQVE8EULPP3SKTRLALT3Z9M4AKHGER4XTQKM5DQP"),
];
pub const ALICE: &str = "age1uyc8v2nuzsp3qugkgg9hx03nm8xr6h8wnm8jnzrvqwqcfe98zpcqdwf65j";
pub const BOB: &str = "age1x2cyvczmzklcracq2d4t0mj9m3yuyjq4f7uswllhe6aqcntgtfwqcs7khp";
pub const CI: &str = "age1pq3gg5ludqcpasla5rxcmxqcnf9cadkrqj9jcrflq4v9p58xhq2seec39p";

/// The identity of one of [`PEOPLE`].
pub fn identity_of(name: &str) -> &'static str {
    PEOPLE.iter().find(|person| person.0 == name).expect("a known person").2
}

/// A place to run commands in. Its working folder and its home stand side by side in a temporary folder.
pub struct Scene {
    /// Removed with the scene.
    _temporary: tempfile::TempDir,
    base: PathBuf,
    variables: Variables,
    stdin: Vec<u8>,
    answers: RefCell<VecDeque<String>>,
    typed: bool,
    policy: PathBuf,
    draws: bool,
}

impl Scene {
    /// An empty folder outside any repository, nobody's identity, no terminal.
    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(temporary.path()).unwrap();
        fs::create_dir(base.join("here")).unwrap();
        fs::create_dir(base.join("home")).unwrap();
        let mut variables = Variables::new();
        variables.insert("HOME".into(), base.join("home").into());
        variables.extend(std::env::var_os("PATH").map(|path| ("PATH".into(), path)));
        Self {
            _temporary: temporary,
            base,
            variables,
            stdin: Vec::new(),
            answers: RefCell::default(),
            typed: false,
            policy: PathBuf::new(),
            draws: false,
        }
    }

    /// With the system's randomness: no two data keys are the same.
    pub fn draws(mut self) -> Self {
        self.draws = true;
        self
    }

    /// A git repository.
    pub fn repository() -> Self {
        let scene = Self::new();
        scene.git(&["init", "--quiet", "--initial-branch=main"]);
        scene
    }

    /// With a file; folders on the way are made.
    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(name, text);
        self
    }

    /// Who runs the commands: the identity stands where sops looks.
    pub fn identity(self, name: &str) -> Self {
        let place = self.base.join("home/.config/sops/age/keys.txt");
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let mut text = fs::read_to_string(&place).unwrap_or_default();
        text.push_str(identity_of(name));
        text.push('\n');
        fs::write(place, text).unwrap();
        self
    }

    /// The same scene without identities.
    pub fn nobody(self) -> Self {
        drop(fs::remove_dir_all(self.base.join("home/.config")));
        self
    }

    /// With a variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// What every later command finds on stdin.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// A person at a terminal who types these lines; `y` is a yes.
    pub fn types<const N: usize>(mut self, lines: [&str; N]) -> Self {
        *self.answers.borrow_mut() = lines.map(str::to_owned).into();
        self.typed = true;
        self
    }

    /// With a file that forbids plaintext, if it is there.
    pub fn policy(mut self, path: &Path) -> Self {
        path.clone_into(&mut self.policy);
        self
    }

    /// The working folder.
    pub fn folder(&self) -> PathBuf {
        self.base.join("here")
    }

    /// A path in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    /// Replaces one text by another in a file, as a person with an editor would.
    pub fn swap(&self, name: &str, old: &str, new: &str) {
        let text = self.text(name);
        assert!(text.contains(old), "{name} has no `{old}`:\n{text}");
        self.write(name, text.replacen(old, new, 1));
    }

    /// Permission bits of a file.
    #[cfg(unix)]
    pub fn mode(&self, name: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    /// Runs git in the folder.
    pub fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments);
        command.current_dir(self.folder()).env("HOME", self.base.join("home"));
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
    }

    /// Runs `lacre` with these arguments, in process, with a frozen clock and counted randomness.
    pub fn run<const N: usize>(&self, arguments: [&str; N]) -> Outcome<'_> {
        self.run_in("", &arguments)
    }

    /// The same, from a folder below.
    pub fn run_in(&self, folder: &str, arguments: &[&str]) -> Outcome<'_> {
        let before = self.snapshot();
        // A trailing slash would be no part of what the system calls the working folder.
        let place = if folder.is_empty() { self.folder() } else { self.path(folder) };
        let (mut world, printed) = World::test(&place);
        world.variables = self.variables.clone();
        world.plaintext_policy.clone_from(&self.policy);
        if self.draws {
            world.random = Box::new(lacre::world::system::SystemRandom::default());
        }
        world.stdin = RefCell::new(Box::new(Cursor::new(self.stdin.clone())));
        if self.typed {
            world.prompt = Box::new(Answers(RefCell::new(self.answers.take())));
            world.terminals = Terminals { stdin: true, ..Terminals::default() };
        }
        let words = std::iter::once("lacre").chain(arguments.iter().copied()).map(OsString::from);
        let code = lacre::cli::run(words, &world);
        Outcome {
            scene: self,
            arguments: arguments.join(" "),
            code,
            stdout: printed.stdout.bytes(),
            stderr: printed.stderr.text(),
            before,
        }
    }

    /// Places and recipients by names that do not change.
    pub fn plain_words(&self, text: &str) -> String {
        let mut text = text.replace(&*self.folder().to_string_lossy(), "[here]");
        text = text.replace(&*self.base.join("home").to_string_lossy(), "[home]");
        for (name, recipient, _) in PEOPLE {
            text = text.replace(recipient, &format!("[{name}]"));
        }
        text
    }

    /// Every file in the folder, git's own aside.
    fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.folder()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    if path.file_name().is_some_and(|name| name != ".git") {
                        folders.push(path);
                    }
                } else {
                    let name = path.strip_prefix(self.folder()).unwrap().to_str().unwrap().to_owned();
                    found.insert(name, fs::read(&path).unwrap_or_default());
                }
            }
        }
        found
    }
}

/// How a command ended. Every check returns it, for the next.
pub struct Outcome<'s> {
    scene: &'s Scene,
    arguments: String,
    pub code: u8,
    pub stdout: Vec<u8>,
    pub stderr: String,
    before: BTreeMap<String, Vec<u8>>,
}

impl Outcome<'_> {
    /// It did what was asked.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.fails(0)
    }

    /// It ended with this code.
    #[track_caller]
    pub fn fails(self, code: u8) -> Self {
        let talk = &self.stderr;
        assert_eq!(self.code, code, "lacre {}\nstderr:\n{talk}", self.arguments);
        self
    }

    /// All that it printed.
    #[track_caller]
    pub fn stdout(self, expected: &str) -> Self {
        let printed = self.scene.plain_words(&String::from_utf8_lossy(&self.stdout));
        assert_eq!(printed, expected, "stdout of lacre {}", self.arguments);
        self
    }

    /// All that it said.
    #[track_caller]
    pub fn stderr(self, expected: &str) -> Self {
        let said = self.scene.plain_words(&self.stderr);
        assert_eq!(said, expected, "stderr of lacre {}", self.arguments);
        self
    }

    /// It changed, made or removed exactly these files of the folder.
    #[track_caller]
    pub fn changed<const N: usize>(self, names: [&str; N]) -> Self {
        let after = self.scene.snapshot();
        let mut changed: Vec<&String> = self.before.keys().chain(after.keys()).collect();
        changed.retain(|name| self.before.get(*name) != after.get(*name));
        changed.sort();
        changed.dedup();
        assert_eq!(changed, names, "files changed by lacre {}", self.arguments);
        self
    }

    /// Every file is as it was.
    #[track_caller]
    pub fn untouched(self) -> Self {
        self.changed([])
    }

    /// What it printed, as text.
    pub fn printed(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// What it printed, as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap()
    }
}

struct Answers(RefCell<VecDeque<String>>);

impl Prompt for Answers {
    fn secret(&self, _: &str) -> Option<Secret<String>> {
        self.0.borrow_mut().pop_front().map(Secret::new)
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        self.0.borrow_mut().pop_front().map(|answer| answer == "y")
    }

    fn tell(&self, _: &str) {}
}

/// The real program in a scene, for what cannot be seen from inside.
pub fn program(scene: &Scene) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lacre"));
    command.env_clear().envs(&scene.variables).current_dir(scene.folder());
    command
}

/// Runs `command`, hands it `stdin`, and waits.
pub fn feed(mut command: Command, stdin: &[u8]) -> std::process::Output {
    use std::process::Stdio;
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that does not read its stdin closes it.
    drop(child.stdin.take().unwrap().write_all(stdin));
    child.wait_with_output().unwrap()
}

/// Whether the tests run as root, whom permissions do not stop.
pub fn is_root() -> bool {
    let probe = tempfile::tempdir().unwrap();
    let mut locked = fs::metadata(probe.path()).unwrap().permissions();
    locked.set_readonly(true);
    fs::set_permissions(probe.path(), locked).unwrap();
    fs::write(probe.path().join("a"), "").is_ok()
}
