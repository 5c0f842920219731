//! What a network says of signals.

use tch::{IValue, TchError, Tensor};

/// Is shown every intermediate by name; the names are those of the golden arrays of each family, as in
/// `08_layer00_attn_out`.
pub type IntermediateObserver<'a> = dyn FnMut(&str, &Tensor) + 'a;

/// Everything the network can say of signals in one pass.
#[derive(Debug)]
pub struct NetworkOutputs {
    /// (batch, labels), no sigmoid applied; none from an encoder.
    pub logits: Option<Tensor>,
    /// (batch, width): what the head reads, or would read.
    pub embedding: Tensor,
    /// Saliency of every token in the last layer's attention, where the family has it.
    pub saliency: Option<Saliency>,
}

/// The last layer's attention, summed up in one value a token. Every value lies in 0 to 1.
#[derive(Debug)]
pub struct Saliency {
    /// (batch, tokens): the most attention that a token pays to any one token, of the mean over the heads. This is the
    /// saliency of ECG-FM's own scripts: `attention.mean(heads).max(keys)`.
    pub per_query: Tensor,
    /// (batch, heads, tokens): the same of each head for itself.
    pub per_query_of_heads: Tensor,
    /// (batch, heads, tokens): the most attention that any token pays to a token, of each head for itself.
    pub per_key_of_heads: Tensor,
}

impl Saliency {
    /// Sums up attention weights (batch, heads, queries, keys).
    pub(crate) fn of(attention: &Tensor) -> Result<Self, TchError> {
        let mean = attention.f_mean_dim(&[1i64][..], false, None::<tch::Kind>)?;
        Ok(Self {
            per_query: mean.f_amax([2i64], false)?,
            per_query_of_heads: attention.f_amax([3i64], false)?,
            per_key_of_heads: attention.f_amax([2i64], false)?,
        })
    }
}

/// The tensors of a tuple.
pub(crate) fn tuple_tensors(answer: IValue) -> Result<Vec<Tensor>, TchError> {
    match answer {
        IValue::Tuple(values) => values.into_iter().map(Tensor::try_from).collect(),
        other => Err(TchError::Kind(format!("{other:?} is no tuple"))),
    }
}
