//! Messages of libtorch cut to a sentence, and classed as faults of the machine or of the model.

use crate::Error;
use crate::backend::BackendError;
use std::fmt::Display;
use std::path::Path;
use tch::TchError;

/// Words of a message about memory of the device that is used up.
const OF_MEMORY: [&str; 4] = [
    "out of memory",
    "can't allocate memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
];

/// Messages of libtorch and CUDA that are about the machine, each with advice.
const OF_MACHINES: [(&[&str], &str); 6] = [
    (
        &OF_MEMORY,
        "use a smaller batch_size, or end what else takes the device's memory",
    ),
    (
        &["no kernel image is available"],
        "the GPU is too old or too new for this libtorch: use another GPU, a libtorch that has code for it (docs/gpu.md), \
         or device cpu",
    ),
    (
        &[
            "driver version is insufficient",
            "driver on your system is too old",
        ],
        "install a newer NVIDIA driver, use a libtorch for an older CUDA (docs/gpu.md), or device cpu",
    ),
    (
        &["busy or unavailable"],
        "another program holds the GPU for itself: wait for it, or use another GPU",
    ),
    (
        &["CUDNN_STATUS", "cuDNN error"],
        "see what `nvidia-smi` says; or use precision float32, or device cpu",
    ),
    (
        &[
            "CUDA error",
            "CUDA driver error",
            "CUBLAS_STATUS",
            "CUFFT_",
            "cuFFT error",
        ],
        "see what `nvidia-smi` says; or use device cpu",
    ),
];

/// Advice for a message of libtorch about the machine; none for one about the model.
pub(crate) fn machine_advice(text: &str) -> Option<&'static str> {
    let about = |words: &&[&str]| words.iter().any(|word| text.contains(word));
    OF_MACHINES
        .iter()
        .find(|(words, _)| about(words))
        .map(|(_, advice)| *advice)
}

/// Returns true where the device has no memory left.
pub(crate) fn is_out_of_memory(text: &str) -> bool {
    OF_MEMORY.iter().any(|words| text.contains(words))
}

/// Returns true where cuDNN failed, which libtorch uses for attention in 16 bits on some GPUs.
pub(crate) fn is_cudnn_error(error: &dyn Display) -> bool {
    let text = error.to_string().to_lowercase();
    text.contains("cudnn") && !text.contains("alloc")
}

/// Writes libtorch's message to the log and returns its first sentence.
pub(crate) fn log_and_shorten(error: &dyn Display) -> String {
    let text = error.to_string();
    tracing::info!("libtorch: {text}");
    first_sentence(&text)
}

/// The first sentence of a message, without the interpreter's traceback before it and the C++ stack after it.
pub(crate) fn first_sentence(text: &str) -> String {
    let text = text.strip_prefix("Internal torch error: ").unwrap_or(text);
    // What the interpreter of TorchScript says comes last, under the lines that led there.
    let text = text
        .rsplit_once("\nRuntimeError: ")
        .map_or(text, |(_, said)| said);
    let line = text.lines().map(str::trim).find(|line| {
        !line.is_empty() && !line.starts_with("Traceback") && !line.starts_with("The following operation")
    });
    let line = line.unwrap_or("no reason given");
    let line = line
        .split(" This is an internal miniz error")
        .next()
        .unwrap_or(line);
    let end = line.find(". ").unwrap_or(line.len());
    line[..end].trim_end_matches('.').to_owned()
}

/// Error for a failure while a model was loaded or run: of the machine where libtorch says so, or else of the model at
/// `path`, in the words of `of_model`.
pub(crate) fn model_or_machine_error(
    path: &Path,
    doing: &str,
    error: &TchError,
    of_model: impl FnOnce(String) -> String,
) -> Error {
    let said = log_and_shorten(error);
    match machine_advice(&error.to_string()) {
        Some(advice) => Error::machine(format!(
            "{}: libtorch cannot {doing}: {said}; {advice}",
            path.display()
        )),
        None => Error::model(path, of_model(said)),
    }
}

/// Error for a failure on the batch that begins with a segment.
pub(crate) fn batch_error(segment: &str, action: &'static str, source: BackendError) -> Error {
    let mut what = log_and_shorten(&source);
    if let Some(advice) = machine_advice(&source.to_string()) {
        what = format!("{what}; {advice}");
    }
    Error::Torch {
        segment: segment.to_owned(),
        action,
        what,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT_OF_MEMORY: &str = "Internal torch error: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of \
         79.1 GiB of which 3 MiB is free.\nException raised from malloc at /pytorch/c10/cuda/CUDACachingAllocator.cpp:1 (most \
         recent call first):\nframe #0: c10::Error::Error";

    #[test]
    fn a_message_is_cut_to_its_first_sentence() {
        assert_eq!(first_sentence(OUT_OF_MEMORY), "CUDA out of memory");
        let interpreted = "Internal torch error: The following operation failed in the TorchScript interpreter.\nTraceback of \
             TorchScript, serialized code (most recent call last):\n  File \"code/__torch__.py\", line 8, in forward\n    return \
             torch.reshape(x, [4, 12])\n           ~~~~ <--- HERE\nRuntimeError: shape '[4, 12]' is invalid for input of size 12\n";
        assert_eq!(
            first_sentence(interpreted),
            "shape '[4, 12]' is invalid for input of size 12"
        );
        assert_eq!(first_sentence("Internal torch error: \n\n"), "no reason given");
        let zip = "PytorchStreamReader failed reading zip archive: failed finding central directory. This is an internal miniz error";
        assert_eq!(
            first_sentence(zip),
            "PytorchStreamReader failed reading zip archive: failed finding central directory"
        );
    }

    #[test]
    fn what_is_about_the_machine_comes_with_advice_and_what_is_about_the_model_does_not() {
        for (text, advice) in [
            (OUT_OF_MEMORY, "smaller batch_size"),
            (
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 7 bytes.",
                "smaller batch_size",
            ),
            (
                "CUDA error: no kernel image is available for execution on the device",
                "too old or too new",
            ),
            (
                "CUDA error: CUDA driver version is insufficient for CUDA runtime version",
                "newer NVIDIA driver",
            ),
            (
                "CUDA error: all CUDA-capable devices are busy or unavailable",
                "holds the GPU",
            ),
            ("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", "precision float32"),
            (
                "CUDA error: an illegal memory access was encountered",
                "nvidia-smi",
            ),
        ] {
            let found = machine_advice(text).unwrap_or_default();
            assert!(found.contains(advice), "{text}: {found}");
            let error = model_or_machine_error(
                Path::new("m.ts"),
                "run it",
                &TchError::Torch(text.to_owned()),
                |_| panic!(),
            );
            assert!(matches!(error, Error::Machine { .. }), "{error:?}");
            assert!(!error.to_string().contains("frame #0"), "{error}");
        }
        let of_model = "shape '[4, 12]' is invalid for input of size 12";
        assert_eq!(machine_advice(of_model), None);
        let error = TchError::Torch(of_model.to_owned());
        let error = model_or_machine_error(Path::new("m.ts"), "run it", &error, |said| format!("no: {said}"));
        assert!(
            matches!(&error, Error::Model { what, .. } if what.starts_with("no: shape")),
            "{error:?}"
        );
        assert!(is_cudnn_error(&TchError::Torch(
            "cuDNN Frontend error: no valid plan".to_owned()
        )));
        assert!(!is_cudnn_error(&TchError::Torch(
            "CUDA error: out of memory".to_owned()
        )));
    }
}
