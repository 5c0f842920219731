//! Stage `report`: `metrics.json` → `report.html` and `plots/*.svg`.

use crate::error::Result;
use crate::examples::examples;
use crate::figures::figures;
use crate::page;
use ecgfm_artifacts::atomic::write_bytes;
use ecgfm_artifacts::evaluation::Metrics;
use ecgfm_artifacts::stage::{Context, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// File name of the page.
pub const PAGE_FILE: &str = "report.html";
/// Folder of the figures, each as a file of its own.
pub const PLOTS_DIR: &str = "plots";

/// What to report on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Directory that the evaluate stage wrote.
    pub metrics: PathBuf,
    /// Headline of the page.
    #[serde(default)]
    pub title: Option<String>,
    /// The model's card, `model.json`.
    #[serde(default)]
    pub model: Option<PathBuf>,
    /// `infer.json`: device, precision, and what a reduced precision costs.
    #[serde(default)]
    pub inference: Option<PathBuf>,
    /// Directory of the signals stage: with it, the ECGs that the model was surest about are drawn.
    #[serde(default)]
    pub signals: Option<PathBuf>,
    /// Samples a second of its segments; as their store says if not given, and 500 where that does not say.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default)]
    pub sample_rate: Option<f64>,
    /// How many of the archive's units are a millivolt, where it is known.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default)]
    pub units_per_mv: Option<f64>,
    /// Directory that the infer stage wrote: saliency there is laid over the ECGs.
    #[serde(default)]
    pub saliency: Option<PathBuf>,
    /// The run's `lock.json`, for stages, devices and times.
    #[serde(default)]
    pub lock: Option<PathBuf>,
    /// `rejected.csv` of the signals stage, for the exams set aside.
    #[serde(default)]
    pub rejected: Option<PathBuf>,
}

impl Params {
    /// A number that nothing can be drawn to scale by: the parameter's name, and what is wrong with it.
    pub fn refused(&self) -> Option<(&'static str, String)> {
        let numbers = [
            ("sample_rate", self.sample_rate, "samples a second"),
            ("units_per_mv", self.units_per_mv, "units a millivolt"),
        ];
        numbers.into_iter().find_map(|(name, value, unit)| {
            let value = value.filter(|v| !(v.is_finite() && *v > 0.0))?;
            Some((name, format!("{value} {unit}; give a number above 0")))
        })
    }
}

/// Writes `report.html` and `plots/*.svg` into `ctx.out`.
///
/// The page is one file that loads nothing and needs no scripts. The same inputs give the same bytes.
///
/// # Errors
/// A parameter is refused; an input cannot be read or is not what it should be; I/O.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    if let Some((name, message)) = params.refused() {
        let origin = format!("parameter `{name}`");
        return Err(ecgfm_artifacts::Error::Config { origin, message }.into());
    }
    let metrics = Metrics::read(&params.metrics)?;
    let figures = figures(&metrics);
    let count = figures.iter().map(|label| label.figures.len()).sum();
    ctx.progress.begin(count as u64, "figures");
    let plots = ctx.out.join(PLOTS_DIR);
    std::fs::create_dir_all(&plots).map_err(ecgfm_artifacts::Error::io("create", &plots))?;
    for figure in figures.iter().flat_map(|label| &label.figures) {
        write_bytes(
            &plots.join(&figure.file),
            figure.chart.file(metrics.notice.as_deref()).as_bytes(),
        )?;
        ctx.progress.advance(1);
    }
    let examples = examples(params, &metrics)?;
    for example in &examples {
        write_bytes(&plots.join(&example.file), example.svg.as_bytes())?;
    }
    let html = page::html(params, &metrics, &figures, &examples)?;
    write_bytes(&ctx.out.join(PAGE_FILE), html.as_bytes())?;
    Ok(Outcome::default()
        .count("figures", count)
        .count("ecgs_drawn", examples.len())
        .count("page_bytes", html.len()))
}
