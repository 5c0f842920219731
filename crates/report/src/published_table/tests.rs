use super::*;

fn table() -> PublishedTable {
    PublishedTable {
        caption: "Results of a_b, 95 % intervals.".to_owned(),
        notices: vec!["SYNTHETIC.".to_owned()],
        columns: ["Label", "n", "AUROC"].map(str::to_owned).to_vec(),
        names: 1,
        rows: vec![
            ["AF|L, \"x\"", "1200", "0.912 (0.880–0.940)"]
                .map(str::to_owned)
                .to_vec(),
            ["≥80 <b> {&}", "3", "–"].map(str::to_owned).to_vec(),
        ],
    }
}

#[test]
fn a_cell_cannot_break_out_of_any_form() {
    assert_eq!(
        table().render(TableFormat::Markdown),
        "**SYNTHETIC.**\n\n| Label | n | AUROC |\n|---|---:|---:|\n| AF\\|L, \"x\" | 1200 | 0.912 (0.880–0.940) |\n\
         | ≥80 <b> {&} | 3 | – |\n\nResults of a_b, 95 % intervals.\n"
    );
    assert_eq!(
        table().render(TableFormat::Csv),
        "Label,n,AUROC,notice\n\"AF|L, \"\"x\"\"\",1200,0.912 (0.880–0.940),SYNTHETIC.\n≥80 <b> {&},3,–,SYNTHETIC.\n"
    );
    let latex = table().render(TableFormat::Latex);
    assert!(
        latex.contains("\\caption{\\textbf{SYNTHETIC.} Results of a\\_b, 95 \\% intervals.}"),
        "{latex}"
    );
    assert!(latex.contains("\\begin{tabular}{lrr}"), "{latex}");
    assert!(
        latex.contains("    AF|L, \"x\" & 1200 & 0.912 (0.880--0.940) \\\\\n"),
        "{latex}"
    );
    assert!(
        latex.contains("    $\\geq$80 <b> \\{\\&\\} & 3 & -- \\\\\n"),
        "{latex}"
    );
    let html = table().render(TableFormat::Html);
    assert!(
        html.contains("<td align=\"left\">≥80 &lt;b&gt; {&amp;}</td>"),
        "{html}"
    );
    assert!(html.contains("<strong>SYNTHETIC.</strong>"), "{html}");
}

#[test]
fn headings_are_those_of_papers() {
    assert_eq!(
        ["auroc", "f1", "sensitivity", "log_loss"].map(heading),
        ["AUROC", "F1", "Sensitivity", "Log loss"]
    );
}
