//! One ECG as its file holds it.

use crate::arrays::Axes;
use crate::metadata::RecordingMetadata;
use crate::samples::Samples;
use crate::standard_leads::{self, LeadProblem, LeadSource, LeadSupply};
use ecgfm_recipe::leads;
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Encoding {
    /// Samples a second, of each lead; 0 where it is not stated.
    pub sample_rate: f64,
    /// Unit of the values.
    pub unit: Unit,
    /// Names of the leads, in the order of the file.
    pub leads: Option<Leads>,
    /// Millivolts of a value of 1 in formats that have no unit (arrays, CSV files), where that is not 1.
    pub millivolts: Option<f64>,
    /// Order of the dimensions of arrays, and of rows of HDF5 files.
    pub axes: Option<Axes>,
    /// Name of the array in files of several, with the groups that it is in.
    pub array: Option<String>,
    /// Value that stands for a missing one in arrays, such as −32768.
    pub missing: Option<f64>,
    /// Name of the dataset of identifiers in HDF5 files of many recordings.
    pub row_ids: Option<String>,
    /// True where a file that states less than is needed is refused, also one that looks like CODE-15's.
    pub is_complete: bool,
}

impl Encoding {
    /// Millivolts of a value of 1, where that is stated.
    pub(crate) fn scale(&self) -> Option<f64> {
        self.millivolts.or((self.unit == Unit::Millivolts).then_some(1.0))
    }

    /// Samples a second, where that is stated.
    pub(crate) fn stated_rate(&self) -> Option<f64> {
        (self.sample_rate != 0.0).then_some(self.sample_rate)
    }

    /// Names of `count` leads of a file that does not name them: those stated, else the standard twelve in their order, else
    /// numbers.
    pub(crate) fn leads(&self, count: usize) -> Leads {
        match &self.leads {
            Some(leads) if leads.len() == count => leads.clone(),
            _ => unnamed(count),
        }
    }
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
    pub sample_rate: f64,
    /// Unit of the values.
    pub unit: Unit,
    /// Values, sample by sample with all leads of each.
    pub samples: Samples,
    /// Standard leads that the file does not hold, and that [`Self::use_standard_leads`] computed or filled in.
    pub supplied_leads: Vec<&'static str>,
    /// Those of them that nothing determines, and that have one value throughout.
    pub absent_leads: Vec<&'static str>,
    /// What the file states besides the samples; none in formats that state nothing.
    pub metadata: Option<Box<RecordingMetadata>>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// The twelve standard leads.
static STANDARD: LazyLock<Leads> = LazyLock::new(|| leads::NAMES.map(str::to_owned).into());

/// Names of `count` leads of a file that does not name them: the standard twelve in their order, else their numbers.
fn unnamed(count: usize) -> Leads {
    if count == leads::COUNT {
        return STANDARD.clone();
    }
    (0..count).map(|lead| format!("lead {lead}")).collect()
}

/// Leads of these names. The standard twelve in their order are shared by all recordings.
pub(crate) fn shared_leads(names: Vec<String>) -> Leads {
    if names == leads::NAMES {
        STANDARD.clone()
    } else {
        names.into()
    }
}

impl Default for Recording {
    /// A recording without samples, to be filled.
    fn default() -> Self {
        Self {
            leads: STANDARD.clone(),
            sample_rate: 0.0,
            unit: Unit::NotStated,
            samples: Samples::default(),
            supplied_leads: Vec::new(),
            absent_leads: Vec::new(),
            metadata: None,
            provenance: Provenance::default(),
        }
    }
}

impl Recording {
    /// Sets all but the samples, in millivolts, of the recording in `row` of a file. Nothing stays of the one before.
    pub(crate) fn describe(
        &mut self,
        leads: &Leads,
        sample_rate: f64,
        metadata: Option<RecordingMetadata>,
        (file, row): (&Arc<PathBuf>, usize),
    ) {
        self.leads.clone_from(leads);
        self.sample_rate = sample_rate;
        self.unit = Unit::Millivolts;
        self.supplied_leads.clear();
        self.absent_leads.clear();
        self.metadata = metadata.map(Box::new);
        let file = file.clone();
        self.provenance = Provenance { file, row };
    }

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
    /// A standard lead is missing and `supply` does not supply it, or appears twice.
    ///
    /// ```
    /// use ecgfm_recordings::{MissingLeads, Recording, Samples};
    /// let mut names = ecgfm_recipe::leads::NAMES.map(str::to_owned);
    /// names.reverse();
    /// let samples = Samples::Float32((0..24).map(|v| v as f32).collect());
    /// let mut recording = Recording { leads: names.into(), samples, ..Recording::default() };
    /// recording.use_standard_leads(MissingLeads::Refuse).unwrap();
    /// assert_eq!(recording.samples.to_f64()[..3], [11.0, 10.0, 9.0]);
    /// ```
    pub fn use_standard_leads(&mut self, supply: impl Into<LeadSupply>) -> Result<(), LeadProblem> {
        self.supplied_leads.clear();
        self.absent_leads.clear();
        if self.has_standard_leads() {
            return Ok(());
        }
        let sources = standard_leads::sources(&self.leads, supply.into())?;
        let same = |(lead, source): (usize, &LeadSource)| *source == LeadSource::Position(lead);
        if self.leads.len() != leads::COUNT || !sources.iter().enumerate().all(same) {
            let count = self.leads.len();
            match &mut self.samples {
                Samples::Float32(samples) => *samples = standard_leads::arrange(samples, count, &sources),
                Samples::Float64(samples) => *samples = standard_leads::arrange(samples, count, &sources),
            }
        }
        let supplied = sources.iter().zip(leads::NAMES);
        let supplied = supplied.filter(|(source, _)| !matches!(source, LeadSource::Position(_)));
        for (source, name) in supplied {
            self.supplied_leads.push(name);
            if matches!(source, LeadSource::Constant(_)) {
                self.absent_leads.push(name);
            }
        }
        self.leads = STANDARD.clone();
        Ok(())
    }

    /// True where the leads are known to be the standard twelve in their order.
    pub fn has_standard_leads(&self) -> bool {
        Arc::ptr_eq(&self.leads, &STANDARD)
    }

    /// The file that it comes from.
    pub fn file(&self) -> &Path {
        &self.provenance.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MissingLeads;

    #[test]
    fn further_leads_are_dropped_and_a_missing_one_is_named() {
        let names = |names: &[&str]| -> Leads { names.iter().map(|name| (*name).to_owned()).collect() };
        let mut all: Vec<&str> = leads::NAMES.to_vec();
        all.insert(0, "V7");
        all[4] = "AVR";
        let mut recording = Recording {
            leads: names(&all),
            samples: Samples::Float32((0..26).map(|v| v as f32).collect()),
            ..Recording::default()
        };
        recording.use_standard_leads(MissingLeads::Refuse).unwrap();
        let wanted = Samples::Float32((1..13).chain(14..26).map(|v| v as f32).collect());
        assert_eq!((recording.len(), &recording.samples), (2, &wanted));
        assert_eq!(*recording.leads, leads::NAMES);
        all.retain(|name| *name != "V3");
        recording.leads = names(&all);
        assert_eq!(
            recording.use_standard_leads(MissingLeads::Refuse),
            Err(LeadProblem::Missing("V3"))
        );
    }
}
