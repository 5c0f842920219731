//! Notes for the user about a precision that would be faster, or that is slower than it seems.

use ecgfm_stage_params::Precision;

/// Fewest segments for a note: a shorter run is over before the precision matters.
const WORTH_TELLING: usize = 1000;

/// Notes about the precision that was asked for. `processor` is what the system says of the CPU, in words.
pub(super) fn for_precision(
    precision: Precision,
    on_cpu: bool,
    segments: usize,
    processor: &str,
) -> Vec<&'static str> {
    let has = |feature: &str| processor.split_whitespace().any(|word| word == feature);
    let knows_vectors = has("avx512bw") || has("avx_ne_convert");
    let note = match (precision, on_cpu) {
        _ if segments < WORTH_TELLING => None,
        (Precision::Auto, false) => Some(
            "computing in float32; `precision: bfloat16` is several times as fast on a GPU, and the run then records how much it \
             changes probabilities",
        ),
        (Precision::Auto, true) if has("amx_bf16") => Some(
            "computing in float32; this processor has instructions for bfloat16 (amx_bf16): `precision: bfloat16` may be several \
             times as fast, and the run then records how much it changes probabilities",
        ),
        (Precision::Bfloat16, true) if !processor.is_empty() && !knows_vectors => {
            Some("this processor has no instructions for bfloat16: float32 is likely much faster here")
        }
        _ => None,
    };
    note.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_precision_is_named_where_there_is_one_and_the_run_is_long() {
        let of = |precision, on_cpu, processor| for_precision(precision, on_cpu, WORTH_TELLING, processor);
        assert!(of(Precision::Auto, false, "")[0].contains("bfloat16"));
        assert!(of(Precision::Auto, true, "sse2 avx512bw amx_bf16 x")[0].contains("amx_bf16"));
        assert!(of(Precision::Auto, true, "sse2 avx2").is_empty());
        assert!(
            of(Precision::Float32, false, "").is_empty(),
            "whoever names it has decided"
        );
        assert!(of(Precision::Bfloat16, true, "sse2 avx2")[0].contains("float32 is likely much faster"));
        assert!(of(Precision::Bfloat16, true, "sse2 avx512bw").is_empty());
        assert!(of(Precision::Bfloat16, true, "").is_empty(), "nothing is known");
        assert!(super::for_precision(Precision::Auto, false, WORTH_TELLING - 1, "").is_empty());
    }
}
