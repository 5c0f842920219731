//! Diagram of what came in, was set aside, and was scored.

use super::drawn_runs::DrawnRuns;
use super::figure::{ColumnWidth, Drawing, FigureSet};
use super::layout::{Sheet, Surround};
use crate::flow::flow_diagram;
use crate::svg::{FlowFrame, FlowLetters, FlowStage, Role, plot_flow};

impl DrawnRuns<'_> {
    pub(super) fn draw_flow(&self, surround: &Surround<'_>, set: &mut FigureSet) {
        let [run] = self.runs else {
            let why = "drawn of one run at a time";
            set.left_out.push(("flow", why.to_owned()));
            return;
        };
        let diagram = flow_diagram(&run.metrics);
        let words = self.words(&diagram.words.0, diagram.key, false);
        set.add("flow", words, vec![surround.lay_out_flow(&diagram.stages)]);
    }
}

impl Surround<'_> {
    fn lay_out_flow(&self, stages: &[FlowStage]) -> Drawing {
        let width = self.width.units();
        let frame = match self.width {
            ColumnWidth::Single => FlowFrame {
                width,
                main: 0.74 * width,
                way: 26.0,
                beside: 52.0,
            },
            // What leaves stands at the right of the way's boxes, as in flow diagrams of trials.
            ColumnWidth::Double => FlowFrame {
                width,
                main: 0.5 * width,
                way: 0.25 * width,
                beside: 0.3 * width,
            },
        };
        let mut sheet = Sheet::new(self);
        let (shapes, height) = plot_flow(frame, self, stages);
        sheet.place(shapes, (0.0, sheet.y));
        sheet.y += height;
        sheet.finish()
    }
}

impl FlowLetters for Surround<'_> {
    fn count_width(&self, count: &str) -> f64 {
        self.text_width(Role::FlowCount, count)
    }

    fn lines_of(&self, words: &str, width: f64) -> Vec<String> {
        self.wrap(Role::Axis, words, width)
    }
}
