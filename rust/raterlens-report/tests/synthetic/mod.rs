//! Synthetic studies for tests and the example: ellipses that raters with habits draw with wobbling borders. Not anatomy.
#![allow(dead_code)] // the example and each test use a part
#![allow(clippy::unwrap_used, clippy::expect_used)] // in helpers of tests a panic is the failure

use std::borrow::Cow;

use ndarray::{s, Array2, Array3};
use raterlens_core::agreement::{
    AgreementOptions, AgreementReport, CaseAgreement, Drawing, ImageDrawings, Study,
};
use raterlens_core::labels::Structure;
use raterlens_core::variability::{variance_map_2d, VarianceOptions};
use raterlens_core::{Geometry, LabelMap};
use raterlens_report::{AgreementPage, Extreme, RaterMask, SliceView};

/// Size of a study.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub raters: usize,
    pub structures: u16,
    pub images: usize,
    /// Rows and columns of a slice.
    pub side: usize,
    pub slices: usize,
    /// The first rater draws every image twice.
    pub repeats: bool,
}

/// A study with everything that a page borrows.
pub struct SyntheticStudy {
    pub structures: Vec<Structure>,
    pub report: AgreementReport,
    pub cases: Vec<CaseAgreement>,
    pub slices: Vec<SliceView>,
}

impl SyntheticStudy {
    /// The study's page.
    pub fn page(&self) -> AgreementPage<'_> {
        AgreementPage {
            title: "Agreement of raters",
            made_by: "raterlens-report example, synthetic ellipses",
            structures: &self.structures,
            report: &self.report,
            cases: &self.cases,
            slices: &self.slices,
            warnings: &[],
        }
    }
}

const NAMES: [&str; 12] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"];
const IDENTITY: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
const PIXEL_MM: [f64; 2] = [0.9, 0.8];

/// Draws and measures a study.
pub fn study(plan: Plan) -> SyntheticStudy {
    let ids: Vec<u16> = (1..=plan.structures).collect();
    let mut options = AgreementOptions::new(ids.clone());
    if plan.structures > 3 {
        options.bootstrap.replicates = 200; // the default takes a while
    }
    let mut study = Study::new(options).unwrap();
    let mut images = Vec::new();
    for image in 0..plan.images {
        let drawings = drawings(plan, image);
        let case = format!("case-{:02}", image + 1);
        study
            .add(&ImageDrawings::new(&case, drawings.clone()).unwrap())
            .unwrap();
        images.push((case, drawings));
    }
    let cases = study.cases().to_vec();
    let slices = ids
        .iter()
        .flat_map(|&id| extremes(plan, id, &cases, &images));
    SyntheticStudy {
        structures: ids
            .iter()
            .map(|&id| structure(id, plan.structures))
            .collect(),
        report: study.report().unwrap(),
        slices: slices.collect(),
        cases,
    }
}

fn structure(id: u16, of: u16) -> Structure {
    let titles = ["Right ellipse", "Left ellipse", "Small ellipse"];
    let title = titles.get(usize::from(id) - 1).filter(|_| of <= 3);
    let hue = f64::from(id) * 2.4;
    let color = [0.0, 2.1, 4.2].map(|phase| (150.0 + 90.0 * (hue + phase).cos()) as u8);
    Structure {
        id,
        name: format!("s{id}"),
        title: title.map_or_else(|| format!("Ellipse {id}"), |t| (*t).to_owned()),
        color,
        mirror: None,
        terminology: None,
    }
}

fn drawings(plan: Plan, image: usize) -> Vec<Drawing<'static>> {
    let mut drawings = Vec::new();
    for (rater, name) in NAMES.iter().enumerate().take(plan.raters) {
        for repeat in 0..=u32::from(plan.repeats && rater == 0) {
            drawings.push(Drawing {
                rater: (*name).to_owned(),
                repeat,
                labels: Cow::Owned(labels(plan, image, rater, repeat)),
            });
        }
    }
    drawings
}

fn labels(plan: Plan, image: usize, rater: usize, repeat: u32) -> LabelMap {
    let dims = [plan.side, plan.side, plan.slices];
    let spacing = [PIXEL_MM[1], PIXEL_MM[0], 4.0];
    let grid = Geometry::new(dims, spacing, [0.0; 3], IDENTITY).unwrap();
    let mut data = Array3::zeros(grid.shape_kji());
    for slice in 0..plan.slices {
        for id in 1..=plan.structures {
            let ellipse = Ellipse::new(plan, id, image, slice);
            let border = Border::new(rater, id, image, slice, repeat);
            for row in 0..plan.side {
                for column in 0..plan.side {
                    let (radius, angle) = ellipse.polar(row, column);
                    if radius < 1.5 && radius < border.at(angle) {
                        data[[slice, row, column]] = id;
                    }
                }
            }
        }
    }
    LabelMap::new(data, grid).unwrap()
}

/// The true shape.
struct Ellipse {
    center: [f64; 2],
    radii: [f64; 2],
}

impl Ellipse {
    fn new(plan: Plan, id: u16, image: usize, slice: usize) -> Self {
        let columns = f64::from(plan.structures).sqrt().ceil();
        let rows = (f64::from(plan.structures) / columns).ceil();
        let n = f64::from(id - 1);
        let cell = [plan.side as f64 / rows, plan.side as f64 / columns];
        let place = [(n / columns).floor() + 0.5, n % columns + 0.5];
        let size = 0.8 + 0.4 * chance(&[1, image, usize::from(id)]);
        let ends = 1.0 - 0.12 * (slice as f64 - (plan.slices as f64 - 1.0) / 2.0).abs();
        Self {
            center: [place[0] * cell[0], place[1] * cell[1]],
            radii: [0.30, 0.26].map(|part| part * cell[0].min(cell[1]) * size * ends),
        }
    }

    fn polar(&self, row: usize, column: usize) -> (f64, f64) {
        let y = (row as f64 - self.center[0]) / self.radii[0];
        let x = (column as f64 - self.center[1]) / self.radii[1];
        let radius = (x * x + y * y).sqrt();
        // Far away no border is asked for: the angle of most pixels is never needed.
        (radius, if radius < 1.5 { y.atan2(x) } else { 0.0 })
    }
}

/// Where a rater sees the border, as a part of the true radius.
struct Border {
    size: f64,
    waves: [[f64; 2]; 5],
}

impl Border {
    fn new(rater: usize, id: u16, image: usize, slice: usize, repeat: u32) -> Self {
        let id = usize::from(id);
        let seed = |what| [what, rater, id, image, slice, repeat as usize];
        let habit = 0.09 * (chance(&[2, rater, id % 5]) - 0.5);
        let doubt = 0.5 + 1.2 * chance(&[3, image, id]) + 0.4 * chance(&[9, id]);
        let wave = |n: usize| {
            let strength = 0.05 * doubt * (chance(&seed(10 + n)) - 0.5);
            [strength, 6.3 * chance(&seed(20 + n))]
        };
        Self {
            size: 1.0 + habit + 0.04 * doubt * (chance(&seed(4)) - 0.5),
            waves: std::array::from_fn(wave),
        }
    }

    fn at(&self, angle: f64) -> f64 {
        let waves = self.waves.iter().enumerate();
        let waves =
            waves.map(|(n, [strength, phase])| strength * ((n as f64 + 1.0) * angle + phase).sin());
        self.size + waves.sum::<f64>()
    }
}

/// A number from 0 to 1 that depends on nothing else (SplitMix64).
fn chance(seed: &[usize]) -> f64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for &part in seed {
        state = state
            .wrapping_add(part as u64 + 1)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 31;
    }
    (state >> 11) as f64 / (1_u64 << 53) as f64
}

type Image = (String, Vec<Drawing<'static>>);

fn extremes(plan: Plan, id: u16, cases: &[CaseAgreement], images: &[Image]) -> Vec<SliceView> {
    let mut found = Vec::new();
    for (image, case) in cases.iter().enumerate() {
        let structure = case.structures.iter().find(|s| s.structure == id).unwrap();
        for slice in &structure.slices {
            found.extend(slice.mean_dice.map(|dice| (dice, image, slice.slice)));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(least), Some(most)) = (found.first(), found.last()) else {
        return Vec::new();
    };
    let ends = [(Extreme::LeastAgreed, least), (Extreme::MostAgreed, most)];
    let cut = |(extreme, &(dice, image, slice)): (Extreme, &(f64, usize, usize))| {
        cut(plan, id, extreme, (dice, image, slice), &images[image])
    };
    ends.map(cut).into()
}

fn cut(
    plan: Plan,
    id: u16,
    extreme: Extreme,
    (dice, image, slice): (f64, usize, usize),
    (case, drawings): &Image,
) -> SliceView {
    let firsts = drawings.iter().filter(|d| d.repeat == 0);
    let drawings: Vec<_> = firsts
        .map(|d| RaterMask {
            rater: d.rater.clone(),
            mask: d.labels.data().slice(s![slice, .., ..]).mapv(|l| l == id),
        })
        .collect();
    let masks: Vec<_> = drawings.iter().map(|d| d.mask.view()).collect();
    let variance = variance_map_2d(&masks, &VarianceOptions::default(), PIXEL_MM).unwrap();
    SliceView {
        structure: id,
        extreme,
        case: case.clone(),
        slice,
        mean_dice: Some(dice),
        pixel_mm: PIXEL_MM,
        orientation: ['R', 'L', 'A', 'P'],
        image: Some(picture(plan, image, slice)),
        drawings,
        variance,
        variance_note: "tau 1 pixel, in plane".to_owned(),
    }
}

/// Dark ellipses with streaks in a brighter, uneven ground, with noise.
fn picture(plan: Plan, image: usize, slice: usize) -> Array2<f32> {
    let ellipses: Vec<_> = (1..=plan.structures)
        .map(|id| Ellipse::new(plan, id, image, slice))
        .collect();
    Array2::from_shape_fn((plan.side, plan.side), |(row, column)| {
        let (y, x) = (
            row as f64 / plan.side as f64,
            column as f64 / plan.side as f64,
        );
        let mut value = 520.0 + 160.0 * (5.0 * x + 2.0).sin() * (4.0 * y).cos();
        for ellipse in &ellipses {
            let (radius, _) = ellipse.polar(row, column);
            let inside = 1.0 / (1.0 + ((radius - 1.0) * 9.0).exp());
            let streaks = 45.0 * (70.0 * y + 5.0 * (9.0 * x).sin()).sin();
            value = value * (1.0 - inside) + inside * (230.0 + streaks);
        }
        (value + 70.0 * (chance(&[7, image, slice, row, column]) - 0.5)) as f32
    })
}
