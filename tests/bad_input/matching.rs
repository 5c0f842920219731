//! What can be wrong between the table and the parts.

use crate::archive::{Archive, LEADS, PART, SAMPLES, line, recording, write_part};
use ecgfm_formats::code15::WriteLayout;

#[test]
fn an_exam_without_a_tracing() {
    Archive::new()
        .rows(|rows| drop(rows.remove(2)))
        .meets("an_exam_without_a_tracing", &[]);
}

#[test]
fn a_tracing_without_an_exam() {
    let found = Archive::new()
        .text(|text| text.replace(&line("3", PART), ""))
        .meets("a_tracing_without_an_exam", &[]);
    assert_eq!(
        (found.count("read"), found.count("tracings_without_exam")),
        (2, 1)
    );
}

#[test]
fn an_exam_twice_in_the_table() {
    let found = Archive::new()
        .text(|text| text.replace("\n3,", "\n1,"))
        .meets("an_exam_twice_in_the_table", &[]);
    assert_eq!(found.count("kept"), 2);
}

#[test]
fn an_exam_twice_in_a_part() {
    Archive::new()
        .rows(|rows| rows.push((3, recording(2400, 9))))
        .meets("an_exam_twice_in_a_part", &[]);
}

#[test]
fn an_exam_in_another_part_than_said() {
    let archive = Archive::new().rows(|rows| drop(rows.remove(2)));
    let other = archive.raw().join("exams_part1.hdf5");
    write_part(&other, &[(3, recording(2400, 3))], WriteLayout::Contiguous);
    archive.meets("an_exam_in_another_part_than_said", &[]);
}

#[test]
fn an_exam_in_a_further_part_too() {
    let archive = Archive::new();
    let other = archive.raw().join("exams_part1.hdf5");
    write_part(
        &other,
        &[(3, vec![0.5; SAMPLES * LEADS])],
        WriteLayout::Contiguous,
    );
    let found = archive.meets("an_exam_in_a_further_part_too", &[]);
    let meta = found.table("meta.csv").lines().nth(3).unwrap();
    assert!(meta.contains(",code_15_3.mat,code_15,code_15,2,"), "{meta}");
}

#[test]
fn an_unknown_trace_file() {
    for name in ["exams_part7.hdf5", "../exams_part0.hdf5", "exams_part0"] {
        Archive::new()
            .text(|text| text.replace(&line("3", PART), &line("3", name)))
            .meets("an_unknown_trace_file", &[]);
    }
}

#[test]
fn an_empty_trace_file() {
    Archive::new()
        .text(|text| text.replace(&line("3", PART), &line("3", "")))
        .meets("an_empty_trace_file", &[]);
}

#[test]
fn a_dummy_row_that_is_not_the_last() {
    Archive::new()
        .rows(|rows| {
            let dummy = rows.pop().unwrap();
            rows.insert(0, dummy.clone());
            rows.insert(2, dummy);
        })
        .meets("a_dummy_row_that_is_not_the_last", &[]);
}

#[test]
fn no_dummy_row() {
    Archive::new()
        .rows(|rows| drop(rows.pop()))
        .meets("no_dummy_row", &[]);
}

#[test]
fn an_exam_number_that_is_none() {
    for number in ["0", "-3", "x7", "1e5", "", "99999999999999999999", "3.5"] {
        Archive::new()
            .text(|text| text.replace(&line("3", PART), &line(number, PART)))
            .meets("an_exam_number_that_is_none", &[]);
    }
}

#[test]
fn an_exam_number_that_pandas_made_a_float() {
    Archive::new()
        .text(|text| text.replace("\n3,", "\n3.0,"))
        .meets("an_exam_number_that_pandas_made_a_float", &[]);
}

#[test]
fn no_exam_that_can_be_used() {
    Archive::new()
        .rows(|rows| rows.iter_mut().for_each(|row| row.1 = vec![0.0; SAMPLES * LEADS]))
        .meets("no_exam_that_can_be_used", &[]);
}
