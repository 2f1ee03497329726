//! How everything on the page was computed.

use maud::{html, Markup};
use raterlens_core::agreement::AgreementOptions;
use raterlens_core::metrics::SurfaceSpace;

use crate::context::Context;
use crate::number::fixed;

/// Definitions, rules for empty drawings, and the options that were used.
pub(crate) fn methods(context: &Context<'_>) -> Markup {
    let options = &context.page.report.options;
    html! {
        section #methods {
            h2 { "How this was computed" }
            dl {
                @for (term, words) in definitions() { div { dt { (term) } dd { (words) } } }
                div { dt { "Surfaces" } dd { (surfaces(options)) } }
                div { dt { "Intervals" } dd { (intervals(context, options)) } }
            }
        }
    }
}

fn definitions() -> [(&'static str, &'static str); 12] {
    [
        ("Dice", "Twice the voxels that both raters drew, divided by the sum of the voxels of each; 1 is the same drawing."),
        ("HD95", "The larger of the two directed 95th percentiles of the distances from one surface to the other, in millimetres."),
        ("ASSD", "Average symmetric surface distance: the mean over both surfaces of the distance to the other one, in millimetres."),
        ("Mean over pairs", "Per image the mean over all pairs of raters who drew it, then the mean over images."),
        ("Fleiss’ κ, Krippendorff’s α", "Agreement of all raters about every voxel, corrected for chance: 1 is full agreement, 0 is chance. Over all voxels the easy \
            background raises the level of both."),
        ("ICC(2,1)", "Intraclass correlation of absolute agreement between single raters, two-way random effects, over images or slices that all raters measured."),
        ("Bland–Altman", "Difference of two raters over their mean; limits of agreement are the mean difference ± 1.96 standard deviations."),
        ("Bias of a rater", "Volume and mean signed surface distance against each of the other raters, averaged; and against the majority vote of the others, where a \
            tie counts as background. Positive: the rater draws more."),
        ("Variance map", "Per pixel the population variance over raters of their soft labels, which are a logistic function of the signed distance to each rater’s outline: 0 is full \
            agreement, 0.25 is half against half."),
        ("Empty drawings", "One of two raters left the structure empty: Dice 0, distances undefined. Both did: Dice 1, distances undefined; images that nobody drew are left out \
            of ICC, Bland–Altman and the chart of images. Undefined values enter no mean and are counted beside it."),
        ("Slices", "Are counted from 0 along the image’s own slice axis. Of each structure the slices of lowest and of highest mean Dice over pairs are shown; pictures are cropped \
            around the drawings, in the image’s proportions."),
        ("Outlines", "Run along pixel edges. Where raters coincide their lines are laid side by side, by at most 0.35 pixels from the edge."),
    ]
}

fn surfaces(options: &AgreementOptions) -> String {
    match options.compare.space {
        SurfaceSpace::Slices => {
            "Distances are measured slice by slice, in plane; an image’s value is the mean over its slices.".to_owned()
        }
        // The other kind, and what later versions may add, go across slices.
        _ => "Distances are measured in space, across slices, in millimetres of the image’s own grid.".to_owned(),
    }
}

fn intervals(context: &Context<'_>, options: &AgreementOptions) -> String {
    let bootstrap = &options.bootstrap;
    format!(
        "Percentile bootstrap over images, {} level, {} replicates, seed {}. Images are drawn as a whole, since the slices of one image are not \
         independent; with few images such intervals are too narrow. Tolerance of surfaces: {} mm.",
        context.level(),
        bootstrap.replicates,
        bootstrap.seed,
        fixed(options.compare.tolerance_mm, 2)
    )
}
