//! Arguments of `submit`: one set for all engines, and further ones of each.

use super::pipeline::PipelineArgs;
use super::shard::MOST_SHARES;
use clap::{Args, Subcommand};
use std::path::PathBuf;

const ABOUT_SUBMIT: &str = "\
It prints on standard output, and submits nothing unless asked to. The long stages run as --shards
tasks, each after a job for the stages before it; a last job does the rest.

Examples:
  ecgfm submit slurm code15 --profile full --shards 64 --gpus-per-task 1 --time 02:00:00 --submit
  ecgfm submit kubernetes code15 --shards 16 --image registry/ecgfm:0.1.0 --claim ecg > jobs.yaml
  ecgfm submit snakemake code15 --shards 16 > Snakefile && snakemake --cores 8";

/// `ecgfm submit`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_SUBMIT)]
pub struct SubmitArgs {
    /// Engine that hands out the work.
    #[command(subcommand)]
    pub engine: SubmitEngine,
}

/// Engines that hand out work.
#[derive(Debug, Subcommand)]
pub enum SubmitEngine {
    /// A bash script of sbatch commands; run again, it submits what is still missing.
    Slurm(SlurmArgs),
    /// Jobs as YAML documents, in the order in which they are to run.
    Kubernetes(KubernetesArgs),
    /// A Snakefile.
    Snakemake(SnakemakeArgs),
}

impl SubmitEngine {
    /// What is common to all engines.
    pub fn shared(&self) -> &SharedSubmitArgs {
        match self {
            Self::Slurm(args) => &args.shared,
            Self::Kubernetes(args) => &args.shared,
            Self::Snakemake(args) => &args.shared,
        }
    }
}

/// Arguments of all engines.
#[derive(Debug, Args)]
pub struct SharedSubmitArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: PipelineArgs,
    /// Tasks that each long stage is divided into; ten or twenty a worker let fast workers do more.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_SHARES))]
    pub shards: u32,
    /// GPUs of every task that runs a model.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub gpus_per_task: u32,
    /// CPUs of every task.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub cpus_per_task: Option<u32>,
    /// Memory of every task, as the engine writes it: 16G for Slurm, 16Gi for Kubernetes, 16GB for Snakemake.
    #[arg(long, value_name = "SIZE", value_parser = parse_option_word)]
    pub mem: Option<String>,
}

/// `ecgfm submit slurm`
#[derive(Debug, Args)]
pub struct SlurmArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub shared: SharedSubmitArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub queue: QueueArgs,
    /// Run the script instead of printing it, and print the job numbers.
    #[arg(long)]
    pub submit: bool,
}

/// Arguments of a batch system's queue.
#[derive(Debug, Args)]
pub struct QueueArgs {
    /// Time limit of every task, as the engine writes it: 02:00:00 for Slurm, 2h for Snakemake.
    #[arg(long, value_name = "TIME", value_parser = parse_option_word)]
    pub time: Option<String>,
    /// Partition of the cluster.
    #[arg(long, value_name = "NAME", value_parser = parse_option_word)]
    pub partition: Option<String>,
    /// Account that is charged.
    #[arg(long, value_name = "NAME", value_parser = parse_option_word)]
    pub account: Option<String>,
}

/// `ecgfm submit kubernetes`
#[derive(Debug, Args)]
pub struct KubernetesArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub shared: SharedSubmitArgs,
    /// Container image that has `ecgfm` on its PATH.
    #[arg(long, value_name = "IMAGE", value_parser = parse_option_word)]
    pub image: String,
    /// Persistent volume claim with the data, which several nodes may mount at once; the runs go there, too.
    #[arg(long, value_name = "NAME", default_value = "ecgfm", value_parser = parse_option_word)]
    pub claim: String,
    /// Directory in the container where the volume is mounted and relative paths begin.
    #[arg(long, value_name = "PATH", default_value = "/data")]
    pub mount: PathBuf,
}

/// `ecgfm submit snakemake`
#[derive(Debug, Args)]
pub struct SnakemakeArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub shared: SharedSubmitArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub queue: QueueArgs,
}

/// A value that is handed on to an engine: one word, which cannot be taken for several options.
fn parse_option_word(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@,+".contains(c);
    match !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("it is one word of letters, digits and . _ - : / @ , +".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_option_word;

    #[test]
    fn a_value_for_an_engine_is_one_word() {
        for word in [
            "16G",
            "1-02:00:00",
            "gpu,gpu2",
            "registry.example/ecgfm:0.1@sha256:00",
        ] {
            assert_eq!(parse_option_word(word).as_deref(), Ok(word));
        }
        for other in ["", "-n", "a b", "a\nb", "a;b", "$(a)", "a'b"] {
            assert!(parse_option_word(other).is_err(), "{other}");
        }
    }
}
