//! Writing arrays that are larger than memory, past the operating system's cache.
//!
//! Values are laid into a buffer of whole pages, where whoever computes them writes them in the first place, and one thread
//! of a [`Flusher`] hands full buffers to the disk while the next are filled ([`crate::pages`]).

use super::header::write_padded_header;
use super::{Dtype, Element, Header};
use crate::error::{Error, Result};
use crate::pages::{PAGE, PageBuffer, PageFile};
use bytemuck::Pod;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A buffer is handed to the disk once it holds so many bytes.
const FULL: usize = 4 << 20;
/// Buffers that wait for the disk.
const WAITING: usize = 4;

/// What is done once a file is complete.
type Then = Box<dyn FnOnce() -> io::Result<()> + Send>;

enum Task {
    /// Whole pages at an offset.
    Pages {
        file: Arc<Target>,
        buffer: PageBuffer,
        at: u64,
    },
    /// All that is left, the header, and whatever follows.
    Finish {
        file: Arc<Target>,
        buffer: PageBuffer,
        at: u64,
        header: Header,
        then: Then,
    },
}

/// A file and its name.
#[derive(Debug)]
struct Target {
    path: PathBuf,
    file: PageFile,
}

/// A thread that writes to the disk what [`BulkWriter`]s fill. After the first error it writes nothing more.
pub struct Flusher {
    tasks: Option<SyncSender<Task>>,
    spare: Arc<Mutex<Vec<PageBuffer>>>,
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

    fn buffer(&self) -> PageBuffer {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.pop().unwrap_or_default()
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.tasks = None;
        // Whoever drops it without `finish` has an error of his own to report.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn write_all(waiting: &Receiver<Task>, spare: &Mutex<Vec<PageBuffer>>) -> Result<()> {
    for task in waiting {
        let mut buffer = match task {
            Task::Pages { file, buffer, at } => {
                file.file
                    .write_pages(&buffer.bytes()[..buffer.whole()], at)
                    .map_err(Error::io("write", &file.path))?;
                buffer
            }
            Task::Finish {
                file,
                buffer,
                at,
                header,
                then,
            } => {
                let (pages, rest) = buffer.bytes().split_at(buffer.whole());
                let finished = file
                    .file
                    .write_pages(pages, at)
                    .and_then(|()| file.file.write_rest(rest, at + pages.len() as u64))
                    .and_then(|()| write_padded_header(&header, PAGE))
                    .and_then(|bytes| file.file.write_rest(&bytes, 0))
                    .and_then(|()| then());
                finished.map_err(Error::io("write", &file.path))?;
                buffer
            }
        };
        buffer.clear();
        spare.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
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
    buffer: PageBuffer,
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
        let file = PageFile::create(path).map_err(Error::io("create", path))?;
        Ok(Self {
            flusher,
            file: Arc::new(Target {
                path: path.to_owned(),
                file,
            }),
            header,
            row_bytes,
            buffer: flusher.buffer(),
            handed: 0,
        })
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        ((self.handed + self.buffer.len() as u64) / self.row_bytes as u64) as usize
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
        if self.buffer.len() >= FULL {
            self.hand_over()?;
        }
        Ok(bytemuck::cast_slice_mut(self.buffer.room(count * self.row_bytes)))
    }

    /// Gives whole pages to the disk and keeps what is left of the last.
    fn hand_over(&mut self) -> Result<()> {
        let whole = self.buffer.whole();
        let mut next = self.flusher.buffer();
        next.write_all(&self.buffer.bytes()[whole..])
            .map_err(Error::io("write", &self.file.path))?;
        let task = Task::Pages {
            file: Arc::clone(&self.file),
            buffer: std::mem::replace(&mut self.buffer, next),
            at: PAGE as u64 + self.handed,
        };
        self.handed += whole as u64;
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
        let task = Task::Finish {
            file: self.file.clone(),
            buffer: self.buffer,
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
