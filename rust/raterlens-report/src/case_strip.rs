//! Every image's mean Dice, with the worst by name.

use maud::{html, Markup};
use raterlens_core::agreement::StructureAgreement;

use crate::context::{image_dice, Context};
use crate::number::{count, fixed};
use crate::scale::Scale;
use crate::svg::{chart, dot, text, x_axis};

const LEFT: f64 = 16.0;
const WIDTH: f64 = 560.0;
const RADIUS: f64 = 4.5;
/// How many images are named.
const NAMED: usize = 5;

/// The strip; nothing when no image has a value.
pub(crate) fn case_strip(context: &Context<'_>, structure: &StructureAgreement) -> Markup {
    let with_value = context.in_cases(structure).filter_map(|(name, image)| {
        let dice = image_dice(image).filter(|d| d.is_finite());
        Some((name, dice?))
    });
    let mut images: Vec<(&str, f64)> = with_value.collect();
    images.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(b.0)));
    if images.len() < 2 {
        return html! {};
    }
    let named = images.iter().take(NAMED.min(images.len() / 2));
    html! {
        h4 { "Images" }
        div.charts.strip {
            figure { (strip(context, structure, &images)) }
            div.worst {
                p { strong { "Least agreed" } ", mean Dice over pairs" }
                ol {
                    @for (name, dice) in named {
                        li { b { (fixed(*dice, 3)) } " " (name) }
                    }
                }
            }
        }
    }
}

fn strip(context: &Context<'_>, structure: &StructureAgreement, images: &[(&str, f64)]) -> Markup {
    let x = Scale::new(context.image_dice, [LEFT, LEFT + WIDTH]);
    let places = stacked(images.iter().map(|(_, dice)| x.at(*dice)));
    let highest = places.iter().map(|(_, level)| *level).max();
    let rows = highest.unwrap_or(0) + 1;
    let bottom = 14.0 + 2.0 * RADIUS * rows.max(3) as f64;
    let worst = NAMED.min(images.len() / 2);
    let body = html! {
        (x_axis(&x, [6.0, bottom], 6))
        @for (n, ((name, dice), (place, level))) in images.iter().zip(&places).enumerate() {
            @let y = bottom - RADIUS * (2 * level + 1) as f64;
            @let class = if n < worst { "image worst" } else { "image" };
            (dot(class, [*place, y], RADIUS - 0.5, "currentColor", &format!("{name}: {}", fixed(*dice, 3))))
        }
        (text("label", [LEFT + WIDTH / 2.0, bottom + 32.0], "middle", "mean Dice of the image over all pairs of raters"))
    };
    let low = images.first().map_or(0.0, |i| i.1);
    let high = images.last().map_or(0.0, |i| i.1);
    let label = format!(
        "{}: mean Dice of {}, from {} to {}",
        context.title(structure.structure),
        count(images.len(), "image", "images"),
        fixed(low, 3),
        fixed(high, 3)
    );
    chart([LEFT + WIDTH + 16.0, bottom + 40.0], &label, &body)
}

/// Where dots are drawn, and on which level: those (ascending) within one dot's width of the first of a stack lie above each other, at their
/// mean place (Wilkinson 1999, doi:10.1080/00031305.1999.10474474).
fn stacked(places: impl Iterator<Item = f64>) -> Vec<(f64, usize)> {
    let places: Vec<f64> = places.collect();
    let mut dots = Vec::with_capacity(places.len());
    let mut rest = places.as_slice();
    while let Some(first) = rest.first() {
        let size = rest
            .iter()
            .take_while(|x| **x < first + 2.0 * RADIUS)
            .count();
        let (stack, others) = rest.split_at(size.max(1));
        let mean = stack.iter().sum::<f64>() / stack.len() as f64;
        dots.extend((0..stack.len()).map(|level| (mean, level)));
        rest = others;
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_that_would_overlap_are_stacked() {
        let found = stacked([0.0, RADIUS, 2.0 * RADIUS, 9.0 * RADIUS].into_iter());
        let [low, high] = [0.5 * RADIUS, 9.0 * RADIUS];
        assert_eq!(found, [(low, 0), (low, 1), (2.0 * RADIUS, 0), (high, 0)]);
    }
}
