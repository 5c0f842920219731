//! Every column name that crosses a stage, in one place.

use std::borrow::Cow;

/// Row number of the exam in the raw table; the integer key of a recording.
pub const IDX: &str = "idx";
/// `save_file` stem plus `_i`: the key of a segment, as in `code_15_1238362_0`.
pub const SEGMENT: &str = "segment";
/// File name of a recording, as in `code_15_1238362.mat`.
pub const SAVE_FILE: &str = "save_file";
/// Name of the split a row belongs to.
pub const SPLIT: &str = "split";
/// Path of a segment in the segment store.
pub const PATH: &str = "path";
/// Samples a second of a recording.
pub const SAMPLE_RATE: &str = "sample_rate";
/// Row of a recording in its file.
pub const HDF_IND: &str = "hdf_ind";
/// Samples per lead.
pub const SAMPLE_SIZE: &str = "sample_size";
/// Row number in an array stored beside the table.
pub const ROW: &str = "row";
/// Number of the packed part file a segment is in.
pub const PART: &str = "part";
/// Number of a segment in its recording, from 0 on.
pub const CUT: &str = "cut";
/// Names of all model labels above their threshold, joined by `, `, each as [`quote_label`] has it; likewise in the columns below.
pub const LABELS: &str = "labels";
/// Names of all mapped labels predicted, joined by `, `.
pub const PREDICTED: &str = "predicted";
/// Names of all mapped labels that hold in truth, joined by `, `.
pub const ACTUAL: &str = "actual";
/// Labels whose truth is not known, joined by `, `.
pub const UNKNOWN: &str = "unknown";
/// Number of segments pooled into one ECG.
pub const SEGMENTS: &str = "segments";
/// CODE-15's exam identifier.
pub const EXAM_ID: &str = "exam_id";
/// CODE-15's patient identifier; no message says one.
pub const PATIENT_ID: &str = "patient_id";
/// Age of the patient at the exam, in years.
pub const AGE: &str = "age";
/// Sex of the patient, as CODE-15 has it.
pub const IS_MALE: &str = "is_male";
/// The HDF5 part that CODE-15 says an exam is in.
pub const TRACE_FILE: &str = "trace_file";
/// Name of the archive that an exam is of.
pub const SOURCE: &str = "source";
/// Reason why an exam was set aside: a [`crate::rejected::Reason`].
pub const REASON: &str = "reason";
/// Check that a kept exam failed: a [`crate::quality::QualityCheck`].
pub const CHECK: &str = "check";
/// Names of leads.
pub const LEADS: &str = "leads";
/// Measured value.
pub const VALUE: &str = "value";
/// Details of what was found.
pub const DETAIL: &str = "detail";
/// Size of a file, in bytes.
pub const SIZE: &str = "size";
/// Place in a list of rules.
pub const RULES: &str = "rules";
/// Digest of a recording.
pub const DIGEST: &str = "digest";
/// Name of a label.
pub const NAME: &str = "name";

/// A label as it stands in a list that is joined by `, `: one with a comma or quotation marks is put into quotation marks, and its own are
/// doubled, as in a line of CSV.
///
/// ```
/// use ecgfm_artifacts::columns::quote_label;
/// assert_eq!(quote_label("AF"), "AF");
/// assert_eq!(quote_label("Q wave (II, aVF)"), "\"Q wave (II, aVF)\"");
/// ```
pub fn quote_label(label: &str) -> Cow<'_, str> {
    match label.contains([',', '"']) {
        true => format!("\"{}\"", label.replace('"', "\"\"")).into(),
        false => label.into(),
    }
}
