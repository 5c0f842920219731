//! One run of the sample profile that all tests share, and parts of it done again on broken inputs.

use crate::broken::{self, Break};
use crate::common::{ecgfm, ok, python, root};
use ecgfm_artifacts::labelset::{LabelSet, Mapping};
use ecgfm_formats::code15::PartReader;
use ecgfm_formats::npy::NpyReader;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// AUROC that the demo model reaches on every label of the sample, whose classes overlap.
pub const FLOOR: f64 = 0.9;
/// AUROC that it does not reach by ECG on any: more would leave no mistakes to look at.
pub const CEILING: f64 = 0.995;
/// The labels that are scored.
pub const LABELS: [&str; 6] = ["RBBB", "LBBB", "SB", "ST", "AF", "1dAVb"];

const MAPPING: &str = "physionet2021_to_code15_with_1davb";

pub struct Sample {
    pub dir: PathBuf,
    pub metrics: Metrics,
    logits: Vec<f32>,
    /// idx of every row of the logits.
    rows: Vec<i64>,
    /// idx of every segment of all splits, in table order.
    all_rows: Vec<i64>,
    truth: HashMap<i64, Vec<bool>>,
    /// Column of the logits of each of [`LABELS`].
    columns: Vec<usize>,
}

/// A 2×2 table, as far as it is needed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Table {
    pub rows: usize,
    pub positives: usize,
    pub tp: usize,
    pub fp: usize,
}

impl Table {
    pub fn predicted(&self) -> usize {
        self.tp + self.fp
    }

    pub fn precision(&self) -> f64 {
        self.tp as f64 / self.predicted() as f64
    }

    pub fn prevalence(&self) -> f64 {
        self.positives as f64 / self.rows as f64
    }

    fn count(rows: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut table = Self::default();
        for (truth, predicted) in rows {
            table.rows += 1;
            table.positives += usize::from(truth);
            table.tp += usize::from(truth && predicted);
            table.fp += usize::from(!truth && predicted);
        }
        table
    }
}

/// What the judge says of a store.
#[derive(Debug)]
#[allow(dead_code)] // Read where an assertion fails.
pub enum Verdict {
    Equal(String),
    /// By how much at most.
    Differs(f64),
}

impl Sample {
    pub fn get() -> &'static Self {
        static SAMPLE: OnceLock<Sample> = OnceLock::new();
        SAMPLE.get_or_init(Self::run)
    }

    fn run() -> Self {
        // Shared by all tests, so nobody can delete it at the end; the next run does.
        let workdir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tripwires");
        if workdir.exists() {
            std::fs::remove_dir_all(&workdir).unwrap();
        }
        let mut run = ecgfm();
        run.args(["run", "code15", "--profile", "sample", "--until", "evaluate"]);
        run.arg("--workdir").arg(&workdir);
        let said = ok(&mut run);
        assert!(said.contains("SYNTHETIC, DEMO MODEL"), "{said}");
        let dir = workdir.join("code15/sample");
        let idx = |path: &str| {
            let table = Csv::read(&dir.join(path));
            table.column("idx").iter().map(|v| v.parse().unwrap()).collect()
        };
        let names = LabelSet::load("physionet2021").unwrap();
        let mapping = Mapping::load(MAPPING).unwrap();
        let column = |label: &&str| {
            let pair = mapping.map.iter().find(|pair| pair.to == **label).unwrap();
            names
                .names()
                .iter()
                .position(|name| pair.from.names().contains(&(*name).to_owned()))
                .unwrap()
        };
        Self {
            metrics: Metrics::read(&dir.join("evaluate")),
            logits: NpyReader::open(&dir.join("infer/outputs_test.npy"))
                .unwrap()
                .read_all()
                .unwrap(),
            rows: idx("infer/outputs_test_index.csv"),
            all_rows: idx("splits/segmented_split.csv"),
            truth: truth(&dir.join("labels/labels.csv")),
            columns: LABELS.iter().map(column).collect(),
            dir,
        }
    }

    fn predicted(&self, row: usize, label: usize) -> Option<bool> {
        let width = self.logits.len() / self.rows.len();
        Some(*self.logits.get(row * width + self.columns[label])? > 0.0)
    }

    /// Each prediction with the truth of the ECG whose key it carries.
    pub fn joined_by_key(&self, label: usize) -> Table {
        let rows = self.rows.iter().enumerate();
        Table::count(rows.map(|(row, idx)| (self.truth[idx][label], self.predicted(row, label).unwrap())))
    }

    /// Prediction i with the truth of row i of all splits; where predictions end, "no label".
    pub fn joined_by_position(&self, label: usize) -> Table {
        let rows = self.all_rows.iter().enumerate();
        Table::count(rows.map(|(row, idx)| {
            (
                self.truth[idx][label],
                self.predicted(row, label).unwrap_or(false),
            )
        }))
    }

    /// The raw recordings (samples by 12, row-major) of the part, without the dummy row and padding.
    pub fn tracings(&self) -> impl Iterator<Item = Vec<f32>> {
        let part = PartReader::open(&self.dir.join("synth/exams_part0.hdf5")).unwrap();
        let ids = part.exam_ids().to_vec();
        let real = (0..part.rows()).filter(move |row| ids[*row] != 0);
        real.map(move |row| {
            let mut tracing = vec![0f32; part.row_len()];
            part.read_row(row, &mut tracing).unwrap();
            broken::stripped(&tracing)
        })
    }

    pub fn broken_store(&self, which: Break) -> tempfile::TempDir {
        broken::store(&self.dir, which)
    }

    /// Metrics of another segment store's segments.
    pub fn scored_on(&self, store: &Path) -> Metrics {
        let at = |path: &str| self.dir.join(path).display().to_string();
        let out = tempfile::tempdir().unwrap();
        let infer = out.path().join("infer");
        stage(
            "infer",
            &[
                ("manifest", &at("manifests")),
                ("subset", "test"),
                ("model", &at("export/model.ts")),
                ("segments", &store.display().to_string()),
            ],
            &infer,
        );
        self.predicted_and_evaluated(&infer, "physionet2021", out.path())
    }

    /// Metrics of the same logits under another label set, as of a model that nobody bound to one: `predict` refuses it
    /// for logits that say what they are.
    pub fn named_by(&self, label_set: &tempfile::TempPath) -> Metrics {
        let out = tempfile::tempdir().unwrap();
        let label_set = label_set.display().to_string();
        let infer = out.path().join("infer");
        std::fs::create_dir(&infer).unwrap();
        for entry in std::fs::read_dir(self.dir.join("infer")).unwrap().flatten() {
            std::fs::copy(entry.path(), infer.join(entry.file_name())).unwrap();
        }
        let record = infer.join("infer.json");
        let mut said: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
        let said_names = said.as_object_mut().unwrap().remove("label_names");
        assert!(said_names.is_some(), "the logits say what they are");
        std::fs::write(&record, said.to_string()).unwrap();
        self.predicted_and_evaluated(&infer, &label_set, out.path())
    }

    /// What `predict` says to another label set than the logits'.
    pub fn refusal_of(&self, label_set: &tempfile::TempPath) -> String {
        let out = tempfile::tempdir().unwrap();
        let output = ecgfm()
            .args(["stage", "predict", "--with"])
            .arg(format!("logits={}", self.dir.join("infer").display()))
            .arg("--with")
            .arg(format!("labels={}", label_set.display()))
            .args(["--with", &format!("mapping={MAPPING}"), "--out"])
            .arg(out.path().join("predict"))
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    fn predicted_and_evaluated(&self, infer: &Path, label_set: &str, out: &Path) -> Metrics {
        let predict = out.join("predict");
        let logits = infer.display().to_string();
        stage(
            "predict",
            &[("logits", &logits), ("labels", label_set), ("mapping", MAPPING)],
            &predict,
        );
        let labels = self.dir.join("labels/labels.csv").display().to_string();
        let predictions = predict.display().to_string();
        stage(
            "evaluate",
            &[
                ("predictions", &predictions),
                ("labels", &labels),
                ("label_set", label_set),
                ("bootstrap", "0"),
            ],
            &out.join("evaluate"),
        );
        Metrics::read(&out.join("evaluate"))
    }

    /// Metrics of the same predictions against another truth.
    pub fn evaluated_against(&self, labels: &tempfile::TempPath) -> Metrics {
        let out = tempfile::tempdir().unwrap();
        let predictions = self.dir.join("predict").display().to_string();
        let labels = labels.display().to_string();
        let evaluate = out.path().join("evaluate");
        stage(
            "evaluate",
            &[
                ("predictions", &predictions),
                ("labels", &labels),
                ("bootstrap", "0"),
            ],
            &evaluate,
        );
        Metrics::read(&evaluate)
    }

    /// Holds a store against segments that Python computes from the raw recordings; none without Python.
    pub fn judge(&self, store: &Path) -> Option<Verdict> {
        let mut python = python()?;
        python.arg(root().join("tests/python/segments_from_raw.py"));
        let output = python.arg(self.dir.join("synth")).arg(store).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => Some(Verdict::Equal(said)),
            Some(1) if said.starts_with("differs by ") => {
                let largest = said["differs by ".len()..].split_whitespace().next().unwrap();
                Some(Verdict::Differs(largest.parse().unwrap()))
            }
            code => panic!("the judge ended with {code:?}\n{said}{complaint}"),
        }
    }

    /// That the judge sees a difference of at least this, in standard deviations.
    pub fn assert_differs(&self, store: &Path, least: f64) {
        match self.judge(store) {
            None => {}
            Some(Verdict::Differs(by)) => assert!(by >= least, "the largest difference is {by}"),
            Some(equal) => panic!("not seen: {equal:?}"),
        }
    }
}

fn stage(kind: &str, with: &[(&str, &str)], out: &Path) {
    let mut command = ecgfm();
    command.args(["stage", kind]).arg("--out").arg(out);
    for (key, value) in with {
        command.arg("--with").arg(format!("{key}={value}"));
    }
    ok(&mut command);
}

/// Truth of [`LABELS`] by idx.
fn truth(path: &Path) -> HashMap<i64, Vec<bool>> {
    let table = Csv::read(path);
    let columns: Vec<Vec<&str>> = LABELS.iter().map(|label| table.column(label)).collect();
    let idx = table.column("idx");
    let row = |(i, idx): (usize, &&str)| {
        (
            idx.parse().unwrap(),
            columns.iter().map(|column| column[i] == "True").collect(),
        )
    };
    idx.iter().enumerate().map(row).collect()
}

/// `metrics.csv`.
pub struct Metrics(Csv);

impl Metrics {
    fn read(dir: &Path) -> Self {
        let metrics = Self(Csv::read(&dir.join("metrics.csv")));
        let labels: BTreeSet<&str> = metrics.0.column("label").into_iter().collect();
        assert_eq!(labels, LABELS.into_iter().collect());
        metrics
    }

    /// Columns that are empty somewhere.
    pub fn empty_columns(&self) -> Vec<&str> {
        let header = self.0.header.iter().map(String::as_str);
        header.filter(|name| self.0.column(name).contains(&"")).collect()
    }

    pub fn values(&self, unit: &str, column: &str) -> Vec<(String, f64)> {
        let units = self.0.column("unit");
        let rows = units
            .iter()
            .zip(self.0.column("label"))
            .zip(self.0.column(column));
        rows.filter(|((u, _), _)| **u == unit)
            .map(|((_, label), value)| (label.to_owned(), value.parse().unwrap()))
            .collect()
    }

    pub fn auroc(&self, unit: &str) -> Vec<(String, f64)> {
        self.values(unit, "auroc")
    }

    pub fn lowest(&self, unit: &str) -> (String, f64) {
        self.auroc(unit)
            .into_iter()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap()
    }

    /// Positives and rows of a label.
    pub fn counts(&self, unit: &str, label: &str) -> (f64, f64) {
        let of = |column| {
            self.values(unit, column)
                .into_iter()
                .find(|(l, _)| l == label)
                .unwrap()
                .1
        };
        (of("positives"), of("n"))
    }
}

/// A table without quoted cells.
pub struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(!text.contains('"'), "{} has quoted cells", path.display());
        let mut lines = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect());
        Self {
            header: lines.next().unwrap(),
            rows: lines.collect(),
        }
    }

    pub fn column(&self, name: &str) -> Vec<&str> {
        let at = self.header.iter().position(|h| h == name).unwrap();
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }
}
