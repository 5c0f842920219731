//! Streams of PDF and PNG.

use libdeflater::{CompressionLvl, Compressor};

/// Bytes as a zlib stream.
pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut out = vec![0; compressor.zlib_compress_bound(bytes.len())];
    // Into a buffer of that size it does not fail.
    let len = compressor.zlib_compress(bytes, &mut out).unwrap_or_default();
    out.truncate(len);
    out
}
