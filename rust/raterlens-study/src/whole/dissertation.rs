//! The dissertation's own figures, as SPEC section 9 and its tables have them: of another data set (Genodisc), to stand beside ours.

use super::table::{Cell, TableRow};

/// What rows of the dissertation are called.
fn row(name: &str, cells: Vec<Cell>) -> TableRow {
    TableRow {
        name: format!("Dissertation: {name}"),
        is_dissertation: true,
        cells,
    }
}

/// Columns of its muscles, in the order of its tables 4.1 and 4.4.
pub(super) const MUSCLES: [&str; 4] = [
    "right multifidus",
    "left multifidus",
    "right erector spinae",
    "left erector spinae",
];
/// Columns of its muscles, in the order of its table 3.1.
pub(super) const MUSCLES_OF_31: [&str; 4] = [
    "left multifidus",
    "right multifidus",
    "left erector spinae",
    "right erector spinae",
];

fn spreads(values: [(f64, f64); 4]) -> Vec<Cell> {
    values.map(|(mean, sd)| Cell::spread(mean, sd)).into()
}

fn plains<const N: usize>(values: [f64; N]) -> Vec<Cell> {
    values
        .map(|v| {
            if v.is_nan() {
                Cell::default()
            } else {
                Cell::plain(v)
            }
        })
        .into()
}

/// Table 3.1, Dice in percent.
pub(super) fn dice_31() -> Vec<TableRow> {
    vec![
        row(
            "multi-task U-Net",
            spreads([(93.3, 4.5), (93.6, 3.7), (92.4, 3.9), (91.8, 4.5)]),
        ),
        row(
            "multi-task TransUNet",
            spreads([(94.3, 4.1), (94.5, 3.4), (92.8, 4.5), (92.8, 4.1)]),
        ),
    ]
}

/// Table 3.1, variance MSE x 1e5.
pub(super) fn variance_31() -> Vec<TableRow> {
    vec![
        row(
            "multi-task U-Net",
            spreads([(7.37, 10.60), (5.37, 6.67), (11.20, 16.54), (9.81, 18.02)]),
        ),
        row(
            "multi-task TransUNet",
            spreads([(6.41, 9.62), (5.57, 8.62), (10.83, 16.03), (9.66, 17.87)]),
        ),
    ]
}

/// Table 4.1, Brier score x 1e3.
pub(super) fn brier_41() -> Vec<TableRow> {
    vec![
        row(
            "TransUNet, majority vote",
            plains([1.324, 1.209, 1.936, 1.890]),
        ),
        row("U-Net, majority vote", plains([2.071, 1.973, 3.286, 3.146])),
        row(
            "TransUNet, random sampling",
            plains([1.179, 1.103, 1.742, 1.758]),
        ),
        row(
            "U-Net, random sampling",
            plains([1.769, 1.670, 2.866, 2.912]),
        ),
    ]
}

/// Table 4.2: AUC-PR over all voxels; ours has the mean over images beside it, the dissertation has not.
pub(super) fn auc_pr_42() -> Vec<TableRow> {
    let one = |name: &str, value: f64| row(name, plains([value, f64::NAN]));
    vec![
        one("TransUNet, majority vote, dropout", 0.3753),
        one("TransUNet, random sampling, dropout", 0.3737),
        one("TransUNet, majority vote, ensemble", 0.3831),
        one("U-Net, majority vote, dropout", 0.3387),
        one("U-Net, random sampling, dropout", 0.3337),
        one("U-Net, majority vote, ensemble", 0.3265),
    ]
}

/// Table 4.3: r of epistemic and of aleatoric uncertainty.
pub(super) fn correlations_43() -> Vec<TableRow> {
    vec![
        row(
            "TransUNet, majority vote, dropout",
            plains([0.5874, 0.0500]),
        ),
        row(
            "TransUNet, random sampling, dropout",
            plains([0.6165, 0.1028]),
        ),
        row(
            "TransUNet, majority vote, ensemble",
            plains([0.5985, f64::NAN]),
        ),
        row("U-Net, majority vote, dropout", plains([0.3380, 0.0719])),
        row("U-Net, random sampling, dropout", plains([0.3635, 0.0163])),
        row("U-Net, majority vote, ensemble", plains([0.3574, f64::NAN])),
    ]
}

/// Table 4.4, Dice in percent.
#[allow(clippy::approx_constant)] // 3.14 is a standard deviation.
pub(super) fn dice_44() -> Vec<TableRow> {
    vec![
        row(
            "TransUNet, majority vote, dropout",
            spreads([(94.36, 2.74), (94.77, 2.37), (94.29, 3.35), (94.18, 3.77)]),
        ),
        row(
            "U-Net, majority vote, dropout",
            spreads([(92.41, 8.9), (92.77, 8.52), (92.21, 9.52), (92.06, 9.31)]),
        ),
        row(
            "TransUNet, random sampling, dropout",
            spreads([(94.15, 3.14), (94.44, 2.53), (94.08, 3.38), (93.87, 3.94)]),
        ),
        row(
            "U-Net, random sampling, dropout",
            spreads([(92.76, 8.86), (93.07, 8.67), (92.49, 9.06), (91.92, 10.04)]),
        ),
        row(
            "TransUNet, ensemble",
            spreads([(94.72, 2.38), (94.80, 2.49), (94.75, 3.26), (94.50, 3.18)]),
        ),
        row(
            "U-Net, ensemble",
            spreads([(92.83, 8.73), (93.23, 8.56), (92.79, 8.96), (92.05, 10.12)]),
        ),
    ]
}

/// Table 4.5: percent of the variation of the raters' entropy that epistemic, aleatoric and both explain.
pub(super) fn partition_45() -> Vec<TableRow> {
    let nan = f64::NAN;
    vec![
        row(
            "TransUNet, majority vote, dropout",
            plains([34.506, 0.251, 34.896, nan, nan, nan]),
        ),
        row(
            "TransUNet, random sampling, dropout",
            plains([38.007, 0.251, 38.360, nan, nan, nan]),
        ),
        row(
            "TransUNet, ensemble",
            plains([35.803, 0.251, 35.986, nan, nan, nan]),
        ),
        row(
            "U-Net, majority vote, dropout",
            plains([11.422, 0.517, 11.517, nan, nan, nan]),
        ),
        row(
            "U-Net, random sampling, dropout",
            plains([12.772, 0.517, 12.919, nan, nan, nan]),
        ),
        row(
            "U-Net, ensemble",
            plains([13.215, 0.517, 13.385, nan, nan, nan]),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table 4.5's percentages are 100 r^2 of table 4.3, but for the exceptions that SPEC section 8 names: U-Net's random-sampling and
    /// ensemble rows are swapped, TransUNet's ensemble is 35.803 against 35.82, and the aleatoric column of the random-sampling rows
    /// repeats the majority model's.
    #[test]
    fn the_percentages_of_45_follow_from_the_correlations_of_43() {
        let r = correlations_43();
        let share = partition_45();
        let of = |rows: &[TableRow], name: &str, column: usize| {
            let row = rows
                .iter()
                .find(|r| r.name == format!("Dissertation: {name}"));
            row.and_then(|r| r.cells[column].value).unwrap()
        };
        let percent = |name: &str, column| 100.0 * of(&r, name, column).powi(2);
        for name in [
            "TransUNet, majority vote, dropout",
            "TransUNet, random sampling, dropout",
            "U-Net, majority vote, dropout",
        ] {
            assert!(
                (percent(name, 0) - of(&share, name, 0)).abs() < 0.01,
                "{name}"
            );
        }
        for name in [
            "TransUNet, majority vote, dropout",
            "U-Net, majority vote, dropout",
        ] {
            assert!(
                (percent(name, 1) - of(&share, name, 1)).abs() < 0.01,
                "{name}"
            );
        }
        // The named exceptions.
        let swapped =
            percent("U-Net, random sampling, dropout", 0) - of(&share, "U-Net, ensemble", 0);
        assert!(swapped.abs() < 0.01);
        let swapped = percent("U-Net, majority vote, ensemble", 0)
            - of(&share, "U-Net, random sampling, dropout", 0);
        assert!(swapped.abs() < 0.01);
        let ensemble =
            percent("TransUNet, majority vote, ensemble", 0) - of(&share, "TransUNet, ensemble", 0);
        assert!((ensemble - 0.0172).abs() < 0.001, "{ensemble}");
        let aleatoric = percent("TransUNet, random sampling, dropout", 1);
        assert!((aleatoric - of(&share, "TransUNet, random sampling, dropout", 1)).abs() > 0.5);
    }
}
