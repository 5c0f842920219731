//! Names and numbers of the layout.

use ecgfm_recordings::{Encoding, Unit};

/// Name of the archive in tables.
pub(crate) const SOURCE: &str = "code_15";
/// Name of the table of exams.
pub const EXAMS_FILE: &str = "exams.csv";
/// What the parts do not state.
pub const ENCODING: Encoding = Encoding {
    sample_rate: 400.0,
    unit: Unit::Millivolts,
    leads: None,
    millivolts: None,
    axes: None,
    array: None,
    missing: None,
    row_ids: None,
    is_complete: false,
};
/// Files in an archive of synthetic ECGs, as `ecgfm synth` writes them.
pub(super) const SYNTHETIC: [&str; 2] = ["SYNTHETIC.md", "synth.json"];
/// Advice where there is nothing to read.
pub(super) const HOW_TO_GET: &str = "get CODE-15% (https://zenodo.org/records/4916206) with `ecgfm fetch code15`, or by hand: unpack its \
     .zip files beside exams.csv; or generate a synthetic release with `ecgfm synth`";
