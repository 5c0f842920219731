//! Weights for inference: the same network in fewer and cheaper operations.
//!
//! * A layer's query, key and value projections become one.
//! * The positional convolution, as wide as the signal is long, gets its kernel's spectrum beside it: a product of spectra
//!   costs a small part of the convolution on a CPU. The spectrum is for segments of one length; others take the
//!   convolution.
//!
//! Both are exact but for rounding. Training and checkpoints keep the reference's own names.

use crate::weights::positional_weight;
use crate::{Config, Error, Result, Weights};
use tch::{Kind, TchError, Tensor};

/// The projections that become one, in its order.
const PROJECTIONS: [&str; 3] = ["q_proj", "k_proj", "v_proj"];

/// Name of the fused projection of an attention block, without `.weight` or `.bias`.
pub(crate) fn fused_projection(attention: &str) -> String {
    format!("{attention}.qkv_proj")
}

/// Name of the spectrum.
pub(crate) fn spectrum_name() -> String {
    format!("{}_spectrum", positional_weight())
}

/// Length of the transforms for `tokens` tokens: room for half the kernel beyond them, so that what wraps around meets
/// zeros. The next even length without a prime factor above 7, which every library has fast transforms for.
pub(crate) fn transform_length(config: &Config, tokens: i64) -> i64 {
    let smooth = |length: i64| {
        let rest = [2, 3, 5, 7].iter().fold(length, |mut rest, factor| {
            while rest % factor == 0 {
                rest /= factor;
            }
            rest
        });
        length % 2 == 0 && rest == 1
    };
    let least = (tokens + config.conv_pos / 2).max(2);
    // There is always one before the next power of two.
    (least..=2 * least)
        .find(|&length| smooth(length))
        .unwrap_or(least)
}

/// The weights with projections fused and the spectrum for `tokens` tokens added.
///
/// # Errors
/// When a weight is missing or libtorch refuses.
pub fn fuse_weights(config: &Config, weights: &Weights, tokens: i64) -> Result<Weights> {
    let made = || -> Result<Vec<(String, Tensor)>, TchError> {
        let mut tensors = Vec::new();
        for (name, tensor) in weights.iter() {
            match fusion_role(name) {
                FusionRole::Not => tensors.push((name.to_owned(), tensor.shallow_clone())),
                FusionRole::First(attention, part) => {
                    let parts = PROJECTIONS.map(|which| weights.get(&format!("{attention}.{which}.{part}")));
                    let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
                    let name = format!("{}.{part}", fused_projection(attention));
                    tensors.push((name, Tensor::f_cat(&parts, 0)?));
                }
                FusionRole::Other => {}
            }
        }
        let kernel = weights.get(&positional_weight())?;
        tensors.push((spectrum_name(), kernel_spectrum(config, kernel, tokens)?));
        Ok(tensors)
    };
    made().map(Weights::new).map_err(Error::torch("fuse weights"))
}

/// Part of a weight in the fusion.
enum FusionRole<'a> {
    /// Stays as it is.
    Not,
    /// The first of three that become one: the attention block and which part of the projection it is.
    First(&'a str, &'a str),
    /// The second or third of the three.
    Other,
}

fn fusion_role(name: &str) -> FusionRole<'_> {
    let found = PROJECTIONS
        .iter()
        .enumerate()
        .find_map(|(at, which)| Some((at, name.split_once(&format!(".{which}."))?)));
    match found {
        None => FusionRole::Not,
        Some((0, (attention, part))) => FusionRole::First(attention, part),
        Some(_) => FusionRole::Other,
    }
}

/// The spectrum of the positional convolution's kernel for `tokens` tokens, as the forward pass multiplies with it:
/// (frequencies · groups, inputs, outputs, 2), the last for real and imaginary part.
///
/// The convolution is a correlation, out(t) = Σ w(k) x(t + k − width/2); over a circle long enough it is the inverse
/// transform of X · conj(W), with the kernel's middle at 0.
fn kernel_spectrum(config: &Config, kernel: &Tensor, tokens: i64) -> Result<Tensor, TchError> {
    let (width, groups) = (config.conv_pos, config.conv_pos_groups);
    let length = transform_length(config, tokens);
    let kernel = kernel.f_to_kind(Kind::Double)?;
    // A kernel longer than the circle is summed up in it.
    let turns = (width + length - 1) / length;
    let circle = kernel
        .f_constant_pad_nd([0, turns * length - width])?
        .f_unflatten(2, [turns, length])?
        .f_sum_dim_intlist(&[2i64][..], false, None)?
        .f_roll([-(width / 2)], [2])?;
    circle
        .f_fft_rfft(None, -1, "backward")?
        .f_conj()?
        .f_resolve_conj()?
        .f_unflatten(0, [groups, config.embed_dim / groups])?
        .f_permute([3, 0, 2, 1])?
        .f_flatten(0, 1)?
        .f_contiguous()?
        .f_view_as_real()?
        .f_to_kind(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{self, PositionalForm};
    use crate::testing::{difference, scattered, small};

    #[test]
    fn fused_weights_compute_the_same() {
        for conv_pos in [64, 63, 8, 500] {
            let config = Config { conv_pos, ..small() };
            let weights = scattered(&config, 3);
            let signals = crate::init::normal_noise(&[3, 12, 2500], 5).unwrap();
            let fused = fuse_weights(&config, &weights, config.tokens(2500)).unwrap();
            let expected = network::compute_outputs(
                &config,
                &weights,
                &signals,
                PositionalForm::Convolution,
                &mut |_, _| {},
            )
            .unwrap();
            for positions in [PositionalForm::Convolution, PositionalForm::Spectrum] {
                let actual =
                    network::compute_outputs(&config, &fused, &signals, positions, &mut |_, _| {}).unwrap();
                let largest = difference(&actual.logits.unwrap(), expected.logits.as_ref().unwrap());
                assert!(largest <= 5e-6, "{conv_pos} {positions:?}: {largest}");
                let largest = difference(
                    &actual.saliency.unwrap().per_query,
                    &expected.saliency.as_ref().unwrap().per_query,
                );
                assert!(largest <= 5e-6, "{conv_pos} {positions:?}: {largest}");
            }
        }
    }

    #[test]
    fn transforms_are_of_lengths_that_libraries_like() {
        let length = |conv_pos, tokens| transform_length(&Config { conv_pos, ..small() }, tokens);
        assert_eq!(length(128, 156), 224, "220 has a factor of 11");
        assert_eq!([length(2, 1), length(2, 2), length(128, 4000)], [2, 4, 4096]);
    }

    #[test]
    fn three_projections_become_one_and_nothing_is_lost() {
        let (config, weights) = (small(), scattered(&small(), 3));
        let fused = fuse_weights(&config, &weights, config.tokens(2500)).unwrap();
        assert_eq!(
            fused.iter().len(),
            weights.iter().len() - 4 * config.layers as usize + 1
        );
        let one = fused
            .get("encoder.encoder.layers.1.self_attn.qkv_proj.weight")
            .unwrap();
        assert_eq!(one.size(), [3 * config.embed_dim, config.embed_dim]);
        let key = weights
            .get("encoder.encoder.layers.1.self_attn.k_proj.weight")
            .unwrap();
        assert_eq!(
            difference(&one.narrow(0, config.embed_dim, config.embed_dim), key),
            0.0
        );
    }
}
