//! A program that notes each time that it is run, under every name by which a repository could make git or us run it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use lacre::world::Variables;
use lacre::world::git::Git;

use crate::support::{Scene, feed, program};
use crate::{commands, lacre, repository, run_in};

/// The program, and where it notes that it ran.
struct Canary {
    program: PathBuf,
    notes: PathBuf,
}

impl Canary {
    /// Outside the repository, so that nothing but its name keeps anybody from running it.
    fn new(scene: &Scene) -> Self {
        let base = scene.folder().parent().unwrap().to_owned();
        let canary = Self { program: base.join("canary"), notes: base.join("notes") };
        canary.put(&canary.program);
        canary
    }

    fn put(&self, place: &Path) {
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\nexit 1\n", self.notes.display()))
            .unwrap();
        fs::set_permissions(place, Permissions::from_mode(0o755)).unwrap();
    }

    /// What ran since it was last asked.
    fn sang(&self) -> String {
        let notes = fs::read_to_string(&self.notes).unwrap_or_default();
        drop(fs::remove_file(&self.notes));
        notes
    }
}

/// Every line of git's configuration that names a program, or leads to one that does.
const CONFIGURATION: &str = "
[core]
    fsmonitor = CANARY
    hooksPath = HOOKS
    pager = CANARY
    editor = CANARY
    sshCommand = CANARY
    askPass = CANARY
    gitProxy = CANARY
    alternateRefsCommand = CANARY
    attributesFile = ATTRIBUTES
[diff]
    external = CANARY
    submodule = diff
    ignoreSubmodules = none
[diff \"x\"]
    textconv = CANARY
    command = CANARY
[filter \"x\"]
    clean = CANARY
    smudge = CANARY
    process = CANARY
    required = true
[filter \"a.b = c\"]
    clean = CANARY
    process = CANARY
[merge \"x\"]
    driver = CANARY %A
[gpg]
    program = CANARY
[gpg \"ssh\"]
    program = CANARY
    defaultKeyCommand = CANARY
[log]
    showSignature = true
    follow = true
[commit]
    gpgSign = true
[credential]
    helper = CANARY
[pager]
    log = CANARY
    diff = CANARY
    config = CANARY
[alias]
    ls-files = !CANARY
    lacre = !CANARY
[interactive]
    diffFilter = CANARY
[sequence]
    editor = CANARY
[uploadpack]
    packObjectsHook = CANARY
[trailer \"x\"]
    command = CANARY
[remote \"origin\"]
    url = ext::CANARY
    uploadpack = CANARY
    vcs = canary
    promisor = true
    partialclonefilter = blob:none
[url \"ext::CANARY \"]
    insteadOf = https://
[protocol]
    allow = always
[protocol \"ext\"]
    allow = always
[submodule]
    recurse = true
[include]
    path = more
[includeIf \"gitdir:/\"]
    path = more
";

/// A repository that wants the canary run, with a change in its work tree that git would filter.
fn hostile() -> (Scene, Canary) {
    hostile_of(repository())
}

fn hostile_of(scene: Scene) -> (Scene, Canary) {
    let canary = Canary::new(&scene);
    scene.write(".gitattributes", "* filter=x diff=x merge=x\n*.yaml filter=\"a.b = c\" diff=x\n");
    scene.git(&["add", ".gitattributes"]);
    scene.git(&["commit", "--quiet", "--no-verify", "-m", "attributes"]);
    signed(&scene);
    let configuration = CONFIGURATION
        .replace("CANARY", &canary.program.display().to_string())
        .replace("HOOKS", &scene.path("hooks").display().to_string())
        .replace("ATTRIBUTES", &scene.path(".gitattributes").display().to_string());
    let path = scene.path(".git/config");
    fs::write(&path, fs::read_to_string(&path).unwrap() + &configuration).unwrap();
    fs::write(scene.path(".git/more"), format!("[core]\n    fsmonitor = {}\n", canary.program.display()))
        .unwrap();
    fs::write(scene.path(".git/info/attributes"), "* filter=x diff=x\n").unwrap();
    for hook in ["post-index-change", "pre-commit", "post-checkout", "reference-transaction", "pre-auto-gc"] {
        canary.put(&scene.path("hooks").join(hook));
        canary.put(&scene.path(".git/hooks").join(hook));
    }
    for name in ["git", "lacre", "sops", "gpg", "age-plugin-x", "canary", "git-remote-canary", "true", "sh"] {
        canary.put(&scene.path(name));
        canary.put(&scene.path("bin").join(name));
    }
    touch(&scene);
    (scene, canary)
}

/// git looks again at a file whose time is another.
fn touch(scene: &Scene) {
    for name in [".env.enc", "a.enc.yaml", ".gitignore"] {
        let file = fs::File::options().append(true).open(scene.path(name)).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }
}

/// With a commit that bears a signature, which `git log` would have looked at.
fn signed(scene: &Scene) {
    let head = output(scene, &["cat-file", "commit", "HEAD"]);
    let signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n";
    let mut command = git(scene, &["hash-object", "-t", "commit", "-w", "--stdin"]);
    command.stdin(std::process::Stdio::piped());
    let made = feed(command, head.replacen("\n\n", &format!("\n{signature}"), 1).as_bytes());
    let id = String::from_utf8(made.stdout).unwrap();
    scene.git(&["update-ref", "HEAD", id.trim()]);
}

fn git(scene: &Scene, words: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.env_clear().current_dir(scene.folder()).args(words);
    for (name, value) in program(scene).get_envs() {
        command.env(name, value.unwrap());
    }
    command
}

fn output(scene: &Scene, words: &[&str]) -> String {
    String::from_utf8_lossy(&feed(git(scene, words), b"").stdout).into_owned()
}

#[test]
fn git_itself_would_run_it() {
    let (scene, canary) = hostile();
    for words in [
        ["status"].as_slice(),
        &["-c", "core.fsmonitor=false", "diff", "--raw", "HEAD"],
        &["-c", "core.fsmonitor=false", "log", "-1"],
        &["-c", "core.fsmonitor=false", "diff", "--cached", "HEAD~2"],
        &["cat-file", "-p", "0123456789012345678901234567890123456789"],
        &["ls-remote", "https://x/y"],
    ] {
        touch(&scene);
        output(&scene, words);
        assert_ne!(canary.sang(), "", "{words:?} runs nothing, so that it shows nothing");
    }
}

#[test]
fn no_command_runs_what_the_configuration_names() {
    let (scene, canary) = hostile();
    commands::all_in(&scene, &scene.folder(), &[]);
    assert_eq!(canary.sang(), "");
}

#[test]
fn touched_files_are_compared_without_filters() {
    let (scene, canary) = hostile();
    let variables = Variables::from([("PATH".into(), std::env::var_os("PATH").unwrap())]);
    let git = Git::find(&scene.folder(), &variables).unwrap();
    let head = git.object("HEAD").unwrap();
    touch(&scene);
    assert_eq!(git.changed_since(&head).unwrap(), []);
    scene.write(".gitignore", "other\n");
    let changed = git.changed_since(&head).unwrap();
    assert_eq!((changed.len(), changed[0].path.as_path()), (1, Path::new(".gitignore")));
    assert_eq!(git.staged().unwrap(), []);
    assert_eq!(canary.sang(), "");
}

#[test]
fn no_command_runs_what_lies_in_the_repository() {
    let (scene, canary) = hostile();
    let real = std::env::var("PATH").unwrap();
    let bin = scene.path("bin");
    for start in [".", "", "bin", bin.to_str().unwrap()] {
        // `run` and `edit` take what the person's own PATH says: they start programs for them.
        let path = format!("{start}:{real}");
        for words in [
            ["status"].as_slice(),
            &["check", "--all"],
            &["diff", ".env.enc"],
            &["log", ".env.enc"],
            &["find", "-"],
            &["git", "install"],
            &["git", "textconv", ".env.enc"],
            &["recipients", "list"],
            &["rekey", "--all"],
        ] {
            run_in(&scene, &scene.folder(), words, &[("PATH", &path)]);
            assert_eq!(canary.sang(), "", "{words:?} with PATH={start}:…");
        }
    }
}

#[test]
fn a_conflict_is_settled_without_what_the_configuration_names() {
    let scene = repository();
    for (branch, value) in [("side", "theirs"), ("main", "ours")] {
        scene.git(&["checkout", "--quiet", "-B", branch, if branch == "main" { "main" } else { "HEAD" }]);
        lacre(&scene, &["set", "-q", ".env.enc", "A", value]);
        scene.git(&["commit", "--quiet", "--no-verify", "-am", branch]);
    }
    let (scene, canary) = hostile_of(scene);
    // The merge itself is made by who does not know: with a configuration that says nothing.
    let config = scene.path(".git/config");
    let hostile = fs::read(&config).unwrap();
    fs::write(&config, "[core]\n\trepositoryformatversion = 0\n\thooksPath = /dev/null\n").unwrap();
    output(&scene, &["-c", "user.name=a", "-c", "user.email=a@example.org", "merge", "side"]);
    fs::write(&config, hostile).unwrap();
    canary.sang();
    for words in [
        ["status"].as_slice(),
        &["check", "--all"],
        &["check", "--staged"],
        &["git", "textconv", ".env.enc"],
        &["log", ".env.enc"],
        &["diff", ":2:.env.enc", ":3:.env.enc"],
        &["resolve", ".env.enc"],
        &["resolve", ".env.enc", "A", "--theirs"],
    ] {
        touch(&scene);
        let output = run_in(&scene, &scene.folder(), words, &[]);
        crate::is_sane(words, &output);
        assert_eq!(canary.sang(), "", "{words:?}");
        if words[0] == "diff" {
            assert_eq!(
                String::from_utf8_lossy(&output.stdout).lines().last(),
                Some("~ A"),
                "{}",
                crate::told(&output)
            );
        }
    }
    assert_eq!(lacre(&scene, &["get", ".env.enc", "A"]), "theirs\n");
}

#[test]
fn a_git_file_that_points_elsewhere_brings_no_program() {
    let (scene, canary) = hostile();
    let outside = scene.folder().parent().unwrap().join("elsewhere");
    fs::rename(scene.path(".git"), &outside).unwrap();
    scene.write(".git", format!("gitdir: {}\n", outside.display()));
    commands::all_in(&scene, &scene.folder(), &[]);
    assert_eq!(canary.sang(), "");
}

#[test]
fn missing_objects_are_not_fetched_by_a_program() {
    let (scene, canary) = hostile();
    lacre(&scene, &["list", ".env.enc"]);
    // The content of an old version is not here.
    let id = output(&scene, &["-c", "core.fsmonitor=false", "rev-parse", "HEAD~2:.env.enc"]);
    let (folder, file) = id.trim().split_at(2);
    fs::remove_file(scene.path(".git/objects").join(folder).join(file)).unwrap();
    canary.sang();
    for words in [
        ["log", ".env.enc"].as_slice(),
        &["diff", "HEAD~2:.env.enc", ".env.enc"],
        &["find", "--history", "-"],
    ] {
        let output = run_in(&scene, &scene.folder(), words, &[]);
        crate::is_sane(words, &output);
        assert_eq!(canary.sang(), "", "{words:?}");
    }
    output(&scene, &["-c", "core.fsmonitor=false", "cat-file", "-p", id.trim()]);
    assert_ne!(canary.sang(), "", "git itself would fetch it");
}

#[test]
fn a_submodule_is_not_asked_by_its_own_configuration() {
    let inner = repository();
    let scene = repository();
    let canary = Canary::new(&scene);
    scene.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        inner.folder().to_str().unwrap(),
        "sub",
    ]);
    scene.git(&["commit", "--quiet", "--no-verify", "-am", "submodule"]);
    let name = canary.program.display().to_string();
    scene.git(&["-C", "sub", "config", "core.fsmonitor", &name]);
    for folder in [scene.folder(), scene.path("sub")] {
        commands::all_in(&scene, &folder, &[]);
        assert_eq!(canary.sang(), "", "{}", folder.display());
    }
    output(&scene, &["diff", "HEAD"]);
    assert_ne!(canary.sang(), "", "git itself would run it");
}
