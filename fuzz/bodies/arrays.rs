//! Arrays of ECGs, `.npy` and `.npz`: every ECG of a few leads, in both orders.

use ecgfm_recordings::arrays::{ArrayDescription, ArrayFile, ArrayUnit, Axes};

/// ECGs that are read.
const ROWS: usize = 8;

/// `data` is the whole file.
pub(crate) fn run(data: &[u8]) {
    super::scratch::with_file(data, |path| {
        for (axes, leads) in [
            (Axes::LeadsSamples, 3),
            (Axes::SamplesLeads, 3),
            (Axes::LeadsSamples, 1),
        ] {
            let description = ArrayDescription {
                axes: Some(axes),
                sample_rate: Some(500.0),
                unit: ArrayUnit::named("uV"),
                leads: Some((1..=leads).map(|lead| format!("V{lead}")).collect()),
                member: None,
                missing: Some(-32768.0),
            };
            let array = match ArrayFile::open(path, &description) {
                Ok(array) => array,
                Err(error) => {
                    let _ = error.to_string();
                    continue;
                }
            };
            let mut ecg = Vec::new();
            for row in 0..array.rows().min(ROWS) {
                array.read(row, &mut ecg).expect("all values are in the file");
                assert_eq!(ecg.len(), array.samples() * leads, "as many as the shape says");
            }
            assert!(array.read(array.rows(), &mut ecg).is_err(), "a row past the end");
        }
    });
}
