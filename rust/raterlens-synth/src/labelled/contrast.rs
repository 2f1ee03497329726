//! What tissues look like: T1w-, T2w-, water- and fat-like, or anything.

use crate::draw::Draw;
use crate::tissue::{signals, Signal, Tissue, TISSUES};

/// A kind of contrast, in the order of [`LabelImageOptions::contrasts`](super::LabelImageOptions::contrasts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contrast {
    /// Fat bright, fluid dark.
    T1,
    /// Fluid and fat bright.
    T2,
    /// Water of a Dixon pair: fat dark.
    Water,
    /// Fat of a Dixon pair: all but fat dark.
    Fat,
    /// Anything.
    Random,
}

impl Contrast {
    /// All, in order.
    pub const ALL: [Self; 5] = [Self::T1, Self::T2, Self::Water, Self::Fat, Self::Random];

    pub(crate) fn draw(draw: &mut Draw, weights: &[f64; 5]) -> Self {
        let mut at = draw.unit() * weights.iter().sum::<f64>();
        for (contrast, weight) in Self::ALL.iter().zip(weights) {
            at -= weight;
            if at < 0.0 {
                return *contrast;
            }
        }
        Self::Random
    }
}

/// Ranges of a contrast's signals, from which every image draws.
struct Base {
    fat: (f64, f64),
    muscle: (f64, f64),
    fluid: (f64, f64),
    marrow: (f64, f64),
    disc: (f64, f64),
    ligament: (f64, f64),
    cortex: (f64, f64),
    void: (f64, f64),
    blood: (f64, f64),
    wall: (f64, f64),
    content: (f64, f64),
    organ: (f64, f64),
    skin: (f64, f64),
    root: (f64, f64),
}

const T1: Base = Base {
    fat: (650.0, 1000.0),
    muscle: (170.0, 380.0),
    fluid: (60.0, 180.0),
    marrow: (350.0, 850.0),
    disc: (150.0, 330.0),
    ligament: (50.0, 170.0),
    cortex: (15.0, 90.0),
    void: (10.0, 80.0),
    blood: (60.0, 350.0),
    wall: (150.0, 350.0),
    content: (80.0, 900.0),
    organ: (180.0, 420.0),
    skin: (200.0, 600.0),
    root: (130.0, 300.0),
};
const WATER: Base = Base {
    fat: (10.0, 170.0),
    muscle: (400.0, 800.0),
    fluid: (450.0, 1300.0),
    marrow: (120.0, 500.0),
    disc: (300.0, 900.0),
    ligament: (60.0, 350.0),
    cortex: (10.0, 110.0),
    void: (20.0, 300.0),
    blood: (150.0, 1000.0),
    wall: (250.0, 800.0),
    content: (20.0, 900.0),
    organ: (350.0, 1000.0),
    skin: (250.0, 1000.0),
    root: (250.0, 700.0),
};
const FAT: Base = Base {
    fat: (650.0, 1000.0),
    muscle: (10.0, 110.0),
    fluid: (3.0, 60.0),
    marrow: (80.0, 650.0),
    disc: (5.0, 80.0),
    ligament: (5.0, 90.0),
    cortex: (5.0, 120.0),
    void: (2.0, 50.0),
    blood: (3.0, 70.0),
    wall: (5.0, 100.0),
    content: (2.0, 200.0),
    organ: (5.0, 100.0),
    skin: (30.0, 500.0),
    root: (5.0, 60.0),
};
const ANY: (f64, f64) = (5.0, 1000.0);
const RANDOM: Base = Base {
    fat: ANY,
    muscle: ANY,
    fluid: ANY,
    marrow: ANY,
    disc: ANY,
    ligament: ANY,
    cortex: ANY,
    void: ANY,
    blood: ANY,
    wall: ANY,
    content: ANY,
    organ: ANY,
    skin: ANY,
    root: ANY,
};

/// The signals of all tissues in one image.
pub(crate) fn table(draw: &mut Draw, contrast: Contrast) -> [Signal; TISSUES] {
    let mut out = match contrast {
        Contrast::T1 => of_base(draw, &T1),
        Contrast::T2 => {
            let health = draw.unit();
            signals(draw, health, [0.0, 0.0])
        }
        Contrast::Water => of_base(draw, &WATER),
        Contrast::Fat => of_base(draw, &FAT),
        Contrast::Random => of_base(draw, &RANDOM),
    };
    for signal in &mut out {
        signal.mean *= (1.0 + 0.06 * draw.normal()).max(0.3) as f32;
    }
    out
}

fn of_base(draw: &mut Draw, base: &Base) -> [Signal; TISSUES] {
    #[allow(clippy::enum_glob_use)] // One line per tissue, in a table of all of them.
    use Tissue::*;
    let (fat, muscle) = (draw.within(base.fat), draw.within(base.muscle));
    let (fluid, disc) = (draw.within(base.fluid), draw.within(base.disc));
    let nucleus = disc + 0.5 * draw.unit() * (fluid - disc);
    let between = |share: f64| muscle + share * (fat - muscle);
    let wall = draw.within(base.wall);
    let grain = draw.range(0.03, 0.2);
    let patch = draw.range(0.02, 0.25);
    let table = [
        (Air, draw.range(0.0, 12.0), 0.2, 0.0),
        (Skin, draw.within(base.skin), grain, 0.0),
        (
            SubcutaneousFat,
            fat * draw.range(0.9, 1.15),
            0.5 * grain,
            0.5 * patch,
        ),
        (Septum, between(draw.range(0.1, 0.9)), grain, 0.0),
        (DeepFat, fat * draw.range(0.8, 1.0), 0.6 * grain, patch),
        (OtherMuscle, muscle * draw.range(0.9, 1.1), grain, patch),
        (Multifidus, muscle * draw.range(0.95, 1.05), grain, patch),
        (Erector, muscle * draw.range(0.95, 1.05), grain, patch),
        (Strand, between(draw.range(0.6, 0.95)), grain, 0.1),
        (Perimysium, between(0.3), grain, 0.1),
        (Fascia, muscle * draw.range(0.15, 0.8), grain, 0.0),
        (Cortex, draw.within(base.cortex), grain, 0.0),
        (Marrow, draw.within(base.marrow), grain, patch),
        (Annulus, disc * draw.range(0.5, 1.0), grain, 0.08),
        (InnerAnnulus, disc, grain, 0.1),
        (OuterNucleus, 0.5 * (disc + nucleus), grain, 0.1),
        (Nucleus, nucleus, grain, 0.1),
        (Ligament, draw.within(base.ligament), grain, 0.0),
        (EpiduralFat, fat * draw.range(0.8, 1.0), grain, 0.05),
        (Csf, fluid, 0.5 * grain, 0.05),
        (Root, draw.within(base.root), grain, 0.0),
        (JointFluid, fluid * draw.range(0.5, 1.0), grain, 0.1),
        (VesselVoid, draw.within(base.void), 0.2, 0.3),
        (VesselSlow, draw.within(base.blood), 0.1, 0.2),
        (BowelWall, wall, grain, 0.1),
        (BowelFluid, draw.within(base.content), 0.12, 0.25),
        (BowelContent, draw.within(base.content), 0.3, 0.4),
        (Kidney, draw.within(base.organ), grain, 0.15),
    ];
    let mut out = [Signal::default(); TISSUES];
    for (tissue, mean, grain, patches) in table {
        if let Some(entry) = out.get_mut(tissue as usize) {
            *entry = Signal {
                mean: mean as f32,
                grain: grain as f32,
                patches: patches as f32,
            };
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Purpose;

    #[test]
    fn contrasts_are_what_they_are_called() {
        for seed in 0..20 {
            let draw = &mut Draw::new(seed, Purpose::Contrast, 0);
            let mut of = |contrast| {
                let table = table(draw, contrast);
                let mean = |t: Tissue| table[t as usize].mean;
                let [fat, muscle, fluid] =
                    [Tissue::SubcutaneousFat, Tissue::Erector, Tissue::Csf].map(mean);
                (fat, muscle, fluid)
            };
            let (fat, muscle, fluid) = of(Contrast::T1);
            assert!(fat > muscle && muscle > 0.8 * fluid);
            let (fat, muscle, fluid) = of(Contrast::T2);
            assert!(fluid > fat && fat > muscle);
            let (fat, muscle, _) = of(Contrast::Water);
            assert!(muscle > 1.5 * fat);
            let (fat, muscle, fluid) = of(Contrast::Fat);
            assert!(fat > 4.0 * muscle && fat > 4.0 * fluid);
        }
    }

    #[test]
    fn weights_decide_how_often_a_contrast_is_drawn() {
        let draw = &mut Draw::new(1, Purpose::Contrast, 0);
        let only = [0.0, 0.0, 0.0, 1.0, 0.0];
        assert!((0..20).all(|_| Contrast::draw(draw, &only) == Contrast::Fat));
    }
}
