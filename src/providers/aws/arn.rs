//! The name of a KMS key, which decides the region that is asked. It stands in files from git, so that it is taken
//! only in the strict form of spec 6.1: nothing in it can become another host's name.

/// `arn:aws…:kms:REGION:ACCOUNT:key/ID` or `…:alias/NAME`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyArn<'a> {
    /// All of it.
    pub text: &'a str,
    /// Lower-case letters, digits and inner hyphens.
    pub region: &'a str,
}

/// Characters at the most, of an ARN and of a region.
const LONGEST: usize = 2048;
const LONGEST_REGION: usize = 32;

impl<'a> KeyArn<'a> {
    /// Reads `text`; `None` when it is not the name of a KMS key.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
        let variant = partition.strip_prefix("aws")?;
        let (kind, id) = name.split_once('/')?;
        let is_valid = text.len() <= LONGEST
            && arn == "arn"
            && variant.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && service == "kms"
            && is_region(region)
            && !account.is_empty()
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(kind, "key" | "alias")
            && !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_graphic());
        is_valid.then_some(Self { text, region })
    }
}

/// Whether `text` can be one label of a host's name, and no more.
#[must_use]
pub fn is_region(text: &str) -> bool {
    (1..=LONGEST_REGION).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The domain of the services of `region`.
#[must_use]
pub fn domain(region: &str) -> &'static str {
    let starts = [
        ("cn-", "amazonaws.com.cn"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("us-isof-", "csp.hci.ic.gov"),
    ];
    starts.iter().find(|(start, _)| region.starts_with(start)).map_or("amazonaws.com", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_of_a_key_is_found() {
        for (text, region) in [
            ("arn:aws:kms:us-east-1:123456789012:key/920aff2e-c5f1-4040-943a-047fa387b27e", "us-east-1"),
            ("arn:aws:kms:eu-central-2:1:alias/team/secrets", "eu-central-2"),
            ("arn:aws-cn:kms:cn-north-1:1:key/mrk-0", "cn-north-1"),
            ("arn:aws-us-gov:kms:us-gov-west-1:1:key/a", "us-gov-west-1"),
        ] {
            assert_eq!(KeyArn::parse(text), Some(KeyArn { text, region }), "{text}");
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_key() {
        for text in [
            "",
            "alias/team",
            "arn:aws:kms:us-east-1:1:key/",
            "arn:aws:kms:us-east-1::key/a",
            "arn:aws:kms:us-east-1:x:key/a",
            "arn:aws:kms:us-east-1:1:grant/a",
            "arn:aws:s3:us-east-1:1:key/a",
            "arn:gcp:kms:us-east-1:1:key/a",
            "arn:aws/x:kms:us-east-1:1:key/a",
            "arn:aws:kms::1:key/a",
            "arn:aws:kms:evil.example/:1:key/a",
            "arn:aws:kms:evil.example#:1:key/a",
            "arn:aws:kms:user@evil:1:key/a",
            "arn:aws:kms:US-EAST-1:1:key/a",
            "arn:aws:kms:-a:1:key/a",
            "arn:aws:kms:us-east-1:1:key/a b",
            "arn:aws:kms:us-east-1:1:key/a\n",
            "arn:aws:kms:us-east-1:1:key/ä",
        ] {
            assert_eq!(KeyArn::parse(text), None, "{text}");
        }
        let long = format!("arn:aws:kms:{}:1:key/a", "a".repeat(33));
        assert_eq!(KeyArn::parse(&long), None);
    }

    #[test]
    fn each_partition_has_its_domain() {
        for (region, expected) in [
            ("us-east-1", "amazonaws.com"),
            ("us-gov-west-1", "amazonaws.com"),
            ("cn-northwest-1", "amazonaws.com.cn"),
            ("us-iso-east-1", "c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
            ("eusc-de-east-1", "amazonaws.eu"),
        ] {
            assert_eq!(domain(region), expected, "{region}");
        }
    }
}
