//! Work on a run: running its stages, putting their outputs in place, and looking after them later.

pub(crate) mod accept;
pub(crate) mod clean;
pub(crate) mod event;
pub(crate) mod graph_run;
pub(crate) mod input_hashes;
pub(crate) mod invocation;
pub(crate) mod list;
pub(crate) mod publish_stage;
pub(crate) mod remake;
pub(crate) mod share;
pub(crate) mod single;
pub(crate) mod stale_upstream;
pub(crate) mod verify;
