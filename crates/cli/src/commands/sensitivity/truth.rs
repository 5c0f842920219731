//! The truth of a sample, and the AUROC of predictions held against it.

use super::predicted::PredictedEcgs;
use super::wanted::Wanted;
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::labels::FILE;
use ecgfm_artifacts::labelset::{LabelPair, Mapping};
use ecgfm_artifacts::table;
use ecgfm_evaluate::metrics::Ranking;
use ecgfm_pipeline::{Error, ErrorKind};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Truth of each exam of a sample.
pub(super) struct Truth {
    mapping: Mapping,
    /// By the label of the truth, then by the exam's row; exams of which it is not known are left out.
    of: BTreeMap<String, HashMap<i64, bool>>,
}

impl Truth {
    /// Reads what the stage labels left in a run; none where no truth was asked for.
    pub(super) fn read(run: &Path, wanted: &Wanted) -> Result<Option<Self>, Error> {
        let Some((_, mapping)) = &wanted.truth else {
            return Ok(None);
        };
        let failed = |e: ecgfm_artifacts::Error| Error::new(ErrorKind::StageFailed, e.to_string());
        let path = run.join("labels").join(FILE);
        let frame = table::read_all_text(&path).map_err(failed)?;
        let idx = table::str_column(&path, &frame, IDX).map_err(failed)?;
        let mut of = BTreeMap::new();
        for pair in &mapping.map {
            let column = table::str_column(&path, &frame, &pair.to).map_err(failed)?;
            let rows = (0..frame.height()).filter_map(|row| {
                let holds = match column.get(row)? {
                    "True" => true,
                    "False" => false,
                    _ => return None,
                };
                Some((idx.get(row)?.parse().ok()?, holds))
            });
            of.insert(pair.to.clone(), rows.collect());
        }
        Ok(Some(Self {
            mapping: mapping.clone(),
            of,
        }))
    }

    /// AUROC by label of the truth; none where an ECG with or one without it is lacking.
    pub(super) fn aurocs(&self, predicted: &PredictedEcgs) -> Vec<(String, Option<f64>)> {
        let pairs = self.mapping.map.iter();
        pairs
            .map(|pair| (pair.to.clone(), self.auroc(pair, predicted)))
            .collect()
    }

    /// Label of the truth that a model's label is a part of.
    pub(super) fn label_of(&self, label: &str) -> Option<&str> {
        let mut pairs = self.mapping.map.iter();
        let found = pairs.find(|pair| pair.from.names().iter().any(|name| name == label));
        found.map(|pair| pair.to.as_str())
    }

    fn auroc(&self, pair: &LabelPair, predicted: &PredictedEcgs) -> Option<f64> {
        let truth = self.of.get(&pair.to)?;
        let places = pair.from.names().iter();
        let places: Vec<usize> = places
            .filter_map(|name| predicted.labels.iter().position(|label| label == name))
            .collect();
        let known = predicted.ecgs.values().filter_map(|ecg| {
            let score = pair
                .how
                .combine(places.iter().map(|&place| ecg.probabilities[place] as f32));
            Some((*truth.get(&ecg.idx)?, score))
        });
        let (truth, scores): (Vec<bool>, Vec<f32>) = known.unzip();
        Ranking::new(&truth, &scores).auroc()
    }
}
