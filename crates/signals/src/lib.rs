//! Stage `signals`: raw recordings to standardised segments, and a table of what was kept.
//!
//! Reads an archive, or several: its table of exams and its files of recordings ([`ecgfm_archives`]). Writes `meta.csv`,
//! `segmented.csv`, `rejected.csv`, `quality.csv` and the segment store. What is computed is the recipe
//! ([`ecgfm_artifacts::recipe`]); this crate decides what becomes of an exam with which something is wrong, and in which
//! order to read.
//!
//! Before that, some exams are read to hold the sample rate that is stated against the signal.
//!
//! Every exam of the table is either kept or named in `rejected.csv` with a
//! [`Reason`](ecgfm_artifacts::rejected::Reason); what is doubtful about one that is kept is in `quality.csv`. Its `idx` is
//! its row number in the table, whatever happens to other rows. Tables are in the order of that table. Recordings are read,
//! and packed segments stored, in the order of the archive's files and of the rows in them: an archive is then read from
//! front to back, by several workers each at a stretch of its own, which a disk likes and a compressed file needs.

mod check;
mod chunks;
mod error;
mod exam_reader;
mod faults;
mod kept;
mod kept_exams;
mod kept_facts;
mod kept_file;
mod mat;
mod measured;
mod meta;
mod on_bad;
mod overrides;
mod params;
mod policy;
mod process;
mod quality_flags;
mod rate_survey;
mod recipe_source;
mod recipes;
mod source_counts;
mod sources;
mod stage;
mod step_inputs;
mod store_writer;
mod stream;
mod table_paths;
mod target_result;
mod view;
mod warnings;

pub use error::{Error, Result};
pub use on_bad::{Action, OnBad, RejectOrKeep, UnreadableParts};
pub use params::{Params, SourceArchive, Store};
pub use recipe_source::{is_built_in_recipe, load_recipe};
pub use sources::ArchivePlace;
pub use stage::{run, run_on};

use ecgfm_artifacts::store::{MAT_DIR, PACKED_DIR};
use std::collections::BTreeMap;

/// Directories of samples, of every store, below the directory of each name where recipes are named: the stage makes them again to the byte.
pub fn sample_dirs(recipes: &BTreeMap<String, String>) -> Vec<String> {
    let dirs = [PACKED_DIR, MAT_DIR, mat::ORG_DIR, mat::PREPROCESSED_DIR];
    match recipes.is_empty() {
        true => dirs.map(str::to_owned).to_vec(),
        false => {
            let of_name = |name: &String| dirs.map(|dir| format!("{name}/{dir}"));
            recipes.keys().flat_map(of_name).collect()
        }
    }
}
