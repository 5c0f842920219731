//! Headers of records, `.hea`.

use super::error::{HEADER_HELP, LineDefect, io_error, malformed, unsupported};
use super::limits::{MAX_HEADER_BYTES, MAX_SEGMENTS, MAX_SIGNALS};
use super::record_line::{RecordLine, parse_record_line};
use super::regular_file::open_regular;
use super::signal_line::parse_signal_line;
use super::specification::{SegmentSpecification, SignalSpecification};
use super::start::{BaseDate, BaseTime};
use super::text::{HeaderLine, split_header};
use ecgfm_formats::Result;
use rustix::io::Errno;
use std::io::Read as _;
use std::path::Path;

/// Content of a header: what it states, and none where it states nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WfdbHeader {
    /// Name of the record, which need not be that of the file.
    pub name: String,
    /// Number of signals.
    pub signal_count: usize,
    /// Frames a second: the sample rate, where each frame has one sample of each signal.
    pub frame_rate: Option<f64>,
    /// Ticks of the counter a second.
    pub counter_rate: Option<f64>,
    /// Counter at the first sample.
    pub base_counter: Option<f64>,
    /// Frames, so samples of each signal, where each frame has one.
    pub frames: Option<u64>,
    /// Time of day at the first sample.
    pub time: Option<BaseTime>,
    /// Date of the first sample.
    pub date: Option<BaseDate>,
    /// Signals; empty in the header of a multi-segment record.
    pub signals: Vec<SignalSpecification>,
    /// Segments; none in an ordinary record.
    pub segments: Option<Vec<SegmentSpecification>>,
    /// Comments in their order, wherever they are, without `#`.
    pub comments: Vec<String>,
    /// What is odd about the header, in words.
    pub warnings: Vec<String>,
}

impl WfdbHeader {
    /// Rate that WFDB's documentation gives to records without one, in Hz.
    pub const DEFAULT_RATE: f64 = 250.0;

    /// Reads the header at `path`.
    ///
    /// # Errors
    /// I/O, and those of [`Self::from_bytes`].
    pub fn read(path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        let opened = open_regular(path)?;
        let (file, _) = opened.ok_or_else(|| io_error("open", path)(Errno::NOENT.into()))?;
        let mut start = file.take(MAX_HEADER_BYTES + 1);
        start.read_to_end(&mut bytes).map_err(io_error("read", path))?;
        Self::from_bytes(path, &bytes)
    }

    /// Reads the content of a header; `path` is for messages.
    ///
    /// # Errors
    /// The content is no header of WFDB or contradicts itself; the error names the line.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self> {
        if bytes.len() as u64 > MAX_HEADER_BYTES {
            let what = format!("more than {MAX_HEADER_BYTES} bytes");
            return Err(unsupported(path, "header", what, "give the record's .hea file"));
        }
        let help = "give the record's .hea file, saved as UTF-8";
        let text = split_header(bytes).map_err(|what| malformed(path, "header", what, help))?;
        let Some((first, lines)) = text.lines.split_first() else {
            return Err(malformed(path, "header", "there is no record line", HEADER_HELP));
        };
        let record =
            parse_record_line(&first.text, lines.len()).map_err(|e| e.in_line(path, first.number))?;
        check_line_count(&record, lines.len()).map_err(|e| e.in_line(path, first.number))?;
        let mut header = Self::new(record, text.comments);
        match &mut header.segments {
            Some(segments) => *segments = parse_segments(path, lines)?,
            None => header.parse_signals(path, lines)?,
        }
        Ok(header)
    }

    fn new(record: RecordLine, comments: Vec<String>) -> Self {
        Self {
            name: record.name,
            signal_count: record.signal_count,
            frame_rate: record.frame_rate,
            counter_rate: record.counter_rate,
            base_counter: record.base_counter,
            frames: record.frames,
            time: record.time,
            date: record.date,
            signals: Vec::new(),
            segments: record.segment_count.map(|_| Vec::new()),
            comments,
            warnings: record.warnings,
        }
    }

    fn parse_signals(&mut self, path: &Path, lines: &[HeaderLine]) -> Result<()> {
        for line in lines {
            let parsed = parse_signal_line(&line.text, line.number);
            let (signal, warning) = parsed.map_err(|e| e.in_line(path, line.number))?;
            self.signals.push(signal);
            self.warnings.extend(warning);
        }
        Ok(())
    }

    /// Value of the first comment `key: value` with that key in any case, without spaces around it.
    ///
    /// ```
    /// use ecgfm_recordings::wfdb::WfdbHeader;
    /// let header = WfdbHeader::from_bytes("r.hea".as_ref(), b"r 0 500\n#Dx: 426783006\n").unwrap();
    /// assert_eq!(header.comment("dx"), Some("426783006"));
    /// ```
    pub fn comment(&self, key: &str) -> Option<&str> {
        let fields = self.comments.iter().filter_map(|comment| comment.split_once(':'));
        let mut found = fields.filter(|(name, _)| name.trim().eq_ignore_ascii_case(key));
        found.next().map(|(_, value)| value.trim())
    }
}

/// Returns true if `bytes`, the start of a file, begin as a header does: comments, then a record line.
pub fn is_header(bytes: &[u8]) -> bool {
    // Neither XML nor an array begins as a name does.
    if bytes.starts_with(b"<") || bytes.starts_with(b"\x93") {
        return false;
    }
    let Ok(text) = split_header(bytes) else {
        return false;
    };
    let first = text.lines.first();
    first.is_some_and(|first| parse_record_line(&first.text, text.lines.len() - 1).is_ok())
}

fn check_line_count(record: &RecordLine, following: usize) -> Result<(), LineDefect> {
    let (announced, of) = match record.segment_count {
        Some(count) => (count, "segments"),
        None => (record.signal_count, "signals"),
    };
    if record
        .segment_count
        .is_some_and(|count| !(1..=MAX_SEGMENTS).contains(&count))
    {
        return Err(LineDefect(format!(
            "{announced} segments; 1 to {MAX_SEGMENTS} are read"
        )));
    }
    if record.signal_count > MAX_SIGNALS {
        let count = record.signal_count;
        return Err(LineDefect(format!(
            "{count} signals; at most {MAX_SIGNALS} are read"
        )));
    }
    if announced != following {
        return Err(LineDefect(format!(
            "{announced} {of} are announced, but {following} lines follow"
        )));
    }
    Ok(())
}

fn parse_segments(path: &Path, lines: &[HeaderLine]) -> Result<Vec<SegmentSpecification>> {
    let parse = |line: &HeaderLine| {
        let (name, frames) = line.text.rsplit_once(char::is_whitespace)?;
        Some(SegmentSpecification {
            line: line.number,
            name: name.trim().to_owned(),
            frames: frames.parse().ok()?,
        })
    };
    let check = |line: &HeaderLine| {
        let what = || {
            LineDefect(format!(
                "{:?} does not describe a segment: name and samples",
                line.text
            ))
        };
        parse(line).ok_or_else(|| what().in_line(path, line.number))
    };
    lines.iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<WfdbHeader> {
        WfdbHeader::from_bytes(Path::new("r.hea"), text.as_bytes())
    }

    #[test]
    fn comments_are_kept_wherever_they_are_and_the_last_one_too() {
        let read =
            header("# first\nr 1 500 10\n\n# note, without a colon\na.dat 16\n#Dx: 1, 2\n# Sx: Unknown")
                .unwrap();
        assert_eq!(
            read.comments,
            ["first", "note, without a colon", "Dx: 1, 2", "Sx: Unknown"]
        );
        assert_eq!(
            (read.comment("DX"), read.comment("Sx"), read.comment("Age")),
            (Some("1, 2"), Some("Unknown"), None)
        );
    }

    #[test]
    fn a_number_of_signals_that_disagrees_with_the_lines_is_an_error_in_its_line() {
        for announced in [0, 1, 3] {
            let text = format!("# c\nr {announced} 500 10\na.dat 16\na.dat 16\n");
            let error = header(&text).unwrap_err().to_string();
            assert!(
                error.contains("r.hea: line 2") && error.contains("2 lines follow"),
                "{error}"
            );
        }
        assert!(header("").unwrap_err().to_string().contains("no record line"));
        assert!(header("r 1 500\0").is_err());
    }

    #[test]
    fn segments_are_read_and_bounded() {
        let read = header("m/3 2 360 30\nm_layout 0\n~ 10\nm_1 20\n").unwrap();
        let segments = read.segments.unwrap();
        assert_eq!(
            (
                segments[1].is_null(),
                segments[2].name.as_str(),
                segments[2].frames
            ),
            (true, "m_1", 20)
        );
        assert!(header("m/0 2 360 30\n").is_err());
        assert!(header("m/1 2 360 30\nm_1\n").is_err());
    }

    #[test]
    fn headers_are_told_from_other_text() {
        assert!(is_header(b"# c\r\n100 2 360 650000\r\n100.dat 212"));
        assert!(!is_header(b"I,II,III\n1,2,3\n"));
        assert!(!is_header(b"<?xml version=\"1.0\"?>\n"));
        assert!(!is_header(b"\x1e\0\0\0"));
        assert!(!is_header(b""));
    }
}
