//! Random weights of a configuration, as training starts from them.

use crate::families::Network;
use crate::spread::Spread;
use crate::{Error, Result, Weights};
use tch::Tensor;

/// Random weights, the same for the same network and seed on every machine, spread as
/// [`Network::initial_spread`] says.
///
/// # Errors
/// When libtorch cannot hold a weight.
pub fn random_weights(network: &dyn Network, seed: u64) -> Result<Weights> {
    let mut source = NormalNumbers::new(seed);
    let mut tensors = Vec::new();
    for (name, shape) in network.weight_shapes() {
        let numel: i64 = shape.iter().product();
        let values: Vec<f32> = match network.initial_spread(&name, &shape) {
            Spread::Constant(value) => vec![value; numel as usize],
            Spread::Normal(std) => (0..numel).map(|_| (source.next() * std) as f32).collect(),
        };
        tensors.push((name, tensor_of(&values, &shape)?));
    }
    Ok(Weights::new(tensors))
}

/// Standard normal noise of a shape, the same for the same seed on every machine.
///
/// # Errors
/// When libtorch cannot hold it.
pub fn normal_noise(shape: &[i64], seed: u64) -> Result<Tensor> {
    let mut source = NormalNumbers::new(seed);
    let numel: i64 = shape.iter().product();
    let values: Vec<f32> = (0..numel).map(|_| source.next() as f32).collect();
    tensor_of(&values, shape)
}

fn tensor_of(values: &[f32], shape: &[i64]) -> Result<Tensor> {
    Tensor::f_from_slice(values)
        .and_then(|flat| flat.f_reshape(shape))
        .map_err(Error::torch("hold a weight"))
}

/// Standard normal numbers: SplitMix64 (Steele, Lea and Flood, 2014) through Box and Muller's transform.
struct NormalNumbers {
    state: u64,
    spare: Option<f64>,
}

impl NormalNumbers {
    fn new(seed: u64) -> Self {
        Self {
            state: seed,
            spare: None,
        }
    }

    fn bits(&mut self) -> u64 {
        // 2^64 divided by the golden ratio, made odd; the shifts and multipliers below are variant 13 of D. Stafford.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In (0, 1].
    fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    fn next(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        // The transform makes two numbers of two; the other is the next.
        self.spare = Some(radius * sin);
        radius * cos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_standard_normal_and_repeatable() {
        let a = normal_noise(&[100, 100], 7).unwrap();
        assert!(a.mean(tch::Kind::Float).double_value(&[]).abs() < 0.05);
        assert!((a.std(true).double_value(&[]) - 1.0).abs() < 0.05);
        assert_eq!(a, normal_noise(&[100, 100], 7).unwrap());
        assert_ne!(a, normal_noise(&[100, 100], 8).unwrap());
    }
}
