//! The forward pass against the reference's golden arrays.

use super::*;
use crate::testing::{difference, npy, npz, reference, scattered, small};
use ecgfm_formats::pt::WeightsFile;
use tch::Kind;

fn tiny() -> Option<(Config, Weights, std::path::PathBuf)> {
    let reference = reference()?;
    let checkpoint = WeightsFile::open(reference.join("model/tiny.pt")).unwrap();
    let config = Config::read(&checkpoint, None).unwrap();
    let weights = Weights::read(&checkpoint, &config).unwrap();
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
    let actual = compute_logits(&config, &weights, &segments(&golden), PositionalForm::Convolution).unwrap();
    let largest = difference(&actual, &expected);
    assert!(largest <= 2e-6, "{largest}");
    let exact = compute_logits(
        &config,
        &weights.to_kind(Kind::Double).unwrap(),
        &segments(&golden).to_kind(Kind::Double),
        PositionalForm::Convolution,
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
        PositionalForm::Convolution,
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
    let whole = compute_logits(&config, &weights, &segments, PositionalForm::Convolution).unwrap();
    for size in [1, 5, 8] {
        let parts: Vec<Tensor> = segments
            .split(size, 0)
            .iter()
            .map(|part| compute_logits(&config, &weights, part, PositionalForm::Convolution).unwrap())
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
        compute_logits(
            &config,
            &weights,
            &Tensor::ones([1, 12, shortest], (Kind::Float, tch::Device::Cpu)),
            PositionalForm::Convolution
        )
        .is_ok()
    );
    assert!(
        compute_logits(
            &config,
            &weights,
            &Tensor::ones([1, 12, shortest - 1], (Kind::Float, tch::Device::Cpu)),
            PositionalForm::Convolution
        )
        .is_err()
    );
    assert!(
        compute_logits(
            &config,
            &weights,
            &Tensor::ones([1, 11, 2500], (Kind::Float, tch::Device::Cpu)),
            PositionalForm::Convolution
        )
        .is_err()
    );
}

/// The judge is PyTorch's own attention, `torch._native_multi_head_attention`: its weights, averaged over the heads and
/// for each head, from the same input to the last layer.
#[test]
fn saliency_is_read_from_the_attention_weights_that_pytorch_computes() {
    let (config, weights) = (small(), scattered(&small(), 3));
    let signals = crate::init::normal_noise(&[3, config.leads, 1200], 5).unwrap();
    let (mut input, mut output) = (Tensor::new(), Tensor::new());
    let (before, last) = (config.layers - 2, config.layers - 1);
    let _ = forward(
        &config,
        &weights,
        &signals,
        PositionalForm::Convolution,
        &mut |name, tensor| {
            if name == format!("08_layer{before:02}_out") {
                input = tensor.copy();
            } else if name == format!("08_layer{last:02}_attn_out") {
                output = tensor.copy();
            }
        },
    )
    .unwrap();
    let part = |which: &str| {
        let name = format!("encoder.encoder.layers.{last}.self_attn.{which}");
        weights.get(&name).unwrap()
    };
    let joined = |what: &str| {
        let parts = ["q_proj", "k_proj", "v_proj"].map(|which| part(&format!("{which}.{what}")));
        Tensor::cat(&parts, 0)
    };
    let judge = |average: bool| {
        Tensor::f_internal_native_multi_head_attention(
            &input,
            &input,
            &input,
            config.embed_dim,
            config.heads,
            &joined("weight"),
            &joined("bias"),
            part("out_proj.weight"),
            part("out_proj.bias"),
            None::<Tensor>,
            true,
            average,
            None,
        )
        .unwrap()
    };
    let ((attended, averaged), (_, each)) = (judge(true), judge(false));
    assert!(
        difference(&attended, &output) <= 5e-6,
        "the judge sees another input"
    );
    let saliency = compute_outputs(
        &config,
        &weights,
        &signals,
        PositionalForm::Convolution,
        &mut |_, _| {},
    )
    .unwrap()
    .saliency
    .unwrap();
    let tokens = config.tokens(1200);
    assert_eq!(averaged.size(), [3, tokens, tokens]);
    for (what, actual, expected) in [
        ("per query", &saliency.per_query, averaged.amax([2i64], false)),
        (
            "per query of heads",
            &saliency.per_query_of_heads,
            each.amax([3i64], false),
        ),
        (
            "per key of heads",
            &saliency.per_key_of_heads,
            each.amax([2i64], false),
        ),
    ] {
        let largest = difference(actual, &expected);
        assert!(largest <= 1e-6, "{what}: {largest}");
    }
    // The three are not the same thing: the test would not tell them apart otherwise.
    let per_key = saliency
        .per_key_of_heads
        .mean_dim(&[1i64][..], false, Kind::Float);
    let mean_of_largest = saliency
        .per_query_of_heads
        .mean_dim(&[1i64][..], false, Kind::Float);
    assert!(difference(&per_key, &saliency.per_query) > 1e-3);
    assert!(difference(&mean_of_largest, &saliency.per_query) > 1e-4);
}
