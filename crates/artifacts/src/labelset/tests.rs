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
    assert_eq!(LabelSet::load("physionet2021").unwrap().labels.len(), 26);
    assert_eq!(LabelSet::load("mimic_iv_ecg").unwrap().labels.len(), 17);
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let message = LabelSet::load("physionet").unwrap_err().to_string();
    assert!(
        message.starts_with("physionet: neither a file (looked for /"),
        "{message}"
    );
    let known = "/physionet) nor one of the built-in label sets: physionet2021, mimic_iv_ecg, code15";
    assert!(message.ends_with(known), "{message}");
}
