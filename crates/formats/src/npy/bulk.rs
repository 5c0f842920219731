//! Writing arrays that are larger than memory, past the operating system's cache.
//!
//! Values are computed straight into a buffer of whole pages, and one thread
//! of a [`Flusher`] writes full buffers to the disk while the next are filled ([`crate::pages`]).

use super::header::write_padded_header;
use super::{NpyDtype, NpyElement, NpyHeader};
use crate::error::{Error, Result};
use crate::file_sum::FileSum;
use crate::pages::{PAGE, PageBuffer, PageFile};
use bytemuck::Pod;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Number of bytes from which on a buffer is sent to the thread.
const BUFFER_BYTES: usize = 4 << 20;
/// Number of buffers that can wait for the thread.
const QUEUED_BUFFERS: usize = 4;

/// Action after a file is complete, given what is written.
type OnComplete = Box<dyn FnOnce(FileSum) -> io::Result<()> + Send>;

enum DiskTask {
    /// Whole pages at an offset.
    Pages {
        file: Arc<TargetFile>,
        buffer: PageBuffer,
        at: u64,
    },
    /// The rest of the values, the header, and the action after that.
    Finish {
        file: Arc<TargetFile>,
        buffer: PageBuffer,
        at: u64,
        header: NpyHeader,
        then: OnComplete,
    },
}

/// Open file with its path.
#[derive(Debug)]
struct TargetFile {
    path: PathBuf,
    file: PageFile,
    /// CRC-32 of the values so far, which come in their order.
    sum: Mutex<crc32fast::Hasher>,
}

impl TargetFile {
    /// Writes whole pages, in the order of the file.
    fn write_pages(&self, pages: &[u8], at: u64) -> io::Result<()> {
        self.add_to_sum(pages);
        self.file.write_pages(pages, at)
    }

    /// Writes what follows the last whole page. No page can be written past the cache after this.
    fn write_rest(&self, rest: &[u8], at: u64) -> io::Result<()> {
        self.add_to_sum(rest);
        self.file.write_rest(rest, at)
    }

    fn add_to_sum(&self, values: &[u8]) {
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.update(values);
    }

    /// Writes the header in front of the values; what the whole file is then.
    fn write_header(&self, header: &NpyHeader) -> io::Result<FileSum> {
        let bytes = write_padded_header(header, PAGE)?;
        self.file.write_rest(&bytes, 0)?;
        let values = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = crc32fast::Hasher::new();
        all.update(&bytes);
        all.combine(&values);
        let values = header.data_bytes().unwrap_or(0);
        Ok(FileSum {
            bytes: bytes.len() as u64 + values,
            crc32: all.finalize(),
        })
    }
}

/// Thread that writes the buffers of [`BulkWriter`]s to the disk. After the first error it writes nothing more.
pub struct Flusher {
    tasks: Option<SyncSender<DiskTask>>,
    spare: Arc<Mutex<Vec<PageBuffer>>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Flusher {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub fn start() -> io::Result<Self> {
        let (tasks, waiting) = sync_channel(QUEUED_BUFFERS);
        let spare = Arc::new(Mutex::new(Vec::new()));
        let returned = Arc::clone(&spare);
        let thread = std::thread::Builder::new()
            .name("flusher".to_owned())
            .spawn(move || run_tasks(&waiting, &returned))?;
        Ok(Self {
            tasks: Some(tasks),
            spare,
            thread: Some(thread),
        })
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// First error of any file.
    pub fn finish(mut self) -> Result<()> {
        self.tasks = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(()),
        }
    }

    /// Sends `task` to the thread; false once writing has failed and the thread has ended.
    fn send(&self, task: DiskTask) -> bool {
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
        // The result is dropped: a caller that does not call `finish` has an error of its own to report.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn run_tasks(waiting: &Receiver<DiskTask>, spare: &Mutex<Vec<PageBuffer>>) -> Result<()> {
    for task in waiting {
        let mut buffer = match task {
            DiskTask::Pages { file, buffer, at } => {
                let pages = &buffer.bytes()[..buffer.full_pages_len()];
                file.write_pages(pages, at)
                    .map_err(Error::io("write", &file.path))?;
                buffer
            }
            DiskTask::Finish {
                file,
                buffer,
                at,
                header,
                then,
            } => {
                let (pages, rest) = buffer.bytes().split_at(buffer.full_pages_len());
                let finished = file
                    .write_pages(pages, at)
                    .and_then(|()| file.write_rest(rest, at + pages.len() as u64))
                    .and_then(|()| file.write_header(&header))
                    .and_then(then);
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
    file: Arc<TargetFile>,
    header: NpyHeader,
    row_bytes: usize,
    buffer: PageBuffer,
    /// Bytes of values that were sent to the thread.
    bytes_sent: u64,
}

impl<'a> BulkWriter<'a> {
    /// Creates the file (or empties it) for rows of shape `row_shape`.
    ///
    /// # Errors
    /// I/O, or a row shape that overflows or is empty.
    pub fn create(flusher: &'a Flusher, path: &Path, dtype: NpyDtype, row_shape: &[usize]) -> Result<Self> {
        let (header, row_len) = super::writer::empty_array(path, dtype, row_shape)?;
        let row_bytes = row_len.checked_mul(dtype.size());
        let row_bytes = row_bytes.ok_or_else(|| Error::request(path, "rows that are larger than memory"))?;
        let file = PageFile::create(path).map_err(Error::io("create", path))?;
        Ok(Self {
            flusher,
            file: Arc::new(TargetFile {
                path: path.to_owned(),
                file,
                sum: Mutex::default(),
            }),
            header,
            row_bytes,
            buffer: flusher.buffer(),
            bytes_sent: 0,
        })
    }

    /// Number of rows appended so far.
    pub fn rows(&self) -> usize {
        ((self.bytes_sent + self.buffer.len() as u64) / self.row_bytes as u64) as usize
    }

    /// Appends `count` rows for the caller to fill, all of them, with values of the array's type.
    ///
    /// # Errors
    /// `T` is not that type, or writing has failed before; [`Flusher::finish`] says why.
    pub fn append<T: NpyElement + Pod>(&mut self, count: usize) -> Result<&mut [T]> {
        if T::DTYPE != self.header.dtype {
            let what = format!("{} values for an array of {}", T::DTYPE, self.header.dtype);
            return Err(Error::request(&self.file.path, what));
        }
        if self.buffer.len() >= BUFFER_BYTES {
            self.send_full_pages()?;
        }
        Ok(bytemuck::cast_slice_mut(
            self.buffer.reserve(count * self.row_bytes),
        ))
    }

    /// Sends full pages to the thread and keeps the rest of the last page.
    fn send_full_pages(&mut self) -> Result<()> {
        let whole = self.buffer.full_pages_len();
        let mut next = self.flusher.buffer();
        next.write_all(&self.buffer.bytes()[whole..])
            .map_err(Error::io("write", &self.file.path))?;
        let task = DiskTask::Pages {
            file: Arc::clone(&self.file),
            buffer: std::mem::replace(&mut self.buffer, next),
            at: PAGE as u64 + self.bytes_sent,
        };
        self.bytes_sent += whole as u64;
        if self.flusher.send(task) {
            Ok(())
        } else {
            Err(Error::request(&self.file.path, "writing has failed before"))
        }
    }

    /// Completes the file; the flusher's thread calls `then` after that.
    ///
    /// # Errors
    /// Writing has failed before; [`Flusher::finish`] says why.
    pub fn finish(mut self, then: impl FnOnce(FileSum) -> io::Result<()> + Send + 'static) -> Result<()> {
        self.header.shape[0] = self.rows();
        let task = DiskTask::Finish {
            file: self.file.clone(),
            buffer: self.buffer,
            at: PAGE as u64 + self.bytes_sent,
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
        let mut writer = BulkWriter::create(&flusher, full, NpyDtype::F32, &[1 << 20]).unwrap();
        // The channel holds a few buffers before the error comes back.
        let refused = (0..64).any(|_| writer.append::<f32>(2).is_err());
        assert!(refused);
        drop(writer);
        assert!(flusher.finish().unwrap_err().to_string().contains("/dev/full"));
    }

    #[test]
    fn pages_go_past_the_cache_until_the_array_ends() {
        let dir = tempfile::tempdir().unwrap();
        let flusher = Flusher::start().unwrap();
        let create =
            |name: &str| BulkWriter::create(&flusher, &dir.path().join(name), NpyDtype::F32, &[1 << 20]);
        let mut writer = create("long.npy").unwrap();
        // Not every file system lets them pass.
        let direct = writer.file.file.is_direct();
        for _ in 0..8 {
            writer.append::<f32>(1).unwrap().fill(1.0);
        }
        // The thread takes tasks in their order: those of the array so far are done when this file is.
        let (told, done) = std::sync::mpsc::channel();
        let other = create("other.npy").unwrap();
        other
            .finish(move |_| told.send(()).map_err(io::Error::other))
            .unwrap();
        done.recv().unwrap();
        assert!(writer.bytes_sent > 0);
        assert_eq!(writer.file.file.is_direct(), direct);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn every_row_comes_back(counts in prop::collection::vec(0usize..5, 0..9), row_len in 1usize..400_000) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.npy");
            let flusher = Flusher::start().unwrap();
            let mut writer = BulkWriter::create(&flusher, &path, NpyDtype::F32, &[row_len]).unwrap();
            let mut next = 0;
            for count in &counts {
                for v in writer.append::<f32>(*count).unwrap() {
                    *v = next as f32;
                    next += 1;
                }
            }
            let rows = writer.rows();
            let (told, sum) = std::sync::mpsc::channel();
            writer.finish(move |sum| { told.send(sum).unwrap(); Ok(()) }).unwrap();
            flusher.finish().unwrap();
            prop_assert_eq!(sum.recv().unwrap(), FileSum::of(&path).unwrap());
            prop_assert_eq!(rows, counts.iter().sum::<usize>());
            let reader = NpyReader::open(&path).unwrap();
            prop_assert_eq!(&reader.header().shape, &[rows, row_len]);
            let values = reader.read_all::<f32>().unwrap();
            prop_assert!(values.iter().enumerate().all(|(i, v)| *v == i as f32));
        }
    }
}
