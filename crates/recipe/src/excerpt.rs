//! The middle of a recording, lead by lead, on which its sample rate is checked.

use crate::leads::COUNT;
use crate::sample::Sample;

/// Seconds of a recording that are looked at: enough beats for a median, and no more of an hour than of 10 s.
const SECONDS: f64 = 16.0;
/// Fewest samples of a longer recording that are looked at, so that they are seconds enough at other rates than its own, too.
const LEAST_SAMPLES: usize = 8000;

/// Middle of a recording of twelve leads, lead-major, in float32.
#[derive(Debug, Clone, Default)]
pub struct Excerpt {
    leads: Vec<Vec<f32>>,
}

impl Excerpt {
    /// Middle of `samples` (sample-major, twelve leads) of `sample_rate` Hz.
    pub fn new<S: Sample>(samples: &[S], sample_rate: f64) -> Self {
        let rows = samples.as_chunks::<COUNT>().0;
        let wanted = ((SECONDS * sample_rate) as usize).max(LEAST_SAMPLES);
        let taken = rows.len().min(wanted);
        let start = (rows.len() - taken) / 2;
        let rows = &rows[start..start + taken];
        let lead = |lead: usize| rows.iter().map(|row| row[lead].to_f64() as f32).collect();
        let leads = (0..COUNT).map(lead).collect();
        Self { leads }
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
