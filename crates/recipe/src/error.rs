//! Errors of checking a recipe or applying it.

/// Result of checking a recipe or of applying it.
pub type Result<T> = std::result::Result<T, Error>;

/// Error in a recipe, or in an array given to it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sample rate outside what an ECG can have.
    #[error("sample_rate: {value} Hz is not a sample rate; give 1 to {most}")]
    SampleRate {
        /// The value given.
        value: f64,
        /// The largest accepted.
        most: u32,
    },
    /// A segment length that is not a positive, whole number of samples.
    #[error(
        "segment_seconds: {seconds} s at {rate} Hz is not a whole number of samples from 1 to {most}; \
         give a multiple of 1/{rate} s"
    )]
    SegmentLength {
        /// The length given, in seconds.
        seconds: f64,
        /// The rate it is counted at, in Hz.
        rate: u32,
        /// The largest number of samples accepted.
        most: usize,
    },
    /// A name that is no lead.
    #[error("leads: `{name}` is not a lead; the leads are {}", crate::leads::NAMES.join(", "))]
    UnknownLead {
        /// The name given.
        name: String,
    },
    /// The same lead twice.
    #[error("leads: {lead} appears twice; name each lead once")]
    RepeatedLead {
        /// The lead.
        lead: &'static str,
    },
    /// A list of leads without any.
    #[error("leads: the list is empty; leave it out to keep all twelve")]
    NoLeads,
    /// Steps that are missing, repeated or out of order.
    #[error(
        "steps: a recipe trims padding and selects leads, each once at most; then resamples, at least once, and standardises; \
         and cuts, once, at the end"
    )]
    Steps,
    /// An array that does not hold whole samples of twelve leads.
    #[error("{len} values do not make whole samples of {leads} leads")]
    Shape {
        /// Number of values given.
        len: usize,
        /// Leads that a sample has.
        leads: usize,
    },
    /// Frequencies that a filter cannot have at this sample rate.
    #[error(
        "{low} to {high} Hz at {rate} Hz: edges of a filter are above 0, below half the sample rate, and in order"
    )]
    Frequency {
        /// The lower edge, in Hz.
        low: f64,
        /// The upper edge, in Hz; for a filter of one edge the same.
        high: f64,
        /// The sample rate, in Hz.
        rate: f64,
    },
    /// A step whose parameter makes no sense.
    #[error("{step}: {problem}")]
    StepValue {
        /// The step.
        step: &'static str,
        /// Which parameter, and why.
        problem: String,
    },
    /// A recording that is too short for a step.
    #[error("{step}: takes at least {least} samples a lead, and there are {samples}")]
    TooShort {
        /// The step.
        step: &'static str,
        /// Samples a lead.
        samples: usize,
        /// What the step takes at least.
        least: usize,
    },
    /// A text that is no recipe, or a name of none.
    #[error("recipe: {problem}")]
    NoRecipe {
        /// What is wrong, and where.
        problem: String,
    },
    /// Steps that do not lead to one length.
    #[error(
        "steps: the length of what they make depends on the recording; cut `segments`, or `resample` to a number of samples"
    )]
    OpenLength,
    /// A lead that a recipe needs.
    #[error("leads: the recording has no lead {name}")]
    MissingLead {
        /// Name of the lead.
        name: String,
    },
}
