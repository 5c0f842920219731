//! Flow of ECGs as boxes from top to bottom, and beside the way what left it.

use super::chart::Chart;
use crate::text::escape;
use std::fmt::Write;

/// Box of lines.
pub(crate) struct FlowBox {
    /// Lines, from top to bottom: a count, and what was counted.
    pub(crate) lines: Vec<(String, String)>,
}

/// Box on the way, and what is said beside the way below it.
pub(crate) struct FlowStage {
    /// What is on the way.
    pub(crate) on_the_way: FlowBox,
    /// What leaves it before the next box.
    pub(crate) beside: Option<FlowBox>,
}

const WIDTH: f64 = 340.0;
/// Width of a box on the way.
const MAIN: f64 = 250.0;
/// Where the way goes down from a box.
const WAY: f64 = 26.0;
/// Where a box beside the way begins.
const BESIDE: f64 = 52.0;
const LINE: f64 = 17.0;
const PADDING: f64 = 8.0;
const GAP: f64 = 14.0;
const EDGE: f64 = 1.0;
/// Letters of 12 px that surely fit a width of one unit.
const LETTERS: f64 = 1.0 / 6.6;

/// A chart of the stages, with an arrow from each to the next and to what leaves between them.
pub(crate) fn draw_flow((title, description): (String, String), stages: &[FlowStage]) -> Chart {
    let mut flow = Flow {
        y: EDGE,
        body: String::new(),
    };
    for (at, stage) in stages.iter().enumerate() {
        flow.draw_box("flow-box", (EDGE, MAIN), &stage.on_the_way);
        let from = flow.y;
        if let Some(beside) = &stage.beside {
            flow.y += GAP;
            let middle = flow.y + PADDING + LINE / 2.0;
            flow.draw_arrow(
                &format!("M{WAY} {from:.1}V{middle:.1}H{BESIDE}"),
                (BESIDE, middle),
                false,
            );
            flow.draw_box("flow-box flow-beside", (BESIDE, WIDTH - BESIDE - EDGE), beside);
        }
        if at + 1 < stages.len() {
            flow.y += GAP;
            flow.draw_arrow(&format!("M{WAY} {from:.1}V{:.1}", flow.y), (WAY, flow.y), true);
        }
    }
    Chart {
        title,
        description,
        size: (WIDTH, flow.y + EDGE),
        millimetres: false,
        on_page: None,
        body: flow.body,
    }
}

struct Flow {
    /// Where the next box begins.
    y: f64,
    body: String,
}

impl Flow {
    fn draw_box(&mut self, class: &str, (x, width): (f64, f64), of: &FlowBox) {
        let letters = ((width - 2.0 * PADDING) * LETTERS) as usize;
        let lines: Vec<(&str, String)> = (of.lines.iter())
            .flat_map(|(count, words)| broken(count, words, letters))
            .collect();
        let height = 2.0 * PADDING + LINE * lines.len() as f64;
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{:.1}\" width=\"{width}\" height=\"{height:.1}\" rx=\"4\"/>",
            self.y
        );
        for (at, (count, words)) in lines.iter().enumerate() {
            let y = self.y + PADDING + LINE * (at as f64 + 0.75);
            let _ = write!(
                self.body,
                "<text x=\"{:.1}\" y=\"{y:.1}\"><tspan class=\"flow-count\">{}</tspan>{}</text>",
                x + PADDING,
                escape(count),
                escape(words)
            );
        }
        self.y += height;
    }

    /// A way, and the head of an arrow at its end, downwards or to the right.
    fn draw_arrow(&mut self, way: &str, (x, y): (f64, f64), down: bool) {
        let head = match down {
            true => format!("M{:.1} {:.1}h8l-4 6z", x - 4.0, y - 6.0),
            false => format!("M{:.1} {:.1}v8l6 -4z", x - 6.0, y - 4.0),
        };
        let _ = write!(
            self.body,
            "<path class=\"flow-way\" d=\"{way}\"/><path class=\"flow-head\" d=\"{head}\"/>"
        );
    }
}

/// The count with as many of the words as fit a line, then further lines of the rest.
fn broken<'a>(count: &'a str, words: &str, letters: usize) -> Vec<(&'a str, String)> {
    let mut lines = vec![(count, String::new())];
    let mut room = letters.saturating_sub(count.chars().count());
    for word in words.split_whitespace() {
        let length = word.chars().count() + 1;
        if room < length && lines.last().is_some_and(|(_, line)| !line.is_empty()) {
            lines.push(("", String::new()));
            room = letters;
        }
        if let Some((_, line)) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
        room = room.saturating_sub(length);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flow_box(count: &str, words: &str) -> FlowBox {
        FlowBox {
            lines: vec![(count.to_owned(), words.to_owned())],
        }
    }

    #[test]
    fn every_box_but_the_last_has_an_arrow_to_the_next_and_to_what_leaves() {
        let stage = |beside| FlowStage {
            on_the_way: flow_box("600", "exams <read>"),
            beside,
        };
        let stages = [stage(Some(flow_box("20", "set aside"))), stage(None), stage(None)];
        let svg = draw_flow((String::new(), String::new()), &stages).inline("f");
        assert_eq!(svg.matches("<rect").count(), 4);
        assert_eq!(svg.matches("flow-head").count(), 3);
        assert!(svg.contains(">600</tspan> exams &lt;read&gt;</text>"), "{svg}");
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_only_a_word_alone_is_longer_than_its_line(words in "[a-z ]{0,80}", letters in 4_usize..40) {
            let lines = broken("12", &words, letters);
            let all: Vec<&str> = lines.iter().flat_map(|(_, line)| line.split_whitespace()).collect();
            prop_assert_eq!(all, words.split_whitespace().collect::<Vec<_>>());
            for (count, line) in &lines {
                let alone = line.split_whitespace().count() <= 1;
                prop_assert!(alone || count.len() + line.chars().count() <= letters, "{:?}", lines);
            }
        }
    }
}
