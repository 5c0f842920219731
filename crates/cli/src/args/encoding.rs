//! Arguments that state what files of recordings do not.

use super::numbers::parse_positive;
use clap::Args;
use ecgfm_archives::DatasetDescription;
use ecgfm_recordings::Encoding;
use ecgfm_recordings::amplitude::millivolts_of;
use ecgfm_recordings::arrays::Axes;

/// What some formats do not state: rate, unit, leads, order of the dimensions.
#[derive(Debug, Clone, Default, Args)]
pub struct EncodingArgs {
    /// Samples a second, where the file does not state it; one that states another rate is refused.
    #[arg(long, value_name = "HZ", value_parser = parse_positive)]
    pub rate: Option<f64>,
    /// Unit of the values, where the file does not state it: mV, uV, V, or a number of one: 4.88uV.
    #[arg(long, value_parser = parse_unit)]
    pub unit: Option<String>,
    /// Leads in the order of the file, where it does not name them: I,II,V1,V2.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub leads: Option<Vec<String>>,
    /// Order of the dimensions of an array; without it, an array is not taken for an ECG.
    #[arg(long, value_name = "ORDER", value_parser = ["leads_samples", "samples_leads"])]
    pub axes: Option<String>,
}

fn parse_unit(text: &str) -> Result<String, String> {
    match millivolts_of(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("must be a unit of voltage, mV, uV or V, or a number of one: 4.88uV".to_owned()),
    }
}

impl EncodingArgs {
    /// `description` with what the arguments state.
    pub fn complete(&self, description: DatasetDescription) -> DatasetDescription {
        let axes = self.axes.as_deref().map(|axes| match axes {
            "leads_samples" => Axes::LeadsSamples,
            _ => Axes::SamplesLeads,
        });
        DatasetDescription {
            sample_rate: self.rate,
            unit: self.unit.clone(),
            leads: self.leads.clone(),
            axes,
            ..description
        }
    }

    /// What the arguments state, for the readers.
    pub fn encoding(&self) -> Encoding {
        Encoding {
            is_complete: false,
            ..self.complete(DatasetDescription::default()).encoding()
        }
    }
}
