//! What another process says about an HDF5 file, and rows read from where it says they are.

use ecgfm_formats::tracings::description::{StoredRows, decode_description, encode_description};
use ecgfm_formats::tracings::{RowPlacement, TracingRows};

/// Values of a row, and of a block, that are read.
const VALUES: usize = 1 << 16;
/// Rows that are read from either end.
const ROWS: usize = 4;

/// `data` is the length of a message (two bytes, little-endian), the message, and the file that it is about.
pub(crate) fn run(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let (message, file) = rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()));
    let Ok(said) = decode_description(message) else {
        return;
    };
    let message = encode_description(&said);
    assert_eq!(
        decode_description(&message).map(|said| encode_description(&said)),
        Ok(message),
        "what is sent arrives"
    );
    let Ok(described) = said else {
        return;
    };
    let StoredRows::Direct(placement) = described.stored else {
        return;
    };
    let block = match &placement {
        RowPlacement::Contiguous { .. } => Some(0),
        RowPlacement::Blocks(table) => table.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)),
    };
    super::scratch::with_file(file, |path| {
        let Ok(rows) = TracingRows::open(path, described.shape, placement) else {
            return;
        };
        if rows.row_len() > VALUES || block.is_none_or(|values| values > VALUES) {
            return;
        }
        let (mut out, count) = (vec![0.0; rows.row_len()], described.shape[0]);
        for row in (0..count.min(ROWS)).chain(count.saturating_sub(ROWS)..count) {
            let _ = rows.read_row(row, &mut out).map_err(|e| e.to_string());
        }
        assert!(rows.read_row(count, &mut out).is_err(), "there is no such row");
    });
}
