//! Answer of the method `outputs` of our own models.

use ecgfm_stage_params::{SaliencyHeads, SaliencyPer};
use tch::{IValue, Kind, TchError, Tensor};

/// Message for a model that gives no saliency per query.
pub(super) const NO_QUERIES: &str = "the model gives saliency per key only, as earlier exports did; \
     export the checkpoint again, or ask for `saliency_per: key`";

/// Logits, embedding and saliency of a batch.
#[derive(Debug)]
pub(super) struct ModelOutputs {
    /// None from an encoder, which has no head.
    pub(super) logits: Option<Tensor>,
    pub(super) embedding: Tensor,
    pub(super) saliency: ModelSaliency,
}

/// Saliency of tokens as a model returns it.
#[derive(Debug)]
pub(super) struct ModelSaliency {
    /// (batch, tokens), and of each head (batch, heads, tokens); none from older exports.
    per_query: Option<(Tensor, Tensor)>,
    /// (batch, heads, tokens).
    per_key_of_heads: Tensor,
}

impl ModelOutputs {
    /// Splits the answer: a tuple of [logits], embedding, saliency per query, the same of each head, saliency per key
    /// of each head; from older exports [logits], embedding, saliency per key of each head.
    pub(super) fn parse(answer: IValue) -> Option<Self> {
        let IValue::Tuple(values) = answer else {
            return None;
        };
        let tensors = values.into_iter().map(|value| Tensor::try_from(value).ok());
        let mut tensors = tensors.collect::<Option<Vec<_>>>()?;
        let per_key_of_heads = tensors.pop()?;
        let per_query = if tensors.len() > 2 {
            let of_heads = tensors.pop()?;
            Some((tensors.pop()?, of_heads))
        } else {
            None
        };
        let embedding = tensors.pop()?;
        let logits = tensors.pop();
        tensors.is_empty().then_some(Self {
            logits,
            embedding,
            saliency: ModelSaliency {
                per_query,
                per_key_of_heads,
            },
        })
    }
}

impl ModelSaliency {
    /// Selects the saliency that is asked for; none where the model does not give it.
    pub(super) fn select(self, per: SaliencyPer, heads: SaliencyHeads) -> Result<Option<Tensor>, TchError> {
        Ok(match (per, heads) {
            (SaliencyPer::Query, SaliencyHeads::Mean) => self.per_query.map(|(all, _)| all),
            (SaliencyPer::Query, SaliencyHeads::Each) => self.per_query.map(|(_, each)| each),
            (SaliencyPer::Key, SaliencyHeads::Each) => Some(self.per_key_of_heads),
            (SaliencyPer::Key, SaliencyHeads::Mean) => Some(self.per_key_of_heads.f_mean_dim(
                &[1i64][..],
                false,
                Kind::Float,
            )?),
        })
    }
}
