use super::*;
use proptest::prelude::*;

fn ecg(leads: Vec<Vec<f32>>) -> Ecg {
    Ecg {
        record: "record <1>".into(),
        leads,
        rate: 100.0,
        unit: SignalUnit::PerMillivolt(1.0),
        filters: "none".into(),
        segments: Vec::new(),
        shades: Vec::new(),
        shades_meaning: String::new(),
        notes: Vec::new(),
    }
}

/// The points of a piece of a path: one, and steps from there on.
fn points(piece: &str) -> Vec<(f64, f64)> {
    let numbers: Vec<f64> = piece
        .split([' ', 'l'])
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().unwrap())
        .collect();
    let steps = numbers.chunks_exact(2);
    let sum = |at: &mut (f64, f64), step: &[f64]| {
        *at = (at.0 + step[0], at.1 + step[1]);
        Some(*at)
    };
    steps.scan((0.0, 0.0), sum).collect()
}

/// The points of every trace with its lead's name.
fn traces(svg: &str) -> Vec<(String, Vec<(f64, f64)>)> {
    let paths = svg.split("<path class=\"paper-trace\" data-lead=\"").skip(1);
    paths
        .map(|rest| {
            let (lead, rest) = rest.split_once('"').unwrap();
            let path = rest.split_once("d=\"").unwrap().1.split_once('"').unwrap().0;
            (lead.to_owned(), path.split('M').flat_map(points).collect())
        })
        .collect()
}

#[test]
fn every_lead_is_there_and_lead_ii_twice() {
    let svg = draw_ecg(&ecg(vec![vec![0.1; 1000]; 12]), PaperScale::default(), "a").file(None);
    let mut names: Vec<String> = traces(&svg).into_iter().map(|t| t.0).collect();
    assert_eq!(names.pop().unwrap(), "II", "the rhythm strip");
    assert_eq!(
        names,
        [
            "I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6"
        ]
    );
    assert!(svg.contains("width=\"270mm\""), "{}", &svg[..400]);
    assert!(svg.contains("ECG record &lt;1&gt;"));
    assert!(svg.contains("25 mm/s · 10 mm/mV · filters: none · 100 Hz · 10.0 s"));
}

#[test]
fn a_millivolt_is_ten_millimetres_and_a_second_twenty_five() {
    let mut leads = vec![vec![0.0; 1000]; 12];
    leads[1][500] = 1.0;
    let drawing = draw_ecg(&ecg(leads), PaperScale::default(), "a");
    let svg = drawing.file(None);
    let traces = traces(&svg);
    let rhythm = &traces.last().unwrap().1;
    assert_eq!(rhythm.len(), 1000);
    let (zero, peak) = (rhythm[0], rhythm[500]);
    assert!((zero.1 - peak.1 - 10.0).abs() < 1e-9, "{zero:?} {peak:?}");
    assert!((peak.0 - zero.0 - 125.0).abs() < 1e-9);
    assert_eq!(svg.matches("h1v-10h5v10h1").count(), 4, "a pulse a row");
}

#[test]
fn a_short_recording_shows_the_same_seconds_of_all_leads_unstretched() {
    for seconds in [3.0, 5.0, 6.0, 7.3, 9.4] {
        let samples = (seconds * 100.0) as usize;
        let drawing = draw_ecg(&ecg(vec![vec![0.1; samples]; 12]), PaperScale::default(), "a");
        let mut all = traces(&drawing.file(None));
        if seconds > 5.0 {
            let (name, rhythm) = all.pop().unwrap();
            assert_eq!((name.as_str(), rhythm.len()), ("II", samples));
        }
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "I", "V1", "II", "V2", "III", "V3", "aVR", "V4", "aVL", "V5", "aVF", "V6"
            ]
        );
        for (name, points) in &all {
            assert_eq!(points.len(), samples.min(500), "{name}");
            let left = if name.starts_with('V') { 15.0 + 125.0 } else { 15.0 };
            assert!((points[0].0 - left).abs() < 1e-9 && (points[100].0 - left - 25.0).abs() < 1e-9);
        }
        assert!(
            drawing.footer[0].contains(&format!("· {seconds:.1} s")),
            "{}",
            drawing.footer[0]
        );
        let both = drawing.footer[0].contains("the first 5 s in both columns");
        assert_eq!(both, seconds > 5.0);
    }
}

#[test]
fn a_long_recording_is_said_to_be_cut() {
    let long = draw_ecg(&ecg(vec![vec![0.1; 1500]; 12]), PaperScale::default(), "a").file(None);
    assert!(long.contains("the first 10 s of 15.0 s"));
    assert_eq!(traces(&long).last().unwrap().1.len(), 1000);
    assert_eq!(traces(&long).len(), 13);
}

#[test]
fn gaps_stay_gaps_and_an_empty_recording_is_drawn_empty() {
    let mut leads = vec![vec![0.1; 1000]; 12];
    leads[0][100..110].fill(f32::NAN);
    let svg = draw_ecg(&ecg(leads), PaperScale::default(), "a").file(None);
    let first = svg.split("data-lead=\"I\" d=\"").nth(1).unwrap();
    assert_eq!(first.split_once('"').unwrap().0.matches('M').count(), 2);
    assert!(traces(&draw_ecg(&ecg(vec![Vec::new(); 12]), PaperScale::default(), "a").file(None)).is_empty());
}

#[test]
fn a_high_signal_halves_the_gain_and_says_so() {
    let mut leads = vec![vec![0.0; 1000]; 12];
    leads[1][500] = 25.0;
    let svg = draw_ecg(&ecg(leads), PaperScale::default(), "a").file(None);
    assert!(
        svg.contains("5 mm/mV instead of 10 for its height") || svg.contains("2.5 mm/mV instead of 10"),
        "{svg}"
    );
}

#[test]
fn a_lead_without_values_is_named_and_notes_make_the_paper_longer() {
    let mut ecg = ecg(vec![vec![0.1; 1000]; 12]);
    let plain = draw_ecg(&ecg, PaperScale::default(), "a");
    ecg.leads[8].fill(f32::NAN);
    ecg.notes = vec!["word ".repeat(80), "not in the file: V3".to_owned()];
    let drawing = draw_ecg(&ecg, PaperScale::default(), "a");
    assert_eq!(drawing.footer.len(), 2 + 3 + 1);
    assert!((drawing.size().1 - plain.size().1 - 3.0 * 3.6).abs() < 1e-9);
    let svg = drawing.file(None);
    assert!(svg.contains(">V3 <tspan class=\"paper-text\">no values</tspan></text>"));
    assert_eq!(svg.matches("no values").count(), 1);
}

#[test]
fn shades_stand_behind_and_are_explained() {
    let mut ecg = ecg(vec![vec![0.1; 1000]; 12]);
    ecg.shades = vec![
        ShadedSpan {
            from: 1.0,
            to: 1.2,
            weight: 1.0,
        },
        ShadedSpan {
            from: 2.0,
            to: 2.2,
            weight: 0.01,
        },
    ];
    ecg.shades_meaning = "attention".into();
    let svg = draw_ecg(&ecg, PaperScale::default(), "a").file(None);
    assert_eq!(
        svg.matches("paper-shade\" x=\"40.00\"").count(),
        4,
        "one a row; the faint one is left away"
    );
    assert!(svg.find("paper-shade\" x").unwrap() < svg.find("data-lead").unwrap());
    assert!(svg.contains("shaded: attention; the darker, the stronger"));
    let key = svg
        .split("paper-shade\"")
        .skip(1)
        .filter(|rest| rest.contains("height=\"2.4\""));
    assert_eq!(key.count(), 4, "the legend has four steps");
}

#[test]
fn shades_of_rows_that_are_close_together_do_not_overlap() {
    // A spike a second, so high that the rows reach into each other.
    let lead: Vec<f32> = (0..700)
        .map(|at| if at % 100 == 50 { 2.4 } else { 0.0 })
        .collect();
    let mut ecg = ecg(vec![lead; 12]);
    ecg.shades = vec![ShadedSpan {
        from: 1.0,
        to: 1.2,
        weight: 1.0,
    }];
    let layout = Layout::of(&ecg, PaperScale::default());
    let reach = layout.rows.windows(2).any(|pair| pair[0].bottom > pair[1].top);
    assert!(reach, "the rows of this ECG must overlap");
    let svg = draw_ecg(&ecg, PaperScale::default(), "a").file(None);
    let mut shades: Vec<(f64, f64, f64)> = Vec::new();
    for rest in svg.split("<rect class=\"paper-shade\"").skip(1) {
        let number = |name: &str| -> f64 {
            let text = rest.split_once(&format!(" {name}=\"")).unwrap().1;
            text.split_once('"').unwrap().0.parse().unwrap()
        };
        if number("height") != 2.4 {
            shades.push((number("x"), number("y"), number("y") + number("height")));
        }
    }
    assert!(shades.len() >= layout.rows.len());
    for (at, one) in shades.iter().enumerate() {
        let over =
            |other: &&(f64, f64, f64)| one.0 == other.0 && one.1 < other.2 - 0.02 && other.1 < one.2 - 0.02;
        assert!(!shades[at + 1..].iter().any(|other| over(&other)), "{shades:?}");
    }
}

#[test]
fn the_seconds_that_the_model_reads_are_marked_below_the_last_row() {
    let bars = |segments: &[std::ops::Range<f64>], samples: usize| {
        let mut ecg = ecg(vec![vec![0.1; samples]; 12]);
        ecg.segments = segments.to_vec();
        let drawing = draw_ecg(&ecg, PaperScale::default(), "a");
        let svg = drawing.file(None);
        let of = |rest: &str| -> Option<(f64, f64)> {
            let number = |name: &str| rest.split_once(name)?.1.split('"').next()?.parse().ok();
            Some((number(" x=\"")?, number(" width=\"")?))
        };
        let bars: Vec<(f64, f64)> = svg.split("paper-segment\"").skip(1).filter_map(of).collect();
        (
            bars,
            drawing
                .footer
                .iter()
                .find(|line| line.starts_with("read"))
                .cloned(),
        )
    };
    let (found, said) = bars(&[0.0..5.0, 5.0..10.0], 1000);
    assert_eq!(found[..2], [(15.0, 124.6), (140.0, 124.6)], "{found:?}");
    assert_eq!(found.len(), 3, "two on the paper, and the key");
    assert_eq!(said.unwrap(), "read by the model: 2 segments, 0–5 s, 5–10 s");
    // The same seconds in both columns.
    let (found, said) = bars(&[0.0..5.0], 500);
    assert_eq!(found[..2], [(15.0, 124.6), (140.0, 124.6)], "{found:?}");
    assert_eq!(said.unwrap(), "read by the model: one segment, 0–5 s");
    let many: Vec<_> = (0..12)
        .map(|at| f64::from(at) * 5.0..f64::from(at + 1) * 5.0)
        .collect();
    let (found, said) = bars(&many, 6000);
    assert_eq!(
        found.len(),
        3,
        "what lies beyond the paper is not drawn: {found:?}"
    );
    assert_eq!(said.unwrap(), "read by the model: 12 segments, 0–60 s");
    assert_eq!(bars(&[], 500), (vec![], None));
}

proptest! {
    /// Whatever the signal, every sample is inside the drawing, and the drawing fits on a sheet.
    #[test]
    fn nothing_is_cut_off(
        values in prop::collection::vec(-40.0f32..40.0, 12 * 50),
        offset in -100.0f32..100.0,
    ) {
        let leads: Vec<Vec<f32>> = values.chunks(50).map(|lead| lead.iter().map(|v| v + offset).collect()).collect();
        let mut ecg = ecg(leads);
        ecg.rate = 5.0;
        let drawing = draw_ecg(&ecg, PaperScale::default(), "a");
        let (width, height) = drawing.size();
        prop_assert!(height <= 175.0, "{height}");
        let svg = drawing.file(None);
        let all = traces(&svg);
        let drawn: usize = all.iter().map(|t| t.1.len()).sum();
        // Columns of two and a half seconds at 5 Hz: 12 or 13 samples.
        prop_assert!(drawn >= 12 * 12 + 50, "{drawn}");
        for (_, points) in &all {
            for &(x, y) in points {
                prop_assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y));
            }
        }
    }
}
