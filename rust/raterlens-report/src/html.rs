//! The page, top to bottom.

use maud::{html, Markup, PreEscaped, DOCTYPE};

use crate::check::check;
use crate::context::Context;
use crate::error::ReportError;
use crate::methods::methods;
use crate::overview::overview;
use crate::page::AgreementPage;
use crate::section::section;
use crate::slices::Slices;
use crate::verdict::verdict;

/// Up to so many structures, their sections are open.
const MAX_OPEN: usize = 4;

/// Writes the page as one string of HTML that is also well-formed XML.
///
/// It loads nothing and runs no script. Equal pages give equal bytes. Pictures are cropped to their structure and reduced so that
/// a page of forty structures has a few megabytes; the raters' outlines are never reduced. Names are escaped.
///
/// # Errors
/// Structures without a name, arrays of a slice that differ in shape, slices without pixels.
pub fn agreement_html(page: &AgreementPage<'_>) -> Result<String, ReportError> {
    check(page)?;
    let context = Context::new(*page);
    let slices = Slices::new(&context)?;
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            (head(page.title))
            body {
                main {
                    (top(&context))
                    (overview(&context))
                    (top_slices(&slices))
                    (structures(&context, &slices))
                    (methods(&context))
                }
                footer { p { (page.made_by) } }
            }
        }
    };
    Ok(markup.into_string())
}

fn head(title: &str) -> Markup {
    html! {
        head {
            // Void elements closed as XML wants them.
            (PreEscaped(r#"<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>"#))
            title { (title) }
            style { (PreEscaped(include_str!("style.css"))) }
        }
    }
}

fn top(context: &Context<'_>) -> Markup {
    let page = &context.page;
    let notes: Vec<_> = page.warnings.iter().chain(&page.report.notes).collect();
    html! {
        header {
            h1 { (page.title) }
            p.verdict { (verdict(context).join(" ")) }
            @if !notes.is_empty() {
                aside.notes {
                    h2 { "To keep in mind" }
                    ul { @for note in notes { li { (note) } } }
                }
            }
        }
    }
}

fn top_slices(slices: &Slices) -> Markup {
    html! {
        @if !slices.top.is_empty() {
            section #slices {
                h2 { "Where raters agree least and most" }
                div.slices { @for figure in &slices.top { (figure) } }
            }
        }
    }
}

fn structures(context: &Context<'_>, slices: &Slices) -> Markup {
    let all = &context.page.report.structures;
    html! {
        section #structures {
            h2 { "Structure by structure" }
            @if all.len() > MAX_OPEN {
                p.lead { "Choose a structure to unfold it. Folded structures are not printed." }
            }
            @for structure in all {
                @let id = structure.structure;
                @let own: Vec<_> = slices.rest.iter().filter(|(s, _)| *s == id).map(|(_, f)| f.clone()).collect();
                (section(context, structure, &own, all.len() <= MAX_OPEN))
            }
        }
    }
}
