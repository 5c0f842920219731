//! Models on recipes of their own: one gets the segments that it was trained on, or none; and one that was changed runs on none.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;
#[path = "common/predictions.rs"]
mod predictions;

use common::{ecgfm, ok, root, synthetic_archive};
use predictions::{agree, exam, read, sorted};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// From recordings to manifests of one split.
fn stages(recipe: &str) -> String {
    format!(
        "
  signals: {{ uses: signals, with: {{ raw: raw, recipe: '{recipe}' }} }}
  splits:
    uses: splits
    with: {{ records: '${{signals.records}}', segments: '${{signals.segments}}', strategy: random, fractions: [1],
            names: [test], seed: 0 }}
  manifests: {{ uses: manifests, with: {{ splits: '${{splits.segmented}}' }} }}
"
    )
}

/// A small synthetic archive, 400 samples a second, and a run of the demo model of ECGFounder's architecture on it, at 500 by its recipe.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn get() -> &'static Self {
        static BENCH: OnceLock<Bench> = OnceLock::new();
        BENCH.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            synthetic_archive(dir.path(), 6, 6);
            let bench = Self { dir };
            let checkpoint = root().join("models/demo_net1d/demo.pt");
            let before = format!(
                "\n  export: {{ uses: export, with: {{ checkpoint: '{}', labels: physionet2021 }} }}",
                checkpoint.display()
            );
            let after = "
  infer:
    uses: infer
    needs: [signals]
    with: { manifest: '${manifests.dir}', subset: test, model: '${export.model}' }
  predict: { uses: predict, with: { logits: '${infer.dir}', subset: test, labels: physionet2021 } }
";
            let all = format!("{before}{}{after}", stages("${export.recipe}"));
            ok(&mut bench.run("own", &all, &[]));
            bench
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `ecgfm run` of a pipeline of these stages.
    fn run(&self, name: &str, stages: &str, arguments: &[&str]) -> Command {
        let path = self.path(&format!("{name}.yaml"));
        fs::write(&path, format!("name: {name}\nstages:{stages}")).unwrap();
        let mut command = ecgfm();
        command
            .args(["run", "--quiet"])
            .arg(path)
            .arg("--workdir")
            .arg(self.path("runs"));
        command.args(arguments);
        command
    }

    fn model(&self) -> PathBuf {
        self.path("runs/own/default/export/model.ts")
    }

    /// The stage `infer` by itself, which knows no more than what the files say, and is to refuse; its exit code and what it says.
    fn refused_infer(&self, run: &str, model: &Path) -> (Option<i32>, String) {
        let manifests = self.path(&format!("runs/{run}/default/manifests"));
        let out = self.path(&format!("out_of_{run}"));
        let mut stage = ecgfm();
        stage.args(["stage", "infer", "--force", "--with", "subset=test"]);
        for (name, value) in [("manifest", manifests.as_path()), ("model", model)] {
            stage.arg("--with").arg(format!("{name}={}", value.display()));
        }
        stage.arg("--out").arg(&out);
        let output = stage.output().unwrap();
        assert!(
            !out.join("outputs_test.npy").exists(),
            "no result of a refused model"
        );
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }
}

#[test]
fn recordings_of_another_rate_get_the_probabilities_that_a_run_on_the_models_recipe_gives() {
    let bench = Bench::get();
    let text = fs::read_to_string(bench.path("runs/own/default/predict/ecg.csv")).unwrap();
    let expected: BTreeMap<String, Vec<String>> = text
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            (exam(&cells[1]), cells[3..29].to_vec())
        })
        .collect();
    assert_eq!(expected.len(), 6);
    let mut predict = ecgfm();
    predict
        .arg("predict")
        .args(sorted(&bench.path("raw"), ".hdf5"))
        .arg("--model")
        .arg(bench.model());
    let found = read(&ok(&mut predict), 26);
    assert_eq!(found.len(), 6);
    for (_, ecg, probabilities) in found {
        assert!(
            agree(&probabilities, &expected[&exam(&ecg)]),
            "{ecg}: {probabilities:?}"
        );
    }
}

#[test]
fn segments_of_another_recipe_are_refused_by_its_first_step_that_differs_before_a_run_and_by_the_stage() {
    let bench = Bench::get();
    let infer = format!(
        "  infer: {{ uses: infer, needs: [signals], with: {{ manifest: '${{manifests.dir}}', subset: test, model: '{}' }} }}\n",
        bench.model().display()
    );
    let all = format!("{}{infer}", stages("ecg_fm"));
    let output = bench.run("other", &all, &["--dry-run"]).output().unwrap();
    let ahead = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{ahead}");
    assert!(!bench.path("runs/other/default/signals").exists());
    ok(&mut bench.run("other", &stages("ecg_fm"), &[]));
    let (code, said) = bench.refused_infer("other", &bench.model());
    assert_eq!(code, Some(3), "{said}");
    for said in [ahead, said] {
        assert!(
            said.contains("another recipe") && said.contains("step 1") && said.contains("missing_values"),
            "{said}"
        );
    }
}

/// Copies a TorchScript file, the sign of the largest weight of its first tensor turned.
fn turn_a_weight(from: &Path, to: &Path) {
    let mut archive = ZipArchive::new(fs::File::open(from).unwrap()).unwrap();
    let mut copy = ZipWriter::new(fs::File::create(to).unwrap());
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if name.ends_with("data/0") {
            let size = |value: &[u8; 4]| f32::from_le_bytes(*value).abs();
            let (values, _) = bytes.as_chunks_mut::<4>();
            let largest = values
                .iter_mut()
                .max_by(|a, b| size(a).total_cmp(&size(b)))
                .unwrap();
            largest[3] ^= 0x80;
        }
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .with_alignment(64);
        copy.start_file(name, options).unwrap();
        copy.write_all(&bytes).unwrap();
    }
    copy.finish().unwrap();
}

#[test]
fn a_model_with_one_weight_turned_is_refused_by_its_golden_vectors_though_its_hash_fits() {
    let bench = Bench::get();
    let turned = bench.path("turned.ts");
    turn_a_weight(&bench.model(), &turned);
    fs::copy(
        bench.model().with_extension("golden.npz"),
        turned.with_extension("golden.npz"),
    )
    .unwrap();
    let card = fs::read_to_string(bench.model().with_extension("json")).unwrap();
    let mut card: serde_json::Value = serde_json::from_str(&card).unwrap();
    let written =
        |card: &serde_json::Value| fs::write(turned.with_extension("json"), card.to_string()).unwrap();
    written(&card);
    let (code, said) = bench.refused_infer("own", &turned);
    assert!(
        code == Some(3) && said.contains("is the card of another model file"),
        "{said}"
    );
    card["model"]["sha256"] = ecgfm_fetch::sha256(&turned).unwrap().into();
    written(&card);
    let (code, said) = bench.refused_infer("own", &turned);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("does not compute what it did when it was exported"),
        "{said}"
    );
}
