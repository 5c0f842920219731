//! The middle of a recording, lead by lead, on which its sample rate is checked.

use crate::leads::COUNT;
use crate::sample::Sample;

/// Seconds of a recording that are looked at: enough beats for a median, and no more of an hour than of 10 s.
const SECONDS: f64 = 16.0;
/// Fewest samples of a longer recording that are looked at, so that they are seconds enough at other rates than its own, too.
const LEAST_SAMPLES: usize = 8000;
/// Samples that are taken apart into leads at a time: as many as the processor's nearest memory holds.
const BLOCK: usize = 64;

/// Middle of a recording of twelve leads, lead-major, in float32.
#[derive(Debug, Clone, Default)]
pub struct Excerpt {
    leads: Vec<Vec<f32>>,
}

impl Excerpt {
    /// Middle of `samples` (sample-major, twelve leads) of `sample_rate` Hz.
    pub fn new<S: Sample>(samples: &[S], sample_rate: f64) -> Self {
        let mut excerpt = Self::default();
        excerpt.fill(samples, sample_rate);
        excerpt
    }

    /// All of a recording, or of some of its leads, as it is.
    pub fn of_leads(leads: &[Vec<f32>]) -> Self {
        Self {
            leads: leads.to_vec(),
        }
    }

    /// Becomes what [`Self::new`] returns, in the memory that it has.
    pub fn fill<S: Sample>(&mut self, samples: &[S], sample_rate: f64) {
        let rows = samples.as_chunks::<COUNT>().0;
        let wanted = ((SECONDS * sample_rate) as usize).max(LEAST_SAMPLES);
        let taken = rows.len().min(wanted);
        let start = (rows.len() - taken) / 2;
        self.leads.resize_with(COUNT, Vec::new);
        self.leads.iter_mut().for_each(Vec::clear);
        for block in rows[start..start + taken].chunks(BLOCK) {
            for (at, lead) in self.leads.iter_mut().enumerate() {
                lead.extend(block.iter().map(|row| row[at].to_f64() as f32));
            }
        }
    }

    /// Samples of every lead.
    pub fn leads(&self) -> &[Vec<f32>] {
        &self.leads
    }

    /// Number of samples of a lead.
    pub fn samples(&self) -> usize {
        self.leads.first().map_or(0, Vec::len)
    }
}
