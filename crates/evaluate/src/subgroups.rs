//! Groups of ECGs: by sex, by age, by any column of the records, and by two of these at once.

use crate::by_number::ByNumber;
use crate::error::{Error, Result};
use crate::metrics::row_parts::RowParts;
use crate::scored_rows::ScoredRows;
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::evaluation::{group_column, group_of};
use ecgfm_artifacts::table::{self, ColumnKind};
use hashbrown::HashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Groups of ECGs that are scored alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Subgroups {
    /// `sex`, `age`, or columns of the records.
    pub by: Vec<String>,
    /// Ages at which age bands begin; the first reaches down to 0.
    pub age_bands: Vec<u32>,
    /// Fewest positives and fewest negatives of a label whose figures are told.
    pub min_cell: u64,
    /// Pairs of attributes of `by` whose groups are crossed; if not given, age by sex where `by` has both.
    pub pairs: Option<Vec<[String; 2]>>,
    /// Fewest ECGs of a crossed group whose figures are told.
    pub min_pair: u64,
}

impl Default for Subgroups {
    fn default() -> Self {
        Self {
            by: vec!["sex".to_owned(), "age".to_owned()],
            age_bands: vec![40, 60, 80],
            min_cell: 10,
            pairs: None,
            min_pair: 50,
        }
    }
}

impl Subgroups {
    /// The pairs whose groups are crossed.
    fn crossed(&self) -> Vec<[String; 2]> {
        let usual = ["age", "sex"].map(str::to_owned);
        let has_usual = usual.iter().all(|name| self.by.contains(name));
        let default = || has_usual.then_some(usual).into_iter().collect();
        self.pairs.clone().unwrap_or_else(default)
    }

    /// Checks what can be checked without data.
    pub(crate) fn check(&self) -> Result<()> {
        for pair in self.pairs.iter().flatten() {
            let known = pair.iter().all(|name| self.by.contains(name));
            if !known || pair[0] == pair[1] {
                let what = format!(
                    "`pairs` has {pair:?}; give two different attributes that are in `by`, {:?}",
                    self.by
                );
                return Err(Error::parameter("subgroups", what));
            }
        }
        let crossed = self.crossed();
        let pairs = crossed.iter().map(|[first, second]| pair_name(first, second));
        let mut known = BTreeSet::new();
        let twice = self
            .by
            .iter()
            .cloned()
            .chain(pairs)
            .find(|name| !known.insert(name.clone()));
        if let Some(name) = twice {
            return Err(Error::parameter(
                "subgroups",
                format!("`{name}` is there twice; name it once"),
            ));
        }
        let ascending = std::iter::once(&0)
            .chain(&self.age_bands)
            .is_sorted_by(|a, b| a < b);
        if ascending {
            return Ok(());
        }
        Err(Error::Parameter {
            name: "subgroups",
            what: format!(
                "`age_bands` are {:?}; give ages above 0, each higher than the one before",
                self.age_bands
            ),
        })
    }
}

/// Name of what two attributes are together.
fn pair_name(first: &str, second: &str) -> String {
    format!("{first} × {second}")
}

/// Most groups that a column may make: more are no groups to read figures of, and may be persons.
const MAX_GROUPS: usize = 50;

/// The rows of a subgroup.
pub(crate) struct SubgroupRows {
    pub(crate) by: String,
    pub(crate) group: String,
    pub(crate) rows: Vec<usize>,
    /// Why the group is too small to be scored.
    pub(crate) few: Option<String>,
}

/// The rows of all subgroups.
#[derive(Default)]
pub(crate) struct AllSubgroupRows {
    /// Of one attribute, the groups of an attribute one after another.
    pub(crate) single: Vec<SubgroupRows>,
    /// Of two attributes.
    pub(crate) crossed: Vec<SubgroupRows>,
}

impl AllSubgroupRows {
    /// The groups that are large enough, as parts of `rows` rows.
    pub(crate) fn parts(&self, rows: usize) -> RowParts {
        let attributes = [&self.single, &self.crossed].into_iter();
        let attributes = attributes.flat_map(|groups| groups.chunk_by(|a, b| a.by == b.by));
        let attributes: Vec<_> = attributes.map(rows_of_large).collect();
        RowParts::with_groups(rows, &attributes)
    }
}

/// The rows of each group that is large enough.
fn rows_of_large(groups: &[SubgroupRows]) -> Vec<&[usize]> {
    let large = groups.iter().filter(|group| group.few.is_none());
    large.map(|group| &group.rows[..]).collect()
}

/// Name of the group of ECGs of which nothing is known.
pub(crate) const UNKNOWN: &str = "unknown";

/// The rows of every subgroup. Groups are in the order of their names, bands by age.
pub(crate) fn subgroup_rows(
    wanted: &Subgroups,
    records: &Path,
    rows: &ScoredRows,
) -> Result<AllSubgroupRows> {
    let mut all = AllSubgroupRows::default();
    for by in &wanted.by {
        let exams = groups_of_exams(wanted, by, records)?;
        let grouped = group_rows(rows, exams);
        check_number(by, grouped.len(), rows.len())?;
        let named = |(group, rows)| SubgroupRows {
            by: by.clone(),
            group,
            rows,
            few: None,
        };
        all.single.extend(grouped.into_iter().map(named));
    }
    for [first, second] in wanted.crossed() {
        let crossed = cross_groups(&all.single, [&first, &second], wanted.min_pair);
        check_number(&pair_name(&first, &second), crossed.len(), rows.len())?;
        all.crossed.extend(crossed);
    }
    Ok(all)
}

fn check_number(by: &str, groups: usize, ecgs: usize) -> Result<()> {
    if groups <= MAX_GROUPS {
        return Ok(());
    }
    let what = format!(
        "`by: {by}` makes {groups} groups of {ecgs} ECGs; at most {MAX_GROUPS} are scored. Name a column of few values: ages \
         have bands (`by: age`, `age_bands`), bands of other numbers can be a column of the records"
    );
    Err(Error::parameter("subgroups", what))
}

/// Groups of what two attributes have in common, without those of which either is not known. Those of fewer than `min_pair` ECGs are too
/// small.
fn cross_groups(groups: &[SubgroupRows], [first, second]: [&str; 2], min_pair: u64) -> Vec<SubgroupRows> {
    let of = |by: &str| {
        let by = by.to_owned();
        groups
            .iter()
            .filter(move |group| group.by == by && group.group != UNKNOWN)
    };
    let mut crossed = Vec::new();
    for outer in of(first) {
        for inner in of(second) {
            let rows = in_both(&outer.rows, &inner.rows);
            if !rows.is_empty() {
                let few = (rows.len() as u64) < min_pair;
                crossed.push(SubgroupRows {
                    few: few.then(|| format!("fewer than {min_pair} ECGs in the group")),
                    by: pair_name(first, second),
                    group: format!("{} × {}", outer.group, inner.group),
                    rows,
                });
            }
        }
    }
    crossed
}

/// What two lists have in common. Both ascend.
fn in_both(a: &[usize], b: &[usize]) -> Vec<usize> {
    let mut theirs = b.iter().peekable();
    let is_theirs = |row: &usize| {
        while theirs.next_if(|their| *their < row).is_some() {}
        theirs.next_if_eq(&row).is_some()
    };
    a.iter().copied().filter(is_theirs).collect()
}

/// The groups of exams.
struct ExamGroups {
    /// The number of each group, by its place among the groups and its name.
    numbers: BTreeMap<(u32, String), u32>,
    /// The number of the group of each exam of which it is known.
    of_exam: ByNumber<u32>,
}

/// The number of a group.
fn number(numbers: &mut BTreeMap<(u32, String), u32>, group: (u32, String)) -> u32 {
    let next = numbers.len() as u32;
    *numbers.entry(group).or_insert(next)
}

/// The rows of each group, groups in order; ECGs of which nothing is known are a group, the last.
fn group_rows(rows: &ScoredRows, mut exams: ExamGroups) -> Vec<(String, Vec<usize>)> {
    let unknown = number(&mut exams.numbers, (u32::MAX, UNKNOWN.to_owned()));
    let mut rows_of = vec![Vec::new(); exams.numbers.len()];
    for (row, idx) in rows.idx().enumerate() {
        rows_of[exams.of_exam.find(idx).unwrap_or(unknown) as usize].push(row);
    }
    let groups = exams.numbers.into_iter();
    let groups = groups.map(|((_, name), number)| (name, std::mem::take(&mut rows_of[number as usize])));
    groups.filter(|(_, rows)| !rows.is_empty()).collect()
}

/// The group of every exam; of one in several rows, the last that is known.
fn groups_of_exams(wanted: &Subgroups, by: &str, records: &Path) -> Result<ExamGroups> {
    let column = group_column(by);
    if !table::read_header(records)?.iter().any(|name| name == column) {
        let what =
            format!("no column `{column}`, which subgroup `{by}` needs; name others in `subgroups.by`");
        return Err(Error::keys(records, what));
    }
    let key = table::Column::new(IDX, ColumnKind::Int);
    let frame = table::read_named(records, &[key], &[column.to_owned()], ColumnKind::Text)?;
    let values = table::str_column(records, &frame, column)?.iter();
    let mut numbers = BTreeMap::new();
    // A group is looked for once a value: there are few values and many rows.
    let mut of_value: HashMap<&str, Option<u32>> = HashMap::new();
    let mut number_of = |value| {
        let group = || group_of(by, &wanted.age_bands, value);
        *of_value
            .entry(value)
            .or_insert_with(|| group().map(|group| number(&mut numbers, group)))
    };
    let idx = table::int_column(records, &frame, IDX)?.iter();
    let known = idx
        .zip(values)
        .filter_map(|(idx, value)| Some((idx?, number_of(value?)?)));
    let of_exam = known.collect();
    Ok(ExamGroups { numbers, of_exam })
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    fn group(by: &str, name: &str, rows: &[usize]) -> SubgroupRows {
        SubgroupRows {
            by: by.to_owned(),
            group: name.to_owned(),
            rows: rows.to_vec(),
            few: None,
        }
    }

    #[test]
    fn crossed_groups_have_the_rows_of_both_and_leave_out_what_is_not_known() {
        let groups = [
            group("age", "<40", &[0, 1, 4]),
            group("age", "≥40", &[2]),
            group("age", UNKNOWN, &[3]),
            group("sex", "female", &[0, 3, 4]),
            group("sex", "male", &[1, 2]),
        ];
        let crossed = cross_groups(&groups, ["age", "sex"], 2);
        let told: Vec<(&str, &[usize])> = crossed.iter().map(|g| (g.group.as_str(), &g.rows[..])).collect();
        assert_eq!(
            told,
            [
                ("<40 × female", &[0, 4][..]),
                ("<40 × male", &[1]),
                ("≥40 × male", &[2])
            ]
        );
        assert_eq!(crossed[0].by, "age × sex");
        let few = crossed.iter().map(|group| group.few.as_deref());
        let one = Some("fewer than 2 ECGs in the group");
        assert_eq!(few.collect::<Vec<_>>(), [None, one, one]);
        let parts = AllSubgroupRows {
            single: groups.into(),
            crossed,
        }
        .parts(5);
        assert_eq!(
            parts.groups(),
            6,
            "five of one attribute, and the one that is not too small"
        );
    }

    #[test]
    fn an_exam_of_several_rows_is_in_the_last_group_that_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("meta.csv");
        std::fs::write(&path, "idx,is_male\n1,True\n1,False\n1,\n2,\n").unwrap();
        let rows = ScoredRows {
            keys: df!(IDX => [2i64, 1]).unwrap(),
            truth: vec![],
            unknown: vec![],
            scores: vec![],
            without_truth: 0,
        };
        let exams = groups_of_exams(&Subgroups::default(), "sex", &path).unwrap();
        let expected = [("female".to_owned(), vec![1]), (UNKNOWN.to_owned(), vec![0])];
        assert_eq!(group_rows(&rows, exams), expected);
    }

    #[test]
    fn only_attributes_that_are_grouped_by_are_crossed() {
        let mut wanted = Subgroups::default();
        assert_eq!(wanted.crossed(), [["age", "sex"].map(str::to_owned)]);
        wanted.by = vec!["sex".to_owned()];
        assert!(wanted.crossed().is_empty() && wanted.check().is_ok());
        for pair in [["sex", "age"], ["sex", "sex"]] {
            wanted.pairs = Some(vec![pair.map(str::to_owned)]);
            let said = wanted.check().unwrap_err().to_string();
            assert!(
                said.contains("two different attributes that are in `by`"),
                "{said}"
            );
        }
    }

    #[test]
    fn an_attribute_that_is_named_twice_is_refused() {
        let named = |by: &[&str], pairs: &[[&str; 2]]| {
            Subgroups {
                by: by.iter().map(|name| name.to_string()).collect(),
                pairs: Some(pairs.iter().map(|pair| pair.map(str::to_owned)).collect()),
                ..Subgroups::default()
            }
            .check()
        };
        assert!(named(&["sex", "age"], &[["age", "sex"], ["sex", "age"]]).is_ok());
        let said = named(&["sex", "age", "sex"], &[]).unwrap_err().to_string();
        assert!(said.contains("`sex` is there twice"), "{said}");
        let said = named(&["sex", "age"], &[["age", "sex"], ["age", "sex"]]).unwrap_err();
        assert!(said.to_string().contains("`age × sex` is there twice"), "{said}");
    }

    #[test]
    fn bands_that_do_not_ascend_are_refused() {
        let check = |age_bands: &[u32]| {
            Subgroups {
                age_bands: age_bands.to_vec(),
                ..Subgroups::default()
            }
            .check()
        };
        assert!(check(&[]).is_ok() && check(&[1, 40]).is_ok());
        for bad in [&[0][..], &[40, 0], &[40, 40]] {
            let said = check(bad).unwrap_err().to_string();
            assert!(said.contains("each higher than the one before"), "{said}");
        }
    }
}
