//! One recipient more in one rule.

use super::find::{Finder, Group};
use super::{Newcomer, RuleEditError, RuleText, comma};
use crate::base::span::line_of;
use crate::base::{Event, Kind, Node, Path, RecipientId, Scalar, Shape, Span, Step, Value};
use crate::document::yaml::Yaml;
use crate::document::{Content, Document, Format, Splice, items, nth_document};
use crate::policy::rule::fields_of;
use crate::world::terminal::sanitise;

/// The rule file with `new` in the rule at `index`; unchanged where it is there already.
pub fn to_rule(
    file: &RuleText,
    index: usize,
    group: Option<usize>,
    new: &Newcomer,
) -> Result<Vec<u8>, RuleEditError> {
    let rule = file.rule(index)?;
    let number = index + 1;
    let group = match (group, rule.groups.len()) {
        (None, 0 | 1) => 0,
        (None, groups) => return Err(RuleEditError::GroupNeeded { rule: number, groups }),
        (Some(group), count) if group < count.max(1) => group,
        (Some(group), _) => return Err(RuleEditError::NoGroup { rule: number, group: group + 1 }),
    };
    if rule.groups.get(group).is_some_and(|keys| keys.contains(&new.recipient)) {
        return Ok(file.document.text().to_vec());
    }
    check_name(file, new)?;
    let target = Target { index, group, new };
    let document = target.keep_name(file)?;
    let (document, named) = target.define(&document)?;
    let document = match target.place(&document)? {
        Place::Text(scalar) => target.behind_text(&document, scalar)?,
        Place::Alias(alias) => {
            let span = with_sign(document.outline().events.get(alias).map(|event| event.span));
            let listed = [b"[", span.of(document.text()), b"]"].concat();
            let document = document.spliced(vec![Splice::new(span, listed)])?;
            match target.place(&document)? {
                Place::List(list) => target.in_list(&document, list, named)?,
                _ => return Err(refused(&document, alias)),
            }
        }
        Place::List(list) => target.in_list(&document, list, named)?,
        Place::Missing(map) => target.in_new_list(&document, map, named)?,
    };
    Ok(document.text().to_vec())
}

/// Where the recipients of one kind stand in a group.
enum Place {
    /// Behind an alias that leads to a single recipient.
    Alias(usize),
    /// In a list.
    List(usize),
    /// Nowhere yet in this map.
    Missing(usize),
    /// In a text with commas, or with one recipient.
    Text(usize),
}

#[derive(Clone, Copy)]
struct Target<'a> {
    index: usize,
    group: usize,
    new: &'a Newcomer,
}

impl Target<'_> {
    fn group(self, finder: &Finder<'_>) -> Option<Group> {
        finder.groups(self.index)?.into_iter().nth(self.group)
    }

    fn field(self, group: &Group) -> &'static str {
        let kind = fields_of(self.new.recipient.kind);
        if group.is_flat { kind.flat } else { kind.group }
    }

    fn place(self, document: &Document) -> Result<Place, RuleEditError> {
        let finder = Finder::new(document);
        let group = self.group(&finder).ok_or_else(|| refused(document, 0))?;
        let map = *group.maps.first().ok_or_else(|| refused(document, 0))?;
        let Some((_, node)) = finder.field(map, self.field(&group)) else { return Ok(Place::Missing(map)) };
        let target = finder.resolve(node).ok_or_else(|| refused(document, node))?;
        match finder.event(target).map(|event| &event.kind) {
            Some(Kind::List(_)) => Ok(Place::List(target)),
            Some(Kind::Scalar(_, Scalar::Other(Value::Null))) if target == node => Ok(Place::Missing(map)),
            Some(Kind::Scalar(_, Scalar::Str(_))) => {
                let several = finder.text(target).is_some_and(|text| text.contains(','));
                Ok(if target == node || several { Place::Text(target) } else { Place::Alias(node) })
            }
            _ => Err(refused(document, node)),
        }
    }

    /// The comment behind a text with a single recipient is its name, and will be none when there are two.
    fn keep_name(self, file: &RuleText) -> Result<Document, RuleEditError> {
        let document = &file.document;
        let Place::Text(scalar) = self.place(document)? else { return Ok(document.clone()) };
        let finder = Finder::new(document);
        let only = finder.text(scalar).map(|text| text.trim().to_owned()).unwrap_or_default();
        let Some(name) = file.names.name_of(&only).filter(|_| finder.anchor_of(scalar).is_none()) else {
            return Ok(document.clone());
        };
        let behind = document.text().get(finder.span(scalar).range().end..).unwrap_or_default();
        let line = behind.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if !line.trim_ascii_start().starts_with(b"#") || !finder.definitions(&only).is_empty() {
            return Ok(document.clone());
        }
        let recipient = RecipientId::new(self.new.recipient.kind, only.clone());
        let known = Newcomer { name: Some(name.to_owned()), recipient };
        let target = Target { new: &known, ..self };
        let definition = if is_anchor(name) { Mark::Anchor(name) } else { Mark::Comment(name) };
        match finder.anchor_list(None) {
            Some(list) => append(document, list, &Node::str(&only), &definition),
            None => target.new_keys(document, &definition),
        }
    }

    /// Gives the name an anchor outside the rules, where that is the file's way; and whether the anchor is there, in
    /// front of the rule.
    fn define(self, document: &Document) -> Result<(Document, bool), RuleEditError> {
        let Some(name) = &self.new.name else { return Ok((document.clone(), false)) };
        let place = self.place(document)?;
        let finder = Finder::new(document);
        let start = match place {
            Place::Alias(at) | Place::List(at) | Place::Missing(at) | Place::Text(at) => at,
        };
        if let Some(anchor) = finder.anchor(name) {
            return Ok((document.clone(), anchor < start));
        }
        let spelling = self.new.recipient.spelling();
        let is_text = matches!(place, Place::Text(_));
        if is_text
            && !finder.definitions(&spelling).is_empty()
            && names(document).contains(&(name.clone(), spelling.clone()))
        {
            return Ok((document.clone(), false));
        }
        let needs_map = self.group(&finder).is_some_and(|group| !group.is_flat)
            && fields_of(self.new.recipient.kind).is_map;
        if needs_map || (!is_anchor(name) && !is_text) {
            return Ok((document.clone(), false));
        }
        let near = if let Place::List(list) = place { Some(list) } else { None };
        let list = finder.anchor_list(near).filter(|list| is_text || *list < start);
        let definition = if is_anchor(name) { Mark::Anchor(name) } else { Mark::Comment(name) };
        match list {
            Some(list) => Ok((append(document, list, &Node::str(&spelling), &definition)?, list < start)),
            None if is_text => Ok((self.new_keys(document, &definition)?, false)),
            None => Ok((document.clone(), false)),
        }
    }

    /// A list `keys:` in front of everything, for a name that has no other place.
    fn new_keys(self, document: &Document, definition: &Mark<'_>) -> Result<Document, RuleEditError> {
        let node = Node::str(&self.new.recipient.spelling());
        let root = nth_document(document.outline(), 0).ok_or_else(|| refused(document, 0))?;
        let keys = Path::key(b"keys");
        let is_block = document
            .outline()
            .events
            .get(root)
            .is_some_and(|event| matches!(event.kind, Kind::Map(Shape::Block)));
        if document.find(&keys).is_some() || !is_block {
            let list = document.find(&keys).ok_or_else(|| refused(document, root))?;
            return append(document, list, &node, definition);
        }
        let start = document.outline().events.get(root).map_or(0, |event| event.span.range().start);
        let text = document.text();
        let newline = if text.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
        let lines = format!("keys:{newline}  - {}{newline}", self.new.recipient.spelling());
        let document = document.spliced(vec![Splice::new(Span::new(start, start), lines)])?;
        let list = document.find(&keys).ok_or_else(|| refused(&document, root))?;
        let item =
            items(document.outline(), list).first().copied().ok_or_else(|| refused(&document, list))?;
        mark(&document, item, definition)
    }

    fn behind_text(self, document: &Document, scalar: usize) -> Result<Document, RuleEditError> {
        let refused = || refused(document, scalar);
        let event = document.outline().events.get(scalar).ok_or_else(refused)?;
        let Event { kind: Kind::Scalar(style, Scalar::Str(string)), span } = event else {
            return Err(refused());
        };
        let spelling = self.new.recipient.spelling();
        let old = String::from_utf8(string.bytes(*span, document.text()).to_vec()).map_err(|_| refused())?;
        let joined = format!("{},{spelling}", old.trim().trim_end_matches(','));
        let joined = if old.trim().is_empty() { spelling.clone() } else { joined };
        let names = |text: &str| -> Vec<String> {
            text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
        };
        let spliced = comma::with(document.text(), event, *style, &spelling)
            .and_then(|splice| document.spliced(vec![splice]).ok())
            .filter(|after| {
                Finder::new(after).text(scalar).is_some_and(|text| names(&text) == names(&joined))
            });
        if let Some(after) = spliced {
            return Ok(after);
        }
        let value = Value::str(&joined);
        let splice = Yaml.replace(document, scalar, Content::Value(&value)).map_err(|_| refused())?;
        Ok(document.spliced(vec![splice])?)
    }

    fn in_list(self, document: &Document, list: usize, named: bool) -> Result<Document, RuleEditError> {
        let finder = Finder::new(document);
        let group = self.group(&finder).ok_or_else(|| refused(document, list))?;
        let node = Finder::item(&self.new.recipient, group.is_flat);
        let shape = document.outline().events.get(list).map(|event| &event.kind);
        append(document, list, &node, &self.mark(named, matches!(shape, Some(Kind::List(Shape::Flow))))?)
    }

    fn in_new_list(self, document: &Document, map: usize, named: bool) -> Result<Document, RuleEditError> {
        let finder = Finder::new(document);
        let refused = || refused(document, map);
        let group = self.group(&finder).ok_or_else(refused)?;
        let node = Finder::item(&self.new.recipient, group.is_flat);
        let mut path = document.path_of(map);
        path.steps.push(Step::Key(self.field(&group).as_bytes().to_vec()));
        let splice = Yaml.insert(document, &path, &Node::List(vec![node])).or_else(|_| {
            // A null that stands there takes the list.
            path.steps.push(Step::Index(0));
            Yaml.insert(document, &path, &Finder::item(&self.new.recipient, group.is_flat))
        });
        let document = document.spliced(vec![splice.map_err(|_| refused())?])?;
        let Place::List(list) = self.place(&document)? else { return Err(refused()) };
        let is_flow = matches!(
            document.outline().events.get(list).map(|event| &event.kind),
            Some(Kind::List(Shape::Flow))
        );
        let item = items(document.outline(), list).last().copied().ok_or_else(refused)?;
        mark(&document, item, &self.mark(named, is_flow)?)
    }

    fn mark(&self, named: bool, is_flow: bool) -> Result<Mark<'_>, RuleEditError> {
        match &self.new.name {
            None => Ok(Mark::None),
            Some(name) if named => Ok(Mark::Alias(name)),
            Some(name) if !is_flow => Ok(Mark::Comment(name)),
            Some(name) if is_anchor(name) => Ok(Mark::Anchor(name)),
            Some(_) => Err(RuleEditError::Name),
        }
    }
}

/// How an item tells its name.
enum Mark<'a> {
    /// It is only the alias.
    Alias(&'a str),
    /// `&name` before it.
    Anchor(&'a str),
    /// `# name` behind it.
    Comment(&'a str),
    /// Not at all.
    None,
}

/// `node` at the end of the list at `list`.
fn append(document: &Document, list: usize, node: &Node, how: &Mark<'_>) -> Result<Document, RuleEditError> {
    let refused = || refused(document, list);
    let mut path = document.path_of(list);
    path.steps.push(Step::Index(items(document.outline(), list).len()));
    let splice = Yaml.insert(document, &path, node).map_err(|_| refused())?;
    let document = document.spliced(vec![splice])?;
    let item = document.find(&path).ok_or_else(refused)?;
    mark(&document, item, how)
}

fn mark(document: &Document, item: usize, how: &Mark<'_>) -> Result<Document, RuleEditError> {
    let finder = Finder::new(document);
    let span = finder.span(item);
    let splice = match how {
        Mark::None => return Ok(document.clone()),
        Mark::Alias(name) => Splice::new(span, format!("*{name}")),
        Mark::Anchor(name) => Splice::new(Span { end: span.start, ..span }, format!("&{name} ")),
        Mark::Comment(name) => {
            // Behind the first scalar of a map.
            let events = document.outline().events.iter().skip(item);
            let scalar = events.map_while(|event| match event.kind {
                Kind::Map(_) | Kind::Key(_) => Some(None),
                Kind::Scalar(..) => Some(Some(event.span)),
                _ => None,
            });
            let end = scalar.flatten().next().ok_or_else(|| refused(document, item))?.end;
            Splice::new(Span { start: end, end }, format!(" # {name}"))
        }
    };
    Ok(document.spliced(vec![splice])?)
}

/// Whether sops reads `name` as an anchor.
fn is_anchor(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn names(document: &Document) -> Vec<(String, String)> {
    crate::policy::Names::of(document.outline(), document.text()).pairs().to_vec()
}

/// Whether the new name can be a name, and nobody else has it.
fn check_name(file: &RuleText, new: &Newcomer) -> Result<(), RuleEditError> {
    let Some(name) = &new.name else { return Ok(()) };
    let is_name = !name.is_empty() && name.trim() == name && !name.contains('#') && sanitise(name) == *name;
    if !is_name {
        return Err(RuleEditError::Name);
    }
    let spelling = new.recipient.spelling();
    let taken = file.names.pairs().iter().find(|(other, key)| other == name && *key != spelling);
    let finder = Finder::new(&file.document);
    let anchored = finder.anchor(name).filter(|anchor| {
        finder.resolve(anchor + 1).and_then(|node| finder.text(node)).as_deref().map(str::trim)
            != Some(&*spelling)
    });
    let line = |at: usize| line_of(file.document.text(), finder.span(at).range().start);
    match (anchored, taken) {
        (Some(anchor), _) => Err(RuleEditError::NameTaken { line: line(anchor) }),
        (None, Some((_, key))) => {
            let places = file.document.nodes().into_iter().map(|(_, at)| at);
            let at = places.into_iter().find(|at| finder.text(*at).as_ref() == Some(key));
            Err(RuleEditError::NameTaken { line: at.map_or(1, line) })
        }
        (None, None) => Ok(()),
    }
}

/// With the `*` before it.
fn with_sign(span: Option<Span>) -> Span {
    let span = span.unwrap_or_default();
    Span { start: span.start.saturating_sub(1), ..span }
}

fn refused(document: &Document, at: usize) -> RuleEditError {
    let start = document.outline().events.get(at).map_or(0, |event| event.span.range().start);
    RuleEditError::Refused(line_of(document.text(), start))
}
