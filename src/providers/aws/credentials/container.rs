//! The endpoint that a container is given, on its own machine or link: ECS, EKS Pod Identity, Greengrass.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::super::AwsError;
use super::Credentials;
use crate::base::Secret;
use crate::world::World;
use crate::world::files;
use crate::world::http::Http;

const FROM: &str = "the container's endpoint (`AWS_CONTAINER_CREDENTIALS_…`)";
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_TOKEN: u64 = 1 << 16;

/// What may be asked without TLS, beside this machine itself: ECS and EKS Pod Identity.
const ON_THE_LINK: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/// `None` where no endpoint is named.
pub(super) fn find(world: &World) -> Result<Option<Credentials>, AwsError> {
    let value = |name: &str| world.variable(name).map(|value| value.to_string_lossy().into_owned());
    let address = match value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        Some(path) if path.starts_with('/') => format!("http://169.254.170.2{path}"),
        Some(_) => return Err(AwsError::source(FROM, "its path does not begin with a slash")),
        None => match value("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            Some(address) => address,
            None => return Ok(None),
        },
    };
    if !is_allowed(&address) {
        return Err(AwsError::source(FROM, "is neither `https` nor on this machine"));
    }
    let token = token(world)?;
    let headers: Vec<_> = token.iter().map(|token| ("authorization", token.expose().as_str())).collect();
    let answer = Http::near(PATIENCE).send("GET", &address, &headers, b"");
    match answer {
        Ok(answer) if answer.status == 200 => Credentials::from_json(&answer.body, FROM).map(Some),
        Ok(answer) => Err(AwsError::source(FROM, format!("answers with status {}", answer.status))),
        Err(_) => Err(AwsError::source(FROM, "does not answer")),
    }
}

/// What the endpoint knows us by; the file is read anew each time, for it changes.
fn token(world: &World) -> Result<Option<Secret<String>>, AwsError> {
    let unusable = || AwsError::source(FROM, "its authorization token cannot be used");
    let text = if let Some(path) = world.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        let bytes = files::read(&world.path(Path::new(path)), LONGEST_TOKEN).map_err(|_| unusable())?;
        Secret::new(String::from_utf8(bytes).map_err(|_| unusable())?)
    } else if let Some(token) = world.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
        Secret::new(token.to_str().ok_or_else(unusable)?.to_owned())
    } else {
        return Ok(None);
    };
    let token = text.expose().trim_end_matches(['\n', '\r']);
    let fits = token.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if fits { Ok(Some(Secret::new(token.to_owned()))) } else { Err(unusable()) }
}

fn is_allowed(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    if rest.contains('@') || host.is_empty() {
        return false;
    }
    let is_near = || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
    match scheme {
        "https" => true,
        "http" => host == "localhost" || ON_THE_LINK.contains(&host) || is_near(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_its_link_and_tls_are_asked() {
        for address in [
            "http://169.254.170.2/a",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://127.0.0.1:8080/a",
            "http://127.9.9.9/a",
            "http://[::1]:80/a",
            "http://localhost:1/a",
            "https://credentials.example/a",
        ] {
            assert!(is_allowed(address), "{address}");
        }
        for address in [
            "http://169.254.169.254/a",
            "http://credentials.example/a",
            "http://127.0.0.1@credentials.example/a",
            "http://127.0.0.1.credentials.example/a",
            "http://localhost.example/a",
            "ftp://127.0.0.1/a",
            "http:///a",
            "127.0.0.1/a",
        ] {
            assert!(!is_allowed(address), "{address}");
        }
    }
}
