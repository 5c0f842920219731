//! Generic pipeline engine: from YAML to a typed stage graph, to a plan, to a run.
//!
//! The engine knows no stage. A program brings its own as [`StageKind`]s, loads a [`Pipeline`], makes a
//! [`Graph`] of it (profile and settings applied, references replaced, every parameter checked) and asks that
//! for its [`Graph::status`] or a [`Graph::run`].
//!
//! ```
//! use ecgfm_pipeline::{
//!     Cancel, Context, StageKinds, Outcome, OutputSpec, ParamError, Pipeline, RunOptions, RunSettings, SilentObserver, StageError, StageKind,
//!     canonical_params, parse_params,
//! };
//! use serde_json::Value;
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Hello {
//!     to: String,
//! }
//!
//! struct Greet;
//!
//! const OUTPUTS: &[OutputSpec] = &[OutputSpec::new("letter", "letter.txt", "the greeting")];
//!
//! impl StageKind for Greet {
//!     fn name(&self) -> &'static str { "greet" }
//!     fn about(&self) -> &'static str { "Writes a greeting." }
//!     fn version(&self) -> u32 { 1 }
//!     fn outputs(&self) -> &'static [OutputSpec] { OUTPUTS }
//!     fn inputs(&self) -> &'static [&'static str] { &[] }
//!     fn check(&self, with: &Value) -> Result<Value, ParamError> { canonical_params::<Hello>(with) }
//!     fn run(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
//!         let hello: Hello = parse_params(with).map_err(|e| StageError::config(e.to_string()))?;
//!         std::fs::write(ctx.out.join("letter.txt"), hello.to).map_err(|e| StageError::failed(e.to_string()))?;
//!         Ok(Outcome::default())
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! let text = "{ name: post, vars: { who: you }, stages: { letter: { uses: greet, with: { to: ${vars.who} } } } }";
//! let settings = RunSettings { workdir: dir.path().to_owned(), ..RunSettings::default() };
//! let graph = Pipeline::parse("post.yaml", text)?.graph(&StageKinds::new().with(Greet), &settings)?;
//! let summary = graph.run(&RunOptions::default(), &SilentObserver, &Cancel::default())?;
//! assert_eq!(summary.ran, ["letter"]);
//! assert_eq!(std::fs::read_to_string(graph.run_dir().join("letter/letter.txt"))?, "you");
//! assert!(graph.status()?.is_fresh());
//! # Ok(())
//! # }
//! ```

pub mod failpoint;

mod config;
mod error;
mod kind;
mod param;
mod plan;
mod promises;
mod run;
mod store;
mod time;

pub use config::graph::{Graph, Stage, Upstream};
pub use config::outputs::StageOutput;
pub use config::pipeline::{Environment, Pipeline, ProfileInfo, RunSettings};
pub use config::source::{Origin, Span};
pub use ecgfm_stage::{Cancel, Context, FailureClass, NoProgress, Outcome, Progress, Shard, StageError};
pub use error::{Error, ErrorKind};
pub use kind::{CodeChange, NamedOrPath, OutputSpec, StageKind, StageKinds};
pub use param::{ParamError, ParamProblem, PathStep, canonical_params, parse_params};
pub use plan::reason::StaleReason;
pub use plan::selection::StageSelection;
pub use plan::status::{PipelineStatus, PlannedStage, StageAction, StageState};
pub use promises::{LookAheadContext, LookAheadFindings, ParamMistake, Promises};
pub use run::clean::CleanedStage;
pub use run::event::{RunEvent, RunObserver, SilentObserver, SkipReason};
pub use run::graph_run::{RunOptions, RunSummary};
pub use run::input_hashes::{InputHashes, hash_inputs};
pub use run::list::{RunInfo, RunState, list_runs};
pub use run::share::{MissingChunks, ShareOfStage, ShareState, ShareSummary};
pub use run::single::run_stage;
pub use run::verify::{Verification, verify_outputs};
pub use store::layout::{COMMANDS_FILE, LOCK_FILE, LOG_FILE};
pub use store::lock_file::LockFile;
pub use store::record::{Accepted, Cleaned, FileRecord, InputRecord, InputState, StageRecord};
pub use store::stage_chunks::ChunkCount;
pub use time::now;
