//! What to cite of a run's data and model, and what is not known of them.

use super::lineage::Lineage;
use super::published::published_model;
use ecgfm_fetch::{Citation, citations};
use ecgfm_pipeline::{Error, ErrorKind};
use serde::Serialize;

/// Works to cite of one run or of several.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct RunCitations {
    /// Works, each once.
    pub(super) entries: Vec<Citation>,
    /// Sentences on how it is known what was used.
    pub(super) notes: Vec<String>,
    /// Sentences on what has no citation here.
    pub(super) missing: Vec<String>,
}

/// Form of a list of citations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CitationFormat {
    /// BibTeX; what is missing is a comment.
    Bibtex,
    /// A work a line.
    Plain,
}

impl RunCitations {
    /// Adds what the run called `name` used.
    ///
    /// # Errors
    /// A file of the run is damaged, or cannot be read.
    pub(super) fn add(&mut self, name: &str, lineage: Option<&Lineage>) -> Result<(), Error> {
        let known = citations().map_err(|e| Error::new(ErrorKind::Config, e.to_string()))?;
        let Some(lineage) = lineage else {
            self.miss(format!(
                "{name}: no `lock.json` has this evaluation, which says what data and model it used."
            ));
            return Ok(());
        };
        let archives = lineage.archives();
        if archives.is_empty() {
            self.miss(format!("{name}: the run records no data set."));
        }
        for (dataset, made_up) in archives {
            let found = known.iter().find(|citation| citation.datasets.contains(&dataset));
            match found {
                _ if made_up => self.miss(format!(
                    "{name}: its ECGs are synthetic, in the layout of data set `{dataset}`; there is no data set to cite."
                )),
                Some(citation) => self.keep(citation),
                None => self.miss(format!("{name}: no citation of data set `{dataset}` is known.")),
            }
        }
        self.add_model(name, lineage, &known)
    }

    fn add_model(&mut self, name: &str, lineage: &Lineage, known: &[Citation]) -> Result<(), Error> {
        if lineage.stage("demo_model").is_some() {
            self.miss(format!(
                "{name}: its model is this program's demo model; there is no model to cite."
            ));
            return Ok(());
        }
        let card = lineage.model_card()?;
        let Some((model, how)) = card.and_then(|card| published_model(lineage, &card)) else {
            self.miss(format!(
                "{name}: the run does not say which published model it used."
            ));
            return Ok(());
        };
        match known
            .iter()
            .find(|citation| citation.models.contains(&model.name))
        {
            Some(citation) => {
                self.keep(citation);
                add_once(
                    &mut self.notes,
                    format!("{name}: its model is {}, {how}.", model.title),
                );
            }
            None => self.miss(format!("{name}: no citation of model `{}` is known.", model.name)),
        }
        Ok(())
    }

    fn keep(&mut self, citation: &Citation) {
        if !self.entries.contains(citation) {
            self.entries.push(citation.clone());
        }
    }

    fn miss(&mut self, what: String) {
        add_once(&mut self.missing, what);
    }

    /// The works in a form.
    pub(super) fn render(&self, format: CitationFormat) -> String {
        let entries = self.entries.iter().map(|citation| match format {
            CitationFormat::Bibtex => citation.bibtex(),
            CitationFormat::Plain => citation.plain(),
        });
        let comment = match format {
            CitationFormat::Bibtex => "% ",
            CitationFormat::Plain => "",
        };
        let notes = self.notes.iter().map(|what| format!("{comment}{what}"));
        let missing = self
            .missing
            .iter()
            .map(|what| format!("{comment}Missing: {what}"));
        let parts: Vec<String> = entries.chain(notes).chain(missing).collect();
        format!("{}\n", parts.join("\n\n"))
    }
}

fn add_once(all: &mut Vec<String>, what: String) {
    if !all.contains(&what) {
        all.push(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_archives::datasets::dataset_names;
    use ecgfm_pipeline::{LockFile, StageRecord};
    use ecgfm_stage_params::is_known_model;
    use serde_json::{Value, json};
    use std::path::Path;

    #[test]
    fn every_citation_is_of_a_data_set_or_a_model_that_is_known() {
        for citation in citations().unwrap() {
            for name in &citation.datasets {
                assert!(dataset_names().contains(&name.as_str()), "{name}");
            }
            assert!(
                citation.models.iter().all(|name| is_known_model(name)),
                "{:?}",
                citation.models
            );
        }
    }

    fn stage(kind: &str, parameters: Value, inputs: Value) -> StageRecord {
        let facts = json!({
            "fingerprint": "", "kind": kind, "code_version": 1, "parameters": parameters, "inputs": inputs, "outputs": {},
            "started": "", "finished": "", "seconds": 1.0,
        });
        serde_json::from_value(facts).unwrap()
    }

    fn of(stage: &str, path: &str) -> Value {
        json!({ "path": path, "stage": stage, "state": "present" })
    }

    /// A run of these archives with a model from a checkpoint of that name, in `dir`.
    fn run(dir: &Path, sources: Value, checkpoint: &str) -> Lineage {
        let card = json!({
            "format_version": 1, "labels": 26, "input": { "leads": 12, "min_samples": 16 },
            "source": { "file": checkpoint, "sha256": "ab" }, "model": { "file": "model.ts", "sha256": "cd" },
        });
        std::fs::write(dir.join("model.json"), card.to_string()).unwrap();
        let raw =
            json!({ "raw": of("synth", "${run}/synth"), "other": { "path": "data", "state": "present" } });
        let infer = json!({
            "needs signals": of("signals", "${run}/signals"),
            "model": { "path": "${run}/model.ts", "state": "present" },
        });
        let mut lock = LockFile::default();
        let stages = [
            ("synth", stage("synth", json!({}), json!({}))),
            ("signals", stage("signals", sources, raw)),
            ("infer", stage("infer", json!({}), infer)),
            (
                "evaluate",
                stage(
                    "evaluate",
                    json!({}),
                    json!({ "predictions": of("infer", "${run}/infer") }),
                ),
            ),
        ];
        lock.stages
            .extend(stages.map(|(name, record)| (name.to_owned(), record)));
        Lineage::of_stage(dir, lock, "evaluate").unwrap()
    }

    fn cited(sources: Value, checkpoint: &str) -> RunCitations {
        let dir = tempfile::tempdir().unwrap();
        let mut all = RunCitations::default();
        let lineage = run(dir.path(), sources, checkpoint);
        all.add("a/run", Some(&lineage)).unwrap();
        all.add("a/run", Some(&lineage)).unwrap();
        all
    }

    #[test]
    fn data_and_model_are_cited_once_each() {
        let of_code15 = json!({ "dataset": "code15", "raw": "data" });
        let all = cited(of_code15, "physionet_finetuned.pt");
        let keys: Vec<&str> = all.entries.iter().map(|citation| citation.key.as_str()).collect();
        assert_eq!(
            (keys, &all.missing),
            (vec!["ribeiro2021code15", "mckeen2025ecgfm"], &vec![])
        );
        let bibtex = all.render(CitationFormat::Bibtex);
        assert!(bibtex.contains("doi = {10.5281/zenodo.4916206}"), "{bibtex}");
        let by_name = "as the name of its checkpoint says; no checksum is published to hold against it.";
        assert!(
            bibtex.contains("\n% a/run: its model is ") && bibtex.contains(by_name),
            "{bibtex}"
        );
    }

    #[test]
    fn synthetic_ecgs_are_not_those_of_the_data_set_and_what_is_not_known_is_told() {
        let sources = json!({ "dataset": "code15", "sources": [
            { "dataset": "code15", "raw": "${run}/synth" }, { "dataset": "ikem", "raw": "data" },
        ] });
        let all = cited(sources, "mine.pt");
        assert!(all.entries.is_empty(), "{:?}", all.entries);
        let said = all.render(CitationFormat::Plain);
        for part in [
            "ECGs are synthetic",
            "no citation of data set `ikem`",
            "which published model",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let mut none = RunCitations::default();
        none.add("a/run", None).unwrap();
        assert!(none.missing[0].contains("no `lock.json`"), "{:?}", none.missing);
    }
}
