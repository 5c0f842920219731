//! Settings of the demo model, its files, and rows of its training log.

use ecgfm_cli::kinds::DemoNetwork;
use ecgfm_model::train::TrainingOptions;
use ecgfm_synth::{Mix, SynthOptions};

pub use ecgfm_cli::kinds::{DEMO_CARD as CARD, DEMO_CHECKPOINT as CHECKPOINT};

/// File name of the log.
pub const LOG: &str = "training_log.csv";

/// Settings of the demo model's training and evaluation.
#[derive(Debug, Clone)]
pub struct DemoParams {
    /// The network.
    pub network: DemoNetwork,
    /// Updates of the weights.
    pub steps: u64,
    /// Segments an update.
    pub batch: usize,
    /// Seed of the weights and of the ECGs learnt from.
    pub seed: u64,
    /// ECGs, of another seed, that the card's scores are measured on.
    pub held_out: u64,
    /// Threads of libtorch. Another number gives slightly other weights.
    pub threads: usize,
}

impl DemoParams {
    /// Options of the synthetic ECGs to learn from. No run of the pipeline has their seed unless it is asked for.
    pub(super) fn training_ecgs(&self) -> SynthOptions {
        SynthOptions {
            exams: self.steps * self.batch as u64,
            ..self.ecgs(1)
        }
    }

    /// Options of the synthetic ECGs to measure on.
    pub(super) fn held_out_ecgs(&self) -> SynthOptions {
        SynthOptions {
            exams: self.held_out,
            ..self.ecgs(2)
        }
    }

    /// Options with a seed of a billion and more, which no person picks.
    fn ecgs(&self, which: u64) -> SynthOptions {
        SynthOptions {
            seed: 1_000_000_000 * which + self.seed,
            mix: Mix::Balanced,
            ..SynthOptions::default()
        }
    }

    pub(super) fn training(&self) -> TrainingOptions {
        TrainingOptions {
            steps: self.steps,
            warm_up: self.steps / 15,
            seed: self.seed,
            threads: self.threads,
            ..TrainingOptions::default()
        }
    }
}

/// Row of the training log.
pub struct LogRow {
    /// The last step it covers.
    pub step: u64,
    /// Segments seen so far.
    pub segments: u64,
    /// Learning rate of that step.
    pub learning_rate: f64,
    /// Mean loss of the steps since the row before.
    pub loss: f64,
}
