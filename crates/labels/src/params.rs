//! Parameters of the stage, and the checks of them that need no data.

use crate::error::{Error, Result};
use ecgfm_artifacts::labels::MissingLabel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Parameters of the stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// `meta.csv` of the signals stage.
    pub records: PathBuf,
    /// Label set that names the columns of labels: its name or file.
    #[serde(default = "default_label_set")]
    pub label_set: String,
    /// Where the records hold the truth: a column of codes, of SCP-ECG statements or of text. By default there is one column
    /// a label.
    #[serde(default, skip_serializing_if = "TruthOrigin::is_label_columns")]
    pub from: TruthOrigin,
    /// The same for records of several sources, by the name in their column `source`, in the place of `from`; `{}` for one column a
    /// label. A label that the rule of a source cannot give is unknown of its exams; exams of sources without a rule get no row.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_source: BTreeMap<String, TruthOrigin>,
    /// `meta_split.csv`, for counts per split.
    #[serde(default)]
    pub splits: Option<PathBuf>,
    /// Treatment of an exam whose cell of a label holds nothing.
    #[serde(default)]
    pub missing_label: MissingLabel,
}

/// Column of the records that the truth is made of; at most one of `codes`, `scp_codes` and `text`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TruthOrigin {
    /// Column of SNOMED CT codes between commas, semicolons, bars or blanks: a label holds where one of its `snomed` codes is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<String>,
    /// Column of statements with likelihoods in percent, as PTB-XL writes them, {'NORM': 100.0, 'SR': 0.0}: a label holds where
    /// one of its `scp` statements is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scp_codes: Option<String>,
    /// Smallest likelihood in percent of a statement of `scp_codes` that counts; 0 when not given. A statement whose likelihood
    /// is 0 always counts, as that is PTB-XL's way to say that none is known.
    #[schemars(range(min = 0, max = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likelihood: Option<f64>,
    /// Column of free text, read by `rules`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Rules for `text`: their name (`mimic_iv_ecg`) or file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// Treatment of findings that the text denies; `honour` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negation: Option<Negation>,
    /// Treatment of findings that the text calls possible or probable; `positive` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<Uncertain>,
}

/// Treatment of findings that a text denies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Negation {
    /// `No evidence of acute infarction` is no infarction.
    #[default]
    Honour,
    /// A finding holds where it is named, as for ECG-FM's own labeler.
    Ignore,
}

/// Treatment of findings that a text calls possible, probable or not ruled out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Uncertain {
    /// They hold, as for ECG-FM's own labeler.
    #[default]
    Positive,
    /// They do not hold.
    Negative,
    /// Their truth is not known, which `missing_label` decides.
    Missing,
}

fn default_label_set() -> String {
    "code15".to_owned()
}

impl Params {
    /// Checks everything that can be checked without files.
    ///
    /// # Errors
    /// `from` names two columns, or says something about a column that it does not name; an origin of `by_source` does; both are
    /// given.
    pub fn check(&self) -> Result<()> {
        if !self.by_source.is_empty() && !self.from.is_label_columns() {
            let what = "is given beside `from`, which is for records of one source: give one of them";
            return Err(Error::parameter("by_source", what));
        }
        self.from.check()?;
        for (source, origin) in &self.by_source {
            origin.check().map_err(|error| error.of_source(source))?;
        }
        Ok(())
    }
}

impl TruthOrigin {
    /// Returns true where no column is named: each label has its own.
    pub fn is_label_columns(&self) -> bool {
        *self == Self::default()
    }

    fn check(&self) -> Result<()> {
        let columns = [
            ("from.codes", &self.codes),
            ("from.scp_codes", &self.scp_codes),
            ("from.text", &self.text),
        ];
        let named: Vec<&str> = columns
            .iter()
            .filter(|(_, of)| of.is_some())
            .map(|(name, _)| *name)
            .collect();
        if let [first, second, ..] = named[..] {
            let what = format!("is given beside `{first}`: the truth is in one column");
            return Err(Error::parameter(second, what));
        }
        if self.text.is_some() && self.rules.is_none() {
            let what =
                "are needed to read `from.text`: the name of built-in ones, such as mimic_iv_ecg, or a file";
            return Err(Error::parameter("from.rules", what));
        }
        let about = [
            (
                "from.likelihood",
                self.likelihood.is_some(),
                "scp_codes",
                self.scp_codes.is_some(),
            ),
            ("from.rules", self.rules.is_some(), "text", self.text.is_some()),
            (
                "from.negation",
                self.negation.is_some(),
                "text",
                self.text.is_some(),
            ),
            (
                "from.uncertain",
                self.uncertain.is_some(),
                "text",
                self.text.is_some(),
            ),
        ];
        match about.into_iter().find(|(_, given, _, column)| *given && !column) {
            Some((name, _, column, _)) => Err(Error::parameter(
                name,
                format!("is about `from.{column}`, which is not given"),
            )),
            None => Ok(()),
        }
    }
}
