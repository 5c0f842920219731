//! Flow of ECGs as boxes from top to bottom, and beside the way what left it.

use super::chart::Chart;
use super::shape::{Anchor, Place, Role, Shape, svg_elements};

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

/// Widths of a diagram of the flow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlowFrame {
    pub(crate) width: f64,
    /// Width of a box on the way.
    pub(crate) main: f64,
    /// Where the way goes down from a box.
    pub(crate) way: f64,
    /// Where a box beside the way begins.
    pub(crate) beside: f64,
}

impl FlowFrame {
    /// That of the page.
    const PAGE: Self = Self {
        width: 340.0,
        main: 250.0,
        way: 26.0,
        beside: 52.0,
    };
}

/// Room that letters take, as far as it is known.
pub(crate) trait FlowLetters {
    /// Width of a count.
    fn count_width(&self, count: &str) -> f64;
    /// Words as lines no wider than a width.
    fn lines_of(&self, words: &str, width: f64) -> Vec<String>;
}

const LINE: f64 = 17.0;
const PADDING: f64 = 8.0;
const GAP: f64 = 14.0;
const EDGE: f64 = 1.0;
/// Room between a count and its words.
const COUNT_GAP: f64 = 6.0;

/// A chart of the stages for the page.
pub(crate) fn draw_flow((title, description): (String, String), stages: &[FlowStage]) -> Chart {
    let (shapes, height) = plot_flow(FlowFrame::PAGE, &ReadersLetters, stages);
    Chart {
        title,
        description,
        size: (FlowFrame::PAGE.width, height),
        millimetres: false,
        on_page: None,
        body: svg_elements(&shapes),
    }
}

/// The stages, with an arrow from each to the next and to what leaves between them; and their height.
pub(crate) fn plot_flow(
    frame: FlowFrame,
    letters: &dyn FlowLetters,
    stages: &[FlowStage],
) -> (Vec<Shape>, f64) {
    let mut flow = Flow {
        letters,
        y: EDGE,
        shapes: Vec::new(),
    };
    let FlowFrame {
        way, beside: left, ..
    } = frame;
    for (at, stage) in stages.iter().enumerate() {
        flow.draw_box(Role::FlowBox, (EDGE, frame.main), &stage.on_the_way);
        let from = flow.y;
        if let Some(beside) = &stage.beside {
            flow.y += GAP;
            let middle = flow.y + PADDING + LINE / 2.0;
            flow.draw_arrow(&[(way, from), (way, middle), (left, middle)], false);
            flow.draw_box(Role::FlowBeside, (left, frame.width - left - EDGE), beside);
        }
        if at + 1 < stages.len() {
            flow.y += GAP;
            flow.draw_arrow(&[(way, from), (way, flow.y)], true);
        }
    }
    (flow.shapes, flow.y + EDGE)
}

/// Letters of the reader's own typeface at 12 px, whose widths are not known: as many as surely fit.
struct ReadersLetters;

impl FlowLetters for ReadersLetters {
    fn count_width(&self, count: &str) -> f64 {
        8.4 * count.chars().count() as f64
    }

    fn lines_of(&self, words: &str, width: f64) -> Vec<String> {
        broken(words, (width / 6.6) as usize)
    }
}

struct Flow<'a> {
    letters: &'a dyn FlowLetters,
    /// Where the next box begins.
    y: f64,
    shapes: Vec<Shape>,
}

impl Flow<'_> {
    /// A box with its counts in a column, and their words beside them.
    fn draw_box(&mut self, role: Role, (x, width): (f64, f64), of: &FlowBox) {
        let counts = of.lines.iter().map(|(count, _)| self.letters.count_width(count));
        let words_at = x + PADDING + counts.fold(0.0, f64::max) + COUNT_GAP;
        let room = x + width - PADDING - words_at;
        let top = self.y;
        let mut texts = Vec::new();
        let mut line = top + PADDING + LINE * 0.75;
        for (count, words) in &of.lines {
            let place = (words_at - COUNT_GAP, line);
            texts.push(Shape::text(Role::FlowCount, place, Anchor::End, count));
            for words in self.letters.lines_of(words, room) {
                texts.push(Shape::text(Role::Axis, (words_at, line), Anchor::Start, &words));
                line += LINE;
            }
        }
        let height = line - LINE * 0.75 + PADDING - top;
        self.shapes.push(Shape::Rectangle {
            role,
            corner: (x, top),
            size: (width, height),
        });
        self.shapes.append(&mut texts);
        self.y += height;
    }

    /// A way, and the head of an arrow at its end, downwards or to the right.
    fn draw_arrow(&mut self, way: &[Place], down: bool) {
        let path = |role, places: &[Place]| Shape::Path {
            role,
            places: places.to_vec(),
            right_angles: false,
        };
        self.shapes.push(path(Role::FlowWay, way));
        let Some(&(x, y)) = way.last() else { return };
        let head = match down {
            true => [(x - 4.0, y - 6.0), (x + 4.0, y - 6.0), (x, y)],
            false => [(x - 6.0, y - 4.0), (x - 6.0, y + 4.0), (x, y)],
        };
        self.shapes.push(path(Role::FlowHead, &head));
    }
}

/// Words as lines of so many letters; a longer word has a line of its own.
fn broken(words: &str, letters: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= letters {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
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
        assert!(
            svg.contains(">600</text>") && svg.contains(">exams &lt;read&gt;</text>"),
            "{svg}"
        );
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_only_a_word_alone_is_longer_than_its_line(words in "[a-z ]{0,80}", letters in 4_usize..40) {
            let lines = broken(&words, letters);
            let all: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            prop_assert_eq!(all, words.split_whitespace().collect::<Vec<_>>());
            for line in &lines {
                let alone = line.split_whitespace().count() <= 1;
                prop_assert!(alone || line.chars().count() <= letters, "{:?}", lines);
            }
        }

        #[test]
        fn every_text_lies_inside_a_box_and_boxes_do_not_overlap(
            lines in prop::collection::vec(("[0-9]{1,7}", "[a-z]{1,9}( [a-z]{1,9}){0,12}"), 1..12), stages in 1_usize..5
        ) {
            let stage = |_| FlowStage {
                on_the_way: FlowBox { lines: lines.clone() },
                beside: Some(FlowBox { lines: lines.clone() }),
            };
            let stages: Vec<FlowStage> = (0..stages).map(stage).collect();
            let (shapes, height) = plot_flow(FlowFrame::PAGE, &ReadersLetters, &stages);
            let boxes: Vec<(f64, f64)> = shapes.iter().filter_map(|shape| match shape {
                Shape::Rectangle { corner, size, .. } => Some((corner.1, corner.1 + size.1)),
                _ => None,
            }).collect();
            prop_assert_eq!(boxes.len(), 2 * stages.len());
            prop_assert!(boxes.windows(2).all(|pair| pair[0].1 < pair[1].0), "{:?}", boxes);
            prop_assert!(boxes.iter().all(|(_, bottom)| *bottom < height));
            for shape in &shapes {
                if let Shape::Text { at: (_, y), .. } = shape {
                    prop_assert!(boxes.iter().any(|(top, bottom)| top + 8.0 < *y && *y < bottom - 4.0), "{}", y);
                }
            }
        }
    }
}
