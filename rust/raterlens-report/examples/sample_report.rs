//! Writes pages about synthetic studies of several sizes, to look at: `sample_report OUT_FOLDER`.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use std::path::PathBuf;

use raterlens_report::agreement_html;
use synthetic::{study, Plan};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("say where to: sample_report OUT_FOLDER")?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let plan = Plan {
        raters: 5,
        structures: 3,
        images: 12,
        side: 128,
        slices: 4,
        repeats: false,
    };
    let plans = [
        ("usual", plan),
        (
            "repeats",
            Plan {
                raters: 3,
                structures: 1,
                images: 8,
                repeats: true,
                ..plan
            },
        ),
        (
            "smallest",
            Plan {
                raters: 2,
                structures: 1,
                images: 1,
                ..plan
            },
        ),
        (
            "largest",
            Plan {
                raters: 7,
                structures: 40,
                side: 192,
                ..plan
            },
        ),
        (
            "crowd",
            Plan {
                raters: 12,
                structures: 2,
                images: 100,
                side: 80,
                ..plan
            },
        ),
    ];
    let wanted = std::env::args().nth(2);
    for (name, plan) in plans {
        if wanted.as_ref().is_some_and(|w| w != name) {
            continue;
        }
        let study = study(plan);
        let warnings = ["Synthetic shapes: nothing here says anything about patients.".to_owned()];
        let page = synthetic_page(&study, &warnings);
        let html = agreement_html(&page)?;
        println!("{name}.html: {} kB", html.len() / 1024);
        std::fs::write(folder.join(format!("{name}.html")), html)?;
    }
    Ok(())
}

fn synthetic_page<'a>(
    study: &'a synthetic::SyntheticStudy,
    warnings: &'a [String],
) -> raterlens_report::AgreementPage<'a> {
    raterlens_report::AgreementPage {
        warnings,
        ..study.page()
    }
}
