//! Patient, acquisition and diagnosis of an ECG.

use super::number::finite;
use super::waveform::shown;
use crate::xml::XmlNode;

/// Facts about an ECG, as far as its file states them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MuseFacts {
    /// Identifier of the patient: text, which may have letters and zeros at its beginning. None where it was made
    /// unrecognisable.
    pub patient_id: Option<String>,
    /// Age of the patient.
    pub age: Option<MuseAge>,
    /// Sex of the patient.
    pub sex: Option<Sex>,
    /// Date of birth, `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// Date of the acquisition, `YYYY-MM-DD`.
    pub acquisition_date: Option<String>,
    /// Time of the acquisition, `HH:MM:SS`.
    pub acquisition_time: Option<String>,
    /// Electrocardiograph.
    pub device: Option<String>,
    /// Filters that the samples went through.
    pub filters: MuseFilters,
    /// Statements of the diagnosis, edited by a person where one did.
    pub diagnosis: Vec<String>,
    /// Statements of the diagnosis that the device made.
    pub original_diagnosis: Vec<String>,
}

/// Age with the unit that the file gives it in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MuseAge {
    /// Number of units.
    pub value: f64,
    /// Unit.
    pub unit: AgeUnit,
}

/// Unit of an age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgeUnit {
    /// `YEARS`.
    Years,
    /// `MONTHS`.
    Months,
    /// `WEEKS`.
    Weeks,
    /// `DAYS`.
    Days,
    /// `HOURS`.
    Hours,
}

impl MuseAge {
    /// Age in years, of 12 months, 52 weeks and a day, or 365 days.
    pub fn years(self) -> f64 {
        self.value
            / match self.unit {
                AgeUnit::Years => 1.0,
                AgeUnit::Months => 12.0,
                AgeUnit::Weeks => 365.0 / 7.0,
                AgeUnit::Days => 365.0,
                AgeUnit::Hours => 365.0 * 24.0,
            }
    }
}

/// Sex of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// `FEMALE`.
    Female,
    /// `MALE`.
    Male,
}

/// Filters that the samples of an ECG went through.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MuseFilters {
    /// Lower cut-off frequency in Hz; the file has it in hundredths of a Hz.
    pub high_pass_hz: Option<f64>,
    /// Upper cut-off frequency in Hz.
    pub low_pass_hz: Option<f64>,
    /// Frequency of the mains whose hum was taken out, in Hz.
    pub mains_hz: Option<f64>,
}

/// Elements that facts are in, besides the waveform.
pub(super) const BLOCKS: [&str; 4] = [
    "PatientDemographics",
    "TestDemographics",
    "Diagnosis",
    "OriginalDiagnosis",
];

/// Facts of a document, and doubts about what is no fact.
pub(super) fn read(root: XmlNode<'_>, waveform: XmlNode<'_>, doubts: &mut Vec<String>) -> MuseFacts {
    let block = |name| root.child(name);
    let field = |name, field| block(name)?.text_of(field).filter(|text| is_known(text));
    let patient = |name| field("PatientDemographics", name);
    let test = |name| field("TestDemographics", name);
    MuseFacts {
        birth_date: iso_date("DateofBirth", patient("DateofBirth"), doubts),
        acquisition_date: iso_date("AcquisitionDate", test("AcquisitionDate"), doubts),
        acquisition_time: iso_time(test("AcquisitionTime"), doubts),
        patient_id: patient("PatientID").map(str::to_owned),
        age: age(patient("PatientAge"), patient("AgeUnits"), doubts),
        sex: sex(patient("Gender"), doubts),
        device: test("AcquisitionDevice").map(str::to_owned),
        filters: filters(waveform),
        diagnosis: statements(block("Diagnosis")),
        original_diagnosis: statements(block("OriginalDiagnosis")),
    }
}

/// False for what stands in the place of a fact that is not known or was made unrecognisable.
fn is_known(text: &str) -> bool {
    !text.eq_ignore_ascii_case("UNKNOWN") && !text.chars().all(|c| matches!(c, 'x' | 'X' | '*'))
}

fn filters(waveform: XmlNode<'_>) -> MuseFilters {
    let frequency = |name| waveform.text_of(name).and_then(finite).filter(|hz| *hz > 0.0);
    MuseFilters {
        high_pass_hz: frequency("HighPassFilter").map(|hundredths| hundredths / 100.0),
        low_pass_hz: frequency("LowPassFilter"),
        mains_hz: frequency("ACFilter"),
    }
}

fn age(text: Option<&str>, unit: Option<&str>, doubts: &mut Vec<String>) -> Option<MuseAge> {
    let text = text?;
    let known = match unit.unwrap_or_default().to_ascii_uppercase().as_str() {
        "YEARS" => Some(AgeUnit::Years),
        "MONTHS" => Some(AgeUnit::Months),
        "WEEKS" => Some(AgeUnit::Weeks),
        "DAYS" => Some(AgeUnit::Days),
        "HOURS" => Some(AgeUnit::Hours),
        _ => None,
    };
    let age = finite(text).filter(|value| *value >= 0.0).zip(known);
    if age.is_none() {
        let unit = unit.map_or("no unit".to_owned(), shown);
        doubts.push(format!(
            "PatientAge is {} with {unit}, which is no age",
            shown(text)
        ));
    }
    age.map(|(value, unit)| MuseAge { value, unit })
}

fn sex(text: Option<&str>, doubts: &mut Vec<String>) -> Option<Sex> {
    let text = text?;
    match text.to_ascii_uppercase().as_str() {
        "FEMALE" | "F" => Some(Sex::Female),
        "MALE" | "M" => Some(Sex::Male),
        _ => {
            doubts.push(format!("Gender is {}", shown(text)));
            None
        }
    }
}

/// Date in the order of its parts by size, from `MM-DD-YYYY` or, where the year is first, `YYYY-MM-DD`.
fn iso_date(name: &str, text: Option<&str>, doubts: &mut Vec<String>) -> Option<String> {
    let text = text?;
    let date = parts(text, ['-', '/']).and_then(|[a, b, c]| {
        let (year, month, day) = if a > 31 { (a, b, c) } else { (c, a, b) };
        is_date(year, month, day).then(|| format!("{year:04}-{month:02}-{day:02}"))
    });
    if date.is_none() {
        doubts.push(format!("{name} is {}, which is no date", shown(text)));
    }
    date
}

fn iso_time(text: Option<&str>, doubts: &mut Vec<String>) -> Option<String> {
    let text = text?;
    let time =
        parts(text, [':', ':']).filter(|[hour, minute, second]| *hour < 24 && *minute < 60 && *second <= 60);
    if time.is_none() {
        doubts.push(format!("AcquisitionTime is {}, which is no time", shown(text)));
    }
    time.map(|[hour, minute, second]| format!("{hour:02}:{minute:02}:{second:02}"))
}

fn parts(text: &str, separators: [char; 2]) -> Option<[u16; 3]> {
    let mut numbers = text
        .trim()
        .split(separators)
        .map(|part| part.trim().parse::<u16>().ok());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

fn is_date(year: u16, month: u16, day: u16) -> bool {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 => 28 + u16::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1800..=9999).contains(&year) && (1..=days).contains(&day)
}

/// Texts of all statements of a diagnosis.
fn statements(diagnosis: Option<XmlNode<'_>>) -> Vec<String> {
    let statements = diagnosis
        .into_iter()
        .flat_map(|block| block.children_named("DiagnosisStatement"));
    let texts = statements
        .flat_map(|statement| statement.children_named("StmtText"))
        .map(XmlNode::text);
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_dates_and_times_are_doubted() {
        let mut doubts = Vec::new();
        let dates = [
            "05-06-1971",
            "02/29/1964",
            "1999-12-31",
            "13-45-1971",
            "02-29-1965",
            "5-6",
        ];
        let read = dates.map(|text| iso_date("DateofBirth", Some(text), &mut doubts));
        let wanted = ["1971-05-06", "1964-02-29", "1999-12-31"].map(|date| Some(date.to_owned()));
        assert_eq!(read[..3], wanted);
        assert_eq!((&read[3..], doubts.len()), (&[None, None, None][..], 3));
        assert_eq!(
            iso_time(Some("08:09:10"), &mut doubts).as_deref(),
            Some("08:09:10")
        );
        assert_eq!(iso_time(Some("25:00:00"), &mut doubts), None);
        assert!(doubts[3].contains("25:00:00"));
    }

    #[test]
    fn ages_keep_their_unit() {
        let years = |text, unit| age(Some(text), Some(unit), &mut Vec::new()).map(MuseAge::years);
        assert_eq!(years("50", "YEARS"), Some(50.0));
        assert_eq!(years("6", "months"), Some(0.5));
        assert_eq!(years("73", "DAYS"), Some(0.2));
        assert_eq!(years("50", ""), None);
    }
}
