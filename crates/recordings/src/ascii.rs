//! Bytes of ASCII as text, looked at once.
//!
//! Sound: ASCII is UTF-8, and every byte was found to be ASCII before it is taken for text.
#![allow(unsafe_code)]

/// Text of `bytes`; none where a byte is not ASCII.
pub(crate) fn ascii_text(bytes: &[u8]) -> Option<&str> {
    // SAFETY: every byte is ASCII.
    bytes
        .is_ascii()
        .then(|| unsafe { std::str::from_utf8_unchecked(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_outside_ascii_anywhere_makes_it_no_text() {
        let mut bytes: Vec<u8> = (0..300).map(|i| (i % 128) as u8).collect();
        assert_eq!(ascii_text(&bytes), std::str::from_utf8(&bytes).ok());
        for at in 0..bytes.len() {
            let was = std::mem::replace(&mut bytes[at], 0x80 | at as u8);
            assert_eq!(ascii_text(&bytes), None, "{at}");
            bytes[at] = was;
        }
        assert_eq!(ascii_text(b""), Some(""));
    }
}
