//! Generic pipeline engine: from YAML to a typed stage graph, to a plan, to a run.
//!
//! The engine knows no stage. A program brings its own as [`StageKind`]s, loads a [`Pipeline`], makes a
//! [`Graph`] of it (profile and settings applied, references replaced, every parameter checked) and asks that
//! for its [`Graph::status`] or a [`Graph::run`].
//!
//! ```
//! use ecgfm_pipeline::{
//!     Cancel, Kinds, Output, ParamError, Pipeline, RunOptions, Settings, Silent, StageContext, StageError,
//!     StageKind, StageOutcome, canonical, typed,
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
//! const OUTPUTS: &[Output] = &[Output::new("letter", "letter.txt", "the greeting")];
//!
//! impl StageKind for Greet {
//!     fn name(&self) -> &'static str { "greet" }
//!     fn about(&self) -> &'static str { "Writes a greeting." }
//!     fn version(&self) -> u32 { 1 }
//!     fn outputs(&self) -> &'static [Output] { OUTPUTS }
//!     fn inputs(&self) -> &'static [&'static str] { &[] }
//!     fn check(&self, with: &Value) -> Result<Value, ParamError> { canonical::<Hello>(with) }
//!     fn run(&self, with: &Value, ctx: &StageContext<'_>) -> Result<StageOutcome, StageError> {
//!         let hello: Hello = typed(with).map_err(|e| StageError::config(e.to_string()))?;
//!         std::fs::write(ctx.out.join("letter.txt"), hello.to).map_err(|e| StageError::failed(e.to_string()))?;
//!         Ok(StageOutcome::default())
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! let text = "{ name: post, vars: { who: you }, stages: { letter: { uses: greet, with: { to: ${vars.who} } } } }";
//! let settings = Settings { workdir: dir.path().to_owned(), ..Settings::default() };
//! let graph = Pipeline::parse("post.yaml", text)?.graph(&Kinds::new().with(Greet), &settings)?;
//! let summary = graph.run(&RunOptions::default(), &Silent, &Cancel::default())?;
//! assert_eq!(summary.ran, ["letter"]);
//! assert_eq!(std::fs::read_to_string(graph.run_dir().join("letter/letter.txt"))?, "you");
//! assert!(graph.status()?.is_fresh());
//! # Ok(())
//! # }
//! ```

mod accept;
mod ahead;
mod build;
mod check;
mod clean;
mod disk;
mod document;
mod error;
mod event;
pub mod failpoint;
mod files;
mod fingerprint;
mod gather;
mod graph;
mod inputs;
mod interpolate;
mod journal;
mod kept;
mod kind;
mod list;
mod lock;
mod mask;
mod node;
mod order;
mod outputs;
mod param;
mod partial;
mod paths;
mod pipeline;
mod plan;
mod publish;
mod reason;
mod reference;
mod render;
mod run;
mod sample;
mod scalar;
mod sealed;
mod select;
mod set;
mod settle;
mod shape;
mod single;
mod source;
mod stage_run;
mod status;
mod suggest;
mod time;
mod verify;
mod workdir;
mod yaml;

pub use accept::Accepted;
pub use ahead::{Ahead, Findings, Mistake, Promises};
pub use clean::{Cleaned, CleanedStage};
pub use error::{Error, ErrorKind, StageError, StageErrorClass};
pub use event::{Event, Observer, Silent, Skipped};
pub use graph::{Graph, Stage, StageOutput, Upstream};
pub use inputs::{InputHashes, hash_inputs};
pub use kept::{COMMANDS_FILE, LOG_FILE};
pub use kind::{
    Cancel, Change, Kinds, Named, NoProgress, Output, Progress, StageContext, StageKind, StageOutcome,
};
pub use list::{RunInfo, RunState, runs};
pub use lock::{FileRecord, InputRecord, InputState, LOCK_FILE, LockFile, StageRecord};
pub use param::{ParamError, Problem, Step, canonical, typed};
pub use partial::{COMPLETE, UNFINISHED};
pub use pipeline::{Environment, Pipeline, ProfileInfo, Settings};
pub use reason::Reason;
pub use run::{RunOptions, Summary};
pub use select::Selection;
pub use single::run_stage;
pub use source::{Origin, Span};
pub use status::{Action, PlannedStage, State, Status};
pub use time::now;
pub use verify::{Verification, verify};
