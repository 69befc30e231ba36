//! Keys of AWS KMS, wrapped and unwrapped by both programs at the same simulated AWS: `moto_server`, from `MOTO_SERVER`
//! or `PATH`. Without it the tests say that they were skipped; with `LACRE_REQUIRE_MOTO=1` its absence is a failure.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use lacre::envelope::Sealed;
use lacre::keys::WrappedKey;
use lacre::world::http::Http;
use serde_json::{Value, json};

use super::bench::{Bench, Run, format_of, text};
use super::peers::required;

const ROLE: &str = "arn:aws:iam::123456789012:role/team";

/// A simulated AWS, which ends with the last test that uses it.
pub struct Moto {
    child: Mutex<Child>,
    address: String,
}

static SHARED: Mutex<Weak<Moto>> = Mutex::new(Weak::new());

impl Moto {
    pub fn start() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap();
        if let Some(running) = shared.upgrade() {
            return Some(running);
        }
        let program = required("moto_server", "MOTO_SERVER", "LACRE_REQUIRE_MOTO")?;
        let mut child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address =
            lines.find_map(|line| Some(line.unwrap().split_once("Running on ")?.1.trim().to_owned()));
        // It would stop when nobody reads what it says.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.expect("an address");
        let running = Arc::new(Self { child: Mutex::new(child), address });
        *shared = Arc::downgrade(&running);
        Some(running)
    }

    fn kms(&self, operation: &str, request: &Value) -> Value {
        let target = format!("TrentService.{operation}");
        let scope = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/kms/aws4_request, \
                     SignedHeaders=host, Signature=0";
        let headers = [
            ("authorization", scope),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        let body = request.to_string();
        let answer = Http::near(std::time::Duration::from_mins(1)).send(
            "POST",
            &self.address,
            &headers,
            body.as_bytes(),
        );
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{operation}: {}", text(&answer.body));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// The ARN of a new key.
    pub fn key(&self) -> String {
        self.kms("CreateKey", &json!({}))["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }
}

impl Moto {
    /// How both programs find it.
    pub fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", self.address.clone()),
            ("AWS_ACCESS_KEY_ID", "AKIA".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        drop(child.kill());
        drop(child.wait());
    }
}

/// A bench whose two programs know the same AWS.
struct Cloud {
    bench: Bench,
    moto: Arc<Moto>,
}

impl Cloud {
    fn new() -> Option<Self> {
        let bench = Bench::new()?;
        Some(Self { bench, moto: Moto::start()? })
    }

    fn variables(&self) -> [(&'static str, String); 4] {
        self.moto.variables()
    }

    fn sops<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.bench.sops_with(arguments, self.variables())
    }

    fn lacre<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.bench.lacre_with(arguments, self.variables())
    }

    fn rule(&self, rule: &str) {
        self.bench.write(".sops.yaml", format!("creation_rules:\n  - {rule}\n"));
    }

    fn keys(&self, name: &str) -> Vec<WrappedKey> {
        let sealed = Sealed::parse(self.bench.read(name), format_of(name)).unwrap();
        sealed.metadata().keys().cloned().collect()
    }

    /// Each program encrypts `NAME`; the other opens it, changes it and hands it back.
    #[track_caller]
    fn agree(&self, name: &str, plain: &str) {
        self.bench.write(name, plain);
        let theirs = format!("theirs.{name}");
        self.bench.write(&theirs, self.sops(["encrypt", name]).ok());
        let ours = format!("ours.{name}");
        drop(std::fs::remove_file(self.bench.path(&ours)));
        self.lacre(["encrypt", name, "-o", &ours]).ok();
        for file in [&ours, &theirs] {
            assert_eq!(text(&self.lacre(["get", file, "A"]).ok()), "1\n", "{file}");
            assert_eq!(text(&self.sops(["decrypt", "--extract", "[\"A\"]", file]).ok()), "1", "{file}");
            self.lacre(["set", file, "A", "2"]).ok();
            self.sops(["set", file, "[\"B\"]", "\"3\""]).ok();
            assert_eq!(text(&self.lacre(["get", file, "B"]).ok()), "3\n", "{file}");
            assert_eq!(text(&self.sops(["decrypt", "--extract", "[\"A\"]", file]).ok()), "2", "{file}");
        }
        let fields = |file: &str| -> Vec<(String, Vec<Vec<u8>>)> {
            let names = |key: &WrappedKey| {
                let mut names: Vec<_> = key.other.iter().map(|(name, _)| name.clone()).collect();
                names.sort();
                (key.recipient.clone(), names)
            };
            self.keys(file).iter().map(names).collect()
        };
        assert_eq!(fields(&ours), fields(&theirs), "{name}");
    }
}

#[test]
fn the_face_sees_a_changed_context_as_sops_does() {
    let Some(cloud) = Cloud::new() else { return };
    let arn = cloud.moto.key();
    let rule = |context| {
        cloud.rule(&format!("key_groups: [{{kms: [{{arn: '{arn}', context: {{{context}}}}}]}}]"));
    };
    rule("stage: one, app: a");
    cloud.bench.write("p.yaml", "A: '1'\n");
    let sealed = cloud.sops(["encrypt", "p.yaml"]).ok();
    cloud.bench.write("ours.yaml", &sealed);
    cloud.bench.write("theirs.yaml", &sealed);
    rule("stage: two, app: a");
    let ours = cloud.lacre(["sops", "updatekeys", "-y", "ours.yaml"]).ok();
    let theirs = cloud.sops(["updatekeys", "-y", "theirs.yaml"]).ok();
    assert_eq!(text(&ours), text(&theirs));
    assert!(text(&ours).contains("|app:a,stage:two\n"), "{}", text(&ours));
    let context = |name: &str| cloud.keys(name).pop().unwrap().recipient_id();
    assert_eq!(context("ours.yaml"), context("theirs.yaml"));
    assert_eq!(
        text(&cloud.sops(["decrypt", "ours.yaml"]).ok()),
        text(&cloud.sops(["decrypt", "theirs.yaml"]).ok())
    );
}

#[test]
fn a_key_opens_in_both_directions_in_every_format_by_its_arn_and_by_an_alias() {
    let Some(cloud) = Cloud::new() else { return };
    let arn = cloud.moto.key();
    let alias = format!("alias/a{}", arn.rsplit('-').next().unwrap());
    cloud.moto.kms("CreateAlias", &json!({ "AliasName": alias, "TargetKeyId": arn }));
    let (account, _) = arn.rsplit_once(':').unwrap();
    for arn in [arn.clone(), format!("{account}:{alias}")] {
        cloud.rule(&format!("kms: {arn}"));
        cloud.agree("a.yaml", "A: '1'\nB: '2'\n");
        cloud.agree("a.json", "{\"A\": \"1\", \"B\": \"2\"}\n");
        cloud.agree("a.env", "A=1\nB=2\n");
    }
}

#[test]
fn a_context_is_bound_to_the_key_in_both_directions() {
    let Some(cloud) = Cloud::new() else { return };
    let arn = cloud.moto.key();
    cloud.rule(&format!("key_groups: [{{kms: [{{arn: '{arn}', context: {{app: web, tier: db}}}}]}}]"));
    cloud.agree("a.yaml", "A: '1'\nB: '2'\n");
    cloud.agree("a.env", "A=1\nB=2\n");
    for name in ["ours.a.yaml", "theirs.a.yaml"] {
        let sealed = text(&cloud.bench.read(name)).replace("app: web", "app: api");
        cloud.bench.write("other.yaml", sealed);
        cloud.sops(["decrypt", "other.yaml"]).fails(128);
        let told = cloud.lacre(["get", "other.yaml", "A"]).fails(4);
        assert!(
            told.contains("its `context` is not the one it was made with (kms:Decrypt: InvalidCiphertext"),
            "{told}"
        );
    }
}

#[test]
fn a_context_that_an_old_sops_confused_still_opens() {
    let Some(cloud) = Cloud::new() else { return };
    let arn = cloud.moto.key();
    // What such a sops sent, and what it then wrote down.
    cloud.rule(&format!("key_groups: [{{kms: [{{arn: '{arn}', context: {{app: db, tier: db}}}}]}}]"));
    cloud.bench.write("a.yaml", "A: '1'\n");
    let sealed = text(&cloud.sops(["encrypt", "a.yaml"]).ok()).replace("app: db", "app: web");
    cloud.bench.write("old.yaml", sealed.replace("version: 3.11.0", "version: 3.2.0"));
    assert_eq!(text(&cloud.lacre(["get", "old.yaml", "A"]).ok()), "1\n");
}

#[test]
fn a_role_is_assumed_in_both_directions() {
    let Some(cloud) = Cloud::new() else { return };
    let arn = cloud.moto.key();
    cloud.rule(&format!("kms: {arn}+{ROLE}"));
    cloud.agree("a.yaml", "A: '1'\nB: '2'\n");
    let keys = cloud.keys("ours.a.yaml");
    assert_eq!(keys[0].recipient_id().field("role"), Some(ROLE));
}

#[test]
fn a_profile_that_the_entry_names_is_the_users_own() {
    let Some(cloud) = Cloud::new() else { return };
    let arn = cloud.moto.key();
    std::fs::create_dir(cloud.bench.path("home/.aws")).unwrap();
    cloud
        .bench
        .write("home/.aws/credentials", "[work]\naws_access_key_id=AKIAWORK\naws_secret_access_key=s\n");
    cloud.rule(&format!("key_groups: [{{kms: [{{arn: '{arn}', aws_profile: work}}]}}]"));
    cloud.agree("a.yaml", "A: '1'\nB: '2'\n");
    let theirs = text(&cloud.bench.read("ours.a.yaml")).replace("aws_profile: work", "aws_profile: theirs");
    cloud.bench.write("theirs.yaml", theirs);
    let told = cloud.lacre(["get", "theirs.yaml", "A"]).fails(4);
    assert!(told.contains("AWS credentials: profile `theirs`: is not in"), "{told}");
}

/// The simulated AWS goes on using disabled keys, so that here the first key is one that does not exist.
#[test]
fn the_second_key_opens_when_the_first_is_gone_and_a_lonely_one_says_so() {
    let Some(cloud) = Cloud::new() else { return };
    let (first, second) = (cloud.moto.key(), cloud.moto.key());
    let gone = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000";
    cloud.bench.write("a.yaml", "A: '1'\n");
    for (name, keys) in [("both.yaml", format!("'{first},{second}'")), ("one.yaml", first.clone())] {
        cloud.rule(&format!("kms: {keys}"));
        cloud.bench.write(name, text(&cloud.sops(["encrypt", "a.yaml"]).ok()).replace(&first, gone));
    }
    assert_eq!(text(&cloud.sops(["decrypt", "both.yaml"]).ok()), "A: \"1\"\n");
    assert_eq!(text(&cloud.lacre(["get", "both.yaml", "A"]).ok()), "1\n");
    let told = cloud.lacre(["get", "one.yaml", "A"]).fails(4);
    assert!(told.contains(&format!("kms `{gone}`: AWS has no such key")), "{told}");
    cloud.rule(&format!("kms: {gone}"));
    let told = cloud.lacre(["encrypt", "a.yaml", "-o", "new.yaml"]).fails(1);
    assert!(told.contains("AWS has no such key"), "{told}");
    assert!(!cloud.bench.path("new.yaml").exists());
}

#[test]
fn a_group_of_aws_and_one_of_age_open_together_only() {
    let Some(cloud) = Cloud::new() else { return };
    let arn = cloud.moto.key();
    let recipient = &cloud.bench.recipient;
    cloud.rule(&format!("key_groups: [{{kms: [{{arn: '{arn}'}}]}}, {{age: ['{recipient}']}}]"));
    cloud.bench.write("a.yaml", "A: '1'\n");
    let identity = ("SOPS_AGE_KEY_FILE", cloud.bench.path("keys.txt").to_str().unwrap().to_owned());
    let [endpoint, key, secret, metadata] = cloud.variables();
    let all = || [endpoint.clone(), key.clone(), secret.clone(), metadata.clone(), identity.clone()];
    cloud.bench.write("theirs.yaml", cloud.bench.sops_with(["encrypt", "a.yaml"], all()).ok());
    cloud.bench.lacre_with(["encrypt", "a.yaml", "-o", "ours.yaml"], all()).ok();
    for name in ["ours.yaml", "theirs.yaml"] {
        assert_eq!(text(&cloud.bench.lacre_with(["get", name, "A"], all()).ok()), "1\n", "{name}");
        assert_eq!(text(&cloud.bench.sops_with(["decrypt", name], all()).ok()), "A: \"1\"\n", "{name}");
        cloud.lacre(["get", name, "A"]).fails(4);
        let told = cloud.bench.lacre(["get", name, "A"]).fails(4);
        assert!(told.contains("1 of the 2 key groups that it needs open"), "{told}");
    }
}

#[test]
fn an_aws_that_is_not_there_is_told_with_its_host() {
    let Some(cloud) = Cloud::new() else { return };
    let arn = cloud.moto.key();
    cloud.rule(&format!("kms: {arn}"));
    cloud.bench.write("a.yaml", "A: '1'\n");
    cloud.lacre(["encrypt", "a.yaml", "-o", "b.yaml"]).ok();
    // Port 1 of loopback: nobody listens there.
    let mut variables = cloud.variables();
    variables[0].1 = "http://127.0.0.1:1".to_owned();
    let told = cloud.bench.lacre_with(["get", "b.yaml", "A"], variables).fails(4);
    assert!(told.contains(&format!("kms `{arn}`: `127.0.0.1:1`: it cannot be reached")), "{told}");
}
