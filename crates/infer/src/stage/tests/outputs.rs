//! Whole runs: outputs beside logits, and reduced precisions.

use super::*;
use crate::testing::{
    LEADS, MEANS, NO_SALIENCY, OLDER_OUTPUTS, ONLY_EMBEDDING, OUTPUTS, SAMPLES, project, value,
    write_methods, write_model,
};
use ecgfm_artifacts::extra_outputs;
use ecgfm_artifacts::logits::Logits;
use ecgfm_stage_params::{Precision, SaliencyHeads, SaliencyPer};

#[test]
fn what_is_asked_for_beside_logits_is_written_row_for_row_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 9);
    write_model(&params.model, &format!("{MEANS}{OUTPUTS}"));
    let ran = |params: &Params, name: &str| {
        let out = dir.path().join(name);
        std::fs::create_dir(&out).unwrap();
        run(params, &context(&out, &Cancel::default())).unwrap();
        out
    };
    let plain = ran(&params, "plain");
    let files = std::fs::read_dir(&plain).unwrap();
    let files = files.filter(|entry| entry.as_ref().unwrap().path().is_file());
    assert_eq!(files.count(), 4);
    assert_eq!(InferenceRecord::read(&plain).unwrap().saliency_per, None);
    params.outputs = vec![InferOutput::Embedding, InferOutput::Saliency];
    let mean = ran(&params, "mean");
    let logits = Logits::read(&mean, "test").unwrap();
    assert_eq!(logits.values, Logits::read(&plain, "test").unwrap().values);
    let (shape, embedding) = extra_outputs::read(&mean, "embedding", "test").unwrap();
    assert_eq!(shape, [9, LEADS]);
    assert_eq!(
        embedding,
        logits.values.iter().map(|v| v * 2.0).collect::<Vec<_>>()
    );
    // The manifest runs backwards: the first row is segment 8.
    let all_leads = |times: f32| -> Vec<f32> {
        let leads = 0..LEADS;
        leads
            .flat_map(|lead| (0..SAMPLES).map(move |sample| times * value(8, lead, sample)))
            .collect()
    };
    let mean_of_leads: Vec<f32> = (0..SAMPLES)
        .map(|sample| (0..LEADS).map(|lead| value(8, lead, sample)).sum::<f32>())
        .collect();
    for (per, heads, expected) in [
        (
            SaliencyPer::Query,
            SaliencyHeads::Mean,
            all_leads(1.0)[..SAMPLES].to_vec(),
        ),
        (SaliencyPer::Query, SaliencyHeads::Each, all_leads(2.0)),
        (SaliencyPer::Key, SaliencyHeads::Each, all_leads(3.0)),
        (SaliencyPer::Key, SaliencyHeads::Mean, mean_of_leads),
    ] {
        (params.saliency_per, params.saliency_heads) = (per, heads);
        let out = ran(&params, &format!("{per:?} {heads:?}"));
        let (shape, saliency) = extra_outputs::read(&out, "saliency", "test").unwrap();
        assert_eq!(
            shape.iter().product::<usize>(),
            9 * expected.len(),
            "{per:?} {heads:?}"
        );
        assert_eq!(saliency[..expected.len()], expected, "{per:?} {heads:?}");
        assert_eq!(InferenceRecord::read(&out).unwrap().saliency_per, Some(per));
    }
    assert_eq!(
        extra_outputs::read(&mean, "saliency", "test").unwrap().1[..SAMPLES],
        all_leads(1.0)[..SAMPLES],
        "per query is the default"
    );
}

#[test]
fn an_older_export_gives_saliency_per_key_and_says_what_to_do_for_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 3);
    write_model(&params.model, &format!("{MEANS}{OLDER_OUTPUTS}"));
    params.outputs = vec![InferOutput::Logits, InferOutput::Embedding, InferOutput::Saliency];
    let ran = |params: &Params, name: &str| {
        let out = dir.path().join(name);
        std::fs::create_dir(&out).unwrap();
        run(params, &context(&out, &Cancel::default())).map(|_| out)
    };
    let message = ran(&params, "query").unwrap_err().to_string();
    assert!(
        message.contains("export the checkpoint again") && message.contains("saliency_per: key"),
        "{message}"
    );
    params.saliency_per = SaliencyPer::Key;
    let out = ran(&params, "key").unwrap();
    assert_eq!(
        extra_outputs::read(&out, "saliency", "test").unwrap().0,
        [3, SAMPLES]
    );
    params.saliency_per = SaliencyPer::Query;
    params.outputs = vec![InferOutput::Logits, InferOutput::Embedding];
    ran(&params, "embedding").unwrap();
}

#[test]
fn a_model_without_saliency_gives_its_embedding_and_refuses_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 3);
    let ran = |params: &Params, name: &str| {
        let out = dir.path().join(name);
        std::fs::create_dir(&out).unwrap();
        run(params, &context(&out, &Cancel::default())).map(|_| out)
    };
    write_model(&params.model, &format!("{MEANS}{NO_SALIENCY}"));
    params.outputs = vec![InferOutput::Embedding];
    let out = ran(&params, "classifier").unwrap();
    let logits = Logits::read(&out, "test").unwrap().values;
    let (_, embedding) = extra_outputs::read(&out, "embedding", "test").unwrap();
    assert_eq!(embedding, logits.iter().map(|v| v * 2.0).collect::<Vec<_>>());
    params.outputs = vec![InferOutput::Embedding, InferOutput::Saliency];
    let message = ran(&params, "refused").unwrap_err().to_string();
    assert!(message.contains("the model gives no saliency"), "{message}");
    write_methods(&params.model, ONLY_EMBEDDING);
    params.outputs = vec![InferOutput::Embedding];
    let out = ran(&params, "encoder").unwrap();
    assert_eq!(
        extra_outputs::read(&out, "embedding", "test").unwrap(),
        (vec![3, LEADS], embedding)
    );
}

#[test]
fn a_reduced_precision_is_held_against_float32() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = project(dir.path(), 9);
    let facts = |params: &Params, name: &str| {
        let out = dir.path().join(name);
        std::fs::create_dir(&out).unwrap();
        run(params, &context(&out, &Cancel::default())).unwrap().facts
    };
    assert!(!facts(&params, "float32").contains_key("against_float32"));
    params.precision = Precision::Bfloat16;
    let facts = facts(&params, "bfloat16");
    let check = &facts["against_float32"];
    assert_eq!(check["segments"], 9);
    // The values go up to 8,023, of which bfloat16 keeps 8 bits.
    let change = check["largest_logit_change"].as_f64().unwrap();
    assert!((0.5..=32.0).contains(&change), "{change}");
    assert!(check["largest_probability_change"].as_f64().unwrap() <= 1.0);
}
