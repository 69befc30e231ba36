//! Three texts brought together line by line: what both sides say is said once, in the order and form they said it.
//! What comes of it means whatever it means; that is for others to look at.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines of a text, each with its end.
pub type Lines<'t> = Vec<&'t [u8]>;

/// Lines `old` of the base become lines `new` of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    old: Range<usize>,
    new: Range<usize>,
}

/// The lines of `text`.
#[must_use]
pub fn lines(text: &[u8]) -> Lines<'_> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// All edits of ours, and those of theirs that touch none of them. Where both insert, ours comes first, and what both
/// begin with comes once.
pub fn merge_lines<'t>(base: &Lines<'t>, ours: &Lines<'t>, theirs: &Lines<'t>) -> Lines<'t> {
    let (our_edits, their_edits) = (edits(base, ours), edits(base, theirs));
    let mut merged = Vec::with_capacity(ours.len() + theirs.len());
    let mut their_edits = their_edits.iter().peekable();
    let mut at = 0;
    for our in &our_edits {
        // Theirs that end before, or where this one begins; an insertion of both waits for ours.
        while let Some(their) = their_edits.next_if(|their| {
            let both_insert = our.old.is_empty() && our.old == their.old;
            their.old.end <= our.old.start && !both_insert
        }) {
            apply(&mut merged, base, theirs, their, &mut at);
        }
        let begin = merged.len() + our.old.start.saturating_sub(at);
        apply(&mut merged, base, ours, our, &mut at);
        let inserted = our.old.is_empty();
        while let Some(their) = their_edits.next_if(|their| touches(our, their)) {
            if inserted && their.old.is_empty() {
                let own = merged.get(begin..).unwrap_or_default();
                let new = theirs.get(their.new.clone()).unwrap_or_default();
                let common = own.iter().zip(new).take_while(|(one, two)| one == two).count();
                merged.extend(new.get(common..).unwrap_or_default());
            }
        }
    }
    for their in their_edits {
        apply(&mut merged, base, theirs, their, &mut at);
    }
    merged.extend(base.get(at..).unwrap_or_default());
    merged
}

/// The lines of both, where there is no base: ours, with what only theirs has where it stands there.
pub fn join_lines<'t>(ours: &Lines<'t>, theirs: &Lines<'t>) -> Lines<'t> {
    let mut joined = Vec::with_capacity(ours.len() + theirs.len());
    for op in capture_diff_slices(Algorithm::Patience, ours, theirs) {
        joined.extend(ours.get(op.old_range()).unwrap_or_default());
        if !matches!(op, DiffOp::Equal { .. }) {
            joined.extend(theirs.get(op.new_range()).unwrap_or_default());
        }
    }
    joined
}

fn apply<'t>(merged: &mut Lines<'t>, base: &Lines<'t>, side: &Lines<'t>, edit: &Edit, at: &mut usize) {
    merged.extend(base.get(*at..edit.old.start).unwrap_or_default());
    merged.extend(side.get(edit.new.clone()).unwrap_or_default());
    *at = edit.old.end.max(*at);
}

/// Whether both change one line, or insert at one place, or one inserts within what the other changes. `their` does
/// not end before `our` begins.
fn touches(our: &Edit, their: &Edit) -> bool {
    match (our.old.is_empty(), their.old.is_empty()) {
        (true, true) => our.old.start == their.old.start,
        (true, false) => their.old.start < our.old.start && our.old.start < their.old.end,
        (false, true) => our.old.start < their.old.start && their.old.start < our.old.end,
        (false, false) => their.old.start < our.old.end && our.old.start < their.old.end,
    }
}

/// What a side changed, in order, in pieces as small as the lines allow.
fn edits(base: &Lines<'_>, side: &Lines<'_>) -> Vec<Edit> {
    let mut found = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, base, side) {
        let edit = Edit { old: op.old_range(), new: op.new_range() };
        match op {
            DiffOp::Equal { .. } => {}
            DiffOp::Replace { .. } => refine(base, side, &edit, &mut found),
            DiffOp::Delete { .. } => found.extend(gone(edit.old, edit.new.start)),
            DiffOp::Insert { .. } => found.push(edit),
        }
    }
    found
}

/// A line of the same name is the same line with another value.
fn refine(base: &Lines<'_>, side: &Lines<'_>, edit: &Edit, found: &mut Vec<Edit>) {
    let names = |lines: &[&[u8]]| -> Vec<Vec<u8>> { lines.iter().map(|line| name(line).to_vec()).collect() };
    let old = names(base.get(edit.old.clone()).unwrap_or_default());
    let new = names(side.get(edit.new.clone()).unwrap_or_default());
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let shifted = |range: Range<usize>, by: usize| range.start + by..range.end + by;
        let old = shifted(op.old_range(), edit.old.start);
        let new = shifted(op.new_range(), edit.new.start);
        if let DiffOp::Equal { .. } = op {
            let pairs = old.zip(new).filter(|(old, new)| base.get(*old) != side.get(*new));
            found.extend(pairs.map(|(old, new)| Edit { old: old..old + 1, new: new..new + 1 }));
            continue;
        }
        // Other lines that come do not stand for those that go: what the other side adds here may belong to the latter.
        let behind = old.end..old.end;
        found.extend(gone(old, new.start));
        found.extend(Some(Edit { old: behind, new }).filter(|edit| !edit.new.is_empty()));
    }
}

/// Lines go one by one: the other side may put something between them.
fn gone(old: Range<usize>, new: usize) -> impl Iterator<Item = Edit> {
    old.map(move |line| Edit { old: line..line + 1, new: new..new })
}

/// What stands before the first `=` or `:`; of a comment, all of it.
fn name(line: &[u8]) -> &[u8] {
    let is_comment = matches!(line.trim_ascii_start().first(), Some(b'#' | b';'));
    let end = line.iter().position(|byte| matches!(byte, b'=' | b':')).filter(|_| !is_comment);
    line.get(..end.unwrap_or(line.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_beside_each_other_are_both_made() {
        for (base, ours, theirs, expected) in [
            ("a=1\nb=1\n", "a=2\nb=1\n", "a=1\nb=2\n", "a=2\nb=2\n"),
            ("a\n", "a\nx\n", "a\ny\n", "a\nx\ny\n"),
            ("a\n", "a\n\n# x\nx\n", "a\n\n# y\ny\n", "a\n\n# x\nx\n# y\ny\n"),
            ("a=1\n", "x\na=1\n", "a=2\n", "x\na=2\n"),
            ("a\nb\nc\n", "c\n", "a\nb\nc\nd\n", "c\nd\n"),
            ("a\nb\nc\n", "a\nc\n", "a\nx\nb\nc\n", "a\nx\nc\n"),
            ("a\nb\nc\n", "a\nb\nx\nc\n", "a\n", "a\nx\n"),
            ("a=1\n", "a=2\nx=1\n", "a=3\ny=1\n", "a=2\nx=1\ny=1\n"),
            ("a=1\nb=1\n", "a=2\nb=2\n", "z=0\na=3\nb=1\nc=1\n", "z=0\na=2\nb=2\nc=1\n"),
            ("", "a\n", "a\n", "a\n"),
            ("a\nb\n", "a\n", "b\n", ""),
        ] {
            let merged =
                merge_lines(&lines(base.as_bytes()), &lines(ours.as_bytes()), &lines(theirs.as_bytes()));
            assert_eq!(String::from_utf8(merged.concat()).unwrap(), expected, "{base:?} {ours:?} {theirs:?}");
        }
    }

    #[test]
    fn without_a_base_both_are_there_once() {
        let joined = join_lines(&lines(b"# top\na\nb\n"), &lines(b"# top\nc\nb\nd\n"));
        assert_eq!(joined.concat(), b"# top\na\nc\nb\nd\n");
    }
}
