//! Which ECGs are listed, and in which order, as an address says it.

use super::index::RunIndex;
use ecgfm_artifacts::quality::QualityCheck;
use ecgfm_artifacts::review::Verdict;

/// Begin of the names of parameters that choose a group: `group.sex`.
pub(crate) const GROUP: &str = "group.";

/// Order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Those whose probability is closest to the threshold first.
    #[default]
    Doubt,
    /// Those that the model is furthest from the truth of first.
    Wrong,
    /// The highest probability first.
    Probability,
    /// As the records have them.
    Archive,
}

impl Sort {
    /// Every order.
    pub(crate) const ALL: [Self; 4] = [Self::Doubt, Self::Wrong, Self::Probability, Self::Archive];

    /// The word in an address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Doubt => "doubt",
            Self::Wrong => "wrong",
            Self::Probability => "probability",
            Self::Archive => "archive",
        }
    }

    /// Name of the order, for people.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Doubt => "closest to threshold",
            Self::Wrong => "most wrong",
            Self::Probability => "highest probability",
            Self::Archive => "as in the archive",
        }
    }
}

/// Choice of ECGs by what a reader has said of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerdictChoice {
    /// No row in the reviews.
    Unreviewed,
    /// Any row in the reviews.
    Reviewed,
    /// This verdict.
    Said(Verdict),
}

impl VerdictChoice {
    /// Every choice.
    pub(crate) const ALL: [Self; 5] = [
        Self::Unreviewed,
        Self::Reviewed,
        Self::Said(Verdict::Agree),
        Self::Said(Verdict::Disagree),
        Self::Said(Verdict::Unsure),
    ];

    /// The word in an address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unreviewed => "unreviewed",
            Self::Reviewed => "reviewed",
            Self::Said(verdict) => verdict.as_str(),
        }
    }
}

/// Conditions on ECGs, and their order. Those on truth, decision and probability are about the chosen label; without one they hold
/// for an ECG where they hold for one of its labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Filter {
    pub(crate) label: Option<usize>,
    /// Truth of the label; `Some(None)` is one that is not known.
    pub(crate) truth: Option<Option<bool>>,
    pub(crate) predicted: Option<bool>,
    pub(crate) min: Option<f32>,
    pub(crate) max: Option<f32>,
    pub(crate) split: Option<u16>,
    pub(crate) source: Option<u16>,
    /// True: set aside; false: kept.
    pub(crate) set_aside: Option<bool>,
    pub(crate) reason: Option<u16>,
    /// Place of a check in [`QualityCheck::ALL`].
    pub(crate) flag: Option<usize>,
    /// A group of each attribute.
    pub(crate) groups: Vec<Option<u16>>,
    pub(crate) verdict: Option<VerdictChoice>,
    /// An exam's number, an idx, or the name of a recording.
    pub(crate) find: Option<String>,
    pub(crate) sort: Sort,
}

impl Filter {
    /// Reads the parameters of an address; those of no name known here are ignored.
    ///
    /// # Errors
    /// A value is none that the parameter can have, in words.
    pub(crate) fn parse(index: &RunIndex, pairs: &[(String, String)]) -> Result<Self, String> {
        let mut filter = Self {
            groups: vec![None; index.groups.len()],
            ..Self::default()
        };
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            filter.set(index, name, value.trim())?;
        }
        Ok(filter)
    }

    fn set(&mut self, index: &RunIndex, name: &str, value: &str) -> Result<(), String> {
        match name {
            "label" => {
                let labels = index.labels.iter().map(|label| label.name.as_str());
                self.label = Some(position(name, value, labels)?);
            }
            "truth" => self.truth = Some([Some(true), Some(false), None][position(name, value, TRUTHS)?]),
            "predicted" => self.predicted = Some(position(name, value, YES_NO)? == 0),
            "min" => self.min = Some(probability(name, value)?),
            "max" => self.max = Some(probability(name, value)?),
            "split" => self.split = Some(code(name, value, &index.split.names)?),
            "source" => self.source = Some(code(name, value, &index.source.names)?),
            "exams" => self.set_aside = Some(position(name, value, EXAMS)? == 1),
            "reason" => self.reason = Some(code(name, value, &index.reason.names)?),
            "flag" => {
                self.flag = Some(position(
                    name,
                    value,
                    QualityCheck::ALL.map(QualityCheck::as_str),
                )?)
            }
            "verdict" => {
                let at = position(name, value, VerdictChoice::ALL.map(VerdictChoice::as_str))?;
                self.verdict = Some(VerdictChoice::ALL[at]);
            }
            "find" => self.find = Some(value.to_owned()),
            "sort" => self.sort = Sort::ALL[position(name, value, Sort::ALL.map(Sort::as_str))?],
            _ => {
                let by = name.strip_prefix(GROUP);
                let at = by.and_then(|by| index.groups.iter().position(|(attribute, _)| attribute == by));
                if let Some(at) = at {
                    self.groups[at] = Some(code(name, value, &index.groups[at].1.names)?);
                }
            }
        }
        Ok(())
    }

    /// True where a condition is about a label.
    pub(crate) fn asks_label(&self) -> bool {
        self.truth.is_some() || self.predicted.is_some() || self.min.is_some() || self.max.is_some()
    }
}

/// Values of `truth`.
pub(crate) const TRUTHS: [&str; 3] = ["yes", "no", "unknown"];
/// Values of `predicted`.
pub(crate) const YES_NO: [&str; 2] = ["yes", "no"];
/// Values of `exams`.
pub(crate) const EXAMS: [&str; 2] = ["kept", "set aside"];

fn position<'a>(name: &str, value: &str, known: impl IntoIterator<Item = &'a str>) -> Result<usize, String> {
    let known: Vec<&str> = known.into_iter().collect();
    known.iter().position(|text| *text == value).ok_or_else(|| {
        let known = known.join(", ");
        format!("`{name}` cannot be `{value}`; it is one of: {known}")
    })
}

fn code(name: &str, value: &str, known: &[String]) -> Result<u16, String> {
    let at = position(name, value, known.iter().map(String::as_str))?;
    u16::try_from(at).map_err(|e| e.to_string())
}

fn probability(name: &str, value: &str) -> Result<f32, String> {
    let number = value.parse::<f32>().ok().filter(|p| (0.0..=1.0).contains(p));
    number.ok_or_else(|| format!("`{name}` is `{value}`, and a probability is a number from 0 to 1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::LabelColumn;

    #[test]
    fn an_address_is_read_and_what_cannot_be_is_told() {
        let index = RunIndex {
            labels: vec![LabelColumn {
                name: "A|F".to_owned(),
                ..LabelColumn::default()
            }],
            ..RunIndex::default()
        };
        let parse = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect();
            Filter::parse(&index, &pairs)
        };
        let filter = parse(&[
            ("label", "A|F"),
            ("truth", "unknown"),
            ("min", "0.5"),
            ("page", "3"),
            ("split", ""),
        ])
        .unwrap();
        assert_eq!(
            (filter.label, filter.truth, filter.min),
            (Some(0), Some(None), Some(0.5))
        );
        for (name, value, words) in [
            ("label", "AFL", "one of: A|F"),
            ("sort", "x", "doubt, wrong, probability, archive"),
            ("min", "1.5", "from 0 to 1"),
            ("max", "NaN", "from 0 to 1"),
            ("exams", "lost", "kept, set aside"),
        ] {
            let said = parse(&[(name, value)]).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
