//! A table whose cells stay in its file: read once to be checked, and again where cells are asked for.

use super::blocks::{ByteSource, RecordCount, scan_source};
use super::read::Header;
use super::records::{ColumnSelection, read_cells};
use super::text_column::TextColumn;
use crate::error::{Error, Result};
use std::io;
use std::path::{Path, PathBuf};

/// A CSV table of which only the places of records are in memory, some bytes a MiB of the file. The file stays open: what is put
/// in its place later is not read.
pub struct FileTable {
    path: PathBuf,
    header: Header,
    source: ByteSource,
    pieces: Vec<Piece>,
    rows: usize,
}

/// A stretch of whole records of the file.
struct Piece {
    /// Number of the records before it.
    first_row: usize,
    rows: usize,
    /// First byte, and the one after the last.
    bytes: (usize, usize),
}

/// What a piece of the file holds: its records and bytes, and the cells that were asked for.
struct ReadPiece {
    rows: usize,
    length: usize,
    columns: Vec<TextColumn>,
}

impl RecordCount for ReadPiece {
    fn records(&self) -> usize {
        self.rows
    }
}

impl FileTable {
    /// Opens the table at `path`, and checks every record of it.
    ///
    /// # Errors
    /// The file cannot be read; it is no rectangular CSV.
    pub fn open(path: &Path) -> Result<Self> {
        let header = Header::read(path)?;
        let source = ByteSource::open(path).map_err(Error::io("read", path))?;
        let mut table = Self {
            path: path.to_owned(),
            pieces: Vec::new(),
            rows: 0,
            header,
            source,
        };
        let mut start = table.header.end;
        for piece in table.scan(&[])? {
            let end = start + piece.length;
            table.pieces.push(Piece {
                first_row: table.rows,
                rows: piece.rows,
                bytes: (start, end),
            });
            (start, table.rows) = (end, table.rows + piece.rows);
        }
        Ok(table)
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header.names
    }

    /// Number of records.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The cells of the column at `place` of the header; empty cells are empty text.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn column(&self, place: usize) -> Result<TextColumn> {
        let mut all = TextColumn::default();
        for piece in self.scan(&[place])? {
            piece.columns.iter().for_each(|cells| all.append(cells));
        }
        Ok(all)
    }

    /// The records, to be read one after the other.
    pub fn records(&self) -> FileRows<'_> {
        FileRows {
            table: self,
            first_row: 0,
            rows: 0,
            cells: TextColumn::default(),
            buffer: Vec::new(),
        }
    }

    fn scan(&self, places: &[usize]) -> Result<Vec<ReadPiece>> {
        let width = self.header.names.len();
        let names: Vec<&str> = places
            .iter()
            .map(|place| self.header.names[*place].as_str())
            .collect();
        let selection = ColumnSelection::new(places, width);
        scan_source(
            &self.source,
            (&self.path, self.header.end),
            &names,
            width,
            |text| {
                let mut columns = vec![TextColumn::default(); places.len()];
                let rows = read_cells(text, &selection, |column, cell| {
                    columns[column].push(cell);
                    Ok(())
                })?;
                Ok(ReadPiece {
                    rows,
                    length: text.len(),
                    columns,
                })
            },
        )
    }
}

/// Records of a [`FileTable`], of which one piece of the file is in memory: to be read in their order, or nearly.
pub struct FileRows<'a> {
    table: &'a FileTable,
    /// The records that are in memory: the first, and their number.
    first_row: usize,
    rows: usize,
    /// Their cells, row by row.
    cells: TextColumn,
    buffer: Vec<u8>,
}

impl FileRows<'_> {
    /// A record.
    ///
    /// # Errors
    /// I/O; the file is not what it was when it was opened.
    pub fn read(&mut self, row: usize) -> io::Result<FileRow<'_>> {
        if !(self.first_row..self.first_row + self.rows).contains(&row) {
            self.read_piece(row)?;
        }
        Ok(FileRow {
            cells: &self.cells,
            first: (row - self.first_row) * self.table.header.names.len(),
        })
    }

    fn read_piece(&mut self, row: usize) -> io::Result<()> {
        let table = self.table;
        let changed = || {
            let what = format!("{} was changed while it was read", table.path.display());
            io::Error::new(io::ErrorKind::InvalidData, what)
        };
        let after = table.pieces.partition_point(|piece| piece.first_row <= row);
        let piece = after.checked_sub(1).and_then(|piece| table.pieces.get(piece));
        let piece = piece.ok_or_else(changed)?;
        (self.rows, self.cells) = (0, TextColumn::default());
        table
            .source
            .fill(&mut self.buffer, piece.bytes.0, piece.bytes.1)?;
        let text = std::str::from_utf8(&self.buffer).map_err(|_| changed())?;
        let width = table.header.names.len();
        let all = ColumnSelection::new(&(0..width).collect::<Vec<_>>(), width);
        let read = read_cells(text, &all, |_, cell| {
            self.cells.push(cell);
            Ok(())
        });
        match read {
            Ok(rows) if rows == piece.rows && row < piece.first_row + rows => {
                (self.first_row, self.rows) = (piece.first_row, rows);
                Ok(())
            }
            _ => Err(changed()),
        }
    }
}

/// A record of a [`FileTable`].
#[derive(Clone, Copy)]
pub struct FileRow<'a> {
    cells: &'a TextColumn,
    /// Place of its first cell.
    first: usize,
}

impl<'a> FileRow<'a> {
    /// The cell of the column at `place` of the header.
    pub fn cell(&self, place: usize) -> &'a str {
        self.cells.get(self.first + place).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_again_as_they_were_and_a_file_that_changed_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        let row = |i: usize| format!("{i},\"a \"\"{i}\"\"\nb\",{}", "x".repeat(i % 90));
        let text: String = (0..40_000).map(|i| row(i) + "\n").collect();
        std::fs::write(&path, format!("n, t ,x\n{text}\n8,short")).unwrap();
        let table = FileTable::open(&path).unwrap();
        assert_eq!(
            (table.header(), table.rows()),
            (&["n", " t ", "x"].map(str::to_owned)[..], 40_001)
        );
        assert!(table.pieces.len() > 1);
        let mut records = table.records();
        for i in (0..40_000).chain([7, 39_999]) {
            let record = records.read(i).unwrap();
            assert_eq!(
                [0, 1, 2].map(|place| record.cell(place).to_owned()),
                [i.to_string(), format!("a \"{i}\"\nb"), "x".repeat(i % 90)]
            );
        }
        let short = records.read(40_000).unwrap();
        assert_eq!([0, 1, 2].map(|place| short.cell(place)), ["8", "short", ""]);
        assert!(records.read(40_001).is_err());
        let numbers = table.column(0).unwrap();
        assert_eq!(
            (numbers.len(), numbers.get(39_999), numbers.get(40_000)),
            (40_001, Some("39999"), Some("8"))
        );
        std::fs::write(&path, "n,t,x\n1,2,3\n").unwrap();
        assert!(table.records().read(5).is_err());
    }

    #[test]
    fn a_record_that_is_none_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        std::fs::write(&path, "a,b\n1,2\n1,2,3\n").unwrap();
        let error = FileTable::open(&path).err().unwrap().to_string();
        assert!(error.contains("line 3 has 3 cells"), "{error}");
    }
}
