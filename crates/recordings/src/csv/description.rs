//! Facts that a CSV file may leave out.

/// Facts about a CSV file that it need not hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CsvDescription {
    /// Samples a second; needed where there is no column of time.
    pub sample_rate: Option<f64>,
    /// Millivolts of a value of 1; needed where the names of the leads have no unit.
    pub millivolts: Option<f64>,
    /// Names of the leads, in the order of their columns; needed where the first row does not name them.
    pub leads: Option<Vec<String>>,
}
