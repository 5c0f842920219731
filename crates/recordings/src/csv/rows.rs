//! Rows of values.

use super::description::CsvDescription;
use super::header::CsvColumn;
use super::time::{TimeColumn, TimeUnit};
use crate::arrays::repeated;
use crate::refusal::Refusal;
use ecgfm_formats::cell::{is_missing, parse_number};
use std::borrow::Cow;

/// Number of columns that are read.
const MAX_COLUMNS: usize = 256;

/// Reader of the rows of values.
pub(super) struct RowReader {
    columns: Vec<CsvColumn>,
    /// Millivolts of a value of 1, of each lead.
    scales: Vec<f64>,
    decimal_comma: bool,
    time: TimeColumn,
    /// Line of each row, for messages about the column of time.
    time_lines: Vec<usize>,
    samples: Vec<f64>,
}

impl RowReader {
    pub(super) fn new(
        columns: Vec<CsvColumn>,
        separator: char,
        description: &CsvDescription,
    ) -> Result<Self, Refusal> {
        let refused = |what: String, help: &str| Err(Refusal::unsupported("line 1", what, help));
        let is_time = |column: &&CsvColumn| matches!(column, CsvColumn::Time(_));
        let times = columns.iter().filter(is_time).count();
        if times > 1 || times == columns.len() || columns.len() > MAX_COLUMNS {
            let what = format!("{} columns, of which {times} are of time", columns.len());
            return refused(what, "one column of time and 1 to 255 leads are read");
        }
        let mut scales = Vec::new();
        for column in &columns {
            let CsvColumn::Lead { name, millivolts } = column else {
                continue;
            };
            if name.is_empty() {
                return refused(
                    "a column without a name".to_owned(),
                    "name its lead, or take it out",
                );
            }
            match (*millivolts, description.millivolts) {
                (Some(here), Some(stated)) if here != stated => {
                    let what = format!("lead {name} has a unit of {here} mV, and {stated} mV are stated");
                    return refused(what, "correct one of them");
                }
                (Some(scale), _) | (None, Some(scale)) => scales.push(scale),
                (None, None) => {
                    let what = format!("lead {name} has no unit");
                    return refused(what, "state the unit, or put it into the first row: `II (mV)`");
                }
            }
        }
        let reader = Self {
            columns,
            scales,
            decimal_comma: separator == ';',
            time: TimeColumn::default(),
            time_lines: Vec::new(),
            samples: Vec::new(),
        };
        reader.check_names(description)?;
        Ok(reader)
    }

    fn check_names(&self, description: &CsvDescription) -> Result<(), Refusal> {
        let leads = self.leads();
        if let Some(lead) = repeated(&leads) {
            let what = format!("two columns are named {lead}");
            return Err(Refusal::malformed("line 1", what, "correct one of them"));
        }
        let same = |stated: &Vec<String>| {
            stated.len() == leads.len() && stated.iter().zip(&leads).all(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        match description.leads.as_ref().filter(|stated| !same(stated)) {
            None => Ok(()),
            Some(stated) => {
                let what = format!(
                    "the columns are {}, and {} is stated",
                    leads.join(" "),
                    stated.join(" ")
                );
                Err(Refusal::unsupported("line 1", what, "correct one of them"))
            }
        }
    }

    fn leads(&self) -> Vec<String> {
        let names = self.columns.iter().filter_map(|column| match column {
            CsvColumn::Lead { name, .. } => Some(name.clone()),
            CsvColumn::Time(_) => None,
        });
        names.collect()
    }

    /// Adds a row of values.
    pub(super) fn add(&mut self, cells: &[Cow<'_, str>], line: usize) -> Result<(), Refusal> {
        if cells.len() != self.columns.len() {
            let what = format!("{} cells in {} columns", cells.len(), self.columns.len());
            return Err(Refusal::malformed(
                format!("line {line}"),
                what,
                "correct it, or export the file again",
            ));
        }
        let mut scales = self.scales.iter();
        for (at, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            let value = self.value(cell, (line, at))?;
            match column {
                CsvColumn::Lead { .. } => {
                    let scale = scales.next().copied().unwrap_or(1.0);
                    self.samples.push(value.map_or(f64::NAN, |value| value * scale));
                }
                CsvColumn::Time(_) => {
                    let place = format!("line {line}, column {}", at + 1);
                    let moment = value
                        .ok_or_else(|| Refusal::malformed(place, "the time is missing", "correct it"))?;
                    self.time.push(moment, cell);
                    self.time_lines.push(line);
                }
            }
        }
        Ok(())
    }

    /// Value of a cell; none where it is missing.
    fn value(&self, cell: &str, (line, at): (usize, usize)) -> Result<Option<f64>, Refusal> {
        if is_missing(cell) {
            return Ok(None);
        }
        let value = match self.decimal_comma && cell.contains(',') {
            // With a point as well, nobody knows which of them separates thousands.
            true if cell.contains('.') => None,
            true => parse_number(&cell.replacen(',', ".", 1)),
            false => parse_number(cell),
        };
        let value = value.filter(|value| value.is_finite());
        value.map(Some).ok_or_else(|| {
            let column = match &self.columns[at] {
                CsvColumn::Lead { name, .. } => format!("lead {name}"),
                CsvColumn::Time(_) => "time".to_owned(),
            };
            let shown: String = cell.chars().take(40).collect();
            let place = format!("line {line}, column {} ({column})", at + 1);
            Refusal::malformed(
                place,
                format!("{shown:?} is no number"),
                "correct it, or export the file again",
            )
        })
    }

    /// Names of the leads, samples a second, and millivolts, sample by sample with all leads of each.
    pub(super) fn finish(
        self,
        description: &CsvDescription,
    ) -> Result<(Vec<String>, f64, Vec<f64>), Refusal> {
        let leads = self.leads();
        if self.samples.is_empty() {
            return Err(Refusal::malformed(
                "file",
                "it has no samples",
                "copy or export it again",
            ));
        }
        let stated = description.sample_rate;
        let unit = self.columns.iter().find_map(|column| match column {
            CsvColumn::Time(unit) => Some(*unit),
            CsvColumn::Lead { .. } => None,
        });
        let sample_rate = match unit {
            Some(unit) => self.rate(unit, stated)?,
            None => stated.ok_or_else(|| {
                let help = "state it, or add a column `time` in seconds";
                Refusal::unsupported("line 1", "no column of time, and no sample rate is stated", help)
            })?,
        };
        if !(sample_rate.is_finite() && sample_rate > 0.0) {
            let what = format!("a sample rate of {sample_rate}");
            return Err(Refusal::unsupported("description", what, "correct it"));
        }
        Ok((leads, sample_rate, self.samples))
    }

    fn rate(&self, unit: TimeUnit, stated: Option<f64>) -> Result<f64, Refusal> {
        self.time.rate(unit, stated).map_err(|uneven| {
            let line = uneven.row.and_then(|row| self.time_lines.get(row));
            let place = line.map_or("time".to_owned(), |line| format!("line {line}, time"));
            Refusal::malformed(place, uneven.what, "correct the column or the stated sample rate")
        })
    }
}
