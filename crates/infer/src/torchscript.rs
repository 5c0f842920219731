//! TorchScript behind the [`Backend`] interface.

mod outputs;

use crate::backend::{Backend, BackendDescription, BackendError, BatchOutput, DeviceName, ExtraOutput};
use crate::device::Placement;
use crate::failure::{is_cudnn_error, log_and_shorten, model_or_machine_error};
use crate::shape::SegmentShape;
use crate::signal_buffer::SignalBuffer;
use crate::{Error, Result, symbols, version};
use ecgfm_artifacts::presence::is_file;
use ecgfm_stage_params::{InferOutput, OutputSelection};
use outputs::ModelOutputs;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tch::{CModule, Device, IValue, Kind, TchError, Tensor};

/// Runs of the warm-up on a GPU: the first compiles, the second runs what was compiled. On a CPU one is enough.
const GPU_WARM_UPS: usize = 2;

/// A loaded TorchScript module.
#[derive(Debug)]
pub struct TorchScript {
    path: PathBuf,
    module: CModule,
    placement: Placement,
    wanted: OutputSelection,
    labels: usize,
    extras: Vec<ExtraOutput>,
    /// Held while a batch is handed to a GPU by threads that have no stream of their own: batches reach it whole, one after
    /// the other.
    handing_over: Mutex<()>,
}

/// The method of our own models that gives logits, embedding and saliency.
const OUTPUTS_METHOD: &str = "outputs";

impl TorchScript {
    /// Loads a module onto a device and converts its weights to the precision.
    ///
    /// A TorchScript file is a program: load only files that you trust.
    ///
    /// # Errors
    /// When the file is not there, is not TorchScript, or does not fit the device.
    pub fn load(path: &Path, placement: Placement, wanted: OutputSelection) -> Result<Self> {
        let refused = |what: String| Error::model(path, what);
        if !is_file(path)? {
            return Err(refused(
                "no such model file; export one with `ecgfm export CHECKPOINT.pt -o MODEL.ts`".to_owned(),
            ));
        }
        let failed = |error: TchError| {
            model_or_machine_error(path, "load it", &error, |said| {
                let advice = "if it is a training checkpoint, export it first: `ecgfm export CHECKPOINT.pt -o MODEL.ts`";
                format!("libtorch cannot load it as TorchScript ({said}); {advice}")
            })
        };
        let mut module = CModule::load_on_device(path, placement.device).map_err(failed)?;
        module.f_set_eval().map_err(failed)?;
        let parameters = module.named_parameters().map_err(failed)?;
        // Parameters that are whole numbers keep their type in every precision.
        let mut weights = parameters.iter().filter(|(_, tensor)| tensor.is_floating_point());
        if weights.any(|(_, tensor)| tensor.kind() != placement.kind()) {
            convert_weights(&mut module, placement)?;
        }
        Ok(Self {
            path: path.to_owned(),
            module,
            placement,
            wanted,
            labels: 0,
            extras: Vec::new(),
            handing_over: Mutex::new(()),
        })
    }

    /// Device and precision.
    pub(crate) fn placement(&self) -> Placement {
        self.placement
    }

    /// Logits and the other outputs that were asked for, of signals (rows, leads, samples); still on the device.
    fn forward(&self, signals: &Tensor) -> Result<ParsedAnswer<DeviceOutputs>, TchError> {
        // Weights of a foreign model may ask for gradients.
        let _no_grad = tch::no_grad_guard();
        let device = self.placement.device;
        let on_cpu = device == Device::Cpu;
        let own_copy = on_cpu && self.placement.kind() == Kind::Float;
        let shared = !on_cpu && !has_own_stream(device);
        let _one = shared.then(|| self.handing_over.lock().unwrap_or_else(PoisonError::into_inner));
        // From page-locked memory this only starts the copy. On a CPU the model gets a copy, too: some models change their
        // input in place, and the buffer may be run again, by another model or as a batch's padding.
        let signals = signals.f_to_device_(device, Kind::Float, !on_cpu, own_copy)?;
        let signals = signals.f_to_kind(self.placement.kind())?;
        let signals = IValue::Tensor(signals);
        if !self.wanted.any() {
            let logits = find_logits(self.module.forward_is(&[signals])?);
            let logits =
                logits.map_err(|found| format!("{found}; a model must answer with a tensor (batch, labels)"));
            return Ok(logits.map(|logits| DeviceOutputs {
                logits: Some(logits),
                extras: Vec::new(),
            }));
        }
        parse_outputs(self.module.method_is(OUTPUTS_METHOD, &[signals])?, self.wanted)
    }

    /// Error for a model that does not run on the signals that it is given.
    fn input_error(&self, error: &TchError, shown: &str) -> Error {
        let missing = |method: &str| error.to_string().contains(&format!("'{method}' is not defined"));
        if missing("forward") {
            let what = "the model has no `forward`: it is an encoder without a head and gives no logits; ask for \
                        `outputs: [embedding]`";
            return Error::model(&self.path, what.to_owned());
        }
        if missing(OUTPUTS_METHOD) {
            let what = format!(
                "the model has no method `{OUTPUTS_METHOD}`, which embedding and saliency come from; \
                 export the checkpoint again, or ask for logits only"
            );
            return Error::model(&self.path, what);
        }
        let precision = self.placement.precision.name();
        model_or_machine_error(&self.path, &format!("run it on {shown}"), error, |said| {
            let whole = match self.placement.kind() {
                Kind::Float => "",
                _ => "; precision float32 leaves the model as it is",
            };
            format!("the model does not run on {shown} in {precision}: {said}{whole}")
        })
    }

    /// Turns off cuDNN's attention, which libtorch prefers in 16 bits on some GPUs, where cuDNN is what failed; whether to try again.
    fn without_cudnn_attention(&self, error: &TchError) -> bool {
        let may = self.placement.device != Device::Cpu && is_cudnn_error(error);
        let off = may && symbols::use_cudnn_attention(false);
        if off {
            tracing::warn!(
                "cuDNN failed ({}); attention is computed without it",
                log_and_shorten(error)
            );
        }
        off
    }

    /// Logits and other outputs for the first `rows` rows of `signals`, in main memory.
    fn compute(&self, signals: &SignalBuffer, rows: usize) -> Result<BatchOutput, TchError> {
        let outputs = self
            .forward(&signals.first_rows(rows)?)?
            .map_err(TchError::Convert)?;
        let size = outputs.logits.as_ref().map_or(vec![rows as i64, 0], Tensor::size);
        if size != [rows as i64, self.labels as i64] {
            return Err(TchError::Shape(format!(
                "{size:?} logits for {rows} segments of {} labels",
                self.labels
            )));
        }
        let extras = outputs.extras.iter().map(|(_, tensor)| copy_to_memory(tensor));
        Ok(BatchOutput {
            logits: outputs.logits.as_ref().map_or(Ok(Vec::new()), copy_to_memory)?,
            extras: extras.collect::<Result<_, _>>()?,
            device: 0,
        })
    }

    /// Runs the model on a made-up signal; returns the number of labels (none from an encoder) and what else there is.
    fn probe(&self, count: usize, shape: SegmentShape) -> Result<(usize, Vec<ExtraOutput>)> {
        let refused = |what: String| Error::model(&self.path, what);
        let shown = format!(
            "{count} segments of {} leads by {} samples",
            shape.leads, shape.samples
        );
        // Zeros would divide by zero where a model normalises.
        let mut signals = self.allocate(count, shape)?;
        for (i, value) in signals.values_mut().iter_mut().enumerate() {
            *value = (i as f32 * 0.1).sin();
        }
        let attempt = || {
            signals
                .first_rows(count)
                .and_then(|signals| self.forward(&signals))
        };
        let output = attempt().or_else(|error| match self.without_cudnn_attention(&error) {
            true => attempt(),
            false => Err(error),
        });
        let output = output.map_err(|error| self.input_error(&error, &shown))?;
        let outputs = output.map_err(refused)?;
        let labels = outputs.logits.map_or(Ok(0), |logits| match logits.size().as_slice() {
            &[rows, labels] if rows == count as i64 && labels > 0 && logits.is_floating_point() => {
                Ok(labels as usize)
            }
            other => Err(refused(format!(
                "the model answers {shown} with {:?} of shape {other:?}; it must answer with one row of logits for each segment",
                logits.kind()
            ))),
        })?;
        let extra = |(output, tensor): &(InferOutput, Tensor)| match tensor.size().as_slice() {
            [rows, row @ ..] if *rows == count as i64 => Ok(ExtraOutput {
                output: *output,
                shape: row.iter().map(|n| *n as usize).collect(),
            }),
            other => Err(refused(format!(
                "the model's {} of {shown} has shape {other:?}; it must have one row a segment",
                output.name()
            ))),
        };
        let extras = outputs.extras.iter().map(extra).collect::<Result<_>>()?;
        Ok((labels, extras))
    }
}

/// Copies a tensor to memory as float32.
fn copy_to_memory(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    let tensor = tensor
        .f_to_kind(Kind::Float)?
        .f_to_device(Device::Cpu)?
        .f_contiguous()?;
    let mut values = vec![0.0; tensor.numel()];
    tensor.f_copy_data(&mut values, tensor.numel())?;
    Ok(values)
}

impl Backend for TorchScript {
    fn labels(&self) -> usize {
        self.labels
    }

    fn extras(&self) -> &[ExtraOutput] {
        &self.extras
    }

    fn prepare(&mut self, shape: SegmentShape, batch_sizes: &[usize]) -> Result<()> {
        let runs = if self.placement.device == Device::Cpu {
            1
        } else {
            GPU_WARM_UPS
        };
        for (at, &count) in batch_sizes.iter().enumerate() {
            for _ in 0..runs {
                let (labels, extras) = self.probe(count, shape)?;
                if at > 0 && labels != self.labels {
                    let what = format!(
                        "the model answers with {} or {labels} labels, depending on the batch size",
                        self.labels
                    );
                    return Err(Error::model(&self.path, what));
                }
                (self.labels, self.extras) = (labels, extras);
            }
        }
        if let Device::Cuda(index) = self.placement.device {
            // Other threads' streams do not wait for this one's, which made the weights.
            tch::Cuda::synchronize(i64::try_from(index).unwrap_or_default());
        }
        Ok(())
    }

    fn allocate(&self, rows: usize, shape: SegmentShape) -> Result<SignalBuffer> {
        let bytes = rows * shape.len() * size_of::<f32>();
        SignalBuffer::new(rows, shape, self.placement.device).map_err(|error| {
            Error::machine(format!(
                "no {bytes} bytes of memory for a batch of {rows} segments ({}); use a smaller batch_size",
                log_and_shorten(&error)
            ))
        })
    }

    fn run(&self, signals: &SignalBuffer, rows: usize) -> Result<BatchOutput, BackendError> {
        Ok(self.compute(signals, rows)?)
    }

    fn free_memory(&self) -> Option<u64> {
        match self.placement.device {
            Device::Cuda(index) => symbols::cuda_memory(index).map(|(free, _)| free),
            _ => None,
        }
    }

    fn describe(&self) -> BackendDescription {
        BackendDescription {
            name: "torchscript",
            device: self.placement.device_name(),
            precision: self.placement.precision.name(),
            runtime: version::loaded_version(),
        }
    }

    fn devices(&self) -> Vec<DeviceName> {
        vec![DeviceName {
            device: self.placement.device_name(),
            model: self.placement.device_model(),
        }]
    }
}

/// Gives the calling thread a stream of its own on a device, and returns true where it has one. So its copies run beside
/// the other threads' kernels, and it waits for its own batch only.
fn has_own_stream(device: Device) -> bool {
    thread_local! {
        static OWN: RefCell<Vec<(usize, bool)>> = const { RefCell::new(Vec::new()) };
    }
    let Device::Cuda(index) = device else {
        return false;
    };
    OWN.with_borrow_mut(|own| match own.iter().find(|(known, _)| *known == index) {
        Some((_, has)) => *has,
        None => {
            let has = symbols::use_own_stream(index);
            own.push((index, has));
            has
        }
    })
}

/// tch's conversion panics where libtorch throws, which happens when memory runs out.
fn convert_weights(module: &mut CModule, placement: Placement) -> Result<()> {
    let converted = catch_unwind(AssertUnwindSafe(|| {
        module.to(placement.device, placement.kind(), false)
    }));
    let (precision, device) = (placement.precision.name(), placement.device_name());
    converted.map_err(|_| {
        Error::machine(format!(
            "the model cannot be converted to {precision} on {device}: most likely there is not enough memory; end what else takes it"
        ))
    })
}

/// Value looked for in a model's answer, or a description of what is there instead.
type ParsedAnswer<T> = Result<T, String>;

/// Outputs of a model for a batch.
struct DeviceOutputs {
    /// None from an encoder.
    logits: Option<Tensor>,
    extras: Vec<(InferOutput, Tensor)>,
}

/// Logits (where there is a head), embedding and saliency out of the answer of our own models' method.
fn parse_outputs(answer: IValue, wanted: OutputSelection) -> Result<ParsedAnswer<DeviceOutputs>, TchError> {
    let Some(outputs) = ModelOutputs::parse(answer) else {
        return Ok(Err(format!(
            "the model's method `{OUTPUTS_METHOD}` does not answer with logits, embedding and saliency"
        )));
    };
    let mut extras = Vec::new();
    if wanted.embedding {
        extras.push((InferOutput::Embedding, outputs.embedding));
    }
    if let Some((per, heads)) = wanted.saliency {
        let Some(saliency) = outputs.saliency else {
            return Ok(Err(outputs::NO_SALIENCY.to_owned()));
        };
        match saliency.select(per, heads)? {
            Some(saliency) => extras.push((InferOutput::Saliency, saliency)),
            None => return Ok(Err(outputs::NO_QUERIES.to_owned())),
        }
    }
    Ok(Ok(DeviceOutputs {
        logits: outputs.logits,
        extras,
    }))
}

/// A tensor, the first element of a tuple or list, or `logits` of a dict.
fn find_logits(answer: IValue) -> ParsedAnswer<Tensor> {
    let first = |found: Option<IValue>, what: &str| match found {
        Some(IValue::Tensor(tensor)) => Ok(tensor),
        _ => Err(format!(
            "the model answers with a {what} that does not begin with a tensor"
        )),
    };
    match answer {
        IValue::Tensor(tensor) => Ok(tensor),
        IValue::Tuple(values) => first(values.into_iter().next(), "tuple"),
        IValue::GenericList(values) => first(values.into_iter().next(), "list"),
        IValue::TensorList(tensors) => first(tensors.into_iter().next().map(IValue::Tensor), "list"),
        IValue::GenericDict(pairs) => {
            let keys: Vec<String> = pairs.iter().map(|(key, _)| format!("{key:?}")).collect();
            let found = pairs
                .into_iter()
                .find(|(key, _)| *key == IValue::String("logits".to_owned()));
            match found {
                Some((_, IValue::Tensor(tensor))) => Ok(tensor),
                _ => Err(format!(
                    "the model answers with a dict without a tensor `logits`; it has {}",
                    keys.join(", ")
                )),
            }
        }
        IValue::None => Err("the model answers with nothing".to_owned()),
        _ => Err("the model answers with something that holds no tensor".to_owned()),
    }
}

#[cfg(test)]
mod tests;
