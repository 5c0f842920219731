//! ECG-JEPA against the authors' own class.

use super::super::golden::*;
use super::*;
use std::path::PathBuf;

/// Signals and features of every record.
fn records(model: &Path, recipe: &Path) -> Vec<(String, Tensor, Vec<Tensor>)> {
    ["HR06000", "JS20000", "s0010_re"]
        .map(|name| {
            let signals = array(&recipe.join(format!("{name}.npy"))).unsqueeze(0);
            let features = array(&model.join(format!("golden/features_f64_{name}.npy")));
            (name.to_owned(), signals, vec![features])
        })
        .into()
}

/// A configuration that says the leads beside the heads.
fn with_leads(dir: &Path, leads: &[i64]) -> PathBuf {
    let path = dir.join("leads.json");
    std::fs::write(
        &path,
        serde_json::json!({ "num_heads": 4, "leads": leads }).to_string(),
    )
    .unwrap();
    path
}

#[test]
fn features_and_intermediates_are_the_authors_in_double_precision() {
    let Some((model, recipe)) = golden_dirs("jepa") else {
        return;
    };
    let (network, weights) = load(&model.join("tiny.pth"), Some(&model.join("config.json")));
    for (name, signals, expected) in records(&model, &recipe) {
        let (logits, embedding, seen) = run_double(network.as_ref(), &weights, &signals);
        assert!(logits.is_none());
        let distance = largest_difference(&embedding, &expected[0]);
        assert!(distance <= 1e-12, "{name}: {distance}");
        if name == "HR06000" {
            let every8th: Vec<i64> = (0..400).step_by(8).collect();
            let parts: [Part<'_>; 2] = [
                ("_tokens_0_49_50_399", &|tensor| rows(tensor, &[0, 49, 50, 399])),
                ("_every8th_token", &|tensor| rows(tensor, &every8th)),
            ];
            let mut seen = seen;
            // The arrays are named `patch_tokens_…`, of the intermediate `patch`.
            let checked = check_intermediates(&model.join("golden"), &name, &seen, &parts, 1e-12);
            assert_eq!(checked, 4);
            seen.clear();
            for wrong in ["no_mask", "pos_once"] {
                let wrong = array(&model.join(format!("golden/WRONG_{wrong}_features_f64_HR06000.npy")));
                assert!(largest_difference(&embedding, &wrong) > 0.1);
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let config = with_leads(dir.path(), &[0, 1, 5]);
    let (network, weights) = load(&model.join("tiny.pth"), Some(&config));
    let signals = rows(&array(&recipe.join("HR06000.npy")).unsqueeze(0), &[0, 1, 5]).unsqueeze(0);
    let (_, embedding, _) = run_double(network.as_ref(), &weights, &signals);
    let expected = array(&model.join("golden/features_f64_HR06000_leads_0_1_5.npy"));
    assert!(largest_difference(&embedding, &expected) <= 1e-12);
}

#[test]
fn both_files_and_fewer_leads_export_to_what_the_authors_class_computes() {
    let Some((model, recipe)) = golden_dirs("jepa") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for file in ["tiny.pth", "tiny.safetensors"] {
        let (card, module) = exported(&model.join(file), Some(&model.join("config.json")), dir.path());
        assert_eq!(
            (card.labels, card.input.leads, card.input.any_length),
            (0, 8, false)
        );
        check_export(&module, &records(&model, &recipe));
    }
    // The card of an export is a configuration too.
    let card = dir.path().join("model.json");
    load(&model.join("tiny.pth"), Some(&card));
    let config = with_leads(dir.path(), &[0, 1, 5]);
    let (card, module) = exported(&model.join("tiny.pth"), Some(&config), dir.path());
    assert_eq!((card.input.leads, card.recipe), (3, None));
    let signals = rows(&array(&recipe.join("HR06000.npy")).unsqueeze(0), &[0, 1, 5]).unsqueeze(0);
    let expected = array(&model.join("golden/features_f64_HR06000_leads_0_1_5.npy"));
    check_export(&module, &[("three leads".to_owned(), signals, vec![expected])]);
}

#[test]
fn the_published_size_has_the_published_names_and_other_sizes_need_their_heads() {
    let Some((model, _)) = golden_dirs("jepa") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let listed = listed_shapes(&std::fs::read_to_string(model.join("keys_real.txt")).unwrap());
    let path = dir.path().join("real.safetensors");
    write_zeros(&path, &listed);
    let network = super::super::find_network(&WeightsFile::open(&path).unwrap(), None).unwrap();
    assert_eq!(network.weight_shapes(), listed);
    assert_eq!(
        (network.parameters(), network.sizes()["num_heads"].as_i64()),
        (85_374_720, Some(16))
    );
    let tiny = WeightsFile::open(model.join("tiny.pth")).unwrap();
    let message = super::super::find_network(&tiny, None).unwrap_err().to_string();
    assert!(message.contains("num_heads"), "{message}");
    for leads in [&[][..], &[1, 0], &[8]] {
        let config = with_leads(dir.path(), leads);
        let message = super::super::find_network(&tiny, Some(&config))
            .unwrap_err()
            .to_string();
        assert!(message.contains("leads ="), "{message}");
    }
}
