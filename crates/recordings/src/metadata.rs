//! What a file states about a recording besides its samples.

/// What a file states about a recording besides its samples. Text is as in the file, without blanks around it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordingMetadata {
    /// Format of the file, for people: `WFDB`, `GE MUSE XML`.
    pub format: &'static str,
    /// Identifier of the patient.
    pub patient_id: Option<String>,
    /// Age, with its unit where the file states one.
    pub age: Option<String>,
    /// Sex.
    pub sex: Option<String>,
    /// Date and time of the recording.
    pub acquired_at: Option<String>,
    /// Statements of a physician or of the device's program, one by one.
    pub statements: Vec<String>,
    /// Named comments, in the order of the file: `("Dx", "426783006,164934002")`. A comment without a name has an empty one.
    pub comments: Vec<(String, String)>,
    /// Filters that were applied before the file was written, for people: `low pass 150 Hz`.
    pub filters: Vec<String>,
    /// Leads that the reader computed from stored ones, by standard name.
    pub derived_leads: Vec<&'static str>,
    /// What is doubtful about the file, for people: a checksum that does not fit, a gain that is not stated.
    pub doubts: Vec<String>,
}

impl RecordingMetadata {
    /// Value of the first comment of that name, whatever its case.
    pub fn comment(&self, name: &str) -> Option<&str> {
        let mut comments = self.comments.iter();
        let (_, value) = comments.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}
