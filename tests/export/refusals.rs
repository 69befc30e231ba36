//! Names that consumers do not take, flags that do not fit, and delimiters that nobody can guess.

use super::readers::{self, Read};
use super::support::{ALICE, Scene, program};

/// What a consumer makes of a file.
type Reader = fn(&std::path::Path) -> Option<Read>;

fn scene(json: &str) -> Scene {
    let scene = Scene::repository().identity("alice").file("a.json", json);
    scene.run(["encrypt", "-r", ALICE, "a.json"]).ok();
    scene
}

#[test]
fn a_name_that_a_consumer_does_not_take_is_refused() {
    let names = ["A-B", "A.B", "a b", "1A", "ä", "#A", ".", "<<"];
    let object: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), "v".into())).collect();
    let scene = scene(&serde_json::Value::from(object).to_string());
    for (format, taken) in [
        ("dotenv", &["A-B", "A.B"][..]),
        ("shell", &[]),
        ("json", &names),
        ("yaml", &names),
        ("docker", &["A-B", "A.B", "1A", "ä", ".", "<<"]),
        ("k8s", &["A-B", "A.B", "1A"]),
        ("systemd", &[]),
        ("github-env", &[]),
        ("github-output", &["A-B"]),
        ("gitlab", &[]),
    ] {
        for name in names {
            let mut words = vec!["export", "-f", "a.enc.json", "--format", format, "--only", name];
            words.extend(if format == "k8s" { &["--name", "x"][..] } else { &[] });
            let outcome = scene.run_in("", &words);
            if taken.contains(&name) {
                assert_eq!(outcome.code, 0, "{format} {name}: {}", outcome.stderr);
                continue;
            }
            let expected = format!(
                "error: `{name}` cannot be written for {format}: that is no name there (`a.enc.json`)\n\
                 hint: leave out what is not needed: `--except {quoted}`, or all such names: `--skip-invalid`\n",
                quoted = shell_words::quote(name)
            );
            outcome.fails(1).stdout("").stderr(&expected);
        }
    }
}

#[test]
fn odd_names_that_are_taken_are_read_back() {
    let scene = scene(r#"{"A-B": "1", "A.B": "2", "B": "3"}"#);
    let expected: Read =
        [("A-B", "1"), ("A.B", "2"), ("B", "3")].map(|(name, value)| (name.to_owned(), value.into())).into();
    let file = scene.path("exported");
    let readers: [(&[&str], Reader); 6] = [
        (&["docker"], readers::docker),
        (&["yaml"], readers::py_yaml),
        (&["dotenv", "--for", "compose"], readers::compose),
        (&["dotenv", "--for", "python"], readers::python_dotenv),
        (&["dotenv", "--for", "node"], |file| readers::node("dotenv (npm)", Some("dotenv"), file)),
        (&["k8s", "--name", "x"], |file| Some(readers::kubectl(file)?.1)),
    ];
    for (format, read) in readers {
        let words = [&["export", "-f", "a.enc.json", "--format"], format].concat();
        std::fs::write(&file, scene.run_in("", &words).ok().stdout).unwrap();
        match read(&file) {
            Some(read) => assert_eq!(read, expected, "{format:?}"),
            None => eprintln!("skipped: the reader of {format:?} not found"),
        }
    }
}

#[test]
fn names_that_steer_and_names_of_the_runner_are_refused() {
    let scene = scene(r#"{"GITHUB_ENV": "x", "RUNNER_TEMP": "y"}"#);
    let outcome = scene.run(["export", "-f", "a.enc.json", "--format", "github-env"]).fails(1);
    outcome.stdout("").stderr(
        "error: `GITHUB_ENV` cannot be written for github-env: that is no name there (`a.enc.json`)\n  \
         `RUNNER_TEMP` cannot be written for github-env: that is no name there (`a.enc.json`)\n\
         hint: leave out what is not needed: `--except GITHUB_ENV,RUNNER_TEMP`, or all such names: `--skip-invalid`\n",
    );
    let scene = self::scene(r#"{"LD_PRELOAD": "x"}"#);
    for format in
        ["dotenv", "shell", "json", "yaml", "docker", "systemd", "github-env", "github-output", "gitlab"]
    {
        let outcome = scene.run(["export", "-f", "a.enc.json", "--format", format]).fails(1).stdout("");
        assert!(outcome.stderr.contains("`LD_PRELOAD`, which steers"), "{}", outcome.stderr);
    }
}

#[test]
fn names_that_a_format_cannot_have_may_be_left_out() {
    let scene = scene(r#"{"A-B": "1", "C": "2"}"#);
    let words = ["export", "-f", "a.enc.json", "--skip-invalid", "--format"];
    let outcome = scene.run_in("", &[&words[..], &["shell"]].concat()).ok();
    outcome.stdout("export C='2'\n").stderr("warning: `A-B` is no name for shell; skipped\n");
    scene
        .run_in("", &[&words[..], &["json"]].concat())
        .ok()
        .stdout("{\"A-B\":\"1\",\"C\":\"2\"}\n")
        .stderr("");
}

#[test]
fn nul_goes_nowhere() {
    let scene = scene(r#"{"A": "x\u0000y"}"#);
    for format in ["shell", "json", "github-env"] {
        let outcome = scene.run(["export", "-f", "a.enc.json", "--format", format]).fails(1).stdout("");
        assert!(outcome.stderr.contains("the value of `A` holds a NUL byte"), "{}", outcome.stderr);
    }
}

#[test]
fn flags_belong_to_their_format() {
    let scene = scene(r#"{"A": "1"}"#);
    for (flags, told) in [
        (&["json", "--for", "node"][..], "`--for` belongs to `--format dotenv`"),
        (&["json", "--name", "a"], "`--name` belongs to `--format k8s`"),
        (&["yaml", "--label", "a=b"], "`--label` belongs to `--format k8s`"),
        (&["k8s"], "`--format k8s` needs `--name NAME`, the Secret's name"),
        (
            &["k8s", "--name", "A"],
            "`A` is no name of a Secret: lower-case letters, digits, `-` and `.`, up to 253",
        ),
        (
            &["k8s", "--name", "a", "--namespace", "a.b"],
            "`a.b` is no namespace: lower-case letters, digits and `-`, up to 63",
        ),
        (
            &["k8s", "--name", "a", "--type", "a b"],
            "`a b` is no type of a Secret, such as `Opaque` or `example.com/api-key`",
        ),
    ] {
        let words = [&["export", "-f", "a.enc.json", "--format"], flags].concat();
        scene.run_in("", &words).fails(2).stdout("").stderr(&format!("error: {told}\n"));
    }
}

#[test]
fn a_report_of_gitlab_earns_a_warning() {
    scene(r#"{"A": "1"}"#).run(["export", "-f", "a.enc.json", "--format", "gitlab"]).ok().stdout("A=1\n").stderr(
        "warning: GitLab keeps this report in clear as an artifact, and does not mask its values in the logs of later jobs\n",
    );
}

#[test]
fn no_two_exports_have_the_same_delimiter() {
    let scene = scene(r#"{"A": "1"}"#);
    let delimiter = || {
        let output =
            program(&scene).args(["export", "-f", "a.enc.json", "--format", "github-env"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (delimiter, rest) = text.strip_prefix("A<<").unwrap().split_once('\n').unwrap();
        assert_eq!(rest, format!("1\n{delimiter}\n"));
        assert_eq!(delimiter.len(), "lacre_".len() + 32);
        delimiter.to_owned()
    };
    assert_ne!(delimiter(), delimiter());
}
