//! Net1D against the authors' own class.

use super::super::golden::*;
use super::*;
use crate::testing::difference;
use std::collections::BTreeSet;
use tch::Kind;

/// Records of the goldens, and how many of their samples each has.
const RECORDS: [(&str, &str, i64); 5] = [
    ("HR06000", "HR06000", 5000),
    ("HR06000_first1250", "HR06000", 1250),
    ("HR06000_first4999", "HR06000", 4999),
    ("JS20000", "JS20000", 5000),
    ("s0010_re", "s0010_re", 5000),
];

/// Signals, logits and features of every record.
fn records(model: &Path, recipe: &Path) -> Vec<(String, Tensor, Vec<Tensor>)> {
    let record = |(name, input, samples): (&str, &str, i64)| {
        let signals = array(&recipe.join(format!("{input}.npy")));
        let golden = |what: &str| array(&model.join(format!("golden/{what}_f64_{name}.npy")));
        let expected = vec![golden("logits"), golden("features")];
        (
            name.to_owned(),
            signals.narrow(1, 0, samples).unsqueeze(0),
            expected,
        )
    };
    RECORDS.into_iter().map(record).collect()
}

#[test]
fn logits_features_and_intermediates_are_the_authors_in_double_precision() {
    let Some((model, recipe)) = golden_dirs("ecgfounder") else {
        return;
    };
    let (network, weights) = load(&model.join("tiny.pth"), None);
    assert_eq!((network.labels(), network.width()), (150, 64));
    for (name, signals, expected) in records(&model, &recipe) {
        let (logits, embedding, seen) = run_double(network.as_ref(), &weights, &signals);
        for (actual, expected) in [logits.unwrap(), embedding].iter().zip(&expected) {
            let distance = largest_difference(actual, expected);
            assert!(distance <= 1e-12, "{name}: {distance}");
        }
        if name == "HR06000" {
            let mean = |tensor: &Tensor| first(tensor).mean_dim(&[1i64][..], false, Kind::Double);
            let parts: [Part<'_>; 3] = [
                ("", &first),
                ("_first16_last16", &|tensor| edges(tensor, 1)),
                ("_mean", &mean),
            ];
            let checked = check_intermediates(&model.join("golden"), &name, &seen, &parts, 1e-12);
            assert_eq!(checked, 14, "the stem, the first block and every stage");
        }
    }
}

#[test]
fn both_files_export_to_what_the_authors_class_computes_alone_and_in_batches() {
    let Some((model, recipe)) = golden_dirs("ecgfounder") else {
        return;
    };
    for file in ["tiny.pth", "tiny.safetensors"] {
        let dir = tempfile::tempdir().unwrap();
        let (card, module) = exported(&model.join(file), None, dir.path());
        assert_eq!((card.labels, card.architecture.as_str()), (150, "Net1D"));
        let names: Vec<&str> = card.outputs.iter().map(|output| output.name.as_str()).collect();
        assert_eq!(names, ["logits", "embedding"]);
        let records = records(&model, &recipe);
        check_export(&module, &records);
        let (_, signals, expected) = &records[0];
        let logits = module.forward_ts(&[signals.to_kind(Kind::Float)]).unwrap();
        assert!(relative(&logits, &expected[0]) <= 1e-5);
        // What batch norms would make of it is 1.18 away.
        let wrong = array(&model.join("golden/WRONG_bn_applied_logits_f64_HR06000.npy"));
        assert!(largest_difference(&logits, &wrong) > 1.0);
    }
}

#[test]
fn published_sizes_have_the_published_names_and_use_all_but_batch_norms() {
    let Some((model, _)) = golden_dirs("ecgfounder") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(model.join(name)).unwrap();
    let mut listed = listed_shapes(&read("keys_real.txt"));
    let unused: BTreeSet<String> = read("unused_tensors.txt").lines().map(str::to_owned).collect();
    for leads in [12, 1] {
        listed[0].1[1] = leads;
        let path = dir.path().join("real.safetensors");
        write_zeros(&path, &listed);
        let file = WeightsFile::open(&path).unwrap();
        let network = super::super::find_network(&file, None).unwrap();
        assert_eq!(
            (network.input().rows, network.labels(), network.width()),
            (leads, 150, 1024)
        );
        let used: Vec<(String, Vec<i64>)> = listed
            .iter()
            .filter(|(name, _)| network.wanted_name(name).is_some())
            .cloned()
            .collect();
        assert_eq!(network.weight_shapes(), used);
        let left: BTreeSet<String> = listed
            .iter()
            .filter(|(name, _)| network.wanted_name(name).is_none())
            .map(|(name, _)| name.clone())
            .collect();
        assert_eq!(left, unused);
        let first_convolution = 64 * 16 * (12 - leads.unsigned_abs());
        assert_eq!(network.parameters(), 30_752_646 - first_convolution);
    }
}

#[test]
fn weights_that_are_missing_surplus_or_misshapen_are_named() {
    let network = small();
    let shapes = network.weight_shapes();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("small.safetensors");
    let refusal = |shapes: &[(String, Vec<i64>)]| {
        write_zeros(&path, shapes);
        let file = WeightsFile::open(&path).unwrap();
        let found = super::super::find_network(&file, None);
        found
            .and_then(|network| network.read_weights(&file))
            .expect_err("must be refused")
            .to_string()
    };
    let mut changed = shapes.clone();
    changed.retain(|(name, _)| name != "stage_list.1.block_list.0.se_fc1.bias");
    changed.push(("dense_2.weight".to_owned(), vec![3]));
    changed[1].1 = vec![7];
    let message = refusal(&changed);
    for expected in [
        "1 missing: stage_list.1.block_list.0.se_fc1.bias",
        "1 unexpected: dense_2.weight",
        "first_conv.conv.bias is [7] and should be [4]",
    ] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
    let mut odd = shapes.clone();
    odd[0].1[2] = 15;
    assert!(refusal(&odd).contains("a kernel of 15"));
    let nothing: Vec<(String, Vec<i64>)> =
        vec![("a.weight".to_owned(), vec![1]), ("b.weight".to_owned(), vec![1])];
    let message = refusal(&nothing);
    assert!(
        message.contains("they begin with a.weight, b.weight")
            && message.contains("ecgfounder: no first_conv.conv.weight"),
        "{message}"
    );
}

/// Two stages, three blocks, four labels.
fn small() -> Net1d {
    let stage = |width, blocks, groups| Net1dStage {
        width,
        blocks,
        groups,
    };
    Net1d {
        leads: 2,
        stem: 4,
        kernel: 6,
        stages: vec![stage(4, 1, 2), stage(7, 2, 1)],
        labels: 4,
    }
}

#[test]
fn every_length_is_padded_as_the_reference_pads_it() {
    // The convolution by its definition: zeros on both sides by the length at hand.
    let by_definition = |x: &Tensor, weight: &Tensor, bias: &Tensor, stride: i64| {
        let (n, k) = (*x.size().last().unwrap(), *weight.size().last().unwrap());
        let padding = ((n + stride - 1) / stride - 1) * stride + k - n;
        let padding = padding.max(0);
        x.constant_pad_nd([padding / 2, padding - padding / 2]).conv1d(
            weight,
            Some(bias),
            [stride],
            [0i64],
            [1i64],
            1,
        )
    };
    for kernel in [1, 2, 6, 16] {
        let named = vec![
            (
                "c.weight".to_owned(),
                crate::init::normal_noise(&[3, 2, kernel], 1).unwrap(),
            ),
            ("c.bias".to_owned(), crate::init::normal_noise(&[3], 2).unwrap()),
        ];
        let weights = Weights::new(named);
        let (weight, bias) = (weights.get("c.weight").unwrap(), weights.get("c.bias").unwrap());
        for stride in [1, 2] {
            // A kernel of width 1 has stride 1 only.
            for samples in (1..40).filter(|_| kernel > 1 || stride == 1) {
                let x = crate::init::normal_noise(&[1, 2, samples], 3).unwrap();
                let ours = same_convolution(&weights, "c", &x, kernel, stride, 1).unwrap();
                let expected = by_definition(&x, weight, bias, stride);
                assert!(
                    difference(&ours, &expected) <= 1e-6,
                    "{kernel} {stride} {samples}"
                );
            }
        }
    }
}
