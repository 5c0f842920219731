//! The positional convolution, in every exact form that some device computes fastest.
//!
//! It is a grouped convolution over tokens with a kernel almost as wide as the signal is long, 5 % of the network's
//! arithmetic, and libraries have no good kernel for it. All forms here give the same but for rounding.

use crate::fused::{spectrum_name, transform_length};
use crate::weights::{POS_CONV, positional_weight};
use crate::{Config, Result, Weights};
pub use ecgfm_stage_params::Positions;
use tch::{Kind, TchError, Tensor};

/// Tokens that one row of the [`Positions::Tiled`] product gives.
const TILE: i64 = 8;

/// The positional convolution of `channels` (batch, width, tokens), bias included.
///
/// # Errors
/// When libtorch refuses an operation, such as for the spectrum of another length.
pub fn positions(
    config: &Config,
    weights: &Weights,
    channels: &Tensor,
    form: Positions,
) -> Result<Tensor, TchError> {
    let kernel = weights.get(&positional_weight())?;
    let bias = weights.get(&format!("{POS_CONV}.bias"))?;
    let (tokens, groups) = (
        channels.size().last().copied().unwrap_or(0),
        config.conv_pos_groups,
    );
    match form {
        Positions::Convolution => convolved(config, kernel, bias, channels, groups),
        Positions::Dense => convolved(config, &without_groups(kernel, groups)?, bias, channels, 1),
        Positions::Unfolded => unfolded(config, kernel, channels, tokens, 1)?.f_add(&bias.f_unsqueeze(1)?),
        Positions::Tiled => unfolded(config, kernel, channels, tokens, TILE)?.f_add(&bias.f_unsqueeze(1)?),
        Positions::Spectrum => {
            let spectrum = weights.get(&spectrum_name())?;
            multiplied(config, spectrum, channels, tokens)?.f_add(&bias.f_unsqueeze(1)?)
        }
    }
}

fn convolved(
    config: &Config,
    kernel: &Tensor,
    bias: &Tensor,
    channels: &Tensor,
    groups: i64,
) -> Result<Tensor, TchError> {
    let width = config.conv_pos;
    let out = channels.f_conv1d(kernel, Some(bias), [1i64], [width / 2], [1i64], groups)?;
    if width % 2 == 0 {
        // An even kernel, padded on both sides by half its width, gives one token too many: the last is dropped.
        return out.f_slice(2, None, -1, 1);
    }
    Ok(out)
}

/// The kernel of a convolution without groups: (outputs, inputs / groups, width) to (outputs, inputs, width).
fn without_groups(kernel: &Tensor, groups: i64) -> Result<Tensor, TchError> {
    kernel
        .f_unflatten(0, [groups, -1])?
        .f_permute([1, 2, 3, 0])?
        .f_diag_embed(0, -2, -1)?
        .f_permute([3, 0, 4, 1, 2])?
        .f_flatten(2, 3)?
        .f_flatten(0, 1)
}

/// By windows of the signal, each for `tile` tokens.
fn unfolded(
    config: &Config,
    kernel: &Tensor,
    channels: &Tensor,
    tokens: i64,
    tile: i64,
) -> Result<Tensor, TchError> {
    let (width, groups) = (config.conv_pos, config.conv_pos_groups);
    let tiles = (tokens + tile - 1) / tile;
    let after = tiles * tile + width - 1 - tokens - width / 2;
    let windows = channels
        .f_constant_pad_nd([width / 2, after])?
        .f_unfold(2, tile + width - 1, tile)?
        .f_unflatten(1, [groups, -1])?
        .f_permute([1, 0, 3, 2, 4])?
        .f_flatten(3, 4)?
        .f_flatten(1, 2)?;
    windows
        .f_bmm(&shifted(kernel, groups, width, tile)?)?
        .f_unflatten(1, [-1, tiles])?
        .f_unflatten(3, [-1, tile])?
        .f_permute([1, 0, 3, 2, 4])?
        .f_flatten(3, 4)?
        .f_slice(3, None, tokens, 1)?
        .f_flatten(1, 2)
}

/// The kernel as a matrix a group, (inputs · window, outputs · tile): for every token of a tile the kernel, one place further on.
///
/// A row of `width` taps and `tile` zeros, written again and again into rows one shorter, moves on by one a row.
fn shifted(kernel: &Tensor, groups: i64, width: i64, tile: i64) -> Result<Tensor, TchError> {
    kernel
        .f_constant_pad_nd([0, tile])?
        .f_unsqueeze(2)?
        .f_expand([-1, -1, tile, -1], false)?
        .f_flatten(2, 3)?
        .f_slice(2, None, tile * (width + tile - 1), 1)?
        .f_unflatten(2, [tile, width + tile - 1])?
        .f_unflatten(0, [groups, -1])?
        .f_permute([0, 2, 4, 1, 3])?
        .f_flatten(3, 4)?
        .f_flatten(1, 2)
}

/// By the kernel's spectrum, for the number of tokens that it was made for. No library transforms 16-bit numbers of this
/// length, so it is computed in float32 and given back in the type that it came in.
fn multiplied(
    config: &Config,
    spectrum: &Tensor,
    channels: &Tensor,
    tokens: i64,
) -> Result<Tensor, TchError> {
    let length = transform_length(config, tokens);
    let (groups, frequencies) = (config.conv_pos_groups, length / 2 + 1);
    // Not `to_kind`, which a trace would hold to the device that it was made on; and a copy even where nothing is converted,
    // or the trace would take the type that is gone back to from the converted tensor.
    let spectrum = spectrum
        .f_to_dtype(Kind::Float, false, false)?
        .f_view_as_complex()?;
    let spectra = channels
        .f_to_dtype(Kind::Float, false, true)?
        .f_fft_rfft(Some(length), -1, "backward")?
        .f_unflatten(1, [groups, config.embed_dim / groups])?
        .f_permute([3, 1, 0, 2])?
        .f_flatten(0, 1)?;
    spectra
        .f_bmm(&spectrum)?
        .f_unflatten(0, [frequencies, groups])?
        .f_permute([2, 1, 3, 0])?
        .f_flatten(1, 2)?
        .f_fft_irfft(Some(length), -1, "backward")?
        .f_slice(2, None, tokens, 1)?
        .f_type_as(channels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fused::fused;
    use crate::testing::{difference, scattered, small};
    use tch::Device;

    const FORMS: [Positions; 4] = [
        Positions::Spectrum,
        Positions::Unfolded,
        Positions::Tiled,
        Positions::Dense,
    ];

    /// Kernels odd and even, narrow and wider than the signal; tokens a multiple of the tile and not.
    #[test]
    fn every_form_is_the_convolution() {
        for (conv_pos, tokens) in [(64, 156), (63, 157), (8, 160), (500, 40), (1, 9), (2, 3)] {
            let config = Config { conv_pos, ..small() };
            let weights = fused(&config, &scattered(&config, 3), tokens).unwrap();
            let channels = crate::init::noise(&[3, config.embed_dim, tokens], 5).unwrap();
            let exact = weights.to_kind(Kind::Double).unwrap();
            let double = channels.to_kind(Kind::Double);
            let expected = positions(&config, &exact, &double, Positions::Convolution).unwrap();
            let scale = expected.abs().max().double_value(&[]);
            for form in FORMS {
                let actual = positions(&config, &weights, &channels, form).unwrap();
                let largest = difference(&actual, &expected) / scale;
                assert!(largest <= 2e-6, "{form:?} {conv_pos} {tokens}: {largest}");
            }
        }
    }

    #[test]
    fn a_shorter_type_comes_back_as_it_went_in() {
        let config = small();
        let weights = fused(&config, &scattered(&config, 3), 156).unwrap();
        let channels = crate::init::noise(&[2, config.embed_dim, 156], 5).unwrap();
        let expected = positions(&config, &weights, &channels, Positions::Convolution).unwrap();
        let scale = expected.abs().max().double_value(&[]);
        let (weights, channels) = (
            weights.to_kind(Kind::BFloat16).unwrap(),
            channels.to_kind(Kind::BFloat16),
        );
        for form in FORMS {
            let actual = positions(&config, &weights, &channels, form).unwrap();
            assert_eq!((actual.kind(), actual.device()), (Kind::BFloat16, Device::Cpu));
            let largest = difference(&actual, &expected) / scale;
            assert!(largest <= 0.02, "{form:?}: {largest}");
        }
    }
}
