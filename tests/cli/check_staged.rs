//! `lacre check --staged`: what the next commit would hold, by the index that git means, and the hook that runs it.

use std::fs;
use std::process::{Command, Output};

use crate::check::{add, repository};
use crate::support::{ALICE, BOB, CI, Scene, identity_of, program};

const SECRET: &str = "hunter2-x8f3-kk29";

/// A repository of alice's with `.env.enc`, committed.
fn committed() -> Scene {
    let scene = repository(&[(".env.enc", &format!("DB_PASS={SECRET}\nREGION=eu-central-1\n"))]);
    scene.git(&["commit", "--quiet", "-m", "one"]);
    scene
}

fn stage(scene: &Scene, name: &str, text: impl AsRef<[u8]>) {
    scene.write(name, text);
    scene.git(&["add", "--force", "--", name]);
}

/// What is said behind the findings.
fn errors(count: usize) -> String {
    let errors = if count == 1 { "1 error".to_owned() } else { format!("{count} errors") };
    format!("{errors} in what is staged; `git commit --no-verify` commits it all the same\n")
}

#[test]
fn a_clean_commit_is_silent() {
    let scene = committed();
    scene.run(["check", "--staged"]).ok().stdout("").stderr("").untouched();
    stage(&scene, "a.txt", "eu-central-1\n");
    scene.run(["check", "--staged"]).ok().stdout("").stderr("");
    // Before the first commit, everything is new.
    let new = repository(&[(".env.enc", "A=1\n")]);
    new.run(["check", "--staged"]).ok().stdout("").stderr("");
    Scene::repository().run(["check", "--staged"]).ok().stdout("").stderr("");
    let outside = "error: this is no git repository, so no file is tracked\nhint: go into one, or make one with `git init`; or name the files, where that is enough\n";
    Scene::new().run(["check", "--staged"]).fails(2).stderr(outside);
}

#[test]
fn a_plaintext_twin_is_refused() {
    let scene = committed();
    stage(&scene, ".env", format!("DB_PASS={SECRET}\n"));
    scene.run(["check", "--staged"]).fails(3).untouched().stderr(&errors(1)).stdout(
        ".env\n\
         \x20 1  error    this is the plaintext of `.env.enc`: `lacre encrypt .env` brings that up to date, `git rm --cached .env` takes this out of git\n",
    );
    scene.run(["check", "--staged", "-q"]).fails(3).stderr("");
}

#[test]
fn twins_are_told_by_their_names_and_other_formats_by_what_they_share_too() {
    for (plain, text, twin, refused) in [
        (".env", "X=1\n", ".env.enc", true),
        (".env", "X=1\n", ".enc.env", true),
        ("a/.env.prod", "X=1\n", "a/.env.prod.enc", true),
        ("prod.env", "X=1\n", "prod.enc.env", true),
        ("s.yaml", "a: {b: y}\nother: 1\n", "s.enc.yaml", true),
        ("s.yaml", "a: {b: y}\n", "s.sops.yaml", true),
        ("s.yaml", "image: x\n", "s.enc.yaml", false),
        ("s.yaml", "a: {b: ''}\n", "s.enc.yaml", false),
        ("s.yaml", "a: {b: changeme}\n", "s.enc.yaml", false),
        (".env", "\n", ".env.enc", false),
        (".env.example", "X=\n", ".env.example.enc", false),
        ("b/.env", "X=1\n", ".env.enc", false),
    ] {
        let held = if twin.ends_with("yaml") { "a: {b: x}\n" } else { "X=1\n" };
        let scene = repository(&[(twin, held)]);
        stage(&scene, plain, text);
        let outcome = scene.run(["check", "--staged"]).fails(if refused { 3 } else { 0 });
        assert_eq!(outcome.printed().contains("this is the plaintext of"), refused, "{plain} {twin}");
    }
}

#[test]
fn a_new_twin_does_not_hide_plaintext_that_is_tracked_already() {
    let scene = Scene::repository().identity("alice");
    stage(&scene, ".env", "A=1\n");
    scene.git(&["commit", "--quiet", "-m", "one"]);
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene.git(&["add", "-f", ".env.enc"]);
    assert!(scene.run(["check", "--staged"]).fails(3).printed().starts_with(".env\n"));
    scene.git(&["rm", "--quiet", "--cached", ".env"]);
    scene.run(["check", "--staged"]).ok().stdout("");
}

#[test]
fn the_index_is_judged_not_the_work_tree() {
    let scene = committed();
    stage(&scene, "a.txt", format!("{SECRET}\n"));
    scene.write("a.txt", "harmless\n");
    assert!(scene.run(["check", "--staged"]).fails(3).printed().contains("DB_PASS"));
    scene.git(&["add", "a.txt"]);
    scene.write("a.txt", format!("{SECRET}\n"));
    scene.run(["check", "--staged"]).ok().stdout("");
    // What was committed before is no matter of this commit.
    scene.git(&["commit", "--quiet", "-a", "-m", "two"]);
    stage(&scene, "b.txt", "x\n");
    scene.run(["check", "--staged"]).ok().stdout("");
}

#[test]
fn known_values_are_found_in_every_spelling_and_never_shown() {
    let scene = committed();
    stage(&scene, "config.yml", "a: 1\nurl: https://app:hunter2-x8f3-kk29@db\nregion: eu-central-1\n");
    // `base64` of ` hunter2-x8f3-kk29`, and hexadecimal.
    stage(&scene, "enc.txt", "IGh1bnRlcjIteDhmMy1razI5\n");
    stage(&scene, "dir/hex.txt", b"\xff\x00\n\n68756e746572322d783866332d6b6b3239");
    let told = scene.run(["check", "--staged"]).fails(3).stderr(&errors(3));
    let next = "take it out, and rotate it if this was pushed before";
    assert_eq!(
        told.printed(),
        format!(
            "config.yml\n  2  error    `DB_PASS` of `.env.enc` stands here: {next}\n\
             dir/hex.txt\n  3  error    `DB_PASS` of `.env.enc` stands here, in another spelling: {next}\n\
             enc.txt\n  1  error    `DB_PASS` of `.env.enc` stands here, in another spelling: {next}\n"
        )
    );
    for arguments in [["check", "--staged", "--json"], ["check", "--staged", "--format=sarif"]] {
        assert!(!scene.run(arguments).fails(3).printed().contains("hunter2"));
    }
    // Without an identity, nobody knows; it is said.
    let note =
        "note: no identity at hand opens `.env.enc`: MAC, seal and known values were not checked there\n";
    scene.nobody().run(["check", "--staged"]).ok().stdout("").stderr(note);
}

#[test]
fn a_value_that_is_encrypted_in_this_very_commit_is_known() {
    let scene = committed();
    add(&scene, "b.enc.yaml", "smtp: {password: 9f3k-2mdk-44xz}\n", ALICE);
    stage(&scene, "notes.txt", "9f3k-2mdk-44xz\n");
    let told = scene.run(["check", "--staged"]).fails(3);
    assert!(told.printed().contains("`smtp.password` of `b.enc.yaml`"), "{}", told.printed());
    // Not staged yet, but in the work tree.
    let scene = committed();
    scene.run(["set", ".env.enc", "DB_PASS", "tr0ub4dor-9931"]).ok();
    stage(&scene, "notes.txt", "tr0ub4dor-9931\n");
    assert!(scene.run(["check", "--staged"]).fails(3).printed().contains("`DB_PASS` of `.env.enc`"));
}

#[test]
fn secrets_of_kubernetes_and_names_that_promise_encryption_are_refused_in_the_clear() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  pw: x\n  pin: y\n";
    for (name, text, told) in [
        (
            "k8s/s.yaml",
            secret,
            "`stringData.pw` and 1 other value stand in the clear in a Kubernetes Secret: `lacre encrypt --in-place k8s/s.yaml`",
        ),
        (
            "s.json",
            "{\"kind\": \"Secret\", \"data\": {\"a\": \"eA==\"}}",
            "`data.a` stands in the clear in a Kubernetes Secret: `lacre encrypt --in-place s.json`",
        ),
        (
            ".env.enc",
            "A=1\n",
            "`A` stands in the clear, and its name says that it is encrypted: `lacre encrypt --in-place .env.enc`",
        ),
        (
            "a b.sops.yaml",
            "x: 1\n",
            "`x` stands in the clear, and its name says that it is encrypted: `lacre encrypt --in-place 'a b.sops.yaml'`",
        ),
        (
            "token.enc",
            "some words\n",
            "its content stands in the clear, and its name says that it is encrypted: `lacre encrypt --in-place token.enc`",
        ),
    ] {
        let scene = Scene::repository();
        stage(&scene, name, text);
        let told_here = scene.run(["check", "--staged"]).fails(3).printed();
        assert!(told_here.contains(told), "{name}: {told_here}");
    }
    for (name, text) in [
        ("cm.yaml", "kind: ConfigMap\ndata: {a: b}\n"),
        ("t.yaml", "kind: Secret\nstringData: {a: '{{ .Values.a }}'}\n"),
        ("credentials.yml.enc", "a8Fj+sdkfj3rKQ0sl2kfj3lkj/dlskfj==--Zm9vYmFyYmF6--cXV1eHF1dXg=\n"),
        ("x.enc.rs", "fn a() {}\n"),
        (".sops.yaml", "creation_rules: []\n"),
    ] {
        let scene = Scene::repository();
        stage(&scene, name, text);
        scene.run(["check", "--staged"]).ok().stdout("");
    }
}

#[test]
fn a_rule_that_matches_is_no_reason_but_one_that_insists_is() {
    let rules = |own: &str| format!("creation_rules:\n- path_regex: ^prod/\n  age: {ALICE}\n{own}");
    let scene = Scene::repository();
    stage(&scene, ".sops.yaml", rules(""));
    stage(&scene, "prod/a.yaml", "replicas: 3\n");
    scene.run(["check", "--staged"]).ok().stdout("");
    // The rule file counts as it is staged.
    scene.write(".sops.yaml", rules("  lacre: {must_encrypt: true}\n"));
    scene.run(["check", "--staged"]).ok().stdout("");
    scene.git(&["add", ".sops.yaml"]);
    scene.run(["check", "--staged"]).fails(3).stdout(
        "prod/a.yaml\n\
         \x20 1  error    `replicas` stands in the clear, and its rule says that it must be encrypted: `lacre encrypt --in-place prod/a.yaml`\n",
    );
    let selected = "  encrypted_regex: ^data$\n  lacre: {must_encrypt: true}\n";
    stage(&scene, ".sops.yaml", rules(selected));
    scene.run(["check", "--staged"]).ok().stdout("");
    stage(&scene, "prod/key.jks", b"\xfe\xed\0\0");
    scene.run(["check", "--staged"]).fails(3);
    scene.git(&["rm", "--quiet", "--cached", "prod/key.jks"]);
    stage(&scene, ".sops.yaml", "creation_rules:\n- path_regex: (\n");
    scene.run(["check", "--staged"]).fails(3).stdout(
        ".sops.yaml\n\
         \x20 2  error    this rule file cannot be used: creation rule 1: `path_regex` is not a valid regular expression\n",
    );
}

#[test]
fn recipients_that_differ_from_the_staged_rule_are_drift() {
    let rules = |names: &str| {
        format!("keys:\n- &alice {ALICE}\n- &bob {BOB}\n- &ci {CI}\ncreation_rules:\n- age: [{names}]\n")
    };
    let scene = repository(&[(".env.enc", "A=1\n")]);
    stage(&scene, ".sops.yaml", rules("*alice"));
    scene.run(["check", "--staged"]).ok().stdout("");
    stage(&scene, ".sops.yaml", rules("*bob, *ci"));
    scene.run(["check", "--staged"]).fails(3).stdout(
        ".env.enc\n\
         \x20 1  error    the recipients differ from rule 1 of its rule file: alice (…dwf65j) can open it and should not; bob (…cs7khp), ci (…eec39p) should be able to open it and cannot; `lacre recipients sync .env.enc`\n",
    );
    // Who asks for access commits the rule alone.
    stage(&scene, ".sops.yaml", rules("*alice"));
    scene.git(&["commit", "--quiet", "-m", "one"]);
    stage(&scene, ".sops.yaml", rules("*alice, *bob"));
    scene.run(["check", "--staged"]).ok().stdout("");
}

#[test]
fn encrypted_files_that_were_changed_by_hand_are_refused() {
    for (old, new, told) in [
        ("DB_PASS=", "DB_PAST=", "this file is not what its last writer left: "),
        (
            "DB_PASS=",
            "NEW=plain\nDB_PASS=",
            "`NEW` stands in the clear in an encrypted file whose selector says otherwise",
        ),
        (
            "DB_PASS=",
            "<<<<<<< ours\nA=1\n=======\nA=2\n>>>>>>> theirs\nDB_PASS=",
            "a merge left its marks in this encrypted file: `lacre resolve .env.enc` finishes it",
        ),
        ("sops_version=", "sops_vers", "this encrypted file cannot be read: "),
    ] {
        let scene = committed();
        scene.swap(".env.enc", old, new);
        scene.git(&["add", "-f", ".env.enc"]);
        let outcome = scene.run(["check", "--staged"]).fails(3);
        assert!(outcome.printed().contains(told), "{}", outcome.printed());
        assert_eq!(outcome.stderr, errors(1));
    }
}

#[test]
fn nothing_is_verified_that_no_identity_opens() {
    let scene = committed();
    scene.swap(".env.enc", "DB_PASS=", "DB_PAST=");
    scene.git(&["add", "-f", ".env.enc"]);
    let scene = scene.nobody().variable("SOPS_AGE_KEY_CMD", "touch started");
    scene.run(["check", "--staged"]).ok().stdout("").untouched();
}

#[test]
fn identities_are_refused_and_locked_ones_told() {
    let scene = committed();
    stage(&scene, "key.txt", format!("# mine\n{}\n", identity_of("bob")));
    stage(&scene, "old.age", "age-encryption.org/v1\n-> scrypt AAAA 18\n");
    scene.run(["check", "--staged"]).fails(3).stderr(&errors(1)).stdout(
        "key.txt\n\
         \x20 2  error    an age identity stands here: whoever has it reads what is encrypted for it; `git rm --cached key.txt` takes it out of git\n\
         old.age\n\
         \x20 1  warning  an age file stands here that only a passphrase guards: whoever has it can guess for ever; `git rm --cached old.age` takes it out of git\n",
    );
}

#[test]
fn what_a_team_accepts_is_said_in_the_rule_file() {
    let scene = committed();
    stage(&scene, "tests/key.txt", identity_of("bob"));
    let accept = |codes: &str| format!("lacre:\n  accept:\n  - path_regex: ^tests/\n    codes: [{codes}]\n");
    stage(&scene, ".sops.yaml", accept("known-value"));
    scene.run(["check", "--staged"]).fails(3);
    stage(&scene, ".sops.yaml", accept("identity-file"));
    scene.run(["check", "--staged"]).ok().stdout("");
    stage(&scene, "key.txt", identity_of("bob"));
    assert!(!scene.run(["check", "--staged"]).fails(3).printed().contains("tests/key.txt"));
    scene.git(&["rm", "--quiet", "--cached", "key.txt"]);
    stage(&scene, ".sops.yaml", "lacre: {acept: []}\n");
    let told = scene.run(["check", "--staged"]).fails(3);
    assert!(told.printed().contains("the top-level map `lacre` holds a list `accept` and nothing else"));
    // What was tampered with is nobody's to accept.
    stage(&scene, ".sops.yaml", "lacre: {accept: [{path_regex: '', codes: [tampered]}]}\n");
    scene.git(&["rm", "--quiet", "--cached", "tests/key.txt"]);
    scene.swap(".env.enc", "DB_PASS=", "DB_PAST=");
    scene.git(&["add", "-f", ".env.enc"]);
    scene.run(["check", "--staged"]).fails(3);
}

#[test]
fn a_twin_that_an_ignore_line_hides_is_told() {
    let scene = Scene::repository().identity("alice").file("plain", "A=1\n");
    scene.run(["encrypt", "plain", "--type", "dotenv", "-o", ".env.enc", "-r", ALICE]).ok();
    stage(&scene, ".gitignore", "plain\n.env*\n");
    scene.run(["check", "--staged"]).ok().stderr("").stdout(
        ".env.enc\n\
         \x20 1  warning  this encrypted file is not in git, for an ignore line hides it (.gitignore:2:.env*): put `!.env.enc` behind that line\n",
    );
    stage(&scene, ".gitignore", "plain\n.env*\n!.env.enc\n");
    scene.run(["check", "--staged"]).ok().stdout("");
}

#[cfg(unix)]
#[test]
fn names_steer_nothing_and_links_and_submodules_are_no_files() {
    let scene = committed();
    stage(&scene, "-x \u{1b}[31m\n.yaml", "kind: Secret\ndata: {a: eA==}\n");
    scene.run(["check", "--staged"]).fails(3).stdout(
        "-x \\u{1b}[31m\\u{a}.yaml\n\
         \x20 2  error    `data.a` stands in the clear in a Kubernetes Secret: `lacre encrypt --in-place './-x \\u{1b}[31m\\u{a}.yaml'`\n",
    );
    let scene = committed();
    scene.write("outside", format!("{SECRET}\n"));
    std::os::unix::fs::symlink(scene.path("outside"), scene.path(".env")).unwrap();
    scene.git(&["add", "-f", ".env"]);
    scene.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        "160000,1234567890123456789012345678901234567890,sub",
    ]);
    scene.run(["check", "--staged"]).ok().stdout("");
    scene.git(&["rm", "--quiet", "--cached", ".env.enc"]);
    scene.run(["check", "--staged"]).ok().stdout("");
}

#[test]
fn what_is_too_large_is_said_to_be_skipped() {
    let scene = committed();
    stage(&scene, "large.bin", vec![b'x'; (16 << 20) + 1]);
    let warning = "warning: not looked at, for they are too large or not here: `large.bin`\n";
    scene.run(["check", "--staged"]).ok().stdout("").stderr(warning);
}

/// `git` with the hook that runs the real program.
fn git(scene: &Scene, arguments: &[&str]) -> Output {
    let hook = scene.path(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\nexec '{}' check --staged\n", env!("CARGO_BIN_EXE_lacre"))).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let lacre = program(scene);
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments);
    command.env_clear().envs(lacre.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(scene.folder()).output().unwrap()
}

#[cfg(unix)]
#[test]
fn git_commits_nothing_that_the_hook_refuses() {
    let scene = committed();
    stage(&scene, "a.txt", "harmless\n");
    let clean = git(&scene, &["commit", "--quiet", "-m", "two"]);
    assert!(clean.status.success() && clean.stderr.is_empty() && clean.stdout.is_empty(), "{clean:?}");
    let is_refused = |arguments: &[&str]| {
        let output = git(&scene, arguments);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(said.contains("`DB_PASS` of `.env.enc` stands here"), !output.status.success(), "{said}");
        !output.status.success()
    };
    // All that is changed; one file alone, whatever else is staged.
    scene.write("a.txt", SECRET);
    assert!(is_refused(&["commit", "-a", "-m", "three"]));
    assert!(is_refused(&["commit", "a.txt", "-m", "three"]));
    assert!(is_refused(&["commit", "--include", "a.txt", "-m", "three"]));
    stage(&scene, "b.txt", "harmless\n");
    assert!(!is_refused(&["commit", "b.txt", "-m", "three"]));
    assert!(!is_refused(&["commit", "--no-verify", "-a", "-m", "four"]));
    // From a folder below, and from another work tree.
    scene.write("sub/c.txt", SECRET);
    scene.git(&["add", "sub/c.txt"]);
    assert!(is_refused(&["-C", "sub", "commit", "-m", "five"]));
    scene.git(&["reset", "--quiet", "sub/c.txt"]);
    scene.git(&["worktree", "add", "--quiet", "-b", "other", "tree"]);
    scene.write("tree/d.txt", SECRET);
    scene.git(&["-C", "tree", "add", "d.txt"]);
    assert!(is_refused(&["-C", "tree", "commit", "-m", "five"]));
}
