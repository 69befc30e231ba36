//! URLs, hosts, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::is_plain;
use crate::schema::kind::{Domain, Url};

/// An absolute URL: a scheme, and a host where the scheme needs one. `localhost:3000` is none: the scheme is missing.
pub fn is_url(value: &str, limits: &Url) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else {
        return false;
    };
    let scheme = scheme.to_ascii_lowercase();
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let has_blank = value.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    if !is_scheme || has_blank || !(limits.schemes.is_empty() || limits.schemes.contains(&scheme)) {
        return false;
    }
    let hosts = match rest.strip_prefix("//") {
        Some(rest) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let authority = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
            // Several hosts of a cluster stand with commas between.
            let hosts: Vec<_> = authority.split(',').map(host_and_port).collect();
            let is_empty = authority.is_empty() || authority.starts_with(':');
            if !hosts.iter().all(|(host, port)| is_host(host, *port))
                || (is_empty && NEED_HOST.contains(&scheme.as_str()))
            {
                return false;
            }
            hosts
        }
        None if NEED_HOST.contains(&scheme.as_str()) || rest.is_empty() || is_plain(rest) => {
            return false;
        }
        None => Vec::new(),
    };
    let is_allowed = |(host, port): &(&str, Option<&str>)| {
        let host = host.to_ascii_lowercase();
        let with_port = port.map(|port| format!("{host}:{port}"));
        limits.hosts.iter().any(|allowed| *allowed == host || with_port.as_ref() == Some(allowed))
    };
    (limits.hosts.is_empty() || (!hosts.is_empty() && hosts.iter().all(is_allowed)))
        && !(limits.no_trailing_slash && value.ends_with('/'))
        && super::is_found(value, limits.matches.as_ref())
}

/// `host:port` in two.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    let bracket = authority.rfind(']').unwrap_or_default();
    match authority.rfind(':').filter(|at| *at >= bracket) {
        Some(at) => (authority.get(..at).unwrap_or_default(), authority.get(at + 1..)),
        None => (authority, None),
    }
}

fn is_host(host: &str, port: Option<&str>) -> bool {
    let is_address = |host: &str| host.parse::<Ipv6Addr>().is_ok();
    let is_named = match host.strip_prefix('[') {
        Some(address) => address.strip_suffix(']').is_some_and(is_address),
        None => !host.contains(|letter: char| "<>^|\\\"`{}[]:".contains(letter)),
    };
    is_named && port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok() && is_plain(port))
}

pub fn is_ip(value: &str, version: Option<u8>) -> bool {
    match value.parse() {
        Ok(IpAddr::V4(_)) => version != Some(6),
        Ok(IpAddr::V6(_)) => version != Some(4),
        Err(_) => false,
    }
}

pub fn is_domain(value: &str, limits: Domain) -> bool {
    if value.parse::<Ipv4Addr>().is_ok() {
        return limits.ip;
    }
    let name = if limits.wildcard { value.strip_prefix("*.").unwrap_or(value) } else { value };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.split('.').all(is_label)
        && !is_plain(last)
        && (limits.single_label || name.contains('.'))
}

pub fn is_email(value: &str) -> bool {
    let Some((local, host)) = value.rsplit_once('@') else {
        return false;
    };
    let is_atom = |part: &str| {
        let is_refused =
            |letter: char| letter.is_whitespace() || letter.is_control() || "<>()[]\\,;:@\"".contains(letter);
        !part.is_empty() && !part.contains(is_refused)
    };
    let top = host.rsplit('.').next().unwrap_or_default();
    local.split('.').all(is_atom)
        && is_domain(host, Domain::default())
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic() || top.starts_with("xn--"))
}

/// Schemes that mean nothing without a host.
const NEED_HOST: [&str; 5] = ["ftp", "http", "https", "ws", "wss"];
