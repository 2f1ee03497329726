//! What a reader of a report has to know about its images.

use super::case::CaseAgreement;

/// How many images have what follows.
fn have(count: usize, images: usize) -> String {
    match (count, images) {
        (1, 1) => "The image has".to_owned(),
        (1, _) => format!("1 of {images} images has"),
        _ if count == images => format!("All {images} images have"),
        _ => format!("{count} of {images} images have"),
    }
}

/// Sentences about images and raters that limit what the numbers say.
pub(super) fn notes(
    cases: &[CaseAgreement],
    raters: usize,
    unlisted_labels: &[u16],
) -> Vec<String> {
    let images = cases.len();
    let count = |wanted: &dyn Fn(usize) -> bool| {
        let found = cases.iter().filter(|case| wanted(case.raters.len()));
        found.count()
    };
    let alone = count(&|n| n < 2);
    let gaps = count(&|n| n < raters);
    let tied = count(&|n| n > 2 && n % 2 == 1);
    let mut notes = Vec::new();
    if images == 1 {
        notes.push("There is one image, so that intervals over images are undefined.".to_owned());
    }
    if alone > 0 {
        notes.push(format!(
            "{} a single rater, which says nothing about agreement between raters.",
            have(alone, images)
        ));
    }
    if gaps > 0 {
        notes.push(format!(
            "{gaps} of {images} images lack at least one of the {raters} raters: the ICC of all raters uses the others only."
        ));
    }
    if tied > 0 {
        notes.push(format!(
            "{} an odd number of raters, so that the majority of the others can be tied; ties count as background, which makes \
             the consensus small. Bias against the mean of the other raters is free of this.",
            have(tied, images)
        ));
    }
    if !unlisted_labels.is_empty() {
        notes.push(format!(
            "Labels {unlisted_labels:?} belong to no structure and counted as background."
        ));
    }
    notes
}
