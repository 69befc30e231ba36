//! `lacre git textconv`: what git compares. It ends with 0 whatever it is given, and asks nobody.

use std::process::Command;

use crate::support::{ALICE, BOB, Scene, feed, program};

fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").file(
        ".sops.yaml",
        format!("keys:\n  - &alice {ALICE}\n  - &bob {BOB}\ncreation_rules:\n  - age: {ALICE}\n"),
    );
    scene.write(".env", "# first\nA=same\nB=same\nPORT_unencrypted=80\n");
    scene.run(["encrypt", ".env"]).ok();
    scene
}

/// What is printed, with all digests as `########`.
fn view(scene: &Scene, file: &str) -> String {
    let text = scene.run(["git", "textconv", "--", file]).ok().stderr("").untouched().printed();
    let digests = regex::Regex::new("(changed:|data key  )[0-9a-f]{8}").unwrap();
    digests.replace_all(&text, "${1}########").into_owned()
}

const VIEW: &str = "# changed:########\nA  str  changed:########\nB  str  changed:########\n\
    PORT_unencrypted  str  80\n\nrecipient  alice (…wf65j)\nselector  unencrypted_suffix _unencrypted\n\
    seal  present\ndata key  ########\n";

#[test]
fn a_line_a_value_then_who_can_open_it() {
    let scene = scene();
    let expected = VIEW.replace("(…wf65j)", "(…dwf65j)");
    assert_eq!(view(&scene, ".env.enc"), expected);
    // The name says nothing.
    scene.write("x/Abc_1.json", scene.bytes(".env.enc"));
    assert_eq!(view(&scene, "x/Abc_1.json"), expected);
    let text = scene.run(["git", "textconv", ".env.enc"]).ok().printed();
    let [a, b] =
        ["A", "B"].map(|name| text.split(&format!("{name}  str  ")).nth(1).unwrap()[..16].to_owned());
    assert_ne!(a, b, "equal values at two places look equal");
}

#[test]
fn every_format_has_a_view() {
    let scene = scene();
    for (name, text, expected) in [
        (
            "a.yaml",
            "a:\n  - 1\n  - x: true\nn: null\n",
            "a[0]  int  changed:########\na[1].x  bool  changed:########\nn  null\n",
        ),
        ("a.json", "{\"a\": 1.5}", "a  float  changed:########\n"),
        ("a.ini", "[s]\nk = v\n", "s.k  str  changed:########\n"),
        ("a.bin", "\u{0}bytes", "data  str  changed:########\n"),
        ("m.yaml", "a: x\n---\na: x\n", "a  str  changed:########\ndocument 1  a  str  changed:########\n"),
    ] {
        scene.write(name, text);
        scene.run(["encrypt", "-i", name]).ok();
        let shown = view(&scene, name);
        assert!(shown.starts_with(&format!("{expected}\nrecipient  alice")), "{name}: {shown}");
    }
}

#[test]
fn without_an_identity_the_ciphertexts_are_compared() {
    let scene = scene().nobody();
    let lines = VIEW.replace("(…wf65j)", "(…dwf65j)").replace("data key  ########\n", "");
    let expected = format!("lacre: no identity at hand opens it; digests are of the ciphertexts\n{lines}");
    assert_eq!(view(&scene, ".env.enc"), expected);
}

#[test]
fn nobody_is_asked_for_a_passphrase() {
    let scene = Scene::repository().types(["passphrase", "passphrase", "passphrase"]);
    scene.write("a.env", "A=1\n");
    let made = scene.run(["keygen", "--passphrase", "-o", "locked.txt"]).ok().printed();
    let recipient = made.trim();
    scene.run(["encrypt", "a.env", "-r", recipient]).ok();
    let scene = scene.types(["passphrase"]).variable("SOPS_AGE_KEY_FILE", "locked.txt");
    assert!(view(&scene, "a.enc.env").starts_with("lacre: no identity at hand opens it"));
    // It was there to be asked.
    let scene = scene.types(["passphrase"]);
    scene.run(["get", "a.enc.env", "A"]).ok().stdout("1\n");
}

#[test]
fn nobody_starts_a_command_of_the_user() {
    let scene = scene().nobody();
    let key = crate::support::identity_of("alice");
    let ran = scene.path("ran");
    let line = format!("sh -c 'echo ran >> {}; echo {key}'", ran.display());
    let scene = scene.variable("SOPS_AGE_KEY_CMD", &line);
    assert!(view(&scene, ".env.enc").starts_with("lacre: no identity at hand opens it"));
    scene.run(["get", ".env.enc", "A"]).ok().stdout("same\n");
    assert_eq!(scene.text("ran"), "ran\n");
}

#[test]
fn a_plaintext_is_printed_as_it_is_and_a_broken_file_with_what_is_wrong() {
    let scene = scene();
    scene.write("plain", "A=1\n\tB\r\nno newline");
    assert_eq!(view(&scene, "plain"), "A=1\n\tB\nno newline\n");
    scene.write("zero", "");
    assert_eq!(view(&scene, "zero"), "");
    scene.write("binary", b"\x00\x01\xff");
    let shown = view(&scene, "binary");
    assert!(shown.starts_with("3 bytes, not text: ") && shown.lines().count() == 1, "{shown}");
    assert!(view(&scene, "missing").starts_with("lacre: cannot read"));
    scene.write("markers", [b"<<<<<<< ours\n".as_slice(), &scene.bytes(".env.enc")].concat());
    let shown = view(&scene, "markers");
    assert!(
        shown
            .starts_with("lacre: it has conflict markers; `lacre resolve FILE` settles them\n<<<<<<< ours\n")
    );
    assert!(shown.contains("\nA=ENC[AES256_GCM,"));
    scene.swap(".env.enc", "sops_version=3.11.0", "sops_version=x");
    let shown = view(&scene, ".env.enc");
    assert!(
        shown.starts_with("lacre: it cannot be read: `sops.version` is no version number\n#ENC["),
        "{shown}"
    );
}

#[test]
fn a_file_that_was_tampered_with_says_so_and_has_a_view() {
    let scene = scene();
    scene.swap(".env.enc", "\nA=ENC", "\nZ=ENC");
    let shown = view(&scene, ".env.enc");
    assert!(shown.starts_with("lacre: `Z` does not decrypt: "), "{shown}");
    assert!(shown.contains("; digests are of the ciphertexts\n# changed:"), "{shown}");
}

#[test]
fn nothing_in_a_view_steers_a_terminal() {
    let scene = scene();
    let hostile = "\"k\\x9b\": 1\nx_unencrypted: \"a\\e[2J\\nb\\u202e\"\n# \u{202e}c\n";
    scene.write("a.yaml", hostile);
    scene.run(["encrypt", "-i", "a.yaml"]).ok();
    scene.swap("a.yaml", ALICE, "\"age1\\e[2J\\x9b\"");
    scene.write("b", "plain \u{1b}[2J \u{9b}m \u{202e}\n\u{7}bell ##[command]\n");
    scene.write("c", "sops\u{1b}[1m: x\n<<<<<<< \u{1b}[2J\n");
    for file in ["a.yaml", "b", "c", "m\u{1b}issing"] {
        let shown = view(&scene, file);
        let harmful = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(!shown.contains(harmful) && !shown.contains("##["), "{file}: {shown:?}");
    }
}

#[test]
fn a_file_called_like_a_flag_is_a_file() {
    let scene = scene();
    for name in ["-x", "--help", "--identity=nothing", "-"] {
        scene.write(name, "text\n");
        assert_eq!(view(&scene, name), "text\n", "{name}");
    }
    assert_eq!(scene.run(["git", "textconv", "-x"]).ok().printed(), "text\n");
}

/// What git prints in `scene`, with `variables`.
fn git(scene: &Scene, variables: &[(&str, &str)], words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env_clear();
    for (name, value) in program(scene).get_envs() {
        command.env(name, value.unwrap());
    }
    command.envs(variables.iter().copied()).current_dir(scene.folder());
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(words);
    let output = feed(command, b"");
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The lines that a diff says are different, without digests.
fn changed(diff: &str) -> Vec<String> {
    let is_change =
        |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---");
    let digests = regex::Regex::new("(changed:|data key  )[0-9a-f]{8}").unwrap();
    diff.lines().filter(is_change).map(|line| digests.replace(line, "$1").into_owned()).collect()
}

/// With real randomness, and git's drivers set up.
fn lacre(scene: &Scene, words: &[&str]) {
    let mut command = program(scene);
    command.args(words);
    let output = feed(command, b"");
    assert!(output.status.success(), "{words:?}: {output:?}");
}

fn installed(flags: &[&str]) -> Scene {
    let scene = scene();
    scene.write("-x.env", "A=1\n");
    lacre(&scene, &["encrypt", "-q", "-o", "./-x.enc.env", "./-x.env"]);
    scene.write(".gitignore", "*.env\n!*.enc.env\n.env\n");
    scene.git(&["add", "--force", ".env.enc", "./-x.enc.env", ".gitignore", ".sops.yaml"]);
    lacre(&scene, &[["git", "install"].as_slice(), flags].concat());
    scene.git(&["add", ".gitattributes"]);
    scene.git(&["commit", "--quiet", "--no-verify", "-m", "first"]);
    scene
}

#[test]
fn git_diff_shows_which_values_changed_and_keeps_nothing_of_it() {
    let scene = installed(&[]);
    let git = |words: &[&str]| git(&scene, &[], words);
    lacre(&scene, &["set", ".env.enc", "B", "other"]);
    lacre(&scene, &["set", "./-x.enc.env", "A", "2"]);
    lacre(&scene, &["recipients", "add", "--file-only", BOB, ".env.enc", "--yes"]);
    let diff = git(&["diff"]);
    assert_eq!(
        changed(&diff),
        [
            "-A  str  changed:",
            "+A  str  changed:",
            "-B  str  changed:",
            "+B  str  changed:",
            "+recipient  bob (…cs7khp)"
        ],
        "{diff}"
    );
    git(&["mv", ".env.enc", "moved.enc.env"]);
    git(&["commit", "-qam", "second", "--no-verify"]);
    let shown = git(&["show", "-M10%"]);
    assert!(shown.contains("rename from .env.enc\nrename to moved.enc.env\n"), "{shown}");
    assert_eq!(changed(&shown).len(), 5, "{shown}");
    assert_eq!(changed(&git(&["log", "-p", "-1", "--", "moved.enc.env"])).len(), 10);
    assert_eq!(git(&["for-each-ref", "refs/notes"]), "");
    let objects = git(&["cat-file", "--batch-all-objects", "--batch"]);
    assert!(!objects.contains("changed:") && !objects.contains("data key"), "{objects}");
}

#[test]
fn a_rekey_changes_no_value_in_a_clone_that_is_set_up() {
    let scene = installed(&[]);
    lacre(&scene, &["rekey", ".env.enc"]);
    assert_eq!(changed(&git(&scene, &[], &["diff"])), ["-data key  ", "+data key  "]);
    // Another clone has another key: nobody can compare what two of them showed.
    let before = git(&scene, &[], &["show", "--textconv", "HEAD:.env.enc"]);
    std::fs::remove_file(scene.path(".git/lacre/digest.key")).unwrap();
    lacre(&scene, &["git", "install"]);
    let after = git(&scene, &[], &["show", "--textconv", "HEAD:.env.enc"]);
    for (old, new) in before.lines().zip(after.lines()).filter(|(old, _)| old.contains("changed:")) {
        assert_ne!(old, new);
    }
}

#[test]
fn values_show_only_where_they_were_asked_for_and_never_in_a_job() {
    let scene = installed(&["--plaintext"]);
    lacre(&scene, &["set", ".env.enc", "B", "other"]);
    let plain = ["-B=same", "+B=other"];
    let masked = ["-B  str  changed:", "+B  str  changed:"];
    let shown = |variables: &[(&str, &str)]| changed(&git(&scene, variables, &["diff"]));
    assert_eq!(shown(&[]), plain);
    assert_eq!(shown(&[("CI", "false")]), plain);
    assert_eq!(shown(&[("CI", "")]), plain);
    assert_eq!(shown(&[("CI", "1")]), masked);
    assert_eq!(shown(&[("CI", "true")]), masked);
    assert_eq!(shown(&[("LACRE_NO_PLAINTEXT", "1")]), masked);
    scene.git(&["config", "diff.lacre.cachetextconv", "true"]);
    git(&scene, &[], &["commit", "-qam", "second", "--no-verify"]);
    assert_eq!(changed(&git(&scene, &[], &["show"])), masked);
    let objects = git(&scene, &[], &["cat-file", "--batch-all-objects", "--batch"]);
    assert!(objects.contains("changed:") && !objects.contains("B=other"), "{objects}");
    lacre(&scene, &["git", "install"]);
    assert_eq!(changed(&git(&scene, &[], &["show"])), masked, "asked for no longer");
}
