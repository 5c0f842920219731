//! Limits of what is read of a record, and files that are none.

use super::*;

#[cfg(unix)]
#[test]
fn a_pipe_or_a_directory_is_no_signal_file_and_no_header() {
    let records = Records::new();
    let made = std::process::Command::new("mkfifo")
        .arg(records.path("pipe.dat"))
        .status();
    std::fs::create_dir(records.path("directory.dat")).unwrap();
    std::fs::create_dir(records.path("directory.hea")).unwrap();
    for name in ["pipe", "directory"] {
        if name == "pipe" && !made.as_ref().is_ok_and(|status| status.success()) {
            continue;
        }
        records.write("r.hea", format!("r 1 500 1\n{name}.dat 16 1/mV"));
        let error = message(records.read());
        assert!(
            error.contains(".dat: file: this is not a regular file"),
            "{error}"
        );
    }
    assert!(message(read(&records.path("directory.hea"))).contains("not a regular file"));
}

#[test]
fn files_of_unstated_length_have_the_limit_of_values_together() {
    let records = Records::new();
    let size = 1 << 25;
    for name in ["a.dat", "b.dat"] {
        let file = std::fs::File::create(records.path(name)).unwrap();
        // Without content: nothing is written but the length.
        file.set_len(size * 3 / 4).unwrap();
    }
    records.write("r.hea", "r 2 500\na.dat 80 1/mV\nb.dat 80 1/mV");
    let error = message(records.read());
    assert!(error.contains("cut the record into shorter ones"), "{error}");
    records.write("r.hea", format!("r 1025 500\n{}", "a.dat 80\n".repeat(1025)));
    let error = message(records.read());
    assert!(error.contains("1025 signals; at most 1024 are read"), "{error}");
}

#[test]
fn a_record_of_a_day_is_refused_before_memory_is_taken() {
    let records = Records::new();
    records.write("r.dat", [0; 64]);
    for length in ["259200000", "18446744073709551615", "9223372036854775807"] {
        records.write("r.hea", format!("r 1 1000 {length}\nr.dat 16 1/mV"));
        let error = message(records.read());
        assert!(
            error.contains("cut the record into shorter ones") || error.contains("number of samples"),
            "{error}"
        );
    }
    records.write("r.hea", "r 1 1000\nr.dat 16x60000+18446744073709551615 1/mV");
    assert!(records.read().is_err());
}
