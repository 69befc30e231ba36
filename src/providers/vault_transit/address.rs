//! Addresses of Vault servers, strictly: what is compared is what is contacted. Nothing is passed on that was not
//! understood, so that no spelling can mean one host here and another to the HTTP client.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Characters of an address at the most.
const LONGEST: usize = 512;

/// A server: scheme, host in small letters, port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    is_secure: bool,
    host: String,
    port: u16,
}

/// An address that is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Neither `https` nor `http`.
    #[error("its address does not begin with `https://`")]
    Scheme,
    /// A user name or password, which would be sent along.
    #[error("its address holds a user name or password")]
    Credentials,
    /// More than a server: a query, a fragment, a path where none belongs.
    #[error("its address is more than that of a server")]
    Rest,
    /// No name or number of a host, or no port.
    #[error("its address names no host")]
    Host,
    /// Longer than any.
    #[error("its address is too long")]
    TooLong,
}

impl Address {
    /// Reads `https://HOST[:PORT]`, a slash behind it allowed.
    ///
    /// # Errors
    /// For anything else.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (address, path) = Self::parse_with_path(text)?;
        if path.is_empty() { Ok(address) } else { Err(AddressError::Rest) }
    }

    /// The same with a path, whose segments are returned.
    ///
    /// # Errors
    /// For anything else.
    pub fn parse_with_path(text: &str) -> Result<(Self, Vec<String>), AddressError> {
        if text.len() > LONGEST {
            return Err(AddressError::TooLong);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(AddressError::Scheme),
        };
        if rest.contains('@') {
            return Err(AddressError::Credentials);
        }
        if rest.contains(['?', '#', '%', '\\']) || rest.contains(|one: char| one.is_control() || one == ' ') {
            return Err(AddressError::Rest);
        }
        let (server, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        let path = if path == [""] { Vec::new() } else { path };
        if path.iter().any(|segment| matches!(segment.as_str(), "" | "." | "..")) {
            return Err(AddressError::Rest);
        }
        let (host, port) = split(server).ok_or(AddressError::Host)?;
        let port = match port {
            None | Some("") if is_secure => 443,
            None | Some("") => 80,
            Some(digits) => number(digits).ok_or(AddressError::Host)?,
        };
        Ok((Self { is_secure, host: host_name(host).ok_or(AddressError::Host)?, port }, path))
    }

    /// Whether what is said there stays on this machine or is encrypted.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_secure || self.is_loopback()
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let number = self.host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        self.host == "localhost" || number.is_ok_and(|number| number.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.is_secure { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == usual { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// Host and port; a colon inside brackets is part of the host.
fn split(server: &str) -> Option<(&str, Option<&str>)> {
    if server.starts_with('[') {
        let end = server.find(']')? + 1;
        let (host, rest) = server.split_at_checked(end)?;
        return if rest.is_empty() {
            Some((host, None))
        } else {
            Some((host, Some(rest.strip_prefix(':')?)))
        };
    }
    Some(server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port))))
}

fn number(digits: &str) -> Option<u16> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_plain && *port > 0)
}

/// A host in its one spelling: a name of letters, digits, `-`, `_` and dots, or an address of version 4 or 6.
fn host_name(host: &str) -> Option<String> {
    if let Some(number) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return Some(format!("[{}]", number.parse::<Ipv6Addr>().ok()?));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut labels = host.split('.');
    let fits = labels.all(|label| !label.is_empty() && label.bytes().all(is_plain));
    let last = host.rsplit('.').next().unwrap_or_default();
    // `127.1`, `0x7f000001` and `2130706433` are numbers to some resolvers: only the plain form of four is taken.
    let is_number =
        last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    let fits = fits && (!is_number || matches!(host.parse::<IpAddr>(), Ok(IpAddr::V4(_))));
    fits.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_has_one_spelling() {
        for (text, shown) in [
            ("https://vault.example.org", "https://vault.example.org"),
            ("HTTPS://Vault.Example.org:443/", "https://vault.example.org"),
            ("https://vault.example.org:8200", "https://vault.example.org:8200"),
            ("http://127.0.0.1:8200/", "http://127.0.0.1:8200"),
            ("http://localhost:80", "http://localhost"),
            ("https://[::1]:8200", "https://[::1]:8200"),
            ("https://[0:0:0:0:0:0:0:1]:8200/", "https://[::1]:8200"),
            ("http://vault_dev", "http://vault_dev"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), shown, "{text}");
            assert_eq!(Address::parse(shown), Ok(address));
        }
    }

    #[test]
    fn what_is_more_or_less_than_a_server_is_refused() {
        for (text, error) in [
            ("", AddressError::Scheme),
            ("vault.example.org", AddressError::Scheme),
            ("ftp://vault.example.org", AddressError::Scheme),
            ("file:///etc/passwd", AddressError::Scheme),
            ("unix:///run/vault", AddressError::Scheme),
            ("https://user:word@vault.example.org", AddressError::Credentials),
            ("https://vault.example.org@evil.example", AddressError::Credentials),
            ("https://vault.example.org?x", AddressError::Rest),
            ("https://vault.example.org#x", AddressError::Rest),
            ("https://vault.example.org/path", AddressError::Rest),
            ("https://vault.example.org//", AddressError::Rest),
            ("https://vault.example.org\\@evil", AddressError::Credentials),
            ("https://vault.example.org\\evil", AddressError::Rest),
            ("https://vault.example.org\n.evil", AddressError::Rest),
            ("https://vault%2eexample.org", AddressError::Rest),
            ("https://", AddressError::Host),
            ("https://:8200", AddressError::Host),
            ("https://vault..org", AddressError::Host),
            ("https://vault.org.", AddressError::Host),
            ("https://vault.org:0", AddressError::Host),
            ("https://vault.org:+1", AddressError::Host),
            ("https://vault.org:65536", AddressError::Host),
            ("https://vault.org:1:2", AddressError::Host),
            ("https://[::1", AddressError::Host),
            ("https://[::1]x", AddressError::Host),
            ("https://[fe80::1%25eth0]", AddressError::Rest),
            ("http://127.1", AddressError::Host),
            ("http://0x7f000001", AddressError::Host),
            ("http://2130706433", AddressError::Host),
            ("https://vаult.example.org", AddressError::Host),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{text}");
        }
        assert_eq!(Address::parse(&format!("https://{}", "a".repeat(600))), Err(AddressError::TooLong));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let is_private = |text: &str| Address::parse(text).unwrap().is_private();
        assert!(
            ["http://127.0.0.1:1", "http://127.9.9.9", "http://localhost", "http://[::1]", "https://a"]
                .iter()
                .all(|text| is_private(text))
        );
        assert!(
            ["http://vault", "http://127.0.0.1.evil.org", "http://localhost.evil.org", "http://10.0.0.1"]
                .iter()
                .all(|text| !is_private(text))
        );
    }
}
