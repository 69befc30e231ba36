//! Keys that other programs and services hold: whom a file makes us ask, in which order, and what is said when they
//! cannot help. The real gpg and a real server are in `tests/interop`.
#![cfg(unix)]

use std::fs;
use std::net::TcpListener;

use lacre::base::ports::{CountedRandom, FrozenClock};
use lacre::base::{DataKey, Node, RecipientId};
use lacre::document::dotenv::Dotenv;
use lacre::envelope::{Metadata, Plain, encrypt};
use lacre::keys::age::AgeRecipient;
use lacre::keys::plugin::NoPlugins;
use lacre::keys::{KeyKind, KeyShare, Recipient, WrappedKey, shamir};
use lacre::policy::Selector;
use lacre::world::World;

use crate::support::{ALICE, BOB, Scene};

/// Stands in for gpg, and keeps what it was asked.
const GPG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/gpg-for-tests");
const ONE: &str = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";
const TWO: &str = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";

fn with_gpg(scene: Scene) -> Scene {
    let folder = scene.folder().with_file_name("gnupg");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("own"), "").unwrap();
    scene.variable("GNUPGHOME", folder.to_str().unwrap()).variable("SOPS_GPG_EXEC", GPG)
}

/// What gpg was asked since the last time.
fn asked(scene: &Scene) -> Vec<String> {
    let file = scene.folder().with_file_name("gnupg").join("asked");
    let text = fs::read_to_string(&file).unwrap_or_default();
    drop(fs::remove_file(file));
    text.lines().map(str::to_owned).collect()
}

/// A file with the value A, whose metadata has these key groups.
fn sealed(groups: Vec<Vec<WrappedKey>>, threshold: usize) -> Vec<u8> {
    let plain = Plain::parse(b"A=canary\n".to_vec(), &Dotenv).unwrap_or_else(|_| panic!("a plaintext"));
    let mut metadata = Metadata::new(groups, Selector::default(), false);
    metadata.threshold = threshold;
    let clock = FrozenClock(World::test("/".as_ref()).0.clock.now());
    let key = DataKey::from_bytes(&[7; 32]).unwrap();
    encrypt(&plain, metadata, &key, &clock, &CountedRandom::default()).unwrap().text
}

fn by_age(recipient: &str, share: &[u8]) -> WrappedKey {
    AgeRecipient::parse(recipient, &NoPlugins).unwrap().wrap(&KeyShare::from(share.to_vec())).unwrap()
}

fn entry(kind: KeyKind, id: &str, enc: &str, fields: &[(&str, &str)]) -> WrappedKey {
    let created = ("created_at", "2026-01-01T00:00:00Z");
    let other =
        fields.iter().chain([&created]).map(|(name, text)| (name.as_bytes().to_vec(), Node::str(text)));
    WrappedKey { kind, recipient: id.to_owned(), enc: enc.to_owned(), other: other.collect() }
}

fn by_vault(address: &str, engine: &str, key: &str) -> WrappedKey {
    let fields = [("vault_address", address), ("engine_path", engine)];
    entry(KeyKind::HcVault, key, "vault:v1:AAAA", &fields)
}

#[test]
fn age_identities_are_tried_before_gpg_unless_told_otherwise() {
    let scene = with_gpg(Scene::new().identity("alice"));
    scene.write(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ONE, "-r", ALICE]).ok();
    assert_eq!(asked(&scene).len(), 1);
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
    assert_eq!(asked(&scene), [""; 0]);
    let scene = scene.variable("SOPS_DECRYPTION_ORDER", "hc_vault,pgp,nonsense,age");
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
    assert_eq!(asked(&scene), ["-d"]);
    let scene = scene.variable("SOPS_DECRYPTION_ORDER", "age");
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
    assert_eq!(asked(&scene), [""; 0]);
    // A kind that is not named comes last, but it comes.
    let scene = scene.nobody().variable("SOPS_DECRYPTION_ORDER", "age,kms");
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
    assert_eq!(asked(&scene), ["-d"]);
}

#[test]
fn what_fails_is_followed_by_the_next_and_one_file_is_unwrapped_once() {
    let scene = with_gpg(Scene::new());
    scene.write(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ONE, "-r", TWO]).ok();
    asked(&scene);
    scene.run(["set", ".env.enc", "A", "2"]).ok();
    let calls = asked(&scene);
    assert_eq!(calls, ["--batch --with-colons --list-secret-keys", "-d"]);
    let scene = scene.variable("GPG_FOR_TESTS", "failing");
    scene.run(["get", ".env.enc", "A"]).fails(4).stdout("").stderr(&format!(
        "error: cannot open `.env.enc`: none of its keys opens here\n  \
         recipients: pgp {ONE}, pgp {TWO}\n  \
         not usable: pgp `{ONE}`: gpg says: two; \"three \\u{{1b}}[2J\"; decryption failed: No secret key\n  \
         not usable: pgp `{TWO}`: gpg says: two; \"three \\u{{1b}}[2J\"; decryption failed: No secret key\n"
    ));
}

#[test]
fn a_fingerprint_that_is_an_option_is_never_handed_to_gpg() {
    let scene = with_gpg(Scene::new().identity("alice"));
    scene.write(".env", "A=1\n");
    for id in ["--output=here", "-o", "--version", "alice@example.org"] {
        scene.write(".sops.yaml", format!("creation_rules:\n  - pgp: '{id}'\n"));
        scene.run(["encrypt", ".env"]).fails(1).untouched().stderr(&format!(
            "error: cannot encrypt `.env.enc` for its recipients: pgp `{id}`: that is no fingerprint\n"
        ));
    }
    let file = sealed(vec![vec![entry(KeyKind::Pgp, "--output=here", "x", &[]), by_age(ALICE, &[7; 32])]], 0);
    scene.write("a.env", file);
    scene.run(["get", "a.env", "A"]).ok().stdout("canary\n");
    assert_eq!(asked(&scene), [""; 0]);
}

#[test]
fn a_server_that_a_file_names_is_not_contacted_and_the_way_is_shown() {
    let scene =
        Scene::new().file("a.env", sealed(vec![vec![by_vault("https://Vault.example/", "t", "k")]], 0));
    scene.run(["get", "a.env", "A"]).fails(4).stdout("").stderr(
        "error: cannot open `a.env`: none of its keys opens here\n  \
         recipients: hc_vault https://Vault.example//v1/t/keys/k\n  \
         not usable: hc_vault `https://vault.example/v1/t/keys/k`: its address stands in a file only, and is not \
         contacted unasked\n\
         hint: if the server is yours: `export VAULT_ADDR=https://vault.example`, or add it to \
         `SOPS_HC_VAULT_ALLOWLIST`\n",
    );
    let rule = "creation_rules:\n  - hc_vault_transit_uri: https://vault.example/v1/t/keys/k\n";
    let scene = Scene::new().file(".env", "A=1\n").file(".sops.yaml", rule);
    scene.run(["encrypt", ".env"]).fails(1).untouched().stderr(
        "error: cannot encrypt `.env.enc` for its recipients: hc_vault `https://vault.example/v1/t/keys/k`: its \
         address stands in a file only, and is not contacted unasked\n\
         hint: if the server is yours: `export VAULT_ADDR=https://vault.example`, or add it to \
         `SOPS_HC_VAULT_ALLOWLIST`\n",
    );
    // What the command line names is allowed; that the token is missing, is the next thing to be said.
    let uri = RecipientId::guess("https://vault.example/v1/t/keys/k").unwrap().spelling();
    let said = scene.run(["encrypt", ".env", "-r", &uri]).fails(1).untouched().stderr;
    assert!(said.contains("there is no token") && said.contains("set `VAULT_TOKEN`"), "{said}");
}

#[test]
fn a_recipient_of_another_shape_is_refused_and_never_left_out() {
    let address = "error: cannot encrypt `.env.enc` for its recipients: an address among the recipients is none of a \
                   key\nhint: a key of Vault is `https://HOST/v1/ENGINE/keys/NAME`, one of Azure \
                   `https://VAULT/keys/NAME`\n";
    let other = "error: cannot encrypt `.env.enc` for its recipients: `` is no age recipient\n\
                 hint: a recipient is `age1…`, `ssh-ed25519 …`, or a name that `.sops.yaml` gives to one\n";
    let scene = Scene::new().file(".env", "A=1\n");
    for (text, said) in [
        ("https://user:canary@vault.example/v1/t/keys/k", address),
        ("https://vault.example/v1/t", address),
        ("ftp://vault.example/v1/t/keys/k", address),
        ("", other),
    ] {
        scene.run(["encrypt", ".env", "-r", ALICE, "-r", text]).fails(1).untouched().stderr(said);
    }
}

#[test]
fn nobody_far_away_is_asked_where_enough_groups_open_here() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let shares = shamir::split(&[7; 32], 2, 3, &CountedRandom::default()).unwrap();
    let groups = vec![
        vec![by_vault(&address, "t", "k")],
        vec![by_vault(&address, "t", "k"), by_age(ALICE, &shares[1])],
        vec![by_age(BOB, &shares[2])],
    ];
    let scene = Scene::new().identity("alice").identity("bob").file("a.env", sealed(groups, 2));
    let scene = scene.variable("VAULT_ADDR", &address).variable("VAULT_TOKEN", "token");
    scene.run(["get", "a.env", "A"]).ok().stdout("canary\n");
    assert!(listener.accept().is_err(), "the server was asked");
}

#[test]
fn hostile_entries_are_told_and_hide_nobody_elses_key() {
    let giant = "A".repeat(1 << 20);
    let long = "x".repeat(100_000);
    for (one, problem) in [
        (by_vault("https://user:canary2@vault.example", "t", "k"), "holds a user name or password"),
        (by_vault("https://vault.example?canary2", "t", "k"), "is more than that of a server"),
        (by_vault("gopher://vault.example", "t", "k"), "does not begin with `https://`"),
        (by_vault("https://vault.example", "t/../../sys", "k"), "its `engine_path` is none"),
        (by_vault("https://vault.example", "t", "../../../sys/seal?"), "its `key_name` is none"),
        (by_vault("https://vault.example", "t", &long), "its `engine_path` is none"),
        (by_vault("http://vault.example", "t", "k"), "its address is plain `http`"),
        (entry(KeyKind::HcVault, "k", &giant, &[]), "its `enc` is no ciphertext of Vault"),
        (entry(KeyKind::Pgp, ONE, &giant, &[]), "its `enc` is too long"),
        (entry(KeyKind::Pgp, ONE, "", &[]), "gpg gave nothing"),
    ] {
        let scene = with_gpg(Scene::new()).variable("SOPS_HC_VAULT_ALLOWLIST", "all");
        scene.write("a.env", sealed(vec![vec![one.clone()]], 0));
        let said = scene.run(["get", "a.env", "A"]).fails(4).stdout("").stderr;
        let line = said.lines().find(|line| line.contains("not usable")).unwrap_or_default();
        assert!(line.contains(problem) && !line.contains("canary2") && line.len() < 500, "{problem}: {line}");
        scene.write("a.env", sealed(vec![vec![one, by_age(ALICE, &[7; 32])]], 0));
        scene.identity("alice").run(["get", "a.env", "A"]).ok().stdout("canary\n");
    }
}

#[test]
fn a_thousand_keys_that_do_not_open_are_told_in_a_few_lines() {
    let many = (0..1000).map(|nth| by_vault(&format!("https://vault{nth}.example"), "t", "k")).collect();
    let scene = Scene::new().file("a.env", sealed(vec![many], 0));
    let said = scene.run(["get", "a.env", "A"]).fails(4).stdout("").stderr;
    assert_eq!(said.matches("not usable: hc_vault").count(), 10, "{said}");
    // Nobody tries more than 64 of them.
    assert!(said.contains("  not usable: 54 more\nhint: "), "{said}");
    assert!(said.contains("vault19.example/v1/t/keys/k, and 980 more\n"), "{said}");
}

#[test]
fn a_share_of_the_wrong_length_opens_nothing() {
    let scene = with_gpg(Scene::new().identity("alice").identity("bob"));
    for length in [1, 31, 33, 1000] {
        scene.write("a.env", sealed(vec![vec![by_age(ALICE, &vec![7; length])]], 0));
        let said = scene.run(["get", "a.env", "A"]).fails(4).stdout("").stderr;
        assert!(said.contains("is damaged"), "{length}: {said}");
    }
    // Two shares of 33 bytes, with an x of their own each, are what belongs there.
    for (one, two, code, problem) in [
        (vec![7; 33], vec![7; 32], 5, "key shares of different lengths"),
        (vec![7; 33], vec![7; 33], 5, "two key shares are the same one"),
        (vec![7; 33], vec![0; 33], 5, "two key shares are the same one"),
        (vec![7; 32], [&[7; 31][..], &[8]].concat(), 4, "is damaged"),
        (vec![7; 33], vec![7; 1000], 4, "1 of the 2 key groups that it needs open"),
    ] {
        scene.write("b.env", sealed(vec![vec![by_age(ALICE, &one)], vec![by_age(BOB, &two)]], 2));
        let said = scene.run(["get", "b.env", "A"]).fails(code).stdout("").stderr;
        assert!(said.contains(problem), "{problem}: {said}");
    }
}

#[test]
fn without_gpg_the_error_says_so() {
    let scene = Scene::new().variable("SOPS_GPG_EXEC", "gpg-nowhere").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ONE]).fails(1).untouched().stderr(&format!(
        "error: cannot encrypt `.env.enc` for its recipients: pgp `{ONE}`: there is no program `gpg-nowhere` in \
         `PATH`\nhint: install GnuPG, or name its program in `SOPS_GPG_EXEC`\n"
    ));
}
