//! Lines of base64 of one width, decoded block by block.

/// Characters that are decoded at a time, into three quarters as many bytes.
pub(super) const BLOCK: usize = 32;

/// How the lines of a text look, all but the last.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineLayout {
    /// Characters of a line.
    width: usize,
    /// Bytes of its end.
    end: usize,
}

impl LineLayout {
    /// Layout of the first line of `text`.
    pub(super) fn of(text: &[u8]) -> Self {
        let Some(end) = memchr::memchr(b'\n', text) else {
            let (width, end) = (text.len() / BLOCK * BLOCK, 0);
            return Self { width, end };
        };
        let width = end - usize::from(text[..end].ends_with(b"\r"));
        let end = end + 1 - width;
        Self { width, end }
    }

    /// Returns true if a line is whole groups of four characters, and can be decoded block by block.
    fn is_regular(self) -> bool {
        self.width >= BLOCK && self.width.is_multiple_of(4)
    }
}

/// Decodes lines of that layout into `bytes` as long as nothing else is among them; number of characters that were taken, which are
/// whole groups of four and ends of lines, and number of bytes that they stand for. `bytes` has room for a block more than that.
/// `decode_block` gives the bytes of a block first, and none where a character outside the alphabet is in it.
#[inline(always)]
pub(super) fn decode_lines(
    text: &[u8],
    layout: LineLayout,
    bytes: &mut [u8],
    decode_block: impl Fn(&[u8; BLOCK]) -> Option<[u8; BLOCK]>,
) -> (usize, usize) {
    let (mut at, mut filled) = (0, 0);
    while layout.is_regular()
        && let Some(line) = text.get(at..at + layout.width)
    {
        let mut decoded = 0;
        while decoded < layout.width {
            // The last block of a line begins inside the one before it.
            let from = decoded.min(layout.width - BLOCK);
            let block = line[from..].first_chunk().and_then(&decode_block);
            let place = filled + from / 4 * 3;
            match (block, bytes.get_mut(place..place + BLOCK)) {
                (Some(block), Some(place)) => place.copy_from_slice(&block),
                _ => return (at + decoded, filled + decoded / 4 * 3),
            }
            decoded = from + BLOCK;
        }
        (at, filled) = (at + layout.width, filled + layout.width / 4 * 3);
        match &text[at..text.len().min(at + layout.end)] {
            b"\n" | b"\r\n" => at += layout.end,
            _ => break,
        }
    }
    (at, filled)
}
