//! Comment blocks, of which sops makes one comment: they are stored otherwise than they stand.

use std::borrow::Cow;

use memchr::memchr;

use super::blanks::leading;

/// A comment block as it is encrypted. sops prints it line by line and does not survive an empty line, so a line of
/// no or some blanks gets one more.
pub(super) fn stored(block: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\n', block).is_none() {
        return block.into();
    }
    let lines = block.split(|byte| *byte == b'\n');
    let line = |line: &[u8]| if is_blank(line) { [line, b" "].concat() } else { line.to_vec() };
    lines.map(line).collect::<Vec<_>>().join(&b'\n').into()
}

/// The reverse. Every line but the first must begin with a comment sign: whoever wrote it, it must not become a value.
pub(super) fn restored(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\n', text).is_none() {
        return text.into();
    }
    let mut lines = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let said = line.get(leading(line)..).unwrap_or_default();
        lines.push(match (line.split_last(), said.first()) {
            (Some((_, shorter)), None) if is_blank(line) => shorter.to_vec(),
            (_, None | Some(b'#' | b';')) => line.to_vec(),
            _ if number == 0 => line.to_vec(),
            _ => [b"; ", line].concat(),
        });
    }
    lines.join(&b'\n').into()
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| *byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_comes_back_and_has_no_empty_line() {
        for block in ["a", "a\n; b", "a\n\n; b", "\n; b", "a\n  \n\n  # b", "a\r\n\r\n; b", ""] {
            let stored = stored(block.as_bytes());
            assert!(block.is_empty() || stored.split(|byte| *byte == b'\n').all(|line| !line.is_empty()));
            assert_eq!(&*restored(&stored), block.as_bytes());
        }
    }

    #[test]
    fn no_line_of_a_comment_becomes_a_value() {
        assert_eq!(&*restored(b"a\nx = 1\n [b]\n# c"), b"a\n; x = 1\n;  [b]\n# c");
    }
}
