//! The metadata service of an EC2 instance, second version: first a token, then the role's credentials. Where there
//! is none, it costs a second at the most.

use std::time::Duration;

use super::super::AwsError;
use super::super::endpoint::{Endpoint, is_on};
use super::Credentials;
use crate::base::Secret;
use crate::world::World;
use crate::world::http::{Answer, Http};

const FROM: &str = "the instance's metadata service";
const PATIENCE: Duration = Duration::from_secs(1);
const PATH: &str = "latest/meta-data/iam/security-credentials/";

/// `None` where there is no such service, it is switched off, or the instance has no role.
pub(super) fn find(world: &World) -> Result<Option<Credentials>, AwsError> {
    if is_on(world, "AWS_EC2_METADATA_DISABLED") {
        return Ok(None);
    }
    let Some(address) = address(world) else {
        return Err(AwsError::source("`AWS_EC2_METADATA_SERVICE_ENDPOINT`", "holds no address"));
    };
    let http = Http::near(PATIENCE);
    let ask = |method, path: &str, headers: &[(&str, &str)]| -> Option<Answer> {
        let answer = http.send(method, &format!("{address}{path}"), headers, b"").ok()?;
        (answer.status == 200).then_some(answer)
    };
    let lifetime = [("x-aws-ec2-metadata-token-ttl-seconds", "300")];
    let Some(token) = ask("PUT", "latest/api/token", &lifetime).as_ref().and_then(text) else {
        return Ok(None);
    };
    let headers = [("x-aws-ec2-metadata-token", token.expose().as_str())];
    let Some(role) = ask("GET", PATH, &headers).as_ref().and_then(text) else { return Ok(None) };
    let role = role.expose();
    let is_role = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if role.is_empty() || !role.bytes().all(is_role) {
        return Err(AwsError::source(FROM, "its answer is not understood"));
    }
    match ask("GET", &format!("{PATH}{role}"), &headers) {
        Some(answer) => Credentials::from_json(&answer.body, FROM).map(Some),
        None => Err(AwsError::source(FROM, "has a role, but no credentials for it")),
    }
}

fn address(world: &World) -> Option<String> {
    if let Some(own) = world.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
        return own.to_str().and_then(Endpoint::parse).map(|endpoint| endpoint.address);
    }
    let mode = world.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    let is_six = mode.is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"));
    Some(if is_six { "http://[fd00:ec2::254]/" } else { "http://169.254.169.254/" }.to_owned())
}

/// The first line of an answer, fit for a header.
fn text(answer: &Answer) -> Option<Secret<String>> {
    let text = std::str::from_utf8(&answer.body).ok()?.lines().next()?.trim();
    text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| Secret::new(text.to_owned()))
}
