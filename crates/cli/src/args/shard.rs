//! Arguments that divide a run among processes: `run --shard`, and `missing`.

use super::pipeline::PipelineArgs;
use clap::Args;
use ecgfm_pipeline::{Error, ErrorKind, Shard};
use std::str::FromStr;

/// More shares than any scheduler hands out.
pub(super) const MOST_SHARES: i64 = 1_000_000;

/// `ecgfm missing`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_MISSING)]
pub struct MissingArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: PipelineArgs,
    /// Number of shares that the work is divided into.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_SHARES))]
    pub of: u32,
    /// Look at this stage alone (repeatable).
    #[arg(long, value_name = "STAGE")]
    pub only: Vec<String>,
}

const ABOUT_MISSING: &str = "\
Prints the shares that still have chunks to do, as in `3,7,12-14`, for the next `--array` of a scheduler; nothing where there is
none. It asks the disk, not the scheduler. The number of shares may be another one than before.";

/// Value of `--shard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardChoice {
    /// Share `i` of `n`.
    Given(Shard),
    /// The share whose number a scheduler says, of this many.
    Auto(usize),
}

/// Index of a task as a scheduler says it in the environment.
struct TaskIndex {
    scheduler: &'static str,
    variable: &'static str,
    /// Number of the first task.
    first: usize,
}

/// None of them says how many tasks there are in all: of tasks that are submitted again, a scheduler counts those only.
const SCHEDULERS: [TaskIndex; 7] = [
    TaskIndex::new("Slurm", "SLURM_ARRAY_TASK_ID", 1),
    TaskIndex::new("Kubernetes", "JOB_COMPLETION_INDEX", 0),
    TaskIndex::new("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", 0),
    TaskIndex::new("HyperQueue", "HQ_TASK_ID", 1),
    TaskIndex::new("Grid Engine", "SGE_TASK_ID", 1),
    TaskIndex::new("PBS", "PBS_ARRAY_INDEX", 1),
    TaskIndex::new("Torque", "PBS_ARRAYID", 1),
];

impl TaskIndex {
    const fn new(scheduler: &'static str, variable: &'static str, first: usize) -> Self {
        Self {
            scheduler,
            variable,
            first,
        }
    }

    /// The share of a task of this number.
    fn share(&self, text: &str, count: usize) -> Result<Shard, Error> {
        let Self {
            scheduler,
            variable,
            first,
        } = self;
        let number = text.parse::<usize>().ok();
        let number = number.and_then(|index| index.checked_sub(*first)).map(|n| n + 1);
        number
            .and_then(|number| Shard::new(number, count))
            .ok_or_else(|| {
                let last = first + count - 1;
                let message = format!("--shard auto/{count}: {scheduler} says {variable}={text}");
                Error::new(ErrorKind::Config, message).help(format!(
                    "number the tasks from {first} to {last}, or give the share itself: --shard 1/{count}"
                ))
            })
    }
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "a share is `i/n`, as in 3/8: the third of eight; or `auto/n`, where a scheduler says its number"
                .to_owned()
        };
        let (number, count) = text.split_once('/').ok_or_else(wrong)?;
        let count: usize = count.parse().map_err(|_| wrong())?;
        match number {
            "auto" if count > 0 => Ok(Self::Auto(count)),
            "auto" => Err(wrong()),
            number => {
                let number: usize = number.parse().map_err(|_| wrong())?;
                let none = || format!("there is no share {number} of {count}: shares are numbered from 1");
                Shard::new(number, count).map(Self::Given).ok_or_else(none)
            }
        }
    }
}

impl ShardChoice {
    /// The share; `variable` gives a variable of the environment.
    ///
    /// # Errors
    /// No scheduler says a number, two say different ones, or it is none of a share.
    pub fn resolve(self, variable: impl Fn(&str) -> Option<String>) -> Result<Shard, Error> {
        let count = match self {
            Self::Given(shard) => return Ok(shard),
            Self::Auto(count) => count,
        };
        let mut found: Option<(&TaskIndex, Shard)> = None;
        for task in &SCHEDULERS {
            // Grid Engine says `undefined` in a job that is no array.
            let said = variable(task.variable).filter(|text| !text.is_empty() && text != "undefined");
            let Some(text) = said else { continue };
            let shard = task.share(&text, count)?;
            match found {
                Some((other, before)) if before != shard => {
                    let (a, b) = (other.variable, task.variable);
                    let message =
                        format!("--shard auto/{count}: {a} says share {before}, and {b} says {shard}");
                    let help = "give the share itself, as in --shard 1/8";
                    return Err(Error::new(ErrorKind::Config, message).help(help));
                }
                _ => found = Some((task, shard)),
            }
        }
        found.map(|(_, shard)| shard).ok_or_else(|| {
            let names: Vec<&str> = SCHEDULERS.iter().map(|task| task.variable).collect();
            let message = format!("--shard auto/{count}: no scheduler says which share this is");
            let help = format!(
                "give it, as in --shard 1/{count}; looked for are {}",
                names.join(", ")
            );
            Error::new(ErrorKind::Config, message).help(help)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(variables: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let shard = ShardChoice::Auto(8).resolve(variable);
        shard
            .map(|shard| shard.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_scheduler_counts_from_its_own_first_task_and_none_says_how_many() {
        for (variable, value, share) in [
            ("SLURM_ARRAY_TASK_ID", "3", "3/8"),
            ("JOB_COMPLETION_INDEX", "0", "1/8"),
            ("AWS_BATCH_JOB_ARRAY_INDEX", "7", "8/8"),
            ("HQ_TASK_ID", "8", "8/8"),
            ("SGE_TASK_ID", "1", "1/8"),
            ("PBS_ARRAY_INDEX", "5", "5/8"),
            ("PBS_ARRAYID", "5", "5/8"),
        ] {
            let more = ("SLURM_ARRAY_TASK_COUNT", "2");
            assert_eq!(resolved(&[(variable, value), more]), Ok(share.to_owned()));
        }
    }

    #[test]
    fn a_number_that_is_none_of_a_share_is_refused() {
        for (variables, words) in [
            (&[][..], "no scheduler says which share this is"),
            (&[("SGE_TASK_ID", "undefined")], "no scheduler says"),
            (
                &[("SLURM_ARRAY_TASK_ID", "0")],
                "Slurm says SLURM_ARRAY_TASK_ID=0",
            ),
            (
                &[("JOB_COMPLETION_INDEX", "8")],
                "Kubernetes says JOB_COMPLETION_INDEX=8",
            ),
            (&[("PBS_ARRAY_INDEX", "two")], "PBS says PBS_ARRAY_INDEX=two"),
            (
                &[("SLURM_ARRAY_TASK_ID", "3"), ("JOB_COMPLETION_INDEX", "3")],
                "SLURM_ARRAY_TASK_ID says share 3/8, and JOB_COMPLETION_INDEX says 4/8",
            ),
        ] {
            let message = match variables {
                [] => resolved(&[]),
                some => resolved(some),
            };
            let message = message.unwrap_err();
            assert!(message.contains(words), "{message}");
        }
        assert_eq!(
            resolved(&[("SLURM_ARRAY_TASK_ID", "4"), ("JOB_COMPLETION_INDEX", "3")]),
            Ok("4/8".to_owned())
        );
    }

    #[test]
    fn a_share_is_a_number_of_how_many() {
        let parse = |text: &str| text.parse::<ShardChoice>();
        assert_eq!(parse("3/8"), Ok(ShardChoice::Given(Shard::new(3, 8).unwrap())));
        assert_eq!(parse("auto/8"), Ok(ShardChoice::Auto(8)));
        for wrong in ["3", "0/8", "9/8", "a/8", "auto", "auto/0", "3/0", "-1/8", "3/8/2"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
