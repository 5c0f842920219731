//! What a configuration may say, and how the rest is refused.

use super::*;
use crate::Result;
use crate::archive::{self, TorchArchive};
use crate::pickle::Pickle;
use ecgfm_formats::pt::WeightsFile;
use serde_json::{Value as Json, json};

fn valid() -> Json {
    json!({
        "_name": "ecg_transformer_classifier", "encoder_layers": 3, "encoder_embed_dim": 48, "encoder_ffn_embed_dim": 96,
        "encoder_attention_heads": 3, "layer_norm_first": false, "saliency": false, "extractor_mode": "default",
        "conv_feature_layers": "[(24, 2, 2)] * 4", "in_d": 12, "conv_bias": false, "conv_pos": 64, "conv_pos_groups": 8,
        "num_labels": 17, "normalize": false, "filter": false,
    })
}

/// The configuration of a checkpoint whose `cfg.model` is `model` and whose head has 17 rows.
fn read(model: &Json) -> Result<Config> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.pt");
    let head = tch::Tensor::zeros([17, 48], (tch::Kind::Float, tch::Device::Cpu));
    let mut pickle = Pickle::new();
    pickle
        .op(b"}(")
        .text("cfg")
        .op(b"}(")
        .text("model")
        .value(model)
        .op(b"u")
        .text("model")
        .op(b"}(")
        .text("proj.weight");
    pickle
        .tensor(&archive::describe_tensor(0, &head, &[17, 48]).unwrap())
        .op(b"uu");
    let mut archive = TorchArchive::create(&path, "archive").unwrap();
    archive.entry("data.pkl", &pickle.finish()).unwrap();
    archive
        .tensors(&crate::Weights::new(vec![("proj.weight".to_owned(), head)]))
        .unwrap();
    archive.finish().unwrap();
    Config::read(&WeightsFile::open(&path).unwrap(), None)
}

#[test]
fn the_published_sizes_are_read() {
    let config = read(&valid()).unwrap();
    assert_eq!(
        (config.layers, config.embed_dim, config.heads, config.labels),
        (3, 48, 3, 17)
    );
    assert_eq!(
        (
            config.conv_layers.len(),
            config.tokens(2500),
            config.min_samples()
        ),
        (4, 156, 16)
    );
    assert!(config.has_projection());
}

#[test]
fn an_absent_label_count_comes_from_the_head() {
    for absent in [None, Some(Json::Null)] {
        let mut model = valid();
        match absent {
            None => model.as_object_mut().unwrap().remove("num_labels"),
            Some(null) => model.as_object_mut().unwrap().insert("num_labels".into(), null),
        };
        assert_eq!(read(&model).unwrap().labels, 17);
    }
}

#[test]
fn an_encoder_by_any_of_its_names_has_no_labels() {
    for name in ["ecg_transformer", "wav2vec2", "wav2vec2_cmsc"] {
        let mut model = valid();
        model["_name"] = json!(name);
        assert_eq!(read(&model).unwrap().labels, 0);
    }
}

#[test]
fn what_is_not_supported_is_named_with_key_value_and_alternative() {
    let cases = [
        (
            "_name",
            json!("resnet"),
            "\"resnet\"",
            "ecg_transformer_classifier",
        ),
        ("quantize_input", json!(true), "True", "supported is False"),
        ("layer_norm_first", json!(true), "True", "supported is False"),
        ("saliency", json!(true), "True", "supported is False"),
        ("normalize", json!(true), "True", "signals stage"),
        ("extractor_mode", json!("layer_norm"), "layer_norm", "\"default\""),
        (
            "conv_feature_layers",
            json!("__import__('os').system('x')"),
            "__import__",
            "expected at character 1",
        ),
        (
            "encoder_attention_heads",
            json!(5),
            "5",
            "divide encoder_embed_dim, which is 48",
        ),
        ("conv_pos_groups", json!(7), "7", "divide encoder_embed_dim"),
        ("num_labels", json!(26), "26", "17 rows"),
        ("encoder_layers", json!("many"), "many", "whole number"),
        ("encoder_layers", json!(0), "0", "from 1"),
        ("in_d", json!(1_i64 << 40), "1099511627776", "whole number"),
        ("conv_bias", json!("no"), "no", "True or False"),
    ];
    for (key, value, shown, supported) in cases {
        let mut model = valid();
        model[key] = value;
        let message = read(&model).expect_err(key).to_string();
        for expected in [&format!("cfg.model.{key} = "), shown, supported] {
            assert!(message.contains(expected), "{key}: {message}");
        }
    }
    let mut model = valid();
    model.as_object_mut().unwrap().remove("conv_pos");
    assert!(
        read(&model)
            .unwrap_err()
            .to_string()
            .contains("cfg.model.conv_pos = (absent)")
    );
}
