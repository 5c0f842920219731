//! One ECG as its file holds it.

use ecgfm_recipe::leads;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// Names of leads, in the order of the values of a sample. Shared: a clone copies no name.
pub type Leads = Arc<[String]>;

/// Unit of the values of a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unit {
    /// Neither the file nor the archive states it.
    #[default]
    NotStated,
    /// Millivolts.
    Millivolts,
}

/// What a file format does not state about its recordings, and an archive's documentation does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Encoding {
    /// Samples a second, of each lead.
    pub sample_rate: u32,
    /// Unit of the values.
    pub unit: Unit,
}

/// Where a recording comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The file.
    pub file: Arc<PathBuf>,
    /// Row in the file, from 0 on; 0 in a file of one recording.
    pub row: usize,
}

/// One ECG. The buffers are used again where one `Recording` is filled over and over.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Names of the leads.
    pub leads: Leads,
    /// Samples a second, of each lead.
    pub sample_rate: u32,
    /// Unit of the values.
    pub unit: Unit,
    /// Values, sample by sample with all leads of each.
    pub samples: Vec<f32>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// The twelve standard leads.
static STANDARD: LazyLock<Leads> = LazyLock::new(|| leads::NAMES.map(str::to_owned).into());

/// Names of `count` leads of a file that does not name them: the standard twelve in their order, else their numbers.
pub(crate) fn unnamed(count: usize) -> Leads {
    if count == leads::COUNT {
        return STANDARD.clone();
    }
    (0..count).map(|lead| format!("lead {lead}")).collect()
}

impl Default for Recording {
    /// A recording without samples, to be filled.
    fn default() -> Self {
        Self {
            leads: STANDARD.clone(),
            sample_rate: 0,
            unit: Unit::NotStated,
            samples: Vec::new(),
            provenance: Provenance::default(),
        }
    }
}

impl Recording {
    /// Number of samples of each lead.
    pub fn len(&self) -> usize {
        self.samples.len() / self.leads.len().max(1)
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Brings the samples into the standard twelve leads in their order, whatever the order in the file; leads of other
    /// names are dropped. Costs nothing where that is the order already.
    ///
    /// # Errors
    /// A standard lead is missing.
    ///
    /// ```
    /// use ecgfm_recordings::Recording;
    /// let mut names = ecgfm_recipe::leads::NAMES.map(str::to_owned);
    /// names.reverse();
    /// let samples = (0..24).map(|v| v as f32).collect();
    /// let mut recording = Recording { leads: names.into(), samples, ..Recording::default() };
    /// recording.use_standard_leads().unwrap();
    /// assert_eq!(recording.samples[..3], [11.0, 10.0, 9.0]);
    /// ```
    pub fn use_standard_leads(&mut self) -> Result<(), MissingLead> {
        if Arc::ptr_eq(&self.leads, &STANDARD) {
            return Ok(());
        }
        let mut positions = [0; leads::COUNT];
        for (name, position) in leads::NAMES.iter().zip(&mut positions) {
            let found = self.leads.iter().position(|lead| is_named(lead, name));
            *position = found.ok_or(MissingLead(name))?;
        }
        if !(positions.into_iter().eq(0..leads::COUNT) && self.leads.len() == leads::COUNT) {
            let samples = self.samples.chunks_exact(self.leads.len());
            let ordered = samples.flat_map(|sample| positions.map(|lead| sample[lead]));
            self.samples = ordered.collect();
        }
        self.leads = STANDARD.clone();
        Ok(())
    }

    /// The file that it comes from.
    pub fn file(&self) -> &Path {
        &self.provenance.file
    }
}

fn is_named(lead: &str, name: &str) -> bool {
    lead.trim().eq_ignore_ascii_case(name)
}

/// A standard lead that a recording does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingLead(pub &'static str);

impl fmt::Display for MissingLead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lead {} is missing", self.0)
    }
}

impl std::error::Error for MissingLead {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_leads_are_dropped_and_a_missing_one_is_named() {
        let names = |names: &[&str]| -> Leads { names.iter().map(|name| (*name).to_owned()).collect() };
        let mut all: Vec<&str> = leads::NAMES.to_vec();
        all.insert(0, "V7");
        all[4] = "AVR";
        let mut recording = Recording {
            leads: names(&all),
            samples: (0..26).map(|v| v as f32).collect(),
            ..Recording::default()
        };
        recording.use_standard_leads().unwrap();
        let wanted: Vec<f32> = (1..13).chain(14..26).map(|v| v as f32).collect();
        assert_eq!((recording.len(), &recording.samples), (2, &wanted));
        assert_eq!(*recording.leads, leads::NAMES);
        all.retain(|name| *name != "V3");
        recording.leads = names(&all);
        assert_eq!(recording.use_standard_leads(), Err(MissingLead("V3")));
    }
}
