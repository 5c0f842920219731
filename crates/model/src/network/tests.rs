//! The forward pass against the reference's golden arrays.

use super::*;
use crate::testing::{difference, npy, npz, reference, scattered, small};
use ecgfm_formats::pt::Checkpoint;
use tch::Kind;

fn tiny() -> Option<(Config, Weights, std::path::PathBuf)> {
    let reference = reference()?;
    let checkpoint = Checkpoint::open(reference.join("model/tiny.pt")).unwrap();
    let config = Config::from_checkpoint(&checkpoint).unwrap();
    let weights = Weights::from_checkpoint(&checkpoint, &config).unwrap();
    Some((config, weights, reference.join("golden")))
}

fn segments(golden: &std::path::Path) -> Tensor {
    npy(&std::fs::read(golden.join("segments_input_float32.npy")).unwrap()).to_kind(Kind::Float)
}

#[test]
fn logits_agree_with_the_reference_in_double_precision() {
    let Some((config, weights, golden)) = tiny() else {
        return;
    };
    let expected = npy(&std::fs::read(golden.join("tiny/logits_plain_forward_float64model.npy")).unwrap());
    let actual = logits(&config, &weights, &segments(&golden), Positions::Convolution).unwrap();
    let largest = difference(&actual, &expected);
    assert!(largest <= 2e-6, "{largest}");
    let exact = logits(
        &config,
        &weights.to_kind(Kind::Double).unwrap(),
        &segments(&golden).to_kind(Kind::Double),
        Positions::Convolution,
    )
    .unwrap();
    let largest = difference(&exact, &expected);
    assert!(largest <= 1e-7, "{largest}");
}

#[test]
fn every_intermediate_agrees_with_the_reference() {
    let Some((config, weights, golden)) = tiny() else {
        return;
    };
    let expected = npz(&golden.join("tiny/intermediates_seg0_float64.npz"));
    let mut seen = std::collections::BTreeMap::new();
    let first = segments(&golden).narrow(0, 0, 1);
    let _logits = forward(
        &config,
        &weights,
        &first,
        Positions::Convolution,
        &mut |name, tensor| {
            seen.insert(name.to_owned(), tensor.copy());
        },
    )
    .unwrap();
    for (name, expected) in expected {
        let actual = seen.get(&name).unwrap_or_else(|| panic!("{name} is not shown"));
        let largest = difference(actual, &expected);
        assert!(largest <= 2e-5, "{name}: {largest}");
    }
}

#[test]
fn the_batch_size_does_not_matter() {
    let Some((config, weights, golden)) = tiny() else {
        return;
    };
    let segments = segments(&golden);
    let whole = logits(&config, &weights, &segments, Positions::Convolution).unwrap();
    for size in [1, 5, 8] {
        let parts: Vec<Tensor> = segments
            .split(size, 0)
            .iter()
            .map(|part| logits(&config, &weights, part, Positions::Convolution).unwrap())
            .collect();
        let largest = difference(&Tensor::cat(&parts, 0), &whole);
        assert!(largest <= 2e-6, "batches of {size}: {largest}");
    }
}

#[test]
fn a_signal_too_short_for_a_token_is_an_error_and_not_a_crash() {
    let config = small();
    let weights = scattered(&config, 1);
    let shortest = config.min_samples();
    assert_eq!((config.tokens(shortest), config.tokens(shortest - 1)), (1, 0));
    assert!(
        logits(
            &config,
            &weights,
            &Tensor::ones([1, 12, shortest], (Kind::Float, tch::Device::Cpu)),
            Positions::Convolution
        )
        .is_ok()
    );
    assert!(
        logits(
            &config,
            &weights,
            &Tensor::ones([1, 12, shortest - 1], (Kind::Float, tch::Device::Cpu)),
            Positions::Convolution
        )
        .is_err()
    );
    assert!(
        logits(
            &config,
            &weights,
            &Tensor::ones([1, 11, 2500], (Kind::Float, tch::Device::Cpu)),
            Positions::Convolution
        )
        .is_err()
    );
}
