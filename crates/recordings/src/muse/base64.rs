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

/// Six bits of every character.
static SIX_BITS: [u8; 256] = {
    let mut table = [FOREIGN; 256];
    let mut value = 0;
    while value < 64 {
        table[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// Decodes `text`. At most three bytes are returned for four of its characters.
pub(super) fn decode(text: &str) -> Base64Bytes {
    let text = text.as_bytes();
    let mut decoded = Base64Bytes {
        bytes: Vec::with_capacity(text.len() / 4 * 3 + 3),
        ..Base64Bytes::default()
    };
    let mut at = 0;
    loop {
        at += whole_groups(line(&text[at..]), &mut decoded.bytes);
        // The end of a line, a character that is foreign, or the end of all.
        let Some(taken) = slow_quad(&text[at..], &mut decoded) else {
            return decoded;
        };
        at += taken;
    }
}

/// Text up to the end of its first line.
fn line(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())]
}

/// Decodes groups of eight characters as long as nothing else is among them; number of characters that were taken.
fn whole_groups(text: &[u8], bytes: &mut Vec<u8>) -> usize {
    let (groups, _) = text.as_chunks::<8>();
    let start = bytes.len();
    bytes.resize(start + groups.len() * 6, 0);
    let (places, _) = bytes[start..].as_chunks_mut::<6>();
    let mut decoded = 0;
    for (group, place) in groups.iter().zip(places) {
        let [a, b, c, d, e, f, g, h] = group.map(|character| u64::from(SIX_BITS[usize::from(character)]));
        if (a | b | c | d | e | f | g | h) & 0xC0 != 0 {
            break;
        }
        let bits = a << 42 | b << 36 | c << 30 | d << 24 | e << 18 | f << 12 | g << 6 | h;
        place.copy_from_slice(&bits.to_be_bytes()[2..]);
        decoded += 1;
    }
    bytes.truncate(start + decoded * 6);
    decoded * 8
}

/// Decodes up to four characters, with whatever is between them; none at the end of the text.
fn slow_quad(text: &[u8], decoded: &mut Base64Bytes) -> Option<usize> {
    let (mut bits, mut count) = (0u32, 0);
    for (at, character) in text.iter().enumerate() {
        match SIX_BITS[usize::from(*character)] {
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
        fn what_is_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..300), quads in 1usize..20) {
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
