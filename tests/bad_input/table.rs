//! What can be wrong with the text of `exams.csv`.

use crate::archive::{Archive, PART};

#[test]
fn a_byte_order_mark() {
    Archive::new()
        .text(|text| format!("\u{feff}{text}"))
        .meets("a_byte_order_mark", &[]);
}

#[test]
fn line_ends_of_windows() {
    Archive::new()
        .text(|text| text.replace('\n', "\r\n"))
        .meets("line_ends_of_windows", &[]);
}

#[test]
fn cells_in_quotes() {
    Archive::new()
        .text(|text| {
            text.replace(PART, &format!("\"{PART}\""))
                .replace("exam_id", "\"exam_id\"")
        })
        .meets("cells_in_quotes", &[]);
}

#[test]
fn blank_lines() {
    Archive::new()
        .text(|text| text.replace("\n2,", "\n\n\n2,") + "\n")
        .meets("blank_lines", &[]);
}

#[test]
fn spaces_around_cells() {
    Archive::new()
        .text(|text| text.replace(PART, &format!(" {PART} ")).replace("\n3,", "\n 3 ,"))
        .meets("spaces_around_cells", &[]);
}

#[test]
fn one_value_written_in_several_ways() {
    let clean = Archive::new().meets("one_value_written_in_several_ways", &[]);
    for (from, to) in [
        (",7,,,", ", 7 , , ,"),
        (",7,,,", ",7.0,,,"),
        (",50,True,", ", 50, True,"),
        (",50,True,51.5,False,True,", ",50,1,51.5,0.0,TRUE,"),
        (",False,False,7", ",false, False,7"),
        ("\n3,", "\n3.0,"),
        (",patient_id,", ", patient_id ,"),
    ] {
        let found = Archive::new()
            .text(|text| text.replace(from, to))
            .meets("one_value_written_in_several_ways", &[]);
        assert_eq!(
            found.table("meta.csv"),
            clean.table("meta.csv"),
            "`{to}` for `{from}`"
        );
    }
}

#[test]
fn columns_of_one_name_but_for_blanks() {
    Archive::new()
        .text(|text| text.replace("RBBB", " LBBB"))
        .meets("columns_of_one_name_but_for_blanks", &[]);
}

#[test]
fn no_patients() {
    let without = |text: String| -> String {
        let cut = |line: &str| -> String {
            let mut cells: Vec<&str> = line.split(',').collect();
            cells.remove(10);
            cells.join(",") + "\n"
        };
        text.lines().map(cut).collect()
    };
    let found = Archive::new().text(without).meets("no_patients", &[]);
    assert!(!found.table("meta.csv").contains("patient_id"));
    let found = Archive::new()
        .text(|text| text.replace(",7,,,", ",,,,"))
        .meets("no_patients", &[]);
    assert!(found.table("meta.csv").contains(",False,,,,False,"));
}

#[test]
fn a_line_of_blanks() {
    // The message names the line as an editor counts it.
    Archive::new()
        .text(|text| text.replace("\n2,", "\n  \n\n2,").replace("\n3,", "\nthree,"))
        .meets("a_line_of_blanks", &[]);
}

#[test]
fn a_quote_inside_a_cell() {
    // Two of them would make one row of two.
    let found = Archive::new()
        .text(|text| {
            let text = text.replace("trace_file", "trace_file,note");
            text.replace(&format!("{PART}\n"), &format!("{PART},5\" lead\n"))
        })
        .meets("a_quote_inside_a_cell", &[]);
    assert_eq!(found.table("meta.csv"), "");
}

#[test]
fn line_ends_of_carriage_returns() {
    Archive::new()
        .text(|text| text.replace('\n', "\r"))
        .meets("line_ends_of_carriage_returns", &[]);
}

#[test]
fn a_further_column() {
    let found = Archive::new()
        .text(|text| {
            text.replace(PART, &format!("{PART},hello"))
                .replace("trace_file", "trace_file,note")
        })
        .meets("a_further_column", &[]);
    assert!(found.table("meta.csv").contains(",hello,"));
}

#[test]
fn a_needed_column_missing() {
    for column in ["exam_id", "trace_file"] {
        Archive::new()
            .text(|text| text.replace(column, "other"))
            .meets("a_needed_column_missing", &[]);
    }
}

#[test]
fn semicolons_for_commas() {
    Archive::new()
        .text(|text| text.replace(',', ";"))
        .meets("semicolons_for_commas", &[]);
}

#[test]
fn a_column_twice() {
    Archive::new()
        .text(|text| text.replace("RBBB", "LBBB"))
        .meets("a_column_twice", &[]);
}

#[test]
fn a_column_named_as_one_that_the_stage_adds() {
    Archive::new()
        .text(|text| text.replace("death", "mean_3"))
        .meets("a_column_named_as_one_that_the_stage_adds", &[]);
}

#[test]
fn a_cell_of_a_wrong_type() {
    for (from, to) in [
        ("\n3,50", "\n3,old"),
        ("\n3,50,True", "\n3,50,yes"),
        ("\n3,50,True,51.5,False,True", "\n3,50,True,51.5,False,perhaps"),
    ] {
        Archive::new()
            .text(|text| text.replace(from, to))
            .meets("a_cell_of_a_wrong_type", &[]);
    }
}

#[test]
fn missing_values_as_other_programs_write_them() {
    let nothing = |text: &str| {
        let cells = text
            .replace(",50,True,51.5,", ",,,,")
            .replace(",7,,,False,", ",,,,,");
        cells.replace(",False,False,False,False,", ",False,False,False,,")
    };
    let empty = Archive::new()
        .text(|text| nothing(&text))
        .meets("missing_values_as_other_programs_write_them", &[]);
    for word in ["NA", "NaN", "null", "NULL", "None", ".", " NA "] {
        let cell = format!(",{word}");
        let filled = |text: String| -> String {
            let fill = |line: &str| {
                line.replace(",,", &format!("{cell},"))
                    .replace(",,", &format!("{cell},"))
                    + "\n"
            };
            nothing(&text).lines().map(fill).collect()
        };
        let found = Archive::new()
            .text(filled)
            .meets("missing_values_as_other_programs_write_them", &[]);
        assert_eq!(found.table("meta.csv"), empty.table("meta.csv"), "{word}");
    }
}

#[test]
fn anything_in_columns_that_no_stage_reads() {
    let found = Archive::new()
        .text(|text| {
            text.replace(",7,,,False,", ",7,unknown,2 years,maybe,")
                .replace(",51.5,", ",old,")
        })
        .meets("anything_in_columns_that_no_stage_reads", &[]);
    assert!(found.table("meta.csv").contains(",unknown,2 years,maybe,"));
}

#[test]
fn a_patient_that_is_no_number_is_not_named() {
    let found = Archive::new()
        .text(|text| {
            text.replace(
                "\n3,50,True,51.5,False,True,False,False,False,False,7",
                "\n3,50,True,51.5,False,True,False,False,False,False,Erika",
            )
        })
        .meets("a_patient_that_is_no_number_is_not_named", &[]);
    assert!(!found.table("rejected.csv").contains("Erika"));
}

#[test]
fn a_row_with_a_cell_too_many() {
    Archive::new()
        .text(|text| text.replace("\n3,", "\n3,3,"))
        .meets("a_row_with_a_cell_too_many", &[]);
}

#[test]
fn a_row_cut_short() {
    // A download that ended anywhere in the last line never gives an exam half of its cells.
    let archive = Archive::new();
    let whole = std::fs::read(archive.table()).unwrap();
    let start = whole.len() - whole.split(|b| *b == b'\n').nth_back(1).unwrap().len();
    for length in (start..whole.len() - 1).rev().step_by(7) {
        std::fs::write(archive.table(), &whole[..length]).unwrap();
        let found = archive.signals(&[]);
        let counts = ["read", "kept", "rejected"].map(|name| found.count(name));
        assert_eq!(
            (found.code, counts),
            (Some(0), [3, 2, 1]),
            "{length}: {}",
            found.said
        );
    }
    std::fs::write(archive.table(), &whole[..start + 20]).unwrap();
    archive.meets("a_row_cut_short", &[]);
}

#[test]
fn text_that_is_not_utf8() {
    Archive::new()
        .bytes(|mut text| {
            let at = text.len() - 40;
            text[at] = 0xff;
            text
        })
        .meets("text_that_is_not_utf8", &[]);
}

#[test]
fn text_in_utf16() {
    Archive::new()
        .bytes(|text| {
            let text = String::from_utf8(text).unwrap();
            let units = [0xfeff].into_iter().chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        })
        .meets("text_in_utf16", &[]);
}

#[test]
fn a_quote_that_is_never_closed() {
    Archive::new()
        .text(|text| text.replace("\n3,", "\n\"3,"))
        .meets("a_quote_that_is_never_closed", &[]);
}

#[test]
fn characters_that_terminals_obey() {
    let found = Archive::new()
        .text(|text| text.replace("\n3,50", "\n3,\u{1b}[2J"))
        .meets("characters_that_terminals_obey", &[]);
    assert!(!found.table("rejected.csv").contains('\u{1b}'));
}

#[test]
fn an_empty_table() {
    Archive::new()
        .text(|_| String::new())
        .meets("an_empty_table", &[]);
}

#[test]
fn a_table_of_a_header_only() {
    Archive::new()
        .text(|text| text.lines().next().unwrap().to_owned())
        .meets("a_table_of_a_header_only", &[]);
}
