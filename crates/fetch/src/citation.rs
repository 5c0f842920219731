//! What to cite of the data sets and models known: `configs/citations.yaml`.

use crate::Error;
use serde::{Deserialize, Serialize};

const CITATIONS: &str = include_str!("../../../configs/citations.yaml");

/// Work to cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// Key in BibTeX.
    pub key: String,
    /// Names of the data sets that it is of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
    /// Names of the models that it is of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Kind of entry in BibTeX, such as `article`.
    pub entry: String,
    /// Authors, each as "Family, Given".
    pub authors: Vec<String>,
    /// Title.
    pub title: String,
    /// Year of publication.
    pub year: u16,
    /// Journal of an article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<String>,
    /// Title of the proceedings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booktitle: Option<String>,
    /// Volume of the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// Issue of the volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Pages, or the article's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
    /// Archive or server that published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Version of a data set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Number of the preprint in arXiv.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arxiv: Option<String>,
    /// Digital object identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doi: Option<String>,
}

/// Every citation known.
///
/// # Errors
/// The catalogue does not parse.
pub fn citations() -> Result<Vec<Citation>, Error> {
    Ok(serde_yaml::from_str(CITATIONS)?)
}

impl Citation {
    /// The entry in BibTeX.
    #[must_use]
    pub fn bibtex(&self) -> String {
        let arxiv = self.arxiv.as_ref();
        // Braces keep the capitals of a title.
        let fields = [
            ("author", Some(self.authors.join(" and "))),
            ("title", Some(format!("{{{}}}", self.title))),
            ("year", Some(self.year.to_string())),
            ("journal", self.journal.clone()),
            ("booktitle", self.booktitle.clone()),
            ("volume", self.volume.clone()),
            ("number", self.number.clone()),
            ("pages", self.pages.clone()),
            ("publisher", self.publisher.clone()),
            ("version", self.version.clone()),
            ("eprint", arxiv.cloned()),
            ("archiveprefix", arxiv.map(|_| "arXiv".to_owned())),
            ("doi", self.doi.clone()),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let fields = fields.map(|(name, value)| format!("  {name} = {{{}}}", escape_bibtex(&value)));
        let fields = fields.collect::<Vec<_>>().join(",\n");
        format!("@{}{{{},\n{fields}\n}}", self.entry, self.key)
    }

    /// The work in one line: authors, title, where and when it was published.
    #[must_use]
    pub fn plain(&self) -> String {
        let issue = self
            .number
            .as_ref()
            .map_or_else(String::new, |number| format!("({number})"));
        let volume = self.volume.as_ref().map(|volume| format!("{volume}{issue}"));
        let arxiv = self.arxiv.as_ref().map(|number| format!("arXiv:{number}"));
        let version = self.version.as_ref().map(|version| format!("version {version}"));
        let doi = self.doi.as_ref().map(|doi| format!("https://doi.org/{doi}"));
        let at = [
            self.journal.clone(),
            volume,
            self.pages.clone(),
            self.booktitle.clone(),
            self.publisher.clone(),
            version,
            Some(self.year.to_string()),
            arxiv,
            doi,
        ];
        let at = at.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let end = if self.title.ends_with('?') { "" } else { "." };
        format!("{}: {}{end} {at}.", self.authors.join("; "), self.title)
    }
}

/// Text in which nothing is a command of TeX.
fn escape_bibtex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '&' | '#' | '_' | '$') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_work_can_be_found_and_nothing_has_two() {
        let all = citations().unwrap();
        let mut seen = BTreeSet::new();
        for citation in &all {
            assert!(
                !citation.authors.is_empty() && citation.year > 1900,
                "{citation:?}"
            );
            assert!(citation.doi.is_some() || citation.arxiv.is_some(), "{citation:?}");
            let datasets = citation.datasets.iter().map(|name| format!("dataset {name}"));
            let models = citation.models.iter().map(|name| format!("model {name}"));
            let names: Vec<String> = datasets
                .chain(models)
                .chain([format!("key {}", citation.key)])
                .collect();
            assert!(names.len() > 1, "{} is of nothing", citation.key);
            for name in names {
                assert!(seen.insert(name.clone()), "{name} is there twice");
            }
            let bibtex = citation.bibtex();
            assert_eq!(
                bibtex.matches('{').count(),
                bibtex.matches('}').count(),
                "{bibtex}"
            );
        }
    }

    #[test]
    fn an_entry_is_written_as_bibtex_and_as_a_line() {
        let all = citations().unwrap();
        let of = |key: &str| all.iter().find(|citation| citation.key == key).unwrap();
        let code15 = of("ribeiro2021code15");
        assert!(
            code15
                .bibtex()
                .starts_with("@misc{ribeiro2021code15,\n  author = {Ribeiro, A. H. and "),
            "{}",
            code15.bibtex()
        );
        assert!(
            code15.bibtex().contains("  title = {{CODE-15\\%: a large"),
            "{}",
            code15.bibtex()
        );
        assert_eq!(
            of("mckeen2025ecgfm").plain(),
            "McKeen, K.; Masood, S.; Toma, A.; Rubin, B.; Wang, B.: ECG-FM: an open electrocardiogram foundation model. JAMIA Open, \
             8(5), ooaf122, 2025, https://doi.org/10.1093/jamiaopen/ooaf122."
        );
    }
}
