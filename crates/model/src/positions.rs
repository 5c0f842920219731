//! The positional convolution in two exact forms: as the library computes it, and by spectra.
//!
//! It is a grouped convolution over tokens with a kernel almost as wide as the signal is long, 5 % of the network's
//! arithmetic, and libraries have no good kernel for it. Both forms give the same but for rounding.

use crate::fused::{spectrum_name, transform_length};
use crate::weights::{POS_CONV, positional_weight};
use crate::{Config, Result, Weights};
pub use ecgfm_stage_params::PositionalForm;
use tch::{Kind, TchError, Tensor};

/// The positional convolution of `channels` (batch, width, tokens), bias included.
///
/// # Errors
/// When libtorch refuses an operation, such as for the spectrum of another length.
pub fn encode_positions(
    config: &Config,
    weights: &Weights,
    channels: &Tensor,
    form: PositionalForm,
) -> Result<Tensor, TchError> {
    let kernel = weights.get(&positional_weight())?;
    let bias = weights.get(&format!("{POS_CONV}.bias"))?;
    match form {
        PositionalForm::Convolution => convolve_positions(config, kernel, bias, channels),
        PositionalForm::Spectrum => {
            let spectrum = weights.get(&spectrum_name())?;
            let tokens = channels.size().last().copied().unwrap_or(0);
            multiply_spectra(config, spectrum, channels, tokens)?.f_add(&bias.f_unsqueeze(1)?)
        }
    }
}

/// The convolution as the library computes it, for any number of tokens.
fn convolve_positions(
    config: &Config,
    kernel: &Tensor,
    bias: &Tensor,
    channels: &Tensor,
) -> Result<Tensor, TchError> {
    let (width, groups) = (config.conv_pos, config.conv_pos_groups);
    let out = channels.f_conv1d(kernel, Some(bias), [1i64], [width / 2], [1i64], groups)?;
    if width % 2 == 0 {
        // An even kernel, padded on both sides by half its width, gives one token too many: the last is dropped.
        return out.f_slice(2, None, -1, 1);
    }
    Ok(out)
}

/// Product with the kernel's spectrum, for the number of tokens that the spectrum was made for. No library transforms 16-bit numbers of this
/// length, so it is computed in float32 and given back in the type that it came in.
fn multiply_spectra(
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
    use crate::fused::fuse_weights;
    use crate::testing::{difference, scattered, small};
    use tch::Device;

    /// Kernels odd and even, narrow and wider than the signal.
    #[test]
    fn the_product_of_spectra_is_the_convolution() {
        for (conv_pos, tokens) in [(64, 156), (63, 157), (8, 160), (500, 40), (1, 9), (2, 3)] {
            let config = Config { conv_pos, ..small() };
            let weights = fuse_weights(&config, &scattered(&config, 3), tokens).unwrap();
            let channels = crate::init::normal_noise(&[3, config.embed_dim, tokens], 5).unwrap();
            let exact = weights.to_kind(Kind::Double).unwrap();
            let double = channels.to_kind(Kind::Double);
            let expected = encode_positions(&config, &exact, &double, PositionalForm::Convolution).unwrap();
            let scale = expected.abs().max().double_value(&[]);
            let actual = encode_positions(&config, &weights, &channels, PositionalForm::Spectrum).unwrap();
            let largest = difference(&actual, &expected) / scale;
            assert!(largest <= 2e-6, "{conv_pos} {tokens}: {largest}");
        }
    }

    #[test]
    fn a_shorter_type_comes_back_as_it_went_in() {
        let config = small();
        let weights = fuse_weights(&config, &scattered(&config, 3), 156).unwrap();
        let channels = crate::init::normal_noise(&[2, config.embed_dim, 156], 5).unwrap();
        let expected = encode_positions(&config, &weights, &channels, PositionalForm::Convolution).unwrap();
        let scale = expected.abs().max().double_value(&[]);
        let (weights, channels) = (
            weights.to_kind(Kind::BFloat16).unwrap(),
            channels.to_kind(Kind::BFloat16),
        );
        let actual = encode_positions(&config, &weights, &channels, PositionalForm::Spectrum).unwrap();
        assert_eq!((actual.kind(), actual.device()), (Kind::BFloat16, Device::Cpu));
        let largest = difference(&actual, &expected) / scale;
        assert!(largest <= 0.02, "{largest}");
    }
}
