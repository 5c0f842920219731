//! ST-MEM against the authors' own class.

use super::super::golden::*;
use super::*;
use crate::init::normal_noise;

/// Records of the goldens, the record of their tensors, and how many samples of how many crops they have.
const RECORDS: [(&str, &str, i64, i64); 4] = [
    ("HR06000", "HR06000", 2250, 3),
    ("HR06000_first1500", "HR06000", 1500, 1),
    ("JS20000", "JS20000", 2250, 3),
    ("s0010_re", "s0010_re", 2250, 3),
];

/// Crops (crops, leads, samples) of every record with golden arrays of the given kinds, of a row a crop.
fn records(model: &Path, recipe: &Path, kinds: &[&str]) -> Vec<(String, Tensor, Vec<Tensor>)> {
    let record = |(name, input, samples, crops): (&str, &str, i64, i64)| {
        let signals = array(&recipe.join(format!("{input}.npy"))).reshape([3, 12, 2250]);
        let golden =
            |kind: &&str| array(&model.join(format!("golden/{kind}_f64_{name}.npy"))).reshape([crops, -1]);
        let signals = signals.narrow(0, 0, crops).narrow(2, 0, samples);
        (name.to_owned(), signals, kinds.iter().map(golden).collect())
    };
    RECORDS.into_iter().map(record).collect()
}

#[test]
fn features_logits_and_intermediates_are_the_authors_in_double_precision() {
    let Some((model, recipe)) = golden_dirs("stmem") else {
        return;
    };
    let config = model.join("config.json");
    for (file, kinds) in [
        ("tiny_encoder.pth", &["features"][..]),
        ("tiny_finetuned.pth", &["logits", "features"]),
    ] {
        let (network, weights) = load(&model.join(file), Some(&config));
        for (name, signals, expected) in records(&model, &recipe, kinds) {
            let (logits, embedding, seen) = run_double(network.as_ref(), &weights, &signals);
            let answers: Vec<Tensor> = logits.into_iter().chain([embedding]).collect();
            assert_eq!(answers.len(), expected.len());
            for (actual, expected) in answers.iter().zip(&expected) {
                let distance = largest_difference(actual, expected);
                assert!(distance <= 1e-12, "{name}: {distance}");
            }
            if name == "HR06000" {
                let some = |tensor: &Tensor| rows(tensor, &[0, 29, 30, 31, 32, tensor.size()[1] - 1]);
                let parts: [Part<'_>; 2] = [
                    ("_crop0_rows_0_29_30_31_32_last", &some),
                    ("", &Tensor::shallow_clone),
                ];
                let checked = check_intermediates(&model.join("golden"), &name, &seen, &parts, 1e-12);
                assert_eq!(checked, 5);
            }
        }
    }
}

#[test]
fn every_file_and_a_head_of_its_own_export_to_what_the_authors_class_computes() {
    let Some((model, recipe)) = golden_dirs("stmem") else {
        return;
    };
    let config = model.join("config.json");
    for (file, head, kinds) in [
        ("tiny_encoder.pth", None, &["features"][..]),
        (
            "tiny.safetensors",
            Some("tiny_head.safetensors"),
            &["logits", "features"],
        ),
        ("tiny_finetuned.pth", None, &["logits", "features"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let head = head.map(|head| model.join(head));
        let (card, module) =
            exported_with_head(&model.join(file), Some(&config), head.as_deref(), dir.path());
        assert_eq!((card.labels, card.input.leads), (3 * (kinds.len() - 1), 12));
        for (name, signals, expected) in records(&model, &recipe, kinds) {
            for crop in 0..signals.size()[0] {
                let row = |tensor: &Tensor| tensor.select(0, crop);
                let expected: Vec<Tensor> = expected.iter().map(row).collect();
                check_export(&module, &[(name.clone(), row(&signals).unsqueeze(0), expected)]);
            }
        }
        // One lead would be broadcast to twelve.
        for leads in [1, 11] {
            let signals = normal_noise(&[2, leads, 2250], 1).unwrap();
            let answer = module.method_ts(crate::torchscript::OUTPUTS_METHOD, &[signals]);
            assert!(answer.is_err(), "{leads} leads");
        }
    }
}

#[test]
fn the_published_sizes_have_the_published_names() {
    let Some((model, _)) = golden_dirs("stmem") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(model.join("keys_real.txt")).unwrap();
    let (encoder, decoder) = text.split_once("# full file").unwrap();
    let (encoder, decoder) = (
        listed_shapes(encoder),
        listed_shapes(decoder.split_once('\n').unwrap().1),
    );
    let path = dir.path().join("real.safetensors");
    let find = |listed: &[(String, Vec<i64>)]| {
        write_zeros(&path, listed);
        super::super::find_network(&WeightsFile::open(&path).unwrap(), None).unwrap()
    };
    let network = find(&encoder);
    assert_eq!(network.input().multiple_of, Some(75));
    let sorted = |mut shapes: WeightShapes| {
        shapes.sort();
        shapes
    };
    assert_eq!(sorted(network.weight_shapes()), sorted(encoder.clone()));
    assert_eq!(
        (network.parameters(), network.sizes()["heads"].as_i64()),
        (85_150_614, Some(12))
    );
    let below = encoder
        .iter()
        .map(|(name, shape)| (format!("encoder.{name}"), shape.clone()));
    let full: Vec<(String, Vec<i64>)> = below.chain(decoder).collect();
    let network = find(&full);
    let used = full
        .iter()
        .filter_map(|(name, shape)| Some((network.wanted_name(name)?, shape.clone())));
    assert_eq!(sorted(used.collect()), sorted(encoder));
}

#[test]
fn heads_that_cannot_be_are_refused() {
    let Some((model, _)) = golden_dirs("stmem") else {
        return;
    };
    let file = WeightsFile::open(model.join("tiny_encoder.pth")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.yaml");
    let message = super::super::find_network(&file, None).unwrap_err().to_string();
    assert!(message.contains("how many heads"), "{message}");
    for text in ["heads: 5", "dim_head: 7", "heads: 4\ndim_head: 9", "heads: 0"] {
        std::fs::write(&config, text).unwrap();
        let message = super::super::find_network(&file, Some(&config))
            .unwrap_err()
            .to_string();
        assert!(message.contains("heads"), "{text}: {message}");
    }
}
