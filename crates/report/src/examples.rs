//! The ECGs that the model was surest about, right and wrong, drawn from the segments it saw.
//!
//! Segments are standardised; mean and standard deviation of each lead are in the records, so the signal is put back into
//! the archive's own units as far as the segments reach: the first ten seconds, less what did not fill a segment.

use crate::error::{Error, Result};
use crate::example_facts::{ExampleFacts, fact_lines};
use crate::model_segments::is_consecutive;
use crate::paper::{Ecg, LEADS, PaperScale, SECONDS, ShadedSpan, SignalUnit, draw_ecg};
use crate::params::Params;
use crate::run_card::Fact;
use crate::saliency_overlay::{describe_shades, read_saliency, spans_of};
use crate::text::slug;
use ecgfm_artifacts::columns::{PATH, SAVE_FILE};
use ecgfm_artifacts::evaluation::{DecisionOutcome, Example, Metrics, read_examples};
use ecgfm_artifacts::presence::is_dir;
use ecgfm_artifacts::recipe::heart_rate::measure_heart_rate;
use ecgfm_artifacts::store::{SegmentReader, StoreInfo};
use ecgfm_artifacts::table::{self, Column, ColumnKind};
use ecgfm_artifacts::{key, records, segments};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Examples drawn inside the page; the others are files beside it.
const INLINE: usize = 24;

/// Examples that are printed with the page, a sheet each.
const PRINTED: usize = 4;

/// Example that is drawn.
#[derive(Debug, Serialize)]
pub(crate) struct DrawnExample {
    pub(crate) file: String,
    pub(crate) label: String,
    /// Whether it was predicted rightly, in words.
    pub(crate) kind: &'static str,
    pub(crate) heading: String,
    pub(crate) caption: String,
    /// Truth, prediction, patient and heart rate, each with its name.
    pub(crate) facts: Vec<Fact>,
    /// The drawing for inside the page, of the first [`INLINE`].
    pub(crate) inline: Option<String>,
    /// Printed with the page: the first of each label, as long as there are few.
    pub(crate) printed: bool,
    /// The drawing as a file of its own.
    #[serde(skip)]
    pub(crate) svg: String,
}

/// Draws all examples, where the signals are at hand.
pub(crate) fn draw_examples(params: &Params, metrics: &Metrics) -> Result<Vec<DrawnExample>> {
    let Some(dir) = &params.signals else {
        return Ok(Vec::new());
    };
    let wanted = read_examples(&params.metrics)?;
    let source = ExampleSegments::open(params, dir, &wanted)?;
    let shades = match &params.saliency {
        None => HashMap::new(),
        Some(dir) => read_saliency(dir, &metrics.subset)?,
    };
    let facts = ExampleFacts::read(&params.metrics, dir, metrics, &wanted)?;
    let mut shown = Vec::with_capacity(wanted.len());
    for (at, example) in wanted.iter().enumerate() {
        let Some(mut ecg) = source.ecg(params, example, &shades)? else {
            continue;
        };
        let file = format!(
            "ecg_{}_{}_{}_{}.svg",
            slug(&example.label),
            example.verdict.name(),
            example.rank,
            example.idx
        );
        let id = format!("ecg{at}");
        let facts = facts.of(example, measure_heart_rate(&ecg.leads, ecg.rate));
        // Beside a drawing on the page they are text of the page; a file travels alone.
        let inline = (at < INLINE).then(|| draw_ecg(&ecg, PaperScale::default(), &id).inline(&id));
        ecg.notes = fact_lines(&facts);
        shown.push(DrawnExample {
            inline,
            printed: is_printed(&shown, &example.label),
            svg: draw_ecg(&ecg, PaperScale::default(), &id).file(metrics.notice.as_deref()),
            label: example.label.clone(),
            kind: verdict_words(example.verdict),
            heading: format!("{}: {}", example.label, verdict_words(example.verdict)),
            caption: format!("ECG {} (idx {}).", key::stem(&example.save_file), example.idx),
            facts,
            file,
        });
    }
    Ok(shown)
}

/// True for the first drawing of a label, where not yet as many are printed as may be.
fn is_printed(shown: &[DrawnExample], label: &str) -> bool {
    let new = !shown.iter().any(|example| example.label == label);
    new && shown.iter().filter(|example| example.printed).count() < PRINTED
}

fn verdict_words(verdict: DecisionOutcome) -> &'static str {
    match verdict {
        DecisionOutcome::TruePositive => "rightly predicted",
        DecisionOutcome::FalsePositive => "predicted, but not in the truth",
        DecisionOutcome::FalseNegative => "in the truth, but not predicted",
        DecisionOutcome::TrueNegative => "rightly not predicted",
    }
}

/// Mean and standard deviation of the leads of a recording, and its own rate.
struct LeadScales {
    means: Vec<f64>,
    deviations: Vec<f64>,
    rate: f64,
}

/// The segments of the recordings that are wanted.
struct ExampleSegments {
    reader: SegmentReader,
    /// Paths of a recording's segments, in order.
    segments: BTreeMap<String, Vec<String>>,
    scales: HashMap<String, LeadScales>,
    /// Samples a second.
    rate: Option<f64>,
    /// Leads were scaled to mean 0 and deviation 1.
    standardized: Option<bool>,
    /// True where the segments of a recording follow each other.
    consecutive: bool,
    /// Meaning of the shades behind a drawing.
    shades_meaning: &'static str,
}

/// The rate of segments of which nobody says it.
const USUAL_RATE: f64 = 500.0;

impl ExampleSegments {
    fn open(params: &Params, dir: &Path, wanted: &[Example]) -> Result<Self> {
        let packed = dir.join("segments");
        let (root, packed) = match is_dir(&packed)? {
            true => (packed, true),
            false => (dir.join("segmented"), false),
        };
        let table_path = dir.join(segments::FILE);
        let frame = segments::read(&table_path)?;
        let files = table::str_column(&table_path, &frame, SAVE_FILE)?.iter();
        let paths = table::str_column(&table_path, &frame, PATH)?.iter();
        let mut found: BTreeMap<String, Vec<String>> = wanted
            .iter()
            .map(|example| (example.save_file.clone(), Vec::new()))
            .collect();
        for (file, path) in files.zip(paths) {
            if let (Some(all), Some(path)) = (file.and_then(|file| found.get_mut(file)), path) {
                let segment = key::of_path(path);
                all.push(if packed {
                    segment.to_owned()
                } else {
                    format!("{segment}.mat")
                });
            }
        }
        // The table is in text order: segment 10 stands before segment 2.
        for paths in found.values_mut() {
            paths.sort_by_key(|path| (path.len(), path.clone()));
        }
        let reader = SegmentReader::open(&root)?;
        let said = reader.info().and_then(|about| about.sample_rate);
        if let (Some(given), Some(said)) = (params.sample_rate, said)
            && given != said
        {
            return Err(Error::About {
                path: StoreInfo::path(&root)?,
                what: format!(
                    "{said} samples a second, where the parameter `sample_rate` says {given}; leave that out"
                ),
            });
        }
        Ok(Self {
            // A store that states no rate has recordings of several.
            rate: said
                .or(params.sample_rate)
                .or(reader.info().is_none().then_some(USUAL_RATE)),
            standardized: reader.info().map_or(Some(true), |about| about.standardized),
            consecutive: reader.info().is_none_or(is_consecutive),
            reader,
            scales: read_lead_scales(&dir.join(records::FILE), &found)?,
            segments: found,
            shades_meaning: params.saliency.as_deref().map_or(Ok(""), describe_shades)?,
        })
    }

    /// The recording of an example; none where it has no segments here.
    fn ecg(
        &self,
        params: &Params,
        example: &Example,
        shades: &HashMap<String, Vec<f32>>,
    ) -> Result<Option<Ecg>> {
        let Some(paths) = self
            .segments
            .get(&example.save_file)
            .filter(|paths| !paths.is_empty())
        else {
            return Ok(None);
        };
        let Some(rate) = self.rate else {
            return Ok(None);
        };
        let mut leads = vec![Vec::new(); LEADS.len()];
        let (mut laid, mut read) = (Vec::new(), Vec::new());
        for path in paths {
            let (count, samples) = self.reader.shape(path)?;
            if count != LEADS.len() {
                return Ok(None);
            }
            let mut values = vec![0.0; count * samples];
            self.reader.read(path, &mut values)?;
            let start = leads[0].len() as f64 / rate;
            let seconds = samples as f64 / rate;
            read.push(start..start + seconds);
            if let Some(tokens) = shades.get(key::of_path(path)) {
                laid.extend(spans_of(tokens, start, seconds));
            }
            for (lead, values) in leads.iter_mut().zip(values.chunks_exact(samples)) {
                lead.extend_from_slice(values);
            }
            if !self.consecutive || leads[0].len() as f64 / rate >= SECONDS {
                break;
            }
        }
        Ok(Some(Ecg {
            segments: read,
            ..self.in_units(params, example, (leads, rate), laid)
        }))
    }

    fn in_units(
        &self,
        params: &Params,
        example: &Example,
        (mut leads, rate): (Vec<Vec<f32>>, f64),
        shades: Vec<ShadedSpan>,
    ) -> Ecg {
        let mut ecg = Ecg {
            record: key::stem(&example.save_file).to_owned(),
            leads: Vec::new(),
            rate,
            unit: SignalUnit::Standardized,
            filters: "none".to_owned(),
            segments: Vec::new(),
            shades,
            shades_meaning: self.shades_meaning.to_owned(),
            notes: Vec::new(),
        };
        let in_archives_unit = params
            .units_per_mv
            .map_or(SignalUnit::NotStated, SignalUnit::PerMillivolt);
        let scale = self.scales.get(&example.save_file);
        if self.standardized.is_none() {
            ecg.unit = SignalUnit::NotStated;
        } else if self.standardized == Some(false) {
            ecg.unit = in_archives_unit;
        } else if let Some(scale) = scale {
            for (lead, (mean, deviation)) in leads.iter_mut().zip(scale.means.iter().zip(&scale.deviations)) {
                for value in lead.iter_mut() {
                    *value = (f64::from(*value) * deviation + mean) as f32;
                }
            }
            ecg.unit = in_archives_unit;
        }
        if let Some(scale) = scale.filter(|scale| scale.rate != rate) {
            ecg.filters = format!("none; resampled from {} Hz", scale.rate);
        }
        if self.standardized.is_none() {
            ecg.filters = "those of the model's recipe".to_owned();
        }
        ecg.leads = leads;
        ecg
    }
}

fn read_lead_scales(
    path: &Path,
    wanted: &BTreeMap<String, Vec<String>>,
) -> Result<HashMap<String, LeadScales>> {
    let header = table::read_header(path)?;
    let names: Vec<String> = ["mean", "std"]
        .iter()
        .flat_map(|what| (0..LEADS.len()).map(move |lead| format!("{what}_{lead}")))
        .chain(std::iter::once("sample_rate".to_owned()))
        .collect();
    if names.iter().any(|name| !header.contains(name)) {
        return Ok(HashMap::new());
    }
    let frame = table::read_named(
        path,
        &[Column::new(SAVE_FILE, ColumnKind::Text)],
        &names,
        ColumnKind::Float,
    )?;
    let files = table::str_column(path, &frame, SAVE_FILE)?;
    let bad = |what: String| Error::About {
        path: path.to_owned(),
        what,
    };
    let mut columns = Vec::with_capacity(names.len());
    for name in &names {
        let column = frame.column(name).map_err(|e| bad(e.to_string()))?;
        columns.push(column.f64().map_err(|e| bad(e.to_string()))?);
    }
    let mut all = HashMap::new();
    for row in 0..frame.height() {
        let Some(file) = files.get(row).filter(|file| wanted.contains_key(*file)) else {
            continue;
        };
        let values: Option<Vec<f64>> = columns.iter().map(|column| column.get(row)).collect();
        if let Some(values) = values {
            let scale = LeadScales {
                means: values[..LEADS.len()].to_vec(),
                deviations: values[LEADS.len()..2 * LEADS.len()].to_vec(),
                rate: values[2 * LEADS.len()],
            };
            all.insert(file.to_owned(), scale);
        }
    }
    Ok(all)
}
