use super::super::interval::{Interval, bca_interval, percentile_interval};
use super::super::probability::{brier_score, log_loss};
use super::super::{ConfusionMatrix, Ranking};
use super::*;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rows in clusters of one or two, scores with ties.
fn example(n: usize, seed: u64) -> (Vec<bool>, Vec<f32>, Vec<u32>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let truth: Vec<bool> = (0..n).map(|_| random.random_range(0..4) == 0).collect();
    let scores = truth
        .iter()
        .map(|&t| (random.random_range(0..80) + 20 * u32::from(t)) as f32 / 100.0)
        .collect();
    let clusters = (0..n as u32).map(|i| i / 2).collect();
    (truth, scores, clusters)
}

/// Statistics of the rows when every cluster is taken `weights` times.
fn by_copies(truth: &[bool], scores: &[f32], clusters: &[u32], weights: &[u8], threshold: f32) -> Resampled {
    let copies =
        (0..truth.len()).flat_map(|i| std::iter::repeat_n(i, usize::from(weights[clusters[i] as usize])));
    let (truth, scores): (Vec<bool>, Vec<f32>) = copies.map(|i| (truth[i], scores[i])).unzip();
    let ranking = Ranking::new(&truth, &scores);
    Resampled {
        auroc: ranking.auroc(),
        auprc: ranking.auprc(),
        brier: brier_score(&truth, &scores),
        log_loss: log_loss(&truth, &scores),
        counts: ConfusionMatrix::count(truth.iter().zip(&scores).map(|(&t, &s)| (t, s > threshold))),
    }
}

fn close(a: Option<f64>, b: Option<f64>, tolerance: f64) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= tolerance,
        (a, b) => a == b,
    }
}

fn same(a: &Resampled, b: &Resampled) -> bool {
    a.counts == b.counts
        && close(a.auroc, b.auroc, 1e-14)
        && close(a.auprc, b.auprc, 1e-12)
        && close(a.brier, b.brier, 1e-6)
        && close(a.log_loss, b.log_loss, 1e-5)
}

proptest! {
    /// Weights are what copies of rows would be, with ties, empty resamples and thresholds at every place.
    #[test]
    fn a_weighted_pass_is_a_pass_over_copies(
        rows in prop::collection::vec((any::<bool>(), 0u8..12, 0u32..7), 1..60),
        weights in prop_oneof![prop::collection::vec(0u8..4, 7), prop::collection::vec(0u8..30, 7)],
        threshold in 0u8..13,
    ) {
        let truth: Vec<bool> = rows.iter().map(|r| r.0).collect();
        let scores: Vec<f32> = rows.iter().map(|r| f32::from(r.1) / 11.0).collect();
        let clusters: Vec<u32> = rows.iter().map(|r| r.2).collect();
        let threshold = f32::from(threshold) / 11.0 - 0.01;
        let label = LabelRows { truth: &truth, scores: &scores, clusters: &clusters, threshold };
        let got = ResampledRows::of_labels(vec![label], 7).weigh(Weighting::Given(&weights, 3)).labels;
        prop_assert_eq!(got[0].len(), 3);
        let expected = by_copies(&truth, &scores, &clusters, &weights, threshold);
        prop_assert!(got[0].iter().all(|got| same(got, &expected)), "{:?} {:?}", got[0][0], expected);
    }
}

#[test]
fn leaving_out_leaves_out_one_group_at_a_time() {
    let (truth, scores, clusters) = example(181, 4);
    let label = LabelRows {
        truth: &truth,
        scores: &scores,
        clusters: &clusters,
        threshold: 0.5,
    };
    let got = ResampledRows::of_labels(vec![label], 91).leave_out(70).labels;
    assert_eq!(got[0].len(), 70);
    for group in [0, 20, 69] {
        let weights: Vec<u8> = (0..91).map(|c| u8::from(c % 70 != group)).collect();
        assert!(
            same(
                &got[0][group],
                &by_copies(&truth, &scores, &clusters, &weights, 0.5)
            ),
            "{group}"
        );
    }
}

/// The weights of one lane.
fn lane<W: LaneWeights>(weights: &[W], lane: usize) -> Vec<u8> {
    weights.iter().map(|weights| weights.all()[lane]).collect()
}

#[test]
fn each_lane_is_one_draw_after_the_other_from_a_stream_of_its_own() {
    let (count, plan) = (
        777u32,
        ResamplingPlan {
            replicates: 131,
            seed: 42,
        },
    );
    for block in 0..2 {
        for apiece in [1, usize::MAX] {
            let mut buffers = WeightBuffers::new(count as usize);
            let filled = Weighting::Resampled(plan).fill(block, &mut buffers, apiece);
            assert_eq!(filled, Ok(()));
            let large = Weighting::Resampled(plan).large(block, count as usize);
            let lanes = LANES.min(plan.replicates - block * LANES);
            for at in 0..LANES {
                let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
                random.set_stream((block * LANES + at) as u64);
                let mut expected = vec![0u8; count as usize];
                if at < lanes {
                    (0..count).for_each(|_| expected[random.random_range(0..count) as usize] += 1);
                }
                assert!(lane(&buffers.weights, at) == expected, "block {block}, lane {at}");
                assert!(lane(&large, at) == expected, "block {block}, lane {at}");
            }
        }
    }
}

proptest! {
    #[test]
    fn a_weight_that_half_a_byte_does_not_hold_is_never_cut(
        weights in prop::collection::vec(prop_oneof![9 => 0u8..=15, 1 => 0u8..=255], 1..40),
    ) {
        let mut buffers = WeightBuffers::new(weights.len());
        let given = Weighting::Given(&weights, 70);
        let filled = given.fill(0, &mut buffers, 1);
        prop_assert_eq!(filled.is_ok(), weights.iter().all(|times| *times <= 15));
        if filled.is_ok() {
            prop_assert!((0..70).all(|at| lane(&buffers.weights, at) == weights));
        }
        prop_assert!((0..70).all(|at| lane(&given.large(0, weights.len()), at) == weights));
    }
}

#[test]
fn the_same_seed_gives_the_same_resamples_on_any_number_of_threads() {
    let (truth, scores, clusters) = example(400, 3);
    let label = LabelRows {
        truth: &truth,
        scores: &scores,
        clusters: &clusters,
        threshold: 0.5,
    };
    let plan = ResamplingPlan {
        replicates: 200,
        seed: 7,
    };
    let resample = |plan| ResampledRows::of_labels(vec![label], 200).resample(plan).labels;
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| resample(plan))
    };
    // Two threads take a block each; of three, one helps the others.
    assert_eq!([run(1), run(1)], [run(2), run(3)]);
    assert_ne!(run(1), resample(ResamplingPlan { seed: 8, ..plan }));
    // More replicates begin with the same ones.
    let more = resample(ResamplingPlan {
        replicates: 300,
        ..plan
    });
    assert_eq!(more[0][..200], run(1)[0]);
}

#[test]
fn a_statistic_that_resamples_seldom_define_has_no_interval() {
    let label = LabelRows {
        truth: &[true, false, false, false],
        scores: &[0.9, 0.1, 0.2, 0.3],
        clusters: &[0, 1, 2, 3],
        threshold: 0.5,
    };
    let plan = ResamplingPlan {
        replicates: 500,
        seed: 1,
    };
    let got = ResampledRows::of_labels(vec![label], 4).resample(plan).labels;
    let undefined = got[0].iter().filter(|r| r.auroc.is_none()).count();
    assert!(
        undefined > 100,
        "the one positive is missing from (3/4)^4 of the resamples"
    );
    assert_eq!(percentile_interval(got[0].iter().map(|r| r.auroc)), None);
}

/// Share of intervals of AUROC that hold the truth, over simulated data sets whose patients have two rows each, alike.
#[test]
fn intervals_cover_the_true_auroc_at_about_their_level() {
    // Positives uniform on 0.25 … 1.25, negatives on 0 … 1: AUROC = 1 − 0.75²/2.
    let (rounds, patients, expected) = (200, 240u32, 1.0 - 0.75f64 * 0.75 / 2.0);
    let mut covered = [0, 0, 0];
    for round in 0..rounds {
        let mut random = ChaCha8Rng::seed_from_u64(1000 + round);
        let (mut truth, mut scores, mut clusters) = (Vec::new(), Vec::new(), Vec::new());
        for patient in 0..patients {
            let positive = patient % 3 == 0;
            let score = random.random::<f32>() + if positive { 0.25 } else { 0.0 };
            for _ in 0..2 {
                truth.push(positive);
                scores.push(score);
                clusters.push(patient);
            }
        }
        let rows: Vec<u32> = (0..2 * patients).collect();
        let clustered = |clusters, count| {
            let label = LabelRows {
                truth: &truth,
                scores: &scores,
                clusters,
                threshold: 0.5,
            };
            ResampledRows::of_labels(vec![label], count)
        };
        let plan = ResamplingPlan {
            replicates: 256,
            seed: round,
        };
        let auroc = |r: &Resampled| r.auroc;
        let patient_rows = clustered(&clusters, patients as usize);
        let by_patient = patient_rows.resample(plan).labels;
        let by_row = clustered(&rows, rows.len()).resample(plan).labels;
        let left_out = patient_rows.leave_out(patients as usize).labels;
        let estimate = Ranking::new(&truth, &scores).auroc().unwrap();
        let intervals = [
            percentile_interval(by_patient[0].iter().map(auroc)),
            bca_interval(
                by_patient[0].iter().map(auroc),
                estimate,
                left_out[0].iter().map(auroc),
            ),
            percentile_interval(by_row[0].iter().map(auroc)),
        ];
        for (covered, interval) in covered.iter_mut().zip(intervals) {
            let Interval { lo, hi } = interval.unwrap();
            *covered += u32::from(lo <= expected && expected <= hi);
        }
    }
    // 95 % of 200 with a standard error of 3; resampled intervals run a little short on 80 positives.
    assert!((178..=199).contains(&covered[0]), "percentile: {covered:?}");
    assert!((178..=199).contains(&covered[1]), "BCa: {covered:?}");
    assert!(
        covered[2] < 178,
        "rows of one patient taken as independent: {covered:?}"
    );
}

#[test]
fn labels_of_other_rows_and_sums_see_the_same_resamples() {
    let (truth, scores, clusters) = example(900, 6);
    for rows in [0..300, 0..700] {
        let label = |rows: std::ops::Range<usize>| LabelRows {
            truth: &truth[rows.clone()],
            scores: &scores[rows.clone()],
            clusters: &clusters[rows],
            threshold: 0.5,
        };
        let (all, part) = (label(0..900), label(rows));
        let positives = |at: usize| [f64::from(u8::from(truth[at]))];
        let together = ResampledRows {
            sums: vec![ClusterSums::of_rows(1, &clusters, 450, positives)],
            ..ResampledRows::of_labels(vec![all, part, part], 450)
        };
        let plan = ResamplingPlan {
            replicates: 70,
            seed: 5,
        };
        let got = together.resample(plan);
        let alone = |label| ResampledRows::of_labels(vec![label], 450).resample(plan).labels[0].clone();
        assert_eq!(got.labels, [alone(all), alone(part), alone(part)]);
        let positives = got.labels[0].iter().map(|one| one.counts.positives() as f64);
        assert!(got.sums[0][0].iter().copied().eq(positives));
        let weights = lane(&Weighting::Resampled(plan).large(0, 450), 3);
        let copies = by_copies(part.truth, part.scores, part.clusters, &weights, 0.5);
        assert!(
            same(&got.labels[1][3], &copies),
            "{:?} {copies:?}",
            got.labels[1][3]
        );
    }
}

/// Some of the values.
fn of_rows<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| values[row]).collect()
}

proptest! {
    /// Groups of any attributes, of which rows may be in none, scored along with all rows, to the bit as if they were alone; also of a
    /// label that lacks some of the rows.
    #[test]
    fn groups_of_rows_are_scored_as_if_they_were_alone(
        rows in prop::collection::vec(
            ((any::<bool>(), 0u8..12, 0u32..9), [0usize..4, 0usize..3, 0usize..20], prop::bool::weighted(0.1)), 1..120),
        threshold in 0u8..13,
    ) {
        let rows_of = |attribute: usize, group: usize| -> Vec<usize> {
            (0..rows.len()).filter(|&row| rows[row].1[attribute] == group).collect()
        };
        // The last of each attribute's groups is left out, as one that is too small is.
        let groups: [Vec<Vec<usize>>; 3] = [(0, 3), (1, 2), (2, 19)]
            .map(|(attribute, count)| (0..count).map(|group| rows_of(attribute, group)).collect());
        let groups: Vec<Vec<&[usize]>> = groups.iter().map(|of| of.iter().map(|rows| &rows[..]).collect()).collect();
        let parts = RowParts::with_groups(rows.len(), &groups);
        prop_assert_eq!(parts.groups(), 24);

        let is_known = |row: &usize| !rows[*row].2;
        let left_out: Vec<u32> = (0..rows.len()).filter(|row| !is_known(row)).map(|row| row as u32).collect();
        let truth: Vec<bool> = rows.iter().map(|row| row.0.0).collect();
        let scores: Vec<f32> = rows.iter().map(|row| f32::from(row.0.1) / 11.0).collect();
        let clusters: Vec<u32> = rows.iter().map(|row| row.0.2).collect();
        let threshold = f32::from(threshold) / 11.0 - 0.01;
        let plan = ResamplingPlan { replicates: 130, seed: 9 };
        let columns = |of: &[usize]| {
            let known: Vec<usize> = of.iter().copied().filter(is_known).collect();
            (of_rows(&truth, &known), of_rows(&scores, &known), of_rows(&clusters, &known))
        };
        let alone = |of: &[usize]| {
            let (truth, scores, clusters) = columns(of);
            let label = LabelRows { truth: &truth, scores: &scores, clusters: &clusters, threshold };
            ResampledRows::of_labels(vec![label], 9).resample(plan).labels.remove(0)
        };
        let all: Vec<usize> = (0..rows.len()).collect();
        let (known_truth, known_scores, known_clusters) = columns(&all);
        let label = LabelRows { truth: &known_truth, scores: &known_scores, clusters: &known_clusters, threshold };
        let with_groups = ResampledRows {
            labels: vec![ResampledLabel { rows: label, parts: Some(&parts), left_out: &left_out }],
            sums: Vec::new(),
            clusters: 9,
        };
        let got = with_groups.resample(plan);
        prop_assert_eq!(&got.labels[0], &alone(&all));
        for (got, group) in got.groups[0].iter().zip(groups.iter().flatten()) {
            let expected: Vec<Resampled> = alone(group)
                .into_iter()
                .map(|one| Resampled { brier: None, log_loss: None, ..one })
                .collect();
            prop_assert_eq!(got, &expected);
        }
    }
}
