//! What a run records of what it was made from.
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::fs;

use ecgfm_pipeline::{ErrorKind, LockFile, NoProgress, Progress, hash_inputs, verify_outputs};
use toys::Bench;

#[test]
fn inputs_are_recorded_whole_once_and_a_bit_that_no_sample_sees_is_found() {
    let bench = Bench::new();
    let raw = bench.raw();
    let bytes = vec![b'a'; 300 << 10];
    fs::write(&raw, &bytes).unwrap();
    bench.run(&bench.graph(&[])).unwrap();
    let check = || hash_inputs(&bench.path(""), &NoProgress, &Default::default()).unwrap();
    let first = check();
    assert!(
        first.is_intact() && first.recorded >= 1 && first.intact == 0,
        "{first:?}"
    );
    let second = check();
    assert!(second.is_intact() && second.recorded == 0, "{second:?}");
    assert_eq!(second.intact, first.recorded);
    assert!(
        verify_outputs(&bench.path(""), &NoProgress, &Default::default())
            .unwrap()
            .is_intact()
    );

    let time = fs::metadata(&raw).unwrap().modified().unwrap();
    let rewrite = |bytes: &[u8]| {
        fs::write(&raw, bytes).unwrap();
        fs::File::options()
            .append(true)
            .open(&raw)
            .unwrap()
            .set_modified(time)
            .unwrap();
    };
    let mut rotten = bytes.clone();
    rotten[150 << 10] ^= 1;
    rewrite(&rotten);
    let sampled = verify_outputs(&bench.path(""), &NoProgress, &Default::default()).unwrap();
    assert!(
        sampled.inputs_changed.is_empty(),
        "a sample does not see the middle"
    );
    let found = check();
    assert_eq!((found.changed.len(), found.is_intact()), (1, false), "{found:?}");
    assert!(
        found.changed[0].ends_with(raw.file_name().unwrap().to_str().unwrap()),
        "{found:?}"
    );

    rewrite(&bytes);
    assert!(check().is_intact());
    fs::remove_file(&raw).unwrap();
    assert_eq!(check().missing.len(), 1);
}

#[test]
fn what_was_never_recorded_is_not_recorded_after_it_changed() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    fs::write(bench.raw(), "other").unwrap();
    let check = || hash_inputs(&bench.path(""), &NoProgress, &Default::default());
    let found = check().unwrap();
    assert_eq!((found.unknown.len(), found.recorded), (1, 0), "{found:?}");
    // A run on the new data is what the next record belongs to.
    bench.run(&bench.graph(&[])).unwrap();
    assert_eq!(check().unwrap().recorded, 1);
    let path = bench.path("inputs.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"size\": 5", "\"size\": 6", 1)).unwrap();
    let error = check().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadInput);
    assert!(error.to_string().contains("inputs.json"), "{error}");
}

#[test]
fn data_that_lies_in_the_runs_own_directory_is_looked_at_like_any_other() {
    let bench = Bench::new();
    let mine = bench.path("mine");
    fs::create_dir_all(&mine).unwrap();
    fs::write(mine.join("raw.txt"), "one\n").unwrap();
    let set = format!("vars.raw={}", mine.join("raw.txt").display());
    let run = || bench.run(&bench.graph(&[&set])).unwrap().ran.len();
    assert_eq!((run(), run()), (5, 0));
    let verified = || verify_outputs(&bench.path(""), &NoProgress, &Default::default()).unwrap();
    assert!(verified().is_intact() && verified().inputs_changed.is_empty());
    let hashed = || hash_inputs(&bench.path(""), &NoProgress, &Default::default()).unwrap();
    assert_eq!((hashed().recorded, hashed().intact), (1, 1));
    // The run may be moved with what is in it.
    let text = fs::read_to_string(bench.path("lock.json")).unwrap();
    assert!(text.contains("\"${run}/mine/raw.txt\""), "{text}");
    fs::write(mine.join("raw.txt"), "two\n").unwrap();
    assert_eq!(verified().inputs_changed, ["${run}/mine/raw.txt"]);
    assert_eq!(hashed().changed, ["${run}/mine/raw.txt"]);
    assert_eq!(run(), 5);
}

#[test]
fn the_runs_own_directory_is_no_data() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("")).unwrap();
    let run_dir = bench.path("").canonicalize().unwrap();
    for raw in [run_dir.clone(), run_dir.join("../sample")] {
        let graph = bench.graph(&[&format!("vars.raw={}", raw.display())]);
        let error = bench.run(&graph).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains("the run's own directory"), "{error}");
    }
}

#[test]
fn what_changes_while_it_is_hashed_is_not_recorded() {
    /// Overwrites the file at the moment its reading begins.
    struct Meddler(std::path::PathBuf);
    impl Progress for Meddler {
        fn begin(&self, _: u64, _: &'static str) {}
        fn advance(&self, _: u64) {
            fs::write(&self.0, "written meanwhile").unwrap();
        }
        fn note(&self, _: &str) {}
    }
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let found = hash_inputs(&bench.path(""), &Meddler(bench.raw()), &Default::default()).unwrap();
    assert_eq!((found.unknown.len(), found.recorded), (1, 0), "{found:?}");
    assert!(!bench.path("inputs.json").exists());
}

#[test]
fn the_record_says_what_everything_was_made_from() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench
        .run_with(&graph, |o| {
            o.versions = [("toy".to_owned(), "0.1.0".to_owned())].into()
        })
        .unwrap();
    let text = fs::read_to_string(bench.path("lock.json")).unwrap();
    let lock: LockFile = serde_json::from_str(&text).unwrap();
    let mut shown = serde_json::to_value(&lock).unwrap();
    for stage in shown["stages"].as_object_mut().unwrap().values_mut() {
        stage["fingerprint"] = "...".into();
        assert_eq!(
            stage["directory"].as_str(),
            std::env::current_dir().unwrap().to_str()
        );
        stage["directory"] = "...".into();
        for key in ["started", "finished", "seconds"] {
            stage[key] = "...".into();
        }
        stage["outputs"]
            .as_object_mut()
            .unwrap()
            .values_mut()
            .for_each(|f| f["modified"] = "...".into());
    }
    let shown = serde_json::json!({"vars": shown["vars"], "signals": shown["stages"]["signals"],
        "manifests": shown["stages"]["manifests"]});
    insta::assert_snapshot!(bench.plain(&serde_json::to_string_pretty(&shown).unwrap()));
}
