//! What becomes of leaves on their way to a process: names, values, refusals and notes.

use super::*;
use crate::document::Format;
use crate::document::dotenv::Dotenv;
use crate::document::json::Json;

fn variables(entries: &[(&str, &str)]) -> Variables {
    entries.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn names(variables: &Variables) -> Vec<&str> {
    variables.keys().map(|name| name.to_str().unwrap()).collect()
}

fn add(
    environment: &mut Environment,
    text: &[u8],
    format: &'static dyn Format,
    choice: Choice<'_>,
) -> Result<(), EnvironmentError> {
    let (world, _) = World::test(FilePath::new("/nowhere"));
    let plain = Plain::parse(text.to_vec(), format).unwrap();
    environment.add_plain(&world, FilePath::new("/nowhere/f"), &plain, choice)
}

fn read(text: &str, format: &'static dyn Format, choice: Choice<'_>) -> Result<Environment, String> {
    let mut environment = Environment::default();
    match add(&mut environment, text.as_bytes(), format, choice) {
        Ok(()) => Ok(environment),
        Err(error) => Err(error.to_string()),
    }
}

fn shown(environment: &Environment) -> Vec<String> {
    let one = |variable: &Variable| format!("{}={}", text(&variable.name), text(variable.value.expose()));
    environment.variables().iter().map(one).collect()
}

#[test]
fn identities_are_removed_by_name_and_by_content() {
    let inherited = variables(&[
        ("A", "1"),
        ("MY_KEY", "x AGE-SECRET-KEY-1QQ"),
        ("OTHER", "AGE-SECRET-KEY-PQ-1QQ"),
        ("LOWER", "age-secret-key-1qq"),
        ("SOPS_AGE_KEY", "anything"),
        ("SOPS_AGE_KEY_CMD", "pass age"),
        ("SOPS_AGE_KEY_FILE", "/k"),
        ("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "pass ssh"),
    ]);
    assert_eq!(names(&without_identities(&inherited)), ["A", "SOPS_AGE_KEY_FILE"]);
}

#[test]
fn a_clean_environment_keeps_the_basics_and_what_is_passed() {
    let inherited = variables(&[("HOME", "/h"), ("LC_ALL", "C"), ("PATH", "/bin"), ("X", "1"), ("Y", "2")]);
    assert_eq!(names(&clean(&inherited, &["Y".to_owned()])), ["HOME", "LC_ALL", "PATH", "Y"]);
}

#[test]
fn dotenv_values_are_read_and_never_expanded() {
    let text = "A=\"x\\ny\"\nexport B='q' # c\nC=$(id) `id` ${A}\nD=\n";
    let environment = read(text, &Dotenv, Choice::default()).unwrap();
    assert_eq!(shown(&environment), ["A=x\ny", "B=q", "C=$(id) `id` ${A}", "D="]);
    assert_eq!(environment.notes(), [Note::Mentions(vec!["C".to_owned()])]);
}

#[test]
fn literal_keeps_quotes() {
    let environment = read("A='x'\n", &Dotenv, Choice { literal: true, ..Choice::default() }).unwrap();
    assert_eq!(shown(&environment), ["A='x'"]);
}

#[test]
fn the_last_of_a_file_and_the_last_file_win() {
    let mut environment = read("A=1\nB=1\nA=2\n", &Dotenv, Choice::default()).unwrap();
    add(&mut environment, b"{\"B\": 3, \"C\": true}", &Json, Choice::default()).unwrap();
    assert_eq!(shown(&environment), ["A=2", "B=3", "C=true"]);
    assert!(matches!(environment.notes().as_slice(), [Note::Duplicate { name, .. }] if name == "A"));
}

#[test]
fn json_scalars_keep_their_names_and_null_is_not_set() {
    let environment =
        read(r#"{"a": 1.5, "b-c": "x", "n": null, "f": false}"#, &Json, Choice::default()).unwrap();
    assert_eq!(shown(&environment), ["a=1.5", "b-c=x", "f=false"]);
}

#[test]
fn nested_leaves_need_to_be_flattened_or_left_out() {
    let json = r#"{"a": 1, "db": {"url": "x", "hosts": ["h", null]}}"#;
    let flatten = Choice { flatten: true, ..Choice::default() };
    let db = ["db".to_owned()];
    assert_eq!(
        read(json, &Json, Choice::default()).unwrap_err(),
        "`/nowhere/f`: `db.url` is not a single value, so it cannot be a variable"
    );
    assert_eq!(shown(&read(json, &Json, flatten).unwrap()), ["a=1", "DB_URL=x", "DB_HOSTS_0=h"]);
    assert_eq!(shown(&read(json, &Json, Choice { except: &db, ..Choice::default() }).unwrap()), ["a=1"]);
    let url = ["DB_URL".to_owned()];
    assert_eq!(shown(&read(json, &Json, Choice { only: &url, ..flatten }).unwrap()), ["DB_URL=x"]);
    assert_eq!(
        read(r#"{"a": {"b": 1}, "A_B": 2}"#, &Json, flatten).unwrap_err(),
        "`/nowhere/f`: two values would both be called `A_B`"
    );
}

#[test]
fn names_and_values_that_no_variable_can_have_are_refused() {
    for (json, error) in [
        (r#"{"a=b": 1}"#, "`/nowhere/f`: `a=b` cannot be the name of a variable"),
        (r#"{"": 1}"#, "`/nowhere/f`: `[\"\"]` cannot be the name of a variable"),
        (r#"{"a\u0000": 1}"#, "`/nowhere/f`: `a\\0` cannot be the name of a variable"),
        (r#"{"a": "x\u0000"}"#, "`/nowhere/f`: the value of `a` holds a NUL byte, which no variable can"),
    ] {
        assert_eq!(read(json, &Json, Choice::default()).unwrap_err(), error);
    }
}

#[test]
fn inherited_variables_lose_unless_they_are_kept() {
    let environment = read("A=file\n", &Dotenv, Choice::default()).unwrap();
    for (keep, value) in [(false, "file"), (true, "shell")] {
        let mut inherited = variables(&[("A", "shell")]);
        environment.pour(&mut inherited, keep);
        assert_eq!(inherited[OsStr::new("A")], value);
    }
}
