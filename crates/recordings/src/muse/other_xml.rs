//! XML that is not MUSE's, by its outermost element.

use crate::xml::XmlNode;

/// Description of a document whose outermost element is `root`.
pub(super) fn describe(root: XmlNode<'_>) -> String {
    let name = root.name();
    let local = name.rsplit(':').next().unwrap_or(name);
    let attributes = root.attributes();
    let known = match local.to_ascii_lowercase().as_str() {
        "annotatedecg" => "HL7 aECG",
        "restingecgdata" | "restingecg" if attributes.contains("philips") => "Philips (Sierra XML)",
        "restingecgdata" => "Philips (Sierra XML)",
        "sapphire" => "GE Sapphire",
        "cardiologyxml" => "GE CardioSoft",
        "nativedicommodel" | "dicomobject" | "dicom" | "report" => "DICOM as XML",
        "clinicaldocument" => "HL7 CDA",
        "examdescript" | "schilleredi" => "Schiller",
        "ecg" => "Mortara",
        "html" => "a web page",
        _ => {
            return format!(
                "XML whose outermost element is <{}>",
                name.chars().take(40).collect::<String>()
            );
        }
    };
    format!("{known}, with the outermost element <{name}>")
}
