//! TorchScript behind the [`Backend`] interface.

use crate::backend::{Backend, Description, Shape};
use crate::device::Placement;
use crate::error::brief;
use crate::{Error, Result, version};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tch::{CModule, Device, IValue, Kind, TchError, Tensor};

/// Runs of the warm-up on a GPU: the first compiles, the second runs what was compiled. On a CPU one is enough.
const GPU_WARM_UPS: usize = 2;

/// A loaded TorchScript module.
#[derive(Debug)]
pub struct TorchScript {
    path: PathBuf,
    module: CModule,
    placement: Placement,
    labels: usize,
}

impl TorchScript {
    /// Loads a module onto a device and converts its weights to the precision.
    ///
    /// A TorchScript file is a program: load only files that you trust.
    ///
    /// # Errors
    /// When the file is not there, is not TorchScript, or does not fit the device.
    pub fn load(path: &Path, placement: Placement) -> Result<Self> {
        let refused = |what: String| Error::model(path, what);
        if !path.is_file() {
            return Err(refused(
                "no such model file; export one with `ecgfm export CHECKPOINT.pt -o MODEL.ts`".to_owned(),
            ));
        }
        let mut module = CModule::load_on_device(path, placement.device).map_err(|error| {
            let advice =
                "if it is a training checkpoint, export it first: `ecgfm export CHECKPOINT.pt -o MODEL.ts`";
            refused(format!(
                "libtorch cannot load it as TorchScript ({}); {advice}",
                brief(&error)
            ))
        })?;
        module.f_set_eval().map_err(|error| refused(brief(&error)))?;
        let parameters = module
            .named_parameters()
            .map_err(|error| refused(brief(&error)))?;
        if parameters
            .iter()
            .any(|(_, tensor)| tensor.kind() != placement.kind())
        {
            convert(&mut module, placement).map_err(refused)?;
        }
        Ok(Self {
            path: path.to_owned(),
            module,
            placement,
            labels: 0,
        })
    }

    /// Logits (count, labels), still on the device.
    fn forward(&self, batch: &[f32], count: usize, shape: Shape) -> Result<Output, TchError> {
        // Somebody else's weights may ask for gradients.
        let _no_grad = tch::no_grad_guard();
        let size = [count, shape.leads, shape.samples].map(|size| size as i64);
        let signals = Tensor::f_from_slice(batch)?.f_reshape(size)?;
        let signals = signals
            .f_to_device(self.placement.device)?
            .f_to_kind(self.placement.kind())?;
        self.module.forward_is(&[IValue::Tensor(signals)]).map(logits_of)
    }

    /// One run on a made-up signal; the number of labels.
    fn probe(&self, count: usize, shape: Shape) -> Result<usize> {
        let refused = |what: String| Error::model(&self.path, what);
        let shown = format!(
            "{count} segments of {} leads by {} samples",
            shape.leads, shape.samples
        );
        // Zeros would divide by zero where a model normalises.
        let batch: Vec<f32> = (0..count * shape.len()).map(|i| (i as f32 * 0.1).sin()).collect();
        let output = self.forward(&batch, count, shape).map_err(|error| {
            refused(format!(
                "the model does not run on {shown} in {}: {}",
                self.placement.precision.name(),
                brief(&error)
            ))
        })?;
        let logits = output.map_err(|found| {
            refused(format!(
                "{found}; a model must answer with a tensor (batch, labels)"
            ))
        })?;
        match logits.size().as_slice() {
            &[rows, labels] if rows == count as i64 && labels > 0 && logits.is_floating_point() => {
                Ok(labels as usize)
            }
            other => Err(refused(format!(
                "the model answers {shown} with {:?} of shape {other:?}; it must answer with one row of logits for each segment",
                logits.kind()
            ))),
        }
    }
}

impl Backend for TorchScript {
    fn labels(&self) -> usize {
        self.labels
    }

    fn prepare(&mut self, shape: Shape, batch_sizes: &[usize]) -> Result<()> {
        let runs = if self.placement.device == Device::Cpu {
            1
        } else {
            GPU_WARM_UPS
        };
        for (at, &count) in batch_sizes.iter().enumerate() {
            for _ in 0..runs {
                let labels = self.probe(count, shape)?;
                if at > 0 && labels != self.labels {
                    let what = format!(
                        "the model answers with {} or {labels} labels, depending on the batch size",
                        self.labels
                    );
                    return Err(Error::model(&self.path, what));
                }
                self.labels = labels;
            }
        }
        Ok(())
    }

    fn logits(&self, batch: &[f32], count: usize, shape: Shape, out: &mut [f32]) -> Result<(), TchError> {
        let logits = self.forward(batch, count, shape)?.map_err(TchError::Convert)?;
        if logits.size() != [count as i64, self.labels as i64] {
            return Err(TchError::Shape(format!(
                "{:?} logits for {count} segments of {} labels",
                logits.size(),
                self.labels
            )));
        }
        let logits = logits
            .f_to_kind(Kind::Float)?
            .f_to_device(Device::Cpu)?
            .f_contiguous()?;
        logits.f_copy_data(out, logits.numel())
    }

    fn describe(&self) -> Description {
        Description {
            name: "torchscript",
            device: self.placement.device_name(),
            precision: self.placement.precision.name(),
            runtime: version::loaded(),
        }
    }
}

/// tch's conversion panics where libtorch throws, which happens when memory runs out.
fn convert(module: &mut CModule, placement: Placement) -> Result<(), String> {
    let converted = catch_unwind(AssertUnwindSafe(|| {
        module.to(placement.device, placement.kind(), false)
    }));
    let (precision, device) = (placement.precision.name(), placement.device_name());
    converted.map_err(|_| format!("cannot be converted to {precision} on {device}; is there memory left?"))
}

/// The logits among a model's answers, or what it answered instead.
type Output = Result<Tensor, String>;

/// A tensor, the first element of a tuple or list, or `logits` of a dict.
fn logits_of(answer: IValue) -> Output {
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
