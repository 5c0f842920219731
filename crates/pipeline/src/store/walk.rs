//! Visits of the files below a directory in the order of their names, without a list of all of them.
//!
//! An archive may have millions of files. Only the entries of the directories that lead to the one being visited are in memory.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::store::layout::is_lone_stage_file;

/// Deeper directories are not looked into.
const MAX_DEPTH: usize = 32;

/// A regular file below a directory, while it is visited.
pub(crate) struct VisitedFile<'a> {
    /// Relative path with `/`; bytes that are not UTF-8 are replaced.
    pub(crate) name: &'a str,
    /// Bytes in it.
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
    directory: &'a Path,
    file_name: &'a OsStr,
}

impl VisitedFile<'_> {
    /// The path to open it by.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(self.file_name)
    }
}

/// Calls `visit` for every regular file below `dir`, sorted by name. Links are followed, each directory once: where a link leads
/// to a directory that is below `dir` itself, its files count there.
pub(crate) fn visit_files(
    dir: &Path,
    visit: &mut dyn FnMut(&VisitedFile<'_>) -> io::Result<()>,
) -> io::Result<()> {
    Walk::new(dir, BTreeSet::new(), false, visit)?.visit_directory(0)
}

/// [`visit_files`] without what the program itself keeps there: the directories `own`, which may not exist yet, and what stages
/// that run alone write. A run that is kept inside the data that it reads must not take itself for data.
pub(crate) fn visit_input(
    dir: &Path,
    own: &[PathBuf],
    visit: &mut dyn FnMut(&VisitedFile<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let own = own.iter().filter_map(|own| fs::canonicalize(own).ok());
    Walk::new(dir, own.collect(), true, visit)?.visit_directory(0)
}

/// The way through the directories.
struct Walk<'a> {
    /// The canonical path of the directory at which it begins.
    root: PathBuf,
    /// Canonical paths of directories that are not entered.
    own: BTreeSet<PathBuf>,
    /// Leaves out what stages that run alone keep.
    without_lone_stages: bool,
    /// Canonical paths of the directories outside `root` that links led to.
    linked: BTreeSet<PathBuf>,
    /// The directory that is being visited: as it is opened, without links, and as files in it are named.
    path: PathBuf,
    canonical: PathBuf,
    name: String,
    visit: &'a mut dyn FnMut(&VisitedFile<'_>) -> io::Result<()>,
}

impl<'a> Walk<'a> {
    fn new(
        dir: &Path,
        mut own: BTreeSet<PathBuf>,
        without_lone_stages: bool,
        visit: &'a mut dyn FnMut(&VisitedFile<'_>) -> io::Result<()>,
    ) -> io::Result<Self> {
        let root = fs::canonicalize(dir)?;
        // Where the data are the directory itself, what is in it is data.
        own.remove(&root);
        Ok(Self {
            own,
            without_lone_stages,
            linked: BTreeSet::new(),
            path: dir.to_owned(),
            canonical: root.clone(),
            root,
            name: String::new(),
            visit,
        })
    }

    fn visit_directory(&mut self, depth: usize) -> io::Result<()> {
        let listing = Listing::read(&self.path)?;
        let above = self.name.len();
        for entry in &listing.entries {
            let (shown, file_name) = (listing.shown(entry), listing.file_name(entry));
            if self.without_lone_stages && is_lone_stage_file(&self.path, file_name, entry.is_dir()) {
                continue;
            }
            if above > 0 {
                self.name.push('/');
            }
            self.name.push_str(shown);
            match entry.kind {
                EntryKind::File => (self.visit)(&VisitedFile {
                    name: &self.name,
                    size: entry.size,
                    modified: entry.modified,
                    directory: &self.path,
                    file_name,
                })?,
                EntryKind::Directory => self.enter(file_name, false, depth + 1)?,
                EntryKind::LinkToDirectory => self.enter(file_name, true, depth + 1)?,
            }
            self.name.truncate(above);
        }
        Ok(())
    }

    /// Visits the directory `file_name` in the one that is being visited, unless it counts elsewhere.
    fn enter(&mut self, file_name: &OsStr, is_link: bool, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Ok(());
        }
        self.path.push(file_name);
        let canonical = match is_link {
            true => fs::canonicalize(&self.path)?,
            false => self.canonical.join(file_name),
        };
        if self.may_enter(&canonical, is_link) {
            let above = std::mem::replace(&mut self.canonical, canonical);
            self.visit_directory(depth)?;
            self.canonical = above;
        }
        self.path.pop();
        Ok(())
    }

    fn may_enter(&mut self, canonical: &Path, is_link: bool) -> bool {
        if self.own.contains(canonical) {
            return false;
        }
        if is_link {
            let known = |path: &Path| path == self.root || self.linked.contains(path);
            return !canonical.ancestors().any(known) && self.linked.insert(canonical.to_owned());
        }
        // Behind a link: a directory of its own, or the one at which it all began.
        canonical != self.root && !self.linked.contains(canonical)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EntryKind {
    File,
    Directory,
    LinkToDirectory,
}

/// An entry of a directory. There may be hundreds of thousands in one: it is small.
struct Entry {
    /// Place of its name in the names of the listing.
    start: usize,
    length: u32,
    kind: EntryKind,
    /// Place of the name as the system has it, where that is not UTF-8.
    original: Option<u32>,
    size: u64,
    modified: SystemTime,
}

impl Entry {
    fn is_dir(&self) -> bool {
        self.kind != EntryKind::File
    }
}

/// The entries of a directory in the order of the names of the files that they are or hold.
#[derive(Default)]
struct Listing {
    /// Names of all entries, with a `/` after each directory's, so that it sorts as the names of its files do.
    names: String,
    originals: Vec<OsString>,
    entries: Vec<Entry>,
}

impl Listing {
    fn read(dir: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            match kind_and_metadata(&entry) {
                Ok(Some((kind, meta))) => listing.add(entry.file_name(), kind, &meta)?,
                Ok(None) => {}
                // A link that leads nowhere is not a file.
                Err(e) if leads_nowhere(&e) => {}
                Err(e) => return Err(e),
            }
        }
        let Self { names, entries, .. } = &mut listing;
        let key = |entry: &Entry| &names.as_bytes()[entry.start..entry.start + entry.length as usize];
        entries.sort_unstable_by(|a, b| key(a).cmp(key(b)).then(a.original.cmp(&b.original)));
        Ok(listing)
    }

    fn add(&mut self, file_name: OsString, kind: EntryKind, meta: &fs::Metadata) -> io::Result<()> {
        let start = self.names.len();
        self.names.push_str(&file_name.to_string_lossy());
        if kind != EntryKind::File {
            self.names.push('/');
        }
        let original = file_name
            .to_str()
            .is_none()
            .then_some(self.originals.len() as u32);
        if original.is_some() {
            self.originals.push(file_name);
        }
        self.entries.push(Entry {
            start,
            length: (self.names.len() - start) as u32,
            kind,
            original,
            size: meta.len(),
            modified: meta.modified()?,
        });
        Ok(())
    }

    /// The name of an entry with what is not UTF-8 replaced.
    fn shown(&self, entry: &Entry) -> &str {
        let end = entry.start + entry.length as usize - usize::from(entry.is_dir());
        &self.names[entry.start..end]
    }

    /// The name of an entry as the system has it.
    fn file_name(&self, entry: &Entry) -> &OsStr {
        let original = entry
            .original
            .and_then(|place| self.originals.get(place as usize));
        original.map_or_else(|| OsStr::new(self.shown(entry)), OsString::as_os_str)
    }
}

/// What an entry of a directory is behind links, and what is known of it; nothing where it is neither file nor directory.
fn kind_and_metadata(entry: &fs::DirEntry) -> io::Result<Option<(EntryKind, fs::Metadata)>> {
    // Asked of the open directory: no path is looked up.
    let meta = entry.metadata()?;
    let (is_link, meta) = match meta.is_symlink() {
        true => (true, fs::metadata(entry.path())?),
        false => (false, meta),
    };
    let kind = match (meta.is_file(), meta.is_dir(), is_link) {
        (true, ..) => EntryKind::File,
        (_, true, true) => EntryKind::LinkToDirectory,
        (_, true, false) => EntryKind::Directory,
        _ => return Ok(None),
    };
    Ok(Some((kind, meta)))
}

/// The error of looking behind a link to what is not there, or to itself.
fn leads_nowhere(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names = Vec::new();
        visit_files(dir, &mut |file| {
            assert!(file.path().is_file());
            names.push(file.name.to_owned());
            Ok(())
        })
        .unwrap();
        names
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn files_are_visited_in_the_order_of_their_whole_names(
            paths in proptest::collection::vec("[a.0_é-]{1,3}(/[a.0_é-]{1,3}){0,2}", 0..12),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let plain = |path: &&String| path.split('/').all(|part| part != "." && part != "..");
            let mut expected = BTreeMap::new();
            for path in paths.iter().filter(plain) {
                let place = dir.path().join(path);
                // What is a file already is no directory, and the other way round.
                if fs::create_dir_all(place.parent().unwrap()).is_ok() && fs::write(&place, path).is_ok() {
                    expected.insert(path.clone(), path.len() as u64);
                }
            }
            prop_assert_eq!(names(dir.path()), expected.keys().cloned().collect::<Vec<_>>());
            let mut sizes = Vec::new();
            visit_files(dir.path(), &mut |file| {
                sizes.push(file.size);
                Ok(())
            })?;
            prop_assert_eq!(sizes, expected.into_values().collect::<Vec<_>>());
        }
    }

    #[cfg(unix)]
    #[test]
    fn every_directory_counts_once_and_where_it_is() {
        use std::os::unix::fs::symlink;
        let place = tempfile::tempdir().unwrap();
        let [data, other] = ["data", "other"].map(|name| place.path().join(name));
        for file in ["data/b/x", "other/in/y", "other/z"] {
            let file = place.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        symlink(data.join("b"), data.join("a")).unwrap();
        symlink(&data, data.join("loop")).unwrap();
        symlink("gone", data.join("dangling")).unwrap();
        symlink(data.join("b/x"), data.join("to_file")).unwrap();
        assert_eq!(names(&data), ["b/x", "to_file"]);
        symlink(other.join("in"), data.join("c")).unwrap();
        symlink(&other, data.join("d")).unwrap();
        assert_eq!(names(&data), ["b/x", "c/y", "d/z", "to_file"]);
        symlink(&other, data.join("e")).unwrap();
        symlink(place.path(), data.join("up")).unwrap();
        assert_eq!(names(&data), ["b/x", "c/y", "d/z", "to_file"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_not_utf8_is_shown_with_replacements_and_opened_as_it_is() {
        use std::os::unix::ffi::OsStrExt as _;
        let dir = tempfile::tempdir().unwrap();
        for name in [&b"a\xff"[..], b"b"] {
            fs::write(dir.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        assert_eq!(names(dir.path()), ["a\u{fffd}", "b"]);
    }

    #[test]
    fn what_the_program_keeps_among_the_data_is_not_data() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["run/s/x", "lone/.stage.json", "lone/y", ".lone.lock", "z"] {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let found = |own: &[PathBuf]| {
            let mut found = Vec::new();
            visit_input(dir.path(), own, &mut |file| {
                found.push(file.name.to_owned());
                Ok(())
            })
            .unwrap();
            found
        };
        assert_eq!(found(&[dir.path().join("run"), dir.path().join("gone")]), ["z"]);
        assert_eq!(found(&[dir.path().to_owned()]), ["run/s/x", "z"]);
    }
}
