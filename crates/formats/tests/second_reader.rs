//! What the MAT writer writes, read by another implementation: the crate `matfile`.
//!
//! It is a judge here and not the reader of the program: it takes lengths in a file at their word, prints to standard
//! output and mistakes int32 for uint32, which untrusted files and piped output do not allow.

#![cfg(feature = "mat")]

use ecgfm_formats::mat5::{MatData, MatWriter};
use matfile::{MatFile, NumericData};

#[test]
fn another_reader_finds_the_arrays_that_were_written() {
    let feats: Vec<f64> = (0..24).map(|i| f64::from(i) * 0.5 - 3.0).collect();
    let raw: Vec<f32> = feats.iter().map(|v| *v as f32).collect();
    let mut writer = MatWriter::new(Vec::new()).expect("a header");
    writer
        .put("feats", [12, 2], MatData::F64(&feats))
        .expect("float64");
    writer.put("raw", [12, 2], MatData::F32(&raw)).expect("float32");
    writer
        .put("curr_sample_rate", [1, 1], MatData::I64(&[500]))
        .expect("int64");
    let bytes = writer.finish().expect("a file");
    let file = MatFile::parse(bytes.as_slice()).expect("a MAT file");
    let array = |name: &str| file.find_by_name(name).expect("the array");
    assert_eq!(array("feats").size(), &vec![12, 2]);
    assert!(matches!(array("feats").data(), NumericData::Double { real, .. } if *real == feats));
    assert!(matches!(array("raw").data(), NumericData::Single { real, .. } if *real == raw));
    assert!(matches!(array("curr_sample_rate").data(), NumericData::Int64 { real, .. } if *real == [500]));
}
