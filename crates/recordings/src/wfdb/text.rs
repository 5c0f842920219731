//! Lines of a header: UTF-8 or Latin-1, ended by LF, CR LF or CR, comments apart from the rest.

/// Byte order mark of UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Line of a header that is neither empty nor a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeaderLine {
    /// Number of the line in the file, from 1 on.
    pub(super) number: usize,
    /// Text without spaces around it.
    pub(super) text: String,
}

/// Lines and comments of a header, each in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HeaderText {
    /// Record line, then lines of signals or segments.
    pub(super) lines: Vec<HeaderLine>,
    /// Comments, wherever they are, without `#` and without spaces around them.
    pub(super) comments: Vec<String>,
}

/// Splits the content of a header.
pub(super) fn split_header(bytes: &[u8]) -> HeaderText {
    let mut split = HeaderText::default();
    let bytes = bytes.strip_prefix(&BYTE_ORDER_MARK).unwrap_or(bytes);
    for (index, line) in lines(bytes).enumerate() {
        let text = decode(line);
        let text = text.trim();
        if let Some(comment) = text.strip_prefix('#') {
            split.comments.push(comment.trim().to_owned());
        } else if !text.is_empty() {
            split.lines.push(HeaderLine {
                number: index + 1,
                text: text.to_owned(),
            });
        }
    }
    split
}

/// Lines, as an editor counts them.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            rest = None;
            return Some(bytes);
        };
        let pair = bytes[end..].starts_with(b"\r\n");
        rest = Some(&bytes[end + 1 + usize::from(pair)..]);
        Some(&bytes[..end])
    })
}

/// Text of a line in UTF-8, or else in Latin-1, of which every byte is a character.
fn decode(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_line_and_both_encodings_give_the_same_lines() {
        let utf8 = "\u{feff}# Ménière\nr 1\n\n #Dx: a, b\nlast".as_bytes().to_vec();
        let expected = split_header(&utf8);
        assert_eq!(expected.comments, ["Ménière", "Dx: a, b"]);
        assert_eq!(
            expected.lines,
            [(2, "r 1"), (5, "last")].map(|(number, text)| HeaderLine {
                number,
                text: text.to_owned()
            })
        );
        let text = String::from_utf8(utf8.clone()).unwrap();
        for end in ["\r\n", "\r"] {
            assert_eq!(
                split_header(text.replace('\n', end).as_bytes()),
                expected,
                "{end:?}"
            );
        }
        assert_eq!(split_header(format!("{text}\n").as_bytes()), expected);
        let latin1: Vec<u8> = text.chars().skip(1).map(|c| c as u8).collect();
        assert_eq!(split_header(&latin1), expected);
    }
}
