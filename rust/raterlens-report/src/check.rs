//! Preconditions of a page.

use ndarray::Array2;

use crate::error::ReportError;
use crate::page::{AgreementPage, SliceView};

/// Checks everything that the caller can get wrong.
pub(crate) fn check(page: &AgreementPage<'_>) -> Result<(), ReportError> {
    let numbers = page.report.structures.iter().map(|s| s.structure);
    for id in numbers.chain(page.slices.iter().map(|s| s.structure)) {
        if !page.structures.iter().any(|s| s.id == id) {
            return Err(ReportError::UnknownStructure { id });
        }
    }
    page.slices.iter().try_for_each(check_slice)
}

fn check_slice(view: &SliceView) -> Result<(), ReportError> {
    let expected = shape(&view.variance);
    let sizes_ok = view.pixel_mm.iter().all(|mm| mm.is_finite() && *mm > 0.0);
    if expected.contains(&0) || !sizes_ok {
        return Err(ReportError::EmptySlice {
            slice: view.slice,
            shape: expected,
            pixel_mm: view.pixel_mm,
            case: view.case.clone(),
        });
    }
    let image = view.image.iter().map(|i| ("image", shape(i)));
    let drawings = view.drawings.iter().map(|d| ("drawing", shape(&d.mask)));
    for (what, found) in image.chain(drawings) {
        if found != expected {
            return Err(ReportError::SliceShape {
                slice: view.slice,
                what,
                expected,
                found,
                case: view.case.clone(),
            });
        }
    }
    Ok(())
}

fn shape<T>(array: &Array2<T>) -> [usize; 2] {
    array.dim().into()
}
