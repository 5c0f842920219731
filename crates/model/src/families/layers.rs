//! Layers that several families have, by the names of their weights.

use crate::Weights;
use tch::{TchError, Tensor};

/// Added to every variance before its root is taken, in all families.
pub(super) const EPSILON: f64 = 1e-5;

/// A linear layer with bias: `NAME.weight`, `NAME.bias`.
pub(super) fn linear(weights: &Weights, name: &str, x: &Tensor) -> Result<Tensor, TchError> {
    let bias = weights.get(&format!("{name}.bias"))?;
    x.f_linear(weights.get(&format!("{name}.weight"))?, Some(bias))
}

/// Layer norm over the last dimension.
pub(super) fn layer_norm(weights: &Weights, name: &str, x: &Tensor) -> Result<Tensor, TchError> {
    let weight = weights.get(&format!("{name}.weight"))?;
    let bias = weights.get(&format!("{name}.bias"))?;
    x.f_layer_norm(weight.size(), Some(weight), Some(bias), EPSILON, false)
}

/// Attention of every token to every token, in `heads` heads of consecutive channels, of queries, keys and values that one
/// layer gave, one after the other: (batch, tokens, 3 · heads · size) to (batch, tokens, heads · size). `mask` is added to the
/// products of queries and keys; they are scaled by the root of `size`.
pub(super) fn attention(projected: &Tensor, heads: i64, mask: Option<&Tensor>) -> Result<Tensor, TchError> {
    let all = projected
        .f_unflatten(2, [3, heads, -1])?
        .f_permute([2, 0, 3, 1, 4])?;
    let (query, key, value) = (all.f_select(0, 0)?, all.f_select(0, 1)?, all.f_select(0, 2)?);
    attend(&query, &key, &value, mask)
}

/// Attention of queries to keys and values, each (batch, heads, tokens, size); (batch, tokens, heads · size).
pub(super) fn attend(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    mask: Option<&Tensor>,
) -> Result<Tensor, TchError> {
    let context = Tensor::f_scaled_dot_product_attention(query, key, value, mask, 0.0, false, None, false)?;
    context.f_transpose(1, 2)?.f_flatten(2, 3)
}

/// Mean over one dimension.
pub(super) fn mean_over(x: &Tensor, dimension: i64) -> Result<Tensor, TchError> {
    x.f_mean_dim(&[dimension][..], false, None::<tch::Kind>)
}
