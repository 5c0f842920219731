//! Decompression of LZF, as h5py's filter of that name writes it.
//!
//! A stream of literals and references. A byte below 32 is followed by that many literal bytes and one more. Any other
//! holds the length of a copy in its three high bits, where 7 says that a byte follows to be added, and the high bits of
//! how far back it begins in its five low ones, whose low bits are the next byte. Source: LibLZF's `lzf_d.c`, and
//! `lzf_filter.c` of h5py.

/// Bytes that a copy has beyond its stored length.
const COPY_AT_LEAST: usize = 2;
/// Stored length that means that another byte of length follows.
const LONG: usize = 7;

/// Fills `out` with the decompressed bytes of `stored`. Nothing is allocated.
///
/// # Errors
/// The bytes end too early, refer to a place before the start, or hold less or more than `out` takes; the text says which.
pub(super) fn decompress(stored: &[u8], out: &mut [u8]) -> Result<(), String> {
    let (mut rest, mut filled) = (stored, 0);
    while let Some((&control, after)) = rest.split_first() {
        rest = after;
        let control = usize::from(control);
        if control < 32 {
            let (literal, after) = rest.split_at_checked(control + 1).ok_or(CUT)?;
            let end = filled + literal.len();
            out.get_mut(filled..end).ok_or(TOO_MUCH)?.copy_from_slice(literal);
            (rest, filled) = (after, end);
            continue;
        }
        let mut length = control >> 5;
        if length == LONG {
            let (&more, after) = rest.split_first().ok_or(CUT)?;
            (rest, length) = (after, LONG + usize::from(more));
        }
        let (&low, after) = rest.split_first().ok_or(CUT)?;
        rest = after;
        let back = ((control & 0x1f) << 8 | usize::from(low)) + 1;
        filled = copy_back_reference(out, filled, back, length + COPY_AT_LEAST)?;
    }
    if filled == out.len() {
        return Ok(());
    }
    Err(format!(
        "a block that decompresses to {filled} bytes instead of {}",
        out.len()
    ))
}

const CUT: &str = "a block of LZF that is cut short";
const TOO_MUCH: &str = "a block of LZF that holds more than it should";

/// Copies `length` bytes that begin `back` before `filled`, which may overlap; returns the end of the copy.
fn copy_back_reference(out: &mut [u8], filled: usize, back: usize, length: usize) -> Result<usize, String> {
    let from = filled
        .checked_sub(back)
        .ok_or("a block of LZF that points before its start")?;
    let end = filled + length;
    if end > out.len() {
        return Err(TOO_MUCH.to_owned());
    }
    if back >= length {
        out.copy_within(from..from + length, filled);
    } else {
        // A copy that overlaps its own output repeats it, as LZF defines.
        (0..length).for_each(|i| out[filled + i] = out[from + i]);
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn literals_and_copies() {
        let mut out = [0; 12];
        // `abc`, then nine bytes from three back.
        decompress(&[2, b'a', b'b', b'c', 7 << 5, 0, 2], &mut out).unwrap();
        assert_eq!(&out, b"abcabcabcabc");
        let mut out = [0; 6];
        // `x`, then five of it.
        decompress(&[0, b'x', 3 << 5, 0], &mut out).unwrap();
        assert_eq!(&out, b"xxxxxx");
    }

    #[test]
    fn every_damage_is_named() {
        for (stored, size, words) in [
            (&[5, 1, 2][..], 6, "cut short"),
            (&[0, 1, 7 << 5], 6, "cut short"),
            (&[0, 1, 1 << 5], 6, "cut short"),
            (&[0, 1, 1 << 5, 1], 6, "points before its start"),
            (&[0, 1, 7 << 5, 255, 0], 6, "more than it should"),
            (&[3, 1, 2, 3, 4], 3, "more than it should"),
            (&[0, 1], 6, "1 bytes instead of 6"),
            (&[], 6, "0 bytes instead of 6"),
        ] {
            let message = decompress(stored, &mut vec![0; size]).unwrap_err();
            assert!(message.contains(words), "{stored:?}: {message}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(stored in prop::collection::vec(any::<u8>(), 0..200), size in 0usize..600) {
            let _ = decompress(&stored, &mut vec![0; size]);
        }
    }
}
