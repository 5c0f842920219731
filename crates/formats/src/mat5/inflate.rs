//! Inflating compressed elements, with a bound.

use super::element::Problem;
use libdeflater::{DecompressionError, Decompressor};

/// The most that one element is inflated to.
const MAX_INFLATED: usize = 1 << 30;
/// Deflate cannot do better than this ratio, so a larger claim is no reason to go on.
const MAX_RATIO: usize = 1040;

/// Inflates the zlib stream `packed`, which stands at byte `at` of the file.
pub(super) fn inflate(packed: &[u8], at: usize) -> Result<Vec<u8>, Problem> {
    let bound = packed.len().saturating_mul(MAX_RATIO).clamp(64, MAX_INFLATED);
    let mut room = packed.len().saturating_mul(4).clamp(64, bound);
    let mut decompressor = Decompressor::new();
    loop {
        // The length is not stored: try, and double the room until it fits.
        let mut out = vec![0; room];
        match decompressor.zlib_decompress(packed, &mut out) {
            Ok(length) => {
                out.truncate(length);
                return Ok(out);
            }
            Err(DecompressionError::InsufficientSpace) if room < bound => {
                room = room.saturating_mul(2).min(bound)
            }
            Err(DecompressionError::InsufficientSpace) => {
                return Err(Problem::new(
                    at,
                    format!("a compressed matrix of more than {bound} bytes"),
                ));
            }
            Err(DecompressionError::BadData) => {
                return Err(Problem::new(at, "a compressed matrix that cannot be inflated"));
            }
        }
    }
}
