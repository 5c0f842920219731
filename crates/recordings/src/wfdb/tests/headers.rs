//! What headers state, rightly and wrongly, and what becomes of the record.

use super::*;
use crate::wfdb::testing::level_4_head;
use crate::wfdb::{WfdbUnit, read_digital};

/// Record `r` of two signals, three samples and a level-4 MATLAB file.
const LINES: [&str; 3] = [
    "r 2 500 3",
    "r.mat 16x1+24 1000.0(0)/mV 16 0 1 6 0 I",
    "r.mat 16x1+24 1000.0(0)/mV 16 0 -1 -6 0 II",
];
const SAMPLES: [i16; 6] = [1, -1, 2, -2, 3, -3];

fn mat_file() -> Vec<u8> {
    [level_4_head(2, 3), SAMPLES.map(i16::to_le_bytes).concat()].concat()
}

/// The record with one text of its header replaced by another.
fn with(from: &str, to: &str) -> (Records, Result<WfdbRecord>) {
    let text = LINES.join("\n");
    assert!(text.contains(from), "{from}");
    written(text.replace(from, to), mat_file())
}

fn written(header: impl AsRef<[u8]>, mat: impl AsRef<[u8]>) -> (Records, Result<WfdbRecord>) {
    let records = Records::new();
    records.write("r.hea", header);
    records.write("r.mat", mat);
    let read = records.read();
    (records, read)
}

fn first(read: &WfdbRecord) -> &[f64] {
    &read.signals[0].samples
}

#[test]
fn a_record_of_the_challenges_has_nothing_to_warn_of() {
    let (_, read) = with("mV", "mv");
    let read = read.unwrap();
    assert_eq!(read.warnings, [""; 0]);
    assert_eq!(first(&read), [0.001, 0.002, 0.003]);
    assert_eq!(read.signals[1].samples, [-0.001, -0.002, -0.003]);
    assert_eq!(read.signals[1].unit, WfdbUnit::Millivolts);
    assert_eq!(read.sample_rate(&read.signals[1]), Some(500.0));
}

#[test]
fn rates_are_what_is_stated_or_none() {
    for (rate, expected) in [
        ("100", 100.0),
        ("257", 257.0),
        ("499.5", 499.5),
        ("977.6", 977.6),
        ("1000/500(0)", 1000.0),
    ] {
        let read = with("2 500 3", &format!("2 {rate} 3")).1.unwrap();
        assert_eq!(read.header.frame_rate, Some(expected));
    }
    let read = with("r 2 500 3", "r 2").1.unwrap();
    assert_eq!(
        (
            read.header.frame_rate,
            read.sample_rate(&read.signals[0]),
            read.frames
        ),
        (None, None, 3)
    );
    for rate in ["0", "-500", "fast"] {
        let error = message(with("2 500 3", &format!("2 {rate} 3")).1);
        assert!(error.contains("r.hea: line 1: sample rate"), "{error}");
    }
}

#[test]
fn the_length_may_be_absent_or_smaller_and_not_larger() {
    for absent in ["r 2 500", "r 2 500 0"] {
        assert_eq!(first(&with("r 2 500 3", absent).1.unwrap()).len(), 3, "{absent}");
    }
    let shorter = with("2 500 3", "2 500 2").1.unwrap();
    assert_eq!(first(&shorter), [0.001, 0.002]);
    assert!(
        shorter.warnings[0].contains("r.mat: 4 bytes more than the header states"),
        "{:?}",
        shorter.warnings
    );
    let error = message(with("2 500 3", "2 500 4").1);
    assert!(
        error.contains("r.mat: length: 3 samples of each signal, but the header states 4"),
        "{error}"
    );
}

#[test]
fn a_file_cut_short_or_empty_is_an_error_and_a_longer_one_a_warning() {
    let text = LINES.join("\n");
    for length in [0, 10, 24, 32, 35] {
        let error = message(written(&text, &mat_file()[..length]).1);
        assert!(error.contains("r.mat: length"), "{length}: {error}");
    }
    let longer = written(&text, [mat_file(), vec![7; 4]].concat()).1.unwrap();
    assert!(
        longer.warnings[0].contains("4 bytes more"),
        "{:?}",
        longer.warnings
    );
}

#[test]
fn values_for_no_value_are_nan() {
    let mut mat = mat_file();
    mat[24..26].copy_from_slice(&i16::MIN.to_le_bytes());
    let read = written(LINES.join("\n").replace("16 0 1 6", "16 0 -32768 -32763"), mat)
        .1
        .unwrap();
    assert!(first(&read)[0].is_nan() && first(&read)[1] == 0.002);
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
}

#[test]
fn line_ends_marks_blank_lines_and_names_make_no_difference() {
    let text = LINES.join("\n");
    let expected = written(&text, mat_file()).1.unwrap();
    let other_name = text.replacen("r 2", "X 0001.v2 2", 1);
    for header in [
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
        format!("\u{feff}{text}"),
        format!("\n\n# first\n{}\n\n", text.replace('\n', "\n\n")),
        other_name,
    ] {
        let read = written(&header, mat_file()).1.unwrap();
        assert_eq!(read.signals, expected.signals, "{header:?}");
    }
}

#[test]
fn a_signal_file_that_does_not_exist_or_lies_elsewhere_is_an_error() {
    let error = message(
        with(
            "r.mat 16x1+24 1000.0(0)/mV 16 0 1",
            "s.mat 16x1+24 1000.0(0)/mV 16 0 1",
        )
        .1,
    );
    assert!(
        error.contains("s.mat: signal file: the header names this file, but it does not exist"),
        "{error}"
    );
    for name in ["../r.mat", "/etc/passwd", "sub/r.mat", "~"] {
        let error = message(
            with(
                "r.mat 16x1+24 1000.0(0)/mV 16 0 1",
                &format!("{name} 16 1000/mV 16 0 1"),
            )
            .1,
        );
        assert!(
            error.contains("r.hea: line 2") && error.contains("beside the header"),
            "{error}"
        );
    }
    let error = read(&std::env::temp_dir().join("no such record.dat"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("there is no header no such record.hea beside it"),
        "{error}"
    );
}

#[test]
fn another_number_of_signals_or_no_header_is_an_error() {
    for count in ["1", "3"] {
        let error = message(with("r 2", &format!("r {count}")).1);
        assert!(
            error.contains("line 1") && error.contains("2 lines follow"),
            "{error}"
        );
    }
    assert!(message(written("", mat_file()).1).contains("no record line"));
    assert!(message(written("r 0 500", mat_file()).1).contains("no signals"));
}

#[test]
fn the_head_of_a_matlab_file_is_never_read_as_samples() {
    let text = LINES.join("\n");
    let read = written(text.replace("16x1+24", "16"), mat_file()).1.unwrap();
    assert_eq!(first(&read), [0.001, 0.002, 0.003]);
    assert!(read.warnings[0].contains("begin at byte 24") && read.warnings[0].contains("not at byte 0"));
    let transposed = [level_4_head(3, 2), SAMPLES.map(i16::to_le_bytes).concat()].concat();
    let error = message(written(&text, transposed).1);
    assert!(
        error.contains("3 rows and 2 columns; the header gives the file 2 signals"),
        "{error}"
    );
    let error = message(written(text.replace("16x1+24", "212x1+24"), mat_file()).1);
    assert!(
        error.contains("numbers of format 16, but the header says format 212"),
        "{error}"
    );
}

#[test]
fn a_level_5_matlab_file_gives_its_matrix() {
    let mut bytes = Vec::new();
    let mut writer = ecgfm_formats::mat5::MatWriter::new(std::io::Cursor::new(&mut bytes)).unwrap();
    let values = SAMPLES.map(f64::from);
    writer
        .put("ecg", [2, 3], ecgfm_formats::mat5::MatData::F64(&values))
        .unwrap();
    writer.finish().unwrap();
    let read = written(LINES.join("\n"), &bytes).1.unwrap();
    assert_eq!(first(&read), [0.001, 0.002, 0.003]);
    assert!(
        read.warnings[0].contains("variable \"ecg\" was read"),
        "{:?}",
        read.warnings
    );
    let other = LINES.join("\n").replace("r 2", "r 3") + "\nr.mat 16x1+24 1000/mV 16 0 0 0 0 III";
    let error = message(written(other, &bytes).1);
    assert!(
        error.contains("matrix of 3 rows (it holds: ecg [2, 3])"),
        "{error}"
    );
}

#[test]
fn a_wrong_checksum_or_first_value_names_file_and_signal() {
    let read = with("16 0 -1 -6 0 II", "16 0 -2 -7 0 II").1.unwrap();
    let warning = &read.warnings[0];
    assert!(
        warning.starts_with(
            "r.mat: signal II: its checksum is 65530, not 65529, and its first value -1, not -2"
        ),
        "{warning}"
    );
    // A first value of 0 is a placeholder where the checksum is right; so is a checksum of 0 without a length.
    assert!(
        with("16 0 1 6 0 I", "16 0 0 6 0 I")
            .1
            .unwrap()
            .warnings
            .is_empty()
    );
    assert!(
        !with("16 0 1 6 0 I", "16 0 7 6 0 I")
            .1
            .unwrap()
            .warnings
            .is_empty()
    );
    let unstated = LINES
        .join("\n")
        .replace("500 3", "500")
        .replace(" 6 0 I", " 0 0 I");
    assert!(written(unstated, mat_file()).1.unwrap().warnings.is_empty());
    // Signed and unsigned sums are the same.
    assert!(with("-1 -6 0 II", "-1 65530 0 II").1.unwrap().warnings.is_empty());
}

#[test]
fn gains_and_baselines_are_applied_and_absent_ones_are_warned_about() {
    for uncalibrated in ["0(0)/mV", "0/mV"] {
        let read = with("1000.0(0)/mV 16 0 1", &format!("{uncalibrated} 16 0 1"))
            .1
            .unwrap();
        assert_eq!(first(&read)[0], 1.0 / 200.0);
        assert!(read.warnings[0].contains("no gain is stated") && read.warnings[0].ends_with(": I"));
    }
    let error = message(with("1000.0(0)/mV 16 0 1 6 0 I", "170 28260 0 I").1);
    assert!(
        error.contains("line 2") && error.contains("a field before it is missing"),
        "{error}"
    );
    let negative = with("1000.0(0)/mV 16 0 1", "-1000(0)/mV 16 0 1").1.unwrap();
    assert!(first(&negative)[0] == -0.001 && negative.warnings[0].contains("upside down"));
    assert_eq!(
        first(&with("1000.0(0)/mV 16 0 1", "1000(100)/mV 16 0 1").1.unwrap())[0],
        -0.099
    );
    assert_eq!(
        first(&with("1000.0(0)/mV 16 0 1", "1000/mV 16 100 1").1.unwrap())[0],
        -0.099
    );
}

#[test]
fn units_of_voltage_become_millivolts_signal_by_signal() {
    for (unit, expected) in [("/uV", 1e-6), ("/µV", 1e-6), ("/V", 1.0), ("", 1e-3)] {
        let read = with("1000.0(0)/mV 16 0 1", &format!("1000.0(0){unit} 16 0 1"))
            .1
            .unwrap();
        assert_eq!(
            (first(&read)[0], read.signals[1].samples[0]),
            (expected, -0.001),
            "{unit}"
        );
        assert_eq!(read.warnings.len(), usize::from(unit.is_empty()));
    }
    let read = with("1000.0(0)/mV 16 0 1", "1000.0(0)/mmHg 16 0 1").1.unwrap();
    assert_eq!(read.signals[0].unit, WfdbUnit::Other("mmHg".to_owned()));
}

#[test]
fn leads_are_known_by_any_spelling_and_two_of_one_name_are_warned_about() {
    for spelling in ["avf", "AVF", "Lead aVF", "MDC_ECG_LEAD_AVF"] {
        let read = with("0 II", &format!("0 {spelling}")).1.unwrap();
        assert_eq!(
            (read.signals[1].lead, read.signals[1].name.as_str()),
            (Some("aVF"), spelling)
        );
    }
    let twice = with("0 II", "0 lead i").1.unwrap();
    assert_eq!(twice.warnings, ["2 signals are called I"]);
    assert_eq!(with("0 II", "0").1.unwrap().signals[1].name, "signal 1");
}

#[test]
fn samples_per_frame_are_kept_and_skew_shifts() {
    let records = Records::new();
    records.write(
        "r.hea",
        "r 2 62.5 3\nr.dat 16x2 1/mV 0 0 1 0 0 II\nr.dat 16:1 1/mV 0 0 5 0 0 Resp",
    );
    records.write(
        "r.dat",
        [1i16, 2, 5, 3, 4, 6, 5, 6, 7].map(i16::to_le_bytes).concat(),
    );
    let read = records.read().unwrap();
    assert_eq!(read.signals[0].samples, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(read.signals[1].samples[..2], [6.0, 7.0]);
    assert!(read.signals[1].samples[2].is_nan());
    let rates: Vec<_> = read
        .signals
        .iter()
        .map(|signal| read.sample_rate(signal))
        .collect();
    assert_eq!(rates, [Some(125.0), Some(62.5)]);
    assert_eq!(read_digital(&records.path("r")).unwrap().samples[1], [5, 6, 7]);
}

#[test]
fn several_files_agree_in_length_and_every_signal_of_a_file_in_format() {
    let records = Records::new();
    records.write("a.dat", [1i16, 2].map(i16::to_le_bytes).concat());
    records.write("b.dat", [3i16, 4].map(i16::to_le_bytes).concat());
    records.write(
        "r.hea",
        "r 2 500 2\na.dat 16 1/mV 0 0 1 3 0 I\nb.dat 61 1/mV 0 0 768 1792 0 II",
    );
    assert_eq!(records.read().unwrap().signals[1].samples, [768.0, 1024.0]);
    for (lines, expected) in [
        ("a.dat 16 1/mV\na.dat 61 1/mV", "line 3: another format"),
        ("a.dat 16+2 1/mV\na.dat 16 1/mV", "line 3: another byte offset"),
        ("a.dat 16 1/mV\nb.dat 16+2 1/mV", "b.dat has 1 samples"),
        ("a.dat 0 1/mV\nb.dat 16 1/mV", "format 0"),
    ] {
        records.write("r.hea", format!("r 2 500\n{lines}"));
        let error = message(records.read());
        assert!(error.contains(expected), "{error}");
    }
    records.write("r.hea", "r 3 500\na.dat 16 1/mV\nb.dat 16 1/mV\na.dat 16 1/mV");
    assert!(message(records.read()).contains("not on consecutive lines"));
}
