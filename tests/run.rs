//! `lacre run` and `lacre export` with the real program: what a child gets, and by which code we end.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

struct Scene {
    folder: tempfile::TempDir,
    identity: String,
    recipient: String,
}

impl Scene {
    /// A repository with an identity, which the program finds in `SOPS_AGE_KEY`.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let mut scene = Self { folder, identity: String::new(), recipient: String::new() };
        let made = scene.run(&["keygen", "-o", "key"]);
        text(&made.stdout).trim().clone_into(&mut scene.recipient);
        let key = fs::read_to_string(scene.path("key")).unwrap();
        key.lines().last().unwrap().clone_into(&mut scene.identity);
        fs::remove_file(scene.path("key")).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(self, name: &str, kind: &str, plain: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let words = ["encrypt", "--type", kind, "-r", &self.recipient, "-"];
        let mut child = self.command(&words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(plain.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        fs::write(path, output.stdout).unwrap();
        self
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lacre"));
        command.args(words).current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("SOPS_AGE_KEY", &self.identity).env("INHERITED", "yes");
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// stdout of a run that must succeed.
    fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The code and stderr of a run that printed nothing.
    fn fails(&self, words: &[&str]) -> (i32, String) {
        let output = self.run(words);
        assert_eq!(text(&output.stdout), "", "{words:?}");
        (output.status.code().unwrap(), text(&output.stderr))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_codes_are_the_childs_or_tell_who_failed() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\n");
    fs::write(scene.path("dead"), "").unwrap();
    for (words, code) in [
        (&["run", "--", "true"][..], 0),
        (&["run", "--", "sh", "-c", "exit 7"], 7),
        (&["run", "--", "./dead"], 126),
        (&["run", "--", "no-such-program"], 127),
        (&["run", "-f", "missing", "--", "true"], 125),
        (&["run", "-f", "-", "--", "true"], 125),
        (&["run", "--env", "prod", "--", "true"], 125),
        (&["run", "--env", "../x", "--", "true"], 125),
        (&["run", "--only", "B", "--", "true"], 125),
        (&["run", "--no-such-flag", "--", "true"], 125),
        (&["-q", "run"], 125),
        (&["export", "--no-such-flag"], 2),
        (&["get", "run"], 2),
    ] {
        assert_eq!(scene.run(words).status.code(), Some(code), "{words:?}");
    }
    assert_eq!(scene.run(&["run", "--", "sh", "-c", "kill -9 $$"]).status.signal(), Some(9));
}

#[test]
fn the_child_sees_values_and_no_identity() {
    let scene = Scene::new().file(".env.enc", "dotenv", "INHERITED='no $(id)'\nB=\"x\\ty\"\n");
    let mut command = scene.command(&["run", "--", "env"]);
    command.env("MY_IDENTITY", &scene.identity).env("SOPS_AGE_KEY_CMD", "false").env("KEPT", "1");
    let shown = text(&command.output().unwrap().stdout);
    for line in ["INHERITED=no $(id)", "B=x\ty", "KEPT=1", "PATH=/usr/bin:/bin"] {
        assert!(shown.lines().any(|other| other == line), "{line}");
    }
    assert!(!shown.contains("AGE-SECRET-KEY") && !shown.contains("_CMD"));
    assert!(scene.ok(&["run", "--keep-identity", "--", "env"]).contains("SOPS_AGE_KEY=AGE-SECRET-KEY-"));
    assert_eq!(scene.ok(&["run", "--keep-existing", "--", "printenv", "INHERITED"]), "yes\n");
}

#[test]
fn later_files_win() {
    let scene = Scene::new()
        .file("a.env", "dotenv", "A=1\nB=1\n")
        .file("b.json", "json", "{\"B\": 2}\n")
        .file(".env.enc", "dotenv", "A=base\n")
        .file(".env.prod.enc", "dotenv", "A=prod\n")
        .file("sub/.env.enc", "dotenv", "C=sub\n");
    assert_eq!(scene.ok(&["run", "-f", "a.env", "-f", "b.json", "--", "printenv", "A", "B"]), "1\n2\n");
    assert_eq!(scene.ok(&["run", "--env", "prod", "--", "printenv", "A"]), "prod\n");
    let mut inherit = scene.command(&["run", "--inherit", "--", "printenv", "A", "C"]);
    inherit.current_dir(scene.path("sub")).env("LACRE_ENV", "prod");
    assert_eq!(text(&inherit.output().unwrap().stdout), "prod\nsub\n");
}

#[test]
fn the_nearest_file_above_is_told() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\n");
    fs::create_dir(scene.path("sub")).unwrap();
    let mut command = scene.command(&["run", "--", "printenv", "A"]);
    let output = command.current_dir(scene.path("sub")).output().unwrap();
    assert_eq!(text(&output.stdout), "1\n");
    assert!(text(&output.stderr).starts_with("note: reading `"));
}

#[test]
fn a_clean_environment_has_nothing_else() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\n");
    assert_eq!(scene.ok(&["run", "--clean-env", "--", "env"]), "A=1\nPATH=/usr/bin:/bin\n");
    let passed = scene.ok(&["run", "--clean-env", "--pass", "INHERITED", "--", "env"]);
    assert_eq!(passed, "A=1\nINHERITED=yes\nPATH=/usr/bin:/bin\n");
}

#[test]
fn steering_names_are_refused_unless_allowed() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\nLD_PRELOAD=/x.so\n");
    let (code, told) = scene.fails(&["run", "--", "true"]);
    assert_eq!(code, 125);
    assert_eq!(
        told,
        "error: `.env.enc` sets `LD_PRELOAD`, which steers loaders, shells or tools: refused\n\
         hint: if you know who set it, insist with `--allow-name LD_PRELOAD`; else `--except LD_PRELOAD`\n"
    );
    assert_eq!(scene.ok(&["run", "--except", "LD_PRELOAD", "--", "printenv", "A"]), "1\n");
    assert_eq!(
        scene.ok(&["run", "--allow-name", "LD_PRELOAD", "--explain"]),
        "A ← .env.enc\nLD_PRELOAD ← .env.enc\n"
    );
    let mut by_variable = scene.command(&["run", "--explain"]);
    by_variable.env("LACRE_ALLOW_NAMES", "X,LD_PRELOAD");
    assert!(by_variable.output().unwrap().status.success());
}

#[test]
fn nested_leaves_are_an_error_that_names_the_way_out() {
    let scene = Scene::new().file("a.json", "json", "{\"db\": {\"url\": \"x\"}}\n");
    let (code, told) = scene.fails(&["run", "-f", "a.json", "--", "true"]);
    assert_eq!(code, 125);
    assert!(told.contains("`db.url`") && told.contains("--flatten") && !told.contains("\"x\""), "{told}");
    assert_eq!(scene.ok(&["run", "-f", "a.json", "--flatten", "--", "printenv", "DB_URL"]), "x\n");
}

#[test]
fn without_identity_nothing_runs_unless_asked_for() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\n");
    fs::write(scene.path("fake.env"), "A='fake'\n").unwrap();
    let run = |words: &[&str]| {
        let output = scene.command(words).env_remove("SOPS_AGE_KEY").output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout))
    };
    assert_eq!(run(&["run", "--", "printenv", "A"]), (125, String::new()));
    assert_eq!(run(&["run", "--no-identity", "skip", "--", "printenv", "A"]), (1, String::new()));
    assert_eq!(run(&["run", "--no-identity", "fake.env", "--", "printenv", "A"]), (0, "fake\n".into()));
    assert_eq!(run(&["export", "--format", "json"]), (4, String::new()));
    let mut mistyped = scene.command(&["run", "--no-identity", "skp", "--", "true"]);
    let mistyped = mistyped.env_remove("SOPS_AGE_KEY").output().unwrap();
    assert!(text(&mistyped.stderr).ends_with("error: cannot read `skp`: no such file\n"), "{mistyped:?}");
}

#[test]
fn a_tampered_file_never_runs() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\nB=2\n");
    let file = fs::read_to_string(scene.path(".env.enc")).unwrap();
    fs::write(scene.path(".env.enc"), file.replacen("B=", "C=", 1)).unwrap();
    let (code, _) = scene.fails(&["run", "--no-identity", "skip", "--", "echo", "ran"]);
    assert_eq!(code, 125);
    assert_eq!(scene.fails(&["export", "--format", "shell"]).0, 5);
}

#[test]
fn folder_umask_and_descriptors_are_handed_on() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\n");
    let facts = "pwd; umask; ulimit -c; ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status";
    let plain = Command::new("sh").args(["-c", facts]).current_dir(scene.folder.path()).output().unwrap();
    assert_eq!(scene.ok(&["run", "--", "sh", "-c", facts]), text(&plain.stdout));
    let kept = "exec 7</dev/null; exec \"$0\" run -- sh -c 'test -e /proc/self/fd/7'";
    let status = Command::new("sh")
        .args(["-c", kept])
        .arg(env!("CARGO_BIN_EXE_lacre"))
        .current_dir(scene.folder.path())
        .env("SOPS_AGE_KEY", &scene.identity)
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_shell_line_is_asked_for() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A='a b'\n");
    assert_eq!(scene.ok(&["run", "--shell", "--", "echo \"$A\" | tr a-z A-Z; echo $1", "x"]), "A B\nx\n");
    assert_eq!(scene.ok(&["run", "--", "echo", "$A | x"]), "$A | x\n");
}

#[test]
fn export_writes_three_forms() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=\"it's\"\nB=plain\nC=' $x '\n");
    assert_eq!(
        scene.ok(&["export", "--format", "json"]),
        "{\"A\":\"it's\",\"B\":\"plain\",\"C\":\" $x \"}\n"
    );
    assert_eq!(
        scene.ok(&["export", "--format", "shell"]),
        "export A='it'\\''s'\nexport B='plain'\nexport C=' $x '\n"
    );
    let dotenv = scene.run(&["export", "--format", "dotenv"]);
    assert_eq!(text(&dotenv.stdout), "A=\"it's\"\nB=plain\nC=' $x '\n");
    assert_eq!(
        text(&dotenv.stderr),
        "warning: `C` has no spelling that all read: @next/env, dotenv-expand misread it\n"
    );
}

#[test]
fn export_refuses_names_that_a_form_cannot_hold() {
    let scene = Scene::new().file("a.json", "json", "{\"a b\": 1}\n");
    for form in ["dotenv", "shell"] {
        let (code, told) = scene.fails(&["export", "-f", "a.json", "--format", form]);
        assert_eq!(code, 1);
        assert!(told.contains("`a b`"), "{told}");
    }
    assert_eq!(scene.ok(&["export", "-f", "a.json", "--format", "json"]), "{\"a b\":\"1\"}\n");
}

#[test]
fn mentions_are_noted_by_name() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\nB=${A}x\n");
    let output = scene.run(&["run", "--", "printenv", "B"]);
    assert_eq!(text(&output.stdout), "${A}x\n");
    assert!(text(&output.stderr).starts_with("note: `B`: a mention"));
}

#[test]
fn the_program_inherits_no_child_of_ours() {
    let scene = Scene::new();
    let bin = tempfile::tempdir().unwrap();
    let plugin = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/age-plugin-tst");
    std::os::unix::fs::symlink(plugin, bin.path().join("age-plugin-tst")).unwrap();
    fs::write(scene.path("key"), "AGE-PLUGIN-TST-1KR3KRN\n").unwrap();
    fs::write(scene.path(".env"), "A=1\n").unwrap();
    let command = |words: &[&str]| {
        let mut command = scene.command(words);
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.path().display()));
        command.env_remove("SOPS_AGE_KEY").env("TST_PIN", "MTIzNA");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    command(&["encrypt", ".env", "-r", "age1tst1qypqx9hc6qu"]);
    let children = "read -r children < /proc/$$/task/$$/children; echo \"$A:$children\"";
    assert_eq!(command(&["--identity", "key", "run", "--", "sh", "-c", children]), "1:\n");
}

const SCHEMA: &str = "# @defaultRequired=false @defaultSensitive=false\n# ---\n\
    # @required @type=port\nPORT=\n# @required @sensitive\nTOKEN=\n# @type=url\nURL=\n";

#[test]
fn a_program_does_not_start_with_variables_that_do_not_fit() {
    let scene = Scene::new().file(".env.enc", "dotenv", "PORT=http\nURL=x\nMORE=1\n");
    fs::write(scene.path(".env.schema"), SCHEMA).unwrap();
    let (code, told) = scene.fails(&["run", "--", "echo", "ran"]);
    assert_eq!(code, 125);
    assert_eq!(
        told,
        "warning: `.env.schema` does not know `MORE`\n\
         error: the variables do not fit `.env.schema`; nothing was started\n\
         \x20 `TOKEN` is required and missing\n\
         \x20 `PORT` is not a port: a whole number from 1 to 65535\n\
         \x20 `URL` is not a URL with scheme and host\n\
         hint: mend the file with `lacre set` or `lacre edit`, or insist with `--no-check`\n"
    );
    let insisted = scene.run(&["run", "--no-check", "--", "echo", "ran"]);
    assert_eq!((insisted.status.code(), text(&insisted.stdout)), (Some(0), "ran\n".to_owned()));
    let warnings =
        "warning: `TOKEN` is required and missing, as `.env.schema` has it; started all the same\n";
    assert!(text(&insisted.stderr).contains(warnings), "{}", text(&insisted.stderr));
    // Nothing is started by these, so nothing is refused.
    scene.ok(&["run", "--explain"]);
    scene.ok(&["export", "--format", "json"]);
}

#[test]
fn what_the_program_would_get_is_checked_wherever_it_is_from() {
    let scene = Scene::new()
        .file(".env.enc", "dotenv", "PORT=\"80\"\n")
        .file(".env.prod.enc", "dotenv", "TOKEN=x1\n")
        .file("a.json", "json", "{\"PORT\": \"x\"}\n");
    fs::write(scene.path(".env.schema"), SCHEMA).unwrap();
    let run = |words: &[&str], variables: &[(&str, &str)]| {
        let words = [&["run"], words, &["--", "true"]].concat();
        let output = scene.command(&words).envs(variables.iter().copied()).output().unwrap();
        (output.status.code().unwrap(), text(&output.stderr))
    };
    let fits = |words: &[&str], variables: &[(&str, &str)]| {
        let (code, told) = run(words, variables);
        assert_eq!((code, told.as_str()), (0, ""), "{words:?} {variables:?}");
    };
    let refused = |words: &[&str], variables: &[(&str, &str)]| {
        let (code, told) = run(words, variables);
        assert_eq!(code, 125, "{words:?} {variables:?}: {told}");
        assert!(told.contains("nothing was started"), "{told}");
    };
    // A layer, or an inherited variable, may have what is missing, and may be wrong.
    refused(&[], &[]);
    fits(&["--env", "prod"], &[]);
    fits(&[], &[("TOKEN", "y2")]);
    refused(&["--clean-env"], &[("TOKEN", "y2")]);
    fits(&["--clean-env", "--pass", "TOKEN"], &[("TOKEN", "y2")]);
    refused(&["--env", "prod"], &[("URL", "nowhere")]);
    fits(&["--env", "prod"], &[("PORT", "nowhere")]);
    refused(&["--env", "prod", "--keep-existing"], &[("PORT", "nowhere")]);
    // Who leaves a name out does not miss it; what is there must fit all the same.
    fits(&["--only", "PORT"], &[]);
    fits(&["--except", "TOKEN"], &[]);
    refused(&["--except", "PORT"], &[]);
    // A secret may come as a file.
    fits(&["--env", "prod", "--file", "TOKEN"], &[]);
    fits(&[], &[("TOKEN_FILE", "/run/secrets/token")]);
    // A schema is for dotenv files.
    fits(&["-f", "a.json"], &[]);
    refused(&["-f", ".env.enc", "-f", "a.json"], &[("TOKEN", "y2")]);
}

#[test]
fn a_schema_that_cannot_be_understood_refuses_too() {
    let scene = Scene::new().file(".env.enc", "dotenv", "A=1\n");
    fs::write(scene.path(".env.schema"), "# @type=nosuchtype\nA=\n").unwrap();
    let (code, told) = scene.fails(&["run", "--", "echo", "ran"]);
    assert_eq!(code, 125);
    assert_eq!(
        told,
        "error: `.env.schema`, line 2: there is no type `nosuchtype`\n\
         hint: `lacre help schema` shows what a schema looks like\n"
    );
    assert_eq!(scene.ok(&["run", "--no-check", "--", "echo", "ran"]), "ran\n");
}

#[test]
fn a_file_that_does_not_fit_its_json_schema_starts_nothing() {
    let scene = Scene::new().file("a.enc.json", "json", r#"{"port": "x"}"#);
    fs::write(scene.path("a.schema.json"), r#"{"properties": {"port": {"type": "integer"}}}"#).unwrap();
    for file in [&["-f", "a.enc.json"][..], &["--file", "A=@a.enc.json"]] {
        let (code, told) = scene.fails(&[&["run"], file, &["--", "echo", "ran"]].concat());
        assert_eq!(code, 125);
        assert!(told.contains("does not fit `a.schema.json`; nothing was started"), "{told}");
        assert_eq!(scene.ok(&[&["run", "--no-check"], file, &["--", "echo", "ran"]].concat()), "ran\n");
    }
}

#[test]
fn what_stands_in_for_a_closed_file_may_be_incomplete() {
    let scene = Scene::new().file(".env.enc", "dotenv", "PORT=80\nTOKEN=x\n");
    fs::write(scene.path(".env.schema"), SCHEMA).unwrap();
    fs::write(scene.path(".env.example"), "PORT=80\nTOKEN=\n").unwrap();
    // Of a file that was skipped, nothing is known; one that stands in is looked at.
    for (stand_in, warns) in [("skip", false), (".env.example", true)] {
        let words = ["run", "--no-identity", stand_in, "--", "echo", "ran"];
        let output = scene.command(&words).env_remove("SOPS_AGE_KEY").output().unwrap();
        assert_eq!(text(&output.stdout), "ran\n", "{stand_in}");
        let told = text(&output.stderr);
        assert_eq!(told.contains("warning: `TOKEN` is required and empty, as"), warns, "{told}");
    }
}
