//! HuBERT-ECG against the authors' own classes.

use super::super::golden::*;
use super::*;
use crate::testing::difference;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Records of the goldens, and how many of their samples each has.
const RECORDS: [(&str, &str, i64); 4] = [
    ("HR06000", "HR06000", 6000),
    ("HR06000_first5237", "HR06000", 5237),
    ("JS20000", "JS20000", 6000),
    ("s0010_re", "s0010_re", 6000),
];

/// Signals of every record with the golden arrays of the given kinds.
fn records(model: &Path, recipe: &Path, kinds: &[&str]) -> Vec<(String, Tensor, Vec<Tensor>)> {
    let record = |(name, input, samples): (&str, &str, i64)| {
        let signals = array(&recipe.join(format!("{input}.npy")));
        let golden = |kind: &&str| array(&model.join(format!("golden/{kind}_f64_{name}.npy")));
        let signals = signals.reshape([1, 1, 6000]).narrow(2, 0, samples);
        (name.to_owned(), signals, kinds.iter().map(golden).collect())
    };
    RECORDS.into_iter().map(record).collect()
}

/// The classifier's two files and the encoder's two.
fn files(model: &Path) -> [(PathBuf, &'static [&'static str]); 4] {
    [
        (model.join("tiny_cardio_learning.pt"), &["logits", "features"]),
        (model.join("hf_sft"), &["logits", "features"]),
        (model.join("tiny_ssl.pt"), &["features"]),
        (model.join("hf_ssl"), &["features"]),
    ]
}

#[test]
fn every_file_is_the_authors_in_double_precision_with_all_intermediates() {
    let Some((model, recipe)) = golden_dirs("hubert") else {
        return;
    };
    for (file, kinds) in files(&model) {
        let (network, weights) = load(&file, None);
        for (name, signals, expected) in records(&model, &recipe, kinds) {
            let (logits, embedding, seen) = run_double(network.as_ref(), &weights, &signals);
            let answers: Vec<Tensor> = logits.into_iter().chain([embedding]).collect();
            assert_eq!(answers.len(), expected.len());
            for (actual, expected) in answers.iter().zip(&expected) {
                let distance = largest_difference(actual, expected);
                assert!(distance <= 1e-12, "{name}: {distance}");
            }
            if name == "HR06000" {
                let parts: [Part<'_>; 2] = [("", &first), ("_first16_last16", &|tensor| edges(tensor, 0))];
                let golden = model.join("golden");
                assert_eq!(check_intermediates(&golden, &name, &seen, &parts, 1e-12), 9);
                let last = array(&golden.join("last_hidden_state_f64_HR06000.npy"));
                assert!(largest_difference(&seen["layer1"], &last) <= 1e-12);
            }
        }
    }
}

#[test]
fn every_file_exports_to_what_the_authors_class_computes_alone_and_in_batches() {
    let Some((model, recipe)) = golden_dirs("hubert") else {
        return;
    };
    for (file, kinds) in files(&model) {
        let dir = tempfile::tempdir().unwrap();
        let (card, module) = exported(&file, None, dir.path());
        assert_eq!(card.labels, if kinds.len() == 2 { 164 } else { 0 });
        assert_eq!((card.input.leads, card.input.min_samples), (1, 82));
        assert_eq!(card.family.as_deref(), Some("hubert_ecg"));
        check_export(&module, &records(&model, &recipe, kinds));
    }
}

#[test]
fn both_spellings_of_the_weight_norm_are_read() {
    let Some((model, recipe)) = golden_dirs("hubert") else {
        return;
    };
    let (network, weights) = load(&model.join("hf_sft"), None);
    let dir = tempfile::tempdir().unwrap();
    let older: Vec<(String, Tensor)> = weights
        .iter()
        .map(|(name, tensor)| {
            let name = name
                .replace("parametrizations.weight.original0", "weight_g")
                .replace("parametrizations.weight.original1", "weight_v");
            (name, tensor.shallow_clone())
        })
        .collect();
    let path = dir.path().join("older.safetensors");
    Tensor::write_safetensors(&older, &path).unwrap();
    let (other, read) = load(&path, Some(&model.join("hf_sft/config.json")));
    assert_eq!(other.weight_shapes(), network.weight_shapes());
    let (_, signals, _) = records(&model, &recipe, &[]).remove(0);
    let run = |weights: &Weights| {
        network.compute_logits(
            weights,
            &signals.to_kind(Kind::Float),
            PositionalForm::Convolution,
        )
    };
    assert_eq!(difference(&run(&weights).unwrap(), &run(&read).unwrap()), 0.0);
    // Without the configuration nobody knows the heads.
    let file = WeightsFile::open(&path).unwrap();
    let message = super::super::find_network(&file, None).unwrap_err().to_string();
    assert!(message.contains("how many heads the attention has"), "{message}");
}

#[test]
fn published_sizes_have_the_published_names() {
    let Some((model, _)) = golden_dirs("hubert") else {
        return;
    };
    let text = std::fs::read_to_string(model.join("keys_real.txt")).unwrap();
    let sections: Vec<&str> = text.split("\n## ").collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("real.safetensors");
    let config = dir.path().join("config.json");
    let settings = json!({ "num_attention_heads": 12, "conv_stride": [4, 2, 2, 2, 2] });
    std::fs::write(&config, settings.to_string()).unwrap();
    let mut checked = 0;
    for (heading, layers, parameters) in [
        ("base: hidden 768", 12, None),
        ("base with classifier", 12, Some(92_924_964)),
        // Layer 0 alone is listed of the others.
        ("(encoder layer 0 shown; 8 of them)", 1, None),
        ("(encoder layer 0 shown; 16 of them)", 1, None),
    ] {
        let section = sections.iter().find(|section| section.starts_with(heading));
        let (_, list) = section
            .unwrap_or_else(|| panic!("no {heading}"))
            .split_once('\n')
            .unwrap();
        let listed = listed_shapes(list);
        write_zeros(&path, &listed);
        let file = WeightsFile::open(&path).unwrap();
        let heads = if heading.contains(" 8 of") { 8 } else { 12 };
        let settings = json!({ "num_attention_heads": heads, "conv_stride": [4, 2, 2, 2, 2] });
        std::fs::write(&config, settings.to_string()).unwrap();
        let network = super::super::find_network(&file, Some(&config)).unwrap();
        let used: BTreeSet<(String, Vec<i64>)> = listed
            .iter()
            .filter_map(|(name, shape)| Some((network.wanted_name(name)?, shape.clone())))
            .collect();
        assert_eq!(
            network.weight_shapes().into_iter().collect::<BTreeSet<_>>(),
            used,
            "{heading}"
        );
        let left: Vec<&str> = listed
            .iter()
            .filter(|(name, _)| network.wanted_name(name).is_none())
            .map(|(name, _)| name.as_str())
            .collect();
        let masked = "masked_spec_embed";
        assert!(left.iter().all(|name| name.ends_with(masked)
            || name.starts_with("final_proj.")
            || name.starts_with("label_embedding.")));
        assert_eq!(network.sizes()["num_hidden_layers"], layers);
        if let Some(parameters) = parameters {
            // The published number has the vector for masked tokens, of which inference has no use.
            assert_eq!(network.parameters() + 768, parameters);
        }
        checked += 1;
    }
    assert_eq!(checked, 4);
}

#[test]
fn what_is_not_built_is_refused_with_key_and_value() {
    let Some((model, _)) = golden_dirs("hubert") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(model.join("hf_sft/config.json")).unwrap();
    let file = WeightsFile::open(model.join("hf_sft")).unwrap();
    for (key, value) in [
        ("do_stable_layer_norm", json!(true)),
        ("feat_extract_norm", json!("layer")),
        ("conv_pos_batch_norm", json!(true)),
        ("use_label_embedding", json!(true)),
        ("layer_norm_eps", json!(1e-6)),
        ("num_attention_heads", json!(7)),
        ("conv_stride", json!([4, 2])),
        ("conv_kernel", json!([10, 3, 3, 3, 3, 2, 2])),
        ("conv_stride", json!([4, 2, 2, 2, -2])),
    ] {
        let mut settings: Value = serde_json::from_str(&text).unwrap();
        settings[key] = value.clone();
        let path = dir.path().join("config.json");
        std::fs::write(&path, settings.to_string()).unwrap();
        let message = super::super::find_network(&file, Some(&path))
            .unwrap_err()
            .to_string();
        assert!(message.contains(&format!("{key} = {value}")), "{key}: {message}");
    }
}
