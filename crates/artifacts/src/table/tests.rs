//! Tables as pandas and people write them.

use super::*;
use crate::pandas::Cell;
use polars::prelude::df;

fn table(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

#[test]
fn what_pandas_wrote_is_read_and_written_back_byte_for_byte() {
    let text = "idx,save_file,AF,age,p\n3,a.mat,True,,0.25\n-1,\"b,c.mat\",False,12.5,1e-07\n";
    let (_dir, path) = table(text);
    let columns = [
        Column::new("idx", ColumnKind::Int),
        Column::new("save_file", ColumnKind::Text),
        Column::new("AF", ColumnKind::Bool),
        Column::optional("age", ColumnKind::Float),
        Column::new("p", ColumnKind::Float),
    ];
    let frame = read(&path, &columns, OtherColumns::Ignore).unwrap();
    write(&path, &frame).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_wrong_cell_is_named_by_line_and_column() {
    let (_dir, path) = table("idx,AF\n1,True\n2,maybe\n");
    let error = read(
        &path,
        &[
            Column::new("idx", ColumnKind::Int),
            Column::new("AF", ColumnKind::Bool),
        ],
        OtherColumns::Ignore,
    );
    let message = error.unwrap_err().to_string();
    assert!(
        message.ends_with("line 3, column `AF`: `maybe` is not True or False"),
        "{message}"
    );
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_read() {
    let (_dir, path) = table("\u{feff}idx,AF\r\n1,True\r\n");
    let frame = read(
        &path,
        &[
            Column::new("idx", ColumnKind::Int),
            Column::new("AF", ColumnKind::Bool),
        ],
        OtherColumns::Ignore,
    )
    .unwrap();
    assert_eq!(frame.height(), 1);
}

#[test]
fn a_missing_column_and_a_ragged_line_are_errors() {
    let (_dir, path) = table("idx,b\n1,2\n");
    let message = read(&path, &[Column::new("x", ColumnKind::Int)], OtherColumns::Ignore)
        .unwrap_err()
        .to_string();
    assert!(message.ends_with("no column `x`; it has idx, b"), "{message}");
    let (_dir, path) = table("idx,b\n1,2,3\n");
    assert!(
        read(
            &path,
            &[Column::new("idx", ColumnKind::Int)],
            OtherColumns::Read(ColumnKind::Text)
        )
        .is_err()
    );
}

#[test]
fn an_empty_table_keeps_its_columns() {
    let (_dir, path) = table("idx,b\n");
    let frame = read(
        &path,
        &[Column::new("idx", ColumnKind::Int)],
        OtherColumns::Read(ColumnKind::Text),
    )
    .unwrap();
    assert_eq!((frame.height(), frame.width()), (0, 2));
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

/// Several blocks of rows with every kind of cell, missing ones too.
fn long_frame(rows: i64) -> DataFrame {
    let texts = ["plain", "b,c", "say \"x\"", "two\nlines", ""];
    df!(
        "idx" => (0..rows).collect::<Vec<_>>(),
        "text" => (0..rows).map(|i| texts[i as usize % 5]).collect::<Vec<_>>(),
        "age" => (0..rows).map(|i| (i % 3 > 0).then_some(i as f64 / 7.0)).collect::<Vec<_>>(),
        "p" => (0..rows).map(|i| 1.0 / (1.0 + i as f32)).collect::<Vec<_>>(),
        "AF" => (0..rows).map(|i| i % 2 == 0).collect::<Vec<_>>(),
    )
    .unwrap()
}

#[test]
fn any_number_of_threads_writes_what_one_row_after_the_other_gives() {
    let frame = long_frame(30_000);
    let mut serial = crate::pandas::RowWriter::new(Vec::new(), ["idx", "text", "age", "p", "AF"]).unwrap();
    for i in 0..frame.height() {
        let float = frame.column("age").unwrap().f64().unwrap().get(i);
        serial
            .row([
                Cell::Int(i as i64),
                Cell::Text(frame.column("text").unwrap().str().unwrap().get(i).unwrap()),
                float.map_or(Cell::Missing, Cell::Float),
                Cell::Float32(frame.column("p").unwrap().f32().unwrap().get(i).unwrap()),
                Cell::Bool(i % 2 == 0),
            ])
            .unwrap();
    }
    let serial = serial.finish().unwrap();
    // In pieces, as frames come that were put together.
    let pieces = frame
        .slice(0, 777)
        .vstack(&frame.slice(777, frame.height()))
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    for threads in [1, 2, 5] {
        with_threads(threads, || write(&path, &pieces)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), serial, "{threads} threads");
    }
    let parts = [(0, 1), (1, 20_000), (20_001, 9_999)];
    write_parts(&path, parts.map(|(first, rows)| frame.slice(first, rows))).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), serial, "in parts");
}

#[test]
fn a_table_of_several_megabytes_comes_back_whatever_the_number_of_threads() {
    let frame = long_frame(120_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    write(&path, &frame).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() > 4 << 20);
    let columns = [
        Column::new("AF", ColumnKind::Bool),
        Column::new("text", ColumnKind::Text),
        Column::new("idx", ColumnKind::Int),
        Column::optional("age", ColumnKind::Float),
    ];
    for threads in [1, 2, 5] {
        let back = with_threads(threads, || read(&path, &columns, OtherColumns::Ignore)).unwrap();
        assert!(back.equals_missing(&frame.select(["AF", "text", "idx", "age"]).unwrap()));
    }
}

#[test]
fn a_wrong_cell_far_into_a_table_is_named_by_its_line() {
    let mut text = "idx,note\n".to_owned();
    (0..300_000).for_each(|i| text.push_str(&format!("{i},\"a, {i}\"\n")));
    text.push_str("x,last\n");
    let (_dir, path) = table(&text);
    let columns = [Column::new("idx", ColumnKind::Int)];
    for threads in [1, 4] {
        let error = with_threads(threads, || read(&path, &columns, OtherColumns::Ignore)).unwrap_err();
        let message = error.to_string();
        assert!(
            message.ends_with("line 300002, column `idx`: `x` is not an integer"),
            "{message}"
        );
    }
}

#[test]
fn what_is_no_table_says_why() {
    let message = |text: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        read_all_text(&path).unwrap_err().to_string()
    };
    assert!(message(b"").ends_with("it is empty; the first line must name the columns"));
    assert!(message(b"a,b\n1,2\n1,2,3\n").ends_with("line 3 has 3 cells, and the header has 2"));
    assert!(message(b"a,b\n1,\"2\n").ends_with("line 2 opens a quote that is never closed"));
    assert!(message(b"a,b\n1,2\n1,\xff\n").ends_with("line 3 is not UTF-8 text"));
    assert!(message(b"\xff,b\n1,2\n").ends_with("the header is not UTF-8 text"));
}
