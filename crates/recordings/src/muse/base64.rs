//! Base64 as devices write it: in lines, and sometimes damaged.

#[cfg(target_arch = "x86_64")]
use super::base64_avx2::decode_lines_at_once;
use super::base64_lines::{BLOCK, LineLayout, decode_lines};

/// Bytes that were encoded, and how well the text keeps to the format.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Base64Bytes {
    pub(super) bytes: Vec<u8>,
    /// Characters that are neither base64 nor blanks, and were passed over.
    pub(super) foreign: usize,
    /// True if the text ends inside a byte, or goes on after its end.
    pub(super) broken_end: bool,
}

const FOREIGN: u8 = 0xFF;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Bit of a table's value that only characters outside the alphabet have.
const OUTSIDE: u32 = 1 << 31;

/// Six bits of every character, at their place in three bytes, for the first to the fourth of four characters. The first of
/// the three bytes is the lowest.
static PLACED: [[u32; 256]; 4] = {
    let mut tables = [[OUTSIDE; 256]; 4];
    let mut value = 0;
    while value < 64 {
        let character = ALPHABET[value as usize] as usize;
        let mut place = 0;
        while place < 4 {
            let bits: u32 = value << (18 - 6 * place);
            tables[place][character] = bits.swap_bytes() >> 8;
            place += 1;
        }
        value += 1;
    }
    tables
};

/// Six bits of a character.
fn six_bits(character: u8) -> u8 {
    let last = PLACED[3][usize::from(character)];
    if last == OUTSIDE {
        FOREIGN
    } else {
        (last >> 16) as u8
    }
}

/// Decodes `text`. At most three bytes are returned for four of its characters.
pub(super) fn decode(text: &str) -> Base64Bytes {
    let text = text.as_bytes();
    let mut decoded = Base64Bytes {
        bytes: vec![0; text.len() / 4 * 3 + BLOCK],
        ..Base64Bytes::default()
    };
    let layout = LineLayout::of(text);
    let (taken, filled) = decode_lines_at_once(text, layout, &mut decoded.bytes)
        .unwrap_or_else(|| decode_lines(text, layout, &mut decoded.bytes, decode_block));
    decoded.bytes.truncate(filled);
    let text = without_line_ends(&text[taken..]);
    let mut at = 0;
    loop {
        at += whole_groups(&text[at..], &mut decoded.bytes);
        // The last few characters, or a character that is foreign.
        let Some(taken) = slow_quad(&text[at..], &mut decoded) else {
            return decoded;
        };
        at += taken;
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn decode_lines_at_once(_: &[u8], _: LineLayout, _: &mut [u8]) -> Option<(usize, usize)> {
    None
}

/// Decodes a block into its beginning; none where a character outside the alphabet is in it.
#[inline]
fn decode_block(block: &[u8; BLOCK]) -> Option<[u8; BLOCK]> {
    let mut bytes = [0; BLOCK];
    let groups = block.as_chunks::<8>().0.iter();
    for (group, place) in groups.zip(bytes.as_chunks_mut::<6>().0) {
        *place = decode_eight(group)?;
    }
    Some(bytes)
}

fn without_line_ends(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    let mut from = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        joined.extend_from_slice(&text[from..end]);
        from = end + 1;
    }
    joined.extend_from_slice(&text[from..]);
    joined
}

/// Decodes groups of eight characters as long as nothing else is among them; number of characters that were taken.
fn whole_groups(text: &[u8], bytes: &mut Vec<u8>) -> usize {
    let (groups, _) = text.as_chunks::<8>();
    let start = bytes.len();
    bytes.resize(start + groups.len() * 6, 0);
    let (places, _) = bytes[start..].as_chunks_mut::<6>();
    let mut decoded = 0;
    for (group, place) in groups.iter().zip(places) {
        let Some(six) = decode_eight(group) else {
            break;
        };
        *place = six;
        decoded += 1;
    }
    bytes.truncate(start + decoded * 6);
    decoded * 8
}

/// Decodes eight characters; none where another one is among them.
#[inline(always)]
fn decode_eight(group: &[u8; 8]) -> Option<[u8; 6]> {
    let [a, b, c, d, e, f, g, h] = group.map(usize::from);
    let first = PLACED[0][a] | PLACED[1][b] | PLACED[2][c] | PLACED[3][d];
    let second = PLACED[0][e] | PLACED[1][f] | PLACED[2][g] | PLACED[3][h];
    let [six @ .., _, _] = (u64::from(first) | u64::from(second) << 24).to_le_bytes();
    ((first | second) & OUTSIDE == 0).then_some(six)
}

/// Decodes up to four characters, with whatever is between them; none at the end of the text.
fn slow_quad(text: &[u8], decoded: &mut Base64Bytes) -> Option<usize> {
    let (mut bits, mut count) = (0u32, 0);
    for (at, character) in text.iter().enumerate() {
        match six_bits(*character) {
            FOREIGN if character.is_ascii_whitespace() => {}
            FOREIGN if *character == b'=' => {
                finish(bits, count, decoded);
                decoded.broken_end |= text[at..]
                    .iter()
                    .any(|c| !(c.is_ascii_whitespace() || *c == b'='));
                return None;
            }
            FOREIGN => decoded.foreign += 1,
            value => {
                (bits, count) = (bits << 6 | u32::from(value), count + 1);
                if count == 4 {
                    decoded.bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
                    return Some(at + 1);
                }
            }
        }
    }
    finish(bits, count, decoded);
    None
}

/// Takes the bytes of the last one to three characters.
fn finish(bits: u32, count: u32, decoded: &mut Base64Bytes) {
    let bytes = (bits << (6 * (4 - count))).to_be_bytes();
    match count {
        0 => {}
        1 => decoded.broken_end = true,
        _ => decoded.bytes.extend_from_slice(&bytes[1..count as usize]),
    }
}

/// Encodes `bytes` in lines of `width` characters, a multiple of 4, each with its end.
pub(super) fn encode(bytes: &[u8], width: usize, out: &mut String) {
    for line in bytes.chunks(width / 4 * 3) {
        for three in line.chunks(3) {
            let bits = three
                .iter()
                .chain([&0; 2])
                .take(3)
                .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
            for place in 0..4 {
                let value = bits >> (18 - 6 * place) & 0x3F;
                let padding = place > three.len();
                out.push(if padding {
                    '='
                } else {
                    char::from(ALPHABET[value as usize])
                });
            }
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sound(bytes: &[u8]) -> Base64Bytes {
        Base64Bytes {
            bytes: bytes.to_vec(),
            ..Base64Bytes::default()
        }
    }

    #[test]
    fn every_character_has_its_bits() {
        for character in 0..=u8::MAX {
            let value = ALPHABET.iter().position(|known| *known == character);
            assert_eq!(six_bits(character), value.map_or(FOREIGN, |value| value as u8));
        }
    }

    #[test]
    fn padding_lines_and_foreign_characters() {
        assert_eq!(decode("YWJj\n ZGU=\n"), sound(b"abcde"));
        assert_eq!(decode("YWJjZA=="), sound(b"abcd"));
        assert_eq!(decode("YWJjZA"), sound(b"abcd"));
        assert_eq!(decode(""), sound(b""));
        let foreign = decode("!!YW-Jj");
        assert_eq!((foreign.bytes.as_slice(), foreign.foreign), (&b"abc"[..], 3));
        assert!(decode("YWJjZ").broken_end);
        assert!(decode("YQ==YQ==").broken_end);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..600), quads in 1usize..40) {
            let mut text = String::new();
            encode(&bytes, quads * 4, &mut text);
            prop_assert!(text.lines().all(|line| line.len() <= quads * 4));
            prop_assert_eq!(decode(&text), sound(&bytes));
        }

        #[test]
        fn blocks_are_decoded_as_characters_one_by_one(
            mut bytes in prop::collection::vec(any::<u8>(), 0..900),
            width in prop::sample::select(vec![32usize, 36, 60, 64, 72, 76, 128, 4000]),
            damage in prop::collection::vec((0usize..1200, any::<u8>()), 0..3),
            end in prop::sample::select(vec!["\n", "\r\n"]),
        ) {
            let mut text = String::new();
            bytes.push(0);
            encode(&bytes, width, &mut text);
            let mut text = text.replace('\n', end).into_bytes();
            for (at, character) in damage {
                let at = at % text.len();
                text[at] = character % 128;
            }
            let text = String::from_utf8(text).unwrap();
            let mut one_by_one = Base64Bytes::default();
            let mut at = 0;
            while let Some(taken) = slow_quad(&text.as_bytes()[at..], &mut one_by_one) {
                at += taken;
            }
            let mut bytes = vec![0; text.len() + BLOCK];
            let layout = LineLayout::of(text.as_bytes());
            let (taken, filled) = decode_lines(text.as_bytes(), layout, &mut bytes, decode_block);
            prop_assert_eq!(&bytes[..filled], &one_by_one.bytes[..filled]);
            let mut all_at_once = vec![0; text.len() + BLOCK];
            let found = decode_lines_at_once(text.as_bytes(), layout, &mut all_at_once);
            prop_assert_eq!(found.unwrap_or((taken, filled)), (taken, filled));
            prop_assert_eq!(decode(&text), one_by_one);
        }

        #[test]
        fn no_text_decodes_to_more_than_it_has_room_for(text in "\\PC{0,80}") {
            prop_assert!(decode(&text).bytes.len() <= text.len() / 4 * 3 + 2);
        }
    }
}
