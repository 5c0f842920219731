//! All exams that a recipe keeps: where each is in the file of kept exams, and what is known of them together.

use crate::error::Result;
use crate::kept::KeptExam;
use crate::kept_file::{KeptFile, KeptPlace};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Kept exams of one part of the store, in the order in which they are stored.
#[derive(Default)]
pub(crate) struct KeptPart {
    places: Vec<KeptPlace>,
    segments: usize,
    /// Bits of the sample rates.
    rates: BTreeSet<u64>,
}

impl KeptPart {
    /// Puts exams into the file.
    pub(crate) fn store(file: &KeptFile, exams: &[KeptExam]) -> Result<Self> {
        Ok(Self {
            places: file.append(exams)?,
            segments: exams.iter().map(|exam| exam.segments).sum(),
            rates: exams.iter().map(|exam| exam.sample_rate.to_bits()).collect(),
        })
    }
}

/// All exams that a recipe keeps.
pub(crate) struct KeptExams {
    file: Arc<KeptFile>,
    parts: Vec<KeptPart>,
}

impl KeptExams {
    /// No exam, yet.
    pub(crate) fn new(file: Arc<KeptFile>) -> Self {
        Self {
            file,
            parts: Vec::new(),
        }
    }

    /// Adds the next part of the store.
    pub(crate) fn push(&mut self, part: KeptPart) {
        self.parts.push(part);
    }

    /// Number of exams.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.places.len()).sum()
    }

    /// Number of segments.
    pub(crate) fn segments(&self) -> usize {
        self.parts.iter().map(|part| part.segments).sum()
    }

    /// The sample rates of the recordings, in Hz, each once.
    pub(crate) fn rates(&self) -> BTreeSet<u64> {
        self.parts.iter().flat_map(|part| &part.rates).copied().collect()
    }

    /// Rows of the exams in the table, in the order of the store.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> {
        self.places().map(|place| place.idx)
    }

    fn places(&self) -> impl Iterator<Item = &KeptPlace> {
        self.parts.iter().flat_map(|part| &part.places)
    }

    /// Gives all exams to `take`, in the order of the store, each with the number of its part.
    pub(crate) fn read_by_part<T>(
        &self,
        take: impl FnOnce(&mut dyn Iterator<Item = (usize, KeptExam)>) -> Result<T>,
    ) -> Result<T> {
        let numbered = self.parts.iter().enumerate();
        let mut numbers = numbered.flat_map(|(number, part)| part.places.iter().map(move |_| number));
        self.file.read(self.places(), |exams| {
            take(&mut exams.filter_map(|exam| Some((numbers.next()?, exam))))
        })
    }

    /// Gives all exams to `take`, in the order of the table.
    pub(crate) fn read_by_row<T>(
        &self,
        take: impl FnOnce(&mut dyn Iterator<Item = KeptExam>) -> Result<T>,
    ) -> Result<T> {
        let mut places: Vec<KeptPlace> = self.places().copied().collect();
        places.sort_unstable_by_key(|place| place.idx);
        self.file.read(&places, take)
    }
}
