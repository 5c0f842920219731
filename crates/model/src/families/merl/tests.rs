//! MERL's ECG side against the authors' own class.

use super::super::golden::*;
use super::*;
use std::collections::BTreeSet;
use tch::Kind;

const RECORDS: [&str; 2] = ["HR06000", "JS20000"];

/// Signals of every record with golden arrays of the given kinds.
fn records(model: &Path, recipe: &Path, kinds: &[&str]) -> Vec<(String, Tensor, Vec<Tensor>)> {
    RECORDS
        .map(|name| {
            let signals = array(&recipe.join(format!("{name}.npy"))).unsqueeze(0);
            let golden = |kind: &&str| array(&model.join(format!("golden/{kind}_f64_{name}.npy")));
            (name.to_owned(), signals, kinds.iter().map(golden).collect())
        })
        .into()
}

#[test]
fn embedding_features_and_intermediates_are_the_authors_in_double_precision() {
    let Some((model, recipe)) = golden_dirs("merl") else {
        return;
    };
    let (network, weights) = load(&model.join("tiny.safetensors"), None);
    for (name, signals, expected) in records(&model, &recipe, &["embedding", "features", "embedding_unit"]) {
        let (_, embedding, seen) = run_double(network.as_ref(), &weights, &signals);
        let unit = &embedding / embedding.norm();
        for (actual, expected) in [&embedding, &seen["features"], &unit].into_iter().zip(&expected) {
            let distance = largest_difference(actual, expected);
            assert!(distance <= 1e-11, "{name}: {distance}");
        }
        if name == "HR06000" {
            let parts: [Part<'_>; 2] = [("", &first), ("_first16_last16", &|tensor| edges(tensor, 1))];
            // The offset of signals from 0 to 1 cancels in the middle, and takes digits with it.
            let checked = check_intermediates(&model.join("golden"), &name, &seen, &parts, 1e-11);
            assert_eq!(checked, 7);
        }
    }
}

#[test]
fn the_whole_model_the_encoder_and_a_linear_head_export_to_what_the_authors_class_computes() {
    let Some((model, recipe)) = golden_dirs("merl") else {
        return;
    };
    let linear = model.join("tiny_linear.safetensors");
    for (file, head, kinds, any_length) in [
        ("tiny.safetensors", None, &["embedding"][..], false),
        ("tiny_encoder.pth", None, &["features"], true),
        (
            "tiny_encoder.pth",
            Some(&linear),
            &["linear_logits", "features"],
            true,
        ),
        (
            "tiny.safetensors",
            Some(&linear),
            &["linear_logits", "embedding"],
            false,
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let head = head.map(|head| head.as_path());
        let (card, module) = exported_with_head(&model.join(file), None, head, dir.path());
        assert_eq!(card.labels, 5 * (kinds.len() - 1));
        assert_eq!(card.input.any_length, any_length);
        check_export(&module, &records(&model, &recipe, kinds));
    }
}

#[test]
fn names_behind_a_training_tools_prefix_are_the_same() {
    let Some((model, _)) = golden_dirs("merl") else {
        return;
    };
    let (_, weights) = load(&model.join("tiny_encoder.pth"), None);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wrapped.safetensors");
    let wrapped: Vec<(String, Tensor)> = weights
        .iter()
        .map(|(name, tensor)| (format!("module.ecg_encoder.{name}"), tensor.shallow_clone()))
        .collect();
    Tensor::write_safetensors(&wrapped, &path).unwrap();
    let (_, read) = load(&path, None);
    for ((name, a), (other, b)) in weights.iter().zip(read.iter()) {
        assert!(name == other && a.to_kind(Kind::Float) == *b, "{name}");
    }
}

#[test]
fn the_published_sizes_have_the_published_names_and_use_all_but_the_text_side() {
    let Some((model, _)) = golden_dirs("merl") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(model.join(name)).unwrap();
    let text = read("keys_real.txt");
    let (encoder, rest) = text.split_once("# full file").unwrap();
    let (encoder, rest) = (
        listed_shapes(encoder),
        listed_shapes(rest.split_once('\n').unwrap().1),
    );
    let path = dir.path().join("real.safetensors");
    let below = encoder
        .iter()
        .map(|(name, shape)| (format!("ecg_encoder.{name}"), shape.clone()));
    let full: Vec<(String, Vec<i64>)> = below.chain(rest).collect();
    for (listed, whole) in [(&encoder, false), (&full, true)] {
        write_zeros(&path, listed);
        let network = super::super::find_network(&WeightsFile::open(&path).unwrap(), None).unwrap();
        let used: BTreeSet<(String, Vec<i64>)> = listed
            .iter()
            .filter_map(|(name, shape)| Some((network.wanted_name(name)?, shape.clone())))
            .collect();
        assert_eq!(network.weight_shapes().into_iter().collect::<BTreeSet<_>>(), used);
        let left: BTreeSet<String> = listed
            .iter()
            .filter(|(name, _)| network.wanted_name(name).is_none())
            .map(|(name, _)| name.clone())
            .filter(|name| !name.ends_with("num_batches_tracked"))
            .collect();
        let unused: BTreeSet<String> = match whole {
            true => read("unused_tensors.txt").lines().map(str::to_owned).collect(),
            false => ["linear.weight", "linear.bias"].map(str::to_owned).into(),
        };
        assert_eq!(left, unused);
        assert_eq!(network.width(), if whole { 256 } else { 512 });
    }
}
