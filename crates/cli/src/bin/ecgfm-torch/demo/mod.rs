//! Makes a demo model: a small ECG-FM or Net1D trained on SYNTHETIC ECGs, which pipelines of synthetic samples run.
//!
//! `model` trains, `synth` makes ECGs, `signal` turns them into segments; this is where they meet.

mod card;
mod held_out;
mod network;
mod params;
mod supply;
mod targets;

use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::stage::Cancel;
use ecgfm_model::train::{self, AfterStep, TrainingStep};
use ecgfm_pipeline::StageError;
use network::DemoSizes;
use std::path::Path;
use supply::BatchSupply;

pub use params::{CARD, CHECKPOINT, DemoParams, LOG, LogRow};

/// The labels it predicts, in the order of its logits: those of the model it stands in for.
const LABELS: &str = "physionet2021";
/// Steps that a row of the log is the mean of.
const LOG_EVERY: u64 = 100;

/// Trains, measures, and writes checkpoint, card and log into `out`. `say` is told a line now and then.
///
/// # Errors
/// When training fails or a file cannot be written.
pub fn make_demo_model(
    params: &DemoParams,
    out: &Path,
    say: &dyn Fn(&str),
    cancel: &Cancel,
) -> Result<(), StageError> {
    let labels = LabelSet::load(LABELS)?;
    let sizes = DemoSizes::of(params.network, labels.names().len() as i64);
    let network = sizes.network();
    let (ecgs, options) = (params.training_ecgs(), params.training());
    let mut supply = BatchSupply::new(&ecgs, params.network, &labels, params.batch)?;
    let mut log = TrainingLog::new(params, say);
    let trained = train::train_network(network, &options, &mut supply, &mut |step| {
        log.add(step);
        if cancel.is_cancelled() {
            AfterStep::Stop
        } else {
            AfterStep::Continue
        }
    });
    supply.finish()?;
    let weights = trained?;
    sizes.write(out, &weights, params)?;
    say("measuring on held-out ECGs");
    let scores = held_out::score_labels(network, &weights, params, &labels, cancel)?;
    card::write_card_and_log(out, params, &sizes, &log.rows, &scores)
}

struct TrainingLog<'a> {
    rows: Vec<LogRow>,
    sum: f64,
    count: u64,
    params: &'a DemoParams,
    say: &'a dyn Fn(&str),
    started: std::time::Instant,
}

impl<'a> TrainingLog<'a> {
    fn new(params: &'a DemoParams, say: &'a dyn Fn(&str)) -> Self {
        Self {
            rows: Vec::new(),
            sum: 0.0,
            count: 0,
            params,
            say,
            started: std::time::Instant::now(),
        }
    }

    fn add(&mut self, step: TrainingStep) {
        self.sum += step.loss;
        self.count += 1;
        if !step.number.is_multiple_of(LOG_EVERY) && step.number != self.params.steps {
            return;
        }
        let row = LogRow {
            step: step.number,
            segments: step.number * self.params.batch as u64,
            learning_rate: step.learning_rate,
            loss: self.sum / self.count as f64,
        };
        (self.sum, self.count) = (0.0, 0);
        let elapsed = self.started.elapsed().as_secs_f64();
        (self.say)(&format!(
            "step {} of {}  loss {:.4}  {:.0} segments/s  {:.1} min left",
            row.step,
            self.params.steps,
            row.loss,
            row.segments as f64 / elapsed,
            elapsed / 60.0 * (self.params.steps - row.step) as f64 / row.step as f64,
        ));
        self.rows.push(row);
    }
}
