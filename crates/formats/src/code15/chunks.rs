//! Places of a chunked dataset's blocks in the file.

use super::library::library_error;
use crate::error::{Error, Result};
use crate::tracings::StoredBlock;
use hdf5::Dataset;
use std::path::Path;

/// Lists the blocks of extent `shape` of `dataset`, called `name`, by place; dimensions that it lacks count as 1.
///
/// # Errors
/// Those of the library; a block that is not inside the file of `file_size` bytes.
pub(super) fn list_blocks(
    path: &Path,
    dataset: &Dataset,
    name: &str,
    shape: [usize; 3],
    file_size: u64,
) -> Result<Vec<StoredBlock>> {
    let (mut blocks, mut outside) = (Vec::new(), None);
    let visited = dataset.chunks_visit(|info| {
        let mut place = [0; 3];
        for (i, (at, extent)) in info.offset.iter().zip(shape).enumerate() {
            place[i] = *at as usize / extent;
        }
        let block = StoredBlock {
            place,
            at: info.addr,
            size: info.size,
            skipped_filters: info.filter_mask,
        };
        if block.at.checked_add(block.size).is_none_or(|end| end > file_size) {
            outside = Some(block);
            // Ends the visit at once: the index of a hostile file may list more blocks than memory holds.
            return 1;
        }
        blocks.push(block);
        0
    });
    if let Some(StoredBlock { at, size, .. }) = outside {
        let what = format!("a block of {size} bytes at byte {at} of a file of {file_size}");
        let help = "the file is cut short: download or copy it again";
        return Err(Error::malformed(path, name, what, help));
    }
    visited.map_err(|e| library_error(path, &e, name))?;
    blocks.sort_unstable_by_key(|block| block.place);
    Ok(blocks)
}
