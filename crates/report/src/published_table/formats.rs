//! A table as Markdown, LaTeX, CSV, and HTML that word processors take.

use super::PublishedTable;
use crate::text::escape;
use ecgfm_artifacts::pandas::{Cell, RowWriter};
use std::fmt::Write;

/// Form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// A pipe table, as GitHub and pandoc read it.
    Markdown,
    /// An environment `table` with `booktabs`.
    Latex,
    /// Commas between cells, quotes where they are needed.
    Csv,
    /// A whole page with one plain table, to be pasted into a document.
    Html,
}

impl PublishedTable {
    /// The table in a form, with its caption and notices where the form has room for them.
    pub fn render(&self, format: TableFormat) -> String {
        match format {
            TableFormat::Markdown => self.markdown(),
            TableFormat::Latex => self.latex(),
            TableFormat::Csv => self.csv(),
            TableFormat::Html => self.html(),
        }
    }

    fn markdown(&self) -> String {
        let cell = |text: &String| text.replace('\\', "\\\\").replace('|', "\\|");
        let line =
            |cells: &[String]| format!("| {} |\n", cells.iter().map(cell).collect::<Vec<_>>().join(" | "));
        let mut text = String::new();
        for notice in &self.notices {
            let _ = writeln!(text, "**{notice}**\n");
        }
        text.push_str(&line(&self.columns));
        let rule = (0..self.columns.len()).map(|at| if at < self.names { "---" } else { "---:" });
        let _ = writeln!(text, "|{}|", rule.collect::<Vec<_>>().join("|"));
        for row in &self.rows {
            text.push_str(&line(row));
        }
        let _ = writeln!(text, "\n{}", self.caption);
        text
    }

    fn latex(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| escape_latex(cell)).collect();
            format!("    {} \\\\\n", cells.join(" & "))
        };
        let mut text = "% Needs \\usepackage{booktabs}.\n\\begin{table}\n  \\centering\n".to_owned();
        let notices = self
            .notices
            .iter()
            .map(|notice| format!("\\textbf{{{}}} ", escape_latex(notice)));
        let _ = writeln!(
            text,
            "  \\caption{{{}{}}}",
            notices.collect::<String>(),
            escape_latex(&self.caption)
        );
        let places = (0..self.columns.len()).map(|at| if at < self.names { 'l' } else { 'r' });
        let _ = writeln!(
            text,
            "  \\begin{{tabular}}{{{}}}\n    \\toprule",
            places.collect::<String>()
        );
        text.push_str(&line(&self.columns));
        text.push_str("    \\midrule\n");
        for row in &self.rows {
            text.push_str(&line(row));
        }
        text.push_str("    \\bottomrule\n  \\end{tabular}\n\\end{table}\n");
        text
    }

    fn csv(&self) -> String {
        // Writing to memory does not fail.
        String::from_utf8(self.csv_bytes().unwrap_or_default()).unwrap_or_default()
    }

    /// A notice is a column of its own: every row travels with it.
    fn csv_bytes(&self) -> std::io::Result<Vec<u8>> {
        let notice = (!self.notices.is_empty()).then(|| self.notices.join(" "));
        let heading = notice.as_ref().map(|_| "notice");
        let mut table = RowWriter::new(Vec::new(), self.columns.iter().map(String::as_str).chain(heading))?;
        for row in &self.rows {
            let cells = row.iter().chain(&notice);
            table.row(cells.map(|text| Cell::Text(text)))?;
        }
        table.finish()
    }

    fn html(&self) -> String {
        let cells = |name: &str, cells: &[String]| {
            let cell = |(at, text): (usize, &String)| {
                let side = if at < self.names { "left" } else { "right" };
                format!("<{name} align=\"{side}\">{}</{name}>", escape(text))
            };
            let cells: String = cells.iter().enumerate().map(cell).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let mut text =
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Table</title>\n"
                .to_owned();
        for notice in &self.notices {
            let _ = writeln!(text, "<p><strong>{}</strong></p>", escape(notice));
        }
        text.push_str("<table border=\"1\" cellspacing=\"0\" cellpadding=\"4\">\n");
        let _ = writeln!(text, "<caption>{}</caption>", escape(&self.caption));
        let _ = write!(text, "<thead>\n{}</thead>\n<tbody>\n", cells("th", &self.columns));
        for row in &self.rows {
            text.push_str(&cells("td", row));
        }
        text.push_str("</tbody>\n</table>\n</html>\n");
        text
    }
}

/// Text in which nothing is a command of LaTeX.
pub(crate) fn escape_latex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(letter);
            }
            '–' => out.push_str("--"),
            '≥' => out.push_str("$\\geq$"),
            '−' => out.push_str("$-$"),
            _ => out.push(letter),
        }
    }
    out
}
