//! One random change of a slice.

use ndarray::{Array2, ArrayView2};

use super::blur::blur;
use super::options::AugmentOptions;
use super::spatial::SpatialChange;
use crate::random::Stream;
use crate::LabelScheme;

/// Purposes of draws, so that noise does not depend on how many other draws there were.
const CHANGE: u32 = 0x4155_4731;
const NOISE: u32 = 0x4155_4732;

/// A change that was drawn: the same for the image, the classes and the maps of one slice.
///
/// ```
/// use ndarray::Array2;
/// use raterlens_core::augment::{Augmentation, AugmentOptions};
/// let options = AugmentOptions { rotation_deg: 10.0, noise: 0.1, ..Default::default() };
/// let change = Augmentation::draw(&options, [64, 64], 1, [0, 5]);
/// let slice = Array2::<f32>::zeros((64, 64));
/// assert_eq!(change.image(slice.view()), Augmentation::draw(&options, [64, 64], 1, [0, 5]).image(slice.view()));
/// ```
#[derive(Debug, Clone)]
pub struct Augmentation {
    /// Where pixels go.
    pub spatial: SpatialChange,
    blur_px: f64,
    gain: f64,
    shift: f64,
    noise: f64,
    noise_stream: Stream,
}

impl Augmentation {
    /// The change of slices of `size` (rows, columns) that belongs to a seed and a place, such as (epoch, sample).
    #[must_use]
    pub fn draw(options: &AugmentOptions, size: [usize; 2], seed: u64, place: [u32; 2]) -> Self {
        let mut stream = Stream::new(seed, [place[0], place[1], CHANGE]);
        let draw = &mut stream;
        // Every kind uses its draws whether it is applied or not: switching one off leaves the others as they were.
        let mut either_way = |largest: f64| {
            let (applied, strength) = (draw.chance(options.chance), draw.range(-1.0, 1.0));
            if applied {
                largest * strength
            } else {
                0.0
            }
        };
        let rotation_rad = either_way(options.rotation_deg).to_radians();
        let shift_px = size.map(|n| either_way(options.translation) * n as f64);
        let gain = 1.0 + either_way(options.gain);
        let shift = either_way(options.shift);
        let noise = either_way(options.noise).abs();
        let blur_px = either_way(options.blur_px).abs();
        let mirrored = draw.chance(options.mirror_chance);
        Self {
            spatial: SpatialChange {
                mirrored,
                rotation_rad,
                shift_px,
            },
            blur_px,
            gain,
            shift,
            noise,
            noise_stream: Stream::new(seed, [place[0], place[1], NOISE]),
        }
    }

    /// The changed image; beyond the borders lies the slice's minimum.
    #[must_use]
    pub fn image(&self, slice: ArrayView2<'_, f32>) -> Array2<f32> {
        let minimum = slice.iter().copied().fold(f32::INFINITY, f32::min);
        let mut out = self.spatial.apply(slice, minimum);
        if self.blur_px > 0.05 {
            blur(&mut out, self.blur_px);
        }
        let mut stream = self.noise_stream.clone();
        let mut noise = || match self.noise > 0.0 {
            true => self.noise * stream.normal(),
            false => 0.0,
        };
        out.mapv_inplace(|v| (f64::from(v) * self.gain + self.shift + noise()) as f32);
        out
    }

    /// A changed map of one channel: a class probability or a variance; `outside` lies beyond the borders.
    #[must_use]
    pub fn map(&self, slice: ArrayView2<'_, f32>, outside: f32) -> Array2<f32> {
        self.spatial.apply(slice, outside)
    }

    /// Which channel of the original becomes channel `channel` of the changed slice: its partner on the other side when the
    /// slice was mirrored. Channels are the structures of `scheme` in order (no background).
    #[must_use]
    pub fn channel_from(&self, scheme: &LabelScheme, channel: usize) -> usize {
        let structures = &scheme.structures;
        let partner = structures.get(channel).and_then(|s| s.mirror);
        let partner = partner.filter(|_| self.spatial.mirrored);
        partner
            .and_then(|id| structures.iter().position(|s| s.id == id))
            .unwrap_or(channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> AugmentOptions {
        AugmentOptions {
            chance: 1.0,
            rotation_deg: 20.0,
            translation: 0.1,
            mirror_chance: 0.5,
            gain: 0.2,
            shift: 0.2,
            noise: 0.1,
            blur_px: 1.0,
        }
    }

    #[test]
    fn nothing_changes_by_default() {
        let slice = Array2::from_shape_fn((8, 9), |(y, x)| (y * 9 + x) as f32);
        let change = Augmentation::draw(&AugmentOptions::default(), [8, 9], 1, [0, 0]);
        assert_eq!(change.image(slice.view()), slice);
        assert!(AugmentOptions::default().is_nothing() && !everything().is_nothing());
    }

    #[test]
    fn switching_noise_off_leaves_the_rest_as_it_was() {
        let quiet = AugmentOptions {
            noise: 0.0,
            ..everything()
        };
        for n in 0..20 {
            let a = Augmentation::draw(&everything(), [8, 8], 1, [n, 0]);
            let b = Augmentation::draw(&quiet, [8, 8], 1, [n, 0]);
            assert_eq!(a.spatial, b.spatial);
            assert_eq!((a.gain, a.shift, a.blur_px), (b.gain, b.shift, b.blur_px));
        }
    }

    #[test]
    fn half_of_the_slices_are_mirrored_and_swap_their_pairs() {
        let scheme = LabelScheme::lumbar_paraspinal();
        let drawn = (0..400).map(|n| Augmentation::draw(&everything(), [8, 8], 9, [0, n]));
        let (mirrored, straight): (Vec<_>, Vec<_>) = drawn.partition(|a| a.spatial.mirrored);
        // Expected 200, standard deviation 10: five of them.
        assert!((150..=250).contains(&mirrored.len()), "{}", mirrored.len());
        let channels = |a: &Augmentation| [0, 1, 2, 3].map(|c| a.channel_from(&scheme, c));
        assert!(mirrored.iter().all(|a| channels(a) == [1, 0, 3, 2]));
        assert!(straight.iter().all(|a| channels(a) == [0, 1, 2, 3]));
    }

    #[test]
    fn a_structure_without_a_partner_keeps_its_channel() {
        let mut scheme = LabelScheme::lumbar_paraspinal();
        scheme.structures.truncate(1);
        scheme.structures[0].mirror = None;
        let mirror = AugmentOptions {
            mirror_chance: 1.0,
            ..AugmentOptions::default()
        };
        let change = Augmentation::draw(&mirror, [4, 4], 1, [0, 0]);
        assert_eq!(change.channel_from(&scheme, 0), 0);
    }
}
