//! An ECG: its drawing, its labels, the reader's verdicts, its segments, and its rows in every table.

use super::list::{closest_label, reason};
use super::text::{PAGE, Query, count_text, ecg_path, probability_text, query_text, with_query, yes_no};
use crate::reviews::{ReviewBook, Statement, statement};
use crate::run::{Filter, RunIndex, ShownTable};
use ecgfm_artifacts::columns::SEGMENT;
use ecgfm_artifacts::predictions::PROBABILITY;
use ecgfm_artifacts::review::{Review, Subject, Verdict};
use serde::Serialize;

/// Parameter of an address that says whether saliency is drawn, and its value where it is not.
const SALIENCY: &str = "saliency";
const OFF: &str = "off";

/// What the page of an ECG is made of.
pub(crate) struct EcgView<'a> {
    pub(crate) index: &'a RunIndex,
    pub(crate) filter: &'a Filter,
    pub(crate) row: usize,
    /// Its place in the list.
    pub(crate) place: Option<usize>,
    /// The rows of the list.
    pub(crate) rows: &'a [u32],
    pub(crate) reviews: &'a ReviewBook,
    pub(crate) tables: &'a [ShownTable],
    /// Its rows in the table of segments.
    pub(crate) segments: Option<ShownTable>,
    pub(crate) query: &'a Query,
}

/// What its template shows.
#[derive(Debug, Serialize)]
pub(super) struct EcgText {
    exam: String,
    recording: String,
    facts: Vec<(String, String)>,
    drawing: String,
    /// True where saliency is drawn.
    shades: bool,
    /// This page with saliency, where it is without, or without.
    shades_path: String,
    alt: String,
    place: Option<String>,
    found: String,
    previous: Option<String>,
    next: Option<String>,
    list: String,
    labels: Vec<LabelText>,
    row: usize,
    action: String,
    /// Labels that can be judged, the one that is asked about first.
    choices: Vec<Choice>,
    rejection: Option<String>,
    note: String,
    segment_labels: Vec<String>,
    segments: Vec<Vec<String>>,
    tables: Vec<TableText>,
    pending: bool,
}

#[derive(Debug, Serialize)]
struct LabelText {
    name: String,
    title: String,
    truth: &'static str,
    probability: String,
    threshold: String,
    predicted: &'static str,
    wrong: bool,
    verdict: &'static str,
    note: String,
    chosen: bool,
}

#[derive(Debug, Serialize)]
struct Choice {
    name: String,
    asks: String,
    chosen: bool,
}

#[derive(Debug, Serialize)]
struct TableText {
    name: String,
    why: Option<String>,
    /// Name of a column, and its cell in each row.
    columns: Vec<(String, Vec<String>)>,
}

/// What the template of an ECG shows.
pub(super) fn describe(view: &EcgView<'_>, base: &str) -> EcgText {
    let (index, row) = (view.index, view.row);
    let neighbour = |at: Option<usize>| {
        let row = *view.rows.get(at?)? as usize;
        Some(ecg_path(base, row, view.query))
    };
    let exam = index.exam_id.get(row).unwrap_or_default().to_owned();
    let chosen = asked_label(view);
    let said = view
        .reviews
        .of(row)
        .find(|review| is_about(index, review, chosen));
    let page = view.place.map_or(1, |place| place / PAGE + 1).to_string();
    let (segment_labels, segments) = segments(view.segments.as_ref());
    EcgText {
        recording: index.save_file.get(row).unwrap_or_default().to_owned(),
        facts: facts(index, row),
        drawing: drawing_path(view, base),
        shades: shows_saliency(view.query),
        shades_path: shades_path(view, base),
        alt: format!("ECG of exam {exam} on ECG paper"),
        place: view.place.map(|place| count_text(place + 1)),
        found: count_text(view.rows.len()),
        previous: neighbour(view.place.and_then(|place| place.checked_sub(1))),
        next: neighbour(view.place.map(|place| place + 1)),
        list: with_query(base, &query_text(view.query, &[("page", &page)])),
        labels: label_texts(view, chosen),
        row,
        action: with_query(&format!("{base}review"), &query_text(view.query, &[])),
        choices: choices(index, row, chosen),
        rejection: index.reason.get(row).map(super::text::words),
        note: said.map(|review| review.note.clone()).unwrap_or_default(),
        segment_labels,
        segments,
        tables: view.tables.iter().filter_map(table_text).collect(),
        pending: view
            .tables
            .iter()
            .any(|table| matches!(table, ShownTable::Pending { .. })),
        exam,
    }
}

/// True unless a query says that ECGs are drawn without saliency.
pub(crate) fn shows_saliency(query: &Query) -> bool {
    !query.iter().any(|(name, value)| name == SALIENCY && value == OFF)
}

fn drawing_path(view: &EcgView<'_>, base: &str) -> String {
    let query = match shows_saliency(view.query) {
        true => String::new(),
        false => query_text(&[], &[(SALIENCY, OFF)]),
    };
    with_query(&format!("{base}ecg/{}/drawing.svg", view.row), &query)
}

fn shades_path(view: &EcgView<'_>, base: &str) -> String {
    let others = view.query.iter().filter(|(name, _)| name != SALIENCY);
    let others: Vec<(String, String)> = others.cloned().collect();
    let change: &[(&str, &str)] = match shows_saliency(view.query) {
        true => &[(SALIENCY, OFF)],
        false => &[],
    };
    with_query(&format!("{base}ecg/{}", view.row), &query_text(&others, change))
}

/// The label that the form asks about: that of the filter, else the one whose probability is closest to its threshold, else the first of which
/// anything is known.
fn asked_label(view: &EcgView<'_>) -> Option<usize> {
    let (index, row) = (view.index, view.row);
    let can_be_judged = |at: &usize| statement(index, row, Some(*at)).is_some();
    let closest = closest_label(index, row);
    let closest = closest.and_then(|label| index.labels.iter().position(|other| other.name == label.name));
    let all = view
        .filter
        .label
        .into_iter()
        .chain(closest)
        .chain(0..index.labels.len());
    all.into_iter()
        .find(can_be_judged)
        .filter(|_| !index.is_set_aside(row))
}

fn is_about(index: &RunIndex, review: &Review, label: Option<usize>) -> bool {
    match label.and_then(|at| index.labels.get(at)) {
        Some(label) => review.label == label.name,
        None => review.about == Subject::Rejection,
    }
}

fn facts(index: &RunIndex, row: usize) -> Vec<(String, String)> {
    let fact = |name: &str, value: Option<&str>| Some((name.to_owned(), value?.to_owned()));
    let groups = index.groups.iter().map(|(by, groups)| fact(by, groups.get(row)));
    let idx = index.idx.get(row).map(i64::to_string);
    let reason = Some(reason(index, row)).filter(|reason| !reason.is_empty());
    let name = if index.is_set_aside(row) {
        "exam"
    } else {
        "quality flags"
    };
    let several = index.source.names.len() > 1;
    [fact("idx", idx.as_deref()), fact("split", index.split.get(row))]
        .into_iter()
        .chain(groups)
        .chain([
            fact("archive", index.source.get(row).filter(|_| several)),
            fact(name, reason.as_deref()),
        ])
        .flatten()
        .collect()
}

fn label_texts(view: &EcgView<'_>, chosen: Option<usize>) -> Vec<LabelText> {
    let (index, row) = (view.index, view.row);
    if index.is_set_aside(row) {
        return Vec::new();
    }
    let text = |(at, label): (usize, &crate::run::LabelColumn)| {
        let said = view.reviews.of(row).find(|review| review.label == label.name);
        LabelText {
            name: label.name.clone(),
            title: label.title.clone(),
            truth: yes_no(label.truth(row)),
            probability: probability_text(label.probability(row)),
            threshold: label.threshold.map_or_else(String::new, |t| format!("{t:.3}")),
            predicted: yes_no(label.predicted(row)),
            wrong: label.is_wrong(row),
            verdict: said.and_then(|review| review.verdict).map_or("", Verdict::as_str),
            note: said.map(|review| review.note.clone()).unwrap_or_default(),
            chosen: chosen == Some(at),
        }
    };
    index.labels.iter().enumerate().map(text).collect()
}

/// What can be judged of an ECG.
fn choices(index: &RunIndex, row: usize, chosen: Option<usize>) -> Vec<Choice> {
    if index.is_set_aside(row) {
        return Vec::new();
    }
    let choice = |(at, label): (usize, &crate::run::LabelColumn)| {
        let Statement { about, stated } = statement(index, row, Some(at))?;
        let who = if about == Subject::Truth {
            "the truth says"
        } else {
            "the model says"
        };
        let what = if stated == "True" { "yes" } else { "no" };
        Some(Choice {
            asks: format!("{}: {who} {what}", label.name),
            name: label.name.clone(),
            chosen: chosen == Some(at),
        })
    };
    index.labels.iter().enumerate().filter_map(choice).collect()
}

/// The mapped labels, and of each segment its name and their probabilities.
fn segments(table: Option<&ShownTable>) -> (Vec<String>, Vec<Vec<String>>) {
    let Some(ShownTable::Rows { columns, rows, .. }) = table else {
        return Default::default();
    };
    let of_label = |(at, name): (usize, &String)| Some((at, name.strip_suffix(PROBABILITY)?.to_owned()));
    let labels: Vec<(usize, String)> = columns.iter().enumerate().filter_map(of_label).collect();
    let name = columns.iter().position(|name| name == SEGMENT);
    let row = |cells: &Vec<String>| {
        let number = |at: usize| probability_text(cells.get(at).and_then(|cell| cell.parse().ok()));
        let name = name.and_then(|at| cells.get(at)).cloned().unwrap_or_default();
        std::iter::once(name)
            .chain(labels.iter().map(|(at, _)| number(*at)))
            .collect()
    };
    let rows = rows.iter().map(row).collect();
    (labels.into_iter().map(|(_, name)| name).collect(), rows)
}

fn table_text(table: &ShownTable) -> Option<TableText> {
    match table {
        ShownTable::Pending { .. } => None,
        ShownTable::Failed { name, why } => Some(TableText {
            name: name.clone(),
            why: Some(why.clone()),
            columns: Vec::new(),
        }),
        ShownTable::Rows { name, columns, rows } => {
            let cells = |at: usize| rows.iter().map(|row| row[at].clone()).collect();
            let columns = columns
                .iter()
                .enumerate()
                .map(|(at, name)| (name.clone(), cells(at)));
            Some(TableText {
                name: name.clone(),
                why: None,
                columns: columns.collect(),
            })
        }
    }
}
