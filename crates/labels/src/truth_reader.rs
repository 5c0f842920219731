//! Reader of the truth of all exams, by the parameters `from` and `by_source`.

use crate::error::{Error, Result};
use crate::origin::{ColumnSummary, TruthRule};
use crate::params::{Params, TruthOrigin};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::columns::{IDX, SOURCE};
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::table::{self, Column, ColumnKind, DataFrame};
use polars::prelude::{BooleanChunked, IntoColumn, NamedFrom, NewChunkedArray, Series};
use std::collections::BTreeMap;
use std::path::Path;

/// Reader of the truth of all exams.
pub struct TruthReader {
    names: Vec<String>,
    rules: Vec<SourceRule>,
}

/// The rule for a source; for every exam where it names none.
struct SourceRule {
    source: Option<String>,
    rule: TruthRule,
}

/// The truth that was read.
pub(crate) struct ReadTruth {
    /// idx and one boolean column a label, null where its truth is not known; no row for exams of other sources.
    pub(crate) frame: DataFrame,
    /// Of each column that labels were made of, with the source.
    pub(crate) columns: Vec<(Option<String>, ColumnSummary)>,
    /// Exams of sources without a rule.
    pub(crate) others: OtherExams,
    /// For every label, the exams of sources whose rule cannot give it.
    pub(crate) not_given: Vec<usize>,
}

/// Exams of sources without a rule.
#[derive(Debug, Default)]
pub(crate) struct OtherExams {
    /// Their keys, sorted.
    pub(crate) idx: Vec<i64>,
    /// Number of them by source.
    pub(crate) by_source: BTreeMap<String, usize>,
}

impl OtherExams {
    /// Message about these `exams` in number; none where there are none.
    pub(crate) fn note(&self, exams: usize) -> Option<String> {
        let sources = self.by_source.iter();
        let sources: Vec<String> = sources
            .map(|(source, exams)| format!("{source} ({exams})"))
            .collect();
        (!sources.is_empty()).then(|| {
            format!(
                "{} exams are UNLABELLED, as `by_source` has no rule for their source: {}; labels.csv has no row of them",
                exams,
                sources.join(", ")
            )
        })
    }
}

impl TruthReader {
    /// A reader for the labels of `set`.
    ///
    /// # Errors
    /// A label has nothing by which it could be found: no code, no statement, no rule; the rules cannot be found or read.
    pub fn new(params: &Params, set: &LabelSet) -> Result<Self> {
        let names = set.labels.iter().map(|label| label.name.clone()).collect();
        if params.by_source.is_empty() {
            let rule = TruthRule::of_all(&params.from, set)?;
            let rules = vec![SourceRule { source: None, rule }];
            return Ok(Self { names, rules });
        }
        let rule = |(source, origin): (&String, &TruthOrigin)| -> Result<SourceRule> {
            let rule = TruthRule::of_some(origin, set).map_err(|error| error.of_source(source))?;
            if rule.labels.is_empty() {
                let what = format!(
                    "has a rule for `{source}` that can give no label of {}",
                    set.describe()
                );
                return Err(Error::parameter("by_source", what));
            }
            Ok(SourceRule {
                source: Some(source.clone()),
                rule,
            })
        };
        let reader = Self {
            names,
            rules: params.by_source.iter().map(rule).collect::<Result<_>>()?,
        };
        reader.check_reach(params, set)?;
        Ok(reader)
    }

    /// Checks that some rule gives every label, and that what none of a source gives is not taken for false.
    fn check_reach(&self, params: &Params, set: &LabelSet) -> Result<()> {
        let gives = |rule: &SourceRule, label: &usize| rule.rule.labels.contains(label);
        let labels = || 0..self.names.len();
        let nowhere: Vec<&str> = labels()
            .filter(|label| !self.rules.iter().any(|rule| gives(rule, label)))
            .map(|label| self.names[label].as_str())
            .collect();
        if !nowhere.is_empty() {
            let what = format!(
                "cannot give the labels of {}: no source has a rule for `{}`",
                set.describe(),
                nowhere.join("`, `")
            );
            return Err(Error::parameter("by_source", what));
        }
        let partial = self.rules.iter().find_map(|rule| {
            let lacks = labels().find(|label| !gives(rule, label))?;
            Some((rule.source.as_deref().unwrap_or_default(), &self.names[lacks]))
        });
        match partial {
            Some((source, label)) if params.missing_label == MissingLabel::Negative => {
                let what = format!(
                    "is `negative`, and the rule for `{source}` in `by_source` cannot give `{label}`: its exams would count as \
                     exams without it; use `exclude`"
                );
                Err(Error::parameter("missing_label", what))
            }
            _ => Ok(()),
        }
    }

    /// The columns that labels are made of, with the parameter that names each: one for all labels of a rule, or the labels' own, of
    /// `label_set`.
    pub fn columns(&self) -> Vec<(String, &str)> {
        let mut columns = Vec::new();
        for SourceRule { source, rule } in &self.rules {
            let prefix = source
                .as_ref()
                .map_or_else(|| "from".to_owned(), |source| format!("by_source.{source}"));
            match rule.column() {
                Some((parameter, column)) => columns.push((format!("{prefix}.{parameter}"), column)),
                None => {
                    let names = rule.names().iter();
                    columns.extend(names.map(|name| ("label_set".to_owned(), name.as_str())));
                }
            }
        }
        if self.has_sources() {
            columns.push(("by_source".to_owned(), SOURCE));
        }
        columns
    }

    fn has_sources(&self) -> bool {
        self.rules.iter().any(|rule| rule.source.is_some())
    }

    /// Reads the truth of the records at `path`.
    pub(crate) fn read(&self, path: &Path) -> Result<ReadTruth> {
        if let [SourceRule { source: None, rule }] = &self.rules[..] {
            let (frame, column) = rule.read(path, None)?;
            return Ok(ReadTruth {
                frame,
                columns: column.into_iter().map(|column| (None, column)).collect(),
                others: OtherExams::default(),
                not_given: vec![0; self.names.len()],
            });
        }
        let exams = ExamSources::read(path)?;
        let mut labels = LabelColumns::new(self.names.len(), exams.idx.len());
        let (mut columns, mut not_given) = (Vec::new(), vec![0; self.names.len()]);
        for SourceRule { source, rule } in &self.rules {
            let name = source.as_deref().unwrap_or_default();
            let wanted: Vec<bool> = exams.sources.iter().map(|source| source == name).collect();
            let count = wanted.iter().filter(|wanted| **wanted).count();
            if count == 0 {
                return Err(exams.unknown_source(name));
            }
            let (frame, column) = rule.read(path, Some(&wanted))?;
            columns.extend(column.map(|column| (source.clone(), column)));
            labels.fill(path, &frame, rule, &wanted)?;
            let lacks = (0..self.names.len()).filter(|label| !rule.labels.contains(label));
            lacks.for_each(|label| not_given[label] += count);
        }
        let has_rule = |source: &String| self.rules.iter().any(|rule| rule.source.as_ref() == Some(source));
        let labelled: Vec<bool> = exams.sources.iter().map(has_rule).collect();
        Ok(ReadTruth {
            frame: labels.into_frame(path, &self.names, (&exams.idx, &labelled))?,
            columns,
            others: exams.without_rule(&labelled),
            not_given,
        })
    }
}

/// Key and source of every exam, in the order of the records.
struct ExamSources<'a> {
    path: &'a Path,
    idx: Vec<i64>,
    sources: Vec<String>,
}

impl<'a> ExamSources<'a> {
    fn read(path: &'a Path) -> Result<Self> {
        let keys = [Column::new(IDX, ColumnKind::Int)];
        let frame = table::read_named(path, &keys, &[SOURCE.to_owned()], ColumnKind::Text)?;
        let sources = table::str_column(path, &frame, SOURCE)?.iter();
        Ok(Self {
            path,
            idx: table::int_column(path, &frame, IDX)?
                .iter()
                .map(Option::unwrap_or_default)
                .collect(),
            sources: sources
                .map(|source| source.unwrap_or_default().to_owned())
                .collect(),
        })
    }

    fn unknown_source(&self, name: &str) -> Error {
        let known: std::collections::BTreeSet<&String> = self.sources.iter().collect();
        let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
        let what = format!(
            "has a rule for `{name}`, and no exam of {} is of that source; its sources are `{}`",
            self.path.display(),
            known.join("`, `")
        );
        Error::parameter("by_source", what)
    }

    fn without_rule(&self, labelled: &[bool]) -> OtherExams {
        let mut others = OtherExams::default();
        for ((idx, source), labelled) in self.idx.iter().zip(&self.sources).zip(labelled) {
            if !labelled {
                others.idx.push(*idx);
                *others.by_source.entry(source.clone()).or_default() += 1;
            }
        }
        others.idx.sort_unstable();
        others
    }
}

/// Truth of every label, `[label][row of the records]`.
struct LabelColumns(Vec<Vec<Option<bool>>>);

impl LabelColumns {
    fn new(labels: usize, exams: usize) -> Self {
        Self(vec![vec![None; exams]; labels])
    }

    /// Puts in what a rule gives of the exams that are `wanted`; `frame` has all of them.
    fn fill(&mut self, path: &Path, frame: &DataFrame, rule: &TruthRule, wanted: &[bool]) -> Result<()> {
        for (label, name) in rule.labels.iter().zip(rule.names()) {
            let given = table::bool_column(path, frame, name)?.iter();
            for ((value, given), wanted) in self.0[*label].iter_mut().zip(given).zip(wanted) {
                if *wanted {
                    *value = given;
                }
            }
        }
        Ok(())
    }

    /// idx and the labels of the exams that are `labelled`.
    fn into_frame(
        self,
        path: &Path,
        names: &[String],
        (idx, labelled): (&[i64], &[bool]),
    ) -> Result<DataFrame> {
        let rows = labelled.iter().filter(|labelled| **labelled).count();
        let keys: Vec<i64> = keep(idx, labelled).copied().collect();
        let mut columns = vec![Series::new(IDX.into(), keys).into_column()];
        columns.extend(names.iter().zip(self.0).map(|(name, values)| {
            let values = keep(&values, labelled).copied().collect::<Vec<_>>().into_iter();
            BooleanChunked::from_iter_options(name.as_str().into(), values).into_column()
        }));
        Ok(DataFrame::new(rows, columns).map_err(|e| ArtifactError::invalid(path, e.to_string()))?)
    }
}

/// The items that are marked.
fn keep<'a, T>(items: &'a [T], marked: &'a [bool]) -> impl Iterator<Item = &'a T> {
    items
        .iter()
        .zip(marked)
        .filter(|(_, marked)| **marked)
        .map(|(item, _)| item)
}
