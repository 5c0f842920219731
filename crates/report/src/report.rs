//! Stage `report`: `metrics.json` → `report.html` and `plots/*.svg`.

use crate::error::Result;
use crate::examples::draw_examples;
use crate::figures::draw_figures;
use crate::flow::draw_flow_of_ecgs;
use crate::page;
use crate::panel::{draw_panel, panel_view};
pub use crate::params::Params;
use crate::subgroup_figures::draw_subgroups;
use ecgfm_artifacts::atomic::write_bytes;
use ecgfm_artifacts::evaluation::{Metrics, Panel};
use ecgfm_artifacts::stage::{Context, Outcome};

/// File name of the page.
pub const PAGE_FILE: &str = "report.html";
/// Folder of the figures, each as a file of its own.
pub const PLOTS_DIR: &str = "plots";

/// Writes `report.html` and `plots/*.svg` into `ctx.out`.
///
/// The page is one file that loads nothing and is whole without scripts. The same inputs give the same bytes.
///
/// # Errors
/// A parameter is refused; an input cannot be read or is not what it should be; I/O.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    if let Some((name, message)) = params.why_invalid() {
        let origin = format!("parameter `{name}`");
        return Err(ecgfm_artifacts::Error::Config { origin, message }.into());
    }
    let metrics = Metrics::read(&params.metrics)?;
    let figures = draw_figures(&metrics);
    let subgroups = draw_subgroups(&metrics);
    let flow = draw_flow_of_ecgs(&metrics);
    let all = || {
        let of_subgroups = subgroups.iter().flat_map(|attribute| &attribute.figures);
        figures
            .iter()
            .flat_map(|label| {
                let decision = label.operating_points.iter().map(|points| &points.figure);
                label.figures.iter().chain(decision)
            })
            .chain(of_subgroups)
            .chain([&flow.figure])
    };
    let count = all().count();
    ctx.progress.begin(count as u64, "figures");
    let plots = ctx.out.join(PLOTS_DIR);
    std::fs::create_dir_all(&plots).map_err(ecgfm_artifacts::Error::io("create", &plots))?;
    for figure in all() {
        write_bytes(
            &plots.join(&figure.file),
            figure.chart.file(metrics.notice.as_deref()).as_bytes(),
        )?;
        ctx.progress.advance(1);
    }
    let panel = params.panel.as_deref().map(Panel::read).transpose()?;
    let panel = panel.as_ref().map(|panel| (panel, draw_panel(panel)));
    if let Some((panel, figure)) = &panel {
        let notice = (!panel.notices.is_empty()).then(|| panel.notices.join(" "));
        write_bytes(
            &plots.join(&figure.file),
            figure.chart.file(notice.as_deref()).as_bytes(),
        )?;
    }
    let examples = draw_examples(params, &metrics)?;
    for example in &examples {
        write_bytes(&plots.join(&example.file), example.svg.as_bytes())?;
    }
    let side_by_side = panel.as_ref().map(|(panel, figure)| panel_view(panel, figure));
    let drawn = page::DrawnFigures {
        flow: &flow,
        labels: &figures,
        subgroups: &subgroups,
        examples: &examples,
        panel: side_by_side,
    };
    let html = page::render_page(params, &metrics, drawn)?;
    write_bytes(&ctx.out.join(PAGE_FILE), html.as_bytes())?;
    Ok(Outcome::default()
        .count("figures", count + usize::from(panel.is_some()))
        .count("ecgs_drawn", examples.len())
        .count("page_bytes", html.len()))
}
