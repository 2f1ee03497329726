//! Puts slices together.

use std::collections::BTreeMap;

use crate::error::ItkError;
use crate::header::Header;
use crate::voxels::{ComponentType, Image, Voxels};

/// Two slices closer than this, in millimetres, are at one place.
const SAME_PLACE_MM: f64 = 1e-3;
/// Directions of one stack differ by less (cosines carry about six digits in DICOM).
const SAME_DIRECTION: f64 = 1e-4;
/// A distance of neighbours may differ from the usual one by this part of it.
const UNEVEN: f64 = 0.05;
/// Axes this far from upright, as sine, are a shear (gantry tilt) and not rounding.
const SHEAR: f64 = 2e-3;
/// What tells volumes of one series apart: image type, echo time and number, temporal position, diffusion weighting.
const APART: [&str; 5] = [
    "0008|0008",
    "0018|0081",
    "0018|0086",
    "0020|0100",
    "0018|9087",
];

/// One DICOM file.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Its image, 2-D or with a third axis of one voxel or more.
    pub image: Image,
}

/// One volume of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// The volume; i runs along a row, j along a column, k along rows x columns.
    pub image: Image,
    /// What a user should know, as whole sentences.
    pub warnings: Vec<String>,
}

/// The volumes that slices make up, in the order in which their first slices came.
///
/// The distance of slices is the mean one between neighbours. Slices that are shifted against each other (gantry tilt) give a
/// sheared direction: every voxel is where it was scanned.
///
/// # Errors
/// No slice; a missing slice (a gap of another size than the others); two slices at one place; slices with several frames beside
/// others.
pub fn stacks_of(slices: Vec<Slice>) -> Result<Vec<Stack>, ItkError> {
    if slices.is_empty() {
        return Err(ItkError::Series("the series has no images".into()));
    }
    let mut groups: Vec<Vec<Slice>> = Vec::new();
    for slice in slices {
        let found = groups
            .iter_mut()
            .find(|group| group.first().is_some_and(|first| belongs(first, &slice)));
        match found {
            Some(group) => group.push(slice),
            None => groups.push(vec![slice]),
        }
    }
    groups.into_iter().map(stack).collect()
}

/// Whether two slices can be of one volume.
fn belongs(a: &Slice, b: &Slice) -> bool {
    let (a, b) = (&a.image.header, &b.image.header);
    let close = |x: &[f64], y: &[f64], by: f64| {
        x.len() == y.len() && x.iter().zip(y).all(|(x, y)| (x - y).abs() <= by)
    };
    let text = |h: &Header, key: &str| h.metadata.get(key).map(|v| v.trim().to_owned());
    a.size == b.size
        && a.components == b.components
        && close(
            &a.spacing,
            &b.spacing,
            1e-4 * a.spacing.iter().fold(1.0, |m, s| s.max(m)),
        )
        && close(&a.direction, &b.direction, SAME_DIRECTION)
        && APART.iter().all(|key| text(a, key) == text(b, key))
}

fn stack(mut slices: Vec<Slice>) -> Result<Stack, ItkError> {
    let first = slices.first().map(|s| s.image.header.clone());
    let Some(first) = first.filter(|h| (2..=3).contains(&h.size.len())) else {
        return Err(ItkError::Series(
            "the series holds images that are neither 2-D nor 3-D".into(),
        ));
    };
    let frames = first.size.get(2).copied().unwrap_or(1);
    if frames > 1 {
        return match (slices.pop(), slices.is_empty()) {
            (Some(only), true) => Ok(Stack {
                image: only.image,
                warnings: Vec::new(),
            }),
            _ => Err(ItkError::Series(
                "several files of the series hold several frames each: read them one by one".into(),
            )),
        };
    }
    let frame = Frame::of(&first);
    slices.sort_by(|a, b| frame.depth(a).total_cmp(&frame.depth(b)));
    let depths: Vec<f64> = slices.iter().map(|s| frame.depth(s)).collect();
    let mut warnings = Vec::new();
    let step = even_step(&depths, &mut warnings)?;
    let (header, image) = joined(&slices, &first, &frame, step, &mut warnings)?;
    Ok(Stack {
        image: Image {
            header,
            voxels: image,
        },
        warnings,
    })
}

/// The distance of slices; `None` for a single one.
fn even_step(depths: &[f64], warnings: &mut Vec<String>) -> Result<Option<f64>, ItkError> {
    let mut gaps: Vec<f64> = depths
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(b - a),
            _ => None,
        })
        .collect();
    let ordered = gaps.clone();
    gaps.sort_by(f64::total_cmp);
    let Some(&usual) = gaps.get(gaps.len() / 2) else {
        return Ok(None);
    };
    if let Some(n) = ordered.iter().position(|gap| *gap < SAME_PLACE_MM) {
        return Err(ItkError::Series(format!(
            "slices {} and {} lie at the same place: the folder holds a series twice, or several time points of one",
            n + 1,
            n + 2
        )));
    }
    if let Some(n) = ordered.iter().position(|gap| *gap > (1.0 + UNEVEN) * usual) {
        return Err(ItkError::Series(format!(
            "at least one slice is missing: slices {} and {} are {:.2} mm apart, others {usual:.2} mm; export the series again",
            n + 1,
            n + 2,
            ordered.get(n).copied().unwrap_or_default()
        )));
    }
    if let Some(gap) = ordered.iter().find(|gap| **gap < (1.0 - UNEVEN) * usual) {
        return Err(ItkError::Series(format!(
            "the distances of slices differ ({gap:.2} mm and {usual:.2} mm): the series is no volume of even slices"
        )));
    }
    let mean = ordered.iter().sum::<f64>() / ordered.len() as f64;
    let worst = ordered.iter().map(|g| (g - mean).abs()).fold(0.0, f64::max);
    if worst > 0.01 * mean {
        warnings.push(format!(
            "The distances of slices differ by up to {worst:.3} mm; their mean, {mean:.3} mm, is used."
        ));
    }
    Ok(Some(mean))
}

fn joined(
    slices: &[Slice],
    first: &Header,
    frame: &Frame,
    step: Option<f64>,
    warnings: &mut Vec<String>,
) -> Result<(Header, Voxels), ItkError> {
    let (Some(front), Some(back)) = (slices.first(), slices.last()) else {
        return Err(ItkError::Series("the series has no images".into()));
    };
    let origin = frame.origin(front);
    let mut across = frame.normal;
    let mut spacing_k = first.spacing.get(2).copied().unwrap_or(1.0);
    if let Some(step) = step {
        let last = frame.origin(back);
        let count = (slices.len() - 1) as f64;
        let vector: [f64; 3] = std::array::from_fn(|r| (last[r] - origin[r]) / count);
        let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
        let sine = (1.0 - (step / length).powi(2)).max(0.0).sqrt();
        if sine > SHEAR {
            across = vector.map(|v| v / length);
            spacing_k = length;
            warnings.push(format!(
                "The slices are shifted against each other (gantry tilt of {:.1} degrees): the image is sheared.",
                sine.asin().to_degrees()
            ));
        } else {
            spacing_k = step;
        }
    } else if slices.len() == 1 {
        warnings.push("The series has one slice.".to_owned());
    }
    let mut metadata = BTreeMap::new();
    for (key, value) in &first.metadata {
        metadata.insert(key.clone(), value.clone());
    }
    let component = common_type(slices);
    let spacing = [frame.spacing[0], frame.spacing[1], spacing_k];
    let direction = std::array::from_fn(|r| [frame.row[r], frame.column[r], across[r]]);
    let size = [
        first.size.first().copied().unwrap_or(0),
        first.size.get(1).copied().unwrap_or(0),
        slices.len(),
    ];
    let mut header = Header::new(size, spacing, origin, direction, component)?;
    header.components = first.components;
    header.kind = first.kind;
    header.format.clone_from(&first.format);
    header.metadata = metadata;
    let voxels = concatenated(slices, component, &header)?;
    Ok((header, voxels))
}

/// The type of all slices if it is one, else 64-bit floats.
fn common_type(slices: &[Slice]) -> ComponentType {
    let mut types = slices.iter().map(|s| s.image.header.component);
    let first = types.next().unwrap_or(ComponentType::F64);
    match types.all(|t| t == first) {
        true => first,
        false => ComponentType::F64,
    }
}

fn concatenated(
    slices: &[Slice],
    component: ComponentType,
    header: &Header,
) -> Result<Voxels, ItkError> {
    let bytes = header.byte_count();
    let count = header
        .voxel_count()
        .and_then(|n| n.checked_mul(header.components));
    let mut out = Voxels::zeros(component, count.ok_or(ItkError::OutOfMemory { bytes })?)?;
    let mut rest = out.as_bytes_mut();
    for slice in slices {
        let converted;
        let bytes = match slice.image.voxels.component_type() == component {
            true => slice.image.voxels.as_bytes(),
            false => {
                converted = Voxels::F64(slice.image.voxels.to_f64());
                converted.as_bytes()
            }
        };
        let (place, others) = rest
            .split_at_mut_checked(bytes.len())
            .ok_or_else(|| ItkError::Series("the slices differ in size".into()))?;
        place.copy_from_slice(bytes);
        rest = others;
    }
    Ok(out)
}

/// The plane of a slice.
struct Frame {
    spacing: [f64; 2],
    row: [f64; 3],
    column: [f64; 3],
    normal: [f64; 3],
}

impl Frame {
    fn of(header: &Header) -> Self {
        let axes = header.size.len();
        let column_of = |a: usize| -> [f64; 3] {
            std::array::from_fn(|r| match r < axes {
                true => header.direction.get(r * axes + a).copied().unwrap_or(0.0),
                false => 0.0,
            })
        };
        let (row, column) = (column_of(0), column_of(1));
        let normal = [
            row[1] * column[2] - row[2] * column[1],
            row[2] * column[0] - row[0] * column[2],
            row[0] * column[1] - row[1] * column[0],
        ];
        Self {
            spacing: std::array::from_fn(|a| header.spacing.get(a).copied().unwrap_or(1.0)),
            row,
            column,
            normal,
        }
    }

    fn origin(&self, slice: &Slice) -> [f64; 3] {
        std::array::from_fn(|r| slice.image.header.origin.get(r).copied().unwrap_or(0.0))
    }

    /// How far along the normal the slice is, in millimetres.
    fn depth(&self, slice: &Slice) -> f64 {
        let origin = self.origin(slice);
        (0..3).map(|r| origin[r] * self.normal[r]).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

    /// A slice of 2 x 1 voxels of value `v` at `origin`.
    fn slice(origin: [f64; 3], v: u8) -> Slice {
        let size = [2, 1, 1];
        let header = Header::new(size, [1.0, 1.0, 9.0], origin, IDENTITY, ComponentType::U8);
        Slice {
            image: Image {
                header: header.unwrap(),
                voxels: Voxels::U8(vec![v; 2]),
            },
        }
    }

    fn at(depths: &[f64]) -> Vec<Slice> {
        let slices = depths.iter().enumerate();
        slices
            .map(|(n, &z)| slice([5.0, 6.0, z], n as u8))
            .collect()
    }

    #[test]
    fn slices_are_ordered_by_place() {
        let stacks = stacks_of(at(&[8.0, 2.0, 5.0])).unwrap();
        let image = &stacks[0].image;
        assert_eq!(stacks.len(), 1);
        assert_eq!(image.voxels, Voxels::U8(vec![1, 1, 2, 2, 0, 0]));
        assert_eq!(image.header.origin, [5.0, 6.0, 2.0]);
        assert_eq!(image.header.spacing, [1.0, 1.0, 3.0]);
        assert!(stacks[0].warnings.is_empty());
    }

    #[test]
    fn a_missing_slice_is_refused_and_named() {
        let error = stacks_of(at(&[0.0, 3.0, 9.0, 12.0])).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("slices 2 and 3 are 6.00 mm apart"),
            "{error}"
        );
        let error = stacks_of(at(&[0.0, 3.0, 3.0, 6.0])).unwrap_err();
        assert!(error.to_string().contains("same place"), "{error}");
    }

    #[test]
    fn a_tilted_gantry_gives_a_sheared_image() {
        // 4 mm along z and 3 mm along y per slice: 5 mm along the sheared axis.
        let slices = (0..3).map(|n| slice([0.0, 3.0 * f64::from(n), 4.0 * f64::from(n)], n as u8));
        let stacks = stacks_of(slices.collect()).unwrap();
        let header = &stacks[0].image.header;
        assert!((header.spacing[2] - 5.0).abs() < 1e-12);
        let across: Vec<f64> = [2, 5, 8].iter().map(|&n| header.direction[n]).collect();
        assert!((across[1] - 0.6).abs() < 1e-12 && (across[2] - 0.8).abs() < 1e-12);
        assert!(stacks[0].warnings[0].contains("36.9 degrees"));
    }

    #[test]
    fn stacks_of_other_directions_and_echoes_are_apart() {
        let mut slices = at(&[0.0, 3.0]);
        let mut tilted = at(&[40.0, 43.0]);
        for s in &mut tilted {
            s.image.header.direction = vec![1.0, 0.0, 0.0, 0.0, 0.8, -0.6, 0.0, 0.6, 0.8];
        }
        let mut echo = at(&[0.0, 3.0]);
        for s in &mut echo {
            s.image
                .header
                .metadata
                .insert("0018|0081".into(), "80".into());
        }
        slices.extend(tilted);
        slices.extend(echo);
        let stacks = stacks_of(slices).unwrap();
        assert_eq!(stacks.len(), 3);
        assert!(stacks.iter().all(|s| s.image.header.size == [2, 1, 2]));
    }
}
