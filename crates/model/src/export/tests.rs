//! Whole exports: of the reference's checkpoint and of variants written here.

mod outputs;

use super::*;
use crate::Config;
use crate::checkpoint::{CheckpointOptions, write_checkpoint};
use crate::network;
use crate::testing::{difference, npy, reference, scattered, small};
use crate::weights::{PositionalNames, positional_weight};
use serde_json::Value;
use tch::{Device, Tensor};

fn run(checkpoint: &Path, out: &Path) -> Result<Card> {
    export(
        &Params {
            checkpoint: checkpoint.to_owned(),
            config: None,
            head: None,
            sha256: None,
            labels: None,
            positions_on_cuda: PositionalForm::Spectrum,
            recipe: None,
            notice: None,
        },
        out,
    )
}

/// A checkpoint of the small configuration, and its weights.
fn variant(dir: &Path, options: &CheckpointOptions) -> (PathBuf, Config, Weights) {
    let config = small();
    let weights = scattered(&config, 3);
    let path = dir.join("small.pt");
    write_checkpoint(&path, &config, &weights, options).unwrap();
    (path, config, weights)
}

#[test]
fn the_exported_model_agrees_with_the_reference_for_any_batch_size() {
    let Some(reference) = reference() else { return };
    let dir = tempfile::tempdir().unwrap();
    let card = run(&reference.join("model/tiny.pt"), dir.path()).unwrap();
    assert_eq!(
        (card.labels, card.parameters, card.input.leads),
        (26, 110_874, 12)
    );
    let module = CModule::load(dir.path().join(MODEL_FILE)).unwrap();
    let segments = npy(&std::fs::read(reference.join("golden/segments_input_float32.npy")).unwrap())
        .to_kind(Kind::Float);
    let expected =
        npy(&std::fs::read(reference.join("golden/tiny/logits_plain_forward_float64model.npy")).unwrap());
    let mut first: Option<Tensor> = None;
    for size in [1, 5, 8, 14] {
        let parts: Vec<Tensor> = segments
            .split(size, 0)
            .iter()
            .map(|part| module.forward_ts(&[part]).unwrap())
            .collect();
        let logits = Tensor::cat(&parts, 0);
        let largest = difference(&logits, &expected);
        assert!(largest <= 2e-6, "batches of {size}: {largest}");
        let first = first.get_or_insert_with(|| logits.copy());
        assert!(difference(&logits, first) <= 2e-6, "batches of {size}");
    }
}

#[test]
fn the_exported_model_can_be_converted() {
    let Some(reference) = reference() else { return };
    let dir = tempfile::tempdir().unwrap();
    run(&reference.join("model/tiny.pt"), dir.path()).unwrap();
    let segments = npy(&std::fs::read(reference.join("golden/segments_input_float32.npy")).unwrap());
    let expected =
        npy(&std::fs::read(reference.join("golden/tiny/logits_plain_forward_float64model.npy")).unwrap());
    for (kind, tolerance) in [(Kind::Double, 1e-7), (Kind::BFloat16, 0.15)] {
        let mut module = CModule::load(dir.path().join(MODEL_FILE)).unwrap();
        module.to(Device::Cpu, kind, false);
        assert!(
            module
                .named_parameters()
                .unwrap()
                .iter()
                .all(|(_, tensor)| tensor.kind() == kind && !tensor.requires_grad())
        );
        let logits = module.forward_ts(&[segments.to_kind(kind)]).unwrap();
        assert_eq!(logits.kind(), kind);
        let largest = difference(&logits, &expected);
        assert!(largest <= tolerance, "{kind:?}: {largest}");
    }
}

#[test]
fn any_length_runs_that_gives_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let (path, config, _) = variant(dir.path(), &CheckpointOptions::default());
    let weights = Weights::read(&WeightsFile::open(&path).unwrap(), &config).unwrap();
    run(&path, dir.path()).unwrap();
    let module = CModule::load(dir.path().join(MODEL_FILE)).unwrap();
    for samples in [config.min_samples(), 100, 1000, 5000] {
        let signals = init::normal_noise(&[2, 12, samples], 5).unwrap();
        let expected =
            network::compute_logits(&config, &weights, &signals, PositionalForm::Convolution).unwrap();
        let largest = difference(&module.forward_ts(&[&signals]).unwrap(), &expected);
        assert!(largest <= 1e-6, "{samples} samples: {largest}");
    }
}

#[test]
fn both_spellings_and_half_precision_give_the_same_model() {
    let dir = tempfile::tempdir().unwrap();
    let signals = init::normal_noise(&[2, 12, 700], 9).unwrap();
    let expected = network::compute_logits(
        &small(),
        &scattered(&small(), 3),
        &signals,
        PositionalForm::Convolution,
    )
    .unwrap();
    for (positional_names, kind, tolerance) in [
        (PositionalNames::Parametrized, Kind::Float, 5e-6),
        (PositionalNames::WeightNorm, Kind::Float, 5e-6),
        (PositionalNames::Parametrized, Kind::Half, 2e-2),
        (PositionalNames::WeightNorm, Kind::Double, 5e-6),
    ] {
        let (path, ..) = variant(
            dir.path(),
            &CheckpointOptions {
                positional_names,
                kind,
                updates: 1,
            },
        );
        let card = run(&path, dir.path()).unwrap();
        assert_eq!(
            (card.labels, card.config.unwrap()["layers"].as_i64().unwrap()),
            (17, 3)
        );
        let module = CModule::load(dir.path().join(MODEL_FILE)).unwrap();
        let largest = difference(&module.forward_ts(&[&signals]).unwrap(), &expected);
        assert!(largest <= tolerance, "{positional_names:?} {kind:?}: {largest}");
    }
}

#[test]
fn the_same_checkpoint_gives_the_same_bytes_and_leaves_nothing_else() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = tempfile::tempdir().unwrap();
    let (path, ..) = variant(source.path(), &CheckpointOptions::default());
    let first = run(&path, a.path()).unwrap();
    assert_eq!(first, run(&path, b.path()).unwrap());
    let golden = "model.golden.npz";
    for file in [MODEL_FILE, CARD_FILE, RECIPE_FILE, golden] {
        assert_eq!(
            std::fs::read(a.path().join(file)).unwrap(),
            std::fs::read(b.path().join(file)).unwrap(),
            "{file}"
        );
    }
    assert_eq!(std::fs::read_dir(a.path()).unwrap().count(), 4);
    let card: Card = serde_json::from_slice(&std::fs::read(a.path().join(CARD_FILE)).unwrap()).unwrap();
    assert_eq!(card, first);
    assert_eq!(card.model.file, MODEL_FILE);
    assert_eq!(card.golden.as_ref().unwrap().file, golden);
    assert_eq!(
        card.model.size,
        std::fs::metadata(a.path().join(MODEL_FILE)).unwrap().len()
    );
}

#[test]
fn golden_vectors_are_what_the_model_returns_and_the_recipe_is_the_card_s() {
    let dir = tempfile::tempdir().unwrap();
    let (path, config, weights) = variant(dir.path(), &CheckpointOptions::default());
    let card = run(&path, dir.path()).unwrap();
    let golden = GoldenVectors::path_beside(&dir.path().join(MODEL_FILE));
    let vectors = GoldenVectors::parse(&golden, &std::fs::read(&golden).unwrap()).unwrap();
    assert_eq!(vectors.inputs.shape, [3, card.input.leads, 2500]);
    let inputs = Tensor::from_slice(&vectors.inputs.values).reshape([3, config.leads, 2500]);
    let expected = network::compute_outputs(
        &config,
        &weights,
        &inputs,
        PositionalForm::Convolution,
        &mut |_, _| {},
    )
    .unwrap();
    for (output, expected) in vectors
        .outputs
        .iter()
        .zip([expected.logits.unwrap(), expected.embedding])
    {
        let values = Tensor::from_slice(&output.values).reshape(expected.size());
        assert!(difference(&values, &expected) < 1e-5, "{}", output.name);
    }
    assert_eq!(vectors.outputs.len(), 2);
    let yaml = std::fs::read_to_string(dir.path().join(RECIPE_FILE)).unwrap();
    let steps: Vec<Value> = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(
        serde_json::to_value(&steps).unwrap(),
        serde_json::to_value(card.recipe.unwrap().steps).unwrap()
    );
    assert_eq!(steps[0]["step"], "resample");
}

#[test]
fn a_required_hash_is_enforced() {
    let dir = tempfile::tempdir().unwrap();
    let (path, ..) = variant(dir.path(), &CheckpointOptions::default());
    let card = run(&path, dir.path()).unwrap();
    let params = |sha256: &str| Params {
        checkpoint: path.clone(),
        config: None,
        head: None,
        sha256: Some(sha256.to_owned()),
        labels: None,
        positions_on_cuda: PositionalForm::Spectrum,
        recipe: None,
        notice: None,
    };
    assert!(export(&params(&card.source.sha256.to_uppercase()), dir.path()).is_ok());
    let out = tempfile::tempdir().unwrap();
    assert!(matches!(
        export(&params("00"), out.path()),
        Err(Error::Sha256 { .. })
    ));
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn weights_that_do_not_fit_are_all_named() {
    let dir = tempfile::tempdir().unwrap();
    let (path, config, weights) = variant(dir.path(), &CheckpointOptions::default());
    let deeper = Config {
        layers: 4,
        ffn_dim: 95,
        ..config
    };
    let found = WeightsFile::open(&path).unwrap();
    let message = Weights::read(&found, &deeper).unwrap_err().to_string();
    for expected in [
        "16 missing",
        "layers.3.fc1.weight",
        "9 of another shape",
        "[96, 48] and should be [95, 48]",
    ] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
    let shallower = Config {
        layers: 2,
        ffn_dim: 96,
        ..deeper
    };
    let message = Weights::read(&found, &shallower).unwrap_err().to_string();
    assert!(
        message.contains("16 unexpected") && message.contains("layers.2.fc2.bias"),
        "{message}"
    );
    let _ = weights
        .get(&positional_weight())
        .unwrap()
        .narrow(0, 0, 1)
        .fill_(f64::NAN);
    let path = dir.path().join("nan.pt");
    write_checkpoint(&path, &small(), &weights, &CheckpointOptions::default()).unwrap();
    let message = run(&path, dir.path()).unwrap_err().to_string();
    assert!(message.contains("NaN"), "{message}");
}

#[test]
fn labels_are_bound_to_the_model_by_its_card_and_must_be_as_many_as_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let (path, ..) = variant(dir.path(), &CheckpointOptions::default());
    let with = |count: usize| Params {
        checkpoint: path.clone(),
        config: None,
        head: None,
        sha256: None,
        labels: Some(LabelNames {
            hash: None,
            name: "mine".into(),
            labels: (0..count).map(|i| format!("L{i}")).collect(),
        }),
        positions_on_cuda: PositionalForm::Spectrum,
        recipe: None,
        notice: None,
    };
    assert_eq!(export(&with(17), dir.path()).unwrap().label_set, with(17).labels);
    let message = export(&with(26), dir.path()).unwrap_err().to_string();
    assert!(
        message.contains("has 17 labels, and label set `mine` has 26"),
        "{message}"
    );
}
