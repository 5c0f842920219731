//! Every table of a run shows the same decision: predict's.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, LABELS, key};
use ecgfm_artifacts::evaluation::{Metrics, ScoredEcgs, read_comparison, read_thresholds};
use ecgfm_artifacts::labelset::{LabelSet, Mapping};
use ecgfm_artifacts::manifests::SegmentKey;
use ecgfm_artifacts::table::{self, DataFrame};
use ecgfm_evaluate::predict::PerLabel;
use std::collections::BTreeMap;
use std::path::Path;

/// Cells of a text column.
fn texts(path: &Path, frame: &DataFrame, name: &str) -> Vec<String> {
    let column = table::str_column(path, frame, name).unwrap();
    column
        .iter()
        .map(|cell| cell.unwrap_or_default().to_owned())
        .collect()
}

/// Whether a text of joined labels has this one.
fn has(joined: &str, label: &str) -> bool {
    joined.split(", ").any(|name| name == label)
}

/// ECGs of two segments with logits spread by a small generator, the truth of the five labels of the mapping, a mapping in
/// which two labels of the model stand for one, and thresholds.
struct Drawn {
    bench: Bench,
    thresholds: BTreeMap<String, f64>,
}

impl Drawn {
    fn new(seed: u64, thresholds: &[f64]) -> Self {
        let mut state = seed;
        let mut number = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        let rows: Vec<(SegmentKey, Vec<f32>)> = (0..6)
            .flat_map(|idx| [(idx, 0), (idx, 1)])
            .map(|(idx, i)| (key(idx, i), (0..LABELS).map(|_| 8.0 * number() - 4.0).collect()))
            .collect();
        let bench = Bench::new(&rows);
        let mut truth = "idx,RBBB,LBBB,SB,ST,AF\n".to_owned();
        for idx in 0..6 {
            let cells: Vec<&str> = (0..5)
                .map(|_| if number() < 0.5 { "True" } else { "False" })
                .collect();
            truth += &format!("{idx},{}\n", cells.join(","));
        }
        std::fs::write(bench.path("labels.csv"), truth).unwrap();
        let mapping = "name: m\nfrom: physionet2021\nto: code15\nmap:\n  - { from: [AF, AFL], to: AF }\n  \
                       - { from: STach, to: ST }\n  - { from: SB, to: SB }\n";
        std::fs::write(bench.path("mapping.yaml"), mapping).unwrap();
        let names = ["AF", "ST", "SB", "NSR"].map(str::to_owned);
        Self {
            bench,
            thresholds: names.into_iter().zip(thresholds.iter().copied()).collect(),
        }
    }

    fn run(&self) {
        let mapping = self.bench.path("mapping.yaml").display().to_string();
        self.bench
            .predict(|p| {
                p.mapping = Some(mapping);
                p.thresholds = Some(PerLabel::Map(self.thresholds.clone()));
                p.threshold = Some(0.25);
            })
            .unwrap();
        self.bench.evaluate(|_| {}).unwrap();
    }

    /// Every table agrees with the probabilities and the thresholds that were given.
    fn check(&self) {
        let (predict, evaluate) = (self.bench.path("predict"), self.bench.path("evaluate"));
        let labels = LabelSet::load("physionet2021").unwrap();
        let mapping = Mapping::load(&self.bench.path("mapping.yaml").display().to_string()).unwrap();
        let read = |dir: &Path, file: &str| {
            let path = dir.join(file);
            let frame = table::read_all_text(&path).unwrap();
            (path, frame)
        };
        let above = |text: &str, threshold: f64| text.parse::<f32>().unwrap() > threshold as f32;
        // By label of the model: segments, then ECGs.
        let of = |name: &str| {
            let pair = mapping
                .map
                .iter()
                .find(|pair| pair.from.names().iter().any(|from| from == name));
            let name = pair.map_or(name, |pair| &pair.to);
            self.thresholds.get(name).copied().unwrap_or(0.25)
        };
        for file in ["predictions.csv", "ecg.csv"] {
            let (path, frame) = read(&predict, file);
            let joined = texts(&path, &frame, "labels");
            for name in labels.names() {
                for (text, joined) in texts(&path, &frame, name).iter().zip(&joined) {
                    assert_eq!(
                        above(text, of(name)),
                        has(joined, name),
                        "{file}: {name} {text} {joined}"
                    );
                }
            }
        }
        // By mapped label.
        let (path, mapped) = read(&predict, "mapped.csv");
        let comparison = read_comparison(&evaluate).unwrap();
        let predicted = texts(&path, &mapped, "predicted");
        assert_eq!(predicted, texts(&path, &comparison, "predicted"));
        let (labels_path, segments) = read(&predict, "predictions.csv");
        let joined = texts(&labels_path, &segments, "labels");
        let metrics = Metrics::read(&evaluate).unwrap();
        let written = read_thresholds(&evaluate.join("thresholds.csv")).unwrap();
        let scored = ScoredEcgs::read(&evaluate).unwrap();
        for (at, pair) in mapping.map.iter().enumerate() {
            let threshold = self.thresholds[&pair.to];
            assert_eq!(written[&pair.to], threshold);
            let flags: Vec<bool> = texts(&path, &mapped, &pair.to)
                .iter()
                .map(|flag| flag == "True")
                .collect();
            let probabilities = texts(&path, &mapped, &format!("{}_probability", pair.to));
            for (row, flag) in flags.iter().enumerate() {
                assert_eq!(*flag, above(&probabilities[row], threshold), "{}", pair.to);
                assert_eq!(*flag, has(&predicted[row], &pair.to));
                let any = pair.from.names().iter().any(|from| has(&joined[row], from));
                assert_eq!(*flag, any, "one of {} holds", pair.from.joined());
            }
            let count = |unit: usize| {
                let label = &metrics.units[unit].labels[at];
                assert_eq!(
                    (label.label.as_str(), label.threshold),
                    (pair.to.as_str(), threshold)
                );
                label.counts.tp + label.counts.fp
            };
            assert_eq!(count(0), flags.iter().filter(|flag| **flag).count() as u64);
            let class = metrics
                .tutorial
                .classes
                .iter()
                .find(|class| class.class == pair.to)
                .unwrap();
            assert_eq!(class.counts.tp + class.counts.fp, count(0));
            let ecgs = scored.scores[at].iter().filter(|p| **p > threshold as f32);
            assert_eq!(count(1), ecgs.count() as u64);
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]
    #[test]
    fn every_table_of_a_run_shows_the_same_decision(
        seed in proptest::num::u64::ANY, thresholds in proptest::array::uniform4(0.0f64..1.0)
    ) {
        let drawn = Drawn::new(seed, &thresholds);
        drawn.run();
        drawn.check();
    }
}
