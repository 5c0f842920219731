//! Size of the segments that a run reads.

/// Leads and samples of every segment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentShape {
    /// Leads.
    pub leads: usize,
    /// Samples per lead.
    pub samples: usize,
}

impl SegmentShape {
    /// Values in one segment: leads times samples.
    pub fn len(&self) -> usize {
        self.leads * self.samples
    }

    /// Returns true where a segment holds no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
