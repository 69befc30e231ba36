//! What AWS may answer, from a loopback server that says what it was told to say. Each source of credentials has its
//! facts in `credentials`.

mod credentials;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;
use zeroize::Zeroizing;

use super::kms::Kms;
use super::{Aws, AwsError};
use crate::base::{Node, RecipientId};
use crate::keys::{KeyKind, UnwrapError, WrappedKey};
use crate::providers::KeyService;
use crate::world::World;
use crate::world::http::HttpError;

const ARN: &str = "arn:aws:kms:eu-west-1:123456789012:key/a";
const PLAIN: &str = r#"{"Plaintext":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}"#;
const SHARE: &[u8] = b"0123456789abcdef0123456789abcdef";

/// A server on loopback, and what it heard.
struct Server {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each request with the next of `answers`, then no more.
    fn new<const N: usize>(answers: [(u16, &str); N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (notes, answers) = (Arc::clone(&heard), answers.map(|(status, body)| (status, body.to_owned())));
        thread::spawn(move || {
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut text, mut buffer) = (String::new(), [0; 4096]);
                loop {
                    let count = stream.read(&mut buffer).unwrap();
                    text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
                    let Some((fields, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = fields.lines().find_map(|line| {
                        line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                    });
                    if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                        break;
                    }
                }
                notes.lock().unwrap().push(text);
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, heard }
    }

    /// What it heard, one text a request.
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// A home, and what is set there.
struct Scene {
    home: TempDir,
    world: World,
}

impl Scene {
    fn new(variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (mut world, _) = World::test(home.path());
        let own = [("HOME", home.path().to_str().unwrap()), ("AWS_EC2_METADATA_DISABLED", "true")];
        let all = own.iter().chain(variables);
        world.variables.extend(all.map(|(name, value)| (name.into(), value.into())));
        Self { home, world }
    }

    /// With keys in the environment, and a KMS at `server`.
    fn keyed(server: &Server) -> Self {
        Self::new(&[
            ("AWS_ACCESS_KEY_ID", "AKIAENV"),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("AWS_ENDPOINT_URL", &server.address),
        ])
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn open(&self, entry: &WrappedKey) -> Result<Vec<u8>, String> {
        open(&Kms::new(&self.world), entry)
    }
}

fn open(kms: &Kms<'_>, entry: &WrappedKey) -> Result<Vec<u8>, String> {
    kms.unwrap(entry).map(|share| share.to_vec()).map_err(|error| match error {
        UnwrapError::Service { kind: KeyKind::Kms, problem, .. }
        | UnwrapError::Unanswered { kind: KeyKind::Kms, problem, .. } => problem,
        other => panic!("{other}"),
    })
}

fn entry(other: &[(&str, &str)]) -> WrappedKey {
    let other = other.iter().map(|(name, value)| (name.as_bytes().to_vec(), Node::str(value)));
    WrappedKey { kind: KeyKind::Kms, recipient: ARN.into(), enc: "AAAA".into(), other: other.collect() }
}

fn header<'a>(request: &'a str, name: &str) -> Vec<&'a str> {
    let lines = request.split("\r\n\r\n").next().unwrap().lines().skip(1);
    let fields = lines.filter_map(|line| line.split_once(": "));
    fields.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

/// The access key that a request was signed with; empty if it was not.
fn signer(request: &str) -> String {
    let header = header(request, "authorization").join("");
    let key = header.split("Credential=").nth(1).and_then(|rest| rest.split('/').next());
    key.unwrap_or_default().to_owned()
}

fn lent(key: &str, expires: &str) -> String {
    format!(
        "<A><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>tok\
         </SessionToken><Expiration>{expires}</Expiration></Credentials></A>"
    )
}

#[test]
fn a_share_is_wrapped_by_a_signed_request_and_the_entry_is_that_of_sops() {
    let server = Server::new([(200, r#"{"CiphertextBlob":"YWJj"}"#)]);
    let scene = Scene::keyed(&server);
    let mut to = RecipientId::new(KeyKind::Kms, ARN.to_owned());
    to.other.push((b"context".to_vec(), Node::Map(vec![(b"app".to_vec(), Node::str("web"))])));
    let wrapped = Kms::new(&scene.world).wrap(&to, &Zeroizing::new(SHARE.to_vec())).unwrap();
    assert_eq!((wrapped.recipient.as_str(), wrapped.enc.as_str()), (ARN, "YWJj"));
    let context = Node::Map(vec![(b"app".to_vec(), Node::str("web"))]);
    let expected = [
        (b"aws_profile".to_vec(), Node::str("")),
        (b"context".to_vec(), context),
        (b"created_at".to_vec(), Node::str("2026-01-01T00:00:00Z")),
    ];
    assert_eq!(wrapped.other, expected);
    let heard = server.heard();
    let request = &heard[0];
    assert_eq!(header(request, "x-amz-target"), ["TrentService.Encrypt"]);
    assert_eq!(header(request, "content-type"), ["application/x-amz-json-1.1"]);
    assert_eq!(header(request, "host"), [server.address.strip_prefix("http://").unwrap()]);
    assert_eq!(header(request, "x-amz-date"), ["20260101T000000Z"]);
    let signed = header(request, "authorization")[0];
    assert!(signed.contains("Credential=AKIAENV/20260101/eu-west-1/kms/aws4_request"), "{signed}");
    assert!(signed.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-target,"), "{signed}");
    let body = request.split("\r\n\r\n").nth(1).unwrap();
    assert_eq!(
        body,
        format!(
            r#"{{"EncryptionContext":{{"app":"web"}},"KeyId":"{ARN}","Plaintext":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}"#
        )
    );
}

#[test]
fn an_entry_opens_and_a_session_token_is_sent_and_signed() {
    let server = Server::new([(200, PLAIN)]);
    let mut scene = Scene::keyed(&server);
    scene.world.variables.insert("AWS_SESSION_TOKEN".into(), "tok/+=".into());
    assert_eq!(scene.open(&entry(&[])), Ok(SHARE.to_vec()));
    let heard = server.heard();
    assert_eq!(header(&heard[0], "x-amz-security-token"), ["tok/+="]);
    assert!(header(&heard[0], "authorization")[0].contains(";x-amz-security-token;"));
}

#[test]
fn a_refusal_is_told_by_its_code_and_nothing_else_of_the_answer() {
    for (body, told) in [
        (r#"{"__type":"com.amazon#AccessDeniedException","Message":"canary"}"#, "AWS does not allow it"),
        (r#"{"__type":"NotFoundException","message":"canary"}"#, "AWS has no such key"),
        (r#"{"__type":"DisabledException"}"#, "the key is disabled"),
        (r#"{"__type":"ExpiredTokenException"}"#, "your AWS session has ended"),
        (r#"{"__type":"UnrecognizedClientException"}"#, "AWS does not know these credentials"),
        (r#"{"__type":"IncorrectKeyException"}"#, "the wrapped key was made with another key"),
        (r#"{"__type":"InvalidSignatureException"}"#, "AWS does not accept the signature"),
        ("<html>canary</html>", "AWS refuses (kms:Decrypt: no reason given"),
    ] {
        let server = Server::new([(400, body)]);
        let told_instead = Scene::keyed(&server).open(&entry(&[])).unwrap_err();
        assert!(told_instead.starts_with(told), "{told_instead}");
        assert!(!told_instead.contains("canary"), "{told_instead}");
        assert!(told_instead.ends_with("credentials: `AWS_ACCESS_KEY_ID`)"), "{told_instead}");
    }
}

#[test]
fn an_answer_that_is_no_answer_opens_nothing() {
    for body in ["", "[]", "{}", r#"{"Plaintext":1}"#, r#"{"Plaintext":"not base64"}"#] {
        let told = Scene::keyed(&Server::new([(200, body)])).open(&entry(&[])).unwrap_err();
        assert!(told.contains("is not understood"), "{told}");
    }
    let mut damaged = entry(&[]);
    damaged.enc = "not base64!".to_owned();
    let told = Scene::keyed(&Server::new([])).open(&damaged);
    assert_eq!(told, Err("the wrapped key is no base64".to_owned()));
}

#[test]
fn a_host_that_does_not_answer_is_asked_once() {
    // No status of HTTP; and after it, nobody listens there any more.
    let server = Server::new([(99, "")]);
    let scene = Scene::keyed(&server);
    let kms = Kms::new(&scene.world);
    let host = server.address.strip_prefix("http://").unwrap();
    let told = Err(format!("`{host}`: its answer is not understood"));
    assert_eq!(open(&kms, &entry(&[])), told);
    assert_eq!(open(&kms, &entry(&[])), told);
    assert_eq!(server.heard().len(), 1);
}

#[test]
fn when_several_hosts_are_silent_no_other_is_asked() {
    let server = Server::new([(200, "")]);
    let scene = Scene::keyed(&server);
    let aws = Aws::new(&scene.world);
    let silent = ["a", "b", "c", "d"].map(|host| (host.to_owned(), HttpError::TimedOut));
    aws.dead.borrow_mut().extend(silent);
    let found = aws.credentials(None, Some("arn:aws:iam::1:role/r"), "eu-west-1");
    assert_eq!(found.unwrap_err(), AwsError::GivenUp);
    assert_eq!(server.heard(), [""; 0]);
}

#[test]
fn a_context_that_an_old_sops_confused_opens_by_trying_its_values() {
    let no = r#"{"__type":"InvalidCiphertextException"}"#;
    let server = Server::new([(400, no), (400, no), (200, PLAIN)]);
    let mut confused = entry(&[]);
    let pairs = [("a", "1"), ("b", "2")].map(|(name, value)| (name.as_bytes().to_vec(), Node::str(value)));
    confused.other.push((b"context".to_vec(), Node::Map(pairs.to_vec())));
    assert_eq!(Scene::keyed(&server).open(&confused), Ok(SHARE.to_vec()));
    let heard = server.heard();
    for (request, context) in
        heard.iter().zip([r#"{"a":"1","b":"2"}"#, r#"{"a":"1","b":"1"}"#, r#"{"a":"2","b":"2"}"#])
    {
        assert!(request.contains(&format!("\"EncryptionContext\":{context}")), "{request}");
    }
}

#[test]
fn no_data_key_goes_over_the_network_in_the_clear() {
    let scene = Scene::new(&[
        ("AWS_ACCESS_KEY_ID", "AKIAENV"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1.example:1"),
    ]);
    let told = scene.open(&entry(&[])).unwrap_err();
    assert!(told.starts_with("`127.0.0.1.example:1` is named by plain `http`"), "{told}");
}
