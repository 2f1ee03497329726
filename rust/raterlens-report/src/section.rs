//! One structure in detail.

use maud::{html, Markup};
use raterlens_core::agreement::{Metric, StructureAgreement};

use crate::bias::bias;
use crate::bland_altman::bland_altman;
use crate::case_strip::case_strip;
use crate::context::Context;
use crate::estimate::Format;
use crate::heat_map::heat_maps;
use crate::repeats::repeats;

/// The section, open or folded; `slices` are figures that are shown here and not on top of the page.
pub(crate) fn section(
    context: &Context<'_>,
    structure: &StructureAgreement,
    slices: &[Markup],
    is_open: bool,
) -> Markup {
    let id = structure.structure;
    html! {
        details.structure open=[is_open.then_some("open")] {
            summary {
                span.swatch style={ "background:" (context.color(id)) } {}
                h3 { (context.title(id)) }
                span.where { (headline(structure)) }
            }
            // A link to what is inside unfolds the section, without a script.
            div.inside id={ "s" (id) } {
                @if structure.images == 0 {
                    p { "Nobody drew it in any image." }
                } @else {
                    (charts(context, structure, slices))
                }
            }
        }
    }
}

fn charts(context: &Context<'_>, structure: &StructureAgreement, slices: &[Markup]) -> Markup {
    html! {
        @if !slices.is_empty() { div.slices { @for slice in slices { (slice) } } }
        h4 { "Pairs of raters" }
        p.lead {
            "Bright: the pair agrees. One scale for all structures."
            @if !structure.repeats.is_empty() { " On the diagonal: repeated drawings of one rater." }
        }
        (heat_maps(context, structure))
        (repeats(context, structure))
        (case_strip(context, structure))
        (bland_altman(context, structure))
        (bias(context, structure))
        (foreground(context, structure))
    }
}

fn headline(structure: &StructureAgreement) -> String {
    let dice = structure.mean_over_pairs.get(&Metric::Dice);
    match dice {
        Some(summary) if structure.images > 0 => {
            format!("mean Dice {}", Format::plain(3).sentence(&summary.mean))
        }
        _ => "not drawn".to_owned(),
    }
}

fn foreground(context: &Context<'_>, structure: &StructureAgreement) -> Markup {
    let nominal = &structure.nominal;
    let format = Format::plain(3);
    html! {
        p.note {
            "Over the voxels that at least one rater gave to this structure: Fleiss’ κ "
            (format.sentence(&nominal.fleiss_kappa_foreground)) ", Krippendorff’s α "
            (format.sentence(&nominal.krippendorff_alpha_foreground)) " (" (context.level()) " intervals). Every such voxel was picked "
            "because of its ratings, so these are low, often below 0, and comparable only with each other."
        }
    }
}
