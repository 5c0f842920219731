//! The forward pass.

use crate::fused::fused_projection;
use crate::positions::encode_positions;
use crate::{Config, Result, Weights};
use tch::{TchError, Tensor};

pub use crate::outputs::{IntermediateObserver, NetworkOutputs, Saliency};
pub use crate::positions::PositionalForm;

/// Added to every variance before its root is taken.
const EPSILON: f64 = 1e-5;

/// Logits (batch, labels) of signals (batch, leads, samples), for any batch size and any number of samples that leaves
/// at least one token. No sigmoid is applied.
///
/// A network without a head has none; [`compute_outputs`] gives what it has. Only operations whose result does not depend on a size being known are used, so the pass can be traced once and run
/// for every batch size and length. Evaluation only: there is no dropout.
///
/// # Errors
/// When libtorch refuses an operation, such as for a signal that is too short or of another type than the weights.
pub fn forward(
    config: &Config,
    weights: &Weights,
    signals: &Tensor,
    positions: PositionalForm,
    tap: &mut IntermediateObserver<'_>,
) -> Result<Tensor, TchError> {
    tap("00_source", signals);
    let network = Network {
        config,
        weights,
        positions,
    };
    let (x, _) = network.encode(signals, tap)?;
    let pooled = mean_over_tokens(&x)?;
    tap("09_pooled", &pooled);
    let logits = network.linear(&pooled, "proj")?;
    tap("10_logits", &logits);
    Ok(logits)
}

/// [`forward`] without looking at intermediates.
///
/// # Errors
/// As [`forward`].
pub fn compute_logits(
    config: &Config,
    weights: &Weights,
    signals: &Tensor,
    positions: PositionalForm,
) -> Result<Tensor, TchError> {
    forward(config, weights, signals, positions, &mut |_, _| {})
}

/// Logits, embedding and saliency of signals (batch, leads, samples).
///
/// # Errors
/// As [`forward`].
pub fn compute_outputs(
    config: &Config,
    weights: &Weights,
    signals: &Tensor,
    positions: PositionalForm,
    tap: &mut IntermediateObserver<'_>,
) -> Result<NetworkOutputs, TchError> {
    let network = Network {
        config,
        weights,
        positions,
    };
    let (x, before_last) = network.encode(signals, tap)?;
    let embedding = mean_over_tokens(&x)?;
    Ok(NetworkOutputs {
        logits: if config.has_head() {
            Some(network.linear(&embedding, "proj")?)
        } else {
            None
        },
        saliency: Some(Saliency::of(
            &network.attention_weights(config.layers - 1, &before_last)?,
        )?),
        embedding,
    })
}

/// Runs a transformer layer by number on (batch, tokens, width), by itself: for measurements.
///
/// # Errors
/// As [`forward`].
pub fn run_layer(config: &Config, weights: &Weights, number: i64, x: &Tensor) -> Result<Tensor, TchError> {
    let positions = PositionalForm::default();
    let network = Network {
        config,
        weights,
        positions,
    };
    network.block(number, x, &mut |_, _| {})
}

/// The attention of one transformer layer on (batch, tokens, width), by itself: for measurements.
///
/// # Errors
/// As [`forward`].
pub fn run_attention(
    config: &Config,
    weights: &Weights,
    number: i64,
    x: &Tensor,
) -> Result<Tensor, TchError> {
    let positions = PositionalForm::default();
    let network = Network {
        config,
        weights,
        positions,
    };
    network.attention(&format!("encoder.encoder.layers.{number}.self_attn"), x)
}

struct Network<'a> {
    config: &'a Config,
    weights: &'a Weights,
    positions: PositionalForm,
}

impl<'a> Network<'a> {
    fn weight(&self, name: &str) -> Result<&'a Tensor, TchError> {
        self.weights.get(&format!("{name}.weight"))
    }

    fn bias(&self, name: &str) -> Result<&'a Tensor, TchError> {
        self.weights.get(&format!("{name}.bias"))
    }

    fn linear(&self, x: &Tensor, name: &str) -> Result<Tensor, TchError> {
        x.f_linear(self.weight(name)?, Some(self.bias(name)?))
    }

    fn layer_norm(&self, x: &Tensor, name: &str) -> Result<Tensor, TchError> {
        let weight = self.weight(name)?;
        x.f_layer_norm(
            weight.size(),
            Some(weight),
            Some(self.bias(name)?),
            EPSILON,
            false,
        )
    }

    /// (batch, leads, samples) to (batch, tokens, width), after the last layer and before it.
    fn encode(
        &self,
        signals: &Tensor,
        tap: &mut IntermediateObserver<'_>,
    ) -> Result<(Tensor, Tensor), TchError> {
        let features = self.features(signals, tap)?;
        let tokens = self.tokens(&features, tap)?;
        let mut x = self.add_positions(&tokens, tap)?;
        x = self.layer_norm(&x, "encoder.encoder.layer_norm")?;
        tap("07_encoder_layer_norm", &x);
        let mut before = x.shallow_clone();
        for layer in 0..self.config.layers {
            let after = self.block(layer, &x, tap)?;
            before = std::mem::replace(&mut x, after);
        }
        Ok((x, before))
    }

    /// (batch, leads, samples) to (batch, channels, tokens): strided convolutions, each followed by exact GELU, and after
    /// the first a normalisation of each channel over time.
    fn features(&self, signals: &Tensor, tap: &mut IntermediateObserver<'_>) -> Result<Tensor, TchError> {
        let mut x = signals.shallow_clone();
        for (at, layer) in self.config.conv_layers.iter().enumerate() {
            let block = format!("encoder.feature_extractor.conv_layers.{at}");
            let convolution = format!("{block}.0");
            let bias = if self.config.conv_bias {
                Some(self.bias(&convolution)?)
            } else {
                None
            };
            x = x.f_conv1d(
                self.weight(&convolution)?,
                bias,
                [layer.stride],
                [0i64],
                [1i64],
                1,
            )?;
            tap(&format!("01_conv{at}_conv"), &x);
            if at == 0 {
                let norm = format!("{block}.2");
                let (weight, bias) = (self.weight(&norm)?, self.bias(&norm)?);
                x = x.f_group_norm(layer.channels, Some(weight), Some(bias), EPSILON, false)?;
                tap(&format!("01_conv{at}_groupnorm"), &x);
            }
            x = x.f_gelu("none")?;
            tap(&format!("01_conv{at}_block"), &x);
        }
        tap("02_feature_extractor", &x);
        Ok(x)
    }

    /// (batch, channels, tokens) to (batch, tokens, width).
    fn tokens(&self, features: &Tensor, tap: &mut IntermediateObserver<'_>) -> Result<Tensor, TchError> {
        let mut x = self.layer_norm(&features.f_transpose(1, 2)?, "encoder.layer_norm")?;
        tap("03_layer_norm", &x);
        if self.config.has_projection() {
            x = self.linear(&x, "encoder.post_extract_proj")?;
            tap("04_post_extract_proj", &x);
        }
        Ok(x)
    }

    /// Adds what a wide grouped convolution over the tokens says about their places.
    fn add_positions(&self, tokens: &Tensor, tap: &mut IntermediateObserver<'_>) -> Result<Tensor, TchError> {
        tap(
            "pos_conv_effective_weight",
            self.weights.get(&crate::weights::positional_weight())?,
        );
        let channels = tokens.f_transpose(1, 2)?;
        let positions = encode_positions(self.config, self.weights, &channels, self.positions)?;
        let positions = positions.f_gelu("none")?.f_transpose(1, 2)?;
        tap("05_conv_pos_out", &positions);
        let x = tokens.f_add(&positions)?;
        tap("06_after_conv_pos_add", &x);
        Ok(x)
    }

    /// Runs a transformer layer, normalised after attention and after the feed-forward part.
    fn block(&self, layer: i64, x: &Tensor, tap: &mut IntermediateObserver<'_>) -> Result<Tensor, TchError> {
        let (name, label) = (
            format!("encoder.encoder.layers.{layer}"),
            format!("08_layer{layer:02}"),
        );
        let attended = self.attention(&format!("{name}.self_attn"), x)?;
        tap(&format!("{label}_attn_out"), &attended);
        let x = self.layer_norm(&x.f_add(&attended)?, &format!("{name}.self_attn_layer_norm"))?;
        tap(&format!("{label}_post_attn_ln"), &x);
        let hidden = self.linear(&x, &format!("{name}.fc1"))?;
        tap(&format!("{label}_fc1"), &hidden);
        let y = self.linear(&hidden.f_gelu("none")?, &format!("{name}.fc2"))?;
        tap(&format!("{label}_fc2"), &y);
        let x = self.layer_norm(&x.f_add(&y)?, &format!("{name}.final_layer_norm"))?;
        tap(&format!("{label}_out"), &x);
        Ok(x)
    }

    /// Scaled dot-product attention of every token to every token, in heads of consecutive channels.
    fn attention(&self, name: &str, x: &Tensor) -> Result<Tensor, TchError> {
        let (query, key, value) = self.projected(name, x)?;
        let context = Tensor::f_scaled_dot_product_attention(
            &query,
            &key,
            &value,
            None::<Tensor>,
            0.0,
            false,
            None,
            false,
        )?;
        self.linear(
            &context.f_transpose(1, 2)?.f_flatten(2, 3)?,
            &format!("{name}.out_proj"),
        )
    }

    /// Queries, keys and values of (batch, tokens, width), each cut into heads: (batch, heads, tokens, width / heads).
    fn projected(&self, name: &str, x: &Tensor) -> Result<(Tensor, Tensor, Tensor), TchError> {
        let (heads, size) = (self.config.heads, self.config.embed_dim / self.config.heads);
        let fused = fused_projection(name);
        if self.weight(&fused).is_ok() {
            let all = self
                .linear(x, &fused)?
                .f_unflatten(2, [3, heads, size])?
                .f_permute([2, 0, 3, 1, 4])?;
            return Ok((all.f_select(0, 0)?, all.f_select(0, 1)?, all.f_select(0, 2)?));
        }
        let project = |which: &str| {
            self.linear(x, &format!("{name}.{which}"))?
                .f_unflatten(2, [heads, size])?
                .f_transpose(1, 2)
        };
        Ok((project("q_proj")?, project("k_proj")?, project("v_proj")?))
    }

    /// A layer's attention weights from its input: (batch, heads, queries, keys), of which every query's sum to 1.
    fn attention_weights(&self, layer: i64, x: &Tensor) -> Result<Tensor, TchError> {
        let name = format!("encoder.encoder.layers.{layer}.self_attn");
        let (query, key, _) = self.projected(&name, x)?;
        let scale = ((self.config.embed_dim / self.config.heads) as f64).sqrt();
        query
            // By hand: the fused attention above does not return its weights.
            .f_matmul(&key.f_transpose(2, 3)?)?
            .f_div_scalar(scale)?
            .f_softmax(-1, None::<tch::Kind>)
    }
}

/// Mean over the tokens, as the reference computes it: the sum over the number of values that are not zero, per channel.
fn mean_over_tokens(x: &Tensor) -> Result<Tensor, TchError> {
    // Not the number of tokens: the reference masks padding by writing 0, and counts what is left.
    let count = x.f_ne(0.0)?.f_sum_dim_intlist(&[1i64][..], false, None)?;
    x.f_sum_dim_intlist(&[1i64][..], false, None)?.f_div(&count)
}

#[cfg(test)]
mod tests;
