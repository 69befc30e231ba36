//! Age plugins from outside: which files make us start one.
#![cfg(unix)]

use crate::support::Scene;

const RECIPIENT: &str = "age1tst1qypqx9hc6qu";

/// A repository whose rule names a plugin that is in `PATH`.
fn scene() -> (Scene, tempfile::TempDir) {
    let bin = tempfile::tempdir().unwrap();
    let plugin = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/age-plugin-tst");
    std::os::unix::fs::symlink(plugin, bin.path().join("age-plugin-tst")).unwrap();
    let scene = Scene::new()
        .file(".env", "A=1\n")
        .file(".sops.yaml", format!("creation_rules:\n  - age: {RECIPIENT}\n"))
        .variable("PATH", &format!("{}:/usr/bin:/bin", bin.path().display()));
    (scene, bin)
}

#[test]
fn a_plugin_that_only_a_rule_names_is_not_started() {
    let (scene, _bin) = scene();
    let told = "error: cannot encrypt `.env.enc` for its recipients: the plugin `age-plugin-tst` was named by a file \
                only, and is not started without being allowed\n";
    scene.run(["encrypt", ".env"]).fails(1).stdout("").stderr(told).untouched();
    scene.run(["encrypt", ".env", "--allow-plugin"]).ok().changed([".env.enc"]);
}

#[test]
fn a_plugin_that_has_an_identity_of_the_users_own_is_started() {
    let (scene, _bin) = scene();
    scene
        .variable("SOPS_AGE_KEY", "AGE-PLUGIN-TST-1KR3KRN")
        .run(["encrypt", ".env"])
        .ok()
        .changed([".env.enc"]);
}

#[test]
fn a_plugin_that_has_an_identity_of_another_kind_is_not() {
    let (scene, _bin) = scene();
    scene.identity("alice").run(["encrypt", ".env"]).fails(1).untouched();
}

#[test]
fn a_plugin_sees_the_environment_but_no_identity() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys");
    let bin = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(format!("{folder}/age-plugin-say"), bin.path().join("age-plugin-tst"))
        .unwrap();
    let identity = "AGE-PLUGIN-TST-1KR3KRN";
    for (seen, code) in [("$TST_PIN", 0), ("$SOPS_AGE_KEY", 1)] {
        let scene = Scene::new()
            .file(".env", "A=1\n")
            .variable("PATH", &format!("{}:/usr/bin:/bin", bin.path().display()))
            .variable("SOPS_AGE_KEY", identity)
            .variable("TST_PIN", "MTIzNA")
            .variable("SAY", &format!("test \"{seen}\" && . '{folder}/age-plugin-tst'"));
        let encrypted = scene.run(["encrypt", ".env", "-r", RECIPIENT]);
        assert_eq!(encrypted.code, code, "{}", encrypted.stderr);
        if code == 0 {
            scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
        }
    }
}
