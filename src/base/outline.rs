//! What a format finds in a text: events with spans, in document order. The text itself stays outside.
//!
//! Shape of the stream: `Document (Map … End)` for every document. Inside a map: `Key` then one node; inside a list:
//! nodes. A node is `Anchor? Tag? (Scalar | Alias | Map … End | List … End)`. Comments stand where sops sees
//! them (spec 5.2.3): inside the map or list that gives their AAD, before the entry they belong to.
//! The sops metadata is not among the events.

use super::{Node, Secret, Span, Value};

/// All events of a text, and its metadata.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// In document order, metadata left out.
    pub events: Vec<Event>,
    /// The sops metadata of the first document, without interpretation.
    pub metadata: Option<Node>,
    /// What to cut to be rid of the metadata: whole lines or entries, one span or more a document, in order.
    pub metadata_spans: Vec<Span>,
}

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Where it stands; what it covers depends on the kind.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of event, with what their span covers.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `*name`. Span: the name without the sign.
    Alias,
    /// `&name` on the node that follows. Span: the name without the sign.
    Anchor,
    /// A comment. Span: the text behind the `#`, to the end of the line (without the line end).
    Comment {
        /// It stands at the end of a line that holds something else.
        inline: bool,
    },
    /// A document begins. Span: the whole document.
    Document,
    /// The innermost map or list ends. Span: empty, where it ends.
    End,
    /// The key of the node that follows. Span: as written, with quotes.
    Key(Text),
    /// A list begins. Span: the whole list.
    List(Shape),
    /// A map begins. Span: the whole map.
    Map(Shape),
    /// A scalar. Span: as written, with its quotes, or with block header and all content lines
    /// (the last line end is outside).
    Scalar(Style, Scalar),
    /// An explicit tag on the node that follows. Span: as written.
    Tag,
}

/// How a map or list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// By indentation, or by lines.
    Block,
    /// In brackets.
    Flow,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Double quotes: `"…"`; every JSON string.
    Double,
    /// A folded block: `>`.
    Folded,
    /// A literal block: `|`.
    Literal,
    /// Without quotes; every dotenv value, JSON numbers and words.
    Plain,
    /// Single quotes: `'…'`.
    Single,
}

/// What a scalar says. Strings are by far the most frequent, and are not copied where the text holds them verbatim.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// A string.
    Str(Text),
    /// Anything else, null included: never `Value::Str`.
    Other(Value),
}

/// The bytes of a key or string.
#[derive(Clone, Debug)]
pub enum Text {
    /// Not as written: escapes, several lines, a base64 tag.
    Decoded(Secret<Box<[u8]>>),
    /// Exactly the span, without the quotes that its style has.
    Verbatim(Quotes),
}

/// Whether a verbatim text has a quote at each end of its span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// The span is the text.
    None,
    /// One byte at each end is not part of it.
    Both,
}

impl Text {
    /// The bytes meant, given the event's span and the document's text.
    #[must_use]
    pub fn bytes<'a>(&'a self, span: Span, text: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Decoded(bytes) => bytes.expose(),
            Self::Verbatim(Quotes::None) => span.of(text),
            Self::Verbatim(Quotes::Both) => span.shrunk(1, 1).of(text),
        }
    }

    /// Keeps `bytes` apart from the text.
    #[must_use]
    pub fn decoded(bytes: Vec<u8>) -> Self {
        Self::Decoded(Secret::new(bytes.into_boxed_slice()))
    }
}

impl Scalar {
    /// The typed value, copied out.
    #[must_use]
    pub fn value(&self, span: Span, text: &[u8]) -> Value {
        match self {
            Self::Str(string) => Value::Str(Secret::new(string.bytes(span, text).to_vec())),
            Self::Other(value) => value.clone(),
        }
    }
}
