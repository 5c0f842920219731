//! The estimate of a run as a table for people.

use super::run_estimate::{RunEstimate, StageEstimate};
use crate::number_format::{format_duration, format_size, group_thousands};
use std::fmt::{self, Write as _};

/// Heads of the columns.
const HEAD: [&str; 5] = ["", "items", "reads", "writes", "time"];

impl fmt::Display for RunEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stages.is_empty() {
            return f.write_str("nothing to do\n");
        }
        let mut rows = vec![HEAD.map(str::to_owned)];
        rows.extend(self.stages.iter().map(row));
        rows.push(self.total());
        f.write_str(&aligned(&rows))?;
        for stage in &self.stages {
            if let Some(why) = &stage.not_estimated {
                writeln!(f, "{} is not estimated: {why}", stage.stage)?;
            }
        }
        if let Some(segments) = self.segments {
            writeln!(f, "segments: {}", group_thousands(segments))?;
        }
        let free = self
            .free_bytes
            .map(|free| format!(", {} are free", format_size(free)));
        writeln!(
            f,
            "disk: {} are needed in {}{}",
            format_size(self.needs_bytes),
            self.run_dir.display(),
            free.unwrap_or_default()
        )?;
        if let Some(advice) = &self.accelerator {
            writeln!(f, "{advice}")?;
        }
        let took = format_duration(self.measured_seconds);
        writeln!(f, "by a measurement of {took} on this machine")
    }
}

impl RunEstimate {
    fn total(&self) -> [String; 5] {
        let at_least = if self.complete { "" } else { "≥ " };
        [
            "in all".to_owned(),
            String::new(),
            format_size(self.reads_bytes),
            format_size(self.writes_bytes),
            format!("{at_least}{}", format_duration(self.seconds)),
        ]
    }
}

fn row(stage: &StageEstimate) -> [String; 5] {
    let size = |bytes: Option<u64>| bytes.map_or_else(|| "?".to_owned(), format_size);
    let items = stage.items.zip(stage.unit);
    let at_least = if stage.at_least { "≥ " } else { "" };
    [
        stage.stage.clone(),
        items.map_or_else(String::new, |(items, unit)| {
            format!("{} {}", group_thousands(items), unit.word())
        }),
        size(stage.reads_bytes),
        size(stage.writes_bytes),
        stage.seconds.map_or_else(
            || "?".to_owned(),
            |seconds| format!("{at_least}{}", format_duration(seconds)),
        ),
    ]
}

/// Rows with the first column to the left and the others to the right.
fn aligned(rows: &[[String; 5]]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let _ = write!(text, "  {:1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::workload::ItemUnit;

    #[test]
    fn an_estimate_is_a_table() {
        let done = StageEstimate {
            stage: "signals".to_owned(),
            kind: "signals".to_owned(),
            unit: Some(ItemUnit::Exams),
            items: Some(20_000),
            reads_bytes: Some(1 << 30),
            writes_bytes: Some(3 << 30),
            seconds: Some(4.2),
            ..StageEstimate::default()
        };
        let open = StageEstimate {
            stage: "infer".to_owned(),
            not_estimated: Some("measuring it takes longer than 10 s".to_owned()),
            ..StageEstimate::default()
        };
        let run = RunEstimate {
            stages: vec![done, open],
            segments: Some(27_600),
            seconds: 4.2,
            reads_bytes: 1 << 30,
            writes_bytes: 3 << 30,
            needs_bytes: 3 << 30,
            free_bytes: Some(40 << 30),
            run_dir: "runs/code15/full".into(),
            measured_seconds: 3.0,
            ..RunEstimate::default()
        };
        insta::assert_snapshot!(run.to_string());
        assert_eq!(RunEstimate::default().to_string(), "nothing to do\n");
    }
}
