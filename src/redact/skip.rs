//! Skips text in which no form can begin, several bytes at a time. Horspool's idea over blocks of three bytes: the last
//! three bytes of a window tell how far the next place is where a form could begin.

/// Bytes of a block.
const BLOCK: usize = 3;

/// Longest window; a longer one finds fewer false places and is filled by more blocks.
const WIDEST: usize = 16;

/// Bits of a block's place in the table: it fits the first cache.
const BITS: u32 = 15;

pub(super) struct Skip {
    /// Bytes of a window: no form is shorter.
    window: usize,
    /// By block, how far a window that ends with it may move.
    shifts: Vec<u8>,
}

impl Skip {
    /// For `forms`, each of three bytes at least.
    pub(super) fn new<'f>(forms: impl Iterator<Item = &'f [u8]> + Clone) -> Self {
        let window = forms.clone().map(<[u8]>::len).min().unwrap_or(WIDEST).clamp(BLOCK, WIDEST);
        let furthest = u8::try_from(window - BLOCK + 1).unwrap_or(u8::MAX);
        let mut shifts = vec![furthest; 1 << BITS];
        for form in forms {
            let start = form.get(..window).unwrap_or(form);
            for (shift, block) in start.windows(BLOCK).rev().enumerate() {
                let shift = u8::try_from(shift).unwrap_or(u8::MAX);
                if let Some(known) = block.first_chunk().and_then(|block| shifts.get_mut(place(*block))) {
                    *known = shift.min(*known);
                }
            }
        }
        Self { window, shifts }
    }

    /// The first place at or behind `from` where a form could begin, as far as this text tells: near its end, the rest
    /// of a window is missing, and every place could be one.
    pub(super) fn find(&self, text: &[u8], from: usize) -> usize {
        let mut at = from;
        let lead = self.window - BLOCK;
        while let Some(block) = text.get(at + lead..).and_then(<[u8]>::first_chunk) {
            match self.shifts.get(place(*block)).copied().unwrap_or_default() {
                0 => return at,
                shift => at += usize::from(shift),
            }
        }
        at.min(text.len())
    }
}

fn place(block: [u8; BLOCK]) -> usize {
    let [a, b, c] = block;
    let number = u32::from_le_bytes([a, b, c, 0]);
    (number.wrapping_mul(0x9E37_79B1) >> (u32::BITS - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_beginning_is_skipped() {
        let forms: [&[u8]; 3] = [b"secret", b"abcdefgh", b"cdefghij"];
        let skip = Skip::new(forms.into_iter());
        for form in forms {
            for before in 0..40 {
                let text = [&b"x".repeat(before), form, b"tail of it"].concat();
                assert!(skip.find(&text, 0) <= before);
                assert_eq!(skip.find(&text, before), before);
            }
        }
    }

    #[test]
    fn the_end_of_a_text_may_be_a_beginning() {
        let skip = Skip::new([b"secret".as_slice()].into_iter());
        assert!(skip.find(b"a text that ends in secre", 0) <= 20);
        assert_eq!(skip.find(b"", 0), 0);
    }
}
