//! Tables as pandas and people write them.

use super::*;

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
        Column::new("idx", Kind::Int),
        Column::new("save_file", Kind::Text),
        Column::new("AF", Kind::Bool),
        Column::optional("age", Kind::Float),
        Column::new("p", Kind::Float),
    ];
    let frame = read(&path, &columns, Others::Ignore).unwrap();
    write(&path, &frame).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_wrong_cell_is_named_by_line_and_column() {
    let (_dir, path) = table("idx,AF\n1,True\n2,maybe\n");
    let error = read(
        &path,
        &[Column::new("idx", Kind::Int), Column::new("AF", Kind::Bool)],
        Others::Ignore,
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
        &[Column::new("idx", Kind::Int), Column::new("AF", Kind::Bool)],
        Others::Ignore,
    )
    .unwrap();
    assert_eq!(frame.height(), 1);
}

#[test]
fn a_missing_column_and_a_ragged_line_are_errors() {
    let (_dir, path) = table("idx,b\n1,2\n");
    let message = read(&path, &[Column::new("x", Kind::Int)], Others::Ignore)
        .unwrap_err()
        .to_string();
    assert!(message.ends_with("no column `x`; it has idx, b"), "{message}");
    let (_dir, path) = table("idx,b\n1,2,3\n");
    assert!(read(&path, &[Column::new("idx", Kind::Int)], Others::As(Kind::Text)).is_err());
}

#[test]
fn an_empty_table_keeps_its_columns() {
    let (_dir, path) = table("idx,b\n");
    let frame = read(&path, &[Column::new("idx", Kind::Int)], Others::As(Kind::Text)).unwrap();
    assert_eq!((frame.height(), frame.width()), (0, 2));
}
