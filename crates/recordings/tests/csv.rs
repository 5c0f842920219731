//! CSV files of every shape, and what is not said in them.
#![allow(clippy::unwrap_used)]

use ecgfm_recordings::csv::{CsvDescription, CsvEcg};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write;
use std::path::Path;

fn parse(text: &str, description: &CsvDescription) -> Result<CsvEcg, String> {
    CsvEcg::parse(Path::new("ecg.csv"), text.as_bytes(), description).map_err(|error| error.to_string())
}

/// Rate and unit, which the first row need not give.
fn stated() -> CsvDescription {
    CsvDescription {
        sample_rate: Some(500.0),
        millivolts: Some(1.0),
        leads: None,
    }
}

fn error(text: &str, description: &CsvDescription) -> String {
    parse(text, description).unwrap_err()
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in prop::collection::vec(prop::collection::vec(-1e6f64..1e6, 3), 2..40),
        separator in prop::sample::select(vec![',', ';', '\t']),
        comma: bool,
        quoted: bool,
        timed: bool,
        crlf: bool,
    ) {
        let comma = comma && separator == ';';
        let line_end = if crlf { "\r\n" } else { "\n" };
        let cell = |text: String| {
            let text = if comma { text.replace('.', ",") } else { text };
            if quoted { format!("\"{text}\"") } else { text }
        };
        let mut names = vec!["I".to_owned(), "aVR".to_owned(), "V1 (uV)".to_owned()];
        if timed {
            names.insert(1, "time".to_owned());
        }
        let line = |cells: Vec<String>| cells.join(&separator.to_string()) + line_end;
        let mut text = line(names.iter().map(|name| if quoted { format!("\"{name}\"") } else { name.clone() }).collect());
        for (number, row) in rows.iter().enumerate() {
            let mut cells: Vec<String> = row.iter().map(|value| cell(value.to_string())).collect();
            if timed {
                cells.insert(1, cell(format!("{:.4}", number as f64 / 400.0)));
            }
            text += &line(cells);
        }
        let description = CsvDescription { sample_rate: (!timed).then_some(400.0), millivolts: None, leads: None };
        let with_unit = text.replacen("aVR", "aVR [mV]", 1).replacen('I', "I (V)", 1);
        let ecg = parse(&with_unit, &description).unwrap();
        prop_assert_eq!(&ecg.leads, &["I", "aVR", "V1"]);
        prop_assert_eq!(ecg.sample_rate, 400.0);
        let wanted: Vec<f64> = rows.iter().flat_map(|row| [row[0] * 1e3, row[1], row[2] * 1e-3]).collect();
        prop_assert_eq!(ecg.samples, wanted);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[0-9a-zé,;\t\n\r\". -]{0,80}") {
        let _ = parse(&text, &stated());
        let _ = parse(&text, &CsvDescription { leads: Some(vec!["I".to_owned()]), ..stated() });
    }
}

#[test]
fn rate_unit_and_names_are_in_the_file_or_stated_or_there_is_an_error() {
    let nothing = CsvDescription::default();
    assert!(error("I,II\n1,2\n", &nothing).contains("lead I has no unit"));
    assert!(error("I (mV),II (mV)\n1,2\n", &nothing).contains("no sample rate is stated"));
    assert!(error("1,2\n3,4\n", &stated()).contains("no names of leads"));
    let ordered = |leads: &[&str]| CsvDescription {
        leads: Some(leads.iter().map(|lead| (*lead).to_owned()).collect()),
        ..stated()
    };
    let ecg = parse("1,2\n3,4\n", &ordered(&["II", "I"])).unwrap();
    assert_eq!(
        (ecg.leads, ecg.samples),
        (vec!["II".to_owned(), "I".to_owned()], vec![1.0, 2.0, 3.0, 4.0])
    );
    assert!(error("1,2\n3,4\n", &ordered(&["I"])).contains("2 columns, and 1 leads are stated"));
    assert!(
        error("I,II\n3,4\n", &ordered(&["II", "I"])).contains("the columns are I II, and II I is stated")
    );
    assert!(parse("i,II\n3,4\n", &ordered(&["I", "II"])).is_ok());
    assert!(error("I (uV)\n1\n", &stated()).contains("a unit of 0.001 mV, and 1 mV are stated"));
    assert!(error("I,i\n1,2\n", &stated()).contains("two columns are named i"));
    assert!(error("t,time\n1,2\n", &stated()).contains("of which 2 are of time"));
}

#[test]
fn errors_name_line_and_column() {
    let message = error("I,II\n1,2\n\n3,x\n", &stated());
    assert!(
        message.contains("line 4, column 2 (lead II): \"x\" is no number"),
        "{message}"
    );
    assert!(error("I,II\n1,2,3\n", &stated()).contains("line 2: 3 cells in 2 columns"));
    assert!(error("I,II\n1,\"2\n", &stated()).contains("line 2, column 2: a quote"));
    assert!(error("I,II\n1,inf\n", &stated()).contains("\"inf\" is no number"));
    assert!(error("I;II\n1.000,5;2\n", &stated()).contains("\"1.000,5\" is no number"));
    assert!(error("I;II\n1,000,5;2\n", &stated()).contains("no number"));
    assert!(error("time,I\n0,1\nNA,2\n", &stated()).contains("line 3, column 1: the time is missing"));
    assert!(error("", &stated()).contains("it is empty"));
    assert!(error("I,II\n", &stated()).contains("no samples"));
    let mut gap = "seconds,I\n".to_owned();
    for row in 0..100 {
        writeln!(gap, "{:.3},1", f64::from(row + i32::from(row >= 50)) * 0.002).unwrap();
    }
    let message = error(&gap, &stated());
    assert!(
        message.contains("line 52, time: 0.102 is not evenly spaced"),
        "{message}"
    );
}

#[test]
fn missing_values_are_nan_and_doubted() {
    let ecg = parse("I,II\n1,NA\n,2\nnan,.\n", &stated()).unwrap();
    assert_eq!(ecg.samples.iter().filter(|value| value.is_nan()).count(), 4);
    assert_eq!(ecg.doubts, ["4 values are missing"]);
    assert_eq!((ecg.samples[0], ecg.samples[3]), (1.0, 2.0));
}

#[test]
fn a_stated_rate_is_held_against_the_column_of_time() {
    let text = "ms,I\n0,1\n2,2\n4,3\n6,4\n";
    assert_eq!(parse(text, &stated()).unwrap().sample_rate, 500.0);
    let wrong = CsvDescription {
        sample_rate: Some(400.0),
        ..stated()
    };
    assert!(error(text, &wrong).contains("500 Hz, and 400 Hz are stated"));
}

#[test]
fn a_thousand_flipped_bits_give_an_error_or_other_numbers() {
    let mut text = "time,I,II,V1\n".to_owned();
    for row in 0..40 {
        writeln!(text, "{:.3},{},{},NA", f64::from(row) * 0.002, row, row * 2).unwrap();
    }
    let mut random = ChaCha8Rng::seed_from_u64(20);
    let mut refused = 0;
    for _ in 0..1000 {
        let mut bytes = text.clone().into_bytes();
        let at = random.random_range(0..bytes.len());
        bytes[at] ^= 1 << random.random_range(0..8);
        refused += usize::from(CsvEcg::parse(Path::new("x"), &bytes, &stated()).is_err());
    }
    assert!(refused > 300, "{refused}");
}
