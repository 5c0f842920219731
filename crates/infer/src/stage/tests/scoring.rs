//! Scoring with a double in the model's place: order, interruption and failure.

use super::*;
use crate::testing::{project, value};
use ecgfm_artifacts::logits::Logits;
use ecgfm_artifacts::stage::{ChunkWork, Shard};

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
    let entry = |out: &Path| out.join(".chunks/000000.jsonl");
    let rewrite = |out: &Path, from: &str, to: &str| {
        let text = std::fs::read_to_string(entry(out)).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(entry(out), text.replace(from, to)).unwrap();
    };
    let data = |out: &Path| {
        let files = std::fs::read_dir(out.join(".chunks")).unwrap().flatten();
        let mut arrays = files
            .map(|file| file.path())
            .filter(|path| path.extension().is_some_and(|e| e == "npy"));
        arrays.next().unwrap()
    };
    let spoil: [&dyn Fn(&Path); 5] = [
        &|out| std::fs::write(entry(out), "{").unwrap(),
        &|out| rewrite(out, "\"batch_size\":4", "\"batch_size\":2"),
        &|out| rewrite(out, "\"non_finite\":0", "\"non_finite\":9"),
        &|out| std::fs::write(data(out), b"short").unwrap(),
        &|out| std::fs::remove_file(data(out)).unwrap(),
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
fn shares_in_any_order_leave_what_one_run_leaves_and_compute_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let source = SubsetSegments::open(&project(dir.path(), 50)).unwrap();
    let whole = dir.path().join("whole");
    std::fs::create_dir(&whole).unwrap();
    let limited = || Double {
        limit: value(30, 0, 0),
        ..Double::new()
    };
    let at_once = scored(&source, &limited(), &whole, &Cancel::default()).unwrap();
    for count in [1, 2, 5, 20] {
        let chunks = dir.path().join(format!("chunks{count}"));
        let out = dir.path().join(format!("out{count}"));
        std::fs::create_dir(&out).unwrap();
        let score = |model: &Double, shard: Option<Shard>| {
            let cancel = Cancel::default();
            let work = ChunkWork { dir: &chunks, shard };
            let ctx = Context {
                chunks: Some(work),
                ..context(&out, &cancel)
            };
            let batching = Batching {
                least_chunk: 4,
                ..Batching::new(4, source.subset.rows.len(), true)
            };
            let store = ChunkStore::open(&ctx, None).unwrap();
            score_segments(
                &source,
                model,
                &ReturnedValues::default(),
                (batching, ONE),
                &store,
                &ctx,
            )
            .unwrap()
        };
        let model = limited();
        // Another number of shares at the last try.
        for number in (2..=count).rev() {
            score(&model, Shard::new(number, count));
        }
        assert!(
            !out.join("outputs_test.npy").exists(),
            "a share publishes nothing"
        );
        score(&model, Shard::new(1, 3));
        let merged = score(&model, None);
        assert_eq!(model.batches.lock().unwrap().len(), 13, "{count}");
        assert_eq!(left(&out), left(&whole), "{count}");
        assert_eq!(
            report_outcome(&merged).counts,
            report_outcome(&at_once).counts,
            "{count}"
        );
        assert_eq!(merged.non_finite_keys, at_once.non_finite_keys, "{count}");
    }
}

#[test]
fn processes_that_would_divide_the_segments_otherwise_take_the_division_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    let ctx = context(dir.path(), &cancel);
    let store = ChunkStore::open(&ctx, None).unwrap();
    assert_eq!(chunks::planned_batch_size(&store).unwrap(), None);
    let sizes = [64, 256, 8].map(|size| {
        let batching = Batching::new(size, 1000, false);
        agree_on_batching(&store, batching, 1000, false, None)
            .unwrap()
            .size
    });
    assert_eq!(sizes, [64, 64, 64]);
    assert_eq!(chunks::planned_batch_size(&store).unwrap(), Some(64));
}

#[test]
fn where_one_kind_of_device_is_asked_for_a_process_on_another_kind_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    let store = ChunkStore::open(&context(dir.path(), &cancel), None).unwrap();
    let name = |device: &str, model: &str| DeviceName {
        device: device.to_owned(),
        model: Some(model.to_owned()),
    };
    let begin =
        |name: &DeviceName| agree_on_batching(&store, Batching::new(8, 100, false), 100, false, Some(name));
    begin(&name("cuda:0", "H100")).unwrap();
    begin(&name("cuda:1", "H100")).unwrap();
    let error = begin(&name("cuda:0", "A100")).unwrap_err();
    assert!(matches!(error, Error::Device { .. }));
    assert!(
        error
            .to_string()
            .contains("the run was begun on H100, and this machine has A100"),
        "{error}"
    );
    let both = [name("cuda:0", "H100"), name("cuda:1", "A100")];
    let error = require_same_kind(&both).unwrap_err();
    assert!(
        error.to_string().contains("cuda:0 (H100), cuda:1 (A100)"),
        "{error}"
    );
    require_same_kind(&both[..1]).unwrap();
}

#[test]
fn several_devices_leave_the_bytes_of_one_in_order_and_with_their_keys_also_where_one_fails() {
    let dir = tempfile::tempdir().unwrap();
    let source = SubsetSegments::open(&project(dir.path(), 100)).unwrap();
    let [alone, both, failing] = ["alone", "both", "failing"].map(|name| dir.path().join(name));
    for out in [&alone, &both, &failing] {
        std::fs::create_dir(out).unwrap();
    }
    let at_once = scored(&source, &Double::new(), &alone, &Cancel::default()).unwrap();
    let four = WorkerPool {
        workers: 4,
        threads_each: 1,
    };
    for (out, fails) in [
        (&both, None),
        (
            &failing,
            Some((2, "CUDA error: uncorrectable ECC error encountered")),
        ),
    ] {
        let device = |device, fails| Double {
            device,
            fails,
            pause: Duration::from_millis(1),
            ..Double::new()
        };
        let pool = DevicePool::new(device("cuda:0", None), [device("cuda:1", fails)]);
        let stats = scored_at_once(&source, &pool, out, &Cancel::default(), four).unwrap();
        assert_eq!(left(out), left(&alone));
        assert_eq!(report_outcome(&stats).counts, report_outcome(&at_once).counts);
        let devices: Vec<String> = stats.devices.iter().map(ToString::to_string).collect();
        assert_eq!(devices, ["cuda:0", "cuda:1"]);
    }
}
