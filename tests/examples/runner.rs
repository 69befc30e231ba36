//! A runner of GitHub Actions in small: steps by a real `bash -e`, its files, its commands, and a log masked line by line
//! as the real one masks it, but for the encodings that it adds by itself.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::workflow::{Values, Workflow, filled, is_true, value_of};

pub struct Runner<'a> {
    /// The repository.
    pub folder: &'a Path,
    /// Where the runner keeps its own files.
    pub temporary: &'a Path,
    /// `secrets.NAME` and the like.
    pub contexts: Values,
    /// What the log shows.
    pub log: String,
    masks: Vec<String>,
    environment: Values,
    path: String,
}

impl<'a> Runner<'a> {
    pub fn new(folder: &'a Path, temporary: &'a Path, path: &str, contexts: Values) -> Self {
        let secrets = contexts.iter().filter(|(name, _)| name.starts_with("secrets."));
        let masks = secrets.flat_map(|(_, value)| value.lines().map(str::to_owned)).collect();
        let (log, environment) = (String::new(), Values::new());
        Self { folder, temporary, contexts, log, masks, environment, path: path.to_owned() }
    }

    /// Runs the steps until one fails; names of those that ran, and the code of the last.
    pub fn run(&mut self, workflow: &Workflow, job: &str) -> (Vec<String>, i32) {
        for (name, value) in workflow.below(&format!("jobs.{job}.env.")) {
            let value = filled(&value, &self.contexts);
            self.contexts.insert(format!("env.{name}"), value.clone());
            self.environment.insert(name, value);
        }
        let mut ran = Vec::new();
        for step in workflow.items(&format!("jobs.{job}.steps")) {
            if let Some(action) = workflow.get(&format!("{step}.uses")) {
                assert!(action.starts_with("actions/checkout@"), "{action}");
                continue;
            }
            let condition = workflow.get(&format!("{step}.if")).unwrap_or("'always'");
            if !is_true(&value_of(condition, &self.contexts)) {
                continue;
            }
            let name = workflow.get(&format!("{step}.name")).unwrap();
            ran.push(name.to_owned());
            let mut variables = self.environment.clone();
            for (name, value) in workflow.below(&format!("{step}.env.")) {
                variables.insert(name, filled(&value, &self.contexts));
            }
            let code = self.step(workflow.get(&format!("{step}.run")).unwrap(), &variables);
            if code != 0 {
                return (ran, code);
            }
        }
        (ran, 0)
    }

    fn step(&mut self, script: &str, variables: &Values) -> i32 {
        let file = |name: &str| self.temporary.join(name);
        fs::write(file("step.sh"), filled(script, &self.contexts)).unwrap();
        for name in ["set_env", "set_output", "add_path"] {
            fs::write(file(name), "").unwrap();
        }
        let output = fs::File::create(file("output")).unwrap();
        let status = Command::new("bash")
            .arg("-e")
            .arg(file("step.sh"))
            .current_dir(self.folder)
            .env_clear()
            .envs(variables)
            .env("PATH", &self.path)
            .env("HOME", self.temporary)
            .env("CI", "true")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_ENV", file("set_env"))
            .env("GITHUB_OUTPUT", file("set_output"))
            .env("GITHUB_PATH", file("add_path"))
            .env("RUNNER_TEMP", self.temporary)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .status()
            .unwrap();
        // The runner shows what it is about to run, and in which environment.
        let head = variables.iter().map(|(name, value)| format!("{name}: {value}\n"));
        let head = format!("Run {script}\nenv:\n{}", head.collect::<String>());
        let printed = String::from_utf8_lossy(&fs::read(file("output")).unwrap()).into_owned();
        for line in lines(&head).chain(lines(&printed)) {
            self.line(line);
        }
        for (name, value) in variables_of(&fs::read_to_string(file("set_env")).unwrap()) {
            self.environment.insert(name, value);
        }
        for folder in fs::read_to_string(file("add_path")).unwrap().lines() {
            self.path = format!("{folder}:{}", self.path);
        }
        status.code().unwrap_or(-1)
    }

    fn line(&mut self, line: &str) {
        if let Some(value) = line.trim_start().strip_prefix("::add-mask::") {
            let value = value.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
            if value.trim().is_empty() {
                self.log += "warning: an empty mask\n";
            } else {
                self.masks.push(value);
            }
            return;
        }
        self.log += &masked(line, &self.masks);
        self.log.push('\n');
    }
}

/// As the runner reads what a step printed.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r'])
}

/// Every place of every mask is hidden; places that overlap or touch become one `***`.
pub fn masked(line: &str, masks: &[String]) -> String {
    let mut hidden = vec![false; line.len()];
    for mask in masks {
        for start in 0..line.len() {
            if line.as_bytes()[start..].starts_with(mask.as_bytes()) {
                hidden[start..start + mask.len()].fill(true);
            }
        }
    }
    let mut out = String::new();
    for (at, letter) in line.char_indices() {
        match (hidden[at], at > 0 && hidden[at - 1]) {
            (false, _) => out.push(letter),
            (true, false) => out.push_str("***"),
            (true, true) => {}
        }
    }
    out
}

/// What the file of `GITHUB_ENV` sets.
fn variables_of(text: &str) -> Vec<(String, String)> {
    let mut lines = text.split('\n');
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some((name, mark)) = line.split_once("<<") {
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != mark).collect();
            found.push((name.to_owned(), value.join("\n")));
        } else if let Some((name, value)) = line.split_once('=') {
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    found
}

#[test]
fn the_runner_masks_as_the_real_one() {
    let masks = ["bcd".to_owned(), "cde".to_owned(), "x".to_owned()];
    assert_eq!(masked("abcdefé bcd x", &masks), "a***fé *** ***");
}
