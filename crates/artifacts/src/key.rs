//! The key of a segment and how it relates to its recording's file name.

use hashbrown::HashSet;
use std::hash::Hash;

/// The first key that stood before, if any does. Keys that ascend, as those of segments do, need no table.
///
/// ```
/// assert_eq!(ecgfm_artifacts::key::find_duplicate(|| ["b", "a", "b"].into_iter()), Some("b"));
/// assert_eq!(ecgfm_artifacts::key::find_duplicate(|| ["a", "b"].into_iter()), None);
/// ```
pub fn find_duplicate<K: Ord + Hash + Copy, I: Iterator<Item = K>>(keys: impl Fn() -> I) -> Option<K> {
    if keys().is_sorted_by(|a, b| a < b) {
        return None;
    }
    let mut seen = HashSet::new();
    keys().find(|key| !seen.insert(*key))
}

/// Key of segment `i` of the recording saved as `save_file`: `code_15_7.mat`, 1 → `code_15_7_1`.
///
/// ```
/// assert_eq!(ecgfm_artifacts::key::segment_key("code_15_7.mat", 1), "code_15_7_1");
/// ```
pub fn segment_key(save_file: &str, i: usize) -> String {
    format!("{}_{i}", stem(save_file))
}

/// File name without its `.mat`.
pub fn stem(save_file: &str) -> &str {
    save_file.strip_suffix(".mat").unwrap_or(save_file)
}

/// Key of the segment stored at `path`: the last component without `.mat`.
///
/// ```
/// assert_eq!(ecgfm_artifacts::key::of_path("/data/segmented/code_15_7_1.mat"), "code_15_7_1");
/// ```
pub fn of_path(path: &str) -> &str {
    stem(path.rsplit('/').next().unwrap_or(path))
}

/// `save_file` of the recording that a segment was cut from, if the key has the form `<stem>_<i>`.
///
/// ```
/// assert_eq!(ecgfm_artifacts::key::save_file("code_15_7_1").as_deref(), Some("code_15_7.mat"));
/// assert_eq!(ecgfm_artifacts::key::save_file("noindex"), None);
/// ```
pub fn save_file(segment: &str) -> Option<String> {
    let (stem, i) = segment.rsplit_once('_')?;
    (!stem.is_empty() && !i.is_empty() && i.bytes().all(|b| b.is_ascii_digit()))
        .then(|| format!("{stem}.mat"))
}
