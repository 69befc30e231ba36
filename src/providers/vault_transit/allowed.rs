//! Which Vault servers may be contacted: a file from git names them, and with the first question they would get the
//! user's token. So only the user's own word counts. sops contacts any address unless told otherwise; we do not.

use super::address::Address;
use crate::world::World;

/// The user's own words about Vault servers.
#[derive(Debug, Default)]
pub struct Allowed {
    /// `VAULT_ADDR`
    own: Option<Address>,
    /// `SOPS_HC_VAULT_ALLOWLIST`
    list: List,
    /// Keys named on the command line.
    named: Vec<Address>,
}

#[derive(Debug, Default)]
enum List {
    /// It is not set.
    #[default]
    Unset,
    /// `none`: not even our own.
    Nothing,
    /// `all`
    Everything,
    /// Servers, and where their paths must begin.
    Only(Vec<(Address, Vec<String>)>),
}

impl Allowed {
    /// What the variables say.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let text = |name: &str| world.variable(name).map(|value| value.to_string_lossy().trim().to_owned());
        let list = match text("SOPS_HC_VAULT_ALLOWLIST").as_deref() {
            None | Some("") => List::Unset,
            Some("none") => List::Nothing,
            Some("all") => List::Everything,
            // What is not understood allows nothing.
            Some(list) => List::Only(
                list.split(',').filter_map(|item| Address::parse_with_path(item.trim()).ok()).collect(),
            ),
        };
        let own = text("VAULT_ADDR").and_then(|text| Address::parse(&text).ok());
        Self { own, list, named: Vec::new() }
    }

    /// The user named a key there.
    pub fn add(&mut self, address: Address) {
        self.named.push(address);
    }

    /// Whether the key at `path` of `address` may be asked for.
    #[must_use]
    pub fn covers(&self, address: &Address, path: &[&str]) -> bool {
        let starts = |start: &[String]| {
            start.len() <= path.len() && start.iter().zip(path).all(|(one, other)| one == other)
        };
        let listed = match &self.list {
            List::Nothing => return false,
            List::Unset => false,
            List::Everything => true,
            List::Only(items) => items.iter().any(|(server, start)| server == address && starts(start)),
        };
        listed || self.own.as_ref() == Some(address) || self.named.contains(address)
    }

    /// Whether `none` was said.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        matches!(self.list, List::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn covers(variables: &[(&str, &str)], address: &str) -> bool {
        let (mut world, _) = World::test(Path::new("/"));
        world.variables.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
        let path = ["v1", "team", "transit", "keys", "app"];
        Allowed::new(&world).covers(&Address::parse(address).unwrap(), &path)
    }

    #[test]
    fn nothing_is_contacted_unasked() {
        assert!(!covers(&[], "https://vault.example.org"));
        assert!(!covers(&[("VAULT_ADDR", "")], "https://vault.example.org"));
        assert!(!covers(&[("VAULT_ADDR", "nonsense")], "https://vault.example.org"));
    }

    #[test]
    fn ones_own_server_is_known_in_every_spelling() {
        for (own, asked, expected) in [
            ("https://vault.example.org", "https://VAULT.example.org:443/", true),
            ("https://vault.example.org/", "https://vault.example.org", true),
            ("https://vault.example.org", "https://vault.example.org:8200", false),
            ("https://vault.example.org", "http://vault.example.org", false),
            ("https://vault.example.org", "http://vault.example.org:443", false),
            ("https://vault.example.org", "https://vault.example.org.evil.org", false),
            ("https://vault.example.org", "https://evil.vault.example.org", false),
            ("https://u:p@vault.example.org", "https://vault.example.org", false),
        ] {
            assert_eq!(covers(&[("VAULT_ADDR", own)], asked), expected, "{own} {asked}");
        }
    }

    #[test]
    fn a_list_allows_whole_servers_and_whole_segments_only() {
        for (list, asked, expected) in [
            ("all", "https://any.example", true),
            ("none", "https://any.example", false),
            ("https://a.org, https://b.org:8200/", "https://b.org:8200", true),
            ("https://a.org,https://b.org:8200", "https://a.org", true),
            ("https://a.org", "https://a.org.evil.org", false),
            ("https://a.org", "https://a.organic", false),
            ("https://a", "https://a.org", false),
            ("https://", "https://a.org", false),
            ("https://a.org:82", "https://a.org:8200", false),
            ("https://a.org/v1/team", "https://a.org", true),
            ("https://a.org/v1/team/transit/keys/app", "https://a.org", true),
            ("https://a.org/v1/team/transit/keys/app/x", "https://a.org", false),
            ("https://a.org/v1/te", "https://a.org", false),
            ("https://a.org/v1/other/..", "https://a.org", false),
            ("ALL", "https://a.org", false),
        ] {
            assert_eq!(covers(&[("SOPS_HC_VAULT_ALLOWLIST", list)], asked), expected, "{list} {asked}");
        }
    }

    #[test]
    fn none_means_not_even_ones_own() {
        let variables = [("SOPS_HC_VAULT_ALLOWLIST", "none"), ("VAULT_ADDR", "https://a.org")];
        assert!(!covers(&variables, "https://a.org"));
        let variables = [("SOPS_HC_VAULT_ALLOWLIST", "https://b.org"), ("VAULT_ADDR", "https://a.org")];
        assert!(covers(&variables, "https://a.org"));
    }
}
