//! A MAT v5 file: every variable as every kind of number.

use ecgfm_formats::mat5::MatFile;
use std::path::Path;

/// `data` is the whole file.
pub(crate) fn run(data: &[u8]) {
    let file = match MatFile::from_bytes(Path::new("f.mat"), data.to_vec()) {
        Ok(file) => file,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    for array in file.arrays() {
        let name = &array.name;
        if let Ok(((rows, columns), values)) = file.f64_matrix(name) {
            assert_eq!(
                rows * columns,
                values.len(),
                "a matrix is as large as its shape says"
            );
        }
        let _ = file.f32_matrix(name).map_err(|e| e.to_string());
        let _ = file.i64_matrix(name).map_err(|e| e.to_string());
        let _ = file.f64_scalar(name).map_err(|e| e.to_string());
        let _ = file.i64_scalar(name).map_err(|e| e.to_string());
    }
    let _ = file.array("feats").map_err(|e| e.to_string());
}
