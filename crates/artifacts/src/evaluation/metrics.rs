//! The contents of `metrics.json`.

use super::confusion_matrix::ConfusionMatrix;
use super::curves::{CalibrationBin, OperatingPoints, PrCurve, RocCurve, ScoreHistogram};
use super::reader::ReaderAgreement;
use crate::labelset::Pool;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The current form of `metrics.json`; a reader refuses others.
pub const SCHEMA: u32 = 2;

/// Everything that evaluation computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Form of this file: [`SCHEMA`].
    pub schema: u32,
    /// Notice that every reader must know before any figure, as that the data are synthetic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// The subset that was scored.
    pub subset: String,
    /// Origin of the thresholds; each label has its own in [`LabelMetrics::threshold`].
    pub thresholds: ThresholdsUsed,
    /// Mapping of labels of the model to labels of the truth.
    pub mapping: MappingUsed,
    /// Counts of what was read, set aside and scored.
    pub flow: Flow,
    /// Method of the intervals.
    pub intervals: IntervalMethod,
    /// The tutorial's table, over segments.
    pub tutorial: Tutorial,
    /// Statistics by unit: segments, then ECGs.
    pub units: Vec<UnitMetrics>,
    /// Statistics of groups of ECGs.
    pub subgroups: Vec<Subgroup>,
    /// Groups of two attributes crossed, such as women under 40.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subgroup_pairs: Vec<Subgroup>,
    /// Agreement with a reader, where their verdicts were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<ReaderAgreement>,
}

/// Origin of thresholds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThresholdsUsed {
    /// `fixed`, `given`, `file` or `chosen`.
    pub source: String,
    /// In words: the number, the parameter, the file, or the criterion.
    pub by: String,
    /// The split they were chosen on; never the one that is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_on: Option<String>,
    /// ECGs of that split that they were chosen on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecgs: Option<u64>,
    /// ECGs of that split that were left out because their truth is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecgs_without_truth: Option<u64>,
}

impl ThresholdsUsed {
    /// A threshold for all labels.
    pub fn fixed(threshold: f64) -> Self {
        Self::from("fixed", threshold.to_string())
    }

    /// Thresholds that were not chosen on a split.
    pub fn from(source: &str, by: String) -> Self {
        Self {
            source: source.to_owned(),
            by,
            chosen_on: None,
            ecgs: None,
            ecgs_without_truth: None,
        }
    }
}

/// ECGs that have something in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subgroup {
    /// Property by which they are grouped, such as `sex`.
    pub by: String,
    /// Value that they have in common, such as `female`.
    pub group: String,
    /// Number of ECGs.
    pub n: u64,
    /// Group that this one is compared with: the largest of those with the same `by`. None for that group itself, and where
    /// there is no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Entries, one a mapped label, in mapping order.
    pub labels: Vec<SubgroupLabel>,
}

/// The statistics of a label among some ECGs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubgroupLabel {
    /// The mapped label.
    pub label: String,
    /// ECGs in which it holds in truth; none where so few must not be shown.
    pub positives: Option<u64>,
    /// By name; those that are shown in subgroups.
    pub estimates: BTreeMap<String, Estimate>,
    /// By name: the value in this group less that in the reference group.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub differences: BTreeMap<String, Estimate>,
}

/// The mapping that was used, and what it leaves out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappingUsed {
    /// Name of the mapping.
    pub name: String,
    /// The model's label set.
    pub from: String,
    /// The label set of the truth.
    pub to: String,
    /// The pairs in order.
    pub pairs: Vec<PairUsed>,
    /// Labels of the model that stand for nothing.
    pub unmapped: Vec<String>,
    /// Labels of the truth that nothing stands for.
    pub unmapped_truth: Vec<String>,
}

/// Pair of a mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairUsed {
    /// The model's label; several joined by ` + `.
    pub from: String,
    /// The label of the truth.
    pub to: String,
    /// Meaning of the label.
    pub title: String,
    /// Pooling of the segments of an ECG, for each label in `from`; empty where an earlier version did not say.
    #[serde(default)]
    pub pool: Vec<Pool>,
}

/// Rows that came in, were set aside, and were scored. Each line adds up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Exams of the archive's table: rejected + kept; none where no table of rejected exams was given.
    #[serde(default)]
    pub exams_read: Option<u64>,
    /// Exams set aside, by reason.
    #[serde(default)]
    pub exams_rejected: BTreeMap<String, u64>,
    /// Exams that became records.
    #[serde(default)]
    pub exams_kept: Option<u64>,
    /// Segments with a prediction: scored + without truth.
    pub segments_predicted: u64,
    /// Of these, segments whose ECG has no row in the truth.
    pub segments_without_truth: u64,
    /// Segments compared with the truth.
    pub segments_scored: u64,
    /// Segments of the subset without a prediction; none where no split table was given to check against.
    pub segments_unpredicted: Option<u64>,
    /// ECGs with a prediction: scored + without truth.
    pub ecgs_predicted: u64,
    /// Of these, ECGs without a row in the truth.
    pub ecgs_without_truth: u64,
    /// ECGs compared with the truth.
    pub ecgs_scored: u64,
    /// Scored ECGs of which the truth of a mapped label is not known, by label; those labels only that have such ECGs. They
    /// are left out of everything about that label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ecgs_without_label: BTreeMap<String, u64>,
    /// Scored segments of which the truth of a mapped label is not known, by label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub segments_without_label: BTreeMap<String, u64>,
    /// Patients that the scored ECGs name; none where no records table that names patients was given.
    pub patients_scored: Option<u64>,
    /// Of the scored ECGs those that name no patient; each is resampled by itself. None as for `patients_scored`.
    #[serde(default)]
    pub ecgs_without_patient: Option<u64>,
}

/// Method of intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalMethod {
    /// Level of the intervals, 0.95.
    pub level: f64,
    /// Method for proportions of ECGs.
    pub proportions: String,
    /// Method for everything else.
    pub ranking: String,
    /// Unit of resampling: `patient` or `ecg`.
    pub cluster: String,
    /// Number of resamples; 0 for none.
    pub replicates: u64,
    /// Seed of the resampling.
    pub seed: u64,
}

/// The tutorial's evaluation of segments, with each prediction compared with its own ECG's truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tutorial {
    /// Segments.
    pub rows: u64,
    /// Segments for which exactly the true mapped labels are predicted.
    pub matches: u64,
    /// Share of these.
    pub exact_match: Option<f64>,
    /// The classes in scikit-learn's order: text order, so the empty class (no mapped label) comes first.
    pub classes: Vec<TutorialClass>,
}

/// Row of the tutorial's table. Statistics are rounded to 3 decimals; f1 is the tutorial's harmonic mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TutorialClass {
    /// Label, or the empty text for "no mapped label".
    pub class: String,
    /// The 2×2 table.
    pub counts: ConfusionMatrix,
    /// In the order of [`TUTORIAL_STATISTICS`](super::TUTORIAL_STATISTICS).
    pub values: [Option<f64>; 7],
}

/// Unit of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationUnit {
    /// A segment. Segments of one ECG resemble each other.
    Segment,
    /// An ECG, its segments pooled.
    Ecg,
}

impl EvaluationUnit {
    /// Text in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Ecg => "ecg",
        }
    }
}

/// The statistics of one unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitMetrics {
    /// The unit.
    pub unit: EvaluationUnit,
    /// Number of rows.
    pub n: u64,
    /// Rows in which the truth of every mapped label is known, where those are not all: `exact_match`, `hamming`, `jaccard`,
    /// `challenge` and `co_occurrence` are theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete: Option<u64>,
    /// Share of rows for which exactly the true mapped labels are predicted.
    pub exact_match: Estimate,
    /// Share of pairs of row and label that are decided wrongly.
    pub hamming: Estimate,
    /// Mean over rows of the Jaccard index of decided and true labels; 1 where both are none.
    pub jaccard: Estimate,
    /// The score of the PhysioNet/CinC Challenge 2021.
    pub challenge: Estimate,
    /// Averages over labels.
    pub averages: Vec<Average>,
    /// Entries, one a mapped label, in mapping order.
    pub labels: Vec<LabelMetrics>,
    /// Counts of mapped labels that go together.
    pub co_occurrence: CoOccurrence,
}

/// Counts of rows in which two mapped labels go together; row and column order is mapping order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoOccurrence {
    /// Number of rows in which both hold in truth; the diagonal counts the label itself.
    pub actual: Vec<Vec<u64>>,
    /// Number of rows in which both are predicted.
    pub predicted: Vec<Vec<u64>>,
    /// The row's label holds in truth and the column's is predicted.
    pub actual_predicted: Vec<Vec<u64>>,
    /// Rows in which no mapped label holds in truth, by which label is predicted.
    pub none_predicted: Vec<u64>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A statistic, its interval, and why it is missing where it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value; none where undefined.
    pub value: Option<f64>,
    /// Lower end of the 95 % interval; none where not computed.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// Reason why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The statistics of one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelMetrics {
    /// The mapped label.
    pub label: String,
    /// Meaning of the label.
    pub title: String,
    /// Threshold: the label is predicted where its probability is above it.
    pub threshold: f64,
    /// Rows in which its truth is not known; they are left out of all that follows.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u64,
    /// Rows in which it holds in truth.
    pub positives: u64,
    /// The 2×2 table at the threshold.
    pub counts: ConfusionMatrix,
    /// By name, as in [`STATISTICS`](super::STATISTICS).
    pub estimates: BTreeMap<String, Estimate>,
    /// The ROC curve.
    pub roc: RocCurve,
    /// The precision–recall curve.
    pub pr: PrCurve,
    /// Histogram of the probabilities.
    pub histogram: ScoreHistogram,
    /// Probability against what happened, in bins of equal width; empty bins are left out.
    pub calibration: Vec<CalibrationBin>,
    /// What other thresholds would predict; empty where an earlier version did not say.
    #[serde(default)]
    pub operating_points: OperatingPoints,
}

/// A statistic averaged over labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// `macro`: the plain mean; `weighted`: by the labels' positives; `micro`: all pairs of row and label as one label.
    pub average: String,
    /// Name of the statistic, as in [`STATISTICS`](super::STATISTICS).
    pub statistic: String,
    /// The value and its interval.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Labels that went into it.
    pub over: Vec<String>,
    /// Labels for which the statistic is undefined.
    pub left_out: Vec<String>,
}
