//! The tissue map of one slice while it is being painted, from the body's surface inwards.

use crate::draw::Draw;
use crate::level::Level;
use crate::outline::{closed_spline, ellipse, grown, open_spline, stroke, symmetric, Point};
use crate::raster::{Canvas, Grid};
use crate::subject::{Side, Subject};
use crate::tissue::Tissue;

/// A slice being painted. Points are in the standard body unless a name says `placed`.
pub(crate) struct Scene<'a> {
    pub subject: &'a Subject,
    pub level: Level,
    /// Position along the spine and distance from the level's middle, in levels.
    pub position: f64,
    pub offset: f64,
    pub draw: &'a mut Draw,
    canvas: Canvas<Tissue>,
}

impl<'a> Scene<'a> {
    pub fn new(subject: &'a Subject, position: f64, grid: Grid, draw: &'a mut Draw) -> Self {
        let level = Level::nearest(position);
        Self {
            subject,
            level,
            position,
            offset: position - level.position(),
            draw,
            canvas: Canvas::new(grid, Tissue::Air),
        }
    }

    pub fn canvas(&self) -> &Canvas<Tissue> {
        &self.canvas
    }

    pub fn into_canvas(self) -> Canvas<Tissue> {
        self.canvas
    }

    /// The placed outline through control points.
    pub fn placed(&self, control: &[Point]) -> Vec<Point> {
        self.subject
            .place_all(&closed_spline(control), self.position)
    }

    pub fn fill_placed(&mut self, outline: &[Point], tissue: Tissue) {
        self.canvas.fill(outline, tissue);
    }

    pub fn fill_placed_over(&mut self, outline: &[Point], tissue: Tissue, over: &[Tissue]) {
        self.canvas
            .fill_where(outline, tissue, |t| over.contains(&t));
    }

    /// A closed shape.
    pub fn shape(&mut self, control: &[Point], tissue: Tissue) {
        let outline = self.placed(control);
        self.canvas.fill(&outline, tissue);
    }

    /// A closed shape symmetric about the midline, from its left half.
    pub fn midline_shape(&mut self, half: &[Point], tissue: Tissue) {
        self.shape(&symmetric(half), tissue);
    }

    /// Control points with a random shift each, standard deviation in mm.
    fn jittered(&mut self, control: &[Point], by_mm: f64) -> Vec<Point> {
        let draw = &mut *self.draw;
        control
            .iter()
            .map(|p| p.map(|v| v + by_mm * draw.normal()))
            .collect()
    }

    /// A closed shape on both sides.
    pub fn both(&mut self, control: &[Point], tissue: Tissue) {
        for side in Side::BOTH {
            self.shape(&mirrored(control, side), tissue);
        }
    }

    /// A muscle with its dark thin fascia on both sides.
    pub fn both_sheathed(&mut self, control: &[Point], tissue: Tissue) {
        for side in Side::BOTH {
            let control = self.jittered(&mirrored(control, side), 0.6);
            let outline = self.placed(&control);
            self.canvas.fill(&grown(&outline, 0.35), Tissue::Septum);
            self.canvas.fill(&outline, tissue);
        }
    }

    /// Bone: a dark cortical rim around marrow.
    pub fn bone(&mut self, control: &[Point], rim_mm: f64) {
        let outline = self.placed(control);
        self.canvas.fill(&outline, Tissue::Cortex);
        self.canvas.fill(&grown(&outline, -rim_mm), Tissue::Marrow);
    }

    /// The rims of several bones, then their marrow, so that they merge into one.
    pub fn merged_bones(&mut self, bones: &[Vec<Point>], rim_mm: f64) {
        let outlines: Vec<_> = bones.iter().map(|b| self.placed(b)).collect();
        for outline in &outlines {
            self.canvas.fill(outline, Tissue::Cortex);
        }
        for outline in &outlines {
            self.canvas.fill(&grown(outline, -rim_mm), Tissue::Marrow);
        }
    }

    pub fn both_bone(&mut self, control: &[Point], rim_mm: f64) {
        for side in Side::BOTH {
            let control = self.jittered(&mirrored(control, side), 0.35);
            self.bone(&control, rim_mm);
        }
    }

    /// A line; width in mm at the ends and in the middle.
    pub fn line(&mut self, control: &[Point], width_mm: (f64, f64), tissue: Tissue) {
        let line: Vec<_> = open_spline(control);
        let line = self.subject.place_all(&line, self.position);
        self.canvas.fill(&stroke(&line, width_mm), tissue);
    }

    /// As `line`, but only over one tissue.
    pub fn line_over(
        &mut self,
        control: &[Point],
        width_mm: (f64, f64),
        tissue: Tissue,
        over: Tissue,
    ) {
        let line = self.subject.place_all(&open_spline(control), self.position);
        self.fill_placed_over(&stroke(&line, width_mm), tissue, &[over]);
    }

    pub fn both_line(&mut self, control: &[Point], width_mm: (f64, f64), tissue: Tissue) {
        for side in Side::BOTH {
            self.line(&mirrored(control, side), width_mm, tissue);
        }
    }

    pub fn disc(&mut self, centre: Point, radii: Point, tissue: Tissue) {
        let outline = self
            .subject
            .place_all(&ellipse(centre, radii), self.position);
        self.canvas.fill(&outline, tissue);
    }

    pub fn both_disc(&mut self, centre: Point, radii: Point, tissue: Tissue) {
        for side in Side::BOTH {
            self.disc([centre[0] * side.sign(), centre[1]], radii, tissue);
        }
    }
}

/// Control points of the left side, put on a side.
pub(crate) fn mirrored(control: &[Point], side: Side) -> Vec<Point> {
    control.iter().map(|p| [p[0] * side.sign(), p[1]]).collect()
}
