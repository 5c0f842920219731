//! CSV as pandas writes it: `True`/`False`, Python's float repr, empty for missing, minimal quoting, `\n`.
//!
//! Users read these files with `pandas.read_csv` and compare them with what the Python scripts wrote, so the
//! text of a number matters. Python prints the shortest digits that round-trip, in positional notation while
//! the decimal exponent is in −4..16 and as `1e-05` outside.
//!
//! No crate writes these texts: polars and Rust's own `Display` write other digits of a float32, other exponents, and `true`. Writing
//! them takes about the time that polars takes for its own (see [`table`](crate::table)).

use append::append_bytes;
use std::io::{self, Write};

mod append;
mod number;

/// Cell of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Empty.
    Missing,
    /// An integer.
    Int(i64),
    /// A float64, printed like Python's `repr`.
    Float(f64),
    /// A float32, printed with the digits that a float32 needs, as numpy does.
    Float32(f32),
    /// `True` or `False`.
    Bool(bool),
    /// Text, quoted only where CSV needs it.
    Text(&'a str),
}

/// Writes rows of cells.
#[derive(Debug)]
pub struct RowWriter<W: Write> {
    inner: W,
    line: Vec<u8>,
    started: bool,
}

impl<W: Write> RowWriter<W> {
    /// Writes the header and is ready for rows.
    ///
    /// # Errors
    /// Those of `inner`.
    pub fn new<S: AsRef<str>>(inner: W, header: impl IntoIterator<Item = S>) -> io::Result<Self> {
        let mut writer = Self::without_header(inner);
        for name in header {
            writer.cell(Cell::Text(name.as_ref()));
        }
        writer.end_row()?;
        Ok(writer)
    }

    /// A writer that starts with rows.
    pub fn without_header(inner: W) -> Self {
        Self {
            inner,
            line: Vec::with_capacity(1024),
            started: false,
        }
    }

    /// Appends a cell to the current row.
    pub fn cell(&mut self, cell: Cell<'_>) {
        if self.started {
            self.line.push(b',');
        }
        self.started = true;
        write_cell(&mut self.line, cell);
    }

    /// Ends the current row.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn end_row(&mut self) -> io::Result<()> {
        self.line.push(b'\n');
        self.inner.write_all(&self.line)?;
        self.line.clear();
        self.started = false;
        Ok(())
    }

    /// Writes one whole row.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> io::Result<()> {
        for cell in cells {
            self.cell(cell);
        }
        self.end_row()
    }

    /// Flushes and returns the inner writer.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner.flush()?;
        Ok(self.inner)
    }
}

/// Appends the text of a cell.
#[inline]
pub(crate) fn write_cell(out: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Missing => {}
        Cell::Int(v) => out.extend_from_slice(itoa::Buffer::new().format(v).as_bytes()),
        Cell::Bool(v) => out.extend_from_slice(if v { b"True" } else { b"False" }),
        Cell::Float(v) if v.is_nan() => {}
        Cell::Float32(v) if v.is_nan() => {}
        Cell::Float(v) => number::write_float64(out, v),
        Cell::Float32(v) => number::write_float32(out, v),
        Cell::Text(v) => write_text(out, v),
    }
}

/// Appends the texts of float32 cells, each with `,` after it.
pub(crate) fn put_float32s<const N: usize>(out: &mut Vec<u8>, values: [f32; N]) {
    number::write_float32s(out, values);
}

/// Returns true where every byte is above `,`, eight of them at a time.
#[inline]
fn all_above_comma(bytes: &[u8]) -> bool {
    const LOW: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = LOW << 7;
    // A byte up to `,` borrows from its high bit, unless that was set before: then it is above 127.
    let low = |word: [u8; 8]| {
        let word = u64::from_ne_bytes(word);
        word.wrapping_sub(LOW * (u64::from(b',') + 1)) & !word & HIGH
    };
    match bytes.last_chunk() {
        Some(last) => {
            let (words, _) = bytes.as_chunks::<8>();
            words.iter().fold(low(*last), |found, word| found | low(*word)) == 0
        }
        None => bytes.iter().all(|b| *b > b','),
    }
}

fn write_text(out: &mut Vec<u8>, v: &str) {
    let special = |b: u8| (b == b',') | (b == b'"') | (b == b'\n') | (b == b'\r');
    // What a name or a path is made of lies above all four, which several bytes at a time can be asked.
    if all_above_comma(v.as_bytes()) || !v.bytes().fold(false, |found, b| found | special(b)) {
        return append_bytes(out, v.as_bytes());
    }
    out.push(b'"');
    for b in v.bytes() {
        if b == b'"' {
            out.push(b'"');
        }
        out.push(b);
    }
    out.push(b'"');
}

/// Python's `repr` of a float64.
///
/// ```
/// use ecgfm_artifacts::pandas::repr;
/// assert_eq!(repr(1.0), "1.0");
/// assert_eq!(repr(1e-5), "1e-05");
/// assert_eq!(repr(1e16), "1e+16");
/// ```
pub fn repr(v: f64) -> String {
    text_of(|out| number::write_float64(out, v))
}

/// numpy's text of a float32: the digits that a float32 needs.
pub fn repr32(v: f32) -> String {
    text_of(|out| number::write_float32(out, v))
}

fn text_of(write: impl Fn(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(32);
    write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_python_prints_them() {
        // Each pair was printed by CPython's repr() and numpy's str().
        for (v, text) in [
            (0.1, "0.1"),
            (123456.0, "123456.0"),
            (1e15, "1000000000000000.0"),
            (1e22, "1e+22"),
            (0.0001, "0.0001"),
            (0.00001234, "1.234e-05"),
            (-0.0, "-0.0"),
            (2.5e-310, "2.5e-310"),
            (38.72283, "38.72283"),
        ] {
            assert_eq!(repr(v), text);
        }
        assert_eq!(repr32(0.751_620_8), "0.7516208");
        assert_eq!(repr32(-0.000_161_753_69), "-0.00016175369");
    }

    #[test]
    fn text_is_quoted_only_where_csv_needs_it() {
        let mut w = RowWriter::new(Vec::new(), ["a", "b,c"]).unwrap();
        w.row([Cell::Text("say \"x\""), Cell::Missing]).unwrap();
        w.row([Cell::Bool(true), Cell::Text("['I', 'II']")]).unwrap();
        assert_eq!(
            w.finish().unwrap(),
            b"a,\"b,c\"\n\"say \"\"x\"\"\",\nTrue,\"['I', 'II']\"\n"
        );
    }

    #[test]
    fn bytes_of_any_length_are_appended_whole() {
        let bytes: Vec<u8> = (0..40).collect();
        for n in 0..=40 {
            let mut out = b"before".to_vec();
            append_bytes(&mut out, &bytes[..n]);
            assert_eq!(out, [b"before", &bytes[..n]].concat(), "{n} bytes");
        }
    }

    proptest::proptest! {
        #[test]
        fn many_floats_read_as_one_by_one(bits: [u32; 4]) {
            let values = bits.map(f32::from_bits);
            let mut many = Vec::new();
            put_float32s(&mut many, values);
            let mut single = Vec::new();
            for v in values {
                write_cell(&mut single, Cell::Float32(v));
                single.push(b',');
            }
            proptest::prop_assert_eq!(many, single);
        }

        #[test]
        fn text_is_quoted_exactly_where_a_special_byte_is(v in "[ -/a-z0-9\n\r\u{7f}-\u{ff}]{0,40}") {
            let needs = v.contains([',', '"', '\n', '\r']);
            let quoted = format!("\"{}\"", v.replace('"', "\"\""));
            let written = text_of(|out| write_text(out, &v));
            proptest::prop_assert_eq!(written, if needs { quoted } else { v });
        }

        #[test]
        fn every_float_round_trips(bits: u64) {
            let v = f64::from_bits(bits);
            if v.is_finite() {
                proptest::prop_assert_eq!(repr(v).parse::<f64>().unwrap().to_bits(), v.to_bits());
            }
        }
    }
}
