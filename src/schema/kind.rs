//! What a value can be asked to look like. One variant for each type of the schema language; the limits stand inside.

use regex::Regex;

/// What a value looks like.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Several values of one kind, as JSON or joined by a separator.
    Array(Array),
    /// Bytes in base64, standard or URL-safe.
    Base64 {
        /// The URL-safe alphabet.
        url_safe: bool,
    },
    /// Yes or no, in the spellings that programs take.
    Bool,
    /// An X.509 certificate in PEM.
    Certificate {
        /// Fewer days left than this are worth a warning.
        days: i64,
    },
    /// A host name without scheme, port and path.
    Domain(Domain),
    /// A length of time: `30s`, `1h`, or milliseconds.
    Duration {
        /// In milliseconds.
        min: Option<f64>,
        /// In milliseconds.
        max: Option<f64>,
    },
    /// A mail address.
    Email,
    /// One of these.
    Enum(Vec<String>),
    /// An address of the internet protocol.
    Ip {
        /// 4 or 6 alone.
        version: Option<u8>,
    },
    /// A date, or a date and a time, of ISO 8601.
    IsoDate,
    /// Any JSON.
    Json,
    /// 32 hexadecimal digits.
    Md5,
    /// A number.
    Number(Number),
    /// A path of a file, absolute or not. Whether the file is there is not asked.
    Path,
    /// A block of PEM.
    Pem {
        /// The words behind `BEGIN`, such as `PRIVATE KEY`; what ends in them is taken too.
        label: Option<String>,
    },
    /// A port.
    Port {
        /// The lowest, 1 unless said.
        min: u16,
        /// The highest.
        max: u16,
    },
    /// A JSON object whose values are of one kind.
    Record {
        /// Of every value; `None`: any.
        of: Option<Box<Kind>>,
    },
    /// A regular expression.
    Regex,
    /// A version of semver.org.
    Semver,
    /// Any text within limits.
    String(Text),
    /// An absolute URL.
    Url(Url),
    /// A UUID.
    Uuid,
}

/// Limits of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Of every element.
    pub of: Box<Kind>,
    /// Between elements.
    pub separator: String,
    /// Fewest elements.
    pub min: usize,
    /// Most elements.
    pub max: Option<usize>,
    /// No element twice.
    pub unique: bool,
}

/// What else passes for a host name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    /// `*.example.com`.
    pub wildcard: bool,
    /// `localhost`.
    pub single_label: bool,
    /// `10.0.0.1`.
    pub ip: bool,
}

/// Limits of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Number {
    /// The smallest.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// Most digits behind the point; 0 is a whole number.
    pub precision: Option<usize>,
    /// It is a multiple of this.
    pub divisor: Option<f64>,
}

/// Limits of a text. Lengths are in characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The shortest.
    pub min: Option<usize>,
    /// The longest.
    pub max: Option<usize>,
    /// How it starts.
    pub starts: Option<String>,
    /// How it ends.
    pub ends: Option<String>,
    /// What is found in it.
    pub matches: Option<Pattern>,
}

/// Limits of a URL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Url {
    /// Schemes in lower case; none named: any.
    pub schemes: Vec<String>,
    /// Hosts in lower case, with a port or for any port; none named: any.
    pub hosts: Vec<String>,
    /// It must not end with a slash.
    pub no_trailing_slash: bool,
    /// What is found in it.
    pub matches: Option<Pattern>,
}

/// A regular expression from a schema: searched in linear time, bounded in size.
#[derive(Clone, Debug)]
pub struct Pattern(pub(super) Regex);

/// Equal if spelled alike.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Default for Kind {
    fn default() -> Self {
        Self::String(Text::default())
    }
}

impl Kind {
    /// A whole number without further limits.
    #[must_use]
    pub fn int() -> Self {
        Self::Number(Number { precision: Some(0), ..Number::default() })
    }

    /// It holds a pattern, which takes memory.
    pub(super) fn has_pattern(&self) -> bool {
        match self {
            Self::Array(array) => array.of.has_pattern(),
            Self::Record { of: Some(of) } => of.has_pattern(),
            Self::String(text) => text.matches.is_some(),
            Self::Url(url) => url.matches.is_some(),
            _ => false,
        }
    }

    /// The word for it in a schema.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Array(_) => "array",
            Self::Base64 { url_safe: false } => "base64",
            Self::Base64 { url_safe: true } => "base64url",
            Self::Bool => "boolean",
            Self::Certificate { .. } => "certificate",
            Self::Domain(_) => "domain",
            Self::Duration { .. } => "duration",
            Self::Email => "email",
            Self::Enum(_) => "enum",
            Self::Ip { .. } => "ip",
            Self::IsoDate => "isoDate",
            Self::Json => "json",
            Self::Md5 => "md5",
            Self::Number(Number { precision: Some(0), .. }) => "int",
            Self::Number(_) => "number",
            Self::Path => "path",
            Self::Pem { .. } => "pem",
            Self::Port { .. } => "port",
            Self::Record { .. } => "record",
            Self::Regex => "regex",
            Self::Semver => "semver",
            Self::String(_) => "string",
            Self::Url(_) => "url",
            Self::Uuid => "uuid",
        }
    }
}
