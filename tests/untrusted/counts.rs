//! Numbers that files give and that cannot be.

use crate::common::{ecgfm, ok, python};

/// A checkpoint of one tensor of 2^33 by 2^33 views of one element.
const COUNTLESS: &str = "
import struct, zipfile
def text(x): return b'X' + struct.pack('<I', len(x)) + x.encode()
def whole(n):
    b = n.to_bytes(n.bit_length() // 8 + 1, 'little')
    return b'\\x8a' + bytes([len(b)]) + b
storage = b'(' + text('storage') + b'ctorch\\nFloatStorage\\n' + text('0') + text('cpu') + whole(1) + b'tQ'
shape, strides = b'(' + whole(2**33) * 2 + b't', b'(' + whole(0) * 2 + b't'
tensor = b'ctorch._utils\\n_rebuild_tensor_v2\\n(' + storage + whole(0) + shape + strides + b'\\x89ccollections\\nOrderedDict\\n)RtR'
data = b'\\x80\\x02}' + text('model') + b'}' + text('a') + tensor + b'ss.'
with zipfile.ZipFile('countless.pt', 'w') as z:
    z.writestr('archive/data.pkl', data)
    z.writestr('archive/data/0', bytes(4))
    z.writestr('archive/version', '3\\n')
";

#[test]
fn more_parameters_than_can_be_counted_are_an_error() {
    let Some(mut python) = python() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    ok(python.current_dir(dir.path()).args(["-c", COUNTLESS]));
    let output = ecgfm()
        .arg("inspect")
        .arg(dir.path().join("countless.pt"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(
        told.contains("countless.pt: more parameters than can be counted"),
        "{told}"
    );
}
