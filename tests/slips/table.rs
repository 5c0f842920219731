//! The slips.

use crate::project::PIPELINE;
use std::path::Path;

/// One slip.
pub struct Slip {
    /// What it is.
    pub name: &'static str,
    /// What is changed in the pipeline, and into what; nothing where an argument is wrong.
    change: Option<(&'static str, &'static str)>,
    /// The wrong argument of `--set`.
    pub set: Option<&'static str>,
    /// The text of the changed pipeline that the message points at; none where it names the argument.
    pub at: Option<&'static str>,
    /// What it says, among others.
    pub says: &'static str,
    /// The exit code.
    pub exit: i32,
}

impl Slip {
    pub fn pipeline(&self) -> String {
        let Some((from, to)) = self.change else {
            return PIPELINE.to_owned();
        };
        assert!(
            PIPELINE.contains(from),
            "{}: no `{from}` in the pipeline",
            self.name
        );
        PIPELINE.replacen(from, to, 1)
    }

    /// A machine with a GPU is right to run on it.
    pub fn applies_here(&self) -> bool {
        !self.says.contains("NVIDIA")
            || !["/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg"]
                .iter()
                .any(|device| Path::new(device).exists())
    }
}

const fn slip(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    at: &'static str,
    exit: i32,
    says: &'static str,
) -> Slip {
    Slip {
        name,
        change: Some((from, to)),
        set: None,
        at: Some(at),
        says,
        exit,
    }
}

/// An argument that is wrong; the message points at `at` in the pipeline, or names the argument.
const fn set(
    name: &'static str,
    argument: &'static str,
    at: Option<&'static str>,
    exit: i32,
    says: &'static str,
) -> Slip {
    Slip {
        name,
        change: None,
        set: Some(argument),
        at,
        says,
        exit,
    }
}

/// Where `predict` begins.
const LOGITS: &str = "logits: ${infer.dir}";
const PREDICTED: &str = "predictions: ${predict.dir}";
const MAPPING: &str = "mapping: physionet2021_to_code15";

/// All of them.
pub const SLIPS: &[Slip] = &[
    slip(
        "raw data are not there",
        "raw: raw",
        "raw: rwa",
        "rwa",
        3,
        "DIR/rwa: there is no such directory",
    ),
    slip(
        "raw data are a file",
        "raw: raw",
        "raw: demo.pt",
        "demo.pt",
        3,
        "is a file; `raw` is the directory",
    ),
    slip(
        "raw data without the table",
        "raw: raw",
        "raw: no_table",
        "no_table",
        3,
        "no table of exams",
    ),
    slip(
        "raw data without parts",
        "raw: raw",
        "raw: no_parts",
        "no_parts",
        3,
        "holds no exams_part",
    ),
    slip(
        "a table without its key",
        "raw: raw",
        "raw: no_id",
        "no_id",
        3,
        "no column `exam_id`",
    ),
    slip(
        "somebody else's home",
        "raw: raw",
        "raw: ~nobody/raw",
        "~nobody",
        2,
        "is not expanded",
    ),
    slip(
        "a home without the data",
        "raw: raw",
        "raw: ~/raw",
        "~/raw",
        3,
        "/raw: there is no such directory",
    ),
    slip(
        "a rate that is none",
        "sample_rate: 500",
        "sample_rate: 0",
        "0\n  labels",
        2,
        "sample_rate",
    ),
    slip(
        "the truth of another data set",
        "label_set: code15",
        "label_set: physionet2021",
        "physionet2021\n  splits",
        2,
        "no column `AFL`",
    ),
    slip(
        "an unknown label set",
        "label_set: code15",
        "label_set: code16",
        "code16",
        2,
        "DIR/code16) nor one of the built-in",
    ),
    slip(
        "a directory for a label set",
        "label_set: code15",
        "label_set: raw",
        "raw\n  splits",
        2,
        "is a directory; name a file",
    ),
    slip(
        "a label twice",
        "labels: ${vars.labels}",
        "labels: twice.yaml",
        "twice.yaml",
        2,
        "twice",
    ),
    slip(
        "a column of codes that is not there",
        "label_set: code15",
        "label_set: physionet2021\n      from: { codes: diagnosis }",
        "diagnosis",
        2,
        "`from.codes` of stage `labels` names the column `diagnosis`, which the records do not have",
    ),
    slip(
        "codes for a label set without codes",
        "label_set: code15",
        "label_set: code15\n      from: { codes: AF }",
        "AF }",
        2,
        "there are no `snomed` codes for `is_male`",
    ),
    slip(
        "the truth in two columns",
        "label_set: code15",
        "label_set: physionet2021\n      from: { codes: AF, scp_codes: AF }",
        "AF }",
        2,
        "is given beside `from.codes`",
    ),
    slip(
        "text without rules",
        "label_set: code15",
        "label_set: mimic_iv_ecg\n      from: { text: AF }",
        "{ text: AF }",
        2,
        "are needed to read `from.text`",
    ),
    slip(
        "rules that are not there",
        "label_set: code15",
        "label_set: mimic_iv_ecg\n      from: { text: AF, rules: mimic }",
        "mimic }",
        2,
        "DIR/mimic) nor one of the built-in rules for text: mimic_iv_ecg",
    ),
    slip(
        "a likelihood of codes",
        "label_set: code15",
        "label_set: physionet2021\n      from: { codes: AF, likelihood: 50 }",
        "50 }",
        2,
        "is about `from.scp_codes`, which is not given",
    ),
    slip(
        "folds beside fractions",
        "strategy: random",
        "strategy: column\n      column: AF\n      folds: { test: [1] }",
        "[0.5, 0.5]",
        2,
        "contradicts `strategy: column`",
    ),
    slip(
        "folds without the strategy",
        "strategy: random",
        "strategy: random\n      folds: { test: [1] }",
        "{ test: [1] }",
        2,
        "is for `strategy: column` only",
    ),
    slip(
        "a column of folds that is not there",
        "fractions: [0.5, 0.5]\n      names: [valid, test]\n      strategy: random",
        "strategy: column\n      column: strat_fold\n      folds: { valid: [9], test: [10] }",
        "strat_fold",
        2,
        "names the column `strat_fold`, which the records do not have",
    ),
    slip(
        "no fractions",
        "fractions: [0.5, 0.5]\n",
        "seed: 1\n",
        "records: ${signals.records}\n      segments",
        2,
        "`fractions`",
    ),
    slip(
        "fractions below 1",
        "[0.5, 0.5]",
        "[0.5, 0.4]",
        "[valid",
        2,
        "2 names for 3 splits",
    ),
    slip(
        "more names than fractions",
        "[valid, test]",
        "[train, valid, test]",
        "[train",
        2,
        "3 names for 2 splits",
    ),
    slip(
        "a negative fraction",
        "[0.5, 0.5]",
        "[-0.5, 1.5]",
        "[-0.5",
        2,
        "0 or more",
    ),
    slip(
        "a split twice",
        "[valid, test]",
        "[test, test]",
        "[test",
        2,
        "names are unique",
    ),
    slip(
        "a column to group by that is not there",
        "strategy: random",
        "strategy: grouped\n      group: person",
        "person",
        2,
        "do not have",
    ),
    slip(
        "no date to order by",
        "strategy: random",
        "strategy: temporal",
        "records: ${signals.records}\n      segments",
        2,
        "date",
    ),
    slip(
        "a column to keep that is not there",
        "strategy: random",
        "keep_cols: [age, heigth]",
        "heigth",
        2,
        "`heigth`",
    ),
    slip(
        "splits of segments without segments",
        "      segments: ${signals.segments}\n",
        "",
        "${splits.segmented}",
        2,
        "is given no `segments`",
    ),
    slip(
        "no checkpoint there",
        "demo.pt",
        "none.pt",
        "none.pt",
        3,
        "DIR/none.pt, which does not exist",
    ),
    slip(
        "a checkpoint that is none",
        "demo.pt",
        "fake.pt",
        "fake.pt",
        3,
        "no checkpoint that can be read",
    ),
    slip(
        "a directory for a checkpoint",
        "demo.pt",
        "raw",
        "raw\n      labels",
        3,
        "names the directory DIR/raw",
    ),
    slip(
        "17 labels for a model of 26",
        "labels: ${vars.labels}",
        "labels: mimic_iv_ecg",
        "mimic_iv_ecg",
        2,
        "17 labels, and the checkpoint's head has 26",
    ),
    slip(
        "17 labels for somebody's model of 26",
        "${export.model}",
        "model.ts\n      labels: mimic_iv_ecg",
        "mimic_iv_ecg",
        2,
        "17 labels, and the model has 26",
    ),
    slip(
        "somebody's model of 17 for 26 labels",
        "${export.model}",
        "other.ts",
        "${vars.labels}\n      mapping",
        2,
        "26 labels, and the model has 17",
    ),
    slip(
        "no model there",
        "${export.model}",
        "none.ts",
        "none.ts",
        3,
        "does not exist",
    ),
    slip(
        "a split that is none",
        "subset: test",
        "subset: tset",
        "tset",
        2,
        "none of the splits: valid, test",
    ),
    slip(
        "another split than was run",
        "subset: test\n      labels",
        "subset: valid\n      labels",
        "valid\n      labels",
        2,
        "the model is run on `test`",
    ),
    slip(
        "a GPU that is not there",
        "device: cpu",
        "device: cuda",
        "cuda",
        2,
        "no NVIDIA driver",
    ),
    slip(
        "a device that is none",
        "device: cpu",
        "device: gpu",
        "gpu",
        2,
        "cuda",
    ),
    slip(
        "a precision that a CPU lacks",
        "device: cpu",
        "device: cpu\n      precision: tf32",
        "tf32",
        2,
        "CUDA only",
    ),
    slip(
        "a mapping from another label set",
        MAPPING,
        "mapping: from_mimic.yaml",
        "from_mimic",
        2,
        "from label set `mimic_iv_ecg`",
    ),
    slip(
        "a label misspelt on the left of a mapping",
        MAPPING,
        "mapping: from_typo.yaml",
        "from_typo",
        2,
        "`STachh`",
    ),
    slip(
        "a label misspelt on the right of a mapping",
        MAPPING,
        "mapping: to_typo.yaml",
        "${predict.dir}",
        2,
        "`RRBB`",
    ),
    slip(
        "a mapping to another label set",
        MAPPING,
        "mapping: to_mimic.yaml",
        "${predict.dir}",
        2,
        "leads to label set `mimic_iv_ecg`",
    ),
    slip(
        "a mapping that is not there",
        MAPPING,
        "mapping: map.yaml",
        "map.yaml",
        2,
        "DIR/map.yaml",
    ),
    slip(
        "a key misspelt in a mapping",
        MAPPING,
        "mapping: bad_key.yaml",
        "bad_key.yaml",
        2,
        "maps",
    ),
    slip(
        "a copied label set that was edited",
        "labels: ${vars.labels}\n      mapping",
        "labels: edited.yaml\n      mapping",
        "edited.yaml",
        2,
        "is not the one that the model is exported with",
    ),
    slip(
        "a threshold in per cent",
        "threshold: 0.5",
        "threshold: 50",
        "50\n  evaluate",
        2,
        "below 1",
    ),
    slip(
        "a negative threshold",
        "threshold: 0.5",
        "threshold: -0.5",
        "-0.5",
        2,
        "at least 0",
    ),
    slip(
        "no thresholds there",
        LOGITS,
        "thresholds: none.csv\n      logits: ${infer.dir}",
        "none.csv",
        3,
        "DIR/none.csv, which does not exist",
    ),
    slip(
        "a label misspelt among thresholds",
        "threshold: 0.5",
        "thresholds: { RBBB: 0.3, LBBB: 0.3, SB: 0.4, ST: 0.4, FA: 0.5 }",
        "{ RBBB",
        2,
        "`FA` is no label here",
    ),
    slip(
        "labels without a threshold",
        "threshold: 0.5",
        "thresholds: few.csv",
        "few.csv",
        3,
        "no threshold for SB, ST, AF",
    ),
    slip(
        "thresholds of a file in per cent",
        "threshold: 0.5",
        "thresholds: fifty.csv",
        "fifty.csv",
        3,
        "0.5, not 50",
    ),
    slip(
        "thresholds chosen on a run that is not there",
        "threshold: 0.5",
        "choose_on: valid\n      truth: ${labels.labels}",
        "valid\n      truth",
        3,
        "DIR/valid, which does not exist",
    ),
    slip(
        "a subgroup of a column that is not there",
        "[sex]",
        "[sex, colour]",
        "colour",
        2,
        "no column `colour`",
    ),
    slip(
        "a score that is none",
        PREDICTED,
        "challenge: physionet2020\n      predictions: ${predict.dir}",
        "physionet2020",
        2,
        "built-in scores",
    ),
    slip(
        "predictions that are not there",
        PREDICTED,
        "predictions: predicted",
        "predicted",
        3,
        "DIR/predicted, which does not exist",
    ),
    slip(
        "a table for a directory",
        PREDICTED,
        "predictions: few.csv",
        "few.csv",
        3,
        "names the file DIR/few.csv",
    ),
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
