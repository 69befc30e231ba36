//! Programs and services that hold keys, with throw-away keys of their own: a folder of GnuPG, a server of OpenBao on
//! this machine. Both end with the value that stands for them.

use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lacre::base::Path;
use lacre::envelope::Plain;
use lacre::world::http::Http;
use tempfile::TempDir;

use super::bench::{Bench, format_of, leaves};

/// Variables for a program that shall find a peer.
pub type Variables = Vec<(&'static str, OsString)>;

/// The program `name`: `variable`, else from `PATH`.
pub fn find(variable: &str, name: &str) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    if let Some(path) = std::env::var_os(variable) {
        return Some(PathBuf::from(path)).filter(is_program);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(is_program)
}

/// The program, or a word about its absence, which is a failure where it must be there.
pub fn required(name: &str, variable: &str, require: &str) -> Option<PathBuf> {
    let found = find(variable, name);
    let must = std::env::var_os(require).is_some_and(|value| value != "0");
    assert!(found.is_some() || !must, "no {name} program found: put it on PATH");
    if found.is_none() {
        eprintln!("skipped: no {name} program found");
    }
    found
}

/// For a key of a peer, both programs write files, and each reads and changes what either wrote.
pub fn both_read_and_change(bench: &Bench, variables: &Variables) {
    for (name, plain, changed) in FILES {
        bench.write(name, plain);
        let ours = bench.lacre_with(["encrypt", name, "-o", "-"], variables.clone()).ok();
        let theirs = bench.sops_with(["encrypt", name], variables.clone()).ok();
        for (who, sealed) in [("we", ours), ("sops", theirs)] {
            bench.write(name, sealed);
            let there = bench.sops_with(["decrypt", name], variables.clone()).ok();
            let here = bench.lacre_with(["decrypt", name], variables.clone()).ok();
            assert_eq!(values(name, &there), values(name, plain.as_bytes()), "{who} {name}");
            assert_eq!(values(name, &here), values(name, plain.as_bytes()), "{who} {name}");
            bench.lacre_with(["set", name, "B", "new"], variables.clone()).ok();
            let there = bench.sops_with(["decrypt", name], variables.clone()).ok();
            assert_eq!(values(name, &there), values(name, changed.as_bytes()), "{who} {name}");
            bench.sops_with(["set", name, "[\"B\"]", "\"two\""], variables.clone()).ok();
            let here = bench.lacre_with(["decrypt", name], variables.clone()).ok();
            assert_eq!(values(name, &here), values(name, plain.as_bytes()), "{who} {name}");
        }
    }
}

/// A file of each format, and what it says after `B` was set to `new`.
const FILES: [(&str, &str, &str); 3] = [
    ("p.yaml", "A: one\nB: two\n", "A: one\nB: new\n"),
    ("p.json", "{\"A\": \"one\", \"B\": \"two\"}", "{\"A\": \"one\", \"B\": \"new\"}"),
    ("p.env", "A=one\nB=two\n", "A=one\nB=new\n"),
];

/// `plain` as values, so that another spelling of the same is the same.
fn values(name: &str, plain: &[u8]) -> Vec<(Path, &'static str, String)> {
    leaves(&Plain::parse(plain.to_vec(), format_of(name)).unwrap())
}

/// A keyring. Its path is short, for the sockets of the agent stand in it.
pub struct Gpg {
    program: PathBuf,
    home: TempDir,
}

impl Gpg {
    pub fn new() -> Option<Self> {
        let program = required("gpg", "GPG_BINARY", "LACRE_REQUIRE_GPG")?;
        let home = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        // Nobody is there to be asked.
        std::fs::write(home.path().join("gpg-agent.conf"), "pinentry-program /bin/false\n").unwrap();
        Some(Self { program, home })
    }

    /// The fingerprints of a new key and its subkey.
    pub fn key(&self, name: &str, passphrase: &str) -> (String, String) {
        let user = format!("{name}@example.org");
        let make = ["--quick-generate-key", &user, "future-default", "default", "never"];
        self.run(&[&["--pinentry-mode", "loopback", "--passphrase", passphrase][..], &make[..]].concat());
        let list = self.run(&["--with-colons", "--list-keys", &user]);
        let mut found = list.lines().filter(|line| line.starts_with("fpr:"));
        let mut next = || found.next().unwrap().split(':').nth(9).unwrap().to_owned();
        (next(), next())
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.program);
        command.arg("--batch").arg("--quiet").args(arguments).envs(self.variables()).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "gpg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn variables(&self) -> Variables {
        vec![("GNUPGHOME", self.home.path().into()), ("SOPS_GPG_EXEC", self.program.clone().into())]
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        // Without it, the agent ends by itself when it sees that its folder is gone.
        let mut end = Command::new(self.program.with_file_name("gpgconf"));
        drop(end.args(["--kill", "all"]).env("GNUPGHOME", self.home.path()).output());
    }
}

/// A server that keeps all in memory, with transit engines `transit` and `team/transit`.
pub struct Bao {
    server: Child,
    pub address: String,
    /// The certificate of its authority is in `tls/vault-ca.pem`, if it speaks TLS.
    home: TempDir,
}

pub const TOKEN: &str = "token-of-tests";

impl Bao {
    pub fn new() -> Option<Self> {
        Self::start(&[])
    }

    pub fn with_tls() -> Option<Self> {
        Self::start(&["-dev-tls"])
    }

    fn start(arguments: &[&str]) -> Option<Self> {
        let program = required("bao", "BAO_BINARY", "LACRE_REQUIRE_BAO")?;
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("tls")).unwrap();
        let scheme = if arguments.is_empty() { "http" } else { "https" };
        // A free port may be taken again before the server has it.
        let started = (0..5).find_map(|_| {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = Command::new(&program);
            command.args(["server", "-dev", "-dev-no-store-token", "-log-level=error"]).args(arguments);
            if !arguments.is_empty() {
                command.arg(format!("-dev-tls-cert-dir={}", home.path().join("tls").display()));
            }
            command.arg(format!("-dev-root-token-id={TOKEN}"));
            command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
            command.env("HOME", home.path()).stdout(Stdio::null()).stderr(Stdio::null());
            wait_for(command.spawn().unwrap(), format!("{scheme}://127.0.0.1:{port}"), &home)
        });
        let (server, address) = started.expect("a server that starts");
        let bao = Self { server, address, home };
        for engine in ["transit", "team/transit"] {
            bao.ask("POST", &format!("sys/mounts/{engine}"), &[], "{\"type\":\"transit\"}");
        }
        Some(bao)
    }

    /// The certificate of the authority that vouches for it.
    pub fn authority(&self) -> PathBuf {
        authority(&self.home)
    }

    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let headers = [&[("x-vault-token", TOKEN)], headers].concat();
        let url = format!("{}/v1/{path}", self.address);
        let answer = client(&self.home).unwrap().send(method, &url, &headers, body.as_bytes()).unwrap();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status < 300, "{path}: {} {text}", answer.status);
        text
    }

    /// A token that may do what `rules` say.
    pub fn token(&self, rules: &str) -> String {
        let policy = serde_json::json!({ "policy": rules }).to_string();
        self.ask("PUT", "sys/policies/acl/tests", &[], &policy);
        let answer = self.ask("POST", "auth/token/create", &[], "{\"policies\":[\"tests\"]}");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// How sops and `.sops.yaml` name a key here.
    pub fn uri(&self, engine: &str, key: &str) -> String {
        format!("{}/v1/{engine}/keys/{key}", self.address)
    }

    pub fn variables(&self) -> Variables {
        vec![("VAULT_ADDR", self.address.clone().into()), ("VAULT_TOKEN", TOKEN.into())]
    }
}

fn authority(home: &TempDir) -> PathBuf {
    home.path().join("tls/vault-ca.pem")
}

fn client(home: &TempDir) -> Option<Http> {
    let roots = std::fs::read(authority(home)).ok();
    Http::direct(roots.as_deref()).ok()
}

fn wait_for(mut server: Child, address: String, home: &TempDir) -> Option<(Child, String)> {
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline && server.try_wait().unwrap().is_none() {
        // Its certificate is made while it starts.
        let answer =
            client(home).map(|client| client.send("GET", &format!("{address}/v1/sys/health"), &[], b""));
        if answer.is_some_and(|answer| answer.is_ok_and(|answer| answer.status == 200)) {
            return Some((server, address));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(server.kill());
    drop(server.wait());
    None
}

impl Drop for Bao {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}
