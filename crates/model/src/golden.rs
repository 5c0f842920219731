//! Golden vectors of an exported model: made-up inputs, and what the model returns for them.

use crate::card::Card;
use crate::outputs::tuple_tensors;
use crate::torchscript::OUTPUTS_METHOD;
use crate::{Error, Result, files};
use ecgfm_formats::npz::NpzArray;
use ecgfm_stage_params::golden::{COMPARED, GoldenVectors};
use ecgfm_stage_params::{CardFile, ModelInput};
use std::path::Path;
use tch::{CModule, IValue, Kind, TchError, Tensor};

/// Inputs that are made.
const COUNT: usize = 3;

/// Runs the model that is written at `model` on made-up inputs and writes them and its outputs into `path`. The same model gives
/// the same bytes on machines of one type.
///
/// `card` says the model's input, and the names of what its method `outputs` returns, in their order.
///
/// # Errors
/// The model cannot be loaded or run; the file cannot be written.
pub(crate) fn write_golden_vectors(model: &Path, path: &Path, card: &Card) -> Result<CardFile> {
    let inputs = made_up_inputs(&card.input);
    let outputs = with_one_thread(|| run_model(model, &inputs, card));
    let outputs = outputs.map_err(Error::torch("run the exported model on golden inputs"))?;
    let vectors = GoldenVectors { inputs, outputs };
    let bytes = vectors.to_bytes().map_err(Error::io("write", path))?;
    files::replace_file(path, |partial| files::write_bytes(partial, &bytes))?;
    files::describe_file(path, path)
}

/// Inputs of the model's shape: noise, and pulses at the rate of a heart. Made by sums, products and quotients only, which have the
/// same bits on every machine.
pub fn made_up_inputs(input: &ModelInput) -> NpzArray {
    let rate = input.sample_rate_hz.unwrap_or(500.0);
    let trained_on = input
        .segment_seconds
        .map_or(0, |seconds| (seconds * rate).round() as usize);
    let samples = match input.any_length {
        true => trained_on.max(input.min_samples),
        false => input.min_samples,
    };
    let samples = input.samples.unwrap_or(samples);
    let (rows, mut noise) = (input.leads, Noise(0x9E37_79B9_7F4A_7C15));
    let mut values = Vec::with_capacity(COUNT * rows * samples);
    for segment in 0..COUNT {
        // 60, 75 and 90 beats a minute.
        let period = rate * 60.0 / (60.0 + 15.0 * segment as f64);
        for row in 0..rows {
            let height = 3.0 - 0.5 * (row % 12) as f64;
            for sample in 0..samples {
                let of_beat = (sample as f64 / period).fract() - 0.3;
                let distance = of_beat * period / (0.015 * rate);
                values.push((height / (1.0 + distance * distance) + 0.5 * noise.next()) as f32);
            }
        }
    }
    NpzArray {
        name: "inputs".to_owned(),
        shape: vec![COUNT, rows, samples],
        values,
    }
}

/// Even noise from −1 to 1: the generator SplitMix64 (Steele, Lea and Flood 2014).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Logits by the model's `forward`, and the embedding by its method `outputs`, as far as the card names them.
fn run_model(model: &Path, inputs: &NpzArray, card: &Card) -> Result<Vec<NpzArray>, TchError> {
    let mut module = CModule::load(model)?;
    module.f_set_eval()?;
    let _no_grad = tch::no_grad_guard();
    let size: Vec<i64> = inputs.shape.iter().map(|n| *n as i64).collect();
    let signals = || Tensor::f_from_slice(&inputs.values)?.f_reshape(&size);
    let mut made = Vec::new();
    for name in COMPARED {
        let Some(place) = card.outputs.iter().position(|output| output.name == name) else {
            continue;
        };
        let output = match name {
            "logits" => module.forward_ts(&[signals()?])?,
            _ => {
                let answer = module.method_is(OUTPUTS_METHOD, &[IValue::Tensor(signals()?)])?;
                let missing = || TchError::Shape(format!("no {name} is returned"));
                tuple_tensors(answer)?
                    .into_iter()
                    .nth(place)
                    .ok_or_else(missing)?
            }
        };
        made.push(to_array(name, &output)?);
    }
    Ok(made)
}

fn to_array(name: &str, output: &Tensor) -> Result<NpzArray, TchError> {
    let shape = output.size().iter().map(|n| *n as usize).collect();
    let output = output.f_to_kind(Kind::Float)?.f_contiguous()?;
    let mut values = vec![0.0; output.numel()];
    output.f_copy_data(&mut values, output.numel())?;
    let name = name.to_owned();
    Ok(NpzArray { name, shape, values })
}

/// Runs with one thread of libtorch, so that sums are of the same order whatever the machine's number of cores.
fn with_one_thread<T>(run: impl FnOnce() -> T) -> T {
    let before = tch::get_num_threads();
    tch::set_num_threads(1);
    let made = run();
    tch::set_num_threads(before);
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn inputs_are_the_same_everywhere_of_the_model_s_shape_and_look_like_beats() {
        let input = ModelInput {
            leads: 12,
            sample_rate_hz: Some(500.0),
            segment_seconds: Some(5.0),
            samples: None,
            any_length: true,
            multiple_of: None,
            min_samples: 40,
        };
        let made = made_up_inputs(&input);
        assert_eq!(made.shape, [3, 12, 2500]);
        let bytes: Vec<u8> = made.values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let sha256: String = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            sha256,
            "a6e333a11f72ca8a91fa1b723be60b48e3676ae08b4bc0d4fa7af06bbab973cf"
        );
        // The first lead has a pulse of height 3 each second, 0.3 s after its start.
        let highest = |from: usize| {
            (from..from + 500)
                .max_by(|a, b| made.values[*a].total_cmp(&made.values[*b]))
                .unwrap()
        };
        assert!((0..5).all(|beat| highest(beat * 500).abs_diff(beat * 500 + 150) < 8));
        let fixed = ModelInput {
            any_length: false,
            leads: 1,
            min_samples: 6000,
            ..input
        };
        assert_eq!(made_up_inputs(&fixed).shape, [3, 1, 6000]);
    }
}
