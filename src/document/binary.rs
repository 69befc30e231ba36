//! A file of any bytes, encrypted as a whole (spec 5.5): plaintext is the value of the one leaf `data`; the encrypted form is
//! a JSON object of `data` and the metadata. Selectors mean nothing here.

use super::json::Json;
use super::tree::{Branch, Tree, Twig, only};
use super::{Content, Document, EditError, Format, Splice, splice};
use crate::base::outline::Quotes;
use crate::base::{Event, Kind, Node, Outline, ParseError, Path, Scalar, Shape, Span, Style, Text, Value};

/// The only key.
const DATA: &[u8] = b"data";

/// The format of files that no other format is for.
#[derive(Clone, Copy, Debug)]
pub struct Binary;

impl Format for Binary {
    fn name(&self) -> &'static str {
        "binary"
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn outline(&self, text: &[u8]) -> Result<Outline, ParseError> {
        Ok(sealed(text).unwrap_or_else(|| one_leaf(Span::new(0, text.len()), Text::Verbatim(Quotes::None))))
    }

    fn replace(&self, document: &Document, event: usize, content: Content<'_>) -> Result<Splice, EditError> {
        let refused = || EditError::Value(Path::key(DATA));
        let target = document.outline().events.get(event).ok_or_else(refused)?;
        let text = match (&target.kind, content) {
            (Kind::Scalar(..), Content::Cipher { text, .. }) => text.as_bytes().to_vec(),
            (Kind::Scalar(..), Content::Value(value)) => value.plain_bytes().into_owned(),
            _ => return Err(refused()),
        };
        Ok(Splice::new(target.span, text))
    }

    /// There is nothing but `data`, and that is always there.
    fn insert(&self, _document: &Document, path: &Path, _node: &Node) -> Result<Splice, EditError> {
        Err(EditError::Name(path.clone()))
    }

    /// `data` cannot be missing.
    fn remove(&self, _document: &Document, path: &Path) -> Result<Vec<Splice>, EditError> {
        Err(EditError::Missing(path.clone()))
    }

    fn emit(&self, trees: &[Tree], _indent: Option<usize>) -> Result<Vec<u8>, EditError> {
        match only(trees)? {
            Tree::Map(Branch { twigs, .. }) => match twigs.as_slice() {
                [Twig { key, node: Tree::Value(Value::Str(bytes)), .. }] if key == DATA => {
                    Ok(bytes.expose().clone())
                }
                _ => Err(EditError::NotBinary),
            },
            _ => Err(EditError::NotBinary),
        }
    }

    fn put_metadata(&self, document: &Document, metadata: Option<&Node>) -> Result<Vec<Splice>, EditError> {
        let text = document.text();
        let refused = || EditError::Value(Path::key(DATA));
        let (Some(metadata), spans) = (metadata, &document.outline().metadata_spans) else {
            let spans = document.outline().metadata_spans.iter();
            return Ok(spans.map(|span| Splice::new(*span, "")).collect());
        };
        if spans.is_empty() {
            // Here stands one ciphertext, or nothing.
            let data = std::str::from_utf8(text).map_err(|_| refused())?;
            let twig = Twig { comments: Vec::new(), key: DATA.to_vec(), node: Tree::Value(Value::str(data)) };
            let tree = Tree::Map(Branch { twigs: vec![twig], tail: Vec::new() });
            let object = Document::parse(Json.emit(&[tree], None)?, &Json).map_err(|_| refused())?;
            let object = splice(object.text(), Json.put_metadata(&object, Some(metadata))?);
            return Ok(vec![Splice::new(Span::new(0, text.len()), object)]);
        }
        let object = Document::parse(text.to_vec(), &Json).map_err(|_| refused())?;
        Json.put_metadata(&object, Some(metadata))
    }
}

/// The outline of an encrypted file: an object of a string `data` and a map `sops`, and nothing else.
fn sealed(text: &[u8]) -> Option<Outline> {
    if text.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let Outline { events, metadata, .. } = Json.outline(text).ok()?;
    let metadata = metadata?;
    let [document, map, key, scalar, end] = events.try_into().ok()?;
    let (Kind::Document, Kind::Map(_), Kind::Key(name), Kind::End) =
        (document.kind, map.kind, key.kind, end.kind)
    else {
        return None;
    };
    let Kind::Scalar(_, Scalar::Str(string)) = scalar.kind else { return None };
    if name.bytes(key.span, text) != DATA {
        return None;
    }
    let inside = scalar.span.shrunk(1, 1);
    let string = match string {
        Text::Verbatim(_) => Text::Verbatim(Quotes::None),
        decoded @ Text::Decoded(_) => decoded,
    };
    let around = [Span { start: 0, end: inside.start }, Span::new(inside.range().end, text.len())];
    Some(Outline { metadata: Some(metadata), metadata_spans: around.to_vec(), ..one_leaf(inside, string) })
}

fn one_leaf(span: Span, text: Text) -> Outline {
    let event = |span, kind| Event { span, kind };
    let (start, end) = (Span { end: span.start, ..span }, Span { start: span.end, ..span });
    Outline {
        events: vec![
            event(span, Kind::Document),
            event(span, Kind::Map(Shape::Block)),
            event(start, Kind::Key(Text::decoded(DATA.to_vec()))),
            event(span, Kind::Scalar(Style::Plain, Scalar::Str(text))),
            event(end, Kind::End),
        ],
        ..Outline::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Value;

    fn read(text: &[u8]) -> Document {
        Document::parse(text.to_vec(), &Binary).unwrap()
    }

    #[test]
    fn any_bytes_are_one_leaf() {
        for text in
            [&b""[..], b"\0\xff\n", b"{", b"{\"data\": \"x\"}", b"{\"data\": 1, \"sops\": {\"mac\": \"\"}}"]
        {
            let document = read(text);
            let leaf = document.find(&Path::key(DATA)).unwrap();
            assert_eq!(document.scalar(leaf).unwrap().plain_bytes(), text);
            assert!(document.outline().metadata.is_none());
        }
    }

    #[test]
    fn metadata_makes_an_object_and_leaves_no_trace() {
        let metadata = Node::Map(vec![(b"mac".to_vec(), Node::str("m"))]);
        for text in ["", "ENC[x]"] {
            let document = read(text.as_bytes());
            let sealed = document.spliced(Binary.put_metadata(&document, Some(&metadata)).unwrap()).unwrap();
            let expected =
                format!("{{\n\t\"data\": \"{text}\",\n\t\"sops\": {{\n\t\t\"mac\": \"m\"\n\t}}\n}}\n");
            assert_eq!(sealed.text(), expected.as_bytes());
            assert_eq!(sealed.outline().metadata.as_ref(), Some(&metadata));
            let mut splices = Binary.put_metadata(&sealed, None).unwrap();
            if !text.is_empty() {
                let leaf = sealed.find(&Path::key(DATA)).unwrap();
                let value = Value::Str(crate::base::Secret::new(vec![0, 255]));
                splices.push(Binary.replace(&sealed, leaf, Content::Value(&value)).unwrap());
            }
            let plain = sealed.spliced(splices).unwrap();
            assert_eq!(plain.text(), if text.is_empty() { &b""[..] } else { &[0, 255] });
        }
    }
}
