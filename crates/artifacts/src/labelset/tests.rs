//! Built-in definitions, and names that are none.

use super::*;

#[test]
fn every_built_in_configuration_loads_under_its_own_name() {
    for &(name, _) in Definition::Labels.built_in() {
        assert_eq!(LabelSet::load(name).unwrap().name, name);
    }
    for &(name, _) in Definition::Score.built_in() {
        let matrix = RewardMatrix::load(name).unwrap();
        assert_eq!((matrix.name.as_str(), matrix.names().len()), (name, 26));
        assert_eq!(matrix.reward("AF", "AFL"), matrix.reward("AFL", "AF"));
        assert_eq!(
            (matrix.reward("QAb", "NSR"), matrix.reward("SB", "SB")),
            (Some(0.15), Some(1.0))
        );
    }
    for &(name, _) in Definition::Mapping.built_in() {
        let mapping = Mapping::load(name).unwrap();
        mapping
            .check_from(name, &LabelSet::load(&mapping.from).unwrap())
            .unwrap();
        let truth = LabelSet::load(&mapping.to).unwrap();
        assert!(mapping.map.iter().all(|p| truth.names().contains(&p.to.as_str())));
    }
    for &(name, _) in Definition::TextRules.built_in() {
        assert_eq!(TextRules::load(name).unwrap().name, name);
    }
    assert_eq!(LabelSet::load("physionet2021").unwrap().labels.len(), 26);
    for (name, labels) in [
        ("mimic_iv_ecg", 17),
        ("ecgfounder", 150),
        ("hubert_ecg", 164),
        ("deepecg", 77),
    ] {
        assert_eq!(LabelSet::load(name).unwrap().labels.len(), labels, "{name}");
    }
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let message = LabelSet::load("physionet").unwrap_err().to_string();
    assert!(
        message.starts_with("physionet: neither a file (looked for /"),
        "{message}"
    );
    let known = "/physionet) nor one of the built-in label sets: physionet2021, mimic_iv_ecg, code15, ptbxl, \
                 ptbxl_superclasses, ecgfounder, hubert_ecg, deepecg";
    assert!(message.ends_with(known), "{message}");
}

#[test]
fn the_hash_of_a_set_without_scp_statements_is_the_one_that_models_were_exported_with() {
    let set = |scp: &str| {
        let text = format!("name: s\ntitle: s\nlabels: [{{name: A, title: a{scp}}}]\n");
        serde_yaml::from_str::<LabelSet>(&text).unwrap()
    };
    assert_eq!(set("").hash(), set(", scp: []").hash());
    assert_ne!(set("").hash(), set(", scp: [NORM]").hash());
}

#[test]
fn every_statement_of_ptbxl_is_a_label_and_belongs_to_the_classes_of_its_table() {
    let (all, classes) = (
        LabelSet::load("ptbxl").unwrap(),
        LabelSet::load("ptbxl_superclasses").unwrap(),
    );
    assert_eq!((all.labels.len(), classes.labels.len()), (71, 5));
    let statements: Vec<&str> = all
        .labels
        .iter()
        .flat_map(|l| l.scp.iter().map(String::as_str))
        .collect();
    assert_eq!(statements, all.names());
    let in_classes: Vec<&String> = classes.labels.iter().flat_map(|l| &l.scp).collect();
    assert_eq!(in_classes.len(), 44);
    assert!(in_classes.iter().all(|s| statements.contains(&s.as_str())));
}

#[test]
fn text_rules_name_only_labels_of_their_set_and_findings_that_something_follows_from() {
    let rules = |means: &str, all: &str| {
        let text = format!(
            "name: r\ntitle: r\nlabels: mimic_iv_ecg\nstatements: [{{text: [x], means: [{means}]}}]\n\
             implied: [{{all: [{all}], also: [Infarction]}}]\nnegation: {{}}\nuncertainty: {{}}\n"
        );
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rules.yaml");
        std::fs::write(&path, text).unwrap();
        TextRules::load(&path.display().to_string())
    };
    rules("Fascicular block", "Fascicular block").unwrap();
    let message = rules("Infraction", "Infarction").unwrap_err().to_string();
    assert!(message.contains("`Infraction`"), "{message}");
    let message = rules("Infarction", "Nothing").unwrap_err().to_string();
    assert!(message.contains("`Nothing`"), "{message}");
}
