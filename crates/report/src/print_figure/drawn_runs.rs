//! Runs whose figures are drawn: their labels, and how they are named.

use super::error::PrintError;
use super::figure::MOST_RUNS;
use crate::published_table::{NamedMetrics, intervals_in_words};
use crate::svg::Series;
use crate::text::count_text;
use ecgfm_artifacts::evaluation::{EvaluationUnit, LabelMetrics, UnitMetrics};

/// Runs as they are scored by ECG, and the labels that are drawn.
pub(super) struct DrawnRuns<'a> {
    pub(super) runs: &'a [NamedMetrics],
    pub(super) scored: Vec<&'a UnitMetrics>,
    pub(super) labels: Vec<&'a str>,
}

impl<'a> DrawnRuns<'a> {
    pub(super) fn of(runs: &'a [NamedMetrics], wanted: &'a [String]) -> Result<Self, PrintError> {
        if runs.len() > MOST_RUNS {
            return Err(PrintError::TooManyRuns {
                most: MOST_RUNS,
                given: runs.len(),
            });
        }
        let unit = |run: &'a NamedMetrics| {
            let unit = run.metrics.unit(EvaluationUnit::Ecg);
            let unit = unit.filter(|unit| !unit.labels.is_empty());
            unit.ok_or_else(|| PrintError::NotScored {
                run: run.name.clone(),
            })
        };
        let scored = runs.iter().map(unit).collect::<Result<Vec<_>, _>>()?;
        let mut known: Vec<&str> = Vec::new();
        for label in scored.iter().flat_map(|unit| &unit.labels) {
            if !known.contains(&label.label.as_str()) {
                known.push(&label.label);
            }
        }
        let unknown = wanted.iter().find(|name| !known.contains(&name.as_str()));
        if let Some(name) = unknown {
            return Err(PrintError::UnknownLabel {
                name: name.clone(),
                known: known.into_iter().map(str::to_owned).collect(),
            });
        }
        let labels = match wanted.is_empty() {
            true => known,
            false => wanted.iter().map(String::as_str).collect(),
        };
        Ok(Self { runs, scored, labels })
    }

    /// A label in every run that has it.
    pub(super) fn of_label(&self, label: &str) -> Vec<(Series, &'a LabelMetrics)> {
        let found = self.scored.iter().enumerate().filter_map(|(run, unit)| {
            let found = unit.labels.iter().find(|known| known.label == label);
            found.map(|found| (Series::Run(run), found))
        });
        found.collect()
    }

    /// Names of the runs that do not have a label.
    pub(super) fn runs_without(&self, label: &str) -> Vec<&'a str> {
        let runs = self.runs.iter().zip(&self.scored);
        runs.filter(|(_, unit)| lacks(unit, label))
            .map(|(run, _)| run.name.as_str())
            .collect()
    }

    /// Sentences that say which of the labels drawn a run does not have.
    fn missing_labels(&self) -> String {
        let of = |(run, unit): (&NamedMetrics, &&UnitMetrics)| {
            let missing = self.labels.iter().filter(|label| lacks(unit, label));
            let missing: Vec<&str> = missing.copied().collect();
            match missing.is_empty() {
                true => String::new(),
                false => format!(" {} does not have {}.", run.name, missing.join(", ")),
            }
        };
        self.runs.iter().zip(&self.scored).map(of).collect()
    }

    /// Title and caption of a figure of all runs.
    pub(super) fn words(&self, title: &str, key: &str, intervals: bool) -> (String, String) {
        let mut caption = format!("{title}. {}.{}", self.scored_in_words(), self.missing_labels());
        if !key.is_empty() {
            caption.push(' ');
            caption.push_str(key);
        }
        if intervals {
            let mut methods: Vec<String> = (self.runs.iter())
                .map(|run| intervals_in_words(&run.metrics))
                .collect();
            methods.dedup();
            let methods = methods.join("; ");
            caption.push_str(&format!(" In brackets 95 % intervals ({methods})."));
        }
        (title.to_owned(), caption)
    }

    pub(super) fn scored_in_words(&self) -> String {
        let of = |(run, unit): (&NamedMetrics, &&UnitMetrics)| {
            let scored = format!("{} ECGs of split {}", count_text(unit.n), run.metrics.subset);
            match self.runs.len() {
                1 => scored,
                _ => format!("{}: {scored}", run.name),
            }
        };
        let scored: Vec<String> = self.runs.iter().zip(&self.scored).map(of).collect();
        scored.join("; ")
    }
}

/// Says if a run does not have a label.
fn lacks(unit: &UnitMetrics, label: &str) -> bool {
    unit.labels.iter().all(|known| known.label != label)
}
