//! Text of XML into tags and texts.

use memchr::{memchr, memchr2, memmem};

const DOCTYPE: &str = "<!DOCTYPE";
const CDATA: &str = "<![CDATA[";

/// Contradiction in XML.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct XmlError {
    /// Line, from 1 on.
    pub(crate) line: usize,
    /// Contradiction found there.
    pub(crate) what: String,
}

/// Piece of XML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Opening tag.
    Start(StartTag<'a>),
    /// Closing tag.
    End(&'a str),
    /// Text whose references are not yet resolved.
    Text(&'a str),
    /// Text without references.
    Verbatim(&'a str),
}

/// Opening tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartTag<'a> {
    pub(super) name: &'a str,
    /// Text between the name and the end of the tag.
    pub(super) attributes: &'a str,
    /// True for `<name/>`, which closes itself.
    pub(super) empty: bool,
}

/// Reads XML piece by piece. A `<` that begins no tag is text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Tag at `at` and its length, where the end of a text was found by it.
    seen: Option<(Token<'a>, usize)>,
    /// Number of `<` that were read as text.
    pub(super) repaired: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            seen: None,
            repaired: 0,
        }
    }

    /// Contradiction at the place that was reached.
    pub(super) fn error(&self, what: impl Into<String>) -> XmlError {
        let read = self.text.as_bytes().get(..self.at).unwrap_or_default();
        XmlError {
            line: 1 + memchr::memchr_iter(b'\n', read).count(),
            what: what.into(),
        }
    }

    /// Next piece; none at the end. Comments, processing instructions, the document type and blanks before a tag are passed over.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, XmlError> {
        loop {
            let rest = &self.text[self.at..];
            let blanks = rest.bytes().take_while(u8::is_ascii_whitespace).count();
            let token = if rest.is_empty() {
                return Ok(None);
            } else if let Some((token, length)) = self.seen.take().or_else(|| tag(&rest[blanks..])) {
                self.at += blanks + length;
                token
            } else if !rest.starts_with('<') {
                Token::Text(self.text_piece(rest))
            } else if let Some(length) = self.skipped_len(rest)? {
                self.at += length;
                continue;
            } else if rest.starts_with(CDATA) {
                Token::Verbatim(self.until("]]>", CDATA.len())?)
            } else {
                Token::Text(self.text_piece(rest))
            };
            return Ok(Some(token));
        }
    }

    /// Text without references and the closing tag `</name>` after it, both passed; none, and nothing passed, where something else comes
    /// first. Most elements are like that, and are read in one step.
    pub(super) fn plain_content(&mut self, name: &str) -> Option<&'a str> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = memchr2(b'<', b'&', rest)?;
        let after = rest[length..]
            .strip_prefix(b"</")?
            .strip_prefix(name.as_bytes())?;
        if after.first() != Some(&b'>') {
            return None;
        }
        let text = &self.text[self.at..self.at + length];
        self.at += length + name.len() + 3;
        Some(text)
    }

    /// Text up to the closing tag `</name>`, which is not passed: whatever looks like a tag in it belongs to the text.
    pub(super) fn free_text(&mut self, name: &str) -> Result<Token<'a>, XmlError> {
        let rest = &self.text[self.at..];
        if rest.starts_with(CDATA) {
            return Ok(Token::Verbatim(self.until("]]>", CDATA.len())?));
        }
        let text = memmem::find(rest.as_bytes(), b"</").map(|end| &rest[..end]);
        let closed = text.filter(|text| rest[text.len() + 2..].starts_with(name));
        let text = closed.ok_or_else(|| self.error(format!("<{name}> is not closed")))?;
        self.at += text.len();
        self.repaired += memchr::memchr_iter(b'<', text.as_bytes()).count();
        Ok(Token::Text(text))
    }

    /// Length of a comment, a processing instruction or the document type at the beginning of `rest`.
    fn skipped_len(&self, rest: &str) -> Result<Option<usize>, XmlError> {
        let end = if rest.starts_with("<!--") {
            memmem::find(&rest.as_bytes()[4..], b"-->").map(|at| at + 7)
        } else if rest.starts_with("<?") {
            memmem::find(rest.as_bytes(), b"?>").map(|at| at + 2)
        } else if rest.starts_with(DOCTYPE) {
            doctype_len(rest)
        } else {
            return Ok(None);
        };
        let length = end.ok_or_else(|| self.error(format!("`{}` has no end", &rest[..2])))?;
        Ok(Some(length))
    }

    /// Text from `skip` bytes ahead up to `end`, which is passed.
    fn until(&mut self, end: &str, skip: usize) -> Result<&'a str, XmlError> {
        let rest = &self.text[self.at + skip..];
        let length = memmem::find(rest.as_bytes(), end.as_bytes());
        let length = length.ok_or_else(|| self.error(format!("there is no `{end}`")))?;
        self.at += skip + length + end.len();
        Ok(&rest[..length])
    }

    /// Text at the beginning of `rest`, up to the next piece that is not text.
    fn text_piece(&mut self, rest: &'a str) -> &'a str {
        let mut from = 0;
        let length = loop {
            let Some(more) = memchr(b'<', &rest.as_bytes()[from..]) else {
                break rest.len();
            };
            let sign = from + more;
            self.seen = tag(&rest[sign..]);
            if self.seen.is_some() || begins_other_markup(&rest[sign..]) {
                break sign;
            }
            from = sign + 1;
            self.repaired += 1;
        };
        self.at += length;
        &rest[..length]
    }
}

/// Returns true for markup other than a tag.
fn begins_other_markup(rest: &str) -> bool {
    let marks = ["<!--", CDATA, "<?", DOCTYPE];
    marks.iter().any(|mark| rest.starts_with(mark))
}

/// Length of a document type, with declarations in brackets; nothing in it is looked at.
fn doctype_len(rest: &str) -> Option<usize> {
    let head = rest.find(['[', '>'])?;
    if rest.as_bytes()[head] == b'>' {
        return Some(head + 1);
    }
    let declarations = head + rest[head..].find(']')?;
    Some(declarations + rest[declarations..].find('>')? + 1)
}

/// Tag at the beginning of `rest`, and its length.
fn tag(rest: &str) -> Option<(Token<'_>, usize)> {
    let inside = rest.strip_prefix('<')?;
    if let Some(closing) = inside.strip_prefix('/') {
        let name = &closing[..name_len(closing)?];
        let mut after = closing.as_bytes()[name.len()..].iter();
        let blanks = after.position(|byte| !byte.is_ascii_whitespace())?;
        let end = name.len() + blanks;
        return (closing.as_bytes()[end] == b'>').then_some((Token::End(name), end + 3));
    }
    let name = &inside[..name_len(inside)?];
    let (length, empty) = attributes_len(&inside[name.len()..])?;
    let attributes = &inside[name.len()..name.len() + length];
    let start = StartTag {
        name,
        attributes,
        empty,
    };
    Some((Token::Start(start), name.len() + length + 2 + usize::from(empty)))
}

const fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || !byte.is_ascii()
}

/// For every byte, whether it may stand in a name.
static IN_NAME: [bool; 256] = {
    let (mut allowed, mut byte) = ([false; 256], 0);
    while byte < 256 {
        let b = byte as u8;
        allowed[byte] = starts_name(b) || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        byte += 1;
    }
    allowed
};

/// Length of the name at the beginning of `text`.
fn name_len(text: &str) -> Option<usize> {
    text.bytes().next().filter(|byte| starts_name(*byte))?;
    let end = text.bytes().position(|byte| !IN_NAME[usize::from(byte)]);
    Some(end.unwrap_or(text.len()))
}

/// Length of well-formed attributes before the end of an opening tag; true where the tag closes itself.
fn attributes_len(text: &str) -> Option<(usize, bool)> {
    if text.starts_with('>') {
        return Some((0, false));
    }
    let mut at = 0;
    loop {
        let blanks = text[at..].find(|c: char| !c.is_ascii_whitespace())?;
        at += blanks;
        match text.as_bytes()[at] {
            b'>' => return Some((at, false)),
            b'/' => return (text.as_bytes().get(at + 1) == Some(&b'>')).then_some((at, true)),
            _ if blanks == 0 => return None,
            _ => at += attribute(&text[at..])?.2,
        }
    }
}

/// Name, value and length of the attribute at the beginning of `text`.
fn attribute(text: &str) -> Option<(&str, &str, usize)> {
    let name = &text[..name_len(text)?];
    let value = text[name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = value[1..].split_once(quote)?;
    Some((name, value, text.len() - rest.len()))
}

/// Encoding that the declaration at the beginning of an XML file states. The declaration is ASCII in every encoding of
/// single bytes.
pub(crate) fn declared_encoding(bytes: &[u8]) -> Option<&str> {
    let start = &bytes[..bytes.len().min(200)];
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let end = memmem::find(start, b"?>")?;
    let declaration = std::str::from_utf8(&start[..end]).ok()?.strip_prefix("<?xml")?;
    let at = declaration.find("encoding")?;
    attribute(&declaration[at..]).map(|(_, value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut scanner = Scanner::new(text);
        std::iter::from_fn(|| scanner.next().unwrap()).collect()
    }

    #[test]
    fn tags_texts_and_what_is_passed_over() {
        let text = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b \"c\">]><a x = '>' y=\"<\">1<!-- <b> --><b/>\
                    <![CDATA[<&]]></a >";
        let start = |name, attributes, empty| {
            Token::Start(StartTag {
                name,
                attributes,
                empty,
            })
        };
        let wanted = [
            start("a", " x = '>' y=\"<\"", false),
            Token::Text("1"),
            start("b", "", true),
            Token::Verbatim("<&"),
            Token::End("a"),
        ];
        assert_eq!(tokens(text), wanted);
    }

    #[test]
    fn a_less_than_sign_that_begins_no_tag_is_text() {
        let mut scanner = Scanner::new("QRS < 120 <5 <PR or <");
        assert_eq!(scanner.next(), Ok(Some(Token::Text("QRS < 120 <5 <PR or <"))));
        assert_eq!((scanner.next(), scanner.repaired), (Ok(None), 4));
    }

    #[test]
    fn only_content_that_is_text_without_references_is_taken_with_its_closing_tag() {
        let content = |text: &'static str| {
            let mut scanner = Scanner::new(text);
            let content = scanner.plain_content("a");
            (content, &text[scanner.at..])
        };
        assert_eq!(content("1 \u{e9}</a>2"), (Some("1 \u{e9}"), "2"));
        assert_eq!(content("</a></a>"), (Some(""), "</a>"));
        for text in [
            "1",
            "1<",
            "1</",
            "1</a",
            "1</a ></a>",
            "1</ab></a>",
            "1<b/></a>",
            "&amp;</a>",
            "<</a>",
        ] {
            assert_eq!(content(text), (None, text));
        }
    }

    #[test]
    fn the_declared_encoding_is_found() {
        let declared = |text: &'static str| declared_encoding(text.as_bytes());
        assert_eq!(
            declared("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>"),
            Some("ISO-8859-1")
        );
        assert_eq!(declared("\u{feff}<?xml encoding = 'utf-8' ?>"), Some("utf-8"));
        assert_eq!(declared("<?xml version=\"1.0\"?>"), None);
        assert_eq!(declared("<a encoding='x'?>"), None);
    }
}
