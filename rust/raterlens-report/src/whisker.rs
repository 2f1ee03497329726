//! A dot with its interval, small enough for a table.

use maud::{html, Markup};
use raterlens_core::agreement::Estimate;

use crate::estimate::{finite, Format};
use crate::number::px;
use crate::scale::Scale;
use crate::svg::line;

const WIDTH: f64 = 64.0;
const HEIGHT: f64 = 10.0;

/// The estimate on a scale that a whole column shares; nothing for an undefined one.
pub(crate) fn whisker(estimate: &Estimate, domain: [f64; 2], format: Format) -> Markup {
    let Some(value) = finite(estimate) else {
        return html! {};
    };
    let scale = Scale::new(domain, [4.0, WIDTH - 4.0]);
    let middle = HEIGHT / 2.0;
    html! {
        svg.whisker viewBox={ "0 0 " (px(WIDTH)) " " (px(HEIGHT)) } role="img" {
            title { (format.sentence(estimate)) }
            (line("rail", [scale.at(domain[0]), middle], [scale.at(domain[1]), middle]))
            @if let Some(i) = estimate.interval {
                (line("span", [scale.at(i.low), middle], [scale.at(i.high), middle]))
            }
            circle.point cx=(px(scale.at(value))) cy=(px(middle)) r="3.2" {}
        }
    }
}
