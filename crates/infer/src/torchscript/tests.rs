//! Models that suit, and models that do not and must say so before any segment is computed.

use super::*;
use crate::testing::{LEADS, MEANS, SAMPLES, write_model};
use ecgfm_stage_params::{DeviceChoice, Precision};

const SHAPE: SegmentShape = SegmentShape {
    leads: LEADS,
    samples: SAMPLES,
};

fn prepared(rest: &str, precision: Precision, shape: SegmentShape) -> Result<TorchScript> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.ts");
    write_model(&path, rest);
    let mut model = TorchScript::load(
        &path,
        Placement::resolve(DeviceChoice::Cpu, precision)?.placement,
        OutputSelection::default(),
    )?;
    model.prepare(shape, &[4, 1])?;
    Ok(model)
}

/// A batch of the given values.
fn signals(values: &[f32]) -> SignalBuffer {
    let mut signals = SignalBuffer::new(values.len() / SHAPE.len(), SHAPE, Device::Cpu).unwrap();
    signals.values_mut().copy_from_slice(values);
    signals
}

fn refusal(rest: &str) -> String {
    prepared(rest, Precision::Auto, SHAPE)
        .expect_err("must be refused")
        .to_string()
}

#[test]
fn tensors_tuples_lists_and_dicts_with_logits_are_understood() {
    let answers = [
        MEANS,
        "-> Tuple[Tensor, Tensor]:\n    return (torch.mean(x, [2]), x)\n",
        "-> List[Tensor]:\n    return [torch.mean(x, [2]), x]\n",
        "-> Dict[str, Tensor]:\n    return {\"saliency\": x, \"logits\": torch.mean(x, [2])}\n",
    ];
    for rest in answers {
        let model = prepared(rest, Precision::Auto, SHAPE).unwrap_or_else(|error| panic!("{rest}: {error}"));
        assert_eq!(model.labels(), LEADS);
        let batch: Vec<f32> = (0..2 * SHAPE.len()).map(|i| i as f32).collect();
        let out = model.run(&signals(&batch), 2).unwrap().logits;
        assert_eq!(out, [1.5, 5.5, 9.5, 13.5, 17.5, 21.5]);
    }
}

#[test]
fn answers_that_are_not_logits_are_refused_by_name() {
    let cases = [
        ("-> Tensor:\n    return x\n", "shape [4, 3, 4]"),
        ("-> Tensor:\n    return torch.mean(x, [0, 2])\n", "shape [3]"),
        ("-> Tensor:\n    return torch.ne(torch.mean(x, [2]), 0)\n", "Bool"),
        (
            "-> Tensor:\n    return torch.slice(torch.mean(x, [2]), 0, 1)\n",
            "shape [3, 3]",
        ),
        (
            "-> Dict[str, Tensor]:\n    return {\"out\": x}\n",
            "without a tensor `logits`",
        ),
        (
            "-> Tuple[int, Tensor]:\n    return (3, x)\n",
            "does not begin with a tensor",
        ),
        ("-> int:\n    return 3\n", "holds no tensor"),
        ("-> None:\n    return None\n", "answers with nothing"),
    ];
    for (rest, expected) in cases {
        let message = refusal(rest);
        assert!(
            message.contains(expected) && message.contains("model.ts"),
            "{rest}: {message}"
        );
    }
}

#[test]
fn a_model_that_does_not_run_on_the_shape_says_both() {
    let message = refusal("-> Tensor:\n    return torch.reshape(x, [4, 12])\n");
    assert!(
        message.contains("1 segments of 3 leads by 4 samples")
            && message.contains("shape '[4, 12]' is invalid"),
        "{message}"
    );
    assert!(!message.contains("Exception raised from"), "{message}");
}

#[test]
fn weights_are_converted_to_the_precision_and_logits_come_back_in_float32() {
    let rest = "-> Tensor:\n    return torch.mul(torch.mean(x, [2]), self.w)\n";
    for precision in [Precision::Bfloat16, Precision::Float16] {
        let model = prepared(rest, precision, SHAPE).unwrap();
        assert_eq!(model.describe().precision, precision.name());
        let answer = model.run(&signals(&[1.0; LEADS * SAMPLES]), 1).unwrap();
        assert_eq!(answer.logits, [1.0; LEADS]);
    }
}

#[test]
fn a_model_that_changes_its_input_in_place_is_given_a_copy() {
    let rest = "-> Tensor:\n    return torch.mean(torch.mul_(x, 208.), [2])\n";
    let model = prepared(rest, Precision::Auto, SHAPE).unwrap();
    let batch = signals(&[1.0; LEADS * SAMPLES]);
    for _ in 0..2 {
        assert_eq!(model.run(&batch, 1).unwrap().logits, [208.0; LEADS]);
    }
    assert!(batch.values().iter().all(|value| *value == 1.0));
}

#[test]
fn running_leaves_gradients_as_they_were() {
    let model = prepared(MEANS, Precision::Auto, SHAPE).unwrap();
    let weight = Tensor::ones([1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    model.run(&signals(&[1.0; LEADS * SAMPLES]), 1).unwrap();
    assert!((&weight * 2.0).requires_grad());
}

#[test]
fn files_that_are_not_torchscript_are_refused_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let placement = Placement::resolve(DeviceChoice::Cpu, Precision::Auto)
        .unwrap()
        .placement;
    let missing = TorchScript::load(&dir.path().join("none.ts"), placement, OutputSelection::default())
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("no such model file") && missing.contains("ecgfm export"),
        "{missing}"
    );
    let path = dir.path().join("text.ts");
    std::fs::write(&path, "hello").unwrap();
    let foreign = TorchScript::load(&path, placement, OutputSelection::default())
        .unwrap_err()
        .to_string();
    assert!(
        foreign.contains("cannot load it as TorchScript") && foreign.contains("ecgfm export"),
        "{foreign}"
    );
}

#[test]
fn a_model_without_our_method_cannot_be_asked_for_more_than_logits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.ts");
    write_model(&path, MEANS);
    let placement = Placement::resolve(DeviceChoice::Cpu, Precision::Auto)
        .unwrap()
        .placement;
    let wanted = OutputSelection {
        embedding: true,
        saliency: None,
    };
    let mut model = TorchScript::load(&path, placement, wanted).unwrap();
    let message = model.prepare(SHAPE, &[2]).unwrap_err().to_string();
    assert!(
        message.contains("has no method `outputs`") && message.contains("logits only"),
        "{message}"
    );
}
