//! Synthetic ECGs as batches of segments, made ahead on a thread of their own.

use super::targets;
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_cli::kinds::DemoNetwork;
use ecgfm_model::train::TrainingBatch;
use ecgfm_pipeline::StageError;
use ecgfm_recipe::leads;
use ecgfm_recipe::processed::lead_major;
use ecgfm_recipe::steps::{CheckedRecipe, LeadSignals, Workspace, built_in};
use ecgfm_recipe::{EcgFm, Recipe, Scratch};
use ecgfm_synth::{Generator, SynthOptions};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that may wait for the trainer.
const AHEAD: usize = 8;

/// Every segment of every exam in order, with the exam's targets, cut into batches. The last may be smaller.
pub(super) struct BatchSupply {
    batches: Option<Receiver<TrainingBatch>>,
    maker: Option<JoinHandle<Result<(), StageError>>>,
}

impl BatchSupply {
    /// Starts making the ECGs of `options`, as the network's recipe cuts them.
    pub(super) fn new(
        options: &SynthOptions,
        network: DemoNetwork,
        labels: &LabelSet,
        rows: usize,
    ) -> Result<Self, StageError> {
        let generator = Generator::new(options)?;
        let recipe = Preparation::of(network).map_err(|e| StageError::config(e.to_string()))?;
        let maker = BatchMaker {
            generator,
            recipe,
            rules: targets::label_rules(labels),
            rows,
        };
        let (sender, receiver) = sync_channel(AHEAD);
        Ok(Self {
            batches: Some(receiver),
            maker: Some(std::thread::spawn(move || maker.run(&sender))),
        })
    }

    /// Ends the supply; returns the error that stopped it, if any.
    pub(super) fn finish(&mut self) -> Result<(), StageError> {
        // Without a receiver the maker stops at its next batch.
        self.batches = None;
        match self.maker.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(made)) => made,
            Some(Err(_)) => Err(StageError::failed(
                "making synthetic ECGs panicked; this is a bug",
            )),
        }
    }
}

impl Iterator for BatchSupply {
    type Item = TrainingBatch;

    fn next(&mut self) -> Option<TrainingBatch> {
        self.batches.as_ref()?.recv().ok()
    }
}

/// Recipe of a network.
enum Preparation {
    /// ECG-FM's, the fast way.
    EcgFm(Recipe),
    /// Steps of another.
    Steps(CheckedRecipe),
}

impl Preparation {
    fn of(network: DemoNetwork) -> Result<Self, ecgfm_recipe::Error> {
        match network {
            DemoNetwork::EcgFm => EcgFm::default().recipe().map(Self::EcgFm),
            DemoNetwork::Net1d => built_in(network.bundled().recipe)?.check().map(Self::Steps),
        }
    }

    /// Appends the segments of a sample-major tracing, each lead after lead, to `signals`; returns how many.
    fn append_segments(
        &self,
        tracing: &[f32],
        scratch: &mut (Scratch, Workspace),
        signals: &mut Vec<f32>,
    ) -> Result<usize, ecgfm_recipe::Error> {
        match self {
            Self::EcgFm(recipe) => {
                let processed = recipe.apply(tracing, ecgfm_synth::SAMPLE_RATE, &mut scratch.0)?;
                let size = leads::COUNT * recipe.segment_samples();
                for segment in processed.segments() {
                    let start = signals.len();
                    signals.resize(start + size, 0.0);
                    lead_major(segment, leads::COUNT, &mut signals[start..]);
                }
                Ok(processed.segment_count())
            }
            Self::Steps(recipe) => {
                let of_lead = |lead: usize| {
                    let samples = tracing.iter().skip(lead).step_by(leads::COUNT);
                    samples.map(|&value| f64::from(value)).collect()
                };
                let recording = LeadSignals {
                    names: leads::NAMES.map(str::to_owned).into(),
                    sample_rate: ecgfm_synth::SAMPLE_RATE,
                    leads: (0..leads::COUNT).map(of_lead).collect(),
                };
                let input = recipe.apply(&recording, &mut scratch.1)?;
                signals.extend(input.to_f32());
                Ok(input.segments.len())
            }
        }
    }
}

struct BatchMaker {
    generator: Generator,
    recipe: Preparation,
    rules: Vec<Option<targets::LabelRule>>,
    rows: usize,
}

impl BatchMaker {
    fn run(&self, batches: &SyncSender<TrainingBatch>) -> Result<(), StageError> {
        let mut scratch = (Scratch::default(), Workspace::default());
        let (mut batch, mut made) = (empty_batch(), Vec::new());
        for index in 0..self.generator.options().exams {
            let exam = self.generator.exam(index)?;
            let tracing = exam.samples.as_standard_layout();
            let tracing = tracing.as_slice().ok_or_else(|| {
                StageError::failed("a synthetic ECG lies scattered in memory; this is a bug")
            })?;
            made.clear();
            let count = self.recipe.append_segments(tracing, &mut scratch, &mut made);
            let count = count.map_err(|e| StageError::failed(e.to_string()))?;
            for segment in made.chunks_exact((made.len() / count.max(1)).max(1)).take(count) {
                batch.signals.extend_from_slice(segment);
                let holds = |rule: &Option<targets::LabelRule>| rule.is_some_and(|rule| rule(&exam.truth));
                batch
                    .targets
                    .extend(self.rules.iter().map(|rule| f32::from(holds(rule))));
                batch.rows += 1;
                if batch.rows == self.rows
                    && batches
                        .send(std::mem::replace(&mut batch, empty_batch()))
                        .is_err()
                {
                    return Ok(()); // Nobody wants more.
                }
            }
        }
        if batch.rows > 0 {
            let _ = batches.send(batch); // As above.
        }
        Ok(())
    }
}

fn empty_batch() -> TrainingBatch {
    TrainingBatch {
        signals: Vec::new(),
        targets: Vec::new(),
        rows: 0,
    }
}
