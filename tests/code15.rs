//! The whole pipeline on the reference's ten recordings and its tiny checkpoint.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{Bench, contents, ok, python, root};

const DOWNSTREAM_OF_SPLITS: [&str; 6] = ["splits", "manifests", "infer", "predict", "evaluate", "report"];

#[test]
fn a_run_agrees_with_the_reference_to_the_digit_in_every_store() {
    let (Some(packed), Some(mat), Some(view), Some(mut python)) =
        (Bench::new(), Bench::new(), Bench::new(), python())
    else {
        return;
    };
    assert_eq!(view.ran(&["--set", "signals.store=view"]).len(), 9);
    assert_eq!(packed.ran(&[]).len(), 9);
    assert_eq!(mat.ran(&["--set", "signals.store=mat"]).len(), 9);
    let script = root().join("tests/python/against_reference.py");
    let said = ok(python
        .arg(script)
        .arg(&packed.reference)
        .arg(mat.dir())
        .arg(packed.dir()));
    assert!(said.contains("checks passed"), "{said}");
    let logits = |bench: &Bench| std::fs::read(bench.dir().join("infer/outputs_test.npy")).unwrap();
    assert_eq!(
        logits(&packed),
        logits(&mat),
        "both stores feed the model the same bits"
    );
    assert_eq!(logits(&packed), logits(&view), "a view computes the same bits");
    let samples = std::fs::read_dir(view.dir().join("signals/segments")).unwrap();
    let names: Vec<_> = samples.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no samples in {names:?}");
}

#[test]
fn nothing_runs_twice_for_nothing_and_only_what_a_change_touches_runs_again() {
    let Some(bench) = Bench::new() else { return };
    bench.ran(&[]);
    assert!(bench.ran(&[]).is_empty(), "a second run does nothing");
    let seed = ["--set", "vars.seed=7"];
    let status = ok(&mut bench.command("status", &seed));
    assert!(
        status.contains("stale      splits     parameter `seed` changed from 42 to 7"),
        "{status}"
    );
    assert!(
        status.contains("fresh      signals") && status.contains("fresh      labels"),
        "{status}"
    );
    assert_eq!(bench.ran(&seed), ["splits"], "all ten exams are still in `test`");
    let split = [&seed[..], &["--set", "splits.fractions=[0.2, 0.2, 0.6]"]].concat();
    assert_eq!(bench.ran(&split), DOWNSTREAM_OF_SPLITS);
    std::fs::remove_file(bench.dir().join("manifests/test.tsv")).unwrap();
    assert_eq!(
        bench.ran(&split),
        ["manifests"],
        "the same bytes again: nothing after it runs"
    );
    assert_eq!(
        bench.ran(&[&split[..], &["--only", "predict", "--force"]].concat()),
        ["predict"]
    );
}

#[test]
fn one_thread_and_two_write_the_same_bytes() {
    let (Some(one), Some(two)) = (Bench::new(), Bench::new()) else {
        return;
    };
    let threads = |n| [format!("signals.threads={n}"), format!("infer.threads={n}")];
    let run = |bench: &Bench, n: usize| {
        let [signals, infer] = threads(n);
        ok(bench
            .command("run", &["--set", &signals, "--set", &infer])
            .env("RAYON_NUM_THREADS", n.to_string()));
        contents(&bench.dir())
    };
    let (a, b) = (run(&one, 1), run(&two, 2));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    // A batch is computed by one thread, however many there are; what is made from the logits is the same with them.
    for (path, bytes) in &a {
        assert!(*bytes == b[path], "{} differs", path.display());
    }
}

#[test]
fn the_same_threads_write_the_same_logits_and_batch_sizes_agree() {
    let Some(bench) = Bench::new() else { return };
    let mut all: Vec<Vec<u8>> = Vec::new();
    for batch in ["1", "5", "8", "14", "14"] {
        bench.ran(&[
            "--set",
            &format!("infer.batch_size={batch}"),
            "--until",
            "infer",
            "--force",
        ]);
        all.push(std::fs::read(bench.dir().join("infer/outputs_test.npy")).unwrap());
    }
    assert_eq!(all[3], all[4], "the same batch size gives the same bytes");
    let values = |bytes: &[u8]| -> Vec<f32> {
        bytes[128..]
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect()
    };
    for other in &all[1..] {
        let pairs = values(&all[0]).into_iter().zip(values(other));
        let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest <= 2e-6, "logits differ by {largest}");
    }
}

#[test]
fn a_gzipped_release_gives_the_same_bytes() {
    let (Some(plain), Some(zipped), Some(mut python)) = (Bench::new(), Bench::new(), python()) else {
        return;
    };
    let raw = zipped.workdir.path().join("raw");
    let script = root().join("tests/python/gzip_release.py");
    ok(python
        .arg(script)
        .arg(plain.reference.join("code15_mini"))
        .arg(&raw));
    ok(&mut plain.command("run", &["--until", "manifests"]));
    ok(&mut zipped.command_on("run", &raw, &["--until", "manifests"]));
    assert!(contents(&plain.dir()) == contents(&zipped.dir()));
}

#[test]
fn a_finished_run_verifies_and_a_flipped_bit_is_named() {
    let Some(bench) = Bench::new() else { return };
    bench.ran(&[]);
    let verify = || common::ecgfm().arg("verify").arg(bench.dir()).output().unwrap();
    assert!(verify().status.success());
    let path = bench.dir().join("infer/outputs_test.npy");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[500] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let output = verify();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("changed: infer/outputs_test.npy"));
}

#[test]
fn every_stage_runs_alone_on_explicit_files() {
    let Some(bench) = Bench::new() else { return };
    let out = bench.workdir.path().join("alone");
    let raw = format!("raw={}", bench.reference.join("code15_mini").display());
    ok(common::ecgfm()
        .args(["stage", "signals", "--with", &raw, "--out"])
        .arg(out.join("signals")));
    let records = format!("records={}", out.join("signals/meta.csv").display());
    ok(common::ecgfm()
        .args(["stage", "labels", "--with", &records, "--out"])
        .arg(out.join("labels")));
    let theirs = std::fs::read(bench.reference.join("preprocess/labels.csv")).unwrap();
    assert_eq!(std::fs::read(out.join("labels/labels.csv")).unwrap(), theirs);
}
