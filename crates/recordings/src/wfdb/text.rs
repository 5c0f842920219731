//! Lines of a header, ended by LF, CR LF or CR, comments apart from the rest.

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

/// Splits the content of a header: UTF-8, UTF-16 or else Windows-1252. No header declares which.
///
/// # Errors
/// In words, why the content is no text.
pub(super) fn split_header(bytes: &[u8]) -> Result<HeaderText, String> {
    let decoded = crate::text::decode(bytes, None)?;
    if decoded.text.contains('\0') {
        return Err("zero bytes: this is no text".to_owned());
    }
    let mut split = HeaderText::default();
    for (index, line) in lines(&decoded.text).enumerate() {
        let text = line.trim();
        if let Some(comment) = text.strip_prefix('#') {
            split.comments.push(comment.trim().to_owned());
        } else if !text.is_empty() {
            split.lines.push(HeaderLine {
                number: index + 1,
                text: text.to_owned(),
            });
        }
    }
    Ok(split)
}

/// Lines, as an editor counts them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let pair = text[end..].starts_with("\r\n");
        rest = Some(&text[end + 1 + usize::from(pair)..]);
        Some(&text[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_line_and_encoding_gives_the_same_lines() {
        let text = "\u{feff}# Ménière\nr 1\n\n #Dx: a, b\nlast";
        let expected = split_header(text.as_bytes()).unwrap();
        assert_eq!(expected.comments, ["Ménière", "Dx: a, b"]);
        let line = |(number, text): (usize, &str)| HeaderLine {
            number,
            text: text.to_owned(),
        };
        assert_eq!(expected.lines, [(2, "r 1"), (5, "last")].map(line));
        for end in ["\r\n", "\r"] {
            let ended = text.replace('\n', end);
            assert_eq!(split_header(ended.as_bytes()), Ok(expected.clone()), "{end:?}");
        }
        assert_eq!(split_header(format!("{text}\n").as_bytes()), Ok(expected.clone()));
        let latin1: Vec<u8> = text.chars().skip(1).map(|c| c as u8).collect();
        assert_eq!(split_header(&latin1), Ok(expected.clone()));
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(split_header(&utf16), Ok(expected));
        assert!(split_header(b"r 1\0").is_err());
    }
}
