//! Reads `conv_feature_layers`, a Python expression such as `[(512, 10, 5)] + [(256, 2, 2)] * 4`, without Python.

use crate::ConvLayer;

/// More layers than any signal has samples for.
const MAX_LAYERS: usize = 64;

/// Parses sums of lists of (channels, kernel, stride), each possibly repeated by `* n`.
///
/// # Errors
/// Says at which character what was expected.
pub(crate) fn parse_conv_layers(text: &str) -> Result<Vec<ConvLayer>, String> {
    let mut parser = Parser {
        text: text.as_bytes(),
        at: 0,
    };
    let layers = parser.sum()?;
    match parser.peek() {
        None if layers.is_empty() => Err("no layers".to_owned()),
        None => Ok(layers),
        Some(_) => Err(parser.expected("`+`, `*` or the end")),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn sum(&mut self) -> Result<Vec<ConvLayer>, String> {
        let mut layers = self.repeated()?;
        while self.accept(b'+') {
            layers.extend(self.repeated()?);
            self.bounded(layers.len())?;
        }
        Ok(layers)
    }

    fn repeated(&mut self) -> Result<Vec<ConvLayer>, String> {
        let mut layers = self.list()?;
        while self.accept(b'*') {
            let times = self.number()? as usize;
            self.bounded(layers.len().saturating_mul(times))?;
            layers = layers.repeat(times);
        }
        Ok(layers)
    }

    fn list(&mut self) -> Result<Vec<ConvLayer>, String> {
        self.require(b'[', "`[`")?;
        let mut layers = Vec::new();
        while !self.accept(b']') {
            layers.push(self.layer()?);
            self.bounded(layers.len())?;
            if !self.accept(b',') {
                self.require(b']', "`,` or `]`")?;
                break;
            }
        }
        Ok(layers)
    }

    fn layer(&mut self) -> Result<ConvLayer, String> {
        self.require(b'(', "`(`")?;
        let channels = self.number()?;
        self.require(b',', "`,`")?;
        let kernel = self.number()?;
        self.require(b',', "`,`")?;
        let stride = self.number()?;
        self.accept(b',');
        self.require(b')', "`)`")?;
        Ok(ConvLayer {
            channels,
            kernel,
            stride,
        })
    }

    fn number(&mut self) -> Result<i64, String> {
        self.peek();
        let digits = self.text[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = std::str::from_utf8(&self.text[self.at..self.at + digits])
            .ok()
            .and_then(|d| d.parse().ok());
        match number {
            Some(number @ 1..=1_000_000) => {
                self.at += digits;
                Ok(number)
            }
            _ => Err(self.expected("a number from 1 to 1000000")),
        }
    }

    fn bounded(&self, layers: usize) -> Result<(), String> {
        if layers > MAX_LAYERS {
            Err(format!("{layers} layers; at most {MAX_LAYERS} make sense"))
        } else {
            Ok(())
        }
    }

    /// The next character that is not a space.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn require(&mut self, wanted: u8, described: &str) -> Result<(), String> {
        if self.accept(wanted) {
            Ok(())
        } else {
            Err(self.expected(described))
        }
    }

    fn expected(&self, what: &str) -> String {
        format!(
            "{what} expected at character {}, as in [(256, 2, 2)] * 4",
            self.at + 1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(text: &str) -> Vec<(i64, i64, i64)> {
        parse_conv_layers(text)
            .unwrap()
            .iter()
            .map(|layer| (layer.channels, layer.kernel, layer.stride))
            .collect()
    }

    #[test]
    fn sums_and_repetitions_are_understood() {
        assert_eq!(sizes("[(256, 2, 2)] * 4"), [(256, 2, 2); 4]);
        assert_eq!(
            sizes(" [(512,10,5)] + [(512,3,2),(64,2,2),]*2"),
            [(512, 10, 5), (512, 3, 2), (64, 2, 2), (512, 3, 2), (64, 2, 2)]
        );
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        for text in [
            "",
            "[]",
            "[(1,2)]",
            "[(1,2,3)] * 1000000",
            "[(1,2,3)] * 0",
            "__import__('os')",
            "[(1,2,3)] 4",
            "[(-1,2,3)]",
            "[(99999999999999999999,2,2)]",
        ] {
            assert!(parse_conv_layers(text).is_err(), "{text}");
        }
        assert!(
            parse_conv_layers("[(256, 2; 2)]")
                .unwrap_err()
                .contains("character 9")
        );
    }
}
