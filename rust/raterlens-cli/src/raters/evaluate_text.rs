//! An evaluation as text.

use raterlens_core::metrics::Emptiness;
use raterlens_core::LabelScheme;
use raterlens_raters::{Evaluation, ProbabilityScores};

use super::text::{number, table};

/// Tables of the structures, the probabilities and the uncertainty maps.
pub fn text(scheme: &LabelScheme, found: &Evaluation) -> String {
    let mut out = structures(scheme, found);
    if let Some(scores) = &found.probabilities {
        out += &probabilities(scheme, scores);
    }
    if !found.uncertainties.is_empty() {
        out += &uncertainties(found);
    }
    out
}

fn words(head: &[&str]) -> Vec<String> {
    head.iter().map(|w| (*w).to_owned()).collect()
}

fn structures(scheme: &LabelScheme, found: &Evaluation) -> String {
    let head = [
        "Structure",
        "Dice",
        "IoU",
        "Precision",
        "Recall",
        "HD (mm)",
        "HD95 (mm)",
        "ASSD (mm)",
        "Volume difference (ml)",
    ];
    let mut rows = vec![words(&head)];
    for (structure, c) in scheme.structures.iter().zip(&found.structures) {
        let distances = c.surface.distances;
        let title = match c.empty {
            Emptiness::Neither => structure.title.clone(),
            Emptiness::Prediction => format!("{} (not predicted)", structure.title),
            Emptiness::Truth => format!("{} (not in the truth)", structure.title),
            Emptiness::Both => format!("{} (in neither)", structure.title),
        };
        rows.push(vec![
            title,
            number(Some(c.dice), 4),
            number(Some(c.iou), 4),
            number(c.precision, 4),
            number(c.recall, 4),
            number(distances.map(|d| d.hausdorff_mm), 2),
            number(distances.map(|d| d.hd95_mm), 2),
            number(distances.map(|d| d.assd_mm), 3),
            format!("{:+.2}", c.volume_difference_ml),
        ]);
    }
    let truth = match found.reference {
        "majority_vote" => " The truth is the majority vote of the raters.",
        _ => "",
    };
    let note = "HD95 is the larger of the two directed 95th percentiles; differences are prediction minus truth.";
    format!("{}\n  {note}{truth}\n", table(&rows, 1))
}

fn probabilities(scheme: &LabelScheme, scores: &ProbabilityScores) -> String {
    let mut rows = vec![words(&["Brier score x 1000", ""])];
    let titles =
        std::iter::once("Background").chain(scheme.structures.iter().map(|s| s.title.as_str()));
    for (title, brier) in titles.zip(&scores.brier) {
        rows.push(vec![title.to_owned(), number(Some(1e3 * brier), 3)]);
    }
    let c = &scores.calibration;
    let errors = [
        ("Mean confidence", c.confidence),
        ("Accuracy", c.accuracy),
        ("Calibration error (ECE, 10 bins)", c.ece),
        ("Adaptive calibration error", c.adaptive_ece),
        ("Class-wise calibration error", scores.class_wise_ece),
    ];
    let errors = errors.map(|(name, value)| vec![name.to_owned(), number(Some(value), 4)]);
    format!("\n{}\n{}", table(&rows, 1), table(&errors, 1))
}

fn uncertainties(found: &Evaluation) -> String {
    let mut rows = vec![words(&[
        "Uncertainty map",
        "Mean",
        "AUC-PR",
        "AUROC",
        "AURC",
        "r with GT entropy",
    ])];
    for u in &found.uncertainties {
        rows.push(vec![
            u.name.clone(),
            number(Some(u.mean), 4),
            number(u.ranking.average_precision, 4),
            number(u.ranking.auroc, 4),
            number(u.ranking.aurc, 4),
            number(u.gt_entropy_by_voxel.and_then(|p| p.r), 4),
        ]);
    }
    let share = found.wrong_voxels as f64 / found.voxels.max(1) as f64;
    format!(
        "\n{}\n  Positive is a wrong voxel: {} of {} ({:.3} %), which an uninformative map has as AUC-PR. r is over voxels.\n",
        table(&rows, 1),
        found.wrong_voxels,
        found.voxels,
        100.0 * share
    )
}
