//! How an overlay is shown: its display window and its colour map.

use crate::registry::Registry;

/// A display window in the units of a workspace file: 0 is the layer's own minimum, 1 its maximum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RelativeWindow {
    /// Where the colour map starts; may lie outside 0 to 1.
    pub low: f64,
    /// Where the colour map ends, above `low`.
    pub high: f64,
}

impl RelativeWindow {
    /// The whole range of the layer.
    pub const FULL: Self = Self {
        low: 0.0,
        high: 1.0,
    };

    /// The window `[low, high]` of intensities, for a layer whose voxels span `range`.
    ///
    /// A layer without contrast (empty structure) or an empty window cannot be expressed; it gets
    /// [`RelativeWindow::FULL`], which shows a constant layer in the colour map's first colour.
    ///
    /// ```
    /// use raterlens_itksnap::RelativeWindow;
    /// // Voxels span 0.0 to 0.2, the colours 0.0 to 0.1: they end half-way up the layer's range.
    /// let window = RelativeWindow::from_intensities([0.0, 0.1], [0.0, 0.2]);
    /// assert_eq!(window, RelativeWindow { low: 0.0, high: 0.5 });
    /// ```
    #[must_use]
    pub fn from_intensities([low, high]: [f64; 2], [min, max]: [f64; 2]) -> Self {
        let span = max - min;
        let window = Self {
            low: (low - min) / span,
            high: (high - min) / span,
        };
        let usable = span > 0.0 && window.low.is_finite() && window.high.is_finite();
        if usable && window.low < window.high {
            window
        } else {
            Self::FULL
        }
    }

    /// Writes the linear curve through three points into a `DisplayMapping` folder.
    pub fn write(&self, display_mapping: &mut Registry) {
        let curve = display_mapping.folder_mut("Curve");
        let middle = self.low + (self.high - self.low) / 2.0;
        let points = [(self.low, 0.0), (middle, 0.5), (self.high, 1.0)];
        curve.set("NumberOfControlPoints", points.len().to_string());
        for (n, (t, x)) in points.into_iter().enumerate() {
            curve.set(&format!("ControlPoint[{n}].tValue"), number(t));
            curve.set(&format!("ControlPoint[{n}].xValue"), number(x));
        }
    }
}

/// One stop of a colour map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColorStop {
    /// Position, 0 to 1.
    pub at: f64,
    /// Red, green, blue and opacity, 0 to 255.
    pub rgba: [u8; 4],
}

/// Fraction of the window from which the variance colours hide the image (before the layer's own opacity).
const OPAQUE_FROM: f64 = 0.25;

/// "Inferno" by N. Smith and S. van der Walt (public domain, CC0) from its quarter up, in even steps.
const INFERNO: [[u8; 3]; 13] = [
    [87, 16, 110],
    [112, 24, 110],
    [136, 32, 108],
    [160, 42, 101],
    [183, 53, 91],
    [204, 66, 72],
    [221, 81, 58],
    [235, 101, 40],
    [245, 125, 23],
    [251, 153, 6],
    [251, 182, 26],
    [246, 215, 70],
    [252, 255, 164],
];

/// A continuous colour map.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorMap {
    /// Stops in ascending order; the first at 0, the last at 1.
    pub stops: Vec<ColorStop>,
}

impl ColorMap {
    /// Purple to yellow in even perceptual steps; opacity rises from nothing to full over the lowest
    /// quarter, so that the image stays visible wherever raters would agree. The same colours as in 3D Slicer.
    #[must_use]
    pub fn variance() -> Self {
        let last = (INFERNO.len() - 1) as f64;
        let stop = |(n, [r, g, b]): (usize, [u8; 3])| {
            let at = n as f64 / last;
            let opacity = (at / OPAQUE_FROM).min(1.0);
            ColorStop {
                at,
                rgba: [r, g, b, (255.0 * opacity).round() as u8],
            }
        };
        Self {
            stops: INFERNO.into_iter().enumerate().map(stop).collect(),
        }
    }

    /// Writes the map into a `DisplayMapping` folder.
    pub fn write(&self, display_mapping: &mut Registry) {
        let map = display_mapping.folder_mut("ColorMap");
        map.set("Preset", "Custom");
        map.set("NumberOfControlPoints", self.stops.len().to_string());
        write_rgba(map, "NaNColor", [0, 0, 0, 0]);
        for (n, stop) in self.stops.iter().enumerate() {
            let point = map.folder_mut(&format!("ControlPoint[{n:04}]"));
            point.set("Index", number(stop.at));
            point.set("Type", "Continuous");
            write_rgba(point, "Left", stop.rgba);
            write_rgba(point, "Right", stop.rgba);
        }
    }
}

fn write_rgba(parent: &mut Registry, name: &str, rgba: [u8; 4]) {
    let folder = parent.folder_mut(name);
    for (channel, value) in ["R", "G", "B", "A"].into_iter().zip(rgba) {
        folder.set(channel, value.to_string());
    }
}

/// A number as ITK-SNAP's own streams read it: plain or exponent notation, never `inf`.
fn number(value: f64) -> String {
    let plain = format!("{}", value as f32);
    if plain.len() <= 12 {
        plain
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_end_outside_the_layers_own_range() {
        // The layer only reaches 0.04, the colours go to 0.1: t = 0.1 / 0.04.
        let w = RelativeWindow::from_intensities([0.0, 0.1], [0.0, 0.04]);
        assert_eq!(w.high, 0.1 / 0.04);
        // A layer that starts at 0.02 begins above the window's foot: t < 0.
        let w = RelativeWindow::from_intensities([0.0, 0.1], [0.02, 0.12]);
        assert!((w.low - (0.0 - 0.02) / (0.12 - 0.02)).abs() < 1e-12);
    }

    #[test]
    fn a_layer_without_contrast_gets_the_full_window() {
        for range in [[0.0, 0.0], [0.3, 0.3], [f64::NAN, 1.0], [1.0, 0.0]] {
            let window = RelativeWindow::from_intensities([0.0, 0.1], range);
            assert_eq!(window, RelativeWindow::FULL);
        }
        let almost_none = RelativeWindow::from_intensities([0.0, 0.1], [0.0, f64::MIN_POSITIVE]);
        assert!(almost_none.high.is_finite());
    }

    #[test]
    fn the_variance_colours_start_see_through_and_ascend() {
        let stops = ColorMap::variance().stops;
        assert_eq!(stops.first().map(|s| (s.at, s.rgba[3])), Some((0.0, 0)));
        assert_eq!(stops.last().map(|s| (s.at, s.rgba[3])), Some((1.0, 255)));
        assert!(stops.windows(2).all(|p| p[0].at < p[1].at));
        let quarter = stops.iter().find(|s| s.at == 0.25).unwrap();
        assert_eq!(quarter.rgba[3], 255);
        // Luma (Rec. 709) rises from stop to stop: brighter always means more variance.
        let luma = |s: &ColorStop| {
            let [r, g, b, _] = s.rgba.map(f64::from);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        assert!(stops.windows(2).all(|p| luma(&p[0]) < luma(&p[1])));
    }

    #[test]
    fn numbers_are_short_and_readable() {
        assert_eq!(number(0.1), "0.1");
        assert_eq!(number(1.0), "1");
        assert_eq!(number(1e38), "1e38");
    }
}
