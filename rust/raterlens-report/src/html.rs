//! The page, top to bottom.

use maud::{html, DOCTYPE};

use crate::check::check;
use crate::error::ReportError;
use crate::page::AgreementPage;

/// Writes the page.
///
/// # Errors
/// Structures without a name, arrays of a slice that differ in shape, slices without pixels.
pub fn agreement_html(page: &AgreementPage<'_>) -> Result<String, ReportError> {
    check(page)?;
    let markup = html! {
        (DOCTYPE)
        html lang="en" xmlns="http://www.w3.org/1999/xhtml" {
            head { title { (page.title) } }
            body {
                h1 { (page.title) }
                footer { p { (page.made_by) } }
            }
        }
    };
    Ok(markup.into_string())
}
