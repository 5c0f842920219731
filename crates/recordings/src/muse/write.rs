//! Writing files as MUSE exports them.

use super::base64;
use super::facts::{AgeUnit, MuseFacts, Sex};
use crate::xml::escape;
use std::fmt::Write;

/// Characters of a line of samples.
const LINE: usize = 76;

/// Lead whose samples are counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedLead {
    /// Name.
    pub id: String,
    /// Samples, in steps of [`MuseDocument::microvolts_per_count`].
    pub counts: Vec<i16>,
}

/// Content of a file that is written.
#[derive(Debug, Clone, PartialEq)]
pub struct MuseDocument {
    /// Leads of the rhythm waveform; MUSE has I, II and V1 to V6.
    pub leads: Vec<CountedLead>,
    /// Samples a second.
    pub sample_rate: u32,
    /// Microvolts of a count of 1; 4.88 in the files of many devices.
    pub microvolts_per_count: f64,
    /// Patient, acquisition, filters, diagnosis.
    pub facts: MuseFacts,
}

impl MuseDocument {
    /// Text of the file, in ASCII, with the checksum of every lead. The same document gives the same text.
    pub fn to_xml(&self) -> String {
        let mut xml = XmlWriter::default();
        xml.out.push_str(
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<!DOCTYPE RestingECG SYSTEM \"restecg.dtd\">\n",
        );
        xml.block("RestingECG", |xml| {
            self.write_patient(xml);
            self.write_test(xml);
            write_diagnosis(xml, "Diagnosis", &self.facts.diagnosis);
            write_diagnosis(xml, "OriginalDiagnosis", &self.facts.original_diagnosis);
            xml.block("Waveform", |xml| self.write_waveform(xml));
        });
        xml.out
    }

    fn write_patient(&self, xml: &mut XmlWriter) {
        let facts = &self.facts;
        xml.block("PatientDemographics", |xml| {
            xml.optional("PatientID", facts.patient_id.as_deref());
            if let Some(age) = facts.age {
                xml.element("PatientAge", &age.value.to_string());
                let unit = match age.unit {
                    AgeUnit::Years => "YEARS",
                    AgeUnit::Months => "MONTHS",
                    AgeUnit::Weeks => "WEEKS",
                    AgeUnit::Days => "DAYS",
                    AgeUnit::Hours => "HOURS",
                };
                xml.element("AgeUnits", unit);
            }
            xml.optional("DateofBirth", muse_date(facts.birth_date.as_deref()).as_deref());
            let sex = facts.sex.map(|sex| match sex {
                Sex::Female => "FEMALE",
                Sex::Male => "MALE",
            });
            xml.optional("Gender", sex);
        });
    }

    fn write_test(&self, xml: &mut XmlWriter) {
        let facts = &self.facts;
        xml.block("TestDemographics", |xml| {
            xml.element("DataType", "RESTING");
            xml.optional(
                "AcquisitionDate",
                muse_date(facts.acquisition_date.as_deref()).as_deref(),
            );
            xml.optional("AcquisitionTime", facts.acquisition_time.as_deref());
            xml.optional("AcquisitionDevice", facts.device.as_deref());
        });
    }

    fn write_waveform(&self, xml: &mut XmlWriter) {
        let filters = self.facts.filters;
        xml.element("WaveformType", "Rhythm");
        xml.element("WaveformStartTime", "0");
        xml.element("NumberofLeads", &self.leads.len().to_string());
        xml.element("SampleType", "CONTINUOUS_SAMPLES");
        xml.element("SampleBase", &self.sample_rate.to_string());
        xml.element("SampleExponent", "0");
        let hundredths = filters.high_pass_hz.map(|hz| (hz * 100.0).round().to_string());
        xml.optional("HighPassFilter", hundredths.as_deref());
        xml.optional(
            "LowPassFilter",
            filters.low_pass_hz.map(|hz| hz.to_string()).as_deref(),
        );
        let mains = filters.mains_hz.map_or("NONE".to_owned(), |hz| hz.to_string());
        xml.element("ACFilter", &mains);
        for lead in &self.leads {
            xml.block("LeadData", |xml| self.write_lead(xml, lead));
        }
    }

    fn write_lead(&self, xml: &mut XmlWriter, lead: &CountedLead) {
        let bytes: Vec<u8> = lead.counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        for (name, text) in [
            ("LeadByteCountTotal", bytes.len().to_string()),
            ("LeadTimeOffset", "0".to_owned()),
            ("LeadSampleCountTotal", lead.counts.len().to_string()),
            ("LeadAmplitudeUnitsPerBit", self.microvolts_per_count.to_string()),
            ("LeadAmplitudeUnits", "MICROVOLTS".to_owned()),
            ("LeadHighLimit", i16::MAX.to_string()),
            ("LeadLowLimit", i16::MIN.to_string()),
            ("LeadID", lead.id.clone()),
            ("LeadOffsetFirstSample", "0".to_owned()),
            ("FirstSampleBaseline", "0".to_owned()),
            ("LeadSampleSize", "2".to_owned()),
            ("LeadOff", "FALSE".to_owned()),
            ("BaselineSway", "FALSE".to_owned()),
            ("LeadDataCRC32", crc32fast::hash(&bytes).to_string()),
        ] {
            xml.element(name, &text);
        }
        xml.out.push_str("<WaveFormData>\n");
        base64::encode(&bytes, LINE, &mut xml.out);
        xml.out.push_str("</WaveFormData>\n");
    }
}

fn write_diagnosis(xml: &mut XmlWriter, name: &str, statements: &[String]) {
    xml.block(name, |xml| {
        xml.element("Modality", "RESTING");
        for statement in statements {
            xml.block("DiagnosisStatement", |xml| {
                xml.element("StmtFlag", "ENDSLINE");
                xml.element("StmtText", statement);
            });
        }
    });
}

/// `MM-DD-YYYY` of `YYYY-MM-DD`; another text as it is.
fn muse_date(date: Option<&str>) -> Option<String> {
    let date = date?;
    let parts: Vec<&str> = date.split('-').collect();
    Some(match parts[..] {
        [year, month, day] => format!("{month}-{day}-{year}"),
        _ => date.to_owned(),
    })
}

/// XML with one element a line, indented by its depth.
#[derive(Default)]
struct XmlWriter {
    out: String,
    depth: usize,
}

impl XmlWriter {
    fn block(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.indent();
        let _ = writeln!(self.out, "<{name}>");
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.indent();
        let _ = writeln!(self.out, "</{name}>");
    }

    fn element(&mut self, name: &str, text: &str) {
        self.indent();
        let _ = writeln!(self.out, "<{name}>{}</{name}>", escape(text));
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.element(name, text);
        }
    }

    fn indent(&mut self) {
        self.out.push_str(&"   ".repeat(self.depth));
    }
}
