//! Trains a classifier of any family from random weights.
//!
//! The caller supplies batches and need not hold more than one at a time; nothing here knows where ECGs come from.
//! Binary cross-entropy over all labels, AdamW, a learning rate that rises and falls. The same batches and options give the
//! same weights on the same processor with the same number of threads.

mod options;
mod schedule;

pub use options::TrainingOptions;

use crate::families::Network;
use crate::positions::PositionalForm;
use crate::{Error, Result, Weights, init};
use schedule::learning_rate;
use tch::nn::{AdamW, Optimizer, OptimizerConfig, VarStore};
use tch::{Device, Reduction, Tensor};

/// Weights that only scale or shift; decaying those helps nothing.
const UNDECAYED: usize = 0;
/// Group of all other weights.
const DECAYED: usize = 1;

/// ECGs to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingBatch {
    /// (rows, leads, samples), row-major.
    pub signals: Vec<f32>,
    /// (rows, labels), row-major; 0 or 1.
    pub targets: Vec<f32>,
    /// Number of rows.
    pub rows: usize,
}

/// Update of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingStep {
    /// Number of the update, from 1.
    pub number: u64,
    /// Learning rate of the update.
    pub learning_rate: f64,
    /// Mean binary cross-entropy of its batch, before it.
    pub loss: f64,
}

/// Answer of the caller after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterStep {
    /// Take the next step.
    Continue,
    /// End with [`Error::Stopped`].
    Stop,
}

/// Trains on one batch a step and shows every step to `observe`.
///
/// # Errors
/// When `batches` ends early or a batch has another shape, the loss is no number, `observe` says stop, or libtorch
/// refuses an operation.
pub fn train_network(
    network: &dyn Network,
    options: &TrainingOptions,
    batches: &mut dyn Iterator<Item = TrainingBatch>,
    observe: &mut dyn FnMut(TrainingStep) -> AfterStep,
) -> Result<Weights> {
    tch::set_num_threads(i32::try_from(options.threads).unwrap_or(i32::MAX));
    let store = VarStore::new(Device::Cpu);
    let weights = create_variables(&store, &init::random_weights(network, options.seed)?)?;
    let mut optimizer = create_optimizer(&store, options).map_err(Error::torch("make an optimizer"))?;
    for number in 1..=options.steps {
        let batch = batches
            .next()
            .ok_or_else(|| training_error(number, "the batches ended early"))?;
        let rate = learning_rate(options, number);
        optimizer.set_lr(rate);
        let loss = compute_loss(network, &weights, &batch, number)?;
        let value = loss.f_double_value(&[]).map_err(Error::torch("read the loss"))?;
        if !value.is_finite() {
            return Err(training_error(
                number,
                "the loss is not a number: lower the learning rate",
            ));
        }
        optimizer.backward_step_clip_norm(&loss, options.gradient_norm);
        let step = TrainingStep {
            number,
            learning_rate: rate,
            loss: value,
        };
        if observe(step) == AfterStep::Stop {
            return Err(Error::Stopped);
        }
    }
    let detached = weights
        .iter()
        .map(|(name, weight)| (name.to_owned(), weight.detach()));
    Ok(Weights::new(detached.collect()))
}

fn training_error(step: u64, message: &str) -> Error {
    Error::Training {
        step,
        message: message.to_owned(),
    }
}

/// The weights as variables of a store. Its names are paths, in which dots separate.
fn create_variables(store: &VarStore, initial: &Weights) -> Result<Weights> {
    let mut variables = Vec::new();
    for (name, value) in initial.iter() {
        // Biases and the scales of norms are not drawn to 0 (as in BERT and wav2vec 2.0).
        let group = if value.dim() < 2 { UNDECAYED } else { DECAYED };
        let mut path = store.root().set_group(group);
        let (parents, last) = name.rsplit_once('.').unwrap_or(("", name));
        for part in parents.split('.').filter(|part| !part.is_empty()) {
            path = path.sub(part);
        }
        let variable = path
            .f_var_copy(last, value)
            .map_err(Error::torch("make a weight trainable"))?;
        variables.push((name.to_owned(), variable));
    }
    Ok(Weights::new(variables))
}

fn create_optimizer(store: &VarStore, options: &TrainingOptions) -> Result<Optimizer, tch::TchError> {
    let mut optimizer = AdamW::default().build(store, options.learning_rate)?;
    optimizer.set_weight_decay_group(UNDECAYED, 0.0);
    optimizer.set_weight_decay_group(DECAYED, options.weight_decay);
    Ok(optimizer)
}

/// Mean binary cross-entropy over rows and labels.
fn compute_loss(
    network: &dyn Network,
    weights: &Weights,
    batch: &TrainingBatch,
    step: u64,
) -> Result<Tensor> {
    let signals = signal_tensor(network, batch).map_err(|message| training_error(step, &message))?;
    let forward = || {
        let targets =
            Tensor::f_from_slice(&batch.targets)?.f_reshape([batch.rows as i64, network.labels()])?;
        network
            .compute_logits(weights, &signals?, PositionalForm::Convolution)?
            .f_binary_cross_entropy_with_logits(&targets, None::<Tensor>, None::<Tensor>, Reduction::Mean)
    };
    forward().map_err(Error::torch("compute the loss"))
}

/// Logits (rows, labels), row-major, of a batch's signals.
///
/// # Errors
/// When the batch has another shape than the configuration needs, or libtorch refuses an operation.
pub fn score_batch(network: &dyn Network, weights: &Weights, batch: &TrainingBatch) -> Result<Vec<f32>> {
    let signals = signal_tensor(network, batch).map_err(|message| training_error(0, &message))?;
    let forward = || {
        let logits =
            tch::no_grad(|| network.compute_logits(weights, &signals?, PositionalForm::Convolution))?;
        Vec::<f32>::try_from(logits.f_flatten(0, -1)?)
    };
    forward().map_err(Error::torch("compute logits"))
}

/// The signals as a tensor, once they are known to fit; the outer error says how they do not.
fn signal_tensor(
    network: &dyn Network,
    batch: &TrainingBatch,
) -> Result<Result<Tensor, tch::TchError>, String> {
    let input = network.input();
    let (leads, labels) = (input.rows as usize, network.labels() as usize);
    let samples = batch.signals.len() / (batch.rows * leads).max(1);
    let fits = batch.rows > 0
        && batch.signals.len() == batch.rows * leads * samples
        && samples as i64 >= input.min_samples
        && batch.targets.len() == batch.rows * labels;
    if fits {
        let shape = [batch.rows as i64, input.rows, samples as i64];
        return Ok(Tensor::f_from_slice(&batch.signals).and_then(|flat| flat.f_reshape(shape)));
    }
    Err(format!(
        "{} samples and {} targets are no batch of {} rows, {leads} leads and {labels} labels",
        batch.signals.len(),
        batch.targets.len(),
        batch.rows
    ))
}

#[cfg(test)]
mod tests;
