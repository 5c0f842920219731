//! Parts of the network at its full size, with random weights, on one thread.
//!
//! `cargo bench -p ecgfm-model`

#![allow(clippy::unwrap_used, missing_docs)] // A measurement stops where it cannot go on.

use divan::Bencher;
use divan::counter::ItemsCount;
use ecgfm_model::fused::fuse_weights;
use ecgfm_model::positions::{PositionalForm, encode_positions};
use ecgfm_model::{Config, ConvLayer, Weights, init, network};
use tch::Tensor;

/// Samples of a segment, and the tokens that they give.
const SAMPLES: i64 = 2500;
const TOKENS: i64 = 156;

fn main() {
    tch::set_num_threads(1);
    divan::main();
}

/// ECG-FM's own size.
fn full() -> Config {
    let layer = ConvLayer {
        channels: 256,
        kernel: 2,
        stride: 2,
    };
    Config {
        leads: 12,
        conv_layers: vec![layer; 4],
        conv_bias: false,
        embed_dim: 768,
        ffn_dim: 3072,
        layers: 12,
        heads: 12,
        conv_pos: 128,
        conv_pos_groups: 16,
        labels: 26,
    }
}

thread_local! {
    /// The network and its weights as they are exported; every measurement is on the main thread.
    static MODEL: &'static (Config, Weights) = {
        let config = full();
        let weights = init::random_weights(&config, 1).unwrap();
        let weights = fuse_weights(&config, &weights, config.tokens(SAMPLES)).unwrap();
        Box::leak(Box::new((config, weights)))
    };
}

fn model() -> &'static (Config, Weights) {
    MODEL.with(|model| *model)
}

fn run(bencher: Bencher<'_, '_>, batch: i64, shape: &[i64], of: impl Fn(&Tensor) -> Tensor) {
    let x = init::normal_noise(shape, 2).unwrap();
    let _no_grad = tch::no_grad_guard();
    let _warm = of(&x);
    bencher
        .counter(ItemsCount::new(batch as usize))
        .bench_local(|| of(&x));
}

/// The positional convolution in both forms.
#[divan::bench(args = [
    (PositionalForm::Convolution, 4), (PositionalForm::Spectrum, 4),
], sample_count = 8, sample_size = 1)]
fn positional_convolution(bencher: Bencher<'_, '_>, (form, batch): (PositionalForm, i64)) {
    let (config, weights) = model();
    run(bencher, batch, &[batch, config.embed_dim, TOKENS], |x| {
        encode_positions(config, weights, x, form).unwrap()
    });
}

#[divan::bench(args = [1, 4, 8], sample_count = 8, sample_size = 1)]
fn attention(bencher: Bencher<'_, '_>, batch: i64) {
    let (config, weights) = model();
    run(bencher, batch, &[batch, TOKENS, config.embed_dim], |x| {
        network::run_attention(config, weights, 0, x).unwrap()
    });
}

#[divan::bench(args = [1, 4, 8], sample_count = 8, sample_size = 1)]
fn layer(bencher: Bencher<'_, '_>, batch: i64) {
    let (config, weights) = model();
    run(bencher, batch, &[batch, TOKENS, config.embed_dim], |x| {
        network::run_layer(config, weights, 0, x).unwrap()
    });
}

/// The matrix products of one layer and nothing else: the floor of a layer.
#[divan::bench(args = [1, 4, 8], sample_count = 8, sample_size = 1)]
fn layer_products(bencher: Bencher<'_, '_>, batch: i64) {
    let (config, weights) = model();
    let name = "encoder.encoder.layers.0";
    let weight = |which: &str| weights.get(&format!("{name}.{which}.weight")).unwrap();
    let (qkv, out) = (weight("self_attn.qkv_proj"), weight("self_attn.out_proj"));
    let (fc1, fc2) = (weight("fc1"), weight("fc2"));
    run(bencher, batch, &[batch, TOKENS, config.embed_dim], |x| {
        let none = None::<Tensor>;
        let _ = x.linear(qkv, none.as_ref());
        let _ = x.linear(out, none.as_ref());
        x.linear(fc1, none.as_ref()).linear(fc2, none.as_ref())
    });
}

#[divan::bench(args = [1, 4, 8], sample_count = 3, sample_size = 1)]
fn whole_forward(bencher: Bencher<'_, '_>, batch: i64) {
    let (config, weights) = model();
    run(bencher, batch, &[batch, config.leads, SAMPLES], |x| {
        network::compute_logits(config, weights, x, PositionalForm::Spectrum).unwrap()
    });
}
