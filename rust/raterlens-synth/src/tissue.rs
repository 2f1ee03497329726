//! Tissues and how bright they are on a T2-weighted turbo spin echo image.

use crate::draw::Draw;

/// What a cell of the tissue map holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tissue {
    Air,
    Skin,
    SubcutaneousFat,
    Septum,
    DeepFat,
    OtherMuscle,
    /// One of the four labelled muscles; the fields tell fat strands inside apart.
    Multifidus,
    Erector,
    Strand,
    Perimysium,
    Fascia,
    Cortex,
    Marrow,
    Annulus,
    InnerAnnulus,
    OuterNucleus,
    Nucleus,
    Ligament,
    EpiduralFat,
    Csf,
    Root,
    JointFluid,
    VesselVoid,
    VesselSlow,
    BowelWall,
    BowelFluid,
    BowelContent,
    Kidney,
}

impl Tissue {
    /// All tissues, in the order of their numbers.
    #[rustfmt::skip]
    pub(crate) const ALL: [Self; TISSUES] = [
        Self::Air, Self::Skin, Self::SubcutaneousFat, Self::Septum, Self::DeepFat, Self::OtherMuscle, Self::Multifidus, Self::Erector,
        Self::Strand, Self::Perimysium, Self::Fascia, Self::Cortex, Self::Marrow, Self::Annulus, Self::InnerAnnulus,
        Self::OuterNucleus, Self::Nucleus, Self::Ligament, Self::EpiduralFat, Self::Csf, Self::Root, Self::JointFluid,
        Self::VesselVoid, Self::VesselSlow, Self::BowelWall, Self::BowelFluid, Self::BowelContent, Self::Kidney,
    ];
}

/// Number of tissues.
pub(crate) const TISSUES: usize = Tissue::Kidney as usize + 1;

/// Mean signal and depth of the texture of one tissue.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signal {
    pub mean: f32,
    /// Fine grain, fraction of the mean.
    pub grain: f32,
    /// Broad patches, fraction of the mean.
    pub patches: f32,
}

/// The signals of one subject; ordinary contrast varied a little.
pub(crate) fn signals(
    draw: &mut Draw,
    disc_health: f64,
    infiltration: [f64; 2],
) -> [Signal; TISSUES] {
    #[allow(clippy::enum_glob_use)] // One line per tissue, in a table of all of them.
    use Tissue::*;
    let gain = draw.range(0.8, 1.15);
    let fat = draw.range(700.0, 900.0);
    let muscle = draw.range(150.0, 225.0);
    let csf = draw.range(950.0, 1250.0);
    let marrow = draw.range(0.42, 0.68) * fat;
    let fat_in = |share: f64| muscle + 0.35 * share * (fat - muscle);
    let annulus = draw.range(110.0, 170.0);
    let nucleus = annulus + disc_health * draw.range(150.0, 450.0);
    let table = [
        (Air, 6.0, 0.2, 0.0),
        (Skin, 0.45 * fat, 0.1, 0.0),
        (SubcutaneousFat, 1.05 * fat, 0.05, 0.06),
        (Septum, 0.62 * fat, 0.05, 0.0),
        (DeepFat, 0.92 * fat, 0.09, 0.16),
        (OtherMuscle, 1.05 * muscle, 0.2, 0.12),
        (
            Multifidus,
            fat_in(infiltration[0]),
            0.2,
            0.1 + infiltration[0],
        ),
        (Erector, fat_in(infiltration[1]), 0.2, 0.1 + infiltration[1]),
        (Strand, 0.8 * fat, 0.08, 0.1),
        (Perimysium, muscle + 0.3 * (fat - muscle), 0.1, 0.1),
        (Fascia, 0.5 * muscle, 0.1, 0.0),
        (Cortex, 0.32 * muscle, 0.1, 0.0),
        (Marrow, marrow, 0.12, 0.16),
        (Annulus, 0.8 * annulus, 0.12, 0.08),
        (
            InnerAnnulus,
            annulus + 0.2 * (nucleus - annulus) + 20.0,
            0.12,
            0.1,
        ),
        (
            OuterNucleus,
            annulus + 0.6 * (nucleus - annulus) + 25.0,
            0.1,
            0.12,
        ),
        (Nucleus, nucleus, 0.08, 0.12),
        (Ligament, 0.7 * muscle, 0.15, 0.0),
        (EpiduralFat, 0.92 * fat, 0.06, 0.05),
        (Csf, csf, 0.04, 0.05),
        (Root, 0.42 * csf, 0.05, 0.0),
        (JointFluid, 0.75 * csf, 0.1, 0.1),
        (VesselVoid, 45.0, 0.2, 0.3),
        (VesselSlow, draw.range(120.0, 420.0), 0.1, 0.2),
        (BowelWall, 1.6 * muscle, 0.15, 0.1),
        (BowelFluid, draw.range(500.0, 950.0), 0.12, 0.25),
        (BowelContent, draw.range(200.0, 480.0), 0.3, 0.35),
        (Kidney, draw.range(480.0, 620.0), 0.08, 0.15),
    ];
    let mut out = [Signal::default(); TISSUES];
    for (tissue, mean, grain, patches) in table {
        if let Some(entry) = out.get_mut(tissue as usize) {
            *entry = Signal {
                mean: (mean * gain) as f32,
                grain: grain as f32,
                patches: patches as f32,
            };
        }
    }
    out
}
