//! A `.npy` array: by rows, as a whole, and its header written again.

use ecgfm_formats::npy::{NpyDtype, NpyElement, NpyReader, read_header, write_header};

/// Rows that are read one by one.
const ROWS: usize = 16;

/// `data` is the whole file.
pub(crate) fn run(data: &[u8]) {
    if let Ok((header, offset)) = read_header(&mut &data[..]) {
        assert!(offset <= data.len() as u64, "the header was read");
        let mut again = Vec::new();
        if write_header(&mut again, &header).is_ok() {
            let (read, _) = read_header(&mut &again[..]).expect("what is written can be read");
            assert_eq!(read, header);
        }
    }
    super::scratch::with_file(data, |path| {
        let reader = match NpyReader::open(path) {
            Ok(reader) => reader,
            Err(error) => {
                let _ = error.to_string();
                return;
            }
        };
        // The values are all there, so that this many bytes are in the file, unless they take none.
        let row_len = if reader.rows() == 0 { 0 } else { reader.row_len() };
        let mut row = vec![0.0; row_len];
        for number in 0..reader.rows().min(ROWS) {
            let _ = reader.read_rows(number, 1, &mut row).map_err(|e| e.to_string());
        }
        let _ = reader
            .read_rows(reader.rows(), 1, &mut row)
            .map_err(|e| e.to_string());
        match reader.header().dtype {
            NpyDtype::F32 => all::<f32>(&reader),
            NpyDtype::F64 => all::<f64>(&reader),
            NpyDtype::I64 => all::<i64>(&reader),
            NpyDtype::U8 => all::<u8>(&reader),
            _ => {}
        }
    });
}

fn all<T: NpyElement>(reader: &NpyReader) {
    if let Ok(values) = reader.read_all::<T>() {
        assert_eq!(
            Some(values.len()),
            reader.header().values(),
            "as many as the shape says"
        );
    }
}
