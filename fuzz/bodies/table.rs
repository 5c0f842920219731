//! A CSV table: all as text, typed columns, and what was read written and read again.

use ecgfm_artifacts::table::{self, Column, ColumnKind, OtherColumns};

const TYPED: [Column; 4] = [
    Column::new("idx", ColumnKind::Int),
    Column::optional("age", ColumnKind::Float),
    Column::optional("is_male", ColumnKind::Bool),
    Column::new("segment", ColumnKind::Text),
];

/// `data` is the whole file.
pub(crate) fn run(data: &[u8]) {
    super::scratch::with_file(data, |path| {
        let names = table::read_header(path).map_err(|e| e.to_string());
        for column in TYPED {
            let _ = table::read(path, &[column], OtherColumns::Ignore).map_err(|e| e.to_string());
        }
        let _ = table::read(path, &TYPED, OtherColumns::Read(ColumnKind::Float)).map_err(|e| e.to_string());
        match table::read_all_text(path) {
            Ok(frame) => {
                let names = names.expect("a table that was read has a header");
                assert_eq!(frame.width(), names.len(), "every column of the header is read");
            }
            Err(error) => {
                let _ = error.to_string();
            }
        }
    });
}
