//! Labels of the logits: by the model's card or by configuration, never by guess.

use super::Params;
use crate::{Error, Result};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_stage_params::LabelNames;

/// Returns the labels of a model with `count` labels, by its card and by the configuration, which must agree.
pub(super) fn check_label_names(
    params: &Params,
    card: Option<LabelNames>,
    count: usize,
) -> Result<Option<LabelNames>> {
    let refused = |what: String| Err(Error::model(&params.model, what));
    if let Some(set) = card.as_ref().filter(|set| set.labels.len() != count) {
        return refused(format!(
            "the model has {count} labels, and its card names the {} of `{}`; export it again",
            set.labels.len(),
            set.name
        ));
    }
    let Some(name) = &params.labels else {
        return Ok(card);
    };
    let configured = LabelSet::load(name)?;
    let names = configured.names();
    if names.len() != count {
        return refused(format!(
            "the model has {count} labels and label set `{name}` has {}; one of them is the wrong one",
            names.len()
        ));
    }
    if let Some(set) = card.filter(|set| set.labels != names) {
        let at = set.labels.iter().zip(&names).position(|(a, b)| a != b);
        let at = at.unwrap_or_default();
        return refused(format!(
            "{} is not the one that the model was exported with, {}: label {} is `{}` there and `{}` here",
            configured.describe(),
            set.describe(),
            at + 1,
            set.labels[at],
            names[at]
        ));
    }
    Ok(Some(configured.label_names()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::run;
    use crate::testing::{ENCODER, LEADS, SAMPLES, project, value, write_methods};
    use ecgfm_artifacts::extra_outputs;
    use ecgfm_artifacts::logits::Logits;
    use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
    use ecgfm_stage_params::{InferOutput, Precision};
    use std::path::Path;

    fn ran(params: &Params, out: &Path) -> Result<Outcome> {
        let ctx = Context {
            out,
            home: out,
            progress: &NoProgress,
            cancel: &Cancel::default(),
            chunks: None,
        };
        run(params, &ctx)
    }

    #[test]
    fn the_cards_labels_go_into_the_record_and_others_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut params = project(dir.path(), 3);
        let sha = crate::stage::segment_source::hash_file(&params.model).unwrap();
        let card = |labels: &[&str]| {
            let json = serde_json::json!({
                "format_version": 1, "labels": LEADS, "label_set": { "name": "mine", "labels": labels },
                "input": { "leads": LEADS, "min_samples": 1 }, "model": { "sha256": sha },
            });
            std::fs::write(dir.path().join("model.json"), json.to_string()).unwrap();
        };
        let set = |names: [&str; LEADS]| {
            let labels = names.map(|name| format!("  - {{ name: {name}, title: {name} }}\n"));
            let path = dir.path().join("labels.yaml");
            std::fs::write(
                &path,
                format!("name: set\ntitle: Set\nlabels:\n{}", labels.concat()),
            )
            .unwrap();
            Some(path.to_string_lossy().into_owned())
        };
        card(&["A", "B", "C"]);
        let facts = ran(&params, dir.path()).unwrap().facts;
        assert_eq!(facts["label_set"], "mine");
        assert_eq!(facts["label_names"], serde_json::json!(["A", "B", "C"]));
        params.labels = set(["A", "B", "C"]);
        assert_eq!(ran(&params, dir.path()).unwrap().facts["label_set"], "set");
        params.labels = set(["A", "C", "B"]);
        let message = ran(&params, dir.path()).unwrap_err().to_string();
        assert!(message.contains("label 2 is `B` there and `C` here"), "{message}");
        params.labels = None;
        card(&["A", "B"]);
        let message = ran(&params, dir.path()).unwrap_err().to_string();
        assert!(message.contains("its card names the 2 of `mine`"), "{message}");
    }

    #[test]
    fn an_encoder_gives_keyed_embeddings_and_no_logits() {
        let dir = tempfile::tempdir().unwrap();
        let mut params = project(dir.path(), 5);
        write_methods(&params.model, ENCODER);
        for outputs in [
            vec![InferOutput::Logits],
            vec![InferOutput::Logits, InferOutput::Embedding],
        ] {
            params.outputs = outputs;
            let message = ran(&params, dir.path()).unwrap_err().to_string();
            assert!(message.contains("encoder without a head"), "{message}");
        }
        params.outputs = vec![InferOutput::Embedding];
        params.precision = Precision::Bfloat16;
        let out = dir.path().join("out");
        std::fs::create_dir(&out).unwrap();
        let outcome = ran(&params, &out).unwrap();
        assert_eq!((outcome.counts["segments"], outcome.counts["non_finite"]), (5, 0));
        let check = &outcome.facts["against_float32"];
        assert!(
            check["largest_embedding_change"].as_f64().unwrap() > 0.0,
            "{check}"
        );
        assert!(check.get("largest_probability_change").is_none());
        let (shape, values) = extra_outputs::read(&out, "embedding", "test").unwrap();
        assert_eq!(shape, [5, LEADS]);
        let mean = (0..SAMPLES).map(|s| value(4, 0, s)).sum::<f32>() / SAMPLES as f32;
        assert!((values[0] / (2.0 * mean) - 1.0).abs() < 0.01);
        let index = std::fs::read_to_string(out.join("outputs_test_index.csv")).unwrap();
        assert!(
            index.starts_with("row,segment,idx,save_file\n0,ecg_4_0,11,ecg_4.mat\n"),
            "{index}"
        );
        let message = Logits::read(&out, "test").unwrap_err().to_string();
        assert!(message.contains("encoder without a head"), "{message}");
    }
}
