//! Brings a volume to the canonical axial orientation and back.

use ndarray::{Array3, ArrayView3, Axis};

use crate::geometry::Geometry;
use crate::volume::{Volume, VolumeError};

/// All orders of three axes, in the order in which ties are decided.
const PERMUTATIONS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

/// Sums of cosines closer than this are a tie (32-bit headers carry about seven digits).
const TIE: f64 = 1e-6;

/// The change of array axes that brings a grid nearest to LPS: i' runs to the patient's left,
/// j' to the back, k' to the head.
///
/// Axes are only exchanged and reversed, never interpolated, so the way back is exact for every one
/// of the 48 orders and directions. An oblique image keeps its own axes; [`Self::obliqueness_deg`]
/// says how far they are from the patient's.
///
/// # Which axis becomes which
/// Of the six assignments of array axes to left, posterior and superior, the one with the largest sum of
/// absolute cosines. Assignments within 1e-6 of each other (45 degrees) are a tie, which the first in the
/// order ijk, ikj, jik, jki, kij, kji wins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CanonicalAxial {
    input: Geometry,
    /// For i', j', k': the input axis.
    axes: [usize; 3],
    /// For i', j', k': whether it runs against the input axis.
    flips: [bool; 3],
}

impl CanonicalAxial {
    /// Finds the change of axes for images on this grid.
    ///
    /// ```
    /// use raterlens_core::{orientation::CanonicalAxial, Geometry};
    /// // i to the patient's right, j up, k to the back.
    /// let direction = [[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]];
    /// let input = Geometry::new([10, 20, 30], [1.0, 2.0, 3.0], [0.0; 3], direction)?;
    /// let canonical = CanonicalAxial::for_geometry(&input);
    /// assert_eq!(canonical.slice_axis(), 1);
    /// assert_eq!(canonical.output_geometry().dims, [10, 30, 20]);
    /// assert_eq!(canonical.output_geometry().spacing_mm, [1.0, 3.0, 2.0]);
    /// # Ok::<(), raterlens_core::GeometryError>(())
    /// ```
    #[must_use]
    pub fn for_geometry(input: &Geometry) -> Self {
        let cosine = |world: usize, axis: usize| input.direction_lps[world][axis];
        let score = |axes: &[usize; 3]| (0..3).map(|w| cosine(w, axes[w]).abs()).sum::<f64>();
        let mut axes = PERMUTATIONS[0];
        for candidate in PERMUTATIONS {
            if score(&candidate) > score(&axes) + TIE {
                axes = candidate;
            }
        }
        let flips = std::array::from_fn(|world| cosine(world, axes[world]) < 0.0);
        Self {
            input: *input,
            axes,
            flips,
        }
    }

    /// The input axis (0 = i, 1 = j, 2 = k) that became k', across which the slices are stacked.
    #[must_use]
    pub fn slice_axis(&self) -> usize {
        self.axes[2]
    }

    /// The input axes that became (i', j', k').
    #[must_use]
    pub fn input_axes(&self) -> [usize; 3] {
        self.axes
    }

    /// The index along the input's slice axis of canonical slice `k`; beyond the last slice, the last.
    #[must_use]
    pub fn input_slice_index(&self, k: usize) -> usize {
        let last = self.input.dims[self.slice_axis()] - 1;
        let k = k.min(last);
        if self.flips[2] {
            last - k
        } else {
            k
        }
    }

    /// The largest angle between an axis of the image and the patient's axis it stands for, degrees.
    #[must_use]
    pub fn obliqueness_deg(&self) -> f64 {
        let angle = |world: usize| {
            let cosine = self.input.direction_lps[world][self.axes[world]].abs();
            cosine.min(1.0).acos().to_degrees()
        };
        (0..3).map(angle).fold(0.0, f64::max)
    }

    /// The grid of the images this was made for.
    #[must_use]
    pub fn input_geometry(&self) -> &Geometry {
        &self.input
    }

    /// The grid after [`Self::to_canonical`]: the same points in space under new indices.
    #[must_use]
    pub fn output_geometry(&self) -> Geometry {
        let input = &self.input;
        let sign = |a: usize| if self.flips[a] { -1.0 } else { 1.0 };
        let mut first_voxel = [0.0; 3];
        for a in 0..3 {
            if self.flips[a] {
                let axis = self.axes[a];
                first_voxel[axis] = (input.dims[axis] - 1) as f64;
            }
        }
        Geometry {
            dims: self.axes.map(|axis| input.dims[axis]),
            spacing_mm: self.axes.map(|axis| input.spacing_mm[axis]),
            origin_lps: input.lps_from_ijk().apply(first_voxel),
            direction_lps: std::array::from_fn(|r| {
                std::array::from_fn(|a| sign(a) * input.direction_lps[r][self.axes[a]])
            }),
        }
    }

    /// The volume in canonical order.
    ///
    /// # Errors
    /// A volume of other dimensions than the grid this was made for.
    pub fn to_canonical<T: Clone>(&self, volume: &Volume<T>) -> Result<Volume<T>, VolumeError> {
        self.check_shape(self.input.shape_kji(), volume.data())?;
        let data = self.canonical_view(volume.data().view());
        Volume::new(to_owned_in_order(data), self.output_geometry())
    }

    /// The exact inverse of [`Self::to_canonical`], for any voxels `[k', j', i']` on that grid.
    ///
    /// # Errors
    /// An array of another shape than the canonical grid.
    pub fn from_canonical<T: Clone>(&self, data: Array3<T>) -> Result<Volume<T>, VolumeError> {
        self.check_shape(self.output_geometry().shape_kji(), &data)?;
        let mut view = data.view();
        for a in 0..3 {
            if self.flips[a] {
                view.invert_axis(Axis(2 - a));
            }
        }
        let mut order = [0; 3];
        for a in 0..3 {
            order[2 - self.axes[a]] = 2 - a;
        }
        Volume::new(to_owned_in_order(view.permuted_axes(order)), self.input)
    }

    /// A view of an input array in canonical order: nothing is copied.
    fn canonical_view<'a, T>(&self, data: ArrayView3<'a, T>) -> ArrayView3<'a, T> {
        let [i, j, k] = self.axes;
        let mut view = data.permuted_axes([2 - k, 2 - j, 2 - i]);
        for a in 0..3 {
            if self.flips[a] {
                view.invert_axis(Axis(2 - a));
            }
        }
        view
    }

    fn check_shape<T>(&self, expected: [usize; 3], data: &Array3<T>) -> Result<(), VolumeError> {
        let found: [usize; 3] = data.dim().into();
        if found == expected {
            return Ok(());
        }
        Err(VolumeError::ShapeMismatch { expected, found })
    }
}

/// A copy whose last axis is contiguous, whatever the strides of the view.
fn to_owned_in_order<T: Clone>(view: ArrayView3<'_, T>) -> Array3<T> {
    view.as_standard_layout().into_owned()
}
