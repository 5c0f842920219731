//! The graph for people: text, Mermaid and Graphviz.

use std::fmt::Write as _;

use crate::config::graph::{Graph, Stage, Upstream};

impl Graph {
    /// Draws a line a stage, in running order, each with what it reads from which stage.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}, profile {}\n", self.pipeline, self.profile);
        let width = self
            .stages
            .iter()
            .map(|s| stage_label(s).chars().count())
            .max()
            .unwrap_or(0);
        for stage in &self.stages {
            let label = stage_label(stage);
            let reads: Vec<String> = stage.upstream.iter().map(upstream_label).collect();
            let line = match reads.as_slice() {
                [] => format!("  {label}"),
                reads => format!("  {label:width$}  ← {}", reads.join(", ")),
            };
            let _ = writeln!(text, "{line}");
        }
        text
    }

    /// A Mermaid flowchart, as GitHub and many viewers draw it.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        for (at, stage) in self.stages.iter().enumerate() {
            let _ = writeln!(text, "  s{at}[\"{}\"]", stage_label(stage));
        }
        for (at, stage) in self.stages.iter().enumerate() {
            for upstream in &stage.upstream {
                let from = self
                    .stages
                    .iter()
                    .position(|s| s.name.text == upstream.stage)
                    .unwrap_or(at);
                let _ = match upstream.outputs.as_slice() {
                    [] => writeln!(text, "  s{from} -.-> s{at}"),
                    outputs => writeln!(text, "  s{from} -->|{}| s{at}", outputs.join(", ")),
                };
            }
        }
        text
    }

    /// A Graphviz digraph, for `dot`.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text = format!("digraph \"{}\" {{\n  node [shape=box];\n", self.pipeline);
        for stage in &self.stages {
            let _ = writeln!(
                text,
                "  \"{}\" [label=\"{}\"];",
                stage.name.text,
                stage_label(stage)
            );
        }
        for stage in &self.stages {
            for upstream in &stage.upstream {
                let look = match upstream.outputs.as_slice() {
                    [] => "style=dashed".to_owned(),
                    outputs => format!("label=\"{}\"", outputs.join(", ")),
                };
                let _ = writeln!(
                    text,
                    "  \"{}\" -> \"{}\" [{look}];",
                    upstream.stage, stage.name.text
                );
            }
        }
        text.push_str("}\n");
        text
    }
}

fn stage_label(stage: &Stage) -> String {
    if stage.name.text == stage.kind.name() {
        stage.name.text.clone()
    } else {
        format!("{} ({})", stage.name.text, stage.kind.name())
    }
}

fn upstream_label(upstream: &Upstream) -> String {
    match upstream.outputs.as_slice() {
        [] => format!("{} (needs)", upstream.stage),
        [one] => format!("{}.{one}", upstream.stage),
        many => format!("{}.{{{}}}", upstream.stage, many.join(", ")),
    }
}
