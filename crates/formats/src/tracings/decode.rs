//! Decoding of a block's bytes to its values.

use super::lzf;
use super::placement::Compression;
use libdeflater::Decompressor;
use std::cell::RefCell;

/// Filters that a block's bytes went through. Other filters, and other orders, are left to the HDF5 library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockFilters {
    pub(super) shuffled: bool,
    pub(super) compression: Compression,
}

/// Buffers that a thread keeps from one block to the next.
pub(super) struct DecodeBuffers {
    /// Bytes of the block as stored.
    pub(super) stored: Vec<u8>,
    /// Values of the block, where it is not decoded straight into the caller's buffer.
    pub(super) values: Vec<f32>,
    inflated: Vec<u8>,
    inflater: Decompressor,
}

thread_local! {
    static BUFFERS: RefCell<DecodeBuffers> = RefCell::new(DecodeBuffers {
        stored: Vec::new(),
        values: Vec::new(),
        inflated: Vec::new(),
        inflater: Decompressor::new(),
    });
}

/// Calls `work` with this thread's buffers.
pub(super) fn with_buffers<T>(work: impl FnOnce(&mut DecodeBuffers) -> T) -> T {
    BUFFERS.with_borrow_mut(work)
}

impl DecodeBuffers {
    /// Decodes `self.stored` into `out`, which is as long as a block.
    pub(super) fn decode(&mut self, encoding: BlockFilters, out: &mut [f32]) -> Result<(), String> {
        if !encoding.shuffled {
            return decompress_block(
                encoding.compression,
                &mut self.inflater,
                &self.stored,
                bytemuck::cast_slice_mut(out),
            );
        }
        let size = size_of_val(out);
        if encoding.compression == Compression::None && self.stored.len() == size {
            unshuffle(&self.stored, out);
            return Ok(());
        }
        self.inflated.resize(size, 0);
        decompress_block(
            encoding.compression,
            &mut self.inflater,
            &self.stored,
            &mut self.inflated,
        )?;
        unshuffle(&self.inflated, out);
        Ok(())
    }
}

/// Fills `out` with the decompressed bytes of `stored`.
fn decompress_block(
    compression: Compression,
    inflater: &mut Decompressor,
    stored: &[u8],
    out: &mut [u8],
) -> Result<(), String> {
    match compression {
        Compression::Deflate => inflate_block(inflater, stored, out),
        Compression::Lzf => lzf::decompress(stored, out),
        Compression::None if stored.len() == out.len() => {
            out.copy_from_slice(stored);
            Ok(())
        }
        Compression::None => Err(format!(
            "a block of {} bytes instead of {}",
            stored.len(),
            out.len()
        )),
    }
}

fn inflate_block(inflater: &mut Decompressor, stored: &[u8], out: &mut [u8]) -> Result<(), String> {
    match inflater.zlib_decompress(stored, out) {
        Ok(length) if length == out.len() => Ok(()),
        Ok(length) => Err(format!(
            "a block that inflates to {length} bytes instead of {}",
            out.len()
        )),
        Err(error) => Err(format!("a block that cannot be inflated ({error})")),
    }
}

#[cfg(feature = "hdf5")]
/// Fills `out` with the bytes of 8-byte numbers that h5py compressed by LZF; `skipped_filters` is a [`super::StoredBlock`]'s.
pub(crate) fn decode_numbers(
    stored: &[u8],
    shuffled: bool,
    skipped_filters: u32,
    out: &mut [u8],
) -> Result<(), String> {
    const BYTES: usize = size_of::<u64>();
    let compression = match skipped_filters & (1 << u32::from(shuffled)) {
        0 => Compression::Lzf,
        _ => Compression::None,
    };
    let mut inflater = Decompressor::new();
    decompress_block(compression, &mut inflater, stored, out)?;
    if shuffled && skipped_filters & 1 == 0 {
        let (rows, count) = (out.to_vec(), out.len() / BYTES);
        for (number, bytes) in out.as_chunks_mut::<BYTES>().0.iter_mut().enumerate() {
            *bytes = std::array::from_fn(|k| rows[k * count + number]);
        }
    }
    Ok(())
}

/// Undoes shuffling: byte `k` of value `i` is `bytes[k * out.len() + i]`.
fn unshuffle(bytes: &[u8], out: &mut [f32]) {
    let n = out.len();
    let (b0, rest) = bytes.split_at(n);
    let (b1, rest) = rest.split_at(n);
    let (b2, b3) = rest.split_at(n);
    for ((((value, &b0), &b1), &b2), &b3) in out.iter_mut().zip(b0).zip(b1).zip(b2).zip(b3) {
        *value = f32::from_le_bytes([b0, b1, b2, b3]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compression() -> impl Strategy<Value = Compression> {
        prop::sample::select(vec![Compression::None, Compression::Deflate, Compression::Lzf])
    }

    fn encode(values: &[f32], encoding: BlockFilters) -> Vec<u8> {
        let mut bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        if encoding.shuffled {
            bytes = (0..4)
                .flat_map(|k| values.iter().map(move |v| v.to_le_bytes()[k]))
                .collect();
        }
        if encoding.compression == Compression::Lzf {
            // All of it as literals, which is LZF too.
            return bytes
                .chunks(32)
                .flat_map(|run| std::iter::once(run.len() as u8 - 1).chain(run.iter().copied()))
                .collect();
        }
        if encoding.compression == Compression::Deflate {
            let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
            let mut out = vec![0; compressor.zlib_compress_bound(bytes.len())];
            let length = compressor.zlib_compress(&bytes, &mut out).unwrap();
            out.truncate(length);
            return out;
        }
        bytes
    }

    proptest! {
        #[test]
        fn a_block_comes_back_bit_for_bit(
            bits in prop::collection::vec(any::<u32>(), 1..300), shuffled: bool, compression in compression(),
        ) {
            let values: Vec<f32> = bits.iter().map(|&b| f32::from_bits(b)).collect();
            let encoding = BlockFilters { shuffled, compression };
            let mut out = vec![0.0; values.len()];
            with_buffers(|buffers| {
                buffers.stored = encode(&values, encoding);
                buffers.decode(encoding, &mut out)
            }).unwrap();
            prop_assert_eq!(out.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), bits);
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(
            stored in prop::collection::vec(any::<u8>(), 0..100), shuffled: bool, compression in compression(), n in 0usize..40,
        ) {
            with_buffers(|buffers| {
                buffers.stored = stored;
                let _ = buffers.decode(BlockFilters { shuffled, compression }, &mut vec![0.0; n]);
            });
        }
    }
}
