//! The face against sops itself: each row of `face/*.txt` is a shell script that calls `sops`. It runs twice in equal
//! folders, once with the real program and once with ours under its name. Exit code, stdout and the meaning of every
//! file afterwards must be equal, save for what a row lists with its reason, and that must really differ.
//!
//! A row: `== fact`, the script, then any of
//! `! code REAL OURS: reason`, `! stdout: reason`, `! files: reason` (these differ), `~ stdout` (equal as values).

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use lacre::document::dotenv::Dotenv;
use lacre::document::{Binary, Format, Ini, Json, yaml::Yaml};
use lacre::envelope::{Plain, Sealed};
use lacre::keys::new_identity::NewKind;
use tempfile::TempDir;

use super::bench::{identity, leaves, program, skipped, text};

/// What all rows share: the programs, the keys and the files that every folder starts with.
struct Stage {
    folder: TempDir,
    people: BTreeMap<&'static str, String>,
}

#[derive(Default)]
struct Row {
    place: String,
    fact: String,
    script: String,
    code: Option<(i32, i32)>,
    stdout_differs: bool,
    files_differ: bool,
    by_value: bool,
}

struct Outcome {
    code: i32,
    out: Vec<u8>,
    err: String,
    folder: PathBuf,
}

/// Plain files that every folder holds, and their encrypted twins `enc.…`, made by sops.
const PLAIN: [(&str, &str); 8] = [
    ("lines.yaml", "ml: |\n    a\n    b\nquoted: \"y\"\n"),
    (
        "p.yaml",
        "s: hello\nn: 5\nf: 1.5\nb: true\nz: null\ne: \"\"\nl:\n    - 1\n    - two\n    - x: w\nm:\n    a: 1\n    k: v\nt: 2024-01-02T00:00:00Z\n",
    ),
    (
        "p.json",
        "{\n\t\"s\": \"hello\",\n\t\"n\": 5,\n\t\"b\": true,\n\t\"z\": null,\n\t\"l\": [\n\t\t1,\n\t\t\"two\"\n\t],\n\t\"m\": {\n\t\t\"k\": \"v\"\n\t}\n}\n",
    ),
    ("p.env", "# comment\nA=1\nB=\"quoted\"\nexport C=x\nLINES=one\\ntwo\n"),
    ("p.ini", "[db]\nuser = app\npass = secret\n"),
    ("p.bin", "any\u{0}bytes\n"),
    ("flat.yaml", "A: one\nN: 5\nF: 100000000.5\nG: 2.0\nT: true\nZ: null\n"),
    ("multi.yaml", "a: 1\n---\nb: two\n"),
];

const RULES: &str = "creation_rules:
  - path_regex: ^bobs
    age: BOB
  - path_regex: ^both
    age: ALICE,BOB
  - path_regex: ^some
    encrypted_regex: ^secret
    age: ALICE
  - path_regex: ^maconly
    mac_only_encrypted: true
    encrypted_regex: ^secret
    age: ALICE
  - path_regex: ^groups
    shamir_threshold: 2
    key_groups:
      - age: [ALICE]
      - age: [BOB]
  - path_regex: \\.(yaml|json|env|ini|bin|txt|local)$
    age: ALICE
";

impl Stage {
    fn new(real: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["real", "ours", "keys", "start", "runs", "start/home"] {
            fs::create_dir(path(name)).unwrap();
        }
        symlink(real, path("real/sops")).unwrap();
        symlink(env!("CARGO_BIN_EXE_lacre"), path("ours/sops")).unwrap();
        let mut people = BTreeMap::new();
        let mut all = String::new();
        for (number, name) in (1..).zip(["alice", "bob", "carol"]) {
            let identity = identity(NewKind::X25519, number);
            fs::write(path("keys").join(name), identity.text.expose()).unwrap();
            all.push_str(identity.text.expose());
            people.insert(name, identity.recipient);
        }
        fs::write(path("keys/all"), all).unwrap();
        let stage = Self { folder, people };
        stage.furnish();
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes the files that every folder starts with.
    fn furnish(&self) {
        let start = self.path("start");
        let rules = RULES.replace("ALICE", &self.people["alice"]).replace("BOB", &self.people["bob"]);
        fs::write(start.join(".sops.yaml"), rules).unwrap();
        for (name, text) in PLAIN {
            fs::write(start.join(name), text).unwrap();
        }
        let script = "
            for f in lines.yaml p.yaml p.json p.env p.ini p.bin flat.yaml multi.yaml; do sops encrypt $f > enc.$f; done
            sops encrypt --filename-override both.yaml p.yaml > both.yaml
            sops encrypt --filename-override bobs.yaml p.yaml > bobs.yaml
            sops encrypt --filename-override groups.yaml flat.yaml > groups.yaml
            sops encrypt --filename-override some.yaml --encrypted-regex '^s$' p.yaml > some.yaml
            sed 's/^\\( *\\)n: .*/\\1n: 6/' some.yaml > clear.yaml
            sed '/^    mac:/d' enc.p.yaml > nomac.yaml
            sed 's/^\\(s: ENC.AES256_GCM,data:\\)../\\1QQ/' enc.p.yaml > value.yaml
            echo '{' > broken.json; echo 'a: [' > broken.yaml; echo 'no sign' > broken.env; : > empty.yaml
            echo '{\"x\": {\"k\": \"v\"}}' > value.json
        ";
        let real = self.run("real", script, &start);
        assert_eq!(real.code, 0, "{}", real.err);
    }

    fn run(&self, who: &str, script: &str, folder: &Path) -> Outcome {
        let mut command = Command::new("timeout");
        command.args(["60", "sh", "-c", script]).current_dir(folder).env_clear().stdin(Stdio::null());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path(who).display()));
        command.env("HOME", folder.join("home")).env("K", self.path("keys"));
        command.env("ALICE", &self.people["alice"]).env("BOB", &self.people["bob"]);
        command.env("CAROL", &self.people["carol"]);
        command.env("SOPS_AGE_KEY_FILE", self.path("keys/alice")).env("SOPS_DISABLE_VERSION_CHECK", "1");
        let output = command.output().unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            out: output.stdout,
            err: text(&output.stderr),
            folder: folder.to_owned(),
        }
    }

    /// Runs `row` with `who` in a folder of its own, whose path is as long for both.
    fn play(&self, who: &str, row: &Row) -> Outcome {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let folder = self.path(&format!("runs/{number:06}"));
        copy(&self.path("start"), &folder);
        self.run(who, &row.script, &folder)
    }

    /// What is wrong with a row, if anything.
    fn complaint(&self, row: &Row) -> Option<String> {
        let (real, ours) = (self.play("real", row), self.play("ours", row));
        let (code, wanted) = ((real.code, ours.code), row.code.unwrap_or((real.code, real.code)));
        let mut wrong = Vec::new();
        if code != wanted {
            wrong.push(format!("codes {code:?}, wanted {wanted:?}"));
        }
        let local = |outcome: &Outcome| text(&outcome.out).replace(outcome.folder.to_str().unwrap(), "HERE");
        let (one, two) = (local(&real), local(&ours));
        let same = if row.by_value { values(&one) == values(&two) } else { one == two };
        if same == row.stdout_differs {
            wrong.push(format!("stdout of sops:\n{one}\n--- ours:\n{two}"));
        }
        let files = self.files(&real.folder, &ours.folder);
        if files.is_empty() == row.files_differ {
            wrong.push(format!("files: {}", files.join("\n")));
        }
        fs::remove_dir_all(&real.folder).unwrap();
        fs::remove_dir_all(&ours.folder).unwrap();
        (!wrong.is_empty()).then(|| {
            format!(
                "{} {}\n{}{}\n--- our stderr: {}\n--- stderr of sops: {}",
                row.place,
                row.fact,
                row.script,
                wrong.join("\n"),
                ours.err,
                head(&real.err)
            )
        })
    }

    /// How the files of two folders differ in meaning.
    fn files(&self, real: &Path, ours: &Path) -> Vec<String> {
        let (one, two) = (contents(real), contents(ours));
        let mut wrong = Vec::new();
        if one.keys().ne(two.keys()) {
            wrong.push(format!("{:?} and {:?}", one.keys(), two.keys()));
        }
        for (name, theirs) in &one {
            let Some(ours) = two.get(name).filter(|ours| *ours != theirs) else { continue };
            match (self.meaning(real, name, theirs), self.meaning(real, name, ours)) {
                (Some(theirs), Some(ours)) if theirs == ours => {}
                (theirs, ours) => wrong.push(format!("{name}: sops {theirs:?}, we {ours:?}")),
            }
        }
        wrong
    }

    /// What sops reads in an encrypted file, and who can open it.
    fn meaning(&self, folder: &Path, name: &str, bytes: &[u8]) -> Option<(String, String)> {
        let (word, format) = kind(bytes)?;
        let sealed = Sealed::parse(bytes.to_vec(), format).ok()?;
        let metadata = sealed.metadata();
        let groups: Vec<Vec<&str>> = metadata
            .groups
            .iter()
            .map(|group| group.iter().map(|key| key.recipient.as_str()).collect())
            .collect();
        let threshold = if groups.len() > 1 { metadata.threshold } else { 0 };
        let who = format!("{groups:?} {threshold} {:?} {}", metadata.selector, metadata.mac_only_encrypted);
        let place = folder.join("home/looked-at");
        fs::write(&place, bytes).unwrap();
        let script = format!(
            "SOPS_AGE_KEY_FILE=$K/all sops decrypt --input-type {word} --output-type {word} home/looked-at"
        );
        let read = self.run("real", &script, folder);
        let read = if read.code == 0 { text(&read.out) } else { format!("{name}: sops says {}", read.code) };
        Some((read, who))
    }
}

fn kind(bytes: &[u8]) -> Option<(&'static str, &'static dyn Format)> {
    let content = text(bytes);
    Some(match content.trim_start().as_bytes().first()? {
        b'{' if Sealed::parse(bytes.to_vec(), &Binary).is_ok() => ("binary", &Binary),
        b'{' => ("json", &Json),
        _ if content.contains("[sops]") => ("ini", &Ini),
        _ if content.contains("sops_version=") => ("dotenv", &Dotenv),
        _ if content.contains("\nsops:") => ("yaml", &Yaml),
        _ => return None,
    })
}

/// The values in a text of any format, encrypted or not.
fn values(content: &str) -> Option<Vec<(lacre::base::Path, &'static str, String)>> {
    let format: &dyn Format = if content.starts_with('{') { &Json } else { &Yaml };
    Some(leaves(&Plain::parse(content.as_bytes().to_vec(), format).ok()?))
}

fn head(text: &str) -> String {
    text.lines().take(4).collect::<Vec<_>>().join("\n")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Every file of a folder but what lies in `home`.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_file() {
            found.insert(name, fs::read(entry.path()).unwrap());
        } else if name != "home" {
            let below = contents(&entry.path());
            found.extend(below.into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        }
    }
    found
}

fn rows(file: &str) -> Vec<Row> {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/face").join(file);
    let content = fs::read_to_string(content).unwrap();
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in (1..).zip(content.lines()) {
        if let Some(fact) = line.strip_prefix("== ") {
            rows.push(Row { place: format!("{file}:{number}"), fact: fact.to_owned(), ..Row::default() });
            continue;
        }
        let Some(row) = rows.last_mut() else { continue };
        let reason = |rest: &str| assert!(rest.trim().len() > 3, "{file}:{number}: no reason");
        if let Some(rest) = line.strip_prefix("! code ") {
            let (codes, why) = rest.split_once(": ").expect("a reason");
            reason(why);
            let (real, ours) = codes.split_once(' ').expect("two codes");
            row.code = Some((real.parse().unwrap(), ours.parse().unwrap()));
        } else if let Some(why) = line.strip_prefix("! stdout: ") {
            reason(why);
            row.stdout_differs = true;
        } else if let Some(why) = line.strip_prefix("! files: ") {
            reason(why);
            row.files_differ = true;
        } else if line == "~ stdout" {
            row.by_value = true;
        } else if !line.starts_with('#') && !line.is_empty() {
            row.script.push_str(line);
            row.script.push('\n');
        }
    }
    rows
}

fn check(file: &str) {
    static STAGE: OnceLock<Option<Stage>> = OnceLock::new();
    let stage = STAGE.get_or_init(|| program().map(|real| Stage::new(&fs::canonicalize(real).unwrap())));
    let Some(stage) = stage else { return skipped() };
    let only = std::env::var("FACE_ROW").unwrap_or_default();
    let rows = rows(file);
    let wrong: Vec<String> =
        rows.iter().filter(|row| row.fact.contains(&only)).filter_map(|row| stage.complaint(row)).collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n\n{}", wrong.len(), rows.len(), wrong.join("\n\n"));
}

macro_rules! tables {
    ($($name:ident: $file:literal,)*) => {
        const TABLES: &[&str] = &[$($file),*];
        $(#[test]
        fn $name() {
            check($file);
        })*
    };
}

tables! {
    decrypting_is_as_in_sops: "decrypt.txt",
    editing_and_running_are_as_in_sops: "edit_and_exec.txt",
    encrypting_is_as_in_sops: "encrypt.txt",
    keys_are_changed_as_in_sops: "keys.txt",
    other_programs_get_what_they_expect: "callers.txt",
    setting_is_as_in_sops: "set.txt",
    words_are_read_as_in_sops: "words.txt",
}

#[test]
fn the_table_is_long_enough() {
    let count: usize = TABLES.iter().map(|file| rows(file).len()).sum();
    assert!(count >= 150, "{count} rows");
}
