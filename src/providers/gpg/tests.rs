//! A small program in the place of gpg: what it is asked, and what becomes of what it says.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/gpg-for-tests");
const ONE: &str = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";
const TWO: &str = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";

struct Scene {
    folder: tempfile::TempDir,
    world: World,
}

impl Scene {
    fn new(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (mut world, _) = World::test(folder.path());
        let home = folder.path().as_os_str().to_owned();
        world.variables.extend([
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("SOPS_GPG_EXEC".into(), PROGRAM.into()),
            ("GNUPGHOME".into(), home),
        ]);
        world.variables.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
        Self { folder, world }
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default()
    }

    fn wrap(&self, id: &str) -> Result<WrappedKey, WrapError> {
        Gpg::new(&self.world).wrap(&RecipientId::new(KeyKind::Pgp, id.to_owned()), &share())
    }

    fn unwrap(&self, enc: &str) -> Result<KeyShare, UnwrapError> {
        Gpg::new(&self.world).unwrap(&entry(ONE, enc))
    }
}

fn share() -> KeyShare {
    b"\n 32 bytes, blanks at both ends \n".to_vec().into()
}

fn entry(id: &str, enc: &str) -> WrappedKey {
    WrappedKey { kind: KeyKind::Pgp, recipient: id.to_owned(), enc: enc.to_owned(), other: Vec::new() }
}

#[test]
fn a_share_goes_through_gpg_as_sops_would_send_it() {
    let scene = Scene::new(&[]);
    let wrapped = scene.wrap(ONE).unwrap();
    assert!(wrapped.enc.starts_with("-----BEGIN") && wrapped.enc.ends_with("-----"), "{}", wrapped.enc);
    assert_eq!(wrapped.other, [(b"created_at".to_vec(), crate::base::Node::str("2026-01-01T00:00:00Z"))]);
    assert_eq!(wrapped.recipient, ONE);
    assert_eq!(scene.unwrap(&wrapped.enc).unwrap(), share());
    let call = format!(
        "--no-default-recipient --yes --encrypt -a -r {ONE} --trusted-key BC17301B491B3F21 --no-encrypt-to\n-d\n"
    );
    assert_eq!(scene.asked(), call);
}

#[test]
fn a_subkey_keeps_its_mark() {
    let scene = Scene::new(&[]);
    scene.wrap(&format!("{ONE}!")).unwrap();
    assert!(scene.asked().contains(&format!("-r {ONE}! --trusted-key BC17301B491B3F21! ")));
}

#[test]
fn what_is_no_fingerprint_never_reaches_gpg() {
    let scene = Scene::new(&[]);
    let long = "A".repeat(100_000);
    for id in
        ["", "!", "--output=x", "-o", "alice@example.org", "491B3F21", "0x", "85D7 7543", "ABC\n", "é", &long]
    {
        let error = scene.wrap(id).unwrap_err().to_string();
        assert!(error.contains("fingerprint") && error.len() < 300, "{id}: {error}");
    }
    assert_eq!(scene.asked(), "");
}

#[test]
fn gpg_that_says_nothing_or_too_much_or_fails_is_an_error() {
    for (way, problem) in [
        ("silent", "gpg gave nothing"),
        ("endless", "it says more than 1024 bytes"),
        ("failing", "gpg says: two; \"three \\u{1b}[2J\"; decryption failed: No secret key"),
    ] {
        let scene = Scene::new(&[("GPG_FOR_TESTS", way)]);
        let error = scene.unwrap("-----BEGIN PGP MESSAGE-----").unwrap_err().to_string();
        assert_eq!(error, format!("pgp `{ONE}`: {problem}"));
        assert!(scene.wrap(ONE).is_err(), "{way}");
    }
    let scene = Scene::new(&[]);
    let error = scene.unwrap(&"A".repeat(LONGEST_ENC + 1)).unwrap_err().to_string();
    assert!(error.ends_with("its `enc` is too long"), "{error}");
    assert_eq!(scene.asked(), "");
}

#[test]
fn other_identities_and_tokens_do_not_reach_gpg() {
    let scene = Scene::new(&[
        ("GPG_FOR_TESTS", "telling"),
        ("SOPS_AGE_KEY", "canary"),
        ("VAULT_TOKEN", "canary"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
    ]);
    assert_eq!(scene.unwrap("x").unwrap().as_slice(), b"[] telling");
}

#[test]
fn a_missing_program_is_told_with_what_to_do() {
    for (name, problem) in [
        ("gpg-nowhere", "there is no program `gpg-nowhere` in `PATH`"),
        ("/nowhere/gpg", "cannot run `/nowhere/gpg`: no such program"),
    ] {
        let scene = Scene::new(&[("SOPS_GPG_EXEC", name)]);
        let asked = UnwrapError::NotAsked {
            kind: KeyKind::Pgp,
            id: ONE.to_owned(),
            problem: problem.to_owned(),
            advice: NO_PROGRAM.to_owned(),
        };
        assert_eq!(scene.unwrap("x").unwrap_err(), asked);
    }
}

#[test]
fn a_program_in_the_repository_or_a_relative_folder_is_not_started() {
    let outside = tempfile::tempdir().unwrap();
    symlink(PROGRAM, outside.path().join("gpg")).unwrap();
    let mut scene = Scene::new(&[]);
    fs::create_dir(scene.folder.path().join(".git")).unwrap();
    fs::create_dir(scene.folder.path().join("bin")).unwrap();
    symlink("/bin/sh", scene.folder.path().join("bin/gpg")).unwrap();
    scene.world.variables.remove(OsStr::new("SOPS_GPG_EXEC"));
    let inside = scene.folder.path().join("bin");
    let find = |scene: &mut Scene, folders: &[&Path]| {
        let path = std::env::join_paths(folders).unwrap();
        scene.world.variables.insert("PATH".into(), path);
        Gpg::new(&scene.world).program().map(Path::to_owned)
    };
    assert!(find(&mut scene, &[Path::new("bin"), Path::new(""), &inside]).is_err());
    let found = find(&mut scene, &[&inside, outside.path()]);
    assert_eq!(found, Ok(outside.path().join("gpg")));
}

#[test]
fn keys_whose_secret_half_is_here_come_first() {
    let scene = Scene::new(&[]);
    let list = format!("sec:u:255:22:3D16CEE4A27381B4:1:::u:::scESC:\nfpr:::::::::{TWO}:\ngrp:::::::::AB:\n");
    fs::write(scene.folder.path().join("own"), list).unwrap();
    let gpg = Gpg::new(&scene.world);
    let may = |id: &str| gpg.may_open(&entry(id, ""));
    assert!(may(TWO) && may(&TWO.to_lowercase()) && may("3D16CEE4A27381B4") && may(&format!("{TWO}!")));
    assert!(!may(ONE) && !may("nonsense"));
    assert_eq!(scene.asked().lines().count(), 1);
    let services = super::super::Services::new(&scene.world);
    let group = [entry(ONE, "a"), entry(TWO, "b")];
    let order: Vec<_> = services.sorted(KeyKind::Pgp, &group).iter().map(|entry| entry.enc.clone()).collect();
    assert_eq!(order, ["b", "a"]);
}
