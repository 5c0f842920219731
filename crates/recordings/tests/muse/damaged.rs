//! What is missing, contradictory or damaged is refused or doubted, with the reason.

use crate::document::{document, doubts, error, parse, with};
use ecgfm_recordings::muse::MuseEcg;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

#[test]
fn rate_unit_and_scale_are_stated_or_there_is_an_error() {
    assert!(error("SampleBase>500</SampleBase", "X></X").contains("the sample rate is not given"));
    for base in ["0", "-500", "x", "1e300", "inf", "NaN"] {
        let message = error("<SampleBase>500", &format!("<SampleBase>{base}"));
        assert!(message.contains("no sample rate"), "{message}");
    }
    let rate = |from, to| with(from, to).unwrap().sample_rate;
    assert_eq!(rate("<SampleBase>500", "<SampleBase>500.0"), 500.0);
    assert_eq!(rate("<SampleExponent>0", "<SampleExponent>-1"), 50.0);
    assert_eq!(rate("<SampleExponent>0", "<SampleExponent>1"), 5000.0);
    assert!(error("<SampleExponent>0", "<SampleExponent>x").contains("no power of ten"));
    assert!(doubts("SampleExponent>0</SampleExponent", "X></X").contains("SampleExponent is not given"));
    assert!(
        error("LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit", "X></X")
            .contains("lead I: LeadAmplitudeUnitsPerBit is not given")
    );
    assert!(
        error("<LeadAmplitudeUnitsPerBit>4.88", "<LeadAmplitudeUnitsPerBit>0")
            .contains("LeadAmplitudeUnitsPerBit is 0")
    );
    assert!(
        error("LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits", "X></X")
            .contains("lead I: LeadAmplitudeUnits is not given")
    );
    assert!(error("MICROVOLTS", "METRES").contains("METRES, which is no unit of voltage"));
    let scaled = with("<LeadAmplitudeUnits>MICROVOLTS", "<LeadAmplitudeUnits>MILLIVOLTS").unwrap();
    assert!((scaled.samples()[0] - -400.0 * 4.88).abs() < 1e-9);
}

#[test]
fn a_wrong_checksum_is_doubted_with_the_lead_and_a_wrong_number_of_bytes_is_an_error() {
    let xml = document(20).to_xml();
    let at = xml.find("<LeadDataCRC32>").unwrap() + 15;
    let wrong = format!("{}9{}", &xml[..at], &xml[at..]);
    let found = parse(&wrong).unwrap().doubts.join("; ");
    assert!(
        found.contains("lead I: the checksum of its samples is"),
        "{found}"
    );
    assert!(
        doubts("<LeadSampleCountTotal>20", "<LeadSampleCountTotal>21")
            .contains("lead I: LeadSampleCountTotal is 21, and there are 20; the checksum is right")
    );
    let both = wrong.replacen("<LeadByteCountTotal>40", "<LeadByteCountTotal>42", 1);
    assert!(
        parse(&both)
            .unwrap_err()
            .contains("lead I: LeadByteCountTotal is 42, and there are 40")
    );
}

#[test]
fn leads_that_contradict_each_other_are_refused() {
    assert!(
        error("<LeadID>V1<", "<LeadID>V2<").contains("lead V2: it is there twice, with different samples")
    );
    assert!(error("<LeadID>V1<", "<LeadID><").contains("LeadData number 3: it has no LeadID"));
    let mut unequal = document(20);
    unequal.leads[3].counts.pop();
    assert!(
        parse(&unequal.to_xml())
            .unwrap_err()
            .contains("lead V2: it has 19 samples, and lead I has 20")
    );
    let mut twice = document(20);
    twice.leads.push(twice.leads[2].clone());
    assert!(
        parse(&twice.to_xml()).unwrap().doubts[0].contains("lead V1 is there twice, with the same samples")
    );
    assert!(doubts("<NumberofLeads>8", "<NumberofLeads>12").contains("NumberofLeads is 12, and there are 8"));
    assert!(parse(&document(0).to_xml()).unwrap_err().contains("no samples"));
    assert!(error("<LeadSampleSize>2", "<LeadSampleSize>4").contains("samples of 4 bytes"));
}

#[test]
fn what_the_device_doubts_is_doubted() {
    assert!(doubts("<LeadOff>FALSE", "<LeadOff>TRUE").contains("lead I: its electrode was off"));
    assert!(
        doubts("<FirstSampleBaseline>0", "<FirstSampleBaseline>5")
            .contains("FirstSampleBaseline is 5, which is not applied")
    );
    let mut missing = document(20);
    missing.leads[4].counts[3] = i16::MIN;
    let ecg = parse(&missing.to_xml()).unwrap();
    assert!(
        ecg.doubts[0].contains("lead V3: 1 samples are -32768"),
        "{:?}",
        ecg.doubts
    );
    assert_eq!(ecg.samples().iter().filter(|value| value.is_nan()).count(), 1);
}

#[test]
fn only_the_rhythm_of_a_muse_file_is_read() {
    let message = error("<WaveformType>Rhythm", "<WaveformType>Median");
    assert!(
        message.contains("there is no rhythm waveform, only: Median"),
        "{message}"
    );
    for (root, what) in [
        ("<AnnotatedECG xmlns='urn:hl7-org:v3'/>", "HL7 aECG"),
        (
            "<restingecgdata xmlns='http://www3.medical.philips.com'/>",
            "Philips",
        ),
        ("<report type='Comprehensive SR'/>", "DICOM"),
        ("<html><body/></html>", "a web page"),
        ("<a/>", "outermost element is <a>"),
    ] {
        let message = parse(root).unwrap_err();
        assert!(message.contains(what) && message.contains("GE MUSE"), "{message}");
    }
    assert!(parse("").unwrap_err().contains("it is empty"));
    let xml = document(20).to_xml();
    assert!(
        parse(&xml[..xml.len() / 2])
            .unwrap_err()
            .contains("the file ends inside")
    );
}

#[test]
fn text_that_nobody_escaped_is_kept() {
    let ecg = with("<StmtText>Normal ECG", "<StmtText>QRS < 120 & PR > 200 <RR>").unwrap();
    assert_eq!(ecg.facts.diagnosis[1], "QRS < 120 & PR > 200 <RR>");
    assert!(ecg.doubts[0].contains("3 characters < or &"), "{:?}", ecg.doubts);
}

#[test]
fn foreign_characters_in_samples_are_passed_over_where_the_rest_is_proven() {
    let found = doubts("<WaveFormData>\n", "<WaveFormData>!!\n");
    assert!(
        found.contains("lead I: 2 characters that are not base64 are passed over; the checksum is"),
        "{found}"
    );
    let xml = document(20).to_xml();
    let at = xml.find("<WaveFormData>\n").unwrap() + 20;
    let lost = format!("{}!{}", &xml[..at], &xml[at + 1..]);
    assert!(parse(&lost).unwrap_err().contains("LeadByteCountTotal"));
}

/// No flipped bit makes the reader panic, and none that it takes without a doubt changes a sample.
#[test]
fn a_thousand_flipped_bits_give_an_error_a_doubt_or_the_same_samples() {
    let sound = document(60).to_xml().into_bytes();
    let wanted = MuseEcg::parse(Path::new("x"), &sound).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(20);
    let (mut refused, mut doubted, mut same) = (0, 0, 0);
    for _ in 0..1000 {
        let mut bytes = sound.clone();
        let at = random.random_range(0..bytes.len());
        bytes[at] ^= 1 << random.random_range(0..8);
        match MuseEcg::parse(Path::new("x"), &bytes) {
            Err(error) => {
                assert!(error.to_string().starts_with("x: "), "{error}");
                refused += 1;
            }
            Ok(ecg) if ecg.doubts.is_empty() => {
                same += 1;
                let text = String::from_utf8_lossy(&bytes[at.saturating_sub(40)..(at + 40).min(bytes.len())])
                    .into_owned();
                // Rate and scale have no checksum.
                if ecg.sample_rate == wanted.sample_rate && !text.contains("UnitsPerBit") {
                    let leads =
                        |ecg: &MuseEcg| ecg.leads.iter().map(|lead| lead.name.clone()).collect::<Vec<_>>();
                    assert!(
                        ecg.samples() == wanted.samples() || leads(&ecg) != leads(&wanted),
                        "{text}"
                    );
                }
            }
            Ok(_) => doubted += 1,
        }
    }
    eprintln!("of 1000 flipped bits, {refused} are refused, {doubted} doubted, {same} without either");
    assert!(
        refused > 100 && doubted > 100 && same > 100,
        "{refused} {doubted} {same}"
    );
}
