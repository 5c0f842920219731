//! The slips.

mod arguments;
mod data;
mod model;
mod scores;

use crate::project::PIPELINE;
use std::path::Path;

/// One slip.
pub struct Slip {
    /// What it is.
    pub name: &'static str,
    /// What is changed in the pipeline, and into what; nothing where an argument is wrong.
    change: Option<(&'static str, &'static str)>,
    /// The wrong argument of `--set`.
    pub set: Option<&'static str>,
    /// The text of the changed pipeline that the message points at; none where it names the argument.
    pub at: Option<&'static str>,
    /// What it says, among others.
    pub says: &'static str,
    /// The exit code.
    pub exit: i32,
}

impl Slip {
    pub fn pipeline(&self) -> String {
        let Some((from, to)) = self.change else {
            return PIPELINE.to_owned();
        };
        assert!(
            PIPELINE.contains(from),
            "{}: no `{from}` in the pipeline",
            self.name
        );
        PIPELINE.replacen(from, to, 1)
    }

    /// A machine with a GPU is right to run on it.
    pub fn applies_here(&self) -> bool {
        !self.says.contains("NVIDIA")
            || !["/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg"]
                .iter()
                .any(|device| Path::new(device).exists())
    }
}

const fn slip(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    at: &'static str,
    exit: i32,
    says: &'static str,
) -> Slip {
    Slip {
        name,
        change: Some((from, to)),
        set: None,
        at: Some(at),
        says,
        exit,
    }
}

/// An argument that is wrong; the message points at `at` in the pipeline, or names the argument.
const fn set(
    name: &'static str,
    argument: &'static str,
    at: Option<&'static str>,
    exit: i32,
    says: &'static str,
) -> Slip {
    Slip {
        name,
        change: None,
        set: Some(argument),
        at,
        says,
        exit,
    }
}

/// Every slip of the tables.
pub fn slips() -> impl Iterator<Item = &'static Slip> {
    let tables = [data::SLIPS, model::SLIPS, scores::SLIPS, arguments::SLIPS];
    tables.into_iter().flatten()
}
