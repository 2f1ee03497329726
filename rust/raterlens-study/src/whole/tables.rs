//! The dissertation's tables on this study.

use super::dissertation;
use super::error::WholeError;
use super::results::{Related, Results};
use super::row::{Row, WayRow};
use super::table::{compare, correct, deviation, Cell, Table, TableRow};
use crate::way::Way;

const MARKS: &str = "** (p < 0.01) and * (p < 0.05): better than the baseline network trained and judged alike, paired t-test over \
images with Holm's correction over the table; \u{b0}\u{b0} and \u{b0}: worse. Wilcoxon's test stands beside it in tables.csv.";

/// All tables, in the order of the dissertation, then what goes beyond it. Tables without a row are left out.
///
/// # Errors
/// Numbers that are not finite.
pub fn tables(results: &Results) -> Result<Vec<Table>, WholeError> {
    let mut all = vec![
        dice_31(results)?,
        variance_31(results)?,
        brier_41(results)?,
        auc_pr_42(results)?,
        correlations_43(results)?,
        dice_44(results)?,
        partition_45(results)?,
        calibration(results)?,
        entropies(results)?,
        disagreement(results)?,
    ];
    all.retain(|t| t.rows.iter().any(|r| !r.is_dissertation));
    if beside(results, dissertation::MUSCLES, dissertation::brier_41()).is_empty() {
        return Ok(all.into_iter().flat_map(with_own_muscles).collect());
    }
    Ok(all)
}

/// A table by structure, and the dissertation's by its own four muscles after it: the study has other structures.
fn with_own_muscles(table: Table) -> Vec<Table> {
    let of_31 = dissertation::MUSCLES_OF_31;
    let theirs = match table.id.as_str() {
        "3.1-dice" => Some((of_31, dissertation::dice_31())),
        "3.1-variance" => Some((of_31, dissertation::variance_31())),
        "4.1" => Some((dissertation::MUSCLES, dissertation::brier_41())),
        "4.4" => Some((dissertation::MUSCLES, dissertation::dice_44())),
        _ => None,
    };
    let theirs = theirs.map(|(muscles, rows)| Table {
        id: format!("{}-dissertation", table.id),
        title: format!("The dissertation's {}", table.title),
        columns: muscles.map(str::to_owned).into(),
        rows,
        note: String::new(),
        digits: table.digits,
    });
    std::iter::once(table).chain(theirs).collect()
}

fn row(name: String, cells: Vec<Cell>) -> TableRow {
    TableRow {
        name,
        is_dissertation: false,
        cells,
    }
}

fn some(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

/// What a table of one number a structure shows.
struct ByStructure<'a> {
    results: &'a Results,
    factor: f64,
    lower_is_better: bool,
}

impl ByStructure<'_> {
    /// Cells of a row: mean over images, and the comparison with the baseline's numbers.
    fn cells(
        &self,
        ours: &[Vec<f64>],
        baseline: Option<&[Vec<f64>]>,
    ) -> Result<Vec<Cell>, WholeError> {
        let one = |(n, values): (usize, &Vec<f64>)| {
            let cell = Cell::over_images(&some(values), self.factor, &self.results.options)?;
            let other = baseline.and_then(|b| b.get(n));
            let test = other.map(|b| compare(values, b, self.factor, self.lower_is_better));
            Ok(Cell {
                test: test.transpose()?.flatten(),
                ..cell
            })
        };
        ours.iter().enumerate().map(one).collect()
    }

    /// The table of a number of the ways of predicting that `ways` chooses.
    fn table(
        &self,
        head: Table,
        ways: impl Fn(&Row) -> Vec<&WayRow>,
        of: fn(&WayRow) -> &Vec<Vec<f64>>,
    ) -> Result<Table, WholeError> {
        let mut rows = Vec::new();
        for row_ in &self.results.rows {
            let baseline = self.results.baseline_of(row_);
            for way in ways(row_) {
                let other = baseline.and_then(|b| b.way(way.way)).map(of);
                let cells = self.cells(of(way), other.map(Vec::as_slice))?;
                rows.push(row(name_of(row_, way), cells));
            }
        }
        finished(head, rows)
    }
}

/// The row's name with the way of predicting, where it is not plain.
fn name_of(row: &Row, way: &WayRow) -> String {
    match way.way {
        Way::Plain | Way::Ensemble => row.name(),
        other => format!("{}, {other}", row.name()),
    }
}

/// Puts our rows before the dissertation's and corrects the comparisons.
fn finished(head: Table, mut rows: Vec<TableRow>) -> Result<Table, WholeError> {
    correct(&mut rows)?;
    let theirs = head.rows;
    rows.extend(theirs);
    Ok(Table { rows, ..head })
}

fn head(id: &str, title: &str, columns: Vec<String>, digits: usize, note: &str) -> Table {
    Table {
        id: id.into(),
        title: title.into(),
        columns,
        rows: Vec::new(),
        note: note.into(),
        digits,
    }
}

/// The dissertation's rows, if the study has its four muscles in the order of `muscles`; else without them, because columns differ.
fn beside(results: &Results, muscles: [&str; 4], rows: Vec<TableRow>) -> Vec<TableRow> {
    let place = |structure: &String| {
        let title = structure.to_lowercase().replace(['-', '_'], " ");
        muscles.iter().position(|m| *m == title)
    };
    let places: Option<Vec<usize>> = results.structures.iter().map(place).collect();
    let Some(places) = places.filter(|p| p.len() == 4) else {
        return Vec::new();
    };
    let arranged = |row: TableRow| TableRow {
        cells: places
            .iter()
            .filter_map(|n| row.cells.get(*n).copied())
            .collect(),
        ..row
    };
    rows.into_iter().map(arranged).collect()
}

fn dice_31(results: &Results) -> Result<Table, WholeError> {
    let table = ByStructure {
        results,
        factor: 100.0,
        lower_is_better: false,
    };
    let note = format!("Dice in percent against the majority vote; mean \u{b1} standard deviation over images, of single models image by image over the seeds. {MARKS}");
    let mut head = head(
        "3.1-dice",
        "Table 3.1: segmentation by multi-task models, Dice (%)",
        results.structures.clone(),
        1,
        &note,
    );
    head.rows = beside(
        results,
        dissertation::MUSCLES_OF_31,
        dissertation::dice_31(),
    );
    let multi = |r: &Row| r.key.is_multi_task && !r.key.is_ensemble;
    table.table(
        head,
        |r| r.way(Way::Plain).into_iter().filter(|_| multi(r)).collect(),
        |w| &w.dice,
    )
}

fn variance_31(results: &Results) -> Result<Table, WholeError> {
    let table = ByStructure {
        results,
        factor: 1e5,
        lower_is_better: true,
    };
    let mut rows = Vec::new();
    for one in &results.rows {
        let Some(variance) = &one.variance else {
            continue;
        };
        let other = results.baseline_of(one).and_then(|b| b.variance.as_ref());
        let cells = table.cells(&variance.mse, other.map(|v| v.mse.as_slice()))?;
        rows.push(row(one.name(), cells));
    }
    let note = format!("Mean squared error of the predicted against the raters' variance maps, times 100,000; mean \u{b1} standard deviation over images. {MARKS}");
    let mut head = head(
        "3.1-variance",
        "Table 3.1: variance maps by multi-task models, MSE \u{d7} 10\u{2075}",
        results.structures.clone(),
        2,
        &note,
    );
    head.rows = beside(
        results,
        dissertation::MUSCLES_OF_31,
        dissertation::variance_31(),
    );
    finished(head, rows)
}

fn brier_41(results: &Results) -> Result<Table, WholeError> {
    let table = ByStructure {
        results,
        factor: 1e3,
        lower_is_better: true,
    };
    let note = format!("Brier score of the deterministic probabilities against the raters' mean label, times 1,000; mean \u{b1} standard deviation over images. {MARKS}");
    let mut head = head(
        "4.1",
        "Table 4.1: how well the raters' variability is preserved, Brier score \u{d7} 10\u{b3}",
        results.structures.clone(),
        3,
        &note,
    );
    head.rows = beside(results, dissertation::MUSCLES, dissertation::brier_41());
    table.table(
        head,
        |r| r.way(Way::Plain).into_iter().collect(),
        |w| &w.brier,
    )
}

fn dice_44(results: &Results) -> Result<Table, WholeError> {
    let table = ByStructure {
        results,
        factor: 100.0,
        lower_is_better: false,
    };
    let note = format!("Dice in percent of the most probable label of the samples' mean; mean \u{b1} standard deviation over images. {MARKS}");
    let mut head = head(
        "4.4",
        "Table 4.4: segmentation by the mean of samples, Dice (%)",
        results.structures.clone(),
        2,
        &note,
    );
    head.rows = beside(results, dissertation::MUSCLES, dissertation::dice_44());
    table.table(head, uncertain, |w| &w.dice)
}

/// Ways with an epistemic or evidential uncertainty.
fn uncertain(row: &Row) -> Vec<&WayRow> {
    let kinds = ["epistemic", "evidential"];
    row.ways
        .iter()
        .filter(|w| kinds.contains(&w.way.kind()))
        .collect()
}

fn auc_pr_42(results: &Results) -> Result<Table, WholeError> {
    let mut rows = Vec::new();
    for one in &results.rows {
        for way in uncertain(one) {
            let pooled = &way.pooled_auc_pr;
            let mean = super::row::mean(pooled.iter().copied());
            let baseline = results.baseline_of(one).and_then(|b| b.way(way.way));
            let images = Cell::over_images(&way.auc_pr, 1.0, &results.options)?;
            let test = match baseline {
                Some(b) => paired(&way.auc_pr, &b.auc_pr)?,
                None => None,
            };
            let cells = vec![
                Cell {
                    value: mean,
                    sd: deviation(pooled),
                    ..Cell::default()
                },
                Cell { test, ..images },
            ];
            rows.push(row(name_of(one, way), cells));
        }
    }
    let columns = vec!["all voxels".into(), "mean of images".into()];
    let note = format!("Area under the precision-recall curve of the uncertainty that finds wrong voxels. All voxels: mean \u{b1} standard deviation over seeds; images: over images. {MARKS}");
    let mut head = head(
        "4.2",
        "Table 4.2: quality of the epistemic uncertainty, AUC-PR",
        columns,
        4,
        &note,
    );
    head.rows = dissertation::auc_pr_42();
    finished(head, rows)
}

/// Compares images that both have a number.
fn paired(
    ours: &[Option<f64>],
    baseline: &[Option<f64>],
) -> Result<Option<super::table::Comparison>, WholeError> {
    let both = ours
        .iter()
        .zip(baseline)
        .filter_map(|(a, b)| Some(((*a)?, (*b)?)));
    let (a, b): (Vec<f64>, Vec<f64>) = both.unzip();
    compare(&a, &b, 1.0, false)
}

fn related(found: Option<Related>) -> Cell {
    found.map_or_else(Cell::default, |r| Cell {
        p: r.p,
        ..Cell::of(&r.r)
    })
}

fn correlations_43(results: &Results) -> Result<Table, WholeError> {
    let mut rows = Vec::new();
    for one in &results.rows {
        let aleatoric = one.way(Way::Augmentation);
        let aleatoric = aleatoric.map(|w| results.related_to_raters(&w.entropy));
        let aleatoric = related(aleatoric.transpose()?.flatten());
        for way in uncertain(one) {
            let epistemic = related(results.related_to_raters(&way.entropy)?);
            rows.push(row(name_of(one, way), vec![epistemic, aleatoric]));
        }
    }
    let columns = vec!["epistemic".into(), "aleatoric".into()];
    let note = "Pearson's r over images of the mean entropy of the samples' mean (dropout or ensemble; augmentation) with the mean entropy of the raters' labels; 95 % bootstrap interval over images. ** p < 0.01, * p < 0.05. Rows of single models: image by image the mean over the seeds.";
    let mut head = head(
        "4.3",
        "Table 4.3: correlation of uncertainty with the raters' variability",
        columns,
        3,
        note,
    );
    head.rows = dissertation::correlations_43();
    finished(head, rows)
}

fn partition_45(results: &Results) -> Result<Table, WholeError> {
    let mut rows = Vec::new();
    for one in &results.rows {
        let (Some(epistemic), Some(aleatoric)) = (one.epistemic(), one.way(Way::Augmentation))
        else {
            continue;
        };
        let Some(parts) = results.partition(epistemic, aleatoric)? else {
            continue;
        };
        rows.push(row(
            name_of(one, epistemic),
            parts.iter().map(Cell::of).collect(),
        ));
    }
    let columns = [
        "epistemic",
        "aleatoric",
        "both",
        "only epistemic",
        "only aleatoric",
        "shared",
    ];
    let note = "Percent of the variation over images of the raters' entropy that a linear regression on the mean entropies explains; 95 % bootstrap interval over images. The dissertation's last three columns are not given; for the inconsistencies of its table see docs/evaluation.md.";
    let mut head = head(
        "4.5",
        "Table 4.5: how much of the raters' variability the uncertainties explain (%)",
        columns.map(str::to_owned).into(),
        1,
        note,
    );
    head.rows = dissertation::partition_45();
    finished(head, rows)
}

fn calibration(results: &Results) -> Result<Table, WholeError> {
    let mut rows = Vec::new();
    for one in &results.rows {
        let baseline = results.baseline_of(one);
        let ways = one.distinct_ways().filter(|w| w.way != Way::Evidential);
        for way in ways {
            let other = baseline.and_then(|b| b.way(way.way));
            let mut cells = Vec::new();
            let errors: [fn(&raterlens_core::evaluation::Calibration) -> f64; 2] =
                [|c| c.ece, |c| c.adaptive_ece];
            for of in errors {
                let ours: Vec<f64> = way.calibration.iter().map(of).collect();
                let theirs = other.map(|w| w.calibration.iter().map(of).collect::<Vec<f64>>());
                let test = theirs
                    .map(|t| compare(&ours, &t, 100.0, true))
                    .transpose()?;
                cells.push(Cell {
                    test: test.flatten(),
                    ..Cell::over_images(&some(&ours), 100.0, &results.options)?
                });
            }
            let over = way
                .calibration
                .iter()
                .map(|c| Some(c.confidence - c.accuracy));
            cells.push(Cell::over_images(
                &over.collect::<Vec<_>>(),
                100.0,
                &results.options,
            )?);
            rows.push(row(name_of(one, way), cells));
        }
    }
    let columns = ["ECE", "adaptive ECE", "confidence \u{2212} accuracy"];
    let note =
        format!("Percent, 10 bins per image, mean \u{b1} standard deviation over images. {MARKS}");
    let head = head(
        "calibration",
        "Calibration (%)",
        columns.map(str::to_owned).into(),
        2,
        &note,
    );
    finished(head, rows)
}

fn entropies(results: &Results) -> Result<Table, WholeError> {
    let mut rows = Vec::new();
    for one in &results.rows {
        let mean = |way: Option<&WayRow>| match way {
            Some(w) => Cell::over_images(&some(&w.entropy), 1e3, &results.options),
            None => Ok(Cell::default()),
        };
        let plain = one.way(Way::Plain);
        let r = plain.map(|w| results.related_to_raters(&w.entropy));
        rows.push(row(
            one.name(),
            vec![
                mean(plain)?,
                mean(one.epistemic())?,
                mean(one.way(Way::Augmentation))?,
                related(r.transpose()?.flatten()),
            ],
        ));
    }
    let columns = [
        "prediction (mnat)",
        "epistemic (mnat)",
        "aleatoric (mnat)",
        "r of prediction with raters",
    ];
    let note = "Mean entropy over all voxels, thousandths of a nat, mean \u{b1} standard deviation over images; r as in table 4.3.";
    let head = head(
        "entropies",
        "Mean entropies (figure 4.2)",
        columns.map(str::to_owned).into(),
        2,
        note,
    );
    finished(head, rows)
}

fn disagreement(results: &Results) -> Result<Table, WholeError> {
    let mut rows = Vec::new();
    let cells = |found: Option<Related>, voxels: Cell| {
        let rank = found.map_or_else(Cell::default, |r| Cell::of(&r.rank));
        vec![related(found), rank, Cell { sd: None, ..voxels }]
    };
    for one in &results.rows {
        if let Some(v) = &one.variance {
            let sum = |lists: &[Vec<f64>]| -> Vec<Option<f64>> {
                let image = |n: usize| lists.iter().map(|l| l.get(n).copied()).sum();
                (0..results.images.len()).map(image).collect()
            };
            let found = results.related(&sum(&v.predicted), &sum(&v.raters))?;
            let r =
                |n: usize| super::row::mean(v.r.iter().filter_map(|s| s.get(n).copied().flatten()));
            let voxels: Vec<Option<f64>> = (0..results.images.len()).map(r).collect();
            let voxels = Cell::over_images(&voxels, 1.0, &results.options)?;
            rows.push(row(
                format!("{}: predicted variance", one.name()),
                cells(found, voxels),
            ));
        }
        for way in one.distinct_ways() {
            let found = results.related_to_raters(&way.entropy)?;
            let voxels = Cell::over_images(&way.entropy_r, 1.0, &results.options)?;
            let name = format!("{}: {} entropy", name_of(one, way), way.way.kind());
            rows.push(row(name, cells(found, voxels)));
        }
    }
    let columns = [
        "r over images",
        "rank correlation over images",
        "r over voxels, mean of images",
    ];
    let note = "Predicted variance against the raters' variance maps, entropies against the entropy of the raters' mean label; 95 % bootstrap intervals over images.";
    let head = head(
        "disagreement",
        "Where and in which images raters disagree",
        columns.map(str::to_owned).into(),
        3,
        note,
    );
    finished(head, rows)
}
