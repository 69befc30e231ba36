//! The files of `examples/` do what they say: workflows run step by step in a small runner, with and without their
//! secret, and their logs are read for values; containers, units and manifests as far as a machine without their
//! services can go.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

#[path = "examples/forms.rs"]
mod forms;
#[path = "examples/lint.rs"]
mod lint;
#[path = "examples/places.rs"]
mod places;
#[path = "examples/runner.rs"]
mod runner;
#[path = "examples/workflow.rs"]
mod workflow;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use runner::{Runner, masked};
use support::{ALICE, BOB, Scene, identity_of};
use workflow::{Values, Workflow, values};

const LACRE: &str = env!("CARGO_BIN_EXE_lacre");

/// What is encrypted for alice and bob, for bob alone, and what forks get.
const COMMON: &str = "TOKEN='q7Xd-92%kPz\"w$(id)'\nDATABASE_URL=postgres://shop:Hk3%2F9w@db/shop\nPIN=1\n\
    KEY=\"-----BEGIN PRIVATE KEY-----\nq83hFh27GhP0aLmWz\nTy81Kq\n-----END PRIVATE KEY-----\n\"\n";
const PRODUCTION: &str = "TOKEN=pR0d-71xWq4\nRELEASE_TOKEN=rel_81hGq02LmN\n";
const EXAMPLE: &str =
    "TOKEN=example-token\nDATABASE_URL=postgres://localhost/example\nPIN=0\nKEY=example-key\n";

const TOKEN: &str = "q7Xd-92%kPz\"w$(id)";
const DATABASE_URL: &str = "postgres://shop:Hk3%2F9w@db/shop";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nq83hFh27GhP0aLmWz\nTy81Kq\n-----END PRIVATE KEY-----\n";

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// A repository with encrypted files, and beside it the folder of the runner, with programs that tell all they know.
struct Job {
    scene: Scene,
    temporary: tempfile::TempDir,
}

impl Job {
    fn new() -> Self {
        let scene = Scene::repository().identity("bob").file(".env.example", EXAMPLE);
        for (twin, text, more) in [(".env.enc", COMMON, ALICE), (".env.production.enc", PRODUCTION, BOB)] {
            scene.write("plain", text);
            scene.run(["encrypt", "plain", "--type", "dotenv", "-o", twin, "-r", BOB, "-r", more]).ok();
        }
        fs::remove_file(scene.path("plain")).unwrap();
        scene.git(&["add", "--force", ".env.enc", ".env.production.enc", ".env.example"]);
        let job = Self { scene: scene.nobody(), temporary: tempfile::tempdir().unwrap() };
        let leaks: Vec<String> =
            [TOKEN, DATABASE_URL, KEY, "pR0d-71xWq4", "rel_81hGq02LmN"].map(forms::printed).into();
        fs::write(job.temporary.path().join("leaks"), leaks.concat()).unwrap();
        let folder = job.temporary.path().to_string_lossy().into_owned();
        let tell = format!(
            "#!/bin/sh\nenv\nenv -0 > {folder}/got\nif test \"$PIN\" = 1; then cat {folder}/leaks; fi\n"
        );
        fs::create_dir(job.temporary.path().join("tools")).unwrap();
        for program in
            [job.temporary.path().join("tools/npm"), job.scene.path("deploy"), job.scene.path("announce")]
        {
            fs::write(&program, &tell).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        job
    }

    fn path(&self) -> String {
        format!("{}/tools:/usr/bin:/bin", self.temporary.path().display())
    }

    /// The value that the program started last was given.
    fn got(&self, name: &str) -> Option<String> {
        let all = String::from_utf8(fs::read(self.temporary.path().join("got")).unwrap()).unwrap();
        all.split('\0').find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
    }

    fn runner(&self, contexts: Values) -> Runner<'_> {
        let place =
            values([("vars.LACRE_URL", &*format!("file://{LACRE}")), ("vars.LACRE_SHA256", &sha256(LACRE))]);
        let contexts = contexts.into_iter().chain(place).collect();
        Runner::new(
            Box::leak(self.scene.folder().into_boxed_path()),
            self.temporary.path(),
            &self.path(),
            contexts,
        )
    }
}

fn sha256(file: &str) -> String {
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

#[track_caller]
fn assert_hides(log: &str, secrets: &[&str]) {
    for secret in secrets.iter().flat_map(|secret| forms::forbidden(secret)) {
        assert!(!log.contains(&secret), "`{secret}` stands in\n{log}");
    }
    for name in ["alice", "bob"] {
        assert!(!log.contains(identity_of(name)));
    }
}

#[test]
fn a_push_is_tested_with_the_secrets_and_its_log_tells_none() {
    let job = Job::new();
    let contexts = [("github.event_name", "push"), ("secrets.SOPS_AGE_KEY", identity_of("alice"))];
    let mut runner = job.runner(values(contexts));
    let (ran, code) = runner.run(&Workflow::read(&example("ci/github/test.yml")), "test");
    assert_eq!(code, 0, "{}", runner.log);
    let names =
        ["Install lacre", "Check the files, which needs no key", "Hide the values in this job's log", "Test"];
    assert_eq!(ran, names);
    assert_eq!(job.got("TOKEN").as_deref(), Some(TOKEN));
    assert_eq!(job.got("KEY").as_deref(), Some(KEY));
    assert_eq!(job.got("SOPS_AGE_KEY"), None);
    assert!(runner.log.contains("TOKEN=***\n"), "{}", runner.log);
    assert!(
        runner.log.contains("warning: `PIN`: too short, too common or too long to be hidden"),
        "{}",
        runner.log
    );
    assert!(!runner.log.contains("an empty mask"), "{}", runner.log);
    assert_hides(&runner.log, &[TOKEN, DATABASE_URL, KEY]);
}

#[test]
fn a_fork_is_tested_with_examples_and_a_push_without_its_key_fails() {
    let job = Job::new();
    let workflow = Workflow::read(&example("ci/github/test.yml"));
    let mut runner = job.runner(values([("github.event_name", "pull_request")]));
    let (ran, code) = runner.run(&workflow, "test");
    assert_eq!(code, 0, "{}", runner.log);
    assert_eq!(ran, ["Install lacre", "Check the files, which needs no key", "Test with example values"]);
    assert_eq!(job.got("TOKEN").as_deref(), Some("example-token"));
    assert!(runner.log.contains("`.env.example` stands in"), "{}", runner.log);
    assert_hides(&runner.log, &[TOKEN, DATABASE_URL, KEY]);

    let mut runner = job.runner(values([("github.event_name", "push")]));
    let (ran, code) = runner.run(&workflow, "test");
    assert_eq!((ran.last().map(String::as_str), code), (Some("Hide the values in this job's log"), 4));
}

#[test]
fn another_program_than_the_one_expected_is_not_installed() {
    let job = Job::new();
    let mut runner = job.runner(values([("github.event_name", "push")]));
    runner.contexts.insert("vars.LACRE_SHA256".into(), "0".repeat(64));
    let (ran, code) = runner.run(&Workflow::read(&example("ci/github/test.yml")), "test");
    assert_eq!((ran, code), (vec!["Install lacre".to_owned()], 1));
}

#[test]
fn an_environment_is_deployed_with_its_own_key_only() {
    let job = Job::new();
    let workflow = Workflow::read(&example("ci/github/deploy.yml"));
    let contexts = [("inputs.environment", "production"), ("secrets.SOPS_AGE_KEY", identity_of("bob"))];
    let mut runner = job.runner(values(contexts));
    let (ran, code) = runner.run(&workflow, "deploy");
    assert_eq!((ran.len(), code), (5, 0), "{}", runner.log);
    // `./announce` was started without lacre.
    assert_eq!(job.got("RELEASE_TOKEN").as_deref(), Some("rel_81hGq02LmN"));
    assert_eq!(job.got("DATABASE_URL"), None);
    assert!(
        runner.log.contains("RELEASE_TOKEN: ***\n"),
        "the environment of a step is shown:\n{}",
        runner.log
    );
    assert_hides(&runner.log, &["pR0d-71xWq4", "rel_81hGq02LmN", DATABASE_URL, KEY]);

    let contexts = [("inputs.environment", "production"), ("secrets.SOPS_AGE_KEY", identity_of("alice"))];
    let mut runner = job.runner(values(contexts));
    let (ran, code) = runner.run(&workflow, "deploy");
    assert_eq!((ran.len(), code), (2, 4), "{}", runner.log);
    assert_hides(&runner.log, &[TOKEN, "pR0d-71xWq4", "rel_81hGq02LmN", DATABASE_URL, KEY]);
}

/// Runs a job of GitLab: its log, as GitLab masks it, and its code.
fn gitlab(job: &Job, name: &str, variables: &Values) -> (String, i32) {
    let workflow = Workflow::read(&example("ci/gitlab/.gitlab-ci.yml"));
    let script =
        |path: &str| workflow.items(path).iter().map(|item| workflow.get(item).unwrap().to_owned()).collect();
    let mut lines: Vec<String> = script("default.before_script");
    lines.extend::<Vec<String>>(script(&format!("{name}.script")));
    // Where a container has a folder of its own.
    let tools = job.temporary.path().join("tools");
    let text = lines.join("\n").replace("/usr/local/bin", &tools.to_string_lossy());
    let output = Command::new("bash")
        .args(["-eo", "pipefail", "-c", &format!("exec 2>&1\n{text}")])
        .current_dir(job.scene.folder())
        .env_clear()
        .envs(variables)
        .envs([("PATH", job.path()), ("HOME", "/nonexistent".into()), ("GITLAB_CI", "true".into())])
        .envs([("LACRE_URL", format!("file://{LACRE}")), ("LACRE_SHA256", sha256(LACRE))])
        .output()
        .unwrap();
    let masks: Vec<String> = variables.get("SOPS_AGE_KEY").cloned().into_iter().collect();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let log: Vec<String> = printed.lines().map(|line| masked(line, &masks)).collect();
    (log.join("\n"), output.status.code().unwrap())
}

#[test]
fn gitlab_tests_with_what_it_has_and_shows_none() {
    let job = Job::new();
    assert_eq!(gitlab(&job, "check", &Values::new()).1, 0);

    let (log, code) = gitlab(&job, "fork", &Values::new());
    assert_eq!(code, 0, "{log}");
    assert_eq!(job.got("TOKEN").as_deref(), Some("example-token"));

    let (log, code) = gitlab(&job, "test", &values([("SOPS_AGE_KEY", identity_of("alice"))]));
    assert_eq!(code, 0, "{log}");
    assert_eq!(job.got("TOKEN").as_deref(), Some(TOKEN));
    assert_hides(&log, &[TOKEN, DATABASE_URL, KEY]);

    let contexts = [("SOPS_AGE_KEY", identity_of("bob")), ("CI_ENVIRONMENT_NAME", "production")];
    let (log, code) = gitlab(&job, "deploy", &values(contexts));
    assert_eq!(code, 0, "{log}");
    assert_eq!(job.got("TOKEN").as_deref(), Some("pR0d-71xWq4"));
    assert_hides(&log, &["pR0d-71xWq4", "rel_81hGq02LmN", DATABASE_URL, KEY]);
}
