"""Measures heart rate, PR and QRS on the tracings of a noiseless synthetic release and holds them against its truth.

    python3 judge.py RELEASE

Knows nothing of how the tracings were made. Needs h5py and scipy; where neurokit2 is installed, its detector
and delineator judge too. Prints one line a check; exits 1 where one fails, 77 where a module is missing.
"""

import csv
import sys
import warnings
from pathlib import Path

try:
    import h5py
    import numpy as np
    from scipy.signal import find_peaks
except ImportError as missing:
    print(f"no judge: {missing}")
    sys.exit(77)
try:
    import neurokit2 as nk
except ImportError:
    nk = None

RATE = 400
INDEPENDENT = [0, 1, 6, 7, 8, 9, 10, 11]
failed = False


def check(name, ok, said):
    global failed
    failed |= not ok
    print(f"{'ok' if ok else 'FAILED'}: {name}: {said}")


def recordings(release):
    truth = {row["exam_id"]: row for row in csv.DictReader(open(release / "synth_truth.csv"))}
    listed = list(csv.DictReader(open(release / "exams.csv")))
    for name in sorted({row["trace_file"] for row in listed}):
        with h5py.File(release / name) as part:
            for exam_id, tracing in zip(part["exam_id"][:], part["tracings"]):
                if exam_id:
                    lit = np.flatnonzero((tracing != 0).any(axis=1))
                    yield truth[str(exam_id)], tracing[lit[0] : lit[-1] + 1].astype(float)


def velocity(ecg):
    """How fast the leads move together."""
    speed = np.sqrt((np.diff(ecg[:, INDEPENDENT], axis=0) ** 2).sum(axis=1))
    return np.convolve(speed, np.ones(3) / 3, "same")


def beats(speed):
    swept = np.convolve(speed, np.ones(32) / 32, "same")
    return find_peaks(swept, height=0.45 * np.percentile(swept, 99), distance=int(0.27 * RATE))[0]


def qrs_ms(speed, peaks):
    """Median width of the stretch around each beat in which the leads move fast, with gaps up to 12 ms."""
    widths = []
    for peak in peaks:
        window = speed[max(0, peak - 56) : peak + 64]
        if peak < 60 or peak + 70 > len(speed):
            continue
        fast = np.flatnonzero(window > 0.08 * window.max())
        runs = np.split(fast, np.flatnonzero(np.diff(fast) > 5) + 1)
        middle = max(runs, key=lambda run: window[run].sum())
        widths.append((middle[-1] - middle[0] + 1) * 1000 / RATE)
    return float(np.median(widths)) if widths else float("nan")


def rate_error(peaks, truth):
    """Measured less true rate over the beats that have a neighbour on both sides: no detector is to be trusted with
    what the recording's edges cut."""
    true = np.array(truth["r_peaks_s"].split(), float)
    start, end = (true[0] + true[1]) / 2, (true[-2] + true[-1]) / 2
    found = peaks[(peaks > start * RATE) & (peaks < end * RATE)] / RATE
    if len(found) < 2:
        return float("inf")
    return rate(found) - rate(true[1:-1])


def rate(seconds):
    return 60 * (len(seconds) - 1) / (seconds[-1] - seconds[0])


def separation(high, low):
    """Probability that one of `high` is above one of `low` (AUROC)."""
    high, low = np.asarray(high)[:, None], np.asarray(low)[None, :]
    return float(((high > low) + 0.5 * (high == low)).mean())


def judge_by_leads_together(exams):
    rates, widths, wide, narrow = [], [], [], []
    for truth, ecg in exams:
        speed = velocity(ecg)
        peaks = beats(speed)
        if truth["premature"] == "0":
            rates.append(rate_error(peaks, truth))
            width = qrs_ms(speed, peaks)
            widths.append(width - float(truth["qrs_ms"]))
            blocked = "True" in (truth["RBBB"], truth["LBBB"])
            (wide if blocked else narrow).append(width)
    rates, widths = np.abs(rates), np.array(widths)
    share = (rates < 1).mean()
    check("heart rate", share >= 0.98, f"within 1/min in {share:.1%} of {len(rates)}, median {np.median(rates):.3f}")
    off = np.abs(widths - np.median(widths))
    said = f"median error {np.median(widths):+.1f} ms, {(off < 15).mean():.1%} within 15 ms of that"
    check("QRS", abs(np.median(widths)) < 12 and (off < 15).mean() >= 0.85, said)
    auroc = separation(wide, narrow)
    check("QRS tells bundle branch block", auroc >= 0.98, f"AUROC {auroc:.3f}, {len(wide)} of {len(wide + narrow)}")


def judge_by_neurokit(exams):
    rates, prs, narrow, slow, usual = [], [], [], [], []
    for truth, ecg in exams:
        # One lead does not show its detector what a premature beat or a left bundle branch block is.
        if truth["premature"] != "0" or truth["LBBB"] == "True":
            continue
        lead = ecg[:, 1]
        peaks = nk.ecg_peaks(nk.ecg_clean(lead, RATE), sampling_rate=RATE)[1]["ECG_R_Peaks"]
        rates.append(rate_error(peaks, truth))
        if truth["AF"] == "True":
            continue
        try:
            waves = nk.ecg_delineate(lead, peaks, sampling_rate=RATE, method="dwt")[1]
        except (ValueError, IndexError):
            continue
        onset, offset, p = (
            np.array(waves[key], float) * 1000 / RATE for key in ("ECG_R_Onsets", "ECG_R_Offsets", "ECG_P_Onsets")
        )
        pr = np.nanmedian(onset - p)
        prs.append(pr - float(truth["pr_ms"]))
        (slow if truth["1dAVb"] == "True" else usual).append(pr)
        if truth["RBBB"] == "False":
            narrow.append(np.nanmedian(offset - onset) - float(truth["qrs_ms"]))
    rates, prs, narrow = np.abs(rates), np.array(prs), np.array(narrow)
    share = (rates < 1).mean()
    check("neurokit2: heart rate", share >= 0.95, f"within 1/min in {share:.1%} of {len(rates)}")
    measured = prs[~np.isnan(prs)]
    near = (np.abs(measured) < 15).mean()
    said = f"median error {np.median(measured):+.1f} ms, {near:.1%} of {len(measured)} within 15 ms"
    check("neurokit2: PR", abs(np.median(measured)) < 8 and near >= 0.6, said)
    slow, usual = (np.array(values)[~np.isnan(values)] for values in (slow, usual))
    auroc = separation(slow, usual)
    check("neurokit2: PR tells first-degree block", auroc >= 0.85, f"AUROC {auroc:.3f}, {len(slow)} with block")
    said = f"median error {np.nanmedian(narrow):+.1f} ms in {len(narrow)} without bundle branch block"
    check("neurokit2: QRS", abs(np.nanmedian(narrow)) < 15, said)


def main():
    warnings.filterwarnings("ignore")
    exams = list(recordings(Path(sys.argv[1])))
    judge_by_leads_together(exams)
    if nk is None:
        print("neurokit2 is not installed: its part was not judged")
    else:
        judge_by_neurokit(exams)
    sys.exit(1 if failed else 0)


main()
