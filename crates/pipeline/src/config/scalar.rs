//! Meaning of a YAML scalar: the core schema of YAML 1.2 (section 10.3), restricted to what JSON holds.

use serde_json::Number;

use crate::config::node::NodeData;

/// The value of a plain (unquoted) scalar. Numbers that neither 64-bit integers nor finite doubles hold
/// are refused: to keep them they must be quoted.
pub(crate) fn parse_plain(text: &str) -> Result<NodeData, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(NodeData::Null),
        "true" | "True" | "TRUE" => return Ok(NodeData::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(NodeData::Bool(false)),
        _ => {}
    }
    if let Some(integer) = parse_integer(text) {
        return match integer {
            Some(number) => Ok(NodeData::Number(number)),
            None => Err(format!(
                "the number {text} does not fit 64 bits; put it in quotes if it is text"
            )),
        };
    }
    if is_float(text) {
        let value = text.parse::<f64>().ok().and_then(Number::from_f64);
        let refused = || format!("{text} is not a finite number; put it in quotes if it is text");
        return value.map(NodeData::Number).ok_or_else(refused);
    }
    Ok(NodeData::Text(text.to_owned()))
}

/// Integer of a plain scalar; none where it is no integer, and `Some(None)` where it is out of range.
fn parse_integer(text: &str) -> Option<Option<Number>> {
    let radix = |digits: &str, radix: u32| {
        let valid = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        valid.then(|| u64::from_str_radix(digits, radix).ok().map(Number::from))
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(match text.parse::<i64>() {
        Ok(value) => Some(Number::from(value)),
        Err(_) => text.parse::<u64>().ok().map(Number::from),
    })
}

fn is_float(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(body, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (body, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_ok
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse_plain(text) {
            Ok(NodeData::Null) => "null".into(),
            Ok(NodeData::Bool(b)) => format!("bool {b}"),
            Ok(NodeData::Number(n)) => format!("number {n}"),
            Ok(NodeData::Text(t)) => format!("text {t}"),
            Ok(_) => unreachable!(),
            Err(e) => e,
        }
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("True", "bool true"),
            ("yes", "text yes"),
            ("-12", "number -12"),
            ("007", "number 7"),
            ("0x1F", "number 31"),
            ("0o17", "number 15"),
            ("18446744073709551615", "number 18446744073709551615"),
            ("0.01", "number 0.01"),
            ("1e-4", "number 0.0001"),
            (".5", "number 0.5"),
            (".", "text ."),
            ("e5", "text e5"),
            ("1.2.3", "text 1.2.3"),
            ("0x", "text 0x"),
            ("inf", "text inf"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
        assert!(parse_plain("99999999999999999999999").is_err());
        assert!(parse_plain(".nan").is_err());
        assert!(parse_plain("1e999").is_err());
    }
}
