//! Bytes of a text file as text, by the encoding that it states.

use crate::ascii::ascii_text;
use std::borrow::Cow;

/// Text of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodedText<'a> {
    /// Text, without a byte order mark.
    pub(crate) text: Cow<'a, str>,
    /// Doubt about the encoding.
    pub(crate) doubt: Option<String>,
}

impl<'a> DecodedText<'a> {
    /// Text that nothing was done to.
    fn sound(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            doubt: None,
        }
    }
}

/// Encodings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextEncoding {
    Utf8,
    /// ISO-8859-1, and Windows-1252 where that has letters and the former control characters.
    Latin1,
    Utf16 {
        big_endian: bool,
    },
}

/// Decodes `bytes`, whose encoding is that of a byte order mark; else, where there are zero bytes in the way of UTF-16, that;
/// else the one `declared`; else UTF-8. Bytes that are not UTF-8, where they should be, are read as Windows-1252, with a
/// doubt.
///
/// # Errors
/// The name of an encoding that is not read, where the bytes are not plain ASCII; a description of damaged UTF-16.
pub(crate) fn decode<'a>(bytes: &'a [u8], declared: Option<&str>) -> Result<DecodedText<'a>, String> {
    let (encoding, bytes) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (TextEncoding::Utf8, rest),
        [0xFF, 0xFE, rest @ ..] => (TextEncoding::Utf16 { big_endian: false }, rest),
        [0xFE, 0xFF, rest @ ..] => (TextEncoding::Utf16 { big_endian: true }, rest),
        [1..=255, 0, 1..=255, 0, ..] => (TextEncoding::Utf16 { big_endian: false }, bytes),
        [0, 1..=255, 0, 1..=255, ..] => (TextEncoding::Utf16 { big_endian: true }, bytes),
        // ASCII is the same in all other encodings.
        _ => match ascii_text(bytes) {
            Some(text) => return Ok(DecodedText::sound(text)),
            None => (named_encoding(declared)?, bytes),
        },
    };
    match encoding {
        TextEncoding::Utf8 => Ok(decode_utf8(bytes)),
        TextEncoding::Latin1 => Ok(DecodedText {
            text: Cow::Owned(bytes.iter().copied().map(windows_1252).collect()),
            doubt: None,
        }),
        TextEncoding::Utf16 { big_endian } => decode_utf16(bytes, big_endian),
    }
}

fn named_encoding(declared: Option<&str>) -> Result<TextEncoding, String> {
    // Some programs write UTF-16 into the declaration of a file of single bytes.
    const UTF8: [&str; 6] = ["utf-8", "utf8", "us-ascii", "ascii", "utf-16", "unicode"];
    const LATIN1: [&str; 5] = ["iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252"];
    let Some(declared) = declared else {
        return Ok(TextEncoding::Utf8);
    };
    let is = |name: &&str| declared.eq_ignore_ascii_case(name);
    if UTF8.iter().any(is) {
        Ok(TextEncoding::Utf8)
    } else if LATIN1.iter().any(is) {
        Ok(TextEncoding::Latin1)
    } else {
        let shown: String = declared.chars().take(40).collect();
        Err(format!("the text is in the encoding {shown:?}"))
    }
}

fn decode_utf8(bytes: &[u8]) -> DecodedText<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => DecodedText::sound(text),
        Err(error) => {
            let at = error.valid_up_to();
            DecodedText {
                text: Cow::Owned(bytes.iter().copied().map(windows_1252).collect()),
                doubt: Some(format!(
                    "byte {at} is not UTF-8, which the file is said to be; its text is read as Windows-1252"
                )),
            }
        }
    }
}

fn decode_utf16(bytes: &[u8], big_endian: bool) -> Result<DecodedText<'static>, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("the text is UTF-16, cut short inside a character".to_owned());
    }
    let units = pairs.iter().map(|pair| {
        if big_endian {
            u16::from_be_bytes(*pair)
        } else {
            u16::from_le_bytes(*pair)
        }
    });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|_| "the text is UTF-16, but damaged".to_owned())?;
    Ok(DecodedText {
        text: Cow::Owned(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        doubt: None,
    })
}

/// Character of a byte in Windows-1252; the five bytes that have none there are control characters, as in ISO-8859-1.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8], declared: Option<&str>) -> (String, bool) {
        let decoded = decode(bytes, declared).unwrap();
        (decoded.text.into_owned(), decoded.doubt.is_some())
    }

    #[test]
    fn a_byte_order_mark_outweighs_what_is_declared() {
        let utf16 = |convert: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}<ü😀>".encode_utf16().flat_map(convert).collect()
        };
        for bytes in [utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
            assert_eq!(text_of(&bytes, Some("ISO-8859-1")), ("<ü😀>".to_owned(), false));
        }
        let marked = [b"\xEF\xBB\xBF", "ü".as_bytes()].concat();
        assert_eq!(text_of(&marked, Some("ISO-8859-1")), ("ü".to_owned(), false));
        let bare: Vec<u8> = "<?xml ü".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text_of(&bare, None), ("<?xml ü".to_owned(), false));
    }

    #[test]
    fn single_bytes_are_read_as_declared_and_what_is_not_utf_8_is_doubted() {
        assert_eq!(
            text_of(b"Bj\xF8rn \x80", Some("ISO-8859-1")),
            ("Bjørn €".to_owned(), false)
        );
        assert_eq!(
            text_of("Bjørn".as_bytes(), Some("UTF-8")),
            ("Bjørn".to_owned(), false)
        );
        assert_eq!(text_of(b"Bj\xF8rn", Some("UTF-8")), ("Bjørn".to_owned(), true));
        assert_eq!(text_of(b"Bj\xF8rn", None), ("Bjørn".to_owned(), true));
        assert_eq!(text_of(b"Bjorn", Some("Shift_JIS")), ("Bjorn".to_owned(), false));
        assert!(
            decode(b"Bj\xF8rn", Some("Shift_JIS"))
                .unwrap_err()
                .contains("Shift_JIS")
        );
        assert!(decode(b"\xFF\xFEa", None).is_err());
    }
}
