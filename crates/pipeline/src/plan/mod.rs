//! Plan of a run, with reasons: what decides a stage's outputs, compared with what is recorded.

pub(crate) mod examine;
pub(crate) mod fingerprint;
pub(crate) mod gather;
pub(crate) mod look_ahead;
pub(crate) mod reason;
pub(crate) mod selection;
pub(crate) mod status;
