//! AWS KMS: shares are wrapped and unwrapped by a key that never leaves AWS (spec 6.1). The entry is written as sops
//! writes it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::arn::KeyArn;
use super::credentials::Credentials;
use super::{Aws, AwsError, Call};
use crate::base::{Node, RecipientId};
use crate::keys::{KeyKind, KeyShare, UnwrapError, WrapError, WrappedKey, escaped};
use crate::providers::{KeyService, created_at};
use crate::world::World;

/// The KMS keys of AWS.
pub struct Kms<'w> {
    aws: Aws<'w>,
}

/// What an entry or a recipient says of a key.
struct Key<'a> {
    arn: KeyArn<'a>,
    profile: Option<&'a str>,
    role: Option<&'a str>,
    context: Context<'a>,
}

/// Pairs that are bound to the wrapped share: it opens with exactly these.
type Context<'a> = Vec<(&'a str, &'a str)>;

/// Why a share was not unwrapped, in words.
enum Failure {
    Silent(String),
    Told(String),
}

impl From<String> for Failure {
    fn from(problem: String) -> Self {
        Self::Told(problem)
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        let problem = error.to_string();
        match error {
            AwsError::GivenUp | AwsError::NoAnswer { .. } => Self::Silent(problem),
            _ => Self::Told(problem),
        }
    }
}

#[derive(Clone, Copy)]
enum Operation {
    Decrypt,
    Encrypt,
}

/// Pairs of a context, and characters of a wrapped share, at the most.
const MOST_PAIRS: usize = 100;
const LONGEST_ENC: usize = 16 << 10;

impl<'w> Kms<'w> {
    /// Those that can be asked from `world`; asks nobody yet.
    #[must_use]
    pub const fn new(world: &'w World) -> Self {
        Self { aws: Aws::new(world) }
    }

    fn try_wrap(&self, to: &RecipientId, share: &KeyShare) -> Result<WrappedKey, String> {
        let key = Key::of(to)?;
        let plain = Zeroizing::new(BASE64_STANDARD.encode(share.as_slice()));
        let request = json!({
            "EncryptionContext": context_json(&key.context),
            "KeyId": key.arn.text,
            "Plaintext": plain.as_str(),
        });
        let answer = self.ask(&key, Operation::Encrypt, &request).map_err(|error| error.to_string())?;
        let enc = answer.get("CiphertextBlob").and_then(Json::as_str).unwrap_or_default();
        let is_blob = !enc.is_empty() && enc.len() <= LONGEST_ENC && BASE64_STANDARD.decode(enc).is_ok();
        if !is_blob {
            return Err("the answer is not understood".to_owned());
        }
        // sops writes the profile even when it is empty.
        let mut other = vec![(b"aws_profile".to_vec(), Node::str(key.profile.unwrap_or_default()))];
        if !key.context.is_empty() {
            let pairs = key.context.iter().map(|(name, value)| (name.as_bytes().to_vec(), Node::str(value)));
            other.push((b"context".to_vec(), Node::Map(pairs.collect())));
        }
        other.push(created_at(self.aws.world));
        other.extend(key.role.map(|role| (b"role".to_vec(), Node::str(role))));
        Ok(WrappedKey { kind: KeyKind::Kms, recipient: to.id.clone(), enc: enc.to_owned(), other })
    }

    fn try_unwrap(&self, entry: &WrappedKey) -> Result<KeyShare, Failure> {
        let id = entry.recipient_id();
        let key = Key::of(&id)?;
        let enc: String = entry.enc.split_ascii_whitespace().collect();
        if enc.len() > LONGEST_ENC || BASE64_STANDARD.decode(&enc).is_err() {
            return Err("the wrapped key is no base64".to_owned().into());
        }
        let decrypt = |context: &Context<'_>| {
            let request = json!({
                "CiphertextBlob": enc.as_str(),
                "EncryptionContext": context_json(context),
                "KeyId": key.arn.text,
            });
            self.ask(&key, Operation::Decrypt, &request)
        };
        let mut answer = decrypt(&key.context);
        if answer.as_ref().is_err_and(|error| error.has_code("InvalidCiphertextException")) {
            // Before 3.3.0, sops gave all names one of the values, chosen by chance (its issue 320).
            for context in contexts_of_old(&key.context) {
                let second = decrypt(&context);
                if second.is_ok() {
                    answer = second;
                    break;
                }
            }
        }
        let answer = answer?;
        let plain = answer.get("Plaintext").and_then(Json::as_str);
        let plain = plain.and_then(|plain| BASE64_STANDARD.decode(plain).ok());
        plain.map(Zeroizing::new).ok_or_else(|| "the answer is not understood".to_owned().into())
    }

    fn ask(&self, key: &Key<'_>, operation: Operation, request: &Json) -> Result<Json, AwsError> {
        let (target, action) = match operation {
            Operation::Decrypt => ("TrentService.Decrypt", "kms:Decrypt"),
            Operation::Encrypt => ("TrentService.Encrypt", "kms:Encrypt"),
        };
        let region = key.arn.region;
        let credentials: Credentials = self.aws.credentials(key.profile, key.role, region)?;
        let body = Zeroizing::new(request.to_string());
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let call =
            Call { service: "kms", region, profile: key.profile, headers: &headers, body: body.as_bytes() };
        let (answer, host) = self.aws.post(&call, Some(&credentials))?;
        let read: Option<Json> = serde_json::from_slice(&answer.body).ok();
        if answer.status == 200 {
            return read.ok_or(AwsError::Garbled(host));
        }
        let code = read.as_ref().and_then(|read| read.get("__type")).and_then(Json::as_str);
        let code = code.unwrap_or_default();
        let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
        Err(AwsError::refused(action, code, &credentials.from))
    }
}

impl KeyService for Kms<'_> {
    fn wrap(&self, to: &RecipientId, share: &KeyShare) -> Result<WrappedKey, WrapError> {
        let service = |problem| WrapError::Service { kind: KeyKind::Kms, id: escaped(&to.id), problem };
        self.try_wrap(to, share).map_err(service)
    }

    fn unwrap(&self, entry: &WrappedKey) -> Result<KeyShare, UnwrapError> {
        let (kind, id) = (KeyKind::Kms, escaped(&entry.recipient));
        self.try_unwrap(entry).map_err(|failure| match failure {
            Failure::Silent(problem) => UnwrapError::Unanswered { kind, id, problem },
            Failure::Told(problem) => UnwrapError::Service { kind, id, problem },
        })
    }
}

impl<'a> Key<'a> {
    fn of(id: &'a RecipientId) -> Result<Self, String> {
        let arn = KeyArn::parse(&id.id);
        let arn =
            arn.ok_or("it is no ARN of the form `arn:aws:kms:REGION:ACCOUNT:key/ID` or `…:alias/NAME`")?;
        let role = id.field("role");
        if role.is_some_and(|role| !is_role(role)) {
            return Err("its `role` is no ARN of the form `arn:aws:iam::ACCOUNT:role/NAME`".to_owned());
        }
        let profile = id.field("aws_profile");
        if profile.is_some_and(|profile| profile.chars().any(char::is_control)) {
            return Err("its `aws_profile` is no name of a profile".to_owned());
        }
        let context = id.other.iter().find(|(name, _)| name == b"context").map(|(_, node)| node);
        let context = context.map_or(Some(Vec::new()), context_of);
        Ok(Self { arn, profile, role, context: context.ok_or("its `context` is no map of texts")? })
    }
}

fn is_role(text: &str) -> bool {
    let rest = text.strip_prefix("arn:aws").and_then(|rest| rest.split_once(":iam::"));
    rest.is_some_and(|(_, rest)| rest.contains(":role/"))
        && text.len() <= 2048
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `None` unless it is a small map of texts; null and the empty list are what old sops versions wrote for none.
fn context_of(node: &Node) -> Option<Context<'_>> {
    match node {
        Node::Map(pairs) if pairs.len() <= MOST_PAIRS => {
            pairs.iter().map(|(name, value)| Some((std::str::from_utf8(name).ok()?, value.text()?))).collect()
        }
        Node::List(items) if items.is_empty() => Some(Vec::new()),
        Node::Value(crate::base::Value::Null) => Some(Vec::new()),
        _ => None,
    }
}

/// What an old sops may have sent for `context` instead: one of its values for every name.
fn contexts_of_old<'a>(context: &Context<'a>) -> Vec<Context<'a>> {
    let mut values: Vec<_> = context.iter().map(|(_, value)| *value).collect();
    values.sort_unstable();
    values.dedup();
    if values.len() < 2 {
        return Vec::new();
    }
    let same = |value: &'a str| context.iter().map(|(name, _)| (*name, value)).collect();
    values.into_iter().take(MOST_GUESSES).map(same).collect()
}

const MOST_GUESSES: usize = 8;

fn context_json(context: &Context<'_>) -> Json {
    Json::Object(context.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_old_sops_may_have_sent_is_one_value_for_all_names() {
        let context = vec![("a", "1"), ("b", "2"), ("c", "1")];
        let all = |value| vec![("a", value), ("b", value), ("c", value)];
        assert_eq!(contexts_of_old(&context), [all("1"), all("2")]);
        assert_eq!(contexts_of_old(&vec![("a", "1"), ("b", "1")]), Vec::<Context<'_>>::new());
        assert_eq!(contexts_of_old(&Vec::new()), Vec::<Context<'_>>::new());
    }

    #[test]
    fn what_is_no_key_of_aws_is_told_before_anybody_is_asked() {
        let arn = "arn:aws:kms:us-east-1:1:key/a";
        let id = |arn: &str| RecipientId::new(KeyKind::Kms, arn.to_owned());
        let with =
            |name: &str, node| RecipientId { other: vec![(name.as_bytes().to_vec(), node)], ..id(arn) };
        let numbers = Node::Map(vec![(b"a".to_vec(), Node::List(Vec::new()))]);
        for (id, told) in [
            (id("arn:aws:kms:evil.example/:1:key/a"), "it is no ARN"),
            (with("role", Node::str("arn:aws:s3:::bucket")), "its `role`"),
            (with("role", Node::str("arn:aws:iam::1:role/a b")), "its `role`"),
            (with("aws_profile", Node::str("a\nb")), "its `aws_profile`"),
            (with("context", Node::str("a:b")), "its `context`"),
            (with("context", numbers), "its `context`"),
        ] {
            let told_instead = Key::of(&id).err().unwrap_or_default();
            assert!(told_instead.starts_with(told), "{told_instead}");
        }
        assert!(Key::of(&with("role", Node::str("arn:aws-cn:iam::1:role/path/r"))).is_ok());
        assert!(Key::of(&with("context", Node::Map(Vec::new()))).is_ok());
    }
}
