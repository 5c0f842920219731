//! The controls of the list's form, as the filter has them.

use super::text::words;
use crate::run::{EXAMS, Filter, GROUP, RunIndex, Sort, TRUTHS, VerdictChoice, YES_NO};
use ecgfm_artifacts::quality::QualityCheck;
use serde::Serialize;

/// A list to choose from.
#[derive(Debug, Serialize)]
pub(super) struct Control {
    name: String,
    title: String,
    options: Vec<ControlOption>,
}

#[derive(Debug, Serialize)]
struct ControlOption {
    value: String,
    text: String,
    chosen: bool,
}

impl Control {
    /// `all` stands for no choice.
    fn new<'a>(
        (name, title, all): (&str, &str, &str),
        values: impl IntoIterator<Item = &'a str>,
        chosen: Option<usize>,
    ) -> Self {
        let none = ControlOption {
            value: String::new(),
            text: all.to_owned(),
            chosen: chosen.is_none(),
        };
        let options = values.into_iter().enumerate().map(|(at, value)| ControlOption {
            value: value.to_owned(),
            text: words(value),
            chosen: chosen == Some(at),
        });
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            options: std::iter::once(none).chain(options).collect(),
        }
    }

    /// The same with other texts than values.
    fn titled<'a>(mut self, titles: impl IntoIterator<Item = &'a str>) -> Self {
        let options = self.options.iter_mut().skip(1);
        options
            .zip(titles)
            .for_each(|(option, title)| option.text = title.to_owned());
        self
    }

    fn has_choice(&self) -> bool {
        self.options.len() > 1
    }
}

/// All lists of the form that this run has choices for.
pub(super) fn controls(index: &RunIndex, filter: &Filter) -> Vec<Control> {
    let of_groups = index.groups.iter().zip(&filter.groups);
    let of_groups = of_groups.map(|((by, groups), chosen)| {
        let name = format!("{GROUP}{by}");
        Control::new((&name, &capital(by), "any"), texts(&groups.names), code(*chosen))
            .titled(texts(&groups.names))
    });
    let mut all = label_controls(index, filter);
    all.extend(of_groups);
    all.extend(exam_controls(index, filter));
    all.retain(Control::has_choice);
    all.push(order(filter.sort));
    all
}

/// What is asked of a label.
fn label_controls(index: &RunIndex, filter: &Filter) -> Vec<Control> {
    let labels: Vec<&str> = index.labels.iter().map(|label| label.name.as_str()).collect();
    let truth = filter.truth.map(|truth| match truth {
        Some(true) => 0,
        Some(false) => 1,
        None => 2,
    });
    let predicted = filter.predicted.map(|yes| usize::from(!yes));
    let names = labels.iter().copied();
    vec![
        Control::new(("label", "Label", "any label"), names, filter.label).titled(labels),
        Control::new(("truth", "Truth of the label", "any"), TRUTHS, truth),
        Control::new(("predicted", "Predicted", "any"), YES_NO, predicted),
    ]
}

/// What is asked of an exam, and of what the reader said of it.
fn exam_controls(index: &RunIndex, filter: &Filter) -> Vec<Control> {
    let verdict = filter.verdict;
    let verdict = verdict.and_then(|wanted| VerdictChoice::ALL.iter().position(|v| *v == wanted));
    let chosen = |name: &str, title: &str, names: &[String], of: Option<u16>| {
        Control::new((name, title, "any"), texts(names), code(of))
    };
    let mut all = vec![chosen("split", "Split", &index.split.names, filter.split)];
    if index.source.names.len() > 1 {
        all.push(chosen("source", "Archive", &index.source.names, filter.source));
    }
    let exams = filter.set_aside.map(usize::from);
    all.push(Control::new(("exams", "Exams", "all"), EXAMS, exams));
    all.push(chosen(
        "reason",
        "Set aside for",
        &index.reason.names,
        filter.reason,
    ));
    if index.flags.iter().any(|flags| *flags != 0) {
        let checks = QualityCheck::ALL.map(QualityCheck::as_str);
        all.push(Control::new(("flag", "Quality flag", "any"), checks, filter.flag));
    }
    let verdicts = VerdictChoice::ALL.map(VerdictChoice::as_str);
    all.push(Control::new(
        ("verdict", "Your verdict", "any"),
        verdicts,
        verdict,
    ));
    all
}

fn code(code: Option<u16>) -> Option<usize> {
    code.map(usize::from)
}

/// The order, of which one is always chosen.
fn order(sort: Sort) -> Control {
    let option = |order: Sort| ControlOption {
        value: order.as_str().to_owned(),
        text: order.title().to_owned(),
        chosen: order == sort,
    };
    Control {
        name: "sort".to_owned(),
        title: "Order".to_owned(),
        options: Sort::ALL.map(option).into(),
    }
}

fn texts(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().map(String::as_str)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).collect()
}
