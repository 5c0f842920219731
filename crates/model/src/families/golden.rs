//! What the tests of families share: golden arrays of the authors' own classes, and how networks are held against them.

use super::{Network, find_network};
use crate::export::{MODEL_FILE, Params, export};
use crate::positions::PositionalForm;
use crate::testing::{npy, reference};
use crate::torchscript::OUTPUTS_METHOD;
use crate::{Card, Weights};
use ecgfm_formats::pt::WeightsFile;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::{CModule, IValue, Kind, Tensor};

/// Directory of the small checkpoints and golden outputs of a model, and that of the tensors that the authors' own preparation
/// makes of public records; none where the shared data is not there.
pub(super) fn golden_dirs(model: &str) -> Option<(PathBuf, PathBuf)> {
    let reference = reference()?;
    let shared = reference.parent()?;
    Some((
        shared.join("models").join(model),
        shared.join("recipes").join(model),
    ))
}

pub(super) fn array(path: &Path) -> Tensor {
    npy(&std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The network of a checkpoint, and its weights.
pub(super) fn load(checkpoint: &Path, config: Option<&Path>) -> (Box<dyn Network>, Weights) {
    let file = WeightsFile::open(checkpoint).unwrap();
    let network = find_network(&file, config).unwrap();
    let weights = network.read_weights(&file).unwrap();
    (network, weights)
}

/// Exports a checkpoint into a directory and loads the model.
pub(super) fn exported(checkpoint: &Path, config: Option<&Path>, out: &Path) -> (Card, CModule) {
    exported_with_head(checkpoint, config, None, out)
}

/// The same with a head out of a file of its own.
pub(super) fn exported_with_head(
    checkpoint: &Path,
    config: Option<&Path>,
    head: Option<&Path>,
    out: &Path,
) -> (Card, CModule) {
    let params = Params {
        checkpoint: checkpoint.to_owned(),
        config: config.map(Path::to_owned),
        head: head.map(Path::to_owned),
        sha256: None,
        labels: None,
        positions_on_cuda: PositionalForm::Spectrum,
        recipe: None,
        notice: None,
    };
    let card = export(&params, out).unwrap();
    (card, CModule::load(out.join(MODEL_FILE)).unwrap())
}

/// What a network says of signals in double precision, and every intermediate by name.
pub(super) fn run_double(
    network: &dyn Network,
    weights: &Weights,
    signals: &Tensor,
) -> (Option<Tensor>, Tensor, BTreeMap<String, Tensor>) {
    let mut seen = BTreeMap::new();
    let outputs = network.run(
        &weights.to_kind(Kind::Double).unwrap(),
        &signals.to_kind(Kind::Double),
        PositionalForm::Convolution,
        &mut |name, tensor| {
            seen.insert(name.to_owned(), tensor.copy());
        },
    );
    let outputs = outputs.unwrap();
    (outputs.logits, outputs.embedding, seen)
}

/// The tensors that an exported model's `outputs` answers with.
pub(super) fn outputs_of(module: &CModule, signals: &Tensor) -> Vec<Tensor> {
    let answer = module.method_is(OUTPUTS_METHOD, &[IValue::Tensor(signals.to_kind(Kind::Float))]);
    crate::outputs::tuple_tensors(answer.unwrap()).unwrap()
}

/// Largest difference over the largest value expected; both may have leading dimensions of 1.
pub(super) fn relative(actual: &Tensor, expected: &Tensor) -> f64 {
    let largest = |tensor: Tensor| tensor.abs().max().double_value(&[]);
    largest_difference(actual, expected) / largest(expected.to_kind(Kind::Double))
}

pub(super) fn largest_difference(actual: &Tensor, expected: &Tensor) -> f64 {
    let (actual, expected) = (actual.to_kind(Kind::Double), expected.to_kind(Kind::Double));
    assert_eq!(
        actual.numel(),
        expected.numel(),
        "{:?} {:?}",
        actual.size(),
        expected.size()
    );
    (actual.flatten(0, -1) - expected.flatten(0, -1))
        .abs()
        .max()
        .double_value(&[])
}

/// Holds an exported model against golden rows alone, and eight of them at once.
pub(super) fn check_export(module: &CModule, rows: &[(String, Tensor, Vec<Tensor>)]) {
    for (name, signals, expected) in rows {
        for batch in [1, 8] {
            let answers = outputs_of(module, &signals.repeat([batch, 1, 1]));
            assert_eq!(answers.len(), expected.len(), "{name}");
            for (which, (actual, expected)) in answers.iter().zip(expected).enumerate() {
                for row in 0..batch {
                    let distance = relative(&actual.select(0, row), expected);
                    assert!(
                        distance <= 1e-5,
                        "{name}: output {which}, row {row} of {batch}: {distance}"
                    );
                }
            }
        }
    }
}

/// Part of an intermediate that a golden array holds: the ending of its name, and how it is taken.
pub(super) type Part<'a> = (&'a str, &'a dyn Fn(&Tensor) -> Tensor);

/// Holds intermediates against the golden arrays of their names, each in every part that there is. Returns the number of arrays.
pub(super) fn check_intermediates(
    golden: &Path,
    record: &str,
    seen: &BTreeMap<String, Tensor>,
    parts: &[Part<'_>],
    tolerance: f64,
) -> usize {
    let mut checked = 0;
    for (name, tensor) in seen {
        for (ending, take) in parts {
            let path = golden.join(format!("mid_{name}{ending}_{record}.npy"));
            if path.exists() {
                let distance = largest_difference(&take(tensor), &array(&path));
                assert!(distance <= tolerance, "{name}{ending}: {distance}");
                checked += 1;
            }
        }
    }
    checked
}

/// The first and the last 16 along a dimension of the first segment.
pub(super) fn edges(tensor: &Tensor, dimension: i64) -> Tensor {
    let first = tensor.select(0, 0);
    let size = first.size()[dimension as usize];
    let parts = [
        first.narrow(dimension, 0, 16),
        first.narrow(dimension, size - 16, 16),
    ];
    Tensor::cat(&parts, dimension)
}

/// The first segment.
pub(super) fn first(tensor: &Tensor) -> Tensor {
    tensor.select(0, 0)
}

/// Some rows of the first segment.
pub(super) fn rows(tensor: &Tensor, rows: &[i64]) -> Tensor {
    tensor.select(0, 0).index_select(0, &Tensor::from_slice(rows))
}

/// Names and shapes out of a list of `name TAB type TAB shape`, in which `scalar` is the shape of no dimensions.
pub(super) fn listed_shapes(text: &str) -> Vec<(String, Vec<i64>)> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let parse = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, _, shape] = fields.as_slice() else {
            panic!("{line}")
        };
        let shape = match *shape {
            "scalar" => Vec::new(),
            sizes => sizes.split('x').map(|size| size.parse().unwrap()).collect(),
        };
        ((*name).to_owned(), shape)
    };
    lines.map(parse).collect()
}

/// A safetensors file of float32 weights that are all zero, and take no room on disk.
pub(super) fn write_zeros(path: &Path, shapes: &[(String, Vec<i64>)]) {
    let mut table = serde_json::Map::new();
    let mut end = 0;
    for (name, shape) in shapes {
        let start = end;
        end += 4 * shape.iter().product::<i64>();
        let entry = serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] });
        table.insert(name.clone(), entry);
    }
    let mut header = serde_json::to_vec(&table).unwrap();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(&header);
    std::fs::write(path, &bytes).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(bytes.len() as u64 + end as u64).unwrap();
}
