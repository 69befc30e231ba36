//! Every format under every kind of key and every selector: sops writes, we edit, sops edits again, and the other way
//! round. After each step both read the same values, and exactly what the selector names is ciphertext.

use lacre::base::Path;
use lacre::envelope::{Plain, Sealed};
use lacre::keys::new_identity::NewKind;

use super::aws::Moto;
use super::bench::{Bench, format_of, identity, leaves, text};
use super::peers::{Bao, Gpg, Variables};

/// A text in each format, and the path of a value in it that is encrypted under all of the selectors below.
const FILES: [(&str, &str, &str); 5] = [
    ("m.env", "# note\nKEY_open=one\nSECRET=two\n# mark\nOTHER=three\n", "[\"SECRET\"]"),
    (
        "m.yaml",
        "# note\nKEY_open: one\n# mark\nSECRET: two\nnested:\n  # mark\n  SECRET: 3\n  list_open:\n    - 1.5\n    - true\n",
        "[\"SECRET\"]",
    ),
    (
        "m.json",
        "{\"KEY_open\": \"one\", \"SECRET\": \"two\", \"nested\": {\"SECRET\": [\"a\", null, \"\"]}}",
        "[\"SECRET\"]",
    ),
    ("m.ini", "[s]\nKEY_open = one\nSECRET = two\n\n[t]\n; mark\nOTHER = three\n", "[\"s\"][\"SECRET\"]"),
    ("m.bin", "bytes \u{1}\n", "[\"data\"]"),
];

const SELECTORS: [&str; 7] = [
    "unencrypted_suffix: _open",
    "encrypted_suffix: SECRET",
    "unencrypted_regex: open$",
    "encrypted_regex: ^SECRET$",
    "unencrypted_comment_regex: ^ note",
    "encrypted_comment_regex: mark",
    "mac_only_encrypted: true\n    encrypted_regex: ^(SECRET|s)$",
];

/// Two programs that know the same keys.
struct Pair {
    bench: Bench,
    /// The lines of a creation rule that name the keys.
    keys: String,
    variables: Variables,
}

impl Pair {
    fn new(bench: Bench, keys: String, mut variables: Variables) -> Self {
        variables.push(("SOPS_AGE_KEY_FILE", bench.path("keys.txt").into()));
        Self { bench, keys, variables }
    }

    #[track_caller]
    fn run(&self, program: &str, words: &[&str]) -> Vec<u8> {
        let run = self.bench.run_named(program, words, self.variables.clone());
        assert_eq!(
            run.code,
            0,
            "{program} {words:?} under\n{}\n{}",
            text(&self.bench.read(".sops.yaml")),
            run.err
        );
        run.out
    }

    /// What both programs read.
    #[track_caller]
    fn read(&self, name: &str) -> Vec<(Path, &'static str, String)> {
        let [ours, theirs] =
            ["lacre", "sops"].map(|program| values(name, &self.run(program, &["decrypt", name])));
        assert_eq!(ours, theirs, "{name}");
        ours
    }

    /// Which values and comments are ciphertext: their paths.
    fn encrypted(&self, name: &str) -> Vec<Path> {
        let sealed = Sealed::parse(self.bench.read(name), format_of(name)).unwrap();
        let document = sealed.document();
        let is_cipher = |event: &usize| {
            let span = document.outline().events[*event].span;
            text(span.of(document.text())).contains("ENC[")
        };
        document.nodes().into_iter().filter(|(_, event)| is_cipher(event)).map(|(path, _)| path).collect()
    }

    fn all(&self) {
        for selector in SELECTORS {
            self.bench.write(".sops.yaml", format!("creation_rules:\n  - {}    {selector}\n", self.keys));
            for (name, plain, path) in FILES {
                // sops ignores selectors here, and says so; we do too.
                if name == "m.bin" && selector != SELECTORS[0] {
                    continue;
                }
                self.rounds(name, plain, path);
            }
        }
    }

    fn rounds(&self, name: &str, plain: &str, path: &str) {
        self.bench.write(name, plain);
        let ours = self.run("lacre", &["encrypt", "--allow-empty", "-o", "-", name]);
        let theirs = self.run("sops", &["encrypt", name]);
        let mut encrypted = Vec::new();
        for (who, sealed) in [("we", ours), ("sops", theirs)] {
            self.bench.write(name, &sealed);
            assert_eq!(self.read(name), values(name, plain.as_bytes()), "{who} wrote {name}");
            let paths = self.encrypted(name);
            self.run("lacre", &["set", name, path, "ours"]);
            let after = self.read(name);
            self.run("sops", &["set", name, path, "\"theirs\""]);
            let last = self.read(name);
            let said = |read: &[(Path, &str, String)], value: &str| read.iter().any(|leaf| leaf.2 == value);
            assert!(said(&after, "ours") && said(&last, "theirs"), "{who} wrote {name}");
            self.run("lacre", &["set", name, path, "again"]);
            assert!(said(&self.read(name), "again"), "{who} wrote {name}");
            encrypted.push(paths);
        }
        assert_eq!(encrypted[0], encrypted[1], "{name} under {}", text(&self.bench.read(".sops.yaml")));
    }
}

fn values(name: &str, plain: &[u8]) -> Vec<(Path, &'static str, String)> {
    leaves(&Plain::parse(plain.to_vec(), format_of(name)).unwrap_or_else(|_| panic!("{}", text(plain))))
}

#[test]
fn age() {
    let Some(bench) = Bench::new() else { return };
    let keys = format!("age: {}\n", bench.recipient);
    Pair::new(bench, keys, Vec::new()).all();
}

#[test]
fn ssh() {
    let Some(bench) = Bench::new() else { return };
    let key = bench.path("id_ed25519");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "me@here", "-f"])
        .arg(&key)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no ssh-keygen found");
        return;
    }
    let public = text(&bench.read("id_ed25519.pub"));
    bench.write("keys.txt", "");
    let keys = format!("age: ['{}']\n", public.trim());
    Pair::new(bench, keys, vec![("SOPS_AGE_SSH_PRIVATE_KEY_FILE", key.into())]).all();
}

#[test]
fn pgp() {
    let (Some(bench), Some(gpg)) = (Bench::new(), Gpg::new()) else { return };
    let (key, _) = gpg.key("alice", "");
    Pair::new(bench, format!("pgp: {key}\n"), gpg.variables()).all();
}

#[test]
fn transit() {
    let (Some(bench), Some(bao)) = (Bench::new(), Bao::new()) else { return };
    let keys = format!("hc_vault_transit_uri: {}\n", bao.uri("transit", "app"));
    Pair::new(bench, keys, bao.variables()).all();
}

#[test]
fn aws_kms() {
    let (Some(bench), Some(moto)) = (Bench::new(), Moto::start()) else { return };
    let keys = format!("kms: {}\n", moto.key());
    let variables = moto.variables().into_iter().map(|(name, value)| (name, value.into())).collect();
    Pair::new(bench, keys, variables).all();
}

#[test]
fn two_of_three_groups() {
    let Some(bench) = Bench::new() else { return };
    let (second, third) = (identity(NewKind::X25519, 2), identity(NewKind::X25519, 3));
    let keys = format!(
        "shamir_threshold: 2\n    key_groups:\n      - age: [{}]\n      - age: [{}]\n      - age: [{}]\n",
        bench.recipient, second.recipient, third.recipient
    );
    let known = format!("{}\n{}\n", text(&bench.read("keys.txt")), second.text.expose());
    bench.write("keys.txt", known);
    Pair::new(bench, keys, Vec::new()).all();
}
