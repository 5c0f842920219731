//! A reader's verdicts as a second truth.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, row, says};
use ecgfm_artifacts::evaluation::{ConfusionMatrix, METRICS_JSON_FILE, Metrics, READER_FILE};
use ecgfm_artifacts::review::{self, Review, Subject, Verdict};
use ecgfm_artifacts::stage::Outcome;
use ecgfm_evaluate::Error;

/// Four ECGs: AF is predicted of 0 and 2; in truth it holds in 0 and 1, and is not known of 3.
fn bench() -> Bench {
    let rows: Vec<_> = (0..4)
        .map(|idx| row(idx, 0, if idx % 2 == 0 { 3.0 } else { -3.0 }))
        .collect();
    let bench = Bench::new(&rows);
    let of = |idx: i64, af: &str| format!("{idx},False,False,False,False,{af}\n");
    let text = [of(0, "True"), of(1, "True"), of(2, "False"), of(3, "")].concat();
    std::fs::write(
        bench.path("labels.csv"),
        format!("idx,RBBB,LBBB,SB,ST,AF\n{text}"),
    )
    .unwrap();
    bench.predict(|_| {}).unwrap();
    bench
}

fn said(idx: i64, about: Subject, stated: &str, verdict: Option<Verdict>) -> Review {
    Review {
        idx: Some(idx),
        exam_id: idx.to_string(),
        save_file: format!("exam_{idx}.mat"),
        source: String::new(),
        label: "AF".to_owned(),
        about,
        stated: stated.to_owned(),
        verdict,
        note: String::new(),
        time: String::new(),
    }
}

/// Evaluates with these reviews.
fn evaluate(bench: &Bench, reviews: &[Review]) -> Result<Outcome, Error> {
    let path = bench.path(review::FILE);
    review::write(&path, reviews).unwrap();
    bench.evaluate(|params| params.review = Some(path))
}

#[test]
fn what_a_reader_says_is_held_against_the_model_and_the_truth() {
    let bench = bench();
    let set_aside = Review {
        idx: None,
        ..said(0, Subject::Rejection, "all_zero", Some(Verdict::Agree))
    };
    let of_another_archive = Review {
        save_file: "other_2.mat".to_owned(),
        ..said(2, Subject::Truth, "False", Some(Verdict::Agree))
    };
    let reviews = [
        said(0, Subject::Truth, "True", Some(Verdict::Agree)),
        said(1, Subject::Truth, "True", Some(Verdict::Disagree)),
        said(2, Subject::Truth, "False", Some(Verdict::Unsure)),
        // The model said no, and the reader disagrees; the truth is not known.
        said(3, Subject::Decision, "False", Some(Verdict::Disagree)),
        said(3, Subject::Decision, "False", None),
        set_aside,
        of_another_archive,
    ];
    let outcome = evaluate(&bench, &reviews).unwrap();
    assert_eq!(outcome.counts["reader_verdicts"], 6);
    let reader = Metrics::read(&bench.path("evaluate")).unwrap().reader.unwrap();
    assert_eq!(
        (reader.verdicts, reader.on_set_aside, reader.not_scored),
        (6, 1, 1)
    );
    let af = reader.labels.iter().find(|label| label.label == "AF").unwrap();
    let table = |tp, fp, r#fn, tn| ConfusionMatrix { tp, fp, r#fn, tn };
    // The reader says yes of 0 and 3, no of 1; the model yes of 0; the truth yes of 0 and 1.
    assert_eq!(
        (af.unsure, af.model, af.truth),
        (1, table(1, 0, 1, 1), table(1, 1, 0, 0))
    );
    let written = std::fs::read_to_string(bench.path("evaluate").join(READER_FILE)).unwrap();
    assert!(
        written.contains("\nAF,3,1,1,0,1,1,0.6666666666666666,1,1,0,0,0.5\n")
            && written.contains("\nSB,0,0,0,0,0,0,,0,0,0,0,\n"),
        "{written}"
    );
}

#[test]
fn without_a_reader_nothing_is_said_of_one() {
    let bench = bench();
    bench.evaluate(|_| {}).unwrap();
    let text = std::fs::read_to_string(bench.path("evaluate").join(METRICS_JSON_FILE)).unwrap();
    assert!(!text.contains("\"reader\"") && !bench.path("evaluate").join(READER_FILE).exists());
}

#[test]
fn two_readers_in_one_file_and_a_file_that_is_not_there_are_refused() {
    let bench = bench();
    let agree = said(0, Subject::Truth, "True", Some(Verdict::Agree));
    let disagree = said(0, Subject::Truth, "True", Some(Verdict::Disagree));
    says(
        evaluate(&bench, &[agree, disagree]),
        &["review.csv", "two verdicts on `AF` of `exam_0.mat`"],
    );
    let absent = bench.path("absent.csv");
    says(
        bench.evaluate(|params| params.review = Some(absent)),
        &["absent.csv", "no such file"],
    );
}
