//! What an exported model gives: logits, embedding and saliency, in every form.

use super::*;

#[test]
fn embedding_and_saliency_come_from_the_same_pass_as_the_logits() {
    let dir = tempfile::tempdir().unwrap();
    let (path, config, weights) = variant(dir.path(), &CheckpointOptions::default());
    let card = run(&path, dir.path()).unwrap();
    let names: Vec<&str> = card.outputs.iter().map(|answer| answer.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "logits",
            "embedding",
            "saliency",
            "saliency_per_query_of_heads",
            "saliency_per_key_of_heads"
        ]
    );
    let module = CModule::load(dir.path().join(MODEL_FILE)).unwrap();
    let signals = init::normal_noise(&[3, 12, 900], 5).unwrap();
    let answer = module
        .method_is(torchscript::OUTPUTS_METHOD, &[IValue::Tensor(signals.copy())])
        .unwrap();
    let [logits, embedding, per_query, of_heads, per_key] =
        tuple_tensors(answer).unwrap().try_into().unwrap();
    assert!(difference(&logits, &module.forward_ts(&[&signals]).unwrap()) <= 1e-6);
    let head = |name: &str| weights.get(&format!("proj.{name}")).unwrap();
    let by_hand = embedding.linear(head("weight"), Some(head("bias")));
    assert!(
        difference(&by_hand, &logits) <= 1e-6,
        "the head reads the embedding"
    );
    assert_eq!(embedding.size(), [3, config.embed_dim]);
    let tokens = config.tokens(900);
    assert_eq!(per_query.size(), [3, tokens]);
    assert_eq!(of_heads.size(), [3, config.heads, tokens]);
    assert_eq!(per_key.size(), [3, config.heads, tokens]);
    // Attention is a distribution over the keys: no key gets more than all, and the largest no less than its share.
    for (values, least) in [
        (&per_query, 1.0 / tokens as f64),
        (&of_heads, 1.0 / tokens as f64),
        (&per_key, 0.0),
    ] {
        let (low, high) = (values.min().double_value(&[]), values.max().double_value(&[]));
        assert!(low > least - 1e-6 && high <= 1.0 + 1e-6, "{low} to {high}");
    }
    let mean_of_largest = of_heads.mean_dim(&[1i64][..], false, Kind::Float);
    assert!(
        (mean_of_largest - &per_query).min().double_value(&[]) > -1e-6,
        "the largest of the mean is no more than the mean of the largest"
    );
    let sums = per_key.sum_dim_intlist(&[2i64][..], false, Kind::Float);
    assert!(
        sums.min().double_value(&[]) >= 1.0 - 1e-5,
        "the largest is no less than the mean"
    );
}

#[test]
fn an_encoder_gives_what_the_classifier_around_it_gives_but_logits() {
    let dir = tempfile::tempdir().unwrap();
    let (config, weights) = (small(), scattered(&small(), 3));
    let encoder = Config { labels: 0, ..small() };
    let path = dir.path().join("encoder.pt");
    write_checkpoint(&path, &encoder, &weights, &CheckpointOptions::default()).unwrap();
    let params = Params {
        checkpoint: path,
        config: None,
        head: None,
        sha256: None,
        labels: Some(LabelNames {
            hash: None,
            name: "not used".into(),
            labels: vec!["A".into()],
        }),
        positions_on_cuda: PositionalForm::Spectrum,
        recipe: None,
        notice: None,
    };
    let card = export(&params, dir.path()).unwrap();
    assert_eq!((card.labels, card.label_set), (0, None));
    assert_eq!(card.architecture, "ecg_transformer");
    let names: Vec<&str> = card.outputs.iter().map(|answer| answer.name.as_str()).collect();
    assert_eq!(names[..2], ["embedding", "saliency"]);
    let module = CModule::load(dir.path().join(MODEL_FILE)).unwrap();
    let signals = init::normal_noise(&[3, 12, 900], 5).unwrap();
    assert!(module.forward_ts(&[&signals]).is_err());
    let answer = module
        .method_is(torchscript::OUTPUTS_METHOD, &[IValue::Tensor(signals.copy())])
        .unwrap();
    let [embedding, per_query, of_heads, per_key] = tuple_tensors(answer).unwrap().try_into().unwrap();
    let expected = network::compute_outputs(
        &config,
        &weights,
        &signals,
        PositionalForm::Convolution,
        &mut |_, _| {},
    )
    .unwrap();
    assert!(difference(&embedding, &expected.embedding) <= 1e-6);
    let expected = expected.saliency.unwrap();
    assert!(difference(&per_query, &expected.per_query) <= 1e-6);
    assert!(difference(&of_heads, &expected.per_query_of_heads) <= 1e-6);
    assert!(difference(&per_key, &expected.per_key_of_heads) <= 1e-6);
}

#[test]
fn both_forms_for_cuda_export_and_compute_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (path, config, weights) = variant(dir.path(), &CheckpointOptions::default());
    let signals = init::normal_noise(&[3, 12, 2500], 5).unwrap();
    let expected = network::compute_logits(&config, &weights, &signals, PositionalForm::Convolution).unwrap();
    for (form, method) in [
        (PositionalForm::Spectrum, "forward_fixed"),
        (PositionalForm::Convolution, "forward_any"),
    ] {
        let params = Params {
            checkpoint: path.clone(),
            config: None,
            head: None,
            sha256: None,
            labels: None,
            positions_on_cuda: form,
            recipe: None,
            notice: None,
        };
        export(&params, dir.path()).unwrap();
        let module = CModule::load(dir.path().join(MODEL_FILE)).unwrap();
        for logits in [
            module.forward_ts(&[&signals]),
            module.method_ts(method, &[&signals]),
        ] {
            let largest = difference(&logits.unwrap(), &expected);
            assert!(largest <= 5e-6, "{form:?}: {largest}");
        }
    }
}
