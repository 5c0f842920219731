//! Exams that are in a table more than once, or would have one name in tables.

use super::found_exam::FoundExams;
use crate::located::Rejection;
use ecgfm_artifacts::rejected::Reason;
use std::collections::BTreeMap;

/// The exams that repeat one before them in the table, of those that can be used.
pub(super) fn find_repeated(exams: &FoundExams) -> BTreeMap<usize, Rejection> {
    let mut repeated = BTreeMap::new();
    // Sorted, and not in a table of hashes: that takes many times the memory.
    let usable = (0..exams.len()).filter(|idx| !exams.rejections.contains_key(idx));
    let mut order: Vec<usize> = usable.collect();
    order.sort_unstable_by_key(|idx| (exams.id(*idx), *idx));
    for pair in order
        .windows(2)
        .filter(|pair| exams.id(pair[0]) == exams.id(pair[1]))
    {
        let (id, row) = (exams.id(pair[1]), pair[0] + 1);
        let detail = format!("exam {id} is in row {row} of the table already");
        repeated.insert(pair[1], (Reason::DuplicateExam, detail));
    }
    if !exams.ids.iter().any(|id| id.bytes().any(is_replaced)) {
        return repeated;
    }
    order.retain(|idx| !repeated.contains_key(idx));
    order.sort_unstable_by(|a, b| {
        let names = [a, b].map(|idx| exams.id(*idx).bytes().map(byte_in_tables));
        let [first, second] = names;
        first.cmp(second).then(a.cmp(b))
    });
    for pair in order.windows(2) {
        let [first, second] = [pair[0], pair[1]].map(|idx| exams.id(idx));
        if first
            .bytes()
            .map(byte_in_tables)
            .eq(second.bytes().map(byte_in_tables))
        {
            let detail = format!("{second} and {first} would have one name in tables");
            repeated.insert(pair[1], (Reason::DuplicateExam, detail));
        }
    }
    repeated
}

/// The name of an exam as part of the name of a file.
pub(super) fn name_in_tables(id: &str) -> String {
    id.replace(['/', ' '], "_")
}

fn is_replaced(byte: u8) -> bool {
    matches!(byte, b'/' | b' ')
}

fn byte_in_tables(byte: u8) -> u8 {
    if is_replaced(byte) { b'_' } else { byte }
}

#[cfg(test)]
mod tests {
    use super::super::found_exam::FoundExam;
    use super::*;

    #[test]
    fn what_repeats_an_exam_before_it_is_told_and_names_it() {
        let exam = |(id, bad): &(&str, bool)| FoundExam {
            id: (*id).to_owned(),
            file: String::new(),
            row: 0,
            rejection: bad.then(|| (Reason::BadRow, String::new())),
        };
        let found = |ids: &[(&str, bool)]| {
            let found = find_repeated(&ids.iter().map(exam).collect());
            found
                .into_iter()
                .map(|(idx, (_, detail))| (idx, detail))
                .collect::<Vec<_>>()
        };
        let same = |row| format!("exam 7 is in row {row} of the table already");
        let ids = [
            ("7", true),
            ("7", false),
            ("8", false),
            ("7", false),
            ("7", false),
        ];
        assert_eq!(found(&ids), [(3, same(2)), (4, same(4))]);
        let ids = [("a/b", false), ("a_b", false), ("a/b", false), ("a b", false)];
        let one = |this: &str, before: &str| format!("{this} and {before} would have one name in tables");
        let expected = [
            (1, one("a_b", "a/b")),
            (2, "exam a/b is in row 1 of the table already".to_owned()),
            (3, one("a b", "a_b")),
        ];
        assert_eq!(found(&ids), expected);
    }
}
