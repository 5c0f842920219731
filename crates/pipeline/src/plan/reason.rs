//! Why a stage is not fresh.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::config::node::shorten;
use crate::store::layout::THROUGH_PREFIX;

/// Reason for a stage to run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum StaleReason {
    /// There is no record of it.
    NeverRan,
    /// An interrupted run left a part from which the stage goes on.
    Partial,
    /// The caller asked for it.
    Forced,
    /// Parts of an interrupted run are there. Whether the stage goes on from them depends on what the stages before it
    /// leave.
    PartsKept,
    /// Stages it reads from run first, or may: it runs if they leave something else than it read the last time.
    Upstream {
        /// Names of the stages.
        stages: Vec<String>,
    },
    /// Stages before it have run since, and left something else.
    Outdated {
        /// Names of the stages.
        stages: Vec<String>,
    },
    /// Removed outputs of the stage are read by stages that run, or may.
    Needed {
        /// Names of the stages.
        by: Vec<String>,
    },
    /// The stage uses another kind.
    Kind {
        /// The recorded kind.
        from: String,
        /// The kind now.
        to: String,
    },
    /// The kind's code has changed.
    CodeVersion {
        /// The recorded version.
        from: u32,
        /// The version now.
        to: u32,
        /// Changes of the versions since.
        changes: Vec<String>,
    },
    /// A parameter has changed.
    Parameter {
        /// Name of the parameter, `outer.inner`.
        name: String,
        /// The recorded value; none when there was no such parameter.
        from: Option<Value>,
        /// The value now; none when there is no such parameter.
        to: Option<Value>,
    },
    /// An input has changed.
    Input {
        /// The parameter that names it.
        name: String,
        /// Path of the input; `${run}` stands for the run's directory.
        path: String,
        /// The stage that left it, if one did.
        stage: Option<String>,
        /// A phrase: "has another size".
        what: String,
    },
    /// Another fact that the kind counts in has changed.
    Extra {
        /// Name of the fact.
        name: String,
    },
    /// Recorded outputs are gone.
    OutputMissing {
        /// The first of them.
        path: String,
        /// Number of further ones.
        more: usize,
    },
    /// Recorded outputs have other content.
    OutputChanged {
        /// The first of them.
        path: String,
        /// Number of further ones.
        more: usize,
    },
}

impl fmt::Display for StaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverRan => write!(f, "never ran"),
            Self::Partial => write!(f, "interrupted; resumes where it stopped"),
            Self::Forced => write!(f, "forced"),
            Self::PartsKept => write!(
                f,
                "resumes from parts of an interrupted run if its inputs are the same"
            ),
            Self::Upstream { stages } => write!(f, "runs if the output of {} changes", stages.join(" or ")),
            Self::Outdated { stages } => write!(f, "upstream ran since: {}", stages.join(", ")),
            Self::Needed { by } => write!(f, "removed by clean; made again for {}", by.join(", ")),
            Self::Kind { from, to } => write!(f, "kind changed from {from} to {to}"),
            Self::CodeVersion { from, to, changes } => {
                write!(f, "code changed from version {from} to {to}")?;
                match changes.is_empty() {
                    true => Ok(()),
                    false => write!(f, ": {}", changes.join("; ")),
                }
            }
            Self::Parameter { name, from, to } => {
                f.write_str(&parameter_change(name, from.as_ref(), to.as_ref()))
            }
            Self::Input {
                name,
                stage: Some(stage),
                what,
                ..
            } if name.starts_with("needs ") => {
                write!(f, "the output of {stage} {what}")
            }
            Self::Input { name, path, what, .. } if name.starts_with(THROUGH_PREFIX) => {
                let path = path.strip_prefix("${run}/").unwrap_or(path);
                write!(f, "{path}, read {name}, {what}")
            }
            Self::Input { name, path, what, .. } => {
                write!(
                    f,
                    "input `{name}` {what}: {}",
                    path.strip_prefix("${run}/").unwrap_or(path)
                )
            }
            Self::Extra { name } => write!(f, "`{name}` changed"),
            Self::OutputMissing { path, more } => write!(f, "output {path}{} missing", more_text(*more)),
            Self::OutputChanged { path, more } => {
                write!(
                    f,
                    "output {path}{} changed since it was written",
                    more_text(*more)
                )
            }
        }
    }
}

fn parameter_change(name: &str, from: Option<&Value>, to: Option<&Value>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!(
            "parameter `{name}` changed from {} to {}",
            value_text(from),
            value_text(to)
        ),
        (None, Some(to)) => format!("parameter `{name}` is new: {}", value_text(to)),
        (from, None) => format!(
            "parameter `{name}` is gone, was {}",
            value_text(from.unwrap_or(&Value::Null))
        ),
    }
}

fn value_text(value: &Value) -> String {
    shorten(&value.to_string())
}

fn more_text(more: usize) -> String {
    if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    }
}
