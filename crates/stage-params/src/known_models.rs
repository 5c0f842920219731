//! The descriptions of `configs/models/`, built into the program.

/// Names and texts of the descriptions.
pub const KNOWN_MODELS: [(&str, &str); 9] = [
    (
        "physionet_finetuned",
        include_str!("../../../configs/models/physionet_finetuned.yaml"),
    ),
    (
        "mimic_iv_ecg_finetuned",
        include_str!("../../../configs/models/mimic_iv_ecg_finetuned.yaml"),
    ),
    (
        "ecgfounder",
        include_str!("../../../configs/models/ecgfounder.yaml"),
    ),
    (
        "hubert_ecg",
        include_str!("../../../configs/models/hubert_ecg.yaml"),
    ),
    (
        "hubert_ecg_encoder",
        include_str!("../../../configs/models/hubert_ecg_encoder.yaml"),
    ),
    ("ecg_jepa", include_str!("../../../configs/models/ecg_jepa.yaml")),
    ("st_mem", include_str!("../../../configs/models/st_mem.yaml")),
    ("merl", include_str!("../../../configs/models/merl.yaml")),
    ("deepecg", include_str!("../../../configs/models/deepecg.yaml")),
];
