//! The processor of this machine, as Linux describes it.

/// The features of this machine's processor, by Linux's names; nothing where it does not say or has others.
pub(crate) fn processor_features() -> String {
    field("flags").unwrap_or_default()
}

/// Name of the processor, as in `AMD EPYC 9354 32-Core Processor`; none where the system does not say.
pub(crate) fn processor_model() -> Option<String> {
    field("model name").filter(|name| !name.is_empty())
}

/// Value of a field of `/proc/cpuinfo`, from the first processor that has it.
fn field(name: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, value) = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}
