//! Answer of the method `outputs` of our own models.

use ecgfm_stage_params::{SaliencyHeads, SaliencyPer};
use tch::{IValue, Kind, TchError, Tensor};

/// Message for a model that gives no saliency per query.
pub(super) const NO_QUERIES: &str = "the model gives saliency per key only, as earlier exports did; \
     export the checkpoint again, or ask for `saliency_per: key`";

/// Message for a model that gives no saliency at all.
pub(super) const NO_SALIENCY: &str = "the model gives no saliency: networks of its family do not say how attention is spread \
     over the signal; leave `saliency` out of `outputs`";

/// Logits, embedding and saliency of a batch.
#[derive(Debug)]
pub(super) struct ModelOutputs {
    /// None from an encoder, which has no head.
    pub(super) logits: Option<Tensor>,
    pub(super) embedding: Tensor,
    /// None from a family without it.
    pub(super) saliency: Option<ModelSaliency>,
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
    /// Splits the answer: a tuple of [logits], embedding and, where there is saliency, saliency per query, the same of each head,
    /// saliency per key of each head; from older exports [logits], embedding, saliency per key of each head.
    pub(super) fn parse(answer: IValue) -> Option<Self> {
        let IValue::Tuple(values) = answer else {
            return None;
        };
        let tensors = values.into_iter().map(|value| Tensor::try_from(value).ok());
        let mut tensors = tensors.collect::<Option<Vec<_>>>()?;
        let saliency = ModelSaliency::take_from(&mut tensors)?;
        let embedding = tensors.pop()?;
        let logits = tensors.pop();
        tensors.is_empty().then_some(Self {
            logits,
            embedding,
            saliency,
        })
    }
}

impl ModelSaliency {
    /// Takes saliency off the end of an answer; the inner none where the answer has none, which ends with the embedding.
    fn take_from(tensors: &mut Vec<Tensor>) -> Option<Option<Self>> {
        // Of all answers only the saliency of heads has three dimensions.
        if tensors.last()?.dim() != 3 {
            return Some(None);
        }
        let per_key_of_heads = tensors.pop()?;
        let per_query = match tensors.len() {
            0..=2 => None,
            _ => {
                let of_heads = tensors.pop()?;
                Some((tensors.pop()?, of_heads))
            }
        };
        Some(Some(Self {
            per_query,
            per_key_of_heads,
        }))
    }

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
