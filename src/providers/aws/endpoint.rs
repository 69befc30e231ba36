//! Where a service of AWS is asked: its own host in a region, or the address in the user's environment. No file
//! names a host.

use std::net::IpAddr;

use super::arn::domain;
use super::error::AwsError;
use crate::world::World;

/// An address that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and path, the latter with a slash at its end.
    pub address: String,
    /// Host and, where it is written, port.
    pub host: String,
    /// At least `/`.
    pub path: String,
}

impl Endpoint {
    /// Of `service`, e.g. `kms`, in `region`: by `AWS_ENDPOINT_URL_KMS`, `AWS_ENDPOINT_URL`, what `of_profile` says of
    /// it, or AWS's own.
    ///
    /// # Errors
    /// The name of the variable or setting that holds no address; or `of_profile` fails.
    pub fn find(
        service: &str,
        region: &str,
        world: &World,
        of_profile: impl FnOnce() -> Result<Option<String>, AwsError>,
    ) -> Result<Self, AwsError> {
        let own = format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase());
        let ignored = is_on(world, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        for name in [own.as_str(), "AWS_ENDPOINT_URL"] {
            if let Some(text) = world.variable(name).filter(|_| !ignored) {
                let found = text.to_str().and_then(Self::parse);
                return found.ok_or_else(|| AwsError::Address(name.to_owned()));
            }
        }
        if let Some(text) = if ignored { None } else { of_profile()? } {
            return Self::parse(&text).ok_or_else(|| AwsError::Address("endpoint_url".to_owned()));
        }
        let fips = if is_on(world, "AWS_USE_FIPS_ENDPOINT") { "-fips" } else { "" };
        let domain =
            if is_on(world, "AWS_USE_DUALSTACK_ENDPOINT") { dual_stack(region) } else { domain(region) };
        let host = format!("{service}{fips}.{region}.{domain}");
        Ok(Self { address: format!("https://{host}/"), host, path: "/".to_owned() })
    }

    /// Whether what is said there stays on this machine or is encrypted.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.address.starts_with("https://") || self.is_loopback()
    }

    /// Whether it is this machine: what is said to it is no proxy's business.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = match self.host.strip_prefix('[') {
            Some(inner) => inner.split(']').next().unwrap_or_default(),
            None => self.host.split(':').next().unwrap_or_default(),
        };
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|number| number.is_loopback())
    }

    /// `http[s]://HOST[:PORT][/PATH]`, without anything secret in it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_host = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        };
        // What would have to be encoded would be signed otherwise than it is sent.
        let is_path =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~');
        let fits = matches!(scheme, "http" | "https")
            && !host.is_empty()
            && host.bytes().all(is_host)
            && path.bytes().all(is_path);
        let path = path.trim_end_matches('/');
        let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
        fits.then(|| Self { address: format!("{scheme}://{host}{path}"), host: host.to_owned(), path })
    }
}

/// Whether a variable says `true`.
pub(super) fn is_on(world: &World, name: &str) -> bool {
    world.variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn dual_stack(region: &str) -> &'static str {
    match domain(region) {
        "amazonaws.com.cn" => "api.amazonwebservices.com.cn",
        "amazonaws.com" => "api.aws",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn address(service: &str, region: &str, variables: &[(&str, &str)]) -> Result<String, AwsError> {
        let (mut world, _) = World::test(Path::new("/x"));
        world.variables.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
        Endpoint::find(service, region, &world, || Ok(None)).map(|endpoint| endpoint.address)
    }

    #[test]
    fn the_service_of_the_region_is_asked() {
        let ok = |address: &str| Ok(address.to_owned());
        assert_eq!(address("kms", "eu-west-1", &[]), ok("https://kms.eu-west-1.amazonaws.com/"));
        assert_eq!(address("sts", "cn-north-1", &[]), ok("https://sts.cn-north-1.amazonaws.com.cn/"));
        let fips = [("AWS_USE_FIPS_ENDPOINT", "true")];
        assert_eq!(
            address("kms", "us-gov-west-1", &fips),
            ok("https://kms-fips.us-gov-west-1.amazonaws.com/")
        );
        let both = [("AWS_USE_DUALSTACK_ENDPOINT", "TRUE")];
        assert_eq!(address("kms", "us-east-1", &both), ok("https://kms.us-east-1.api.aws/"));
    }

    #[test]
    fn the_users_own_address_wins_and_the_services_own_over_the_common_one() {
        let common = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
        let own = ("AWS_ENDPOINT_URL_KMS", "https://proxy.example/aws/");
        let both = [common, own];
        assert_eq!(address("kms", "us-east-1", &both), Ok("https://proxy.example/aws/".to_owned()));
        assert_eq!(address("sts", "us-east-1", &both), Ok("http://127.0.0.1:4566/".to_owned()));
        let ignored = [common, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")];
        assert_eq!(
            address("sts", "eu-west-1", &ignored),
            Ok("https://sts.eu-west-1.amazonaws.com/".to_owned())
        );
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let is_loopback = |text: &str| Endpoint::parse(text).unwrap().is_loopback();
        let own = ["http://127.0.0.1:4566", "http://localhost/", "https://[::1]:1/a", "http://127.9.9.9"];
        assert!(own.iter().all(|text| is_loopback(text)));
        let others =
            ["http://127.0.0.1.evil.org", "http://localhost.evil.org:1", "http://10.0.0.1", "http://a"];
        assert!(others.iter().all(|text| !is_loopback(text) && !Endpoint::parse(text).unwrap().is_private()));
        assert!(Endpoint::parse("https://10.0.0.1").unwrap().is_private());
    }

    #[test]
    fn what_is_no_address_is_told_by_its_variable() {
        for text in [
            "127.0.0.1",
            "ftp://a/",
            "http://",
            "http://u:p@h/",
            "http://h/a b",
            "http://h/?a",
            "http://h\n/",
        ] {
            let found = address("kms", "us-east-1", &[("AWS_ENDPOINT_URL", text)]);
            assert_eq!(found, Err(AwsError::Address("AWS_ENDPOINT_URL".to_owned())), "{text}");
        }
    }
}
