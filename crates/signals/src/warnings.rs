//! Warnings about most of an archive, for people who would otherwise find a thousand rows in a table.

use ecgfm_artifacts::quality::QualityCheck;
use ecgfm_artifacts::recipe::beats::BeatTiming;
use ecgfm_artifacts::recipe::rate_check::BetterRate;

/// A warning about most recordings of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ArchiveWarning {
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// Advice on a wrong rate.
const RATE_HELP: &str = "state the true rate: `sample_rate` in the description of the dataset, or in the files' headers; \
                         `on_bad: {sample_rate: fail}` ends the stage at such an archive";

impl ArchiveWarning {
    /// The rate that is stated is not that of the recordings.
    pub(crate) fn sample_rate(dataset: &str, better: &BetterRate) -> Self {
        let (stated, rate) = (better.stated, better.sample_rate);
        let mut message =
            format!("{dataset}: recordings stated to have {stated} Hz look as if they had {rate} Hz");
        if better.lines > 0 {
            let (lines, measured) = (better.lines, better.measured);
            message += &format!("; {lines} of {measured} have a line of the mains where {rate} Hz puts it");
        }
        if let (Some(here), Some(there)) = (better.timing, better.better_timing) {
            let words = |t: BeatTiming| {
                format!(
                    "heart rate {:.0}/min, QRS {:.0} ms wide, T {:.0} ms after R",
                    t.heart_rate, t.qrs, t.r_to_t
                )
            };
            message += &format!("; medians: {}, at {rate} Hz {}", words(here), words(there));
        }
        Self {
            message,
            help: RATE_HELP,
        }
    }

    /// More than half of the recordings that were looked at failed a check that tells of a wrong rate or unit.
    pub(crate) fn most(dataset: &str, check: QualityCheck, flagged: usize, of: usize) -> Option<Self> {
        let (what, help) = match check {
            QualityCheck::Amplitude => (
                "vary by more than an ECG in millivolts does, as those in microvolts or in steps of a converter do",
                "state the true unit: `unit` in the description of the dataset, or in the files' headers",
            ),
            QualityCheck::HeartRate => ("have a heart rate that no heart has", RATE_HELP),
            QualityCheck::MainsFrequency => (
                "have a line of the mains where another sample rate would put it",
                RATE_HELP,
            ),
            QualityCheck::DoubtfulFile => (
                "are of doubtful files",
                "`quality.csv` says what is doubtful about each; where files are damaged, fetch or export them again",
            ),
            _ => return None,
        };
        (2 * flagged > of).then(|| Self {
            message: format!("{dataset}: {flagged} of {of} recordings {what}"),
            help,
        })
    }
}
