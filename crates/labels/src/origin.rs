//! Readers of the truth, by the parameter `from`.

use crate::cells::{CellReader, read_label_cells};
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

/// Reader of the truth of all exams: out of one column a label, or out of one column for all of them.
pub struct TruthReader {
    names: Vec<String>,
    column: Option<TruthColumn>,
}

/// The column that the truth of all labels is made of.
struct TruthColumn {
    /// Parameter that names the column.
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

/// What a run is told about the column that the truth was made of.
pub(crate) struct ColumnSummary {
    pub(crate) name: String,
    pub(crate) words: LeftoverWords,
    pub(crate) leftovers: Leftovers,
    /// Exams whose cell says nothing about any label.
    pub(crate) silent: usize,
}

impl TruthReader {
    /// A reader for the labels of `set`.
    ///
    /// # Errors
    /// A label has nothing by which it could be found: no code, no statement, no rule; the rules cannot be found or read.
    pub fn new(origin: &TruthOrigin, set: &LabelSet) -> Result<Self> {
        let names = set.labels.iter().map(|label| label.name.clone()).collect();
        let column = match (&origin.codes, &origin.scp_codes, &origin.text) {
            (Some(name), ..) => {
                require_all(set, "from.codes", "`snomed` codes", |label| {
                    !label.snomed.is_empty()
                })?;
                Some(TruthColumn::new("from.codes", name, CODES, CodeReader::new(set)))
            }
            (_, Some(name), _) => {
                require_all(set, "from.scp_codes", "`scp` statements", |label| {
                    !label.scp.is_empty()
                })?;
                let reader = ScpReader::new(set, origin.likelihood.unwrap_or_default());
                Some(TruthColumn::new("from.scp_codes", name, STATEMENTS, reader))
            }
            (.., Some(name)) => {
                let rules = TextRules::load(origin.rules.as_deref().unwrap_or_default())?;
                let whose = format!("rules in `{}`", rules.name);
                require_all(set, "from.rules", &whose, |label| {
                    rules.given().any(|name| name == label.name)
                })?;
                let (negation, uncertain) = (
                    origin.negation.unwrap_or_default(),
                    origin.uncertain.unwrap_or_default(),
                );
                let reader = ReportReader::new(&rules, set, negation, uncertain)?;
                Some(TruthColumn::new("from.text", name, TEXT, reader))
            }
            (None, None, None) => None,
        };
        Ok(Self { names, column })
    }

    /// The parameter that names a column for all labels, and that column; none where each label has its own.
    pub fn column(&self) -> Option<(&'static str, &str)> {
        self.column.as_ref().map(|of| (of.parameter, of.name.as_str()))
    }

    /// Reads idx and the labels of the records at `path`; with a summary where they are all made of one column.
    pub(crate) fn read(&self, path: &Path) -> Result<(DataFrame, Option<ColumnSummary>)> {
        let Some(of) = &self.column else {
            return Ok((read_label_columns(path, &self.names)?, None));
        };
        let read = read_label_cells(path, &of.name, &self.names, of.reader.as_ref())?;
        let summary = ColumnSummary {
            name: of.name.clone(),
            words: of.leftovers,
            leftovers: read.leftovers,
            silent: read.silent,
        };
        Ok((read.frame, Some(summary)))
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

/// A label that nothing leads to would be false of every exam.
fn require_all(
    set: &LabelSet,
    parameter: &'static str,
    what: &str,
    has: impl Fn(&Label) -> bool,
) -> Result<()> {
    let without: Vec<&str> = set
        .labels
        .iter()
        .filter(|label| !has(label))
        .map(|label| label.name.as_str())
        .collect();
    if without.is_empty() {
        return Ok(());
    }
    let what = format!(
        "cannot give the labels of {}: there are no {what} for `{}`",
        set.describe(),
        without.join("`, `")
    );
    Err(Error::parameter(parameter, what))
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
