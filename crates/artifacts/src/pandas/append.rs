//! Appending of short texts, of which tables hold tens of millions.

/// Appends bytes, most often 8 to 32 of them. Two overlapping copies of a size that the compiler knows are quicker than
/// one of a size that it does not.
#[inline]
pub(super) fn append_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let end = out.len() + bytes.len();
    match bytes.len() {
        8..=16 => append_overlapping::<8>(out, bytes, end),
        17..=32 => append_overlapping::<16>(out, bytes, end),
        _ => out.extend_from_slice(bytes),
    }
}

#[inline]
fn append_overlapping<const N: usize>(out: &mut Vec<u8>, bytes: &[u8], end: usize) {
    if let (Some(head), Some(tail)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) {
        out.extend_from_slice(head);
        out.truncate(end - N);
        out.extend_from_slice(tail);
    }
}
