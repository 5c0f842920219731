//! Shares of the chunks of a run, which processes on any machines do one each.

use std::fmt;
use std::num::NonZeroUsize;

/// One of `count` shares. Chunk `c`, counted from 0, belongs to share `c mod count + 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 1.
    number: NonZeroUsize,
    count: NonZeroUsize,
}

impl Shard {
    /// Share `number`, counted from 1, of `count`; none where there is no such share.
    #[must_use]
    pub fn new(number: usize, count: usize) -> Option<Self> {
        let (number, count) = (NonZeroUsize::new(number)?, NonZeroUsize::new(count)?);
        (number <= count).then_some(Self { number, count })
    }

    /// Number of the share, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        self.number.get()
    }

    /// Number of shares.
    #[must_use]
    pub fn count(self) -> usize {
        self.count.get()
    }

    /// Returns true for a chunk, counted from 0, of this share.
    #[must_use]
    pub fn holds(self, chunk: usize) -> bool {
        chunk % self.count() + 1 == self.number()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_belongs_to_one_share() {
        for count in 1..20 {
            for chunk in 0..100 {
                let holding = (1..=count).filter(|number| Shard::new(*number, count).unwrap().holds(chunk));
                assert_eq!(holding.count(), 1, "chunk {chunk} of {count}");
            }
        }
    }

    #[test]
    fn a_share_that_there_is_not_is_refused() {
        assert!(Shard::new(0, 3).is_none() && Shard::new(4, 3).is_none() && Shard::new(1, 0).is_none());
        assert_eq!(Shard::new(3, 8).unwrap().to_string(), "3/8");
    }
}
