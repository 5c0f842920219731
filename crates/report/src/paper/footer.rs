//! Text below the traces, and the keys of what is marked in them.

use super::ecg::{Ecg, SECONDS};
use super::layout::{self, LINE_HEIGHT, Layout, MARGIN};
use super::trace::{SEGMENT_BAR, SHADE};
use std::fmt::Write;
use std::ops::Range;

/// Line of text below the traces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FooterLine {
    key: FooterKey,
    pub(super) text: String,
}

/// Drawn sample of a mark, before the text that explains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FooterKey {
    None,
    Segments,
    Shades,
}

impl FooterLine {
    fn plain(text: String) -> Self {
        Self {
            key: FooterKey::None,
            text,
        }
    }
}

/// Width of a key, in millimetres.
const KEY: f64 = 16.0;
/// Weights of the shades in the key.
const KEY_SHADES: [f64; 4] = [0.25, 0.5, 0.75, 1.0];

/// Draws the lines below the traces.
pub(super) fn draw_footer(body: &mut String, lines: &[FooterLine], layout: &Layout) {
    for (at, line) in lines.iter().enumerate() {
        let y = layout.paper_bottom + 3.5 + LINE_HEIGHT * at as f64;
        draw_key(body, line.key, y);
        let x = match line.key {
            FooterKey::None => MARGIN,
            FooterKey::Segments | FooterKey::Shades => MARGIN + KEY + 1.5,
        };
        let text = crate::text::escape(&line.text);
        let _ = write!(
            body,
            "<text class=\"paper-text\" x=\"{x}\" y=\"{y:.1}\">{text}</text>"
        );
    }
}

fn draw_key(body: &mut String, key: FooterKey, y: f64) {
    match key {
        FooterKey::None => {}
        FooterKey::Segments => {
            let _ = write!(
                body,
                "<rect class=\"paper-segment\" x=\"{MARGIN}\" y=\"{:.2}\" width=\"{KEY}\" height=\"{SEGMENT_BAR}\"/>",
                y - 1.7
            );
        }
        FooterKey::Shades => {
            let width = KEY / KEY_SHADES.len() as f64;
            for (at, weight) in KEY_SHADES.into_iter().enumerate() {
                let _ = write!(
                    body,
                    "<rect class=\"paper-shade\" x=\"{}\" y=\"{:.2}\" width=\"{width}\" height=\"2.4\" opacity=\"{:.2}\"/>",
                    MARGIN + width * at as f64,
                    y - 2.2,
                    SHADE * weight
                );
            }
        }
    }
}

/// Lines of an ECG: scale and processing, what is marked, and its notes.
pub(super) fn footer_lines(ecg: &Ecg, layout: &Layout) -> Vec<FooterLine> {
    let duration = layout::duration_seconds(ecg);
    let column = layout.column_seconds();
    let shown = if duration > SECONDS {
        format!("the first {SECONDS:.0} s of {duration:.1} s")
    } else if layout.rows.len() > 4 && duration > column {
        format!("{duration:.1} s, the first {column:.0} s in both columns")
    } else {
        format!("{duration:.1} s")
    };
    let gain = if layout.gain < layout.asked {
        format!(
            "{} mm/mV instead of {} for its height",
            number_text(layout.gain),
            number_text(layout.asked)
        )
    } else {
        format!("{} mm/mV", number_text(layout.gain))
    };
    let mut lines = vec![
        FooterLine::plain(format!(
            "{} · {} mm/s · {gain} · filters: {} · {} Hz · {shown}",
            ecg.record,
            number_text(layout.speed),
            ecg.filters,
            number_text(ecg.rate)
        )),
        FooterLine::plain(format!("{}; each lead about its median", ecg.unit.scale_text())),
    ];
    if !ecg.segments.is_empty() {
        lines.push(FooterLine {
            key: FooterKey::Segments,
            text: format!("read by the model: {}", segments_text(&ecg.segments)),
        });
    }
    if !ecg.shades.is_empty() {
        lines.push(FooterLine {
            key: FooterKey::Shades,
            text: format!("shaded: {}; the darker, the stronger", ecg.shades_meaning),
        });
    }
    let notes = ecg.notes.iter().flat_map(|note| wrap(note));
    lines.extend(notes.map(FooterLine::plain));
    lines
}

/// Segments that are named one by one.
const FEW_SEGMENTS: usize = 4;

/// The seconds of the segments.
fn segments_text(segments: &[Range<f64>]) -> String {
    let seconds = |span: &Range<f64>| format!("{}–{} s", number_text(span.start), number_text(span.end));
    if let ([first, .., last], true) = (segments, segments.len() > FEW_SEGMENTS) {
        return format!(
            "{} segments, {}",
            segments.len(),
            seconds(&(first.start..last.end))
        );
    }
    let all: Vec<String> = segments.iter().map(seconds).collect();
    match all.len() {
        1 => format!("one segment, {}", all[0]),
        n => format!("{n} segments, {}", all.join(", ")),
    }
}

/// Letters that a line of text below the traces has room for.
const LINE_LETTERS: usize = 165;

/// Lines of a text, broken between words.
fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_LETTERS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn number_text(v: f64) -> String {
    let text = format!("{v:.*}", if v < 0.1 { 5 } else { 2 });
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
