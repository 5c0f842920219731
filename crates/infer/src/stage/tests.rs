//! The stage on small projects, with a double in the model's place where the model does not matter.

use super::segment_source::hash_file;
use super::*;
use crate::backend::{Backend, BackendDescription, BackendError, BatchOutput, ExtraOutput};
use crate::shape::SegmentShape;
use crate::signal_buffer::SignalBuffer;
use crate::testing::{LEADS, MEANS, OLDER_OUTPUTS, OUTPUTS, SAMPLES, project, value, write_model};
use ecgfm_artifacts::extra_outputs;
use ecgfm_artifacts::logits::Logits;
use ecgfm_artifacts::stage::{Cancel, NoProgress};
use ecgfm_stage_params::{BatchSize, InferOutput, Precision, SaliencyHeads, SaliencyPer};
use std::path::Path;
use std::sync::Mutex;

const ONE: WorkerPool = WorkerPool {
    workers: 1,
    threads_each: 1,
};

/// Scores a project with a double, in batches of four that a CPU pads to four.
fn scored(
    source: &SubsetSegments,
    model: &Double,
    out: &Path,
    cancel: &Cancel,
) -> Result<run_stats::RunStats> {
    let batching = Batching::new(4, source.subset.rows.len(), true);
    let mut journal = ScoringJournal::open(out)?;
    score_segments(
        source,
        model,
        &ReturnedValues::default(),
        (batching, ONE),
        &mut journal,
        &context(out, cancel),
    )
}

/// Answers with the first value of each segment and its negative; infinite for values above a limit.
struct Double {
    limit: f32,
    /// Batches that it answers, and what libtorch says of the next.
    fails: Option<(usize, &'static str)>,
    batches: Mutex<Vec<usize>>,
    cancel: Option<Cancel>,
}

impl Double {
    fn new() -> Self {
        Self {
            limit: f32::INFINITY,
            fails: None,
            batches: Mutex::default(),
            cancel: None,
        }
    }
}

impl Backend for Double {
    fn labels(&self) -> usize {
        2
    }

    fn prepare(&mut self, _: SegmentShape, _: &[usize]) -> Result<()> {
        Ok(())
    }

    fn extras(&self) -> &[ExtraOutput] {
        &[]
    }

    fn allocate(&self, rows: usize, shape: SegmentShape) -> Result<SignalBuffer> {
        Ok(SignalBuffer::new(rows, shape, Device::Cpu).unwrap())
    }

    fn run(&self, signals: &SignalBuffer, rows: usize) -> Result<BatchOutput, BackendError> {
        let mut out = vec![0.0; 2 * rows];
        if let Some((answered, words)) = self.fails
            && self.batches.lock().unwrap().len() == answered
        {
            return Err(words.into());
        }
        self.batches.lock().unwrap().push(rows);
        let segments = signals.values().chunks_exact(signals.shape().len());
        for (segment, out) in segments.zip(out.chunks_exact_mut(2)) {
            let logit = if segment[0] > self.limit {
                f32::NAN
            } else {
                segment[0]
            };
            out.copy_from_slice(&[logit, -logit]);
        }
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
        Ok(BatchOutput {
            logits: out,
            extras: Vec::new(),
        })
    }

    fn describe(&self) -> BackendDescription {
        BackendDescription {
            name: "double",
            device: "none".into(),
            precision: "float32",
            runtime: None,
        }
    }
}

fn context<'a>(out: &'a Path, cancel: &'a Cancel) -> Context<'a> {
    Context {
        out,
        home: out,
        progress: &NoProgress,
        cancel,
    }
}

#[test]
fn logits_are_keyed_in_manifest_order_and_padding_leaves_no_row() {
    let dir = tempfile::tempdir().unwrap();
    let source = SubsetSegments::open(&project(dir.path(), 10)).unwrap();
    let model = Double::new();
    let tally = scored(&source, &model, dir.path(), &Cancel::default()).unwrap();
    assert_eq!(*model.batches.lock().unwrap(), [4, 4, 4]);
    assert_eq!((tally.segments, tally.batches, tally.non_finite), (10, 3, 0));
    let logits = Logits::read(dir.path(), "test").unwrap();
    let first: Vec<f32> = logits.values.iter().step_by(2).copied().collect();
    assert_eq!(first, (0..10).rev().map(|i| value(i, 0, 0)).collect::<Vec<_>>());
    let segments = logits.index.column("segment").unwrap().str().unwrap();
    assert_eq!(segments.get(0), Some("ecg_9_0"));
    assert_eq!(
        logits
            .index
            .column("idx")
            .unwrap()
            .get(0)
            .unwrap()
            .try_extract::<i64>()
            .unwrap(),
        16
    );
}

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
fn infinite_logits_are_kept_counted_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let source = SubsetSegments::open(&project(dir.path(), 6)).unwrap();
    let model = Double {
        limit: 3500.0,
        ..Double::new()
    };
    let tally = scored(&source, &model, dir.path(), &Cancel::default()).unwrap();
    assert_eq!(
        (tally.non_finite, tally.non_finite_keys.as_slice()),
        (2, &["ecg_5_0".to_owned(), "ecg_4_0".to_owned()][..])
    );
    assert!(Logits::read(dir.path(), "test").unwrap().values[0].is_nan());
    assert_eq!(report_outcome(&tally).counts["non_finite"], 2);
}

#[test]
fn a_request_to_stop_is_heeded_between_batches() {
    let dir = tempfile::tempdir().unwrap();
    let source = SubsetSegments::open(&project(dir.path(), 50)).unwrap();
    let cancel = Cancel::default();
    let model = Double {
        cancel: Some(cancel.clone()),
        ..Double::new()
    };
    assert!(matches!(
        scored(&source, &model, dir.path(), &cancel),
        Err(Error::Cancelled)
    ));
    assert_eq!(model.batches.lock().unwrap().len(), 1);
}

#[test]
fn a_device_that_fails_in_the_middle_is_named_in_a_sentence_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let source = SubsetSegments::open(&project(dir.path(), 50)).unwrap();
    let words = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has 79 GiB.\nException raised from malloc at \
                 /pytorch/c10/cuda/CUDACachingAllocator.cpp:1 (most recent call first):\nframe #0: c10::Error::Error";
    let model = Double {
        fails: Some((3, words)),
        ..Double::new()
    };
    let error = scored(&source, &model, dir.path(), &Cancel::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "segments from `ecg_37_0` on: libtorch cannot run the model: CUDA out of memory; use a smaller batch_size, or end what \
         else takes the device's memory"
    );
    assert!(matches!(error, Error::Torch { .. }));
}

/// The bytes of every file that a run leaves.
fn left(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let names = [
        "outputs_test.npy",
        "outputs_test_index.csv",
        "outputs_test_header.pkl",
    ];
    let read = |name: &str| (name.to_owned(), std::fs::read(dir.join(name)).unwrap());
    names.into_iter().map(read).collect()
}

#[test]
fn a_run_that_is_interrupted_after_every_batch_computes_none_twice_and_leaves_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let source = SubsetSegments::open(&project(dir.path(), 50)).unwrap();
    let [whole, cut] = ["whole", "cut"].map(|name| dir.path().join(name));
    std::fs::create_dir(&whole).unwrap();
    std::fs::create_dir(&cut).unwrap();
    let limited = || Double {
        limit: value(30, 0, 0),
        ..Double::new()
    };
    let at_once = scored(&source, &limited(), &whole, &Cancel::default()).unwrap();
    assert!(at_once.non_finite > 0 && at_once.batches == 13);
    let mut runs = 0;
    let in_pieces = loop {
        let cancel = Cancel::default();
        let model = Double {
            cancel: Some(cancel.clone()),
            ..limited()
        };
        let ran = scored(&source, &model, &cut, &cancel);
        runs += 1;
        assert_eq!(model.batches.lock().unwrap().len(), 1, "run {runs}");
        match ran {
            Ok(tally) => break tally,
            Err(error) => assert!(matches!(error, Error::Cancelled)),
        }
    };
    assert_eq!(runs, 13);
    assert_eq!(left(&cut), left(&whole));
    let counts = |tally: &run_stats::RunStats| report_outcome(tally).counts;
    assert_eq!(counts(&in_pieces), counts(&at_once));
    assert_eq!(in_pieces.non_finite_keys, at_once.non_finite_keys);
}

#[test]
fn what_another_run_left_or_what_is_damaged_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let source = SubsetSegments::open(&project(dir.path(), 50)).unwrap();
    let whole = dir.path().join("whole");
    std::fs::create_dir(&whole).unwrap();
    scored(&source, &Double::new(), &whole, &Cancel::default()).unwrap();
    let entry = |out: &Path| out.join(".complete/batches.json");
    let rewrite = |out: &Path, from: &str, to: &str| {
        let text = std::fs::read_to_string(entry(out)).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(entry(out), text.replace(from, to)).unwrap();
    };
    let spoil: [&dyn Fn(&Path); 6] = [
        &|out| std::fs::write(entry(out), "{").unwrap(),
        &|out| rewrite(out, "\"boot\":\"", "\"boot\":\"another"),
        &|out| rewrite(out, "\"batch_size\":4", "\"batch_size\":2"),
        &|out| rewrite(out, "\"batches\":1", "\"batches\":9"),
        &|out| std::fs::write(out.join("outputs_test.npy"), b"short").unwrap(),
        &|out| std::fs::remove_file(out.join("outputs_test.npy")).unwrap(),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let out = dir.path().join(number.to_string());
        std::fs::create_dir(&out).unwrap();
        let cancel = Cancel::default();
        let stopping = Double {
            cancel: Some(cancel.clone()),
            ..Double::new()
        };
        assert!(scored(&source, &stopping, &out, &cancel).is_err());
        spoil(&out);
        let again = Double::new();
        scored(&source, &again, &out, &Cancel::default()).unwrap();
        assert_eq!(again.batches.lock().unwrap().len(), 13, "{number}");
        assert_eq!(left(&out), left(&whole), "{number}");
    }
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
