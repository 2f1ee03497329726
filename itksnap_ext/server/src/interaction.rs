//! Which structure a mark means, and the mask that answers it.

use raterlens_core::correction::{correct, CorrectionOptions, Mark, Side};
use raterlens_core::Volume;

use crate::answer::Answer;
use crate::error::ServeError;
use crate::image::Segmented;
use crate::memory::Memory;
use crate::session::Work;

/// A first mark beside all structures means the nearest one, if it is no further away than this.
pub const NEAREST_MM: f64 = 20.0;
/// Marks of one session since its last reset, so that a client cannot fill the server.
const MOST_MARKS: usize = 10_000;

/// Adds a mark and answers with the whole mask of the structure.
///
/// The first mark after a reset chooses the structure: the one that most of the marked voxels show, else the nearest.
/// When this fails, the session is as before.
///
/// # Errors
/// No image, a mark outside it or far from all structures, or no memory for more marks.
pub fn mark(
    work: &mut Work,
    mark: Mark,
    options: &CorrectionOptions,
    memory: &Memory,
) -> Result<Answer, ServeError> {
    let image = work.image.clone().ok_or(ServeError::NoImage)?;
    let dims = image.layers.labels.geometry().dims;
    // Before any use of the voxels as indices.
    let outside = |v: &[usize; 3]| v.iter().zip(&dims).any(|(at, size)| at >= size);
    if mark.voxels.is_empty() || mark.voxels.iter().any(outside) {
        return Err(ServeError::Unprocessable(format!(
            "the mark is empty or not within the image of {dims:?} voxels"
        )));
    }
    let structure = match work.structure {
        Some(structure) => structure,
        None => structure_of(&image, &mark)?,
    };
    let bytes = std::mem::size_of_val(mark.voxels.as_slice());
    let reservation = memory
        .reserve(bytes)
        .filter(|_| work.marks.marks().len() < MOST_MARKS);
    let Some(reservation) = reservation else {
        return Err(ServeError::Full(
            "the server keeps no more marks of this session: choose another label in ITK-SNAP and come back to start afresh".to_owned(),
        ));
    };
    work.marks.add(mark);
    let answered = answer(&image, structure, work, options);
    if answered.is_ok() {
        work.structure = Some(structure);
        work.marks_memory.push(reservation);
    } else {
        work.marks.undo();
    }
    answered
}

fn answer(
    image: &Segmented,
    structure: usize,
    work: &Work,
    options: &CorrectionOptions,
) -> Result<Answer, ServeError> {
    let maps = (
        image.layers.soft.get(structure),
        image.layers.variance.get(structure),
    );
    let (Some(soft), Some(variance)) = maps else {
        return Err(ServeError::internal("a structure without layers"));
    };
    let mask = correct(soft, variance, work.marks.marks(), options)?;
    let title = image.scheme.structures.get(structure);
    let title = title.map_or("", |s| s.title.as_str());
    Answer::new(&mask, title).map_err(ServeError::internal)
}

/// The mark of a drawing: the voxels that are not zero.
///
/// # Errors
/// Another size than the image's, or nothing drawn.
pub fn drawn(side: Side, drawing: &Volume<f32>, work: &Work) -> Result<Mark, ServeError> {
    let image = work.image.as_ref().ok_or(ServeError::NoImage)?;
    let (dims, found) = (image.layers.labels.geometry().dims, drawing.geometry().dims);
    if dims != found {
        return Err(ServeError::Unprocessable(format!(
            "the drawing has {found:?} voxels, the image {dims:?}"
        )));
    }
    let mark = Mark::of_voxels(side, drawing.data().view(), |v| *v > 0.0);
    if mark.voxels.is_empty() {
        return Err(ServeError::Unprocessable("nothing is drawn".to_owned()));
    }
    Ok(mark)
}

/// Position in the scheme of the structure that a mark means.
fn structure_of(image: &Segmented, mark: &Mark) -> Result<usize, ServeError> {
    let labels = image.layers.labels.data();
    let position = |label: u16| image.scheme.structures.iter().position(|s| s.id == label);
    let mut votes = vec![0_usize; image.scheme.len()];
    for &[i, j, k] in &mark.voxels {
        let position = labels.get([k, j, i]).and_then(|label| position(*label));
        if let Some(count) = position.and_then(|n| votes.get_mut(n)) {
            *count += 1;
        }
    }
    let most = votes.iter().copied().max().unwrap_or(0);
    if most > 0 {
        return votes
            .iter()
            .position(|v| *v == most)
            .ok_or(ServeError::Internal);
    }
    let nearest = nearest_label(&image.layers.labels, mark, NEAREST_MM);
    nearest.and_then(position).ok_or_else(|| {
        ServeError::Unprocessable(format!(
            "the model found no structure within {NEAREST_MM} mm of this place: click on or beside one of its structures"
        ))
    })
}

/// The label (not 0) nearest to any voxel of a mark, within a distance; of equally near ones the lowest.
fn nearest_label(labels: &raterlens_core::LabelMap, mark: &Mark, within_mm: f64) -> Option<u16> {
    use raterlens_core::distance::squared_edt_3d;
    let geometry = labels.geometry();
    let margin = |n: usize| (within_mm / geometry.spacing_mm[n]).ceil() as usize;
    let range = |n: usize| {
        let along = mark.voxels.iter().map(|v| v[n]);
        let low = along.clone().min().unwrap_or(0).saturating_sub(margin(n));
        let high = along.max().unwrap_or(0).saturating_add(margin(n));
        low..high.saturating_add(1).min(geometry.dims[n])
    };
    let [i, j, k] = [range(0), range(1), range(2)];
    let part = labels
        .data()
        .slice(ndarray::s![k.clone(), j.clone(), i.clone()]);
    let mut marked = ndarray::Array3::from_elem(part.raw_dim(), false);
    for v in &mark.voxels {
        marked[[v[2] - k.start, v[1] - j.start, v[0] - i.start]] = true;
    }
    let [x, y, z] = geometry.spacing_mm;
    let distance = squared_edt_3d(marked.view(), [z, y, x]);
    let labelled = part
        .iter()
        .zip(&distance)
        .filter(|(label, d)| **label > 0 && **d <= within_mm * within_mm);
    let nearest = labelled.min_by(|(la, a), (lb, b)| a.total_cmp(b).then(la.cmp(lb)));
    nearest.map(|(label, _)| *label)
}
