//! References to characters in the text of XML.

use memchr::memchr;
use std::borrow::Cow;

/// Bytes of the longest reference that is looked for, `&#x10FFFF;`.
const LONGEST: usize = 10;

/// Text whose references to characters are resolved. An `&` that begins none stands for itself, and counts as a repair.
pub(super) fn resolve<'a>(raw: &'a str, repaired: &mut usize) -> Cow<'a, str> {
    let Some(first) = memchr(b'&', raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(raw.len());
    let (mut rest, mut next) = (raw, Some(first));
    while let Some(at) = next {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((character, length)) => {
                text.push(character);
                rest = &rest[length..];
            }
            None => {
                *repaired += 1;
                text.push('&');
                rest = &rest[1..];
            }
        }
        next = memchr(b'&', rest.as_bytes());
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Character that the reference at the beginning of `text` stands for, and the length of the reference.
fn reference(text: &str) -> Option<(char, usize)> {
    let bytes = &text.as_bytes()[..text.len().min(LONGEST)];
    let end = memchr(b';', bytes)?;
    let character = match &text[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => numbered(number.strip_prefix('#')?)?,
    };
    Some((character, end + 1))
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let code = u32::from_str_radix(digits, radix).ok()?;
    // Control characters are not allowed in XML, not even so.
    char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
}

/// Text with references in place of markup and of everything outside ASCII, so that it may stand in a file of any encoding.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            c if c.is_control() => escaped.push('\u{20}'),
            c if c.is_ascii() => escaped.push(c),
            c => escaped.push_str(&format!("&#{};", u32::from(c))),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_references_are_resolved_and_others_are_text() {
        let resolved = |raw| {
            let mut repaired = 0;
            (resolve(raw, &mut repaired).into_owned(), repaired)
        };
        assert_eq!(
            resolved("ST &lt; 1 &amp; T &gt; 2 &#233; &#xE9; &quot;q&quot;"),
            ("ST < 1 & T > 2 é é \"q\"".to_owned(), 0)
        );
        assert_eq!(
            resolved("P & Q, R&D; &bomb; &#0; &#xD800; &#1234567890; &"),
            ("P & Q, R&D; &bomb; &#0; &#xD800; &#1234567890; &".to_owned(), 7)
        );
        assert_eq!(resolved("&é;&éééé;"), ("&é;&éééé;".to_owned(), 2));
    }

    proptest! {
        #[test]
        fn escaped_text_comes_back(text in "[^\\p{Cc}]{0,40}") {
            let mut repaired = 0;
            prop_assert!(escape(&text).is_ascii());
            prop_assert_eq!(resolve(&escape(&text), &mut repaired).into_owned(), text);
            prop_assert_eq!(repaired, 0);
        }
    }
}
