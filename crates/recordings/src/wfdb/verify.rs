//! Checksums and first values that a header states, against the samples.

use super::specification::SignalSpecification;

/// Differences that are shown one by one; of more in a file, the signals are named.
const SHOWN_ONE_BY_ONE: usize = 2;

const MEANING: &str = "the file or the header was changed or damaged";

/// Compares the signals of a file with the checksums and first values in the header, and says which differ. `sums` are those of each
/// of the samples of a frame, `first_frame` begins with the first frame. `length` is true if the header states the length.
pub(super) fn verify_signals(
    signals: &[SignalSpecification],
    (sums, first_frame): (&[u16], &[i32]),
    length: bool,
) -> Vec<String> {
    let mut at = 0;
    let mut differing = Vec::new();
    for signal in signals {
        let positions = at..at + signal.samples_per_frame as usize;
        at = positions.end;
        let sum = sums[positions.clone()]
            .iter()
            .fold(0u16, |sum, one| sum.wrapping_add(*one));
        let first = i64::from(first_frame[positions.start]);
        differing.extend(verify(signal, sum, first, length).map(|what| (signal.label(), what)));
    }
    let Some(file) = signals.first().map(|signal| &signal.file) else {
        return Vec::new();
    };
    if differing.len() > SHOWN_ONE_BY_ONE {
        let names: Vec<String> = differing.into_iter().map(|(name, _)| name).collect();
        let names = names.join(", ");
        return vec![format!(
            "{file}: signals {names}: their checksums or first values are not those that the header states: {MEANING}"
        )];
    }
    let one = |(name, what)| format!("{file}: signal {name}: {what} as the header states: {MEANING}");
    differing.into_iter().map(one).collect()
}

/// What differs of a signal.
///
/// A first value of 0 that is wrong beside a right checksum is a placeholder. So is a checksum of 0 where the header does not
/// state the `length`.
fn verify(signal: &SignalSpecification, sum: u16, first: i64, length: bool) -> Option<String> {
    let stated = signal.checksum.filter(|stated| length || *stated != 0);
    let wrong_sum = stated.filter(|stated| *stated != sum);
    let placeholder = signal.initial == Some(0) && stated == Some(sum);
    let wrong_first = signal.initial.filter(|initial| *initial != first && !placeholder);
    match (wrong_sum, wrong_first) {
        (None, None) => None,
        (Some(stated), None) => Some(format!("its checksum is {sum}, not {stated}")),
        (None, Some(initial)) => Some(format!("its first value is {first}, not {initial}")),
        (Some(stated), Some(initial)) => Some(format!(
            "its checksum is {sum}, not {stated}, and its first value {first}, not {initial}"
        )),
    }
}
