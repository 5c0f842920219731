//! Base64 as devices write it: in lines, and sometimes damaged.

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
    let text = without_line_ends(text.as_bytes());
    let mut decoded = Base64Bytes {
        bytes: Vec::with_capacity(text.len() / 4 * 3 + 3),
        ..Base64Bytes::default()
    };
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
        let [a, b, c, d, e, f, g, h] = group.map(usize::from);
        let first = PLACED[0][a] | PLACED[1][b] | PLACED[2][c] | PLACED[3][d];
        let second = PLACED[0][e] | PLACED[1][f] | PLACED[2][g] | PLACED[3][h];
        if (first | second) & OUTSIDE != 0 {
            break;
        }
        let [six @ .., _, _] = (u64::from(first) | u64::from(second) << 24).to_le_bytes();
        *place = six;
        decoded += 1;
    }
    bytes.truncate(start + decoded * 6);
    decoded * 8
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
        fn no_text_decodes_to_more_than_it_has_room_for(text in "\\PC{0,80}") {
            prop_assert!(decode(&text).bytes.len() <= text.len() / 4 * 3 + 2);
        }
    }
}
