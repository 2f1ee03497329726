//! One finished figure.

use maud::{Markup, PreEscaped};

/// The rules that figures need, for a page and for a file of its own.
pub(crate) const STYLE: &str = concat!(include_str!("../style.css"), include_str!("plots.css"));

/// A figure as vector graphics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plot {
    markup: String,
}

impl Plot {
    pub(crate) fn new(markup: Markup) -> Self {
        Self {
            markup: markup.into_string(),
        }
    }

    /// The `<svg>` element for a page of [`figures_html`](super::figures_html); its colours come from that page's style.
    pub fn element(&self) -> &str {
        &self.markup
    }

    /// The figure as an SVG file with its style, which programs for vector graphics open.
    ///
    /// It follows the viewer's light or dark setting, as the page does.
    pub fn svg_file(&self) -> String {
        let head = r#"<svg xmlns="http://www.w3.org/2000/svg" "#;
        let rest = self.markup.strip_prefix("<svg ").unwrap_or(&self.markup);
        let (tag, inside) = rest.split_once('>').unwrap_or((rest, ""));
        format!("{head}{tag}><style>{STYLE}</style>{inside}\n")
    }

    pub(crate) fn markup(&self) -> PreEscaped<&str> {
        PreEscaped(&self.markup)
    }
}
