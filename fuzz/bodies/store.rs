//! The pickled header of a memory-mapped array.

use ecgfm_formats::store::StoreHeader;
use std::path::Path;

/// `data` is the pickle.
pub(crate) fn run(data: &[u8]) {
    let name = Path::new("h.pkl");
    match StoreHeader::from_pickle(name, data) {
        Ok(header) => {
            if let Ok(pickle) = header.to_pickle() {
                let again = StoreHeader::from_pickle(name, &pickle).expect("what is written can be read");
                assert_eq!(again, header);
            }
        }
        Err(error) => {
            let _ = error.to_string();
        }
    }
}
