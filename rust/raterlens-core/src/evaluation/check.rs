//! Preconditions that evaluations share.

use super::error::EvaluationError;

/// All finite, or where not.
pub(super) fn finite(what: &'static str, values: &[f64]) -> Result<(), EvaluationError> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(position) => Err(EvaluationError::NotFinite {
            what,
            position,
            value: values.get(position).copied().unwrap_or(f64::NAN),
        }),
    }
}

/// All between 0 and 1, or where not.
pub(super) fn probabilities<'a>(
    what: &'static str,
    values: impl IntoIterator<Item = &'a f32>,
) -> Result<(), EvaluationError> {
    let bad = |(position, value): (usize, &f32)| {
        let is_good = (0.0..=1.0 + 1e-6).contains(value);
        (!is_good).then_some(EvaluationError::NotProbability {
            what,
            position,
            value: f64::from(*value),
        })
    };
    match values.into_iter().enumerate().find_map(bad) {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// As long as each other.
pub(super) fn same_length(
    (what, found): (&'static str, usize),
    (other, expected): (&'static str, usize),
) -> Result<(), EvaluationError> {
    match found == expected {
        true => Ok(()),
        false => Err(EvaluationError::Length {
            what,
            found,
            other,
            expected,
        }),
    }
}

/// One shape.
pub(super) fn same_shape(
    what: &'static str,
    found: &[usize],
    expected: &[usize],
) -> Result<(), EvaluationError> {
    match found == expected {
        true => Ok(()),
        false => Err(EvaluationError::Shape {
            what,
            found: found.to_vec(),
            expected: expected.to_vec(),
        }),
    }
}

/// Labels that are numbers of classes.
pub(super) fn classes<'a>(
    labels: impl IntoIterator<Item = &'a u16>,
    classes: usize,
) -> Result<(), EvaluationError> {
    match labels
        .into_iter()
        .enumerate()
        .find(|(_, &l)| usize::from(l) >= classes)
    {
        None => Ok(()),
        Some((position, &label)) => Err(EvaluationError::NoClass {
            label,
            position,
            classes,
        }),
    }
}
