//! Credentials from a program: the `credential_process` of the user's own profile, or the `aws` program, which knows
//! how to log in (SSO). No shell; their answer is secret.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::super::AwsError;
use super::Credentials;
use crate::world::pipe::{PATIENCE, answer};
use crate::world::processes::resolve_outside;
use crate::world::{Variables, World, git};

/// Runs the command `line`.
pub(super) fn of_line(world: &World, line: &str, from: &str) -> Result<Credentials, AwsError> {
    let problem = |problem: &str| AwsError::source(from, format!("its `credential_process` {problem}"));
    let words = shell_words::split(line).map_err(|_| problem("has a quote that is not closed"))?;
    let (program, arguments) = words.split_first().ok_or_else(|| problem("is empty"))?;
    let Some(program) = program_of(world, program) else {
        return Err(problem(
            "is no program: it wants an absolute path, or a name in `PATH`, outside the repository",
        ));
    };
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    let answer = answer(&program, &arguments, &variables(world), PATIENCE).map_err(problem)?;
    Credentials::from_json(&answer, from)
}

/// Asks `aws configure export-credentials` for the profile `name`.
pub(super) fn of_aws_program(world: &World, name: &str, from: &str) -> Result<Credentials, AwsError> {
    let Some(program) = program_of(world, "aws") else {
        return Err(AwsError::source(
            from,
            "its login needs the `aws` program, which is not in `PATH`: install it, or set `AWS_ACCESS_KEY_ID`, \
             `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`",
        ));
    };
    let arguments = ["configure", "export-credentials", "--format", "process"].map(OsString::from);
    let mut variables = variables(world);
    // For it, these would win over the profile.
    variables.retain(|name, _| !ABOVE_PROFILES.iter().any(|own| name == own));
    variables.insert("AWS_PROFILE".into(), name.into());
    let answer = answer(&program, &arguments, &variables, PATIENCE).map_err(|problem| {
        AwsError::source(from, format!("`aws configure export-credentials` {problem}: run `aws sso login`"))
    })?;
    Credentials::from_json(&answer, from)
}

fn program_of(world: &World, name: &str) -> Option<PathBuf> {
    let search = world.variable("PATH").map(OsString::as_os_str);
    resolve_outside(OsStr::new(name), search, git::repository_root(&world.folder).as_deref())
}

const ABOVE_PROFILES: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// The user's own, but for age identities: those have no business there.
fn variables(world: &World) -> Variables {
    let is_kept = |name: &&OsString| !name.as_encoded_bytes().starts_with(b"SOPS_AGE_");
    let kept = world.variables.iter().filter(|(name, _)| is_kept(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
