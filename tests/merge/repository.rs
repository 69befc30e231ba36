//! A repository whose merges go through the driver.

use std::path::Path;
use std::process::{Command, Output};

use super::support::{ALICE, Scene};

/// A scene with alice's identity, a rule for her, and the driver.
pub struct Repository(pub Scene);

/// What git said and how it ended.
pub struct Told {
    pub code: i32,
    pub words: String,
}

impl Repository {
    pub fn new() -> Self {
        let scene = Scene::repository().identity("alice");
        let repository = Self(scene);
        repository.set_up();
        repository
    }

    fn set_up(&self) {
        let program = env!("CARGO_BIN_EXE_lacre");
        self.0.write(".gitattributes", "*.enc* merge=lacre\n");
        self.0.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
        self.git(&["config", "user.name", "a"]);
        self.git(&["config", "user.email", "a@example.org"]);
        let driver = format!("'{program}' git merge -- %O %A %B %L %P %S %X %Y");
        self.git(&["config", "merge.lacre.driver", &driver]);
    }

    /// Runs git, which must succeed.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let told = self.try_git(arguments);
        assert_eq!(told.code, 0, "git {arguments:?}:\n{}", told.words);
        told.words
    }

    pub fn try_git(&self, arguments: &[&str]) -> Told {
        told(&mut self.command(arguments))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(self.0.folder());
        command.env("HOME", self.0.folder().parent().unwrap().join("home"));
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE"] {
            command.env_remove(name);
        }
        command
    }

    /// Encrypts `text` as `name`, which has `.enc` in it, and commits all.
    #[track_caller]
    pub fn commit(&self, name: &str, text: &str) {
        let plain = name.replacen(".enc", "", 1);
        self.0.write(&plain, text);
        self.0.run(["encrypt", "-q", "--replace", &plain, "-o", name]).ok();
        std::fs::remove_file(self.0.path(&plain)).unwrap();
        self.commit_all();
    }

    #[track_caller]
    pub fn commit_all(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "c"]);
    }

    /// On a new branch from here.
    #[track_caller]
    pub fn branch(&self, name: &str) {
        self.git(&["checkout", "--quiet", "-b", name]);
    }

    #[track_caller]
    pub fn checkout(&self, name: &str) {
        self.git(&["checkout", "--quiet", name]);
    }

    /// `base` on `main`, `theirs` on `side`, `ours` on `main` again, where we are.
    #[track_caller]
    pub fn fork(&self, name: &str, [base, ours, theirs]: [&str; 3]) {
        self.commit(name, base);
        self.branch("side");
        self.commit(name, theirs);
        self.checkout("main");
        self.commit(name, ours);
    }

    #[track_caller]
    pub fn plain(&self, name: &str) -> String {
        self.0.run(["decrypt", name]).ok().printed()
    }

    /// What the real sops makes of a file, where there is one.
    pub fn by_sops(&self, name: &str, kind: &str) -> Option<Output> {
        let program = std::env::var_os("SOPS_BINARY")?;
        let mut command = Command::new(program);
        command.args(["decrypt", "--input-type", kind, "--output-type", kind, name]);
        command.current_dir(self.0.folder()).env("HOME", self.0.folder().parent().unwrap().join("home"));
        command.env_remove("SOPS_AGE_KEY").env_remove("SOPS_AGE_KEY_FILE").env_remove("XDG_CONFIG_HOME");
        Some(command.output().unwrap())
    }

    /// It opens in lacre, sealed, and in sops.
    #[track_caller]
    pub fn opens(&self, name: &str) {
        self.0.run(["--require-seal", "decrypt", name]).ok();
        let kind = match Path::new(name).extension().and_then(|end| end.to_str()) {
            Some("env") => "dotenv",
            Some("bin") => "binary",
            Some(kind) => kind,
            None => panic!("{name}"),
        };
        if let Some(output) = self.by_sops(name, kind) {
            assert!(output.status.success(), "sops: {output:?}");
        }
    }
}

fn told(command: &mut Command) -> Told {
    let output = command.output().unwrap();
    let words = [output.stdout, output.stderr].concat();
    Told { code: output.status.code().unwrap(), words: String::from_utf8_lossy(&words).into_owned() }
}
