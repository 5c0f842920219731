//! Writing arrays that are larger than memory, past the operating system's cache.
//!
//! A cache that is written through page by page costs more processor time than the values themselves, and pushes out
//! everything else that it held. Here values are laid into a buffer of whole pages, where whoever computes them writes
//! them in the first place, and one thread of a [`Flusher`] hands full buffers to the disk while the next are filled
//! (`O_DIRECT`). Where the file system does not allow that, they take the usual way. The files are the same.

use super::header::write_padded_header;
use super::{Dtype, Element, Header};
use crate::error::{Error, Result};
use bytemuck::{Pod, Zeroable};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Bytes that a disk reads and writes as one, at least; where values start in a file.
const PAGE: usize = 4096;
/// A buffer is handed to the disk once it holds so many bytes.
const FULL: usize = 4 << 20;
/// Buffers that wait for the disk.
const WAITING: usize = 4;

/// Memory that starts where a page does.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(4096))]
struct Page([u8; PAGE]);

/// What is done once a file is complete.
type Then = Box<dyn FnOnce() -> io::Result<()> + Send>;

enum Task {
    /// Whole pages at an offset.
    Pages {
        file: Arc<Target>,
        pages: Vec<Page>,
        count: usize,
        at: u64,
    },
    /// What is left, the header, and whatever follows.
    Finish {
        file: Arc<Target>,
        rest: Vec<u8>,
        at: u64,
        header: Header,
        then: Then,
    },
}

/// A file, open twice: past the cache for whole pages, if that can be, and through it for the rest.
#[derive(Debug)]
struct Target {
    path: PathBuf,
    cached: File,
    direct: Option<File>,
}

impl Target {
    fn create(path: &Path) -> io::Result<Self> {
        let cached = File::create(path)?;
        let direct = direct_flag().and_then(|flag| {
            let mut options = OpenOptions::new();
            options.write(true).custom_flags(flag).open(path).ok()
        });
        Ok(Self {
            path: path.to_owned(),
            cached,
            direct,
        })
    }

    fn write(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        match &self.direct {
            Some(direct) => direct.write_all_at(bytes, at).or_else(|e| match e.kind() {
                // Some file systems take the flag and refuse the writing.
                io::ErrorKind::InvalidInput => self.cached.write_all_at(bytes, at),
                _ => Err(e),
            }),
            None => self.cached.write_all_at(bytes, at),
        }
    }
}

/// The flag that asks for the way past the cache; none where there is no such way.
fn direct_flag() -> Option<i32> {
    #[cfg(target_os = "linux")]
    {
        i32::try_from(rustix::fs::OFlags::DIRECT.bits()).ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        None
    }
}

/// A thread that writes to the disk what [`BulkWriter`]s fill. After the first error it writes nothing more.
pub struct Flusher {
    tasks: Option<SyncSender<Task>>,
    spare: Arc<Mutex<Vec<Vec<Page>>>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Flusher {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system has no thread to give.
    pub fn start() -> io::Result<Self> {
        let (tasks, waiting) = sync_channel(WAITING);
        let spare = Arc::new(Mutex::new(Vec::new()));
        let returned = Arc::clone(&spare);
        let thread = std::thread::Builder::new()
            .name("flusher".to_owned())
            .spawn(move || write_all(&waiting, &returned))?;
        Ok(Self {
            tasks: Some(tasks),
            spare,
            thread: Some(thread),
        })
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// The first one that any file met.
    pub fn finish(mut self) -> Result<()> {
        self.join()
    }

    fn join(&mut self) -> Result<()> {
        self.tasks = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(()),
        }
    }

    /// False once writing has failed, and nothing more will be written.
    fn send(&self, task: Task) -> bool {
        self.tasks.as_ref().is_some_and(|tasks| tasks.send(task).is_ok())
    }

    fn buffer(&self) -> Vec<Page> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.pop().unwrap_or_default()
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        if let (Err(error), false) = (self.join(), std::thread::panicking()) {
            // Whoever drops it without `finish` has an error of his own to report.
            drop(error);
        }
    }
}

fn write_all(waiting: &Receiver<Task>, spare: &Mutex<Vec<Vec<Page>>>) -> Result<()> {
    for task in waiting {
        match task {
            Task::Pages { file, pages, count, at } => {
                file.write(bytemuck::cast_slice(&pages[..count]), at)
                    .map_err(Error::io("write", &file.path))?;
                spare.lock().unwrap_or_else(PoisonError::into_inner).push(pages);
            }
            Task::Finish { file, rest, at, header, then } => {
                let finished = file
                    .cached
                    .write_all_at(&rest, at)
                    .and_then(|()| write_padded_header(&header, PAGE))
                    .and_then(|bytes| file.cached.write_all_at(&bytes, 0))
                    .and_then(|()| then());
                finished.map_err(Error::io("write", &file.path))?;
            }
        }
    }
    Ok(())
}

/// Writes one array, row by row. Until [`finish`](Self::finish) there is no header, so [`super::NpyReader`] refuses a file
/// that was cut off.
pub struct BulkWriter<'a> {
    flusher: &'a Flusher,
    file: Arc<Target>,
    header: Header,
    row_bytes: usize,
    pages: Vec<Page>,
    /// Bytes of `pages` that are filled.
    filled: usize,
    /// Bytes of values that were handed over.
    handed: u64,
}

impl<'a> BulkWriter<'a> {
    /// Creates the file (or empties it) for rows of shape `row_shape`.
    ///
    /// # Errors
    /// I/O, or a row shape that overflows or is empty.
    pub fn create(flusher: &'a Flusher, path: &Path, dtype: Dtype, row_shape: &[usize]) -> Result<Self> {
        let (header, row_len) = super::writer::empty_array(path, dtype, row_shape)?;
        let row_bytes = row_len.checked_mul(dtype.size());
        let row_bytes = row_bytes.ok_or_else(|| Error::request(path, "rows that no memory holds"))?;
        let file = Target::create(path).map_err(Error::io("create", path))?;
        Ok(Self {
            flusher,
            file: Arc::new(file),
            header,
            row_bytes,
            pages: flusher.buffer(),
            filled: 0,
            handed: 0,
        })
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        ((self.handed + self.filled as u64) / self.row_bytes as u64) as usize
    }

    /// Makes room for the next `count` rows, for the caller to fill: all of it, with values of the array's type.
    ///
    /// # Errors
    /// `T` is not that type, or writing has failed before; [`Flusher::finish`] says why.
    pub fn append<T: Element + Pod>(&mut self, count: usize) -> Result<&mut [T]> {
        if T::DTYPE != self.header.dtype {
            let what = format!("{} values for an array of {}", T::DTYPE, self.header.dtype);
            return Err(Error::request(&self.file.path, what));
        }
        if self.filled >= FULL {
            self.hand_over()?;
        }
        let bytes = count * self.row_bytes;
        let pages = (self.filled + bytes).div_ceil(PAGE);
        if self.pages.len() < pages {
            self.pages.resize(pages, Page::zeroed());
        }
        let room = &mut bytemuck::cast_slice_mut::<Page, u8>(&mut self.pages)[self.filled..][..bytes];
        self.filled += bytes;
        Ok(bytemuck::cast_slice_mut(room))
    }

    /// Gives whole pages to the disk and keeps what is left of the last.
    fn hand_over(&mut self) -> Result<()> {
        let (count, rest) = (self.filled / PAGE, self.filled % PAGE);
        let mut next = self.flusher.buffer();
        if next.is_empty() {
            next.push(Page::zeroed());
        }
        if rest > 0 {
            next[0] = self.pages[count];
        }
        let task = Task::Pages {
            file: Arc::clone(&self.file),
            pages: std::mem::replace(&mut self.pages, next),
            count,
            at: PAGE as u64 + self.handed,
        };
        self.handed += (count * PAGE) as u64;
        self.filled = rest;
        if self.flusher.send(task) {
            Ok(())
        } else {
            Err(Error::request(&self.file.path, "writing has failed before"))
        }
    }

    /// Completes the file; `then` is called by the flusher's thread once that is done.
    ///
    /// # Errors
    /// Writing has failed before; [`Flusher::finish`] says why.
    pub fn finish(mut self, then: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<()> {
        self.header.shape[0] = self.rows();
        self.hand_over()?;
        let rest = bytemuck::cast_slice::<Page, u8>(&self.pages)[..self.filled].to_vec();
        let task = Task::Finish {
            file: self.file.clone(),
            rest,
            at: PAGE as u64 + self.handed,
            header: self.header,
            then: Box::new(then),
        };
        if self.flusher.send(task) {
            Ok(())
        } else {
            Err(Error::request(&self.file.path, "writing has failed before"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::NpyReader;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_error_of_the_disk_is_told_once_and_stops_the_rest() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let flusher = Flusher::start().unwrap();
        let mut writer = BulkWriter::create(&flusher, full, Dtype::F32, &[1 << 20]).unwrap();
        // The channel holds a few buffers before the error comes back.
        let refused = (0..64).any(|_| writer.append::<f32>(2).is_err());
        assert!(refused);
        drop(writer);
        assert!(flusher.finish().unwrap_err().to_string().contains("/dev/full"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn every_row_comes_back(counts in prop::collection::vec(0usize..5, 0..9), row_len in 1usize..400_000) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.npy");
            let flusher = Flusher::start().unwrap();
            let mut writer = BulkWriter::create(&flusher, &path, Dtype::F32, &[row_len]).unwrap();
            let mut next = 0;
            for count in &counts {
                for v in writer.append::<f32>(*count).unwrap() {
                    *v = next as f32;
                    next += 1;
                }
            }
            let rows = writer.rows();
            let done = dir.path().join("done");
            let then = done.clone();
            writer.finish(move || std::fs::write(then, b"")).unwrap();
            flusher.finish().unwrap();
            prop_assert!(done.exists());
            prop_assert_eq!(rows, counts.iter().sum::<usize>());
            let reader = NpyReader::open(&path).unwrap();
            prop_assert_eq!(&reader.header().shape, &[rows, row_len]);
            let values = reader.read_all::<f32>().unwrap();
            prop_assert!(values.iter().enumerate().all(|(i, v)| *v == i as f32));
        }
    }
}
