//! Messages of CUDA about a GPU that is gone or taken.

/// Words of a message of CUDA about a GPU that is gone or taken: another attempt, perhaps on another machine, may succeed.
const OF_LOST_DEVICES: [&str; 6] = [
    "GPU is lost",
    "uncorrectable ECC error",
    "hardware stack error",
    "unspecified launch failure",
    "busy or unavailable",
    "device is unavailable",
];

/// Returns true for a message of CUDA about a GPU that is gone or taken.
pub(crate) fn is_lost_device(text: &str) -> bool {
    OF_LOST_DEVICES.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::is_lost_device;

    #[test]
    fn a_lost_gpu_is_told_from_a_model_that_does_not_fit() {
        assert!(is_lost_device("CUDA error: uncorrectable ECC error encountered"));
        assert!(is_lost_device(
            "CUDA error: all CUDA-capable devices are busy or unavailable"
        ));
        assert!(!is_lost_device("CUDA out of memory. Tried to allocate 20.00 MiB"));
    }
}
