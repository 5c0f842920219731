//! Reading what ECGs are found by: of every table only the columns that are needed.

use super::categories::Categories;
use super::index::{LabelColumn, RunIndex};
use super::places::RunPlaces;
use crate::error::Result;
use ecgfm_artifacts::columns::{CHECK, EXAM_ID, IDX, REASON, SAVE_FILE, SOURCE, SPLIT};
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics, ScoredEcgs, group_column, group_of};
use ecgfm_artifacts::predictions::{self, PredictionsInfo};
use ecgfm_artifacts::presence::exists;
use ecgfm_artifacts::quality::{self, QualityCheck};
use ecgfm_artifacts::table::{self, Column, ColumnKind, DataFrame, OtherColumns, TextColumn};
use ecgfm_artifacts::{Error as ArtifactError, labels, records, rejected, splits};
use hashbrown::HashMap;
use std::path::{Path, PathBuf};

/// Reads the index of a run.
///
/// # Errors
/// A table cannot be read or is not what it should be.
pub(crate) fn load_index(places: &RunPlaces) -> Result<RunIndex> {
    let ((exams, split), (truth, scores)) = rayon::join(
        || rayon::join(|| read_exams(places), || read_splits(places)),
        || rayon::join(|| read_truth(places), || read_scores(places)),
    );
    let (mut index, scores) = (exams?, scores?);
    if let Some((path, frame)) = split? {
        let rows = rows_of(&index, table::int_column(&path, &frame, IDX)?.iter());
        let names = table::str_column(&path, &frame, SPLIT)?
            .iter()
            .map(Option::unwrap_or_default);
        let names = Categories::of_texts(names).ok_or_else(|| too_many(&path, SPLIT))?;
        index.split = names.placed(index.kept, rows.into_iter());
    }
    index.flags = read_flags(places, &index)?;
    index.subset = scores.subset.clone();
    index.labels = label_columns(&index, truth?, scores)?;
    Ok(index)
}

fn too_many(path: &Path, column: &str) -> ArtifactError {
    ArtifactError::invalid(
        path,
        format!("column `{column}` has more than 65,534 different texts: it makes no groups"),
    )
}

/// Rows here of row numbers in the raw table.
fn rows_of(index: &RunIndex, idx: impl Iterator<Item = Option<i64>>) -> Vec<Option<u32>> {
    idx.map(|idx| index.row_of_idx.get(&idx?).copied()).collect()
}

/// Those that were kept, and those that were set aside.
fn read_exams(places: &RunPlaces) -> Result<RunIndex> {
    let path = places.signals.join(records::FILE);
    let header = table::read_header(&path)?;
    let has = |name: &&str| header.iter().any(|column| column == name);
    let attributes = places.attributes.iter().filter(|by| has(&group_column(by)));
    let attributes: Vec<&String> = attributes.collect();
    let mut texts = vec![EXAM_ID.to_owned()];
    let further = attributes
        .iter()
        .map(|by| group_column(by))
        .chain([SOURCE].into_iter().filter(has));
    for name in further.filter(|name| *name != EXAM_ID && *name != SAVE_FILE) {
        if !texts.iter().any(|text| text == name) {
            texts.push(name.to_owned());
        }
    }
    let keys = [
        Column::new(IDX, ColumnKind::Int),
        Column::new(SAVE_FILE, ColumnKind::Text),
    ];
    let frame = table::read_named(&path, &keys, &texts, ColumnKind::Text)?;
    let cells = |name: &str| -> Result<_> {
        let column = table::str_column(&path, &frame, name)?;
        Ok(column.iter().map(Option::unwrap_or_default))
    };
    let mut index = RunIndex {
        kept: frame.height(),
        idx: table::int_column(&path, &frame, IDX)?.iter().flatten().collect(),
        save_file: cells(SAVE_FILE)?.collect(),
        exam_id: cells(EXAM_ID)?.collect(),
        ..RunIndex::default()
    };
    index.row_of_idx = index.idx.iter().copied().zip(0..).collect();
    if index.row_of_idx.len() != index.kept {
        let what = "an idx is in more than one row; each exam has one";
        return Err(ArtifactError::invalid(&path, what).into());
    }
    index.groups = read_groups(places, &attributes, (&path, &frame))?;
    let mut sources: TextColumn = match texts.iter().any(|text| text == SOURCE) {
        true => cells(SOURCE)?.collect(),
        false => std::iter::repeat_n("", index.kept).collect(),
    };
    add_set_aside(places, &mut index, &mut sources)?;
    let source = Categories::of_texts(sources.iter());
    index.source = source.ok_or_else(|| too_many(&path, SOURCE))?;
    Ok(index)
}

/// The group of every record, by attribute.
fn read_groups(
    places: &RunPlaces,
    attributes: &[&String],
    (path, frame): (&Path, &DataFrame),
) -> Result<Vec<(String, Categories)>> {
    let group = |by: &&String| {
        let column = group_column(by);
        let cells = table::str_column(path, frame, column)?.iter();
        let cells = cells.map(Option::unwrap_or_default);
        let groups = Categories::read(cells, |cell| group_of(by, &places.age_bands, cell));
        Ok(((*by).clone(), groups.ok_or_else(|| too_many(path, column))?))
    };
    attributes.iter().map(group).collect()
}

/// Adds the exams that were set aside.
fn add_set_aside(places: &RunPlaces, index: &mut RunIndex, sources: &mut TextColumn) -> Result<()> {
    let path = places.signals.join(rejected::FILE);
    if !exists(&path)? {
        index.reason = Categories::empty(index.kept);
        return Ok(());
    }
    let named = [EXAM_ID, REASON].map(|name| Column::new(name, ColumnKind::Text));
    let has_source = table::read_header(&path)?.iter().any(|name| name == SOURCE);
    let source = has_source.then(|| Column::new(SOURCE, ColumnKind::Text));
    let columns: Vec<Column> = named.into_iter().chain(source).collect();
    let frame = table::read(&path, &columns, OtherColumns::Ignore)?;
    let exams = table::str_column(&path, &frame, EXAM_ID)?.iter();
    exams.for_each(|exam| index.exam_id.push(exam.unwrap_or_default()));
    let reasons = table::str_column(&path, &frame, REASON)?
        .iter()
        .map(Option::unwrap_or_default);
    let of_kept = std::iter::repeat_n("", index.kept);
    let all = Categories::of_texts(of_kept.chain(reasons));
    index.reason = all.ok_or_else(|| too_many(&path, REASON))?;
    match has_source {
        true => {
            let of_exams = table::str_column(&path, &frame, SOURCE)?.iter();
            of_exams.for_each(|source| sources.push(source.unwrap_or_default()));
        }
        false => {
            let only = sources.get(0).unwrap_or_default().to_owned();
            (index.kept..index.exam_id.len()).for_each(|_| sources.push(&only));
        }
    }
    Ok(())
}

fn read_splits(places: &RunPlaces) -> Result<Option<(PathBuf, DataFrame)>> {
    let Some(dir) = &places.splits else {
        return Ok(None);
    };
    let path = dir.join(splits::META_FILE);
    let frame = splits::read_meta(&path)?;
    Ok(Some((path, frame)))
}

fn read_truth(places: &RunPlaces) -> Result<Option<(PathBuf, DataFrame)>> {
    let Some(dir) = &places.labels else {
        return Ok(None);
    };
    let path = dir.join(labels::FILE);
    let frame = labels::read(&path)?;
    Ok(Some((path, frame)))
}

/// Bits of the checks that each kept recording failed.
fn read_flags(places: &RunPlaces, index: &RunIndex) -> Result<Vec<u16>> {
    let path = places.signals.join(quality::FILE);
    let mut flags = vec![0; index.kept];
    if !exists(&path)? {
        return Ok(flags);
    }
    let columns = [
        Column::new(IDX, ColumnKind::Int),
        Column::new(CHECK, ColumnKind::Text),
    ];
    let frame = table::read(&path, &columns, OtherColumns::Ignore)?;
    let rows = rows_of(index, table::int_column(&path, &frame, IDX)?.iter());
    for (row, check) in rows
        .into_iter()
        .zip(table::str_column(&path, &frame, CHECK)?.iter())
    {
        let bit = QualityCheck::ALL
            .iter()
            .position(|known| Some(known.as_str()) == check);
        if let (Some(row), Some(bit)) = (row, bit) {
            flags[row as usize] |= 1 << bit;
        }
    }
    Ok(flags)
}

/// Probabilities of ECGs, a column a label, with what each row is of.
#[derive(Default)]
struct Scores {
    subset: Option<String>,
    idx: Vec<Option<i64>>,
    labels: Vec<LabelScores>,
}

/// A label of some ECGs.
struct LabelScores {
    name: String,
    title: String,
    threshold: Option<f64>,
    /// Truth that was scored; nothing where nothing was.
    truth: Vec<Option<bool>>,
    probability: Vec<f32>,
}

/// The mapped labels of the ECGs that were scored; without an evaluation the model's own labels of those that were predicted.
fn read_scores(places: &RunPlaces) -> Result<Scores> {
    match (&places.evaluate, &places.predict) {
        (Some(dir), _) => read_scored(dir),
        (None, Some(dir)) => read_predicted(dir),
        (None, None) => Ok(Scores::default()),
    }
}

fn read_scored(dir: &Path) -> Result<Scores> {
    let (scored, metrics) = rayon::join(|| ScoredEcgs::read(dir), || Metrics::read(dir));
    let (scored, metrics) = (scored?, metrics?);
    let of_ecgs = metrics.unit(EvaluationUnit::Ecg);
    let threshold = |name: &str| {
        let of_label = of_ecgs?.labels.iter().find(|label| label.label == name);
        of_label.map(|label| label.threshold)
    };
    let title = |name: &str| {
        let pair = metrics.mapping.pairs.iter().find(|pair| pair.to == name);
        pair.map(|pair| pair.title.clone()).unwrap_or_default()
    };
    let columns = scored.truth.into_iter().zip(scored.scores);
    let labels = scored
        .labels
        .iter()
        .zip(columns)
        .map(|(name, (truth, probability))| LabelScores {
            name: name.clone(),
            title: title(name),
            threshold: threshold(name),
            truth,
            probability,
        });
    Ok(Scores {
        labels: labels.collect(),
        subset: Some(metrics.subset.clone()),
        idx: scored.idx.into_iter().map(Some).collect(),
    })
}

fn read_predicted(dir: &Path) -> Result<Scores> {
    let path = dir.join(predictions::ECG_FILE);
    let (info, frame) = (PredictionsInfo::read(dir)?, predictions::read_ecg(dir)?);
    let probabilities = |name: &String| -> Result<Vec<f32>> {
        let column = frame.column(name).and_then(|column| column.f32());
        let column = column.map_err(|e| ArtifactError::invalid(&path, e.to_string()))?;
        Ok(column.iter().map(|p| p.unwrap_or(f32::NAN)).collect())
    };
    let label = |name: String| {
        let known = info.labels.labels.iter().find(|label| label.name == name);
        Ok(LabelScores {
            title: known.map(|label| label.title.clone()).unwrap_or_default(),
            threshold: info.threshold_of.get(&name).copied(),
            truth: Vec::new(),
            probability: probabilities(&name)?,
            name,
        })
    };
    let names = predictions::label_names(&frame);
    Ok(Scores {
        labels: names.into_iter().map(label).collect::<Result<_>>()?,
        subset: Some(info.subset.clone()),
        idx: table::int_column(&path, &frame, IDX)?.iter().collect(),
    })
}

/// The labels that are shown: those with probabilities, or without any those of the truth; of every kept ECG the truth that is known.
fn label_columns(
    index: &RunIndex,
    truth: Option<(PathBuf, DataFrame)>,
    scores: Scores,
) -> Result<Vec<LabelColumn>> {
    let known = match &truth {
        Some((path, frame)) => known_truth(index, path, frame)?,
        None => Vec::new(),
    };
    if scores.labels.is_empty() {
        let label = |(name, truth)| LabelColumn {
            name,
            truth,
            ..LabelColumn::default()
        };
        return Ok(known.into_iter().map(label).collect());
    }
    let mut known: HashMap<_, _> = known.into_iter().collect();
    let rows = rows_of(index, scores.idx.iter().copied());
    let label = |scored: LabelScores| {
        let truth = known.remove(&scored.name);
        let truth = truth.unwrap_or_else(|| vec![None; index.kept]);
        place_scores(truth, scored, &rows)
    };
    Ok(scores.labels.into_iter().map(label).collect())
}

/// The truth of every label of every kept ECG, in the order of the table.
fn known_truth(index: &RunIndex, path: &Path, frame: &DataFrame) -> Result<Vec<(String, Vec<Option<bool>>)>> {
    let rows = rows_of(index, table::int_column(path, frame, IDX)?.iter());
    let placed = |name: String| {
        let mut truth = vec![None; index.kept];
        let cells = table::bool_column(path, frame, &name)?;
        for (row, cell) in rows.iter().zip(cells.iter()) {
            if let Some(row) = row {
                truth[*row as usize] = cell;
            }
        }
        Ok((name, truth))
    };
    labels::label_columns(frame).into_iter().map(placed).collect()
}

/// A label with its probabilities at the rows that they are of.
fn place_scores(mut truth: Vec<Option<bool>>, scored: LabelScores, rows: &[Option<u32>]) -> LabelColumn {
    let mut probability = vec![f32::NAN; truth.len()];
    for (at, row) in rows.iter().enumerate() {
        let Some(row) = row.map(|row| row as usize) else {
            continue;
        };
        probability[row] = scored.probability[at];
        // What was scored is what the figures of the run are of.
        if let Some(scored) = scored.truth.get(at) {
            truth[row] = *scored;
        }
    }
    LabelColumn {
        name: scored.name,
        title: scored.title,
        threshold: scored.threshold,
        truth,
        probability,
    }
}
