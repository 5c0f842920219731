//! What the tests share: the reference data, its arrays, small configurations.

use crate::{Config, ConvLayer, Weights};
use std::io::Read;
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};

/// The reference data, or a note that it is not there.
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
pub(crate) fn reference() -> Option<PathBuf> {
    let shared = std::env::var_os("ECGFM_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let reference = shared.join("reference");
    if reference.exists() {
        return Some(reference);
    }
    eprintln!("SKIPPED: no reference data at {}", shared.display());
    None
}

/// A little-endian `.npy` array of float32 or float64, as float64.
pub(crate) fn npy(bytes: &[u8]) -> Tensor {
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + length]).unwrap();
    let (_, shape) = header.split_once("'shape': (").unwrap();
    let (shape, _) = shape.split_once(')').unwrap();
    let shape: Vec<i64> = shape
        .split(',')
        .filter_map(|size| size.trim().parse().ok())
        .collect();
    let data = &bytes[10 + length..];
    let values: Vec<f64> = if header.contains("<f4") {
        data.as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
            .collect()
    } else {
        assert!(header.contains("<f8"), "{header}");
        data.as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect()
    };
    let flat = Tensor::from_slice(&values);
    if header.contains("'fortran_order': True") {
        let axes: Vec<i64> = (0..shape.len() as i64).rev().collect();
        let reversed: Vec<i64> = shape.iter().rev().copied().collect();
        return flat.reshape(reversed).permute(axes).contiguous();
    }
    flat.reshape(shape)
}

/// The arrays of an `.npz` file by name.
pub(crate) fn npz(path: &Path) -> Vec<(String, Tensor)> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    names
        .into_iter()
        .map(|name| {
            let mut bytes = Vec::new();
            archive.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
            (name.trim_end_matches(".npy").to_owned(), npy(&bytes))
        })
        .collect()
}

/// Largest absolute difference, NaN where either has one.
pub(crate) fn difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a.to_kind(Kind::Double) - b.to_kind(Kind::Double))
        .abs()
        .max()
        .double_value(&[])
}

/// Three layers, 48 wide, three heads, 17 labels, an odd mixture of convolutions.
pub(crate) fn small() -> Config {
    let layer = |channels, kernel, stride| ConvLayer {
        channels,
        kernel,
        stride,
    };
    Config {
        leads: 12,
        conv_layers: vec![layer(24, 5, 3), layer(24, 2, 2), layer(40, 3, 2)],
        conv_bias: false,
        embed_dim: 48,
        ffn_dim: 96,
        layers: 3,
        heads: 3,
        conv_pos: 64,
        conv_pos_groups: 8,
        labels: 17,
    }
}

/// Random weights in which no bias is zero and no norm is the identity, so that a mix-up of names shows.
pub(crate) fn scattered(config: &Config, seed: u64) -> Weights {
    let weights = crate::init::random_weights(config, seed).unwrap();
    let moved = weights.iter().enumerate().map(|(at, (name, tensor))| {
        let noise = crate::init::normal_noise(&tensor.size(), seed + 1 + at as u64).unwrap();
        (name.to_owned(), tensor + noise * 0.1)
    });
    Weights::new(moved.collect())
}
