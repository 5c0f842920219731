//! What a run will take: bytes, segments, time and room on disk, by running its stages in small before.
//!
//! The stages run with their own code and parameters in a directory that is removed again, on a few exams and then on more, so that what
//! a stage costs once and what it costs for every exam or segment are told apart. What was not measured is not estimated.

mod accelerator;
mod check_room;
mod estimate_run;
mod growth;
mod measure;
mod predicted;
mod room;
mod run_estimate;
mod small_stage;
mod some_exams;
mod stages_to_run;
mod text;
mod workload;

pub use check_room::check_room;
pub use estimate_run::estimate_run;
pub use room::refuse_room;
pub use run_estimate::RunEstimate;
pub use stages_to_run::stages_to_run;
