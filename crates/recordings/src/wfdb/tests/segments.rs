//! Records that consist of others.

use super::*;

fn segment(records: &Records, name: &str, signals: &[(&str, &[i16])], unit: &str) {
    let length = signals[0].1.len();
    let mut header = format!("{name} {} 360 {length}\n", signals.len());
    for (lead, _) in signals {
        header += &format!("{name}.dat 16 10/{unit} 16 0 0 0 0 {lead}\n");
    }
    let frames = (0..length).flat_map(|t| signals.iter().map(move |(_, samples)| samples[t]));
    records.write(&format!("{name}.hea"), header);
    records.write(
        &format!("{name}.dat"),
        frames.flat_map(i16::to_le_bytes).collect::<Vec<u8>>(),
    );
}

fn shown(read: &WfdbRecord) -> Vec<String> {
    read.signals
        .iter()
        .map(|signal| format!("{} {:?}", signal.name, signal.samples))
        .collect()
}

#[test]
fn a_fixed_layout_is_joined_with_gaps() {
    let records = Records::new();
    segment(&records, "r_1", &[("I", &[10, 20]), ("II", &[30, 40])], "mV");
    segment(&records, "r_2", &[("I", &[50]), ("II", &[60])], "mV");
    records.write("r.hea", "r/3 2 360 5\nr_1 2\n~ 2\nr_2 1\n# whole\n");
    let read = records.read().unwrap();
    assert_eq!(
        shown(&read),
        ["I [1.0, 2.0, NaN, NaN, 5.0]", "II [3.0, 4.0, NaN, NaN, 6.0]"]
    );
    assert_eq!(
        (read.frames, read.header.comments.as_slice()),
        (5, &["whole".to_owned()][..])
    );
    assert!(
        read.warnings
            .iter()
            .all(|warning| warning.starts_with("segment r_"))
    );
}

#[test]
fn a_variable_layout_finds_signals_by_name_and_converts_their_units() {
    let records = Records::new();
    records.write(
        "r_0.hea",
        "r_0 3 360 0\n~ 0 200/mV 16 0 0 0 0 II\n~ 0 200/mV 16 0 0 0 0 V\n~ 0 200/mV 16 0 0 0 0 I\n",
    );
    segment(&records, "r_1", &[("I", &[10]), ("II", &[20])], "mV");
    segment(&records, "r_2", &[("V", &[30])], "uV");
    records.write("r.hea", "r/3 3 360 2\nr_0 0\nr_1 1\nr_2 1\n");
    assert_eq!(
        shown(&records.read().unwrap()),
        ["II [2.0, NaN]", "V [NaN, 0.003]", "I [1.0, NaN]"]
    );
}

#[test]
fn segments_that_contradict_are_errors() {
    let records = Records::new();
    segment(&records, "r_1", &[("I", &[10, 20])], "mV");
    segment(&records, "r_2", &[("II", &[50])], "mV");
    segment(&records, "r_3", &[("I", &[50])], "mmHg");
    records.write("r_4.hea", "r_4/1 1 360 1\nr_4 1\n");
    for (text, expected) in [
        (
            "r/1 1 360 3\nr_1 2\n",
            "3 samples are stated, but the segments have 2",
        ),
        (
            "r/1 1 360 3\nr_1 3\n",
            "r_1.hea: length: 2 samples, but the record gives the segment 3",
        ),
        (
            "r/1 1 250 2\nr_1 2\n",
            "r_1.hea: record line: 360 Hz, but the whole record has 250 Hz",
        ),
        (
            "r/2 1 360 3\nr_1 2\nr_2 1\n",
            "signal II is not one of the record",
        ),
        ("r/2 1 360 3\nr_1 2\nr_3 1\n", "signal I is not one of the record"),
        (
            "r/1 1 360 1\nr_4 1\n",
            "a segment that consists of segments itself",
        ),
        ("r/1 1 360 1\nr 1\n", "a segment that consists of segments itself"),
        (
            "r/1 1 360 1\n../r_1 1\n",
            "line 2: \"../r_1\" is not the name of a file beside",
        ),
        ("r/1 1 360 9\n~ 9\n", "all segments are gaps"),
        ("r/2 1 360\n~ 18446744073709551615\nr_1 2\n", "more than"),
        ("r/2 1 360\n~ 400000000\nr_1 2\n", "more than"),
        ("r/1 1 360 1\nr_9 1\n", "r_9.hea"),
    ] {
        records.write("r.hea", text);
        let error = records.read().unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
