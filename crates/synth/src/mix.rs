//! Frequencies of labels.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// Share of exams with each label. Written as `prevalence`, `balanced`, or a map of label to share such as
/// `{RBBB: 0.2, AF: 0.2, normal_ecg: 0.3}` (labels left out never hold).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Mix {
    /// CODE-15's shares: 1dAVb .0166, RBBB .0281, LBBB .0175, SB .0162, ST .0220, AF .0204, normal .391.
    #[default]
    Prevalence,
    /// The six, and normal, each at .15: for training.
    Balanced,
    /// Shares of one's own.
    Custom(Shares),
}

impl Mix {
    /// Shares of the mix.
    pub fn shares(&self) -> Shares {
        match self {
            Self::Prevalence => Shares {
                first_degree_block: 0.0166,
                rbbb: 0.0281,
                lbbb: 0.0175,
                sb: 0.0162,
                st: 0.0220,
                af: 0.0204,
                normal: 0.391,
            },
            Self::Balanced => Shares {
                first_degree_block: 0.15,
                rbbb: 0.15,
                lbbb: 0.15,
                sb: 0.15,
                st: 0.15,
                af: 0.15,
                normal: 0.15,
            },
            Self::Custom(shares) => *shares,
        }
    }
}

impl Serialize for Mix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Prevalence => serializer.serialize_str("prevalence"),
            Self::Balanced => serializer.serialize_str("balanced"),
            Self::Custom(shares) => shares.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Mix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MixVisitor)
    }
}

// Written by hand, because the derived schema of an enum does not describe a name or a map.
impl JsonSchema for Mix {
    fn schema_name() -> Cow<'static, str> {
        "Mix".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let shares = Shares::json_schema(generator);
        json_schema!({ "oneOf": [
            { "const": "prevalence", "description": "The shares of CODE-15." },
            { "const": "balanced", "description": "Each of the six labels, and normal, in 15 % of the exams." },
            shares,
        ] })
    }
}

/// Visitor that reads a [`Mix`] from a name or a map, in any self-describing format (YAML, JSON, TOML).
struct MixVisitor;

impl<'de> Visitor<'de> for MixVisitor {
    type Value = Mix;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`prevalence`, `balanced` or a map of label to share")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Mix, E> {
        match name {
            "prevalence" => Ok(Mix::Prevalence),
            "balanced" => Ok(Mix::Balanced),
            other => Err(E::unknown_variant(other, &["prevalence", "balanced"])),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mix, A::Error> {
        Shares::deserialize(MapAccessDeserializer::new(map)).map(Mix::Custom)
    }
}

/// The share of exams in which each label holds, 0 to 1. SB, ST and AF exclude each other, as do RBBB and LBBB,
/// AF and 1dAVb, and normal and all others; what does not exclude combines by chance. The rest of the exams
/// is abnormal in another way.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shares {
    /// First-degree atrioventricular block.
    #[serde(rename = "1dAVb")]
    #[schemars(range(min = 0, max = 1))]
    pub first_degree_block: f64,
    /// Right bundle branch block.
    #[serde(rename = "RBBB")]
    #[schemars(range(min = 0, max = 1))]
    pub rbbb: f64,
    /// Left bundle branch block.
    #[serde(rename = "LBBB")]
    #[schemars(range(min = 0, max = 1))]
    pub lbbb: f64,
    /// Sinus bradycardia.
    #[serde(rename = "SB")]
    #[schemars(range(min = 0, max = 1))]
    pub sb: f64,
    /// Sinus tachycardia.
    #[serde(rename = "ST")]
    #[schemars(range(min = 0, max = 1))]
    pub st: f64,
    /// Atrial fibrillation.
    #[serde(rename = "AF")]
    #[schemars(range(min = 0, max = 1))]
    pub af: f64,
    /// Normal ECGs.
    #[serde(rename = "normal_ecg")]
    #[schemars(range(min = 0, max = 1))]
    pub normal: f64,
}

impl Shares {
    /// Probability of first-degree block given that there is no atrial fibrillation.
    pub(crate) fn slow_given_p_waves(&self) -> f64 {
        if self.af < 1.0 {
            self.first_degree_block / (1.0 - self.af)
        } else {
            0.0
        }
    }

    /// Share of exams with none of the six diagnoses.
    pub fn none_of_six(&self) -> f64 {
        (1.0 - self.sb - self.st - self.af)
            * (1.0 - self.rbbb - self.lbbb)
            * (1.0 - self.slow_given_p_waves())
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        // Rounding of sums such as ten times 0.1.
        const SLACK: f64 = 1e-9;
        let values = [
            self.first_degree_block,
            self.rbbb,
            self.lbbb,
            self.sb,
            self.st,
            self.af,
            self.normal,
        ];
        let rules = [
            (
                values.iter().all(|v| (0.0..=1.0).contains(v)),
                "every share must be 0 to 1".to_owned(),
            ),
            (
                self.sb + self.st + self.af <= 1.0 + SLACK,
                "SB + ST + AF must not pass 1".to_owned(),
            ),
            (
                self.rbbb + self.lbbb <= 1.0 + SLACK,
                "RBBB + LBBB must not pass 1".to_owned(),
            ),
            (
                self.af + self.first_degree_block <= 1.0 + SLACK,
                "AF + 1dAVb must not pass 1".to_owned(),
            ),
            (
                self.normal <= self.none_of_six() + SLACK,
                format!(
                    "normal_ecg must not pass the share with none of the six, {:.4}",
                    self.none_of_six()
                ),
            ),
        ];
        match rules.into_iter().find(|(kept, _)| !kept) {
            None => Ok(()),
            Some((_, hint)) => Err(Error::Option {
                option: "mix",
                value: format!("{self:?}"),
                hint,
            }),
        }
    }
}
