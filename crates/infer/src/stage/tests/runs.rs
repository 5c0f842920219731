//! Whole runs: what they record, and what they refuse.

use super::*;
use crate::stage::segment_source::hash_file;
use crate::testing::{LEADS, SAMPLES, project, write_model};
use ecgfm_artifacts::logits::Logits;
use ecgfm_artifacts::recipe::steps;
use ecgfm_artifacts::store::StoreInfo;
use ecgfm_stage_params::{BatchSize, Precision, Returns};

#[test]
fn the_batch_size_changes_no_byte_of_a_model_that_does_not_depend_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 9);
    let mut written = Vec::new();
    for batch_size in [1, 4, 9, 100] {
        let out = dir.path().join(format!("out{batch_size}"));
        std::fs::create_dir(&out).unwrap();
        params.batch_size = BatchSize::Of(batch_size);
        let outcome = run(&params, &context(&out, &Cancel::default())).unwrap();
        assert_eq!(
            (outcome.counts["segments"], outcome.counts["batches"]),
            (9, 9u64.div_ceil(batch_size as u64))
        );
        written.push(
            [
                "outputs_test.npy",
                "outputs_test_header.pkl",
                "outputs_test_index.csv",
            ]
            .map(|file| std::fs::read(out.join(file)).unwrap()),
        );
    }
    assert!(written.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_run_records_how_it_ran() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 5);
    params.threads = Some(1);
    let before = tch::get_num_threads();
    let outcome = run(&params, &context(dir.path(), &Cancel::default())).unwrap();
    assert_eq!(tch::get_num_threads(), before);
    let expected = [
        ("backend", "torchscript"),
        ("device", "cpu"),
        ("precision", "float32"),
    ];
    assert!(
        expected
            .iter()
            .all(|(name, value)| outcome.facts[*name] == *value)
    );
    assert_eq!(
        (
            outcome.facts["threads"].as_u64(),
            outcome.facts["labels"].as_u64()
        ),
        (Some(1), Some(LEADS as u64))
    );
    assert_eq!(outcome.facts["model_sha256"].as_str().map(str::len), Some(64));
    assert!(outcome.facts["segments_per_second"].as_f64().unwrap() > 0.0);
    let waiting = outcome.facts["waiting_for_batches"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&waiting), "{waiting}");
    assert_eq!(
        (
            outcome.facts["batch_size"].as_u64(),
            outcome.facts["batch_size_by"].as_str()
        ),
        (Some(4), Some("given"))
    );
    let record = std::fs::read_to_string(dir.path().join("infer.json")).unwrap();
    assert!(record.contains("batch_size_by"), "{record}");
    let varying = ["segments_per_second", "waiting_for_batches"];
    assert!(varying.iter().all(|name| !record.contains(name)), "{record}");
    let logits = Logits::read(dir.path(), "test").unwrap();
    assert_eq!(logits.values[..LEADS], [4001.5, 4011.5, 4021.5]);
}

#[test]
fn auto_and_sweep_find_a_batch_size_and_say_how() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 44);
    let mut ran = |batch_size: BatchSize, name: &str| {
        params.batch_size = batch_size;
        let out = dir.path().join(name);
        std::fs::create_dir(&out).unwrap();
        let facts = run(&params, &context(&out, &Cancel::default())).unwrap().facts;
        (facts, Logits::read(&out, "test").unwrap().values)
    };
    let (auto, expected) = ran(BatchSize::Auto, "auto");
    assert_eq!(
        (auto["batch_size"].as_u64(), auto["batch_size_by"].as_str()),
        (Some(8), Some("fixed"))
    );
    assert!(!auto.contains_key("batch_size_sweep"));
    let (sweep, logits) = ran(BatchSize::Sweep, "sweep");
    assert_eq!(sweep["batch_size_by"], "sweep");
    assert!(sweep["batch_size_sweep"]["4"].as_f64().unwrap() > 0.0);
    assert_eq!(logits, expected);
    let record = std::fs::read_to_string(dir.path().join("sweep/infer.json")).unwrap();
    assert!(
        !record.contains("batch_size_sweep"),
        "rates are for the lock file"
    );
}

#[test]
fn what_does_not_fit_together_is_refused_before_any_segment_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let params = project(dir.path(), 3);
    let card = dir.path().join("model.json");
    let refusal = |params: &Params| {
        run(params, &context(dir.path(), &Cancel::default()))
            .unwrap_err()
            .to_string()
    };
    let sha = hash_file(&params.model).unwrap();
    let write = |version: u32, labels: usize, leads: usize, min: usize, sha: &str| {
        let json = serde_json::json!({
            "format_version": version, "labels": labels, "input": { "leads": leads, "min_samples": min, "more": 1 },
            "model": { "sha256": sha }, "exporter": {},
        });
        std::fs::write(&card, json.to_string()).unwrap();
    };
    for (version, labels, leads, min, sha, expected) in [
        (2, 3, LEADS, 1, sha.as_str(), "format 2"),
        (1, 3, LEADS, 1, "other", "card of another model file"),
        (1, 26, LEADS, 1, &sha, "has 3 labels and its card says 26"),
        (1, 3, 12, 1, &sha, "segments have 3 leads, and the model takes 12"),
        (
            1,
            3,
            LEADS,
            16,
            &sha,
            "segments have 4 samples, and the model needs 16",
        ),
    ] {
        write(version, labels, leads, min, sha);
        let message = refusal(&params);
        assert!(message.contains(expected), "{message}");
    }
    write(1, 3, LEADS, SAMPLES, &sha);
    assert!(run(&params, &context(dir.path(), &Cancel::default())).is_ok());
    let labels = dir.path().join("labels.yaml");
    std::fs::write(
        &labels,
        "name: two\ntitle: Two\nlabels:\n  - { name: A, title: A }\n  - { name: B, title: B }\n",
    )
    .unwrap();
    let message = refusal(&Params {
        labels: Some(labels.to_string_lossy().into_owned()),
        ..params.clone()
    });
    assert!(
        message.contains("has 3 labels") && message.contains("has 2"),
        "{message}"
    );
    let message = refusal(&Params {
        subset: "train".into(),
        ..params.clone()
    });
    assert!(message.contains("train.tsv"), "{message}");
    let message = refusal(&Params {
        threads: Some(0),
        ..params
    });
    assert!(message.contains("threads 0"), "{message}");
}

#[test]
fn unknown_parameters_are_refused() {
    let json = serde_json::json!({ "manifest": "m", "subset": "test", "model": "m.ts", "batchsize": 8 });
    let message = serde_json::from_value::<Params>(json).unwrap_err().to_string();
    assert!(message.contains("batchsize"), "{message}");
}

#[test]
fn segments_of_another_recipe_than_the_models_are_refused_by_the_first_step_that_differs() {
    let dir = tempfile::tempdir().unwrap();
    let params = project(dir.path(), 3);
    let card = serde_json::json!({
        "format_version": 1, "labels": LEADS, "input": { "leads": LEADS, "min_samples": 1 },
        "recipe": { "name": "ecgfounder" }, "model": { "sha256": hash_file(&params.model).unwrap() },
    });
    std::fs::write(dir.path().join("model.json"), card.to_string()).unwrap();
    let ecg_fm = steps::SegmentRecipe::of_steps(&steps::built_in("ecg_fm").unwrap(), false).unwrap();
    let mut about = StoreInfo::of_recipe(&ecg_fm);
    let mut ran = |recipe: Option<&str>| {
        about.recipe = recipe.map(|name| steps::built_in(name).unwrap());
        about.write(params.segments.as_ref().unwrap()).unwrap();
        run(&params, &context(dir.path(), &Cancel::default())).map_err(|error| error.to_string())
    };
    let message = ran(Some("ecg_fm")).unwrap_err();
    for part in [
        "step 1: resample in the store's recipe and missing_values in the model's",
        "`recipe: ${export.recipe}`",
        "model.json`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(ran(Some("ecgfounder")).is_ok());
    assert!(ran(None).is_ok(), "a store that does not say its recipe");
}

#[test]
fn segments_of_a_length_that_the_model_does_not_take() {
    let dir = tempfile::tempdir().unwrap();
    let params = project(dir.path(), 3);
    let ran = |input: serde_json::Value| {
        let card = serde_json::json!({
            "format_version": 1, "labels": LEADS, "input": input,
            "model": { "sha256": hash_file(&params.model).unwrap() },
        });
        std::fs::write(dir.path().join("model.json"), card.to_string()).unwrap();
        run(&params, &context(dir.path(), &Cancel::default())).map_err(|error| error.to_string())
    };
    let input = |samples: usize, of: usize| serde_json::json!({ "leads": LEADS, "min_samples": 1, "samples": samples, "multiple_of": of });
    for (samples, of) in [(6, 3), (2, 2)] {
        let message = ran(input(samples, of)).unwrap_err();
        assert!(
            message.contains(&format!(
                "segments have 4 samples, and the model takes multiples of {of}, up to {samples}"
            )),
            "{message}"
        );
    }
    assert!(ran(input(6, 2)).is_ok());
}

#[test]
fn a_model_that_changes_its_input_in_place_spoils_no_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 6);
    let in_place =
        "-> Tensor:\n    y = torch.mul_(x, 0.0002)\n    return torch.sigmoid(torch.mean(y, [2]))\n";
    write_model(&params.model, in_place);
    params.returns = Some(Returns::Probabilities);
    let mut values = Vec::new();
    for batch_size in [1, 4, 6] {
        let out = dir.path().join(format!("out{batch_size}"));
        std::fs::create_dir(&out).unwrap();
        params.batch_size = BatchSize::Of(batch_size);
        run(&params, &context(&out, &Cancel::default())).unwrap();
        values.push(Logits::read(&out, "test").unwrap().values);
    }
    assert!(values.windows(2).all(|pair| pair[0] == pair[1]));
    let expected = |value: f32| 1.0 / (1.0 + (-value * 0.0002).exp());
    assert!((values[0][0] - expected(5001.5)).abs() < 1e-6);
    // Both precisions are given the same segments.
    params.precision = Precision::Bfloat16;
    let facts = run(&params, &context(dir.path(), &Cancel::default()))
        .unwrap()
        .facts;
    let change = &facts["against_float32"]["largest_probability_change"];
    assert!(change.as_f64().unwrap() < 0.01, "{change}");
}
