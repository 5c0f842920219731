//! Choice of the device, or devices, that a model runs on.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Device, or devices, to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "DeviceText", into = "String")]
pub enum DeviceChoice {
    /// The first CUDA device if there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
    /// All CUDA devices that can be used.
    AllCuda,
    /// The CUDA devices of these numbers, two or more.
    SeveralCuda(DeviceNumbers),
}

/// Numbers of CUDA devices, each from 0 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceNumbers(u64);

impl DeviceNumbers {
    /// Distinct numbers; none where one is too large or named twice.
    pub fn new(numbers: &[usize]) -> Option<Self> {
        numbers.iter().try_fold(Self(0), |set, &number| {
            let bit = 1u64.checked_shl(u32::try_from(number).ok()?)?;
            (set.0 & bit == 0).then_some(Self(set.0 | bit))
        })
    }

    /// The numbers in ascending order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..64).filter(move |number| self.0 >> number & 1 == 1)
    }
}

/// Text of a device, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum DeviceText {
    One(String),
    Several(Vec<String>),
}

// By hand, as what its text may be is in `FromStr`.
impl JsonSchema for DeviceChoice {
    fn schema_name() -> Cow<'static, str> {
        "DeviceChoice".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "const": "auto", "description": "The first CUDA device if there is one, else the CPU." },
            { "const": "cpu", "description": "The CPU." },
            { "type": "string", "pattern": "^cuda(:[0-9]+)?$", "examples": ["cuda", "cuda:0", "cuda:1"],
              "description": "The CUDA device of this number; 0 if none is given." },
            { "const": "cuda:all", "description": "All CUDA devices that can be used, at once." },
            { "type": "string", "pattern": "^cuda:[0-9]+(,[0-9]+)+$", "examples": ["cuda:0,2"],
              "description": "The CUDA devices of these numbers, at once." },
            { "type": "array", "minItems": 1, "uniqueItems": true,
              "items": { "type": "string", "pattern": "^cuda:[0-9]+$" }, "examples": [["cuda:0", "cuda:2"]],
              "description": "These CUDA devices, at once." },
        ] })
    }
}

/// Error for a text that names no device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDevice(String);

impl fmt::Display for UnknownDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "device `{}`; one of auto, cpu, cuda, cuda:0, cuda:1, …, cuda:all, or several as cuda:0,2, each once",
            self.0
        )
    }
}

impl std::error::Error for UnknownDevice {}

impl FromStr for DeviceChoice {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Self, UnknownDevice> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "cuda:all" => Ok(Self::AllCuda),
            _ => text
                .strip_prefix("cuda:")
                .and_then(parse_numbers)
                .ok_or_else(|| UnknownDevice(text.to_owned())),
        }
    }
}

/// The devices of numbers between commas.
fn parse_numbers(text: &str) -> Option<DeviceChoice> {
    // `parse` would take a sign.
    let number = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| part.parse().ok())?
    };
    let numbers: Vec<usize> = text.split(',').map(number).collect::<Option<_>>()?;
    match numbers.as_slice() {
        [one] => Some(DeviceChoice::Cuda(*one)),
        _ => DeviceNumbers::new(&numbers).map(DeviceChoice::SeveralCuda),
    }
}

impl TryFrom<DeviceText> for DeviceChoice {
    type Error = String;

    fn try_from(text: DeviceText) -> Result<Self, String> {
        let parse = |text: &str| text.parse().map_err(|error: UnknownDevice| error.to_string());
        let names = match text {
            DeviceText::One(text) => return parse(&text),
            DeviceText::Several(names) => names,
        };
        let mut numbers = Vec::new();
        for name in &names {
            match parse(name)? {
                Self::Cuda(number) => numbers.push(number.to_string()),
                _ => {
                    return Err(format!(
                        "device `{name}` in a list, which is for single CUDA devices, as [cuda:0, cuda:2]"
                    ));
                }
            }
        }
        match numbers.is_empty() {
            true => Err("an empty list of devices; leave `device` out for the first there is".to_owned()),
            false => parse(&format!("cuda:{}", numbers.join(","))),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
            Self::AllCuda => f.write_str("cuda:all"),
            Self::SeveralCuda(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(|number| number.to_string()).collect();
                write!(f, "cuda:{}", numbers.join(","))
            }
        }
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn several(numbers: &[usize]) -> DeviceChoice {
        DeviceChoice::SeveralCuda(DeviceNumbers::new(numbers).unwrap())
    }

    #[test]
    fn a_choice_is_spelt_as_in_a_pipeline() {
        for (text, choice) in [
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
            ("cuda:3", DeviceChoice::Cuda(3)),
            ("cuda:all", DeviceChoice::AllCuda),
            ("cuda:0,2,63", several(&[0, 2, 63])),
        ] {
            let parsed: DeviceChoice = serde_json::from_value(text.into()).unwrap();
            assert_eq!((parsed, parsed.to_string().as_str()), (choice, text));
            assert_eq!(serde_json::to_value(choice).unwrap(), json!(text));
        }
        assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(0));
        for text in [
            "gpu",
            "cuda:",
            "cuda:-1",
            "cuda:+1",
            "cuda:x",
            "cuda:0,",
            "cuda:0,0",
            "cuda:0,64",
            "cuda:all,1",
            "cpu,cpu",
        ] {
            assert!(text.parse::<DeviceChoice>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_names_single_cuda_devices_each_once() {
        let of = |list| serde_json::from_value::<DeviceChoice>(list);
        assert_eq!(of(json!(["cuda:2", "cuda:0"])).unwrap(), several(&[0, 2]));
        assert_eq!(of(json!(["cuda:1"])).unwrap(), DeviceChoice::Cuda(1));
        for (list, words) in [
            (json!([]), "empty list"),
            (json!(["cuda:0", "cpu"]), "device `cpu` in a list"),
            (json!(["cuda:all"]), "device `cuda:all` in a list"),
            (json!(["cuda:0", "cuda:0"]), "each once"),
            (json!(["gpu"]), "device `gpu`"),
        ] {
            let error = of(list).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
