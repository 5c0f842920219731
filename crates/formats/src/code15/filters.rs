//! Filters that a dataset's bytes went through when it was written, and advice where they cannot be undone here.

use super::layout::Filter;
use crate::error::{Error, Result};
use crate::tracings::Compression;
use hdf5::filters::Filter as StoredFilter;
use hdf5::plist::DatasetCreate;
use std::path::Path;

/// Number under which h5py's LZF is registered with The HDF Group.
const LZF: i32 = 32_000;

/// Filters of a dataset, all of which this crate undoes without the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownFilters(Vec<Filter>);

impl KnownFilters {
    /// Filters of a dataset, where this crate undoes all of them and they come in the order that it takes: shuffle, then
    /// compression.
    pub(super) fn of(plist: &DatasetCreate) -> Option<Self> {
        let known = plist.filters().into_iter().map(|filter| match filter {
            StoredFilter::Shuffle => Some(Filter::Shuffle),
            StoredFilter::Deflate(_) => Some(Filter::Deflate),
            other if other.id() == LZF => Some(Filter::Lzf),
            _ => None,
        });
        let known: Vec<Filter> = known.collect::<Option<_>>()?;
        let compressions = known.iter().filter(|filter| **filter != Filter::Shuffle).count();
        let shuffled_first = !known.iter().skip(1).any(|filter| *filter == Filter::Shuffle);
        (compressions <= 1 && shuffled_first).then_some(Self(known))
    }

    /// Filters in the order in which they were applied.
    pub(super) fn filters(&self) -> &[Filter] {
        &self.0
    }

    /// Returns true where bytes were shuffled.
    pub(super) fn shuffled(&self) -> bool {
        self.0.contains(&Filter::Shuffle)
    }

    /// Compression of the bytes.
    pub(super) fn compression(&self) -> Compression {
        let compression = self.0.iter().find_map(|filter| match filter {
            Filter::Deflate => Some(Compression::Deflate),
            Filter::Lzf => Some(Compression::Lzf),
            Filter::Shuffle => None,
        });
        compression.unwrap_or_default()
    }
}

/// Checks that the library can undo the filters of the dataset `name`.
pub(super) fn check_available(path: &Path, name: &str, plist: &DatasetCreate) -> Result<()> {
    let filters = plist.filters();
    let Some(unknown) = filters.iter().find(|filter| !filter.is_available()) else {
        return Ok(());
    };
    let what = format!(
        "compressed by {}, which cannot be undone here",
        filter_name(unknown.id())
    );
    let help = format!(
        "copy it with h5py, which brings such filters (`python3 -m pip install h5py hdf5plugin`): {}; or set \
         HDF5_PLUGIN_PATH to the directory of that filter's plugin for HDF5 2",
        copy_command(path)
    );
    Err(Error::unsupported(path, name, what, help))
}

/// Shell command that copies all datasets of the file at `path`, uncompressed and with their values in one file, whatever
/// their layout and filters. HDF5's own h5repack does not fit: where it lacks a filter it skips the dataset without a word.
pub(super) fn copy_command(path: &Path) -> String {
    let path = path.display().to_string();
    let copy = match path.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.copy.{ending}"),
        None => format!("{path}.copy"),
    };
    format!(
        "`python3 -c \"import h5py, importlib.util as u; u.find_spec('hdf5plugin') and __import__('hdf5plugin'); \
         a, b = map(h5py.File, ({}, {}), 'rw'); [b.create_dataset(n, data=a[n][()]) for n in a]\"`",
        python_literal(&path),
        python_literal(&copy)
    )
}

/// Literal of Python for `text`, for use inside double quotes of a shell.
fn python_literal(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', '\\', c]),
            '"' | '$' | '`' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// Name of a filter, as The HDF Group has registered it, with its number; `something` for others.
fn filter_name(id: i32) -> String {
    let name = match id {
        4 => "szip",
        307 => "bzip2",
        LZF => "lzf",
        32_001 => "blosc",
        32_004 => "lz4",
        32_008 => "bitshuffle",
        32_013 => "zfp",
        32_015 => "zstd",
        32_026 => "blosc2",
        _ => "something",
    };
    format!("{name} (filter {id})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_for_a_shell_and_for_python() {
        assert_eq!(python_literal("a b.hdf5"), "'a b.hdf5'");
        assert_eq!(python_literal("it's $HOME"), r"'it\\'s \$HOME'");
    }
}
