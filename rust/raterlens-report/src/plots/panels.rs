//! A slice in panels: the image with outlines, and maps beside it.

use maud::{html, Markup};
use ndarray::Array2;

use super::plot::Plot;
use crate::error::ReportError;
use crate::number::px;
use crate::outline::outlines;
use crate::palette::rater_style;
use crate::picture::{grey, magma_map, MAX_VARIANCE};
use crate::svg::text;

/// Width of a panel.
const SIDE: f64 = 240.0;
const GAP: f64 = 10.0;
/// Room above the panels for their titles.
const TOP: f64 = 22.0;
const ROW: f64 = 18.0;

/// A slice in panels of one size. Arrays are `[row, column]` of one shape with square pixels, row 0 anterior, column 0 the patient's right.
///
/// ```
/// use ndarray::Array2;
/// use raterlens_report::plots::{MapPanel, Panels};
/// let panels = Panels {
///     title: "Case 7, slice 3".into(),
///     image: Array2::zeros((4, 6)),
///     outlines: vec![("Prediction".into(), vec![Array2::from_elem((4, 6), true)])],
///     maps: vec![MapPanel::variance("Predicted variance", Array2::zeros((4, 6)))],
/// };
/// assert!(panels.draw()?.element().contains("Predicted variance"));
/// # Ok::<(), raterlens_report::ReportError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Panels {
    /// What is shown; the text alternative begins with it.
    pub title: String,
    /// Intensities, shown between their 1st and 99th percentile.
    pub image: Array2<f32>,
    /// Masks whose outlines are drawn over the image, with their names: all masks of one name in one colour.
    pub outlines: Vec<(String, Vec<Array2<bool>>)>,
    /// Maps, one panel each.
    pub maps: Vec<MapPanel>,
}

/// A map in a panel of its own, dark at 0 and bright at `top`.
#[derive(Debug, Clone, PartialEq)]
pub struct MapPanel {
    /// Heading of the panel.
    pub title: String,
    /// The numbers, of the image's shape.
    pub values: Array2<f32>,
    /// The number that is brightest; larger ones look the same.
    pub top: f64,
}

impl MapPanel {
    /// A map of variance: 0 to 0.25, where half of the raters are at 0 and half at 1.
    #[must_use]
    pub fn variance(title: impl Into<String>, values: Array2<f32>) -> Self {
        Self {
            title: title.into(),
            values,
            top: MAX_VARIANCE,
        }
    }
}

impl Panels {
    /// Draws the panels side by side.
    ///
    /// # Errors
    /// Arrays that differ in shape from the image, or an image without pixels.
    pub fn draw(&self) -> Result<Plot, ReportError> {
        let expected = self.image.dim();
        let masks = self
            .outlines
            .iter()
            .flat_map(|(name, masks)| masks.iter().map(move |m| (name, m.dim())));
        let maps = self.maps.iter().map(|m| (&m.title, m.values.dim()));
        for (name, found) in masks.chain(maps) {
            if found != expected {
                return Err(ReportError::PanelShape {
                    panel: name.clone(),
                    expected: expected.into(),
                    found: found.into(),
                });
            }
        }
        let (rows, columns) = expected;
        if rows * columns == 0 {
            return Err(ReportError::PanelShape {
                panel: self.title.clone(),
                expected: [1, 1],
                found: [rows, columns],
            });
        }
        let pixel = SIDE / columns as f64;
        let height = rows as f64 * pixel;
        let count = 1 + self.maps.len();
        let width = count as f64 * (SIDE + GAP) - GAP;
        let total = TOP + height + 8.0 + ROW * self.outlines.len() as f64;
        let image = grey(&self.image)?;
        let maps = self.maps.iter().map(|m| magma_map(&m.values, m.top));
        let maps = maps.collect::<Result<Vec<_>, _>>()?;
        let names: Vec<_> = self.outlines.iter().map(|(n, _)| n.as_str()).collect();
        Ok(Plot::new(html! {
            svg.chart.plot.panels viewBox={ "0 0 " (px(width)) " " (px(total)) } width=(px(width)) height=(px(total)) role="img" {
                title { (self.title) ": image with outlines of " (names.join(", ")) "; " (self.maps.len()) " maps" }
                (text("level", [0.0, 14.0], "start", "Image and outlines"))
                (picture(&image, [0.0, TOP], height))
                (self.lines(pixel))
                (letters(0.0, height))
                @for (n, map) in self.maps.iter().enumerate() {
                    @let left = (n + 1) as f64 * (SIDE + GAP);
                    (text("level", [left, 14.0], "start", &map.title))
                    (picture(maps.get(n).map_or("", String::as_str), [left, TOP], height))
                }
                (self.names(TOP + height + 8.0))
            }
        }))
    }

    fn lines(&self, pixel: f64) -> Markup {
        let path = |masks: &[Array2<bool>]| -> String {
            let loops: Vec<_> = masks.iter().flat_map(outlines).collect();
            let corner = |[x, y]: &[i32; 2]| {
                format!(
                    "{} {}",
                    px(f64::from(*x) * pixel),
                    px(f64::from(*y) * pixel + TOP)
                )
            };
            let one = |l: &crate::outline::Loop| {
                format!("M{}Z", l.0.iter().map(corner).collect::<Vec<_>>().join("L"))
            };
            loops.iter().map(one).collect()
        };
        html! {
            @for (n, (name, masks)) in self.outlines.iter().enumerate() {
                @let style = rater_style(n);
                path d=(path(masks)) fill="none" stroke-width="1.6" style={ "stroke:" (style.color) } stroke-dasharray=[style.dash] {
                    title { (name) }
                }
            }
        }
    }

    fn names(&self, top: f64) -> Markup {
        html! {
            @for (n, (name, _)) in self.outlines.iter().enumerate() {
                @let style = rater_style(n);
                @let y = top + ROW * (n as f64 + 0.5);
                path.series d={ "M0 " (px(y)) "h26" } style={ "stroke:" (style.color) } stroke-dasharray=[style.dash] {}
                (text("level", [34.0, y + 4.0], "start", name))
            }
        }
    }
}

fn picture(url: &str, [x, y]: [f64; 2], height: f64) -> Markup {
    html! {
        image href=(url) x=(px(x)) y=(px(y)) width=(px(SIDE)) height=(px(height)) preserveAspectRatio="none" {}
    }
}

fn letters(left: f64, height: f64) -> Markup {
    html! {
        (text("letter", [left + 5.0, TOP + height / 2.0], "start", "R"))
        (text("letter", [left + SIDE - 5.0, TOP + height / 2.0], "end", "L"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_lie_where_the_mask_is() {
        let mut mask = Array2::from_elem((4, 4), false);
        mask[[1, 2]] = true;
        let panels = Panels {
            title: "A & B".into(),
            image: Array2::from_shape_fn((4, 4), |(y, x)| (y * 4 + x) as f32),
            outlines: vec![("one".into(), vec![mask])],
            maps: vec![],
        };
        let drawn = panels.draw().unwrap();
        // Pixels are 60 wide: column 2 begins at 120, row 1 at 60 below the title.
        assert!(
            drawn.element().contains("M180 82L180 142L120 142L120 82Z"),
            "{}",
            drawn.element()
        );
        assert!(drawn.element().contains("A &amp; B"));
    }

    #[test]
    fn arrays_of_another_shape_are_refused() {
        let panels = Panels {
            title: "t".into(),
            image: Array2::zeros((4, 4)),
            outlines: vec![],
            maps: vec![MapPanel::variance("map", Array2::zeros((4, 5)))],
        };
        assert!(panels.draw().unwrap_err().to_string().contains("'map'"));
    }
}
