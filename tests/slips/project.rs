//! A pipeline in a directory of its own, with what it refers to.

use crate::common::{ecgfm, ok, root};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A pipeline in which everything is right.
pub const PIPELINE: &str = "\
name: mine
vars:
  labels: physionet2021
stages:
  signals:
    uses: signals
    with:
      raw: raw
      sample_rate: 500
  labels:
    uses: labels
    with:
      records: ${signals.records}
      label_set: code15
  splits:
    uses: splits
    with:
      records: ${signals.records}
      segments: ${signals.segments}
      fractions: [0.5, 0.5]
      names: [valid, test]
      strategy: random
  manifests:
    uses: manifests
    with:
      splits: ${splits.segmented}
  export:
    uses: export
    with:
      checkpoint: demo.pt
      labels: ${vars.labels}
  infer:
    uses: infer
    needs: [signals]
    with:
      manifest: ${manifests.dir}
      subset: test
      model: ${export.model}
      device: cpu
  predict:
    uses: predict
    with:
      logits: ${infer.dir}
      subset: test
      labels: ${vars.labels}
      mapping: physionet2021_to_code15
      threshold: 0.5
  evaluate:
    uses: evaluate
    with:
      predictions: ${predict.dir}
      labels: ${labels.labels}
      records: ${signals.records}
      splits: ${splits.segmented}
      subgroups: { by: [sex] }
  report:
    uses: report
    with:
      metrics: ${evaluate.dir}
";

/// The directory.
pub struct Project {
    dir: tempfile::TempDir,
    /// Where the program is started: not where the pipeline is.
    elsewhere: tempfile::TempDir,
}

/// A card of a model that gives logits and an embedding.
fn without_saliency(card: &str) -> String {
    let mut card: serde_json::Value = serde_json::from_str(card).unwrap();
    let output = |name: &str| serde_json::json!({ "name": name, "dimensions": [] });
    card["outputs"] = [output("logits"), output("embedding")].into();
    card.to_string()
}

/// A safetensors file of one weight that no family of networks has.
fn foreign_weights() -> String {
    let table = r#"{"net.fc.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let length = (table.len() as u64).to_le_bytes().map(char::from);
    let length: String = length.iter().collect();
    format!("{length}{table}\0\0\0\0")
}

impl Project {
    /// With synthetic ECGs, the bundled checkpoint, and files with slips in them.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        ok(ecgfm()
            .args(["synth", "--exams", "12", "--out"])
            .arg(at.join("raw")));
        std::fs::copy(root().join("models/demo/demo.pt"), at.join("demo.pt")).unwrap();
        let config = |name: &str| std::fs::read_to_string(root().join("configs").join(name)).unwrap();
        let mapping = config("mappings/physionet2021_to_code15.yaml");
        let labels = config("labels/physionet2021.yaml");
        for (name, text) in [
            ("fake.pt", "this is not a checkpoint".to_owned()),
            (
                "from_mimic.yaml",
                mapping.replace("from: physionet2021", "from: mimic_iv_ecg"),
            ),
            ("from_typo.yaml", mapping.replace("from: STach", "from: STachh")),
            ("to_typo.yaml", mapping.replace("to: RBBB", "to: RRBB")),
            ("to_mimic.yaml", mapping.replace("to: code15", "to: mimic_iv_ecg")),
            ("bad_key.yaml", mapping.replace("map:", "maps:")),
            (
                "edited.yaml",
                labels.replace("name: \"AFL\"", "name: \"FLUTTER\""),
            ),
            ("twice.yaml", labels.replace("name: \"AFL\"", "name: \"AF\"")),
            ("few.csv", thresholds(&["RBBB", "LBBB"], 0.5)),
            ("fifty.csv", thresholds(&["RBBB", "LBBB", "SB", "ST", "AF"], 50.0)),
            ("model.ts", String::new()),
            ("model.json", card(26)),
            ("no_saliency.ts", String::new()),
            ("no_saliency.json", without_saliency(&card(26))),
            ("foreign.safetensors", foreign_weights()),
            ("other.ts", String::new()),
            ("other.json", card(17)),
        ] {
            std::fs::write(at.join(name), text).unwrap();
        }
        for (name, file) in [
            ("no_table", "exams_part0.hdf5"),
            ("no_parts", "exams.csv"),
            ("no_id", "exams.csv"),
        ] {
            std::fs::create_dir(at.join(name)).unwrap();
            std::fs::copy(at.join("raw").join(file), at.join(name).join(file)).unwrap();
        }
        std::fs::write(at.join("no_id/exams.csv"), "age,trace_file\n1,x\n").unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        Self { dir, elsewhere }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs a pipeline's text in a working directory that is empty but for what earlier runs left.
    pub fn run(&self, text: &str, set: Option<&str>, further: &[&str]) -> Output {
        std::fs::write(self.dir().join("mine.yaml"), text).unwrap();
        let mut command = ecgfm();
        command
            .arg("run")
            .arg(self.dir().join("mine.yaml"))
            .arg("--workdir")
            .arg(self.workdir());
        if let Some(set) = set {
            command.args(["--set", set]);
        }
        command.args(further).env("HOME", self.elsewhere.path());
        command.current_dir(self.elsewhere.path()).output().unwrap()
    }

    fn workdir(&self) -> PathBuf {
        self.dir().join("work")
    }

    /// The directories of stages that are there, half ones included.
    pub fn stages(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.workdir().join("mine/default"))
            .into_iter()
            .flatten()
            .flatten();
        let stages = entries.filter(|entry| entry.path().is_dir());
        stages
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

fn thresholds(labels: &[&str], threshold: f64) -> String {
    let rows: String = labels
        .iter()
        .map(|label| format!("{label},{threshold}\n"))
        .collect();
    format!("label,threshold\n{rows}")
}

/// The card of a model that somebody else exported.
fn card(labels: usize) -> String {
    format!(
        "{{ \"format_version\": 1, \"labels\": {labels}, \"input\": {{ \"leads\": 12, \"min_samples\": 400, \"sample_rate_hz\": 500.0 }}, \
         \"model\": {{ \"sha256\": \"00\" }} }}"
    )
}
