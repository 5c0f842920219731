//! Slips in arguments of `--set`.

use super::{Slip, set};

pub const SLIPS: &[Slip] = &[
    set(
        "a threshold in per cent as an argument",
        "predict.threshold=50",
        None,
        2,
        "below 1",
    ),
    set(
        "more fractions than names as an argument",
        "splits.fractions=[0.2, 0.3, 0.5]",
        Some("[valid"),
        2,
        "2 names",
    ),
    set(
        "raw data as an argument that are not there",
        "signals.raw=nowhere",
        None,
        3,
        "/nowhere: there is no such directory",
    ),
    set(
        "a variable that is none",
        "vars.lables=physionet2021",
        None,
        2,
        "no variable `lables`",
    ),
    set(
        "a stage that is none",
        "prediction.threshold=0.5",
        None,
        2,
        "no stage `prediction`",
    ),
    set(
        "a parameter that is none",
        "infer.devise=cpu",
        None,
        2,
        "unknown key `devise`",
    ),
    set(
        "17 labels for all stages",
        "vars.labels=mimic_iv_ecg",
        Some("${vars.labels}"),
        2,
        "17 labels, and the checkpoint's head has 26",
    ),
    set(
        "an argument without a value",
        "predict.threshold",
        None,
        2,
        "expected a name",
    ),
];
