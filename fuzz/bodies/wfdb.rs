//! A WFDB record: a header and a signal file, in ADC units and in millivolts.

use ecgfm_recordings::wfdb::{self, WfdbHeader};
use std::cell::RefCell;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;

/// Record of two files, written anew each time.
struct RecordFiles {
    directory: tempfile::TempDir,
    /// `r.hea` and `r.dat`.
    files: [File; 2],
}

thread_local! {
    static RECORD: RefCell<RecordFiles> = RefCell::new(RecordFiles::new().expect("a temporary directory"));
}

impl RecordFiles {
    fn new() -> std::io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let create = |name| File::create(directory.path().join(name));
        let files = [create("r.hea")?, create("r.dat")?];
        Ok(Self { directory, files })
    }

    fn write(&mut self, contents: [&[u8]; 2]) -> std::io::Result<()> {
        for (file, content) in self.files.iter_mut().zip(contents) {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(content)?;
        }
        Ok(())
    }
}

/// `data` is the length of the header, in two bytes, the header, and the signal file.
pub(crate) fn run(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (header, samples) = rest.split_at(length);
    if let Err(error) = WfdbHeader::from_bytes(Path::new("r.hea"), header) {
        let _ = error.to_string();
        return;
    }
    RECORD.with_borrow_mut(|record| {
        record.write([header, samples]).expect("room for temporary files");
        read(&record.directory.path().join("r.hea"));
    });
}

fn read(path: &Path) {
    let record = match wfdb::read(path) {
        Ok(record) => record,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    for signal in &record.signals {
        let samples = record.frames * u64::from(signal.samples_per_frame);
        assert_eq!(signal.samples.len() as u64, samples, "as many as the length says");
        assert!(
            !signal.samples.iter().any(|value| value.is_infinite()),
            "values are numbers"
        );
    }
    if let Ok(digital) = wfdb::read_digital(path) {
        let lengths = digital.samples.iter().map(Vec::len);
        assert!(
            lengths.eq(record.signals.iter().map(|signal| signal.samples.len())),
            "both are the same record"
        );
    }
}
