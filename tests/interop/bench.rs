//! A folder with an identity and a rule file, where sops and lacre work on the same files. Knows no case of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path as FilePath, PathBuf};
use std::process::Command;

use lacre::base::ports::{CountedRandom, FrozenClock, NoPrompt};
use lacre::base::{DataKey, Path, Type, Value};
use lacre::cipher::Ciphertext;
use lacre::document::dotenv::Dotenv;
use lacre::document::{Binary, Format, Ini, Json, yaml::Yaml};
use lacre::envelope::{Metadata, OpenError, Opened, Plain, Sealed, encrypt};
use lacre::keys::age::AgeRecipient;
use lacre::keys::new_identity::{NewIdentity, NewKind};
use lacre::keys::plugin::NoPlugins;
use lacre::keys::{Recipient, WrappedKey};
use lacre::policy::Selector;
use lacre::world::identities::Identities;
use tempfile::TempDir;
use time::OffsetDateTime;

pub struct Bench {
    folder: TempDir,
    sops: PathBuf,
    pub recipient: String,
}

/// What a program left behind.
pub struct Run {
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl Run {
    #[track_caller]
    pub fn ok(self) -> Vec<u8> {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }

    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{} {}", text(&self.out), self.err);
        self.err
    }
}

/// The sops program of this machine.
pub fn program() -> Option<PathBuf> {
    super::peers::find("SOPS_BINARY", "sops")
}

pub fn skipped() {
    eprintln!("skipped: no sops program found");
}

impl Bench {
    /// `None`, and a word about it, where there is no sops.
    pub fn new() -> Option<Self> {
        let Some(sops) = program() else {
            skipped();
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        let identity = identity(NewKind::X25519, 1);
        fs::write(folder.path().join("keys.txt"), identity.text.expose()).unwrap();
        let bench = Self { folder, sops, recipient: identity.recipient };
        bench.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", bench.recipient));
        Some(bench)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A shell script, e.g. an editor.
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub fn sops<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.sops_with(arguments, [("SOPS_AGE_KEY_FILE", self.path("keys.txt"))])
    }

    pub fn lacre<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.lacre_with(arguments, [("SOPS_AGE_KEY_FILE", self.path("keys.txt"))])
    }

    pub fn sops_with<const N: usize>(
        &self,
        arguments: [&str; N],
        variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> Run {
        self.run(&self.sops, &arguments, variables)
    }

    pub fn lacre_with<const N: usize>(
        &self,
        arguments: [&str; N],
        variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> Run {
        self.run(FilePath::new(env!("CARGO_BIN_EXE_lacre")), &arguments, variables)
    }

    /// `sops` or `lacre`, with words that are counted at run time.
    pub fn run_named(
        &self,
        program: &str,
        arguments: &[&str],
        variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> Run {
        let own = FilePath::new(env!("CARGO_BIN_EXE_lacre"));
        self.run(if program == "sops" { &self.sops } else { own }, arguments, variables)
    }

    fn run(
        &self,
        program: &FilePath,
        arguments: &[&str],
        variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> Run {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("HOME", self.path("home")).env("PATH", "/usr/bin:/bin").envs(variables);
        let output = command.output().unwrap();
        Run { code: output.status.code().unwrap_or(-1), out: output.stdout, err: text(&output.stderr) }
    }

    /// Encrypts for this bench's identity.
    pub fn encrypt(&self, name: &str, plain: &[u8]) -> Vec<u8> {
        self.encrypt_as(name, plain, Selector::default(), false)
    }

    #[track_caller]
    pub fn encrypt_as(&self, name: &str, plain: &[u8], selector: Selector, mac_only: bool) -> Vec<u8> {
        let plain = Plain::parse(plain.to_vec(), format_of(name)).expect("a plaintext");
        let key = DataKey::from_bytes(&[7; 32]).unwrap();
        let share = key.expose().to_vec().into();
        let wrapped = AgeRecipient::parse(&self.recipient, &NoPlugins).unwrap().wrap(&share).unwrap();
        let metadata = Metadata::new(vec![vec![wrapped]], selector, mac_only);
        encrypt(&plain, metadata, &key, &clock(), &CountedRandom::default()).expect("an encrypted text").text
    }

    /// Opens with this bench's identity.
    #[track_caller]
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<(Opened, Plain), OpenError> {
        let sealed = Sealed::parse(sealed.to_vec(), format_of(name)).expect("an encrypted text");
        let opened = sealed.open(&self.data_key(&sealed.metadata().groups[0]))?;
        let plain = sealed.plaintext(&opened).expect("a text");
        let plain = Plain::parse(plain, format_of(name)).expect("a plaintext");
        Ok((opened, plain))
    }

    fn data_key(&self, group: &[WrappedKey]) -> DataKey {
        let explicit = [self.path("keys.txt")];
        let variables = BTreeMap::new();
        let identities = Identities::gather(&explicit, self.folder.path(), &variables, &NoPrompt, &NoPlugins);
        let opened = identities.open(group).expect("an identity that opens it");
        DataKey::from_bytes(&opened.share).unwrap()
    }

    /// What sops makes of an encrypted text, in its own spelling of the same format.
    #[track_caller]
    pub fn sops_reads(&self, name: &str, sealed: &[u8]) -> String {
        self.write(name, sealed);
        let run = self.sops(["decrypt", name]);
        assert_eq!(run.code, 0, "{}\n{}", run.err, text(sealed));
        text(&run.out)
    }

    #[track_caller]
    pub fn sops_encrypts(&self, name: &str, plain: &[u8]) -> Vec<u8> {
        self.write(name, plain);
        let run = self.sops(["encrypt", name]);
        assert_eq!(run.code, 0, "{}\n{}", run.err, text(plain));
        run.out
    }

    /// Encrypts `plain` here and there; each reads the other's file as its own. Returns sops's file.
    #[track_caller]
    pub fn agree(&self, name: &str, plain: &[u8]) -> Vec<u8> {
        let ours = self.encrypt(name, plain);
        let theirs = self.sops_encrypts(name, plain);
        assert_eq!(self.sops_reads(name, &ours), self.sops_reads(name, &theirs), "{}", text(plain));
        assert_eq!(tags(name, &ours), tags(name, &theirs), "{}", text(plain));
        let expected = leaves(&Plain::parse(plain.to_vec(), format_of(name)).unwrap());
        for (who, sealed) in [("we", &ours), ("sops", &theirs)] {
            let (opened, read) = self.open(name, sealed).unwrap_or_else(|error| panic!("{who}: {error}"));
            assert_eq!(leaves(&read), expected, "{who} wrote\n{}", text(sealed));
            assert_eq!(opened.stuck_comments, 0, "{who} wrote\n{}", text(sealed));
        }
        theirs
    }
}

pub fn identity(kind: NewKind, nth: u8) -> NewIdentity {
    let random = CountedRandom::default();
    for _ in 0..nth {
        lacre::base::ports::Random::fill(&random, &mut [0; 8]).unwrap();
    }
    NewIdentity::generate(kind, &clock(), &random).unwrap()
}

pub fn clock() -> FrozenClock {
    FrozenClock(OffsetDateTime::from_unix_timestamp(1_767_323_045).unwrap())
}

pub fn format_of(name: &str) -> &'static dyn Format {
    match name.rsplit('.').next() {
        Some("env") => &Dotenv,
        Some("bin") => &Binary,
        Some("ini") => &Ini,
        Some("json") => &Json,
        _ => &Yaml,
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Path, kind and plain bytes of every value. Integers and floats are not told apart: sops before 3.13.2 made floats
/// of all numbers of JSON, and prints a clear `1.0` as `1`. Nor is `\n` in dotenv told from a line feed.
pub fn leaves(plain: &Plain) -> Vec<(Path, &'static str, String)> {
    let is_dotenv = plain.document().format().name() == "dotenv";
    let kind = |value: &Value| match value.kind() {
        Some(Type::Int | Type::Float) => "number",
        kind => kind.map_or("null", Type::name),
    };
    let leaf = |(path, value): (Path, Value)| {
        let text = value.plain_bytes().escape_ascii().to_string();
        (path, kind(&value), if is_dotenv { text.replace("\\\\n", "\\n") } else { text })
    };
    plain.leaves().into_iter().map(leaf).collect()
}

/// The type tag of every encrypted value, by the AAD path, in order.
pub fn tags(name: &str, sealed: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let sealed = Sealed::parse(sealed.to_vec(), format_of(name)).unwrap();
    let document = sealed.document();
    let mut found = Vec::new();
    for (path, event) in document.nodes() {
        let Some(Value::Str(bytes)) = document.scalar(event) else { continue };
        let Some(cipher) = Ciphertext::parse(bytes.expose()) else { continue };
        match cipher.kind {
            Type::Comment => {}
            Type::Int if name.ends_with("json") => found.push((path.aad(), "float")),
            kind => found.push((path.aad(), kind.name())),
        }
    }
    found
}
