//! CSV as pandas writes it: `True`/`False`, Python's float repr, empty for missing, minimal quoting, `\n`.
//!
//! Users read these files with `pandas.read_csv` and compare them with what the Python scripts wrote, so the
//! text of a number matters. Python prints the shortest digits that round-trip, in positional notation while
//! the decimal exponent is in −4..16 and as `1e-05` outside.

use std::fmt::Arguments;
use std::io::{self, Write};

/// One cell.
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
        let mut writer = Self::headless(inner);
        for name in header {
            writer.cell(Cell::Text(name.as_ref()));
        }
        writer.end_row()?;
        Ok(writer)
    }

    /// A writer that starts with rows.
    pub fn headless(inner: W) -> Self {
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
        put(&mut self.line, cell);
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

fn put(out: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Missing => {}
        Cell::Int(v) => drop(write!(out, "{v}")),
        Cell::Bool(v) => out.extend_from_slice(if v { b"True" } else { b"False" }),
        Cell::Float(v) if v.is_nan() => {}
        Cell::Float32(v) if v.is_nan() => {}
        Cell::Float(v) => float(out, v.is_finite(), v, format_args!("{v:e}")),
        Cell::Float32(v) => float(out, v.is_finite(), f64::from(v), format_args!("{v:e}")),
        Cell::Text(v) => text(out, v),
    }
}

fn text(out: &mut Vec<u8>, v: &str) {
    if !v.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
        return out.extend_from_slice(v.as_bytes());
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
    text_of(Cell::Float(v))
}

/// numpy's text of a float32: the digits that a float32 needs.
pub fn repr32(v: f32) -> String {
    text_of(Cell::Float32(v))
}

fn text_of(cell: Cell<'_>) -> String {
    let mut out = Vec::with_capacity(32);
    match cell {
        Cell::Float(v) => float(&mut out, v.is_finite(), v, format_args!("{v:e}")),
        Cell::Float32(v) => float(&mut out, v.is_finite(), f64::from(v), format_args!("{v:e}")),
        other => put(&mut out, other),
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Appends a number, given Rust's shortest scientific notation of it. Tables hold tens of millions of them, so
/// nothing is allocated on the way.
fn float(out: &mut Vec<u8>, finite: bool, v: f64, scientific: Arguments<'_>) {
    if !finite {
        let name = if v.is_nan() {
            "nan"
        } else if v > 0.0 {
            "inf"
        } else {
            "-inf"
        };
        return out.extend_from_slice(name.as_bytes());
    }
    // The longest, -1.7976931348623157e-308, has 24 characters.
    let mut buffer = [0u8; 32];
    let mut rest = &mut buffer[..];
    let _ = rest.write_fmt(scientific);
    let length = 32 - rest.len();
    layout(out, &buffer[..length]);
}

/// Lays out Rust's shortest scientific notation (`-1.25e-7`) as Python does.
fn layout(out: &mut Vec<u8>, scientific: &[u8]) {
    let e = scientific
        .iter()
        .position(|b| *b == b'e')
        .unwrap_or(scientific.len());
    let exponent = scientific
        .get(e + 1..)
        .and_then(|t| std::str::from_utf8(t).ok()?.parse().ok())
        .unwrap_or(0i32);
    let (negative, mantissa) = match &scientific[..e] {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (first, fraction) = mantissa.split_at(mantissa.len().min(1));
    let fraction = fraction.get(1..).unwrap_or_default();
    if negative {
        out.push(b'-');
    }
    if !(-4..16).contains(&exponent) {
        out.extend_from_slice(first);
        if !fraction.is_empty() {
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        zeros(out, exponent.unsigned_abs() as usize - 1);
        out.extend_from_slice(first);
        out.extend_from_slice(fraction);
    } else {
        let whole = fraction.len().min(exponent as usize);
        out.extend_from_slice(first);
        out.extend_from_slice(&fraction[..whole]);
        zeros(out, exponent as usize - whole);
        out.push(b'.');
        out.extend_from_slice(if whole == fraction.len() {
            b"0"
        } else {
            &fraction[whole..]
        });
    }
}

fn zeros(out: &mut Vec<u8>, n: usize) {
    out.resize(out.len() + n, b'0');
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

    proptest::proptest! {
        #[test]
        fn every_float_round_trips(bits: u64) {
            let v = f64::from_bits(bits);
            if v.is_finite() {
                proptest::prop_assert_eq!(repr(v).parse::<f64>().unwrap().to_bits(), v.to_bits());
            }
        }
    }
}
