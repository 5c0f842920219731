//! A float's shortest digits that round-trip, laid out as Python does.
//!
//! The digits come from `zmij`, which writes positional notation for more exponents below one than Python does, and for
//! fewer large ones of float32. Tables hold tens of millions of numbers, so that what it wrote is kept where both
//! agree, and nothing is allocated where they do not.

use super::append::append_bytes;

/// Python's `repr` of a float64.
pub(super) fn write_float64(out: &mut Vec<u8>, v: f64) {
    // From 1e-4 on, to 1e16, `zmij` and Python write the same.
    if (1e-4..1e16).contains(&v.abs()) || v == 0.0 {
        append_bytes(out, zmij::Buffer::new().format_finite(v).as_bytes());
    } else if v.is_finite() {
        write_digits(out, zmij::Buffer::new().format_finite(v).as_bytes());
    } else {
        out.extend_from_slice(non_finite_text(v.is_nan(), v > 0.0));
    }
}

/// Returns true where `zmij` writes a float32 as numpy does: from 1e-4 on, to 1e13 only.
fn zmij_matches_numpy(v: f32) -> bool {
    (1e-4..1e13).contains(&v.abs()) || v == 0.0
}

/// The texts of `values`, each with `,` after it; nothing for NaN.
///
/// Copying what was written a moment ago waits until it has been stored, so that all are written before the first is
/// copied.
pub(super) fn write_float32s<const N: usize>(out: &mut Vec<u8>, values: [f32; N]) {
    let mut buffers: [zmij::Buffer; N] = std::array::from_fn(|_| zmij::Buffer::new());
    let mut texts = [""; N];
    for ((buffer, text), v) in buffers.iter_mut().zip(&mut texts).zip(values) {
        if zmij_matches_numpy(v) {
            *text = buffer.format_finite(v);
        }
    }
    let mut line = TextBuffer::default();
    for (text, v) in texts.iter().zip(values) {
        // None was written where Python lays the digits out in another way.
        if text.is_empty() {
            out.extend_from_slice(line.take());
            if !v.is_nan() {
                write_float32(out, v);
            }
        }
        if !line.push(text.as_bytes()) {
            out.extend_from_slice(line.take());
            append_bytes(out, text.as_bytes());
            out.push(b',');
        }
    }
    out.extend_from_slice(line.take());
}

/// Texts side by side, each with `,` after it, in memory whose length the compiler knows.
struct TextBuffer {
    bytes: [u8; 192],
    filled: usize,
}

impl Default for TextBuffer {
    fn default() -> Self {
        Self {
            bytes: [0; 192],
            filled: 0,
        }
    }
}

impl TextBuffer {
    /// Appends a text; false where it is too long, for it or for the place that is left.
    ///
    /// Most texts of probabilities have 8 to 16 bytes, and two copies of 8 that overlap are quicker than one of a length
    /// that is not known.
    #[inline(always)]
    fn push(&mut self, text: &[u8]) -> bool {
        let end = self.filled + text.len();
        let Some(place) = self.bytes.get_mut(self.filled..=end) else {
            return false;
        };
        match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            (Some(head), Some(tail)) if text.len() <= 16 => {
                place[..8].copy_from_slice(head);
                place[text.len() - 8..text.len()].copy_from_slice(tail);
            }
            _ => place[..text.len()].copy_from_slice(text),
        }
        place[text.len()] = b',';
        self.filled = end + 1;
        true
    }

    /// Returns the texts and empties the buffer.
    fn take(&mut self) -> &[u8] {
        let filled = std::mem::take(&mut self.filled);
        &self.bytes[..filled]
    }
}

/// numpy's text of a float32: the digits that a float32 needs.
pub(super) fn write_float32(out: &mut Vec<u8>, v: f32) {
    if zmij_matches_numpy(v) {
        append_bytes(out, zmij::Buffer::new().format_finite(v).as_bytes());
    } else if v.is_finite() {
        write_digits(out, zmij::Buffer::new().format_finite(v).as_bytes());
    } else {
        out.extend_from_slice(non_finite_text(v.is_nan(), v > 0.0));
    }
}

fn non_finite_text(nan: bool, positive: bool) -> &'static [u8] {
    match (nan, positive) {
        (true, _) => b"nan",
        (_, true) => b"inf",
        _ => b"-inf",
    }
}

/// Lays out a number that is neither zero nor near one: `0.0000125` or `1.25e-5` as `1.25e-05`, `1.5e13` as
/// `15000000000000.0`.
fn write_digits(out: &mut Vec<u8>, text: &[u8]) {
    let text = match text {
        [b'-', rest @ ..] => {
            out.push(b'-');
            rest
        }
        rest => rest,
    };
    let (digits, exponent) = split_exponent(text);
    let (first, fraction) = digits.split_at(digits.len().min(1));
    let fraction = fraction.strip_prefix(b".").unwrap_or(fraction);
    match usize::try_from(exponent) {
        Ok(exponent) if exponent < 16 => {
            let whole = fraction.len().min(exponent);
            out.extend_from_slice(first);
            out.extend_from_slice(&fraction[..whole]);
            out.resize(out.len() + exponent - whole, b'0');
            out.push(b'.');
            match &fraction[whole..] {
                [] => out.push(b'0'),
                rest => out.extend_from_slice(rest),
            }
        }
        _ => {
            out.extend_from_slice(first);
            if !fraction.is_empty() {
                out.push(b'.');
                out.extend_from_slice(fraction);
            }
            out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
            if exponent.unsigned_abs() < 10 {
                out.push(b'0');
            }
            out.extend_from_slice(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
        }
    }
}

/// The digits, a point after the first or none, and the decimal exponent of the first.
fn split_exponent(text: &[u8]) -> (&[u8], i32) {
    if let Some(e) = text.iter().position(|b| *b == b'e') {
        let exponent = std::str::from_utf8(&text[e + 1..])
            .ok()
            .and_then(|t| t.parse().ok());
        return (&text[..e], exponent.unwrap_or(0));
    }
    // Below one: `0.` and zeros.
    let digits = text.strip_prefix(b"0.").unwrap_or(text);
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    (&digits[zeros..], -1 - zeros as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Python's layout of Rust's own shortest digits, `-1.25e-7`.
    fn python(scientific: &str) -> String {
        let (mantissa, exponent) = scientific.split_once('e').unwrap();
        let exponent: i32 = exponent.parse().unwrap();
        let (sign, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", mantissa),
        };
        let digits = mantissa.replace('.', "");
        let zeros = |n: i32| "0".repeat(n.max(0) as usize);
        let n = digits.len() as i32;
        if !(-4..16).contains(&exponent) {
            let (direction, size) = (if exponent < 0 { '-' } else { '+' }, exponent.abs());
            format!("{sign}{mantissa}e{direction}{size:02}")
        } else if exponent < 0 {
            format!("{sign}0.{}{digits}", zeros(-exponent - 1))
        } else if n <= exponent + 1 {
            format!("{sign}{digits}{}.0", zeros(exponent + 1 - n))
        } else {
            let (whole, rest) = digits.split_at(exponent as usize + 1);
            format!("{sign}{whole}.{rest}")
        }
    }

    /// Rust's shortest digits. Of two that are as near, it takes the larger; Python and numpy take the even one.
    /// The even one may not be as near as it looks: below a power of two, neighbours are nearer.
    fn shortest(scientific: &str, value: f64, returns: impl Fn(&str) -> bool) -> String {
        let (mantissa, exponent) = scientific.split_once('e').unwrap();
        // All digits of the number; none has more.
        let exact = format!("{value:.1100e}");
        let (below, rest) = exact.split_at(mantissa.len());
        let rest = rest.split_once('e').unwrap().0.trim_start_matches('.');
        let halfway = rest
            .strip_prefix('5')
            .is_some_and(|rest| rest.bytes().all(|b| b == b'0'));
        let even = matches!(below.as_bytes().last(), Some(b'0' | b'2' | b'4' | b'6' | b'8'));
        let below = format!("{below}e{exponent}");
        if halfway && even && returns(&below) {
            return below;
        }
        scientific.to_owned()
    }

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn same64(v: f64) {
        if v.is_finite() {
            let rust = shortest(&format!("{v:e}"), v, |text| text.parse() == Ok(v));
            assert_eq!(text(|out| write_float64(out, v)), python(&rust));
        }
    }

    fn same32(v: f32) {
        if v.is_finite() {
            let rust = shortest(&format!("{v:e}"), f64::from(v), |text| text.parse() == Ok(v));
            assert_eq!(text(|out| write_float32(out, v)), python(&rust));
        }
    }

    #[test]
    fn powers_of_ten_and_their_neighbours_are_laid_out_as_python_does() {
        for exponent in -310..310 {
            let v: f64 = format!("1e{exponent}").parse().unwrap();
            let bits = v.to_bits();
            (bits.saturating_sub(2)..=bits + 2).for_each(|bits| same64(f64::from_bits(bits)));
        }
        for exponent in -46..39 {
            let v: f32 = format!("1e{exponent}").parse().unwrap();
            let bits = v.to_bits();
            (bits.saturating_sub(2)..=bits + 2).for_each(|bits| same32(f32::from_bits(bits)));
        }
    }

    #[test]
    fn powers_of_two_where_neighbours_are_nearer_below_have_the_digits_that_rust_prints() {
        (0..=2046u64).for_each(|e| same64(f64::from_bits(e << 52)));
        (0..=254u32).for_each(|e| same32(f32::from_bits(e << 23)));
        (0..52).for_each(|bit| same64(f64::from_bits(1 << bit)));
        (0..23).for_each(|bit| same32(f32::from_bits(1 << bit)));
    }

    #[test]
    fn a_float32_of_every_exponent_and_sign_has_the_digits_that_rust_prints() {
        // 262,144 bit patterns, as far apart as they can be.
        (0..=u32::MAX)
            .step_by(16_381)
            .map(f32::from_bits)
            .for_each(same32);
    }

    #[test]
    fn of_two_texts_as_near_the_even_one_is_taken() {
        // Each text was printed by CPython's repr() and numpy's str().
        assert_eq!(text(|out| write_float32(out, 0.447_265_62)), "0.44726562");
        assert_eq!(text(|out| write_float32(out, 0.020_507_812)), "0.020507812");
        assert_eq!(
            text(|out| write_float64(out, 70_001.0 / 131_072.0)),
            "0.5340652465820312"
        );
        assert_eq!(
            text(|out| write_float64(out, 70_003.0 / 131_072.0)),
            "0.5340805053710938"
        );
    }

    #[test]
    fn what_is_no_number_has_a_name() {
        let names = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|v| text(|out| write_float64(out, v)));
        assert_eq!(names, ["nan", "inf", "-inf"]);
        let names = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].map(|v| text(|out| write_float32(out, v)));
        assert_eq!(names, ["nan", "inf", "-inf"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn any_float64_has_the_digits_that_rust_prints_as_python_lays_them_out(bits: u64) {
            same64(f64::from_bits(bits));
        }

        #[test]
        fn any_probability_has_the_digits_that_rust_prints(logit in -100.0f32..100.0) {
            same32(1.0 / (1.0 + (-logit).exp()));
        }
    }
}
