//! Rules that make labels of the columns of the records, as the parameter `from` names them.

use crate::cells::{CellReader, ReadColumn, read_label_cells};
use crate::codes::CodeReader;
use crate::error::{Error, Result};
use crate::leftovers::Leftovers;
use crate::params::TruthOrigin;
use crate::reports::ReportReader;
use crate::scp_statements::ScpReader;
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::labelset::{Label, LabelSet, TextRules};
use ecgfm_artifacts::table::{self, Column, ColumnKind, DataFrame};
use std::path::Path;

/// The column that the truth of all labels is made of.
struct TruthColumn {
    /// Parameter, inside `from`, that names the column.
    parameter: &'static str,
    name: String,
    /// Words for what no label has.
    leftovers: LeftoverWords,
    reader: Box<dyn CellReader>,
}

/// Names of what is left over of cells: in messages, in the counts of a run, and in its record.
#[derive(Clone, Copy)]
pub(crate) struct LeftoverWords {
    pub(crate) message: &'static str,
    pub(crate) count: &'static str,
    pub(crate) exams: &'static str,
    pub(crate) fact: &'static str,
}

const CODES: LeftoverWords = LeftoverWords {
    message: "codes that belong to no label of the set",
    count: "codes_unknown",
    exams: "exams_with_unknown_codes",
    fact: "unknown_codes",
};
const STATEMENTS: LeftoverWords = LeftoverWords {
    message: "statements that belong to no label of the set",
    count: "statements_unknown",
    exams: "exams_with_unknown_statements",
    fact: "unknown_statements",
};
const TEXT: LeftoverWords = LeftoverWords {
    message: "phrases that match no rule",
    count: "phrases_unmatched",
    exams: "exams_with_unmatched_text",
    fact: "unmatched_text",
};

/// Facts for a run about a column that labels were made of.
pub(crate) struct ColumnSummary {
    pub(crate) name: String,
    pub(crate) words: LeftoverWords,
    pub(crate) leftovers: Leftovers,
    /// Exams whose cell says nothing about any label.
    pub(crate) silent: usize,
    /// Exams whose cell was read.
    pub(crate) exams: usize,
}

/// Rule that makes labels: of one column a label, or of one column for all of them.
pub(crate) struct TruthRule {
    /// The labels that it can give, by their numbers in the set.
    pub(crate) labels: Vec<usize>,
    /// Their names.
    names: Vec<String>,
    column: Option<TruthColumn>,
}

impl TruthRule {
    /// The rule for all labels of `set`.
    ///
    /// # Errors
    /// A label has nothing by which it could be found: no code, no statement, no rule; the rules cannot be found or read.
    pub(crate) fn of_all(origin: &TruthOrigin, set: &LabelSet) -> Result<Self> {
        let rule = Self::of_some(origin, set)?;
        let missing = |(number, _): &(usize, &Label)| !rule.labels.contains(number);
        let missing = set.labels.iter().enumerate().filter(missing);
        // A label that nothing leads to would be false of every exam.
        let missing: Vec<&str> = missing.map(|(_, label)| label.name.as_str()).collect();
        if missing.is_empty() {
            return Ok(rule);
        }
        let (parameter, what) = match (&origin.codes, &origin.scp_codes) {
            (Some(_), _) => ("from.codes", "`snomed` codes".to_owned()),
            (_, Some(_)) => ("from.scp_codes", "`scp` statements".to_owned()),
            _ => {
                let rules = origin.rules.as_deref().unwrap_or_default();
                (
                    "from.rules",
                    format!("rules in `{}`", TextRules::load(rules)?.name),
                )
            }
        };
        let what = format!(
            "cannot give the labels of {}: there are no {what} for `{}`",
            set.describe(),
            missing.join("`, `")
        );
        Err(Error::parameter(parameter, what))
    }

    /// The rule for those labels of `set` that it can give.
    ///
    /// # Errors
    /// The rules for text cannot be found or read.
    pub(crate) fn of_some(origin: &TruthOrigin, set: &LabelSet) -> Result<Self> {
        let (labels, column) = match (&origin.codes, &origin.scp_codes, &origin.text) {
            (Some(name), ..) => {
                let given = LabelsGiven::of(set, |label| !label.snomed.is_empty());
                let reader = CodeReader::new(&given.set);
                (
                    given.numbers,
                    Some(TruthColumn::new("codes", name, CODES, reader)),
                )
            }
            (_, Some(name), _) => {
                let given = LabelsGiven::of(set, |label| !label.scp.is_empty());
                let reader = ScpReader::new(&given.set, origin.likelihood.unwrap_or_default());
                let column = TruthColumn::new("scp_codes", name, STATEMENTS, reader);
                (given.numbers, Some(column))
            }
            (.., Some(name)) => {
                let rules = TextRules::load(origin.rules.as_deref().unwrap_or_default())?;
                let given = LabelsGiven::of(set, |label| rules.given().any(|name| name == label.name));
                let (negation, uncertain) = (
                    origin.negation.unwrap_or_default(),
                    origin.uncertain.unwrap_or_default(),
                );
                let reader = ReportReader::new(&rules, &given.set, negation, uncertain)?;
                (given.numbers, Some(TruthColumn::new("text", name, TEXT, reader)))
            }
            (None, None, None) => ((0..set.labels.len()).collect(), None),
        };
        let names = labels.iter().map(|&number| set.labels[number].name.clone());
        Ok(Self {
            names: names.collect(),
            labels,
            column,
        })
    }

    /// The parameter, inside `from`, that names a column for all labels, and that column; none where each label has its own.
    pub(crate) fn column(&self) -> Option<(&'static str, &str)> {
        self.column.as_ref().map(|of| (of.parameter, of.name.as_str()))
    }

    /// Names of the labels that it can give.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads idx and the labels that it can give of the records at `path`, with a summary where they are all made of one column. Of
    /// records that are not `wanted` nothing is known.
    pub(crate) fn read(
        &self,
        path: &Path,
        wanted: Option<&[bool]>,
    ) -> Result<(DataFrame, Option<ColumnSummary>)> {
        let Some(of) = &self.column else {
            return Ok((read_label_columns(path, &self.names)?, None));
        };
        let ReadColumn {
            frame,
            leftovers,
            silent,
        } = read_label_cells(path, (&of.name, wanted), &self.names, of.reader.as_ref())?;
        let summary = ColumnSummary {
            name: of.name.clone(),
            words: of.leftovers,
            leftovers,
            silent,
            exams: wanted.map_or(frame.height(), |wanted| {
                wanted.iter().filter(|wanted| **wanted).count()
            }),
        };
        Ok((frame, Some(summary)))
    }
}

/// Labels of a set that a rule can give.
struct LabelsGiven {
    numbers: Vec<usize>,
    /// These labels alone.
    set: LabelSet,
}

impl LabelsGiven {
    fn of(set: &LabelSet, has: impl Fn(&Label) -> bool) -> Self {
        let numbers: Vec<usize> = (0..set.labels.len())
            .filter(|&number| has(&set.labels[number]))
            .collect();
        let labels = numbers.iter().map(|&number| set.labels[number].clone());
        Self {
            set: LabelSet {
                labels: labels.collect(),
                ..set.clone()
            },
            numbers,
        }
    }
}

impl TruthColumn {
    fn new(
        parameter: &'static str,
        name: &str,
        leftovers: LeftoverWords,
        reader: impl CellReader + 'static,
    ) -> Self {
        Self {
            parameter,
            name: name.to_owned(),
            leftovers,
            reader: Box::new(reader),
        }
    }
}

/// idx and the label columns, whose names are only known at run time.
fn read_label_columns(path: &Path, names: &[String]) -> Result<DataFrame> {
    let header = table::read_header(path)?;
    if let Some(missing) = names.iter().find(|n| !header.contains(n)) {
        let (column, found) = (missing.clone(), header.join(", "));
        return Err(ArtifactError::MissingColumn {
            path: path.to_owned(),
            column,
            found,
        }
        .into());
    }
    Ok(table::read_named_optional(
        path,
        &[Column::new(IDX, ColumnKind::Int)],
        names,
        ColumnKind::Bool,
    )?)
}
