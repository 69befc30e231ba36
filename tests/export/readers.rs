//! The real consumers, and models of those that cannot run here; each tells what it made of a file. `None`: not installed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

pub type Read = BTreeMap<String, Vec<u8>>;

/// Whether the machine has it.
pub fn has(program: &str) -> bool {
    let probe = ["--version", "version", "-c:"].map(|word| Command::new(program).arg(word).output().is_ok());
    probe.contains(&true)
}

/// A shell that evaluates `lines`, with the file as `$0`.
pub fn shell(name: &str, lines: &str, file: &Path) -> Option<Read> {
    if !has(name) {
        return None;
    }
    let output = Command::new(name)
        .args(["-c", &format!("{lines}; env -0")])
        .arg(file)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("OUTER", "outer")
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{name}: {output:?}");
    let own: &[&[u8]] = &[b"PATH", b"OUTER", b"PWD", b"SHLVL", b"_", b"OLDPWD"];
    let entries = output.stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    let pairs = entries.map(|entry| entry.split_at(entry.iter().position(|byte| *byte == b'=').unwrap()));
    let pairs = pairs.filter(|(name, _)| !own.contains(name));
    Some(
        pairs.map(|(name, value)| (String::from_utf8(name.to_vec()).unwrap(), value[1..].to_vec())).collect(),
    )
}

/// A script of `tests/peers` that prints one JSON object.
pub fn python(script: &str, arguments: &[&str], file: &Path) -> Option<Read> {
    if !has("python3") {
        return None;
    }
    let output =
        Command::new("python3").arg(peers(script)).args(arguments).arg(file).env("OUTER", "outer").output();
    let output = output.unwrap();
    if output.status.code() == Some(77) { None } else { Some(object(&output, script)) }
}

pub fn node(reader: &str, package: Option<&str>, file: &Path) -> Option<Read> {
    let missing = package.is_some_and(|package| !installed("node_modules").join(package).exists());
    if missing || !has("node") {
        return None;
    }
    let mut command = Command::new("node");
    command.arg(peers("read.js")).arg(reader).arg(installed("")).arg(file).env("OUTER", "outer");
    Some(object(&command.output().unwrap(), reader))
}

pub fn python_dotenv(file: &Path) -> Option<Read> {
    let folder = installed("python");
    if folder.join("dotenv").exists() { python("read.py", &[folder.to_str().unwrap()], file) } else { None }
}

pub fn py_yaml(file: &Path) -> Option<Read> {
    let folder = installed("python");
    if folder.join("yaml").exists() { python("yaml.py", &[folder.to_str().unwrap()], file) } else { None }
}

pub fn compose(file: &Path) -> Option<Read> {
    let program = installed("python/compose/docker-compose");
    if program.exists() { python("compose.py", &[program.to_str().unwrap()], file) } else { None }
}

pub fn docker(file: &Path) -> Option<Read> {
    if has("docker") { python("docker.py", &[], file) } else { None }
}

/// What kubectl reads from a manifest: the whole Secret, and its values.
pub fn kubectl(file: &Path) -> Option<(Value, Read)> {
    if !has("kubectl") {
        return None;
    }
    let output =
        Command::new("kubectl").args(["label", "--local", "seen=yes", "-o", "json", "-f"]).arg(file).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    let secret: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bytes = |value: &Value| BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap();
    let data = secret["data"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), bytes(value)))
        .collect();
    Some((secret, data))
}

/// `tests/peers/NAME`.
fn peers(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// Where `install.sh` puts things.
fn installed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers").join(path)
}

fn object(output: &Output, reader: &str) -> Read {
    assert!(output.status.success(), "{reader}: {}", String::from_utf8_lossy(&output.stderr));
    from_json(&output.stdout)
}

pub fn from_json(bytes: &[u8]) -> Read {
    let object: BTreeMap<String, String> = serde_json::from_slice(bytes).unwrap();
    object.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}
