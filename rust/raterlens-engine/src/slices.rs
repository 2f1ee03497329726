//! Slices on their way to the network and back.

use ndarray::{s, Array2, Array3, Array4, ArrayView2, ArrayView3, ArrayViewMut2, Axis};
use raterlens_core::normalise::normalise_slice;
use raterlens_core::{LabelScheme, SliceFrame, SliceOrientation};
use raterlens_nn::package::InputSpec;
use raterlens_nn::SlicePrediction;
use rayon::prelude::*;

use crate::error::EngineError;
use crate::soft::soft_labels;
use raterlens_core::control::CancelFlag;

/// Slices `range` of a canonical volume `[k, j, i]` as the network's input `[N, 1, H, W]`: resized,
/// normalised, and turned as the network saw them in training. `frame` is for the canonical orientation.
pub(crate) fn prepare(
    image: ArrayView3<'_, f32>,
    range: std::ops::Range<usize>,
    frame: &SliceFrame,
    input: &InputSpec,
) -> Result<Array4<f32>, EngineError> {
    let slices = range
        .into_par_iter()
        .map(|k| prepare_slice(image, k, frame, input));
    let slices = slices.collect::<Result<Vec<_>, EngineError>>()?;
    Ok(as_batch(&slices, frame, input))
}

/// One slice, resized and normalised, in the canonical orientation.
pub(crate) fn prepare_slice(
    image: ArrayView3<'_, f32>,
    k: usize,
    frame: &SliceFrame,
    input: &InputSpec,
) -> Result<Array2<f32>, EngineError> {
    let mut slice = frame.to_input(image.index_axis(Axis(0), k))?;
    normalise_slice(slice.view_mut(), input.normalisation);
    Ok(slice)
}

/// Prepared slices of canonical orientation, turned as the network saw them in training, `[N, 1, H, W]`.
pub(crate) fn as_batch(
    slices: &[Array2<f32>],
    frame: &SliceFrame,
    input: &InputSpec,
) -> Array4<f32> {
    let turn = input.orientation;
    let [height, width] = turn.canonical_size(frame.input_size());
    let mut batch = Array4::zeros((slices.len(), 1, height, width));
    for (slice, mut out) in slices.iter().zip(batch.axis_iter_mut(Axis(0))) {
        out.slice_mut(s![0, .., ..])
            .assign(&turn.from_canonical(slice.view()));
    }
    batch
}

/// Labels and maps of a whole volume in canonical order, filled slice by slice.
pub(crate) struct Layers {
    /// Structure ids `[k, j, i]`.
    pub(crate) labels: Array3<u16>,
    /// Per structure, `[k, j, i]`; none from a model that predicts none.
    pub(crate) variance: Vec<Array3<f32>>,
    /// Probabilities of each class, `[k, j, i]`; empty unless wanted.
    pub(crate) probabilities: Vec<Array3<f32>>,
    /// Uncertainty of an evidential head, `[k, j, i]`.
    pub(crate) evidential: Option<Array3<f32>>,
    /// Soft label of each structure, `[k, j, i]`; empty unless wanted.
    pub(crate) soft: Vec<Array3<f32>>,
}

/// How predictions become layers.
#[derive(Clone, Copy)]
pub(crate) struct WayBack<'a> {
    /// Between the network's size and the slices', both in the canonical orientation.
    pub(crate) frame: &'a SliceFrame,
    /// Orientation in which the network saw the slices.
    pub(crate) orientation: SliceOrientation,
    /// The structures of its channels.
    pub(crate) scheme: &'a LabelScheme,
}

impl WayBack<'_> {
    /// One map of the network on the slice's own pixels.
    pub(crate) fn native(&self, map: ArrayView2<'_, f32>) -> Result<Array2<f32>, EngineError> {
        Ok(self.frame.to_native(self.orientation.to_canonical(map))?)
    }
}

impl Layers {
    pub(crate) fn new(shape: (usize, usize, usize), maps: usize) -> Self {
        Self {
            labels: Array3::zeros(shape),
            variance: (0..maps).map(|_| Array3::zeros(shape)).collect(),
            probabilities: Vec::new(),
            evidential: None,
            soft: Vec::new(),
        }
    }

    /// The same, with soft labels.
    pub(crate) fn with_soft(shape: (usize, usize, usize), maps: usize, structures: usize) -> Self {
        Self {
            soft: (0..structures).map(|_| Array3::zeros(shape)).collect(),
            ..Self::new(shape, maps)
        }
    }

    /// Brings a batch that starts at slice `first` to the image's own pixels and keeps it.
    ///
    /// Probabilities are resampled and the label is chosen there, never the other way round.
    pub(crate) fn keep(
        &mut self,
        first: usize,
        prediction: &SlicePrediction,
        back: WayBack<'_>,
        cancel: &CancelFlag,
    ) -> Result<(), EngineError> {
        let count = prediction.probabilities.len_of(Axis(0));
        let span = s![first..first + count, .., ..];
        let mut labels = self.labels.slice_mut(span);
        let jobs: Vec<_> = labels.axis_iter_mut(Axis(0)).enumerate().collect();
        jobs.into_par_iter().try_for_each(|(n, out)| {
            cancel.check()?;
            let probabilities = prediction.probabilities.index_axis(Axis(0), n);
            choose_labels(probabilities, back, out)
        })?;
        if !self.soft.is_empty() {
            self.keep_soft(first, prediction, back, cancel)?;
        }
        self.keep_evidential(first, prediction, back)?;
        self.keep_probabilities(first, prediction, back)?;
        let mut jobs = Vec::new();
        for (c, map) in self.variance.iter_mut().enumerate() {
            let map = map.slice_mut(span);
            for (n, out) in map.into_iter_of_slices() {
                jobs.push((c, n, out));
            }
        }
        jobs.into_par_iter().try_for_each(|(c, n, mut out)| {
            cancel.check()?;
            let small = prediction.variance.slice(s![n, c, .., ..]);
            out.assign(&back.native(small)?);
            Ok(())
        })
    }
}

impl Layers {
    /// As [`Layers::keep`], for the uncertainty of an evidential head, if there is one.
    fn keep_evidential(
        &mut self,
        first: usize,
        prediction: &SlicePrediction,
        back: WayBack<'_>,
    ) -> Result<(), EngineError> {
        let found = &prediction.evidential_uncertainty;
        if found.len_of(Axis(1)) == 0 {
            return Ok(());
        }
        let shape = self.labels.raw_dim();
        let map = self.evidential.get_or_insert_with(|| Array3::zeros(shape));
        for (n, slice) in found.axis_iter(Axis(0)).enumerate() {
            let native = back.native(slice.index_axis(Axis(0), 0))?;
            map.index_axis_mut(Axis(0), first + n).assign(&native);
        }
        Ok(())
    }

    /// As [`Layers::keep`], for probabilities, if they are wanted.
    fn keep_probabilities(
        &mut self,
        first: usize,
        prediction: &SlicePrediction,
        back: WayBack<'_>,
    ) -> Result<(), EngineError> {
        let classes = prediction.probabilities.axis_iter(Axis(1));
        let jobs: Vec<_> = self.probabilities.iter_mut().zip(classes).collect();
        jobs.into_par_iter().try_for_each(|(map, class)| {
            for (n, slice) in class.axis_iter(Axis(0)).enumerate() {
                map.index_axis_mut(Axis(0), first + n)
                    .assign(&back.native(slice)?);
            }
            Ok(())
        })
    }

    /// As [`Layers::keep`], for soft labels, once the labels are chosen.
    fn keep_soft(
        &mut self,
        first: usize,
        prediction: &SlicePrediction,
        back: WayBack<'_>,
        cancel: &CancelFlag,
    ) -> Result<(), EngineError> {
        let count = prediction.probabilities.len_of(Axis(0));
        let span = s![first..first + count, .., ..];
        let mut jobs: Vec<Vec<_>> = (0..count).map(|_| Vec::new()).collect();
        for map in &mut self.soft {
            let slices = map.slice_mut(span).into_iter_of_slices();
            for (job, (_, out)) in jobs.iter_mut().zip(slices) {
                job.push(out);
            }
        }
        let labels = self.labels.slice(span);
        jobs.into_par_iter().enumerate().try_for_each(|(n, outs)| {
            cancel.check()?;
            let probabilities = prediction.probabilities.index_axis(Axis(0), n);
            soft_labels(probabilities, back, labels.index_axis(Axis(0), n), outs)
        })
    }
}

/// Numbered mutable slices that outlive the view they came from.
trait IntoSlices<'a> {
    fn into_iter_of_slices(self) -> Vec<(usize, ArrayViewMut2<'a, f32>)>;
}

impl<'a> IntoSlices<'a> for ndarray::ArrayViewMut3<'a, f32> {
    fn into_iter_of_slices(self) -> Vec<(usize, ArrayViewMut2<'a, f32>)> {
        let mut out = Vec::new();
        let mut rest = self;
        while rest.len_of(Axis(0)) > 0 {
            let (head, tail) = rest.split_at(Axis(0), 1);
            out.push((out.len(), head.index_axis_move(Axis(0), 0)));
            rest = tail;
        }
        out
    }
}

/// Writes the id with the highest probability; of equal ones the first channel (background, then the
/// scheme's order) wins.
fn choose_labels(
    probabilities: ArrayView3<'_, f32>,
    back: WayBack<'_>,
    mut out: ArrayViewMut2<'_, u16>,
) -> Result<(), EngineError> {
    let background = probabilities.index_axis(Axis(0), 0);
    let mut best = back.native(background)?;
    for (c, structure) in back.scheme.structures.iter().enumerate() {
        let channel = back.native(probabilities.index_axis(Axis(0), c + 1))?;
        ndarray::Zip::from(&mut best)
            .and(&channel)
            .and(&mut out)
            .for_each(|best, &p, label| {
                if p > *best {
                    *best = p;
                    *label = structure.id;
                }
            });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use raterlens_core::ResizeRule;

    fn frame() -> SliceFrame {
        SliceFrame::new(ResizeRule::Stretch, [2, 2], [1.0, 1.0], [2, 2]).unwrap()
    }

    fn back<'a>(frame: &'a SliceFrame, scheme: &'a LabelScheme) -> WayBack<'a> {
        WayBack {
            frame,
            orientation: SliceOrientation::AxialLps,
            scheme,
        }
    }

    #[test]
    fn the_highest_probability_wins_and_ties_go_to_the_first() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let mut p = Array3::<f32>::zeros((5, 2, 2));
        // (0,0): background and structure 1 tie. (0,1): structures 2 and 4 tie above background.
        p[[0, 0, 0]] = 0.5;
        p[[1, 0, 0]] = 0.5;
        p[[2, 0, 1]] = 0.4;
        p[[4, 0, 1]] = 0.4;
        p[[3, 1, 0]] = 1.0;
        p[[4, 1, 1]] = 1.0;
        let mut out = ndarray::Array2::zeros((2, 2));
        choose_labels(p.view(), back(&frame(), &scheme), out.view_mut()).unwrap();
        assert_eq!(out, array![[0, 2], [3, 4]]);
    }

    #[test]
    fn labels_come_from_resampled_probabilities_not_from_resampled_labels() {
        // One row of two network pixels shown on four image pixels. Centres of image pixels 1 and 2 lie
        // a quarter of a network pixel off: p = 0.75 a + 0.25 b.
        let frame = SliceFrame::new(ResizeRule::Stretch, [1, 4], [1.0, 1.0], [1, 2]).unwrap();
        let scheme = LabelScheme::lumbar_paraspinal();
        let mut p = Array3::<f32>::zeros((5, 1, 2));
        p[[0, 0, 0]] = 0.55;
        p[[1, 0, 0]] = 0.45;
        p[[1, 0, 1]] = 1.0;
        let mut out = ndarray::Array2::zeros((1, 4));
        choose_labels(p.view(), back(&frame, &scheme), out.view_mut()).unwrap();
        // Image pixel 1: background 0.75 * 0.55, structure 1 0.75 * 0.45 + 0.25: structure 1 wins,
        // although the nearest network pixel says background.
        assert_eq!(out, array![[0, 1, 1, 1]]);
    }

    #[test]
    fn each_slice_lands_in_its_place() {
        let mut layers = Layers::new((3, 2, 2), 4);
        let mut prediction = SlicePrediction {
            probabilities: Array4::zeros((2, 5, 2, 2)),
            variance: Array4::zeros((2, 4, 2, 2)),
            evidential_uncertainty: Array4::zeros((2, 0, 2, 2)),
        };
        prediction.probabilities[[0, 1, 0, 1]] = 1.0;
        prediction.probabilities[[1, 4, 1, 0]] = 1.0;
        prediction.variance[[1, 2, 1, 1]] = 0.125;
        let scheme = LabelScheme::lumbar_paraspinal();
        let cancel = CancelFlag::new();
        layers
            .keep(1, &prediction, back(&frame(), &scheme), &cancel)
            .unwrap();
        assert_eq!(layers.labels[[1, 0, 1]], 1);
        assert_eq!(layers.labels[[2, 1, 0]], 4);
        assert_eq!(layers.labels.iter().filter(|l| **l != 0).count(), 2);
        assert_eq!(layers.variance[2][[2, 1, 1]], 0.125);
        assert_eq!(layers.variance[2].sum(), 0.125);
        cancel.cancel();
        let stopped = layers.keep(1, &prediction, back(&frame(), &scheme), &cancel);
        assert!(matches!(stopped, Err(EngineError::Cancelled)));
    }

    /// Where the network's array has the patient's left front corner (row, column), by hand, for an input of
    /// `rows` x `columns`.
    fn left_front(how: SliceOrientation, [rows, columns]: [usize; 2]) -> [usize; 2] {
        match how.letters() {
            "LP" | "AR" => [0, columns - 1],
            "LA" | "AL" => [rows - 1, columns - 1],
            "RP" | "PR" => [0, 0],
            _ => [rows - 1, 0], // RA, PL
        }
    }

    #[test]
    fn every_orientation_shows_the_network_the_left_front_where_it_is_and_brings_it_back() {
        // A slice of 4 rows and 6 columns; one bright pixel at the patient's left front: row 0, column 5.
        let mut image = Array3::<f32>::zeros((1, 4, 6));
        image[[0, 0, 5]] = 1.0;
        let scheme = LabelScheme::lumbar_paraspinal();
        let architecture = raterlens_nn::Architecture::tiny();
        let mut input = raterlens_nn::Manifest::lumbar("m", architecture, [4, 6]).input;
        for how in SliceOrientation::ALL {
            input.orientation = how;
            input.size = how.canonical_size([4, 6]);
            let frame = SliceFrame::new(ResizeRule::Stretch, [4, 6], [1.0; 2], [4, 6]).unwrap();
            let batch = prepare(image.view(), 0..1, &frame, &input).unwrap();
            let [height, width] = input.size;
            assert_eq!(batch.dim(), (1, 1, height, width), "{how}");
            let [r, c] = left_front(how, input.size);
            let brightest = batch.iter().copied().fold(f32::MIN, f32::max);
            assert_eq!(batch[[0, 0, r, c]], brightest, "{how}");
            assert_eq!(batch.iter().filter(|v| **v == brightest).count(), 1);

            let mut prediction = SlicePrediction {
                probabilities: Array4::zeros((1, 5, height, width)),
                variance: Array4::zeros((1, 4, height, width)),
                evidential_uncertainty: Array4::zeros((1, 0, height, width)),
            };
            prediction.probabilities[[0, 2, r, c]] = 1.0;
            prediction.variance[[0, 1, r, c]] = 0.25;
            let mut layers = Layers::new((1, 4, 6), 4);
            let back = WayBack {
                orientation: how,
                ..back(&frame, &scheme)
            };
            layers
                .keep(0, &prediction, back, &CancelFlag::new())
                .unwrap();
            assert_eq!(layers.labels[[0, 0, 5]], 2, "{how}");
            assert_eq!(layers.labels.iter().filter(|l| **l != 0).count(), 1);
            assert_eq!(layers.variance[1][[0, 0, 5]], 0.25, "{how}");
            assert_eq!(layers.variance[1].sum(), 0.25);
        }
    }
}
