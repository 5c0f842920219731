//! Steps of recipes on one ECG, a number of times: `filter_steps ECG STEP TIMES`. ECG holds 12 leads of 5000 float64, one after
//! another; what the step leaves of them is written to standard output, so that benches/filters_peer.py can compare it.

use ecgfm_recipe::filter::{Band, Fraction, ZeroPhase};
use ecgfm_recipe::fourier::FourierResampler;
use ecgfm_recipe::running_median::RunningMedian;
use std::error::Error;
use std::io::Write;

#[derive(Default)]
struct Buffers {
    lanes: Vec<f64>,
    median: RunningMedian,
    fourier: FourierResampler,
    row: Vec<f64>,
}

type Rows = Vec<Vec<f64>>;

fn notch(rows: &mut Rows, buffers: &mut Buffers) -> Result<(), Box<dyn Error>> {
    let filter = ZeroPhase::fraction(Fraction::notch(50.0, 30.0, 500.0)?);
    Ok(filter.apply("notch", rows, &mut buffers.lanes)?)
}

fn butterworth(rows: &mut Rows, buffers: &mut Buffers) -> Result<(), Box<dyn Error>> {
    let filter = ZeroPhase::fraction(Fraction::butterworth(4, Band::Between(0.67, 40.0), 500.0)?);
    Ok(filter.apply("butterworth", rows, &mut buffers.lanes)?)
}

fn median(rows: &mut Rows, buffers: &mut Buffers) {
    for row in rows {
        buffers.median.medians(row, 201, &mut buffers.row);
        row.iter_mut().zip(&buffers.row).for_each(|(v, m)| *v -= m);
    }
}

fn fourier(rows: &mut Rows, buffers: &mut Buffers) {
    buffers.fourier.resample(rows, 2500);
}

fn main() -> Result<(), Box<dyn Error>> {
    let [_, ecg, step, times] = std::env::args()
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "give ECG STEP TIMES")?;
    let bytes = std::fs::read(ecg)?;
    let values: Vec<f64> = bytes
        .as_chunks::<8>()
        .0
        .iter()
        .map(|v| f64::from_le_bytes(*v))
        .collect();
    let recording: Rows = values.chunks(5000).map(<[f64]>::to_vec).collect();
    let (mut rows, mut buffers) = (recording.clone(), Buffers::default());
    for _ in 0..times.parse::<usize>()? {
        rows.clone_from(&recording);
        for step in step.split('+') {
            match step {
                "notch" => notch(&mut rows, &mut buffers)?,
                "butterworth" => butterworth(&mut rows, &mut buffers)?,
                "median" => median(&mut rows, &mut buffers),
                "fourier" => fourier(&mut rows, &mut buffers),
                _ => return Err(format!("{step}: no step").into()),
            }
        }
    }
    let mut out = std::io::stdout().lock();
    rows.iter()
        .flatten()
        .try_for_each(|v| out.write_all(&v.to_le_bytes()))?;
    Ok(())
}
