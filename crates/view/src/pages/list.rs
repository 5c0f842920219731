//! The list of ECGs that a filter leaves.

use super::controls::{Control, controls};
use super::text::{
    PAGE, Query, count_text, ecg_path, probability_text, query_text, with_query, words, yes_no,
};
use crate::reviews::ReviewBook;
use crate::run::{Filter, LabelColumn, RunIndex, margin};
use ecgfm_artifacts::review::Verdict;
use serde::Serialize;

/// What a list is made of.
pub(crate) struct ListPage<'a> {
    pub(crate) index: &'a RunIndex,
    pub(crate) filter: &'a Filter,
    /// All rows of the list, in order.
    pub(crate) rows: &'a [u32],
    pub(crate) reviews: &'a ReviewBook,
    pub(crate) query: &'a Query,
}

/// What its template shows.
#[derive(Debug, Serialize)]
pub(super) struct ListText {
    found: String,
    all: String,
    none_found: bool,
    kept: String,
    set_aside: String,
    reviews: String,
    strange: Option<String>,
    controls: Vec<Control>,
    min: String,
    max: String,
    find: String,
    label: Option<String>,
    attributes: Vec<String>,
    rows: Vec<RowText>,
    first: String,
    last: String,
    links: Vec<(&'static str, &'static str, String)>,
}

#[derive(Debug, Serialize)]
struct RowText {
    path: String,
    exam: String,
    split: String,
    groups: Vec<String>,
    /// Where a label is chosen: its truth, decision and probability.
    truth: String,
    predicted: String,
    probability: String,
    /// Of all labels: which the probability is of.
    closest: String,
    /// True where decision and truth differ.
    wrong: bool,
    reason: String,
    said: String,
}

/// What the template of the list shows.
pub(super) fn describe(page: &ListPage<'_>, base: &str) -> ListText {
    let pages = page.rows.len().div_ceil(PAGE).max(1);
    let number = page.query.iter().find(|(name, _)| name == "page");
    let number = number
        .and_then(|(_, text)| text.parse::<usize>().ok())
        .unwrap_or(1)
        .clamp(1, pages);
    let first = (number - 1) * PAGE;
    let shown = &page.rows[first..page.rows.len().min(first + PAGE)];
    let index = page.index;
    let strange = page.reviews.strange();
    ListText {
        found: count_text(page.rows.len()),
        all: count_text(index.rows()),
        none_found: page.rows.is_empty(),
        kept: count_text(index.kept),
        set_aside: count_text(index.rows() - index.kept),
        reviews: count_text(page.reviews.len()),
        strange: (strange > 0).then(|| count_text(strange)),
        controls: controls(index, page.filter),
        min: page.filter.min.map_or_else(String::new, |p| p.to_string()),
        max: page.filter.max.map_or_else(String::new, |p| p.to_string()),
        find: page.filter.find.clone().unwrap_or_default(),
        label: page
            .filter
            .label
            .and_then(|at| Some(index.labels.get(at)?.name.clone())),
        attributes: index.groups.iter().map(|(by, _)| by.clone()).collect(),
        rows: shown
            .iter()
            .map(|row| row_text(page, *row as usize, base))
            .collect(),
        first: count_text(first + 1),
        last: count_text(first + shown.len()),
        links: page_links(page.query, number, pages, base),
    }
}

/// Relation, text and path of the links to other pages of the list.
fn page_links(
    query: &Query,
    number: usize,
    pages: usize,
    base: &str,
) -> Vec<(&'static str, &'static str, String)> {
    let path = |to: usize| with_query(base, &query_text(query, &[("page", &to.to_string())]));
    let back = [
        ("first", "First", 1),
        ("prev", "Previous", number.saturating_sub(1)),
    ];
    let on = [("next", "Next", number + 1), ("last", "Last", pages)];
    let back = back.into_iter().filter(|_| number > 1);
    let on = on.into_iter().filter(|_| number < pages);
    back.chain(on)
        .map(|(rel, text, to)| (rel, text, path(to)))
        .collect()
}

fn row_text(page: &ListPage<'_>, row: usize, base: &str) -> RowText {
    let (index, filter) = (page.index, page.filter);
    let mut text = RowText {
        path: ecg_path(base, row, page.query),
        exam: index.exam_id.get(row).unwrap_or_default().to_owned(),
        split: index.split.get(row).unwrap_or_default().to_owned(),
        groups: index
            .groups
            .iter()
            .map(|(_, groups)| groups.get(row).unwrap_or_default().to_owned())
            .collect(),
        truth: String::new(),
        predicted: String::new(),
        probability: String::new(),
        closest: String::new(),
        wrong: false,
        reason: reason(index, row),
        said: said(page, row),
    };
    match filter.label.and_then(|at| index.labels.get(at)) {
        Some(label) => {
            let (truth, predicted) = (label.truth(row), label.predicted(row));
            text.truth = yes_no(truth).to_owned();
            text.predicted = yes_no(predicted).to_owned();
            text.probability = probability_text(label.probability(row));
            text.wrong = label.is_wrong(row);
        }
        None => {
            let names = |holds: fn(&LabelColumn, usize) -> Option<bool>| {
                let holding = index
                    .labels
                    .iter()
                    .filter(|label| holds(label, row) == Some(true));
                let names: Vec<&str> = holding.map(|label| label.name.as_str()).collect();
                let asked = index.labels.iter().any(|label| holds(label, row).is_some());
                match names.is_empty() && asked {
                    true => "none".to_owned(),
                    false => names.join(", "),
                }
            };
            (text.truth, text.predicted) = (names(LabelColumn::truth), names(LabelColumn::predicted));
            if let Some(label) = closest_label(index, row) {
                text.closest.clone_from(&label.name);
                text.probability = probability_text(label.probability(row));
            }
            text.wrong = index.labels.iter().any(|label| label.is_wrong(row));
        }
    }
    text
}

/// The label whose probability is closest to its threshold.
pub(super) fn closest_label(index: &RunIndex, row: usize) -> Option<&LabelColumn> {
    let distance = |label: &&LabelColumn| Some(margin(label.probability(row)?, label.threshold?).abs());
    let known = index
        .labels
        .iter()
        .filter_map(|label| Some((distance(&label)?, label)));
    known.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, label)| label)
}

/// Why an exam was set aside, or the checks that a recording failed.
pub(super) fn reason(index: &RunIndex, row: usize) -> String {
    match index.reason.get(row) {
        Some(reason) => format!("set aside: {}", words(reason)),
        None => {
            let flags = index.flags_of(row).map(|check| words(check.as_str()));
            flags.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The reader's verdicts on an ECG: on the chosen label, or on all.
fn said(page: &ListPage<'_>, row: usize) -> String {
    let label = page.filter.label.and_then(|at| page.index.labels.get(at));
    let of_label = page
        .reviews
        .of(row)
        .filter(|review| label.is_none_or(|label| label.name == review.label));
    let words = of_label.map(|review| {
        let verdict = review.verdict.map_or("note", Verdict::as_str);
        match label.is_some() || review.label.is_empty() {
            true => verdict.to_owned(),
            false => format!("{}: {verdict}", review.label),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}
