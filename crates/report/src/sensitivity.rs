//! How far a model's answers move where its recipe is not followed, as a chart: a bar a departure.

use crate::svg::Chart;
use crate::text::{count_text, escape, number_text};
use std::fmt::Write;

const WIDTH: f64 = 760.0;
/// Right end of the departures' names.
const NAMES: f64 = 330.0;
/// Right end of the scale.
const SCALE: f64 = 560.0;
/// Right ends of the columns of numbers.
const FLIPPED: f64 = 660.0;
const AUROC: f64 = 740.0;
const TOP: f64 = 46.0;
const ROW: f64 = 24.0;
const BOTTOM: f64 = 34.0;

/// What a departure changes.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityBar {
    /// What is done wrongly.
    pub name: String,
    /// Mean absolute change of a probability.
    pub mean: f64,
    /// Largest absolute change.
    pub max: f64,
    /// Decisions that change.
    pub flipped: usize,
    /// All decisions.
    pub decisions: usize,
    /// Mean AUROC that is left, where the truth is known.
    pub auroc: Option<f64>,
}

/// Draws the bars as an SVG file of its own; `auroc` is that of the recipe itself, and `notice` goes to the foot.
///
/// ```
/// use ecgfm_report::sensitivity::{SensitivityBar, draw_sensitivity};
/// let bar = SensitivityBar { name: "not filtered".into(), mean: 0.1, max: 0.5, flipped: 3, decisions: 50, auroc: None };
/// assert!(draw_sensitivity("model.ts", &[bar], None, None).contains("not filtered"));
/// ```
pub fn draw_sensitivity(
    title: &str,
    bars: &[SensitivityBar],
    auroc: Option<f64>,
    notice: Option<&str>,
) -> String {
    let most = bars.iter().fold(0.0_f64, |most, bar| most.max(bar.mean));
    // Room to the next of 1, 2, 5 times a power of ten.
    let top = round_up(most);
    let height = TOP + ROW * bars.len() as f64 + BOTTOM;
    let mut body = heads(auroc);
    scale(&mut body, top, height - BOTTOM);
    for (number, bar) in bars.iter().enumerate() {
        draw_row(&mut body, bar, top, TOP + ROW * number as f64);
    }
    let chart = Chart {
        title: title.to_owned(),
        description: describe(bars, auroc),
        size: (WIDTH, height),
        millimetres: false,
        on_page: None,
        body,
    };
    chart.file(notice)
}

/// The least of 1, 2, 5 times a power of ten that is not below a value; 0.001 at least.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-3).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps
        .into_iter()
        .find(|step| *step >= value)
        .unwrap_or(10.0 * power)
}

fn heads(auroc: Option<f64>) -> String {
    let mut body = String::new();
    text(
        &mut body,
        "axis",
        ((NAMES + SCALE) / 2.0 + 6.0, 18.0),
        "middle",
        "mean change of a probability",
    );
    text(&mut body, "axis", (FLIPPED, 18.0), "end", "flipped");
    if let Some(auroc) = auroc {
        text(&mut body, "axis", (AUROC, 18.0), "end", "AUROC");
        text(
            &mut body,
            "tick",
            (AUROC, 33.0),
            "end",
            &format!("recipe: {}", number_text(auroc)),
        );
    }
    body
}

fn x(value: f64, top: f64) -> f64 {
    let left = NAMES + 12.0;
    left + value / top * (SCALE - left)
}

fn scale(body: &mut String, top: f64, bottom: f64) {
    for part in [0.0, 0.5, 1.0] {
        let at = x(part * top, top);
        let _ = write!(
            body,
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{:.1}\" x2=\"{at:.1}\" y2=\"{bottom:.1}\"/>",
            TOP - 6.0
        );
        let label = format!("{:.4}", part * top);
        let label = label.trim_end_matches('0').trim_end_matches('.');
        text(body, "tick", (at, bottom + 16.0), "middle", label);
    }
}

fn draw_row(body: &mut String, bar: &SensitivityBar, top: f64, y: f64) {
    let base = y + ROW * 0.65;
    text(body, "name", (NAMES, base), "end", &bar.name);
    let (from, to) = (x(0.0, top), x(bar.mean, top));
    // A bar too short to see is drawn a hair long, so that no departure goes unseen.
    let width = (to - from).max(0.7);
    let _ = write!(
        body,
        "<rect class=\"bar present\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
        y + 4.0,
        ROW - 8.0
    );
    let share = 100.0 * bar.flipped as f64 / bar.decisions.max(1) as f64;
    text(body, "tick", (FLIPPED, base), "end", &format!("{share:.1} %"));
    if let Some(auroc) = bar.auroc {
        text(body, "tick", (AUROC, base), "end", &number_text(auroc));
    }
}

fn text(body: &mut String, class: &str, (x, y): (f64, f64), anchor: &str, words: &str) {
    // Writing to a String does not fail.
    let _ = write!(
        body,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        escape(words)
    );
}

fn describe(bars: &[SensitivityBar], auroc: Option<f64>) -> String {
    let of = auroc.map_or_else(String::new, |auroc| {
        format!("AUROC by the recipe {}. ", number_text(auroc))
    });
    let rows = bars.iter().map(|bar| {
        let auroc = bar
            .auroc
            .map_or_else(String::new, |auroc| format!(", AUROC {}", number_text(auroc)));
        format!(
            "{}: mean change {:.4}, largest {}, {} of {} decisions flipped{auroc}.",
            bar.name,
            bar.mean,
            number_text(bar.max),
            count_text(bar.flipped as u64),
            count_text(bar.decisions as u64)
        )
    });
    format!("{of}{}", rows.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(mean: f64) -> SensitivityBar {
        SensitivityBar {
            name: "a < b".to_owned(),
            mean,
            max: 1.0,
            flipped: 5,
            decisions: 50,
            auroc: Some(0.75),
        }
    }

    #[test]
    fn every_departure_has_a_bar_and_its_numbers() {
        let svg = draw_sensitivity(
            "t",
            &[bar(0.04), bar(0.02), bar(0.0)],
            Some(0.9),
            Some("SYNTHETIC. More."),
        );
        assert_eq!(svg.matches("bar present").count(), 3);
        assert_eq!(svg.matches("10.0 %").count(), 3);
        for part in ["a &lt; b", "recipe: 0.900", "0.750", "SYNTHETIC.", ">0.05<"] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        let widths: Vec<f64> = svg
            .split("bar present")
            .skip(1)
            .map(|rest| {
                rest.split("width=\"")
                    .nth(1)
                    .unwrap()
                    .split('"')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap()
            })
            .collect();
        assert!(
            (widths[0] - 2.0 * widths[1]).abs() < 0.11 && widths[2] == 0.7,
            "{widths:?}"
        );
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        assert_eq!(
            [0.0, 0.012, 0.2, 0.21, 0.9]
                .map(round_up)
                .map(|v| (v * 1e6).round() / 1e6),
            [0.001, 0.02, 0.2, 0.5, 1.0]
        );
    }
}
