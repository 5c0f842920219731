//! Models that compute what they did at export, and models that do not.

use super::*;
use crate::stage::run;
use crate::testing::{ENCODER, LEADS, SAMPLES, project, write_methods, write_model};
use crate::{Params, stage};
use ecgfm_artifacts::logits::{InferenceRecord, Logits};
use ecgfm_artifacts::stage::{Cancel, Context, FailureClass, NoProgress, Outcome, StageFailure};

fn ran(params: &Params, out: &Path) -> Result<Outcome> {
    std::fs::create_dir_all(out).unwrap();
    let ctx = Context {
        out,
        home: out,
        progress: &NoProgress,
        cancel: &Cancel::default(),
        chunks: None,
    };
    run(params, &ctx)
}

fn array(name: &str, shape: &[usize], values: Vec<f32>) -> NpzArray {
    NpzArray {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values,
    }
}

/// Two inputs, and their means over time.
fn means() -> GoldenVectors {
    let inputs = array(
        "inputs",
        &[2, LEADS, SAMPLES],
        (0..2 * LEADS * SAMPLES).map(|i| i as f32 * 0.01).collect(),
    );
    let means = inputs
        .values
        .chunks(SAMPLES)
        .map(|row| row.iter().sum::<f32>() / SAMPLES as f32);
    let outputs = vec![array("logits", &[2, LEADS], means.collect())];
    GoldenVectors { inputs, outputs }
}

/// Writes golden vectors and a card that names them, whose hash is the model's.
fn write_card(params: &Params, vectors: &GoldenVectors) {
    let bytes = vectors.to_bytes().unwrap();
    std::fs::write(GoldenVectors::path_beside(&params.model), &bytes).unwrap();
    let sha256: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let labels = if vectors.outputs[0].name == "logits" {
        LEADS
    } else {
        0
    };
    let card = serde_json::json!({
        "format_version": 1, "labels": labels, "input": { "leads": LEADS, "min_samples": 1 },
        "model": { "sha256": stage::hash_file(&params.model).unwrap() }, "golden": { "sha256": sha256 },
    });
    std::fs::write(params.model.with_extension("json"), card.to_string()).unwrap();
}

#[test]
fn a_model_that_computes_what_it_did_runs_and_the_check_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let params = project(dir.path(), 3);
    write_card(&params, &means());
    ran(&params, &dir.path().join("out")).unwrap();
    let golden = InferenceRecord::read(&dir.path().join("out"))
        .unwrap()
        .golden
        .unwrap();
    assert_eq!((golden.inputs, golden.tolerance), (2, 2e-5));
    assert!(golden.largest_differences["logits"] < 1e-6);
}

#[test]
fn a_model_with_a_changed_weight_is_refused_before_any_batch() {
    let dir = tempfile::tempdir().unwrap();
    let params = project(dir.path(), 3);
    for (scale, agrees) in [("1.000001", true), ("1.0001", false)] {
        write_model(
            &params.model,
            &format!("-> Tensor:\n    return torch.mul(torch.mean(x, [2]), {scale})\n"),
        );
        write_card(&params, &means());
        let out = dir.path().join(scale);
        let ran = ran(&params, &out);
        if agrees {
            ran.unwrap();
            continue;
        }
        let error = ran.unwrap_err();
        assert_eq!(error.class(), FailureClass::Failed);
        let message = error.to_string();
        for part in [
            "on cpu in float32",
            "logits, golden input 2, value 3, is 0.2150215",
            "1.00e-4 of the largest",
            "explains 2e-5",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
        let help = error.help().unwrap();
        assert!(
            ["GPU", "library", "damaged", "exchanged"]
                .iter()
                .all(|cause| help.contains(cause)),
            "{help}"
        );
        assert!(Logits::read(&out, "test").is_err(), "no result");
    }
}

#[test]
fn a_model_that_answers_with_nan_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let params = project(dir.path(), 3);
    write_model(
        &params.model,
        "-> Tensor:\n    return torch.sqrt(torch.sub(torch.mean(x, [2]), 1000.))\n",
    );
    write_card(&params, &means());
    let message = ran(&params, &dir.path().join("out")).unwrap_err().to_string();
    assert!(message.contains("value 1, is NaN"), "{message}");
}

#[test]
fn golden_vectors_that_are_missing_exchanged_or_of_another_shape_are_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let params = project(dir.path(), 3);
    let golden = GoldenVectors::path_beside(&params.model);
    let refused = || {
        let error = ran(&params, &dir.path().join("out")).unwrap_err();
        assert_eq!(error.class(), FailureClass::BadInput);
        error.to_string()
    };
    let mut narrow = means();
    narrow.outputs = vec![array("logits", &[2, 1], vec![0.5; 2])];
    write_card(&params, &narrow);
    let message = refused();
    assert!(
        message.contains("logits of shape [2, 1], and the model returns 6 values"),
        "{message}"
    );
    write_card(&params, &means());
    std::fs::write(&golden, narrow.to_bytes().unwrap()).unwrap();
    let message = refused();
    assert!(message.contains("of another model, or damaged"), "{message}");
    std::fs::remove_file(&golden).unwrap();
    let message = refused();
    assert!(message.contains("copy it from beside the model"), "{message}");
}

#[test]
fn an_encoder_is_compared_by_its_embedding() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 3);
    params.outputs = vec![InferOutput::Embedding];
    write_methods(&params.model, ENCODER);
    let mut vectors = means();
    let doubled = vectors.outputs[0].values.iter().map(|v| v * 2.0).collect();
    vectors.outputs = vec![array("embedding", &[2, LEADS], doubled)];
    write_card(&params, &vectors);
    ran(&params, &dir.path().join("out")).unwrap();
    vectors.outputs[0].values[0] += 0.01;
    write_card(&params, &vectors);
    let message = ran(&params, &dir.path().join("again")).unwrap_err().to_string();
    assert!(
        message.contains("embedding, golden input 1, value 1,"),
        "{message}"
    );
}

/// The warnings of a run.
#[derive(Default)]
struct Warnings(std::sync::Mutex<Vec<String>>);

impl ecgfm_artifacts::stage::Progress for Warnings {
    fn begin(&self, _: u64, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
    fn warn(&self, message: &str, _: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

#[test]
fn a_run_that_asks_for_nothing_that_is_compared_warns() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 3);
    write_methods(&params.model, ENCODER);
    let mut vectors = means();
    let doubled = vectors.outputs[0].values.iter().map(|v| v * 2.0).collect();
    vectors.outputs = vec![array("embedding", &[2, LEADS], doubled)];
    write_card(&params, &vectors);
    for (output, warned) in [(InferOutput::Saliency, true), (InferOutput::Embedding, false)] {
        params.outputs = vec![output];
        let (warnings, out) = (Warnings::default(), dir.path().join(output.name()));
        std::fs::create_dir_all(&out).unwrap();
        let ctx = Context {
            out: &out,
            home: &out,
            progress: &warnings,
            cancel: &Cancel::default(),
            chunks: None,
        };
        run(&params, &ctx).unwrap();
        let said = warnings.0.into_inner().unwrap();
        let of_golden = said
            .iter()
            .any(|message| message.contains("nothing was compared"));
        assert_eq!(of_golden, warned, "{said:?}");
    }
}

#[test]
fn golden_vectors_are_recorded_of_any_torchscript_and_hold_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let params = project(dir.path(), 3);
    let recorded = record_golden_vectors(&params.model, means().inputs).unwrap();
    write_card(&params, &recorded);
    ran(&params, &dir.path().join("out")).unwrap();
    write_model(
        &params.model,
        "-> Tensor:\n    return torch.sqrt(torch.sub(torch.mean(x, [2]), 1000.))\n",
    );
    let message = record_golden_vectors(&params.model, means().inputs)
        .unwrap_err()
        .to_string();
    assert!(message.contains("infinite or no number"), "{message}");
}

#[test]
fn a_reduced_precision_is_held_to_a_wider_tolerance() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 3);
    write_card(&params, &means());
    params.precision = Precision::Bfloat16;
    ran(&params, &dir.path().join("out")).unwrap();
    let golden = InferenceRecord::read(&dir.path().join("out"))
        .unwrap()
        .golden
        .unwrap();
    let found = golden.largest_differences["logits"];
    assert!(
        found > tolerance(Precision::Float32) && found <= golden.tolerance,
        "{found}"
    );
}
