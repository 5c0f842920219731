//! Inflating of compressed elements, to a limited size.

use super::element::MatDefect;
use libdeflater::{DecompressionError, Decompressor};

/// Bytes to which all elements of a file together may be inflated.
pub(super) const MAX_INFLATED: usize = 1 << 30;
/// Best ratio that deflate reaches. Elements that inflate to more are not valid.
const MAX_RATIO: usize = 1040;

/// Inflates the zlib stream `packed`, which is at byte `at` of the file, to `most` bytes at most.
pub(super) fn inflate(packed: &[u8], at: usize, most: usize) -> Result<Vec<u8>, MatDefect> {
    let bound = packed.len().saturating_mul(MAX_RATIO).max(64).min(most);
    let mut room = packed.len().saturating_mul(4).max(64).min(bound);
    let mut decompressor = Decompressor::new();
    loop {
        // The inflated length is not stored, so the buffer is doubled until the content fits.
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
                return Err(MatDefect::new(
                    at,
                    format!("compressed matrices of more than {bound} bytes"),
                ));
            }
            Err(DecompressionError::BadData) => {
                return Err(MatDefect::new(at, "a compressed matrix that cannot be inflated"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libdeflater::{CompressionLvl, Compressor};

    #[test]
    fn all_elements_share_the_room() {
        let mut compressor = Compressor::new(CompressionLvl::best());
        let mut packed = vec![0; 1 << 12];
        let length = compressor.zlib_compress(&vec![0; 1 << 20], &mut packed).unwrap();
        packed.truncate(length);
        assert_eq!(inflate(&packed, 0, 1 << 20).unwrap().len(), 1 << 20);
        for most in [0, 1, (1 << 20) - 1] {
            let problem = inflate(&packed, 9, most).unwrap_err();
            assert_eq!(
                (problem.at, problem.what),
                (9, format!("compressed matrices of more than {most} bytes"))
            );
        }
    }
}
