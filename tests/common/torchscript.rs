//! TorchScript models written by hand.

use std::io::Write;
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Writes a TorchScript module without parameters whose methods are given, each line indented as in a class.
pub fn write(path: &Path, methods: &str) {
    let class =
        format!("class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n{methods}");
    let object = b"\x80\x02c__torch__\nM\n)\x81}X\x08\x00\x00\x00training\x89sb.";
    let mut archive = ZipWriter::new(std::fs::File::create(path).expect("a file"));
    let files: [(&str, &[u8]); 5] = [
        ("data.pkl", object),
        ("code/__torch__.py", class.as_bytes()),
        ("constants.pkl", b"\x80\x02)."),
        ("byteorder", b"little"),
        ("version", b"3\n"),
    ];
    for (name, bytes) in files {
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .with_alignment(64);
        archive
            .start_file(format!("m/{name}"), options)
            .expect("an entry");
        archive.write_all(bytes).expect("its bytes");
    }
    archive.finish().expect("an archive");
}
