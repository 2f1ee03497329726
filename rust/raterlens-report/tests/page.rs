//! Whole pages: of studies from the smallest to the largest, and of names and numbers that could break one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // in helpers of tests a panic is the failure

mod synthetic;
mod walk;

use ndarray::Array2;
use raterlens_core::agreement::{Estimate, Metric, Undefined};
use raterlens_report::{agreement_html, Extreme, RaterMask, ReportError, SliceView};
use synthetic::{study, Plan, SyntheticStudy};
use walk::check;

const SMALL: Plan = Plan {
    raters: 3,
    structures: 1,
    images: 4,
    side: 40,
    slices: 2,
    repeats: false,
};

fn html(study: &SyntheticStudy) -> String {
    agreement_html(&study.page()).unwrap()
}

#[test]
fn studies_of_every_size_have_a_page() {
    let plans = [
        SMALL,
        Plan {
            raters: 2,
            images: 1,
            ..SMALL
        },
        Plan {
            raters: 12,
            images: 3,
            repeats: true,
            ..SMALL
        },
        Plan {
            raters: 5,
            structures: 3,
            images: 6,
            ..SMALL
        },
    ];
    for plan in plans {
        let walk = check(&html(&study(plan)));
        for id in 1..=plan.structures {
            assert!(walk.ids.contains(&format!("s{id}")));
        }
    }
}

#[test]
fn forty_structures_are_folded_and_fit_into_six_megabytes() {
    let plan = Plan {
        raters: 7,
        structures: 40,
        images: 5,
        side: 160,
        ..SMALL
    };
    let mut study = study(plan);
    // Whole slices of a large matrix: what is drawn is the size of the slice.
    for view in &mut study.slices {
        for drawing in &mut view.drawings {
            drawing.mask[[0, 0]] = true;
            drawing.mask[[159, 159]] = true;
        }
    }
    let html = html(&study);
    check(&html);
    assert!(html.len() < 6_000_000, "{} bytes", html.len());
    assert_eq!(html.matches("<details class=\"structure\">").count(), 40);
    assert!(html.contains("Pictures reduced"));
}

#[test]
fn the_same_study_gives_the_same_bytes() {
    assert_eq!(html(&study(SMALL)), html(&study(SMALL)));
}

#[test]
fn a_page_without_slices_has_no_place_for_them() {
    let mut study = study(SMALL);
    study.slices.clear();
    let html = html(&study);
    let walk = check(&html);
    assert!(!html.contains("<image") && !walk.ids.contains(&"slices".to_owned()));
}

#[test]
fn names_are_text_and_never_markup() {
    let evil = "<b>&\"'</title>";
    let mut study = study(Plan { raters: 5, ..SMALL });
    let old = std::mem::replace(&mut study.report.raters[0], evil.to_owned());
    for structure in &mut study.report.structures {
        let pairs = structure.pairs.iter_mut().map(|p| &mut p.a);
        let volumes = structure.volume_ml.pairs.iter_mut().map(|p| &mut p.a);
        let raters = structure.raters.iter_mut().map(|r| &mut r.rater);
        for name in pairs.chain(volumes).chain(raters).filter(|n| **n == old) {
            *name = evil.to_owned();
        }
    }
    study.structures[0].title = evil.to_owned();
    study.cases[0].case = evil.to_owned();
    study.slices[0].case = evil.to_owned();
    study.slices[0].drawings[0].rater = evil.to_owned();
    let warnings = [evil.to_owned()];
    let mut page = study.page();
    (page.title, page.made_by, page.warnings) = (evil, evil, &warnings);
    let html = agreement_html(&page).unwrap();
    let walk = check(&html);
    assert!(!html.contains("<b>&"));
    assert!(walk.text.iter().any(|t| t == "&lt;"));
}

#[test]
fn undefined_numbers_are_a_dash_with_a_reason() {
    let mut study = study(SMALL);
    let structure = &mut study.report.structures[0];
    let dice = structure.mean_over_pairs.get_mut(&Metric::Dice).unwrap();
    dice.mean = Estimate::missing(Undefined::NoData);
    let bad = Estimate {
        value: Some(f64::NAN),
        interval: None,
        undefined: None,
    };
    structure.volume_ml.icc = bad;
    structure.pairs[0]
        .metrics
        .get_mut(&Metric::Hd95Mm)
        .unwrap()
        .mean = bad;
    structure.volume_ml.pairs[0].bias = bad;
    structure.volume_ml.rows[0].values[0] = Some(f64::INFINITY);
    structure.raters[0].others.volume_percent.mean = bad;
    study.slices[0].mean_dice = None;
    study.slices[0].variance.fill(f32::NAN);
    let html = html(&study);
    check(&html);
    let dash = "<abbr class=\"undefined\" title=\"no image has what it is made of\">–</abbr>";
    assert!(html.contains(dash));
    assert!(html.contains("no structure has a Dice between two raters"));
}

#[test]
fn the_verdict_names_numbers_and_their_intervals() {
    let study = study(SMALL);
    let html = html(&study);
    let dice = study.report.structures[0].mean_over_pairs[&Metric::Dice].mean;
    let interval = dice.interval.unwrap();
    let sentence = format!(
        "Three raters agree on Right ellipse with a mean Dice of {:.2} (95 % interval {:.2} to {:.2}, 4 images).",
        dice.value.unwrap(),
        interval.low,
        interval.high
    );
    assert!(html.contains(&sentence), "{sentence}");
}

#[test]
fn heat_maps_show_each_pair_twice_and_its_interval_to_the_pointer() {
    let study = study(SMALL);
    let html = html(&study);
    for pair in &study.report.structures[0].pairs {
        let dice = pair.metrics[&Metric::Dice].mean;
        let words = format!(
            "<title>{} and {}: {:.3} (",
            pair.a,
            pair.b,
            dice.value.unwrap()
        );
        assert_eq!(html.matches(&words).count(), 2, "{words}");
    }
}

fn slice(shape: (usize, usize)) -> SliceView {
    SliceView {
        structure: 1,
        extreme: Extreme::LeastAgreed,
        case: "1".to_owned(),
        slice: 0,
        mean_dice: Some(1.0),
        pixel_mm: [1.0, 2.0],
        orientation: [' '; 4],
        image: None,
        drawings: vec![RaterMask {
            rater: "A".to_owned(),
            mask: Array2::from_elem(shape, true),
        }],
        variance: Array2::zeros(shape),
        variance_note: String::new(),
    }
}

#[test]
fn a_slice_without_image_or_orientation_has_outlines_in_its_proportions() {
    let mut study = study(SMALL);
    study.slices = vec![slice((3, 4))];
    let html = html(&study);
    check(&html);
    // 4 columns of 2 mm and 3 rows of 1 mm: 300 x 112.5 units.
    assert!(html.contains("viewBox=\"0 0 300 112.5\""));
    assert!(!html.contains("<text class=\"letter\""));
    assert!(html.contains("d=\"M300 0V112.5H0V0Z\""));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let mut study = study(SMALL);
    let refused = |study: &SyntheticStudy| agreement_html(&study.page()).unwrap_err();
    let mut other = slice((3, 4));
    other.variance = Array2::zeros((4, 3));
    study.slices = vec![other];
    let found = refused(&study);
    assert!(matches!(
        found,
        ReportError::SliceShape {
            expected: [4, 3],
            found: [3, 4],
            ..
        }
    ));
    study.slices = vec![slice((0, 4))];
    assert!(matches!(refused(&study), ReportError::EmptySlice { .. }));
    let mut flat = slice((3, 4));
    flat.pixel_mm = [1.0, f64::NAN];
    study.slices = vec![flat];
    assert!(matches!(refused(&study), ReportError::EmptySlice { .. }));
    study.slices = Vec::new();
    study.structures.clear();
    assert!(matches!(
        refused(&study),
        ReportError::UnknownStructure { id: 1 }
    ));
}
