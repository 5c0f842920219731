//! Label set and mapping of the parameters, read and checked against each other.

use super::params::Params;
use crate::error::Result;
use ecgfm_artifacts::labelset::{LabelSet, Mapping};

/// Names of configurations, resolved.
pub(crate) struct ResolvedLabels {
    pub(crate) labels: LabelSet,
    /// Name of the label set in messages, before its pooling is overruled.
    pub(super) described: String,
    pub(crate) mapping: Option<Mapping>,
}

impl ResolvedLabels {
    /// # Errors
    /// A label set or mapping cannot be found, or they do not belong together.
    pub(crate) fn load(params: &Params) -> Result<Self> {
        let mut labels = LabelSet::load(&params.labels)?;
        let described = labels.describe();
        let mapping = params.mapping.as_deref().map(Mapping::load).transpose()?;
        if let (Some(mapping), Some(origin)) = (&mapping, &params.mapping) {
            mapping.check_from(origin, &labels)?;
        }
        if let Some(pool) = params.pool {
            labels.labels.iter_mut().for_each(|label| label.pool = pool);
        }
        Ok(Self {
            labels,
            described,
            mapping,
        })
    }
}
