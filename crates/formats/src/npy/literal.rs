//! Parser of a header's dictionary, a literal of Python with three keys.

/// Entries of a header's dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderFields {
    /// NumPy's code of the type of the values, such as `<f4`.
    pub descr: String,
    /// True if the first dimension varies fastest (column-major) instead of the last.
    pub fortran_order: bool,
    /// Extent of each dimension; none for a single number.
    pub shape: Vec<usize>,
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, in any order of keys.
pub(super) fn parse_header(text: &[u8]) -> Result<HeaderFields, String> {
    let mut scan = LiteralScanner { text, at: 0 };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    scan.expect(b'{')?;
    while !scan.accept(b'}') {
        let key = scan.string()?;
        scan.expect(b':')?;
        let repeated = match key.as_str() {
            "descr" => descr.replace(scan.string()?).is_some(),
            "fortran_order" => fortran_order.replace(scan.boolean()?).is_some(),
            "shape" => shape.replace(scan.tuple()?).is_some(),
            _ => return Err(format!("unknown key {key:?}")),
        };
        if repeated {
            return Err(format!("key {key:?} twice"));
        }
        if !scan.accept(b',') {
            scan.expect(b'}')?;
            break;
        }
    }
    scan.end()?;
    let missing = |key: &str| format!("no key {key:?}");
    Ok(HeaderFields {
        descr: descr.ok_or_else(|| missing("descr"))?,
        fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
    })
}

struct LiteralScanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl LiteralScanner<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.accept(byte) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("{:?}", byte as char)))
        }
    }

    fn end(&mut self) -> Result<(), String> {
        if self.peek().is_none() {
            Ok(())
        } else {
            Err(self.unexpected("its end"))
        }
    }

    fn take_while(&mut self, test: impl Fn(&u8) -> bool) -> &[u8] {
        self.peek();
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|b| !test(b)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn string(&mut self) -> Result<String, String> {
        let Some(quote @ (b'\'' | b'"')) = self.peek() else {
            return Err(self.unexpected("a string (records and sub-arrays are not read)"));
        };
        self.at += 1;
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .position(|&b| b == quote)
            .ok_or("a string without its end")?;
        self.at += length + 1;
        String::from_utf8(rest[..length].to_vec()).map_err(|_| "a string that is not UTF-8".to_owned())
    }

    fn boolean(&mut self) -> Result<bool, String> {
        match self.take_while(u8::is_ascii_alphabetic) {
            b"True" => Ok(true),
            b"False" => Ok(false),
            _ => Err(self.unexpected("True or False")),
        }
    }

    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        self.expect(b'(')?;
        let mut dims = Vec::new();
        while !self.accept(b')') {
            let digits = self.take_while(u8::is_ascii_digit);
            let text = std::str::from_utf8(digits).unwrap_or_default();
            let dim = text.parse().map_err(|_| self.unexpected("a dimension"))?;
            dims.push(dim);
            // Python 2 wrote long integers with an L: 10L.
            self.accept(b'L');
            if !self.accept(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(dims)
    }

    fn unexpected(&self, wanted: &str) -> String {
        format!("expected {wanted} at character {}", self.at)
    }
}
