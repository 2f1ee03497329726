//! Writes a page with every kind of figure about made-up numbers, to look at: `sample_figures OUT_FOLDER`.

use std::path::PathBuf;

use raterlens_report::plots::{
    figures_html, Axis, Curves, Figure, FigureGroup, FiguresPage, Plot, Series,
};
use raterlens_report::ReportError;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("say where to: sample_figures OUT_FOLDER")?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let groups = vec![group("Curves", curves()?)];
    for (n, figure) in groups.iter().flat_map(|g| &g.figures).enumerate() {
        std::fs::write(
            folder.join(format!("figure{n}.svg")),
            figure.plot.svg_file(),
        )?;
    }
    let page = FiguresPage {
        title: "Every kind of figure".into(),
        lead: vec!["Numbers of this page are made up: they show drawings, not results.".into()],
        notes: vec!["Nothing here was measured.".into()],
        groups,
        made_by: "sample_figures".into(),
    };
    std::fs::write(folder.join("figures.html"), figures_html(&page))?;
    Ok(())
}

fn group(title: &str, plots: Vec<Plot>) -> FigureGroup {
    let figure = |plot| Figure {
        plot,
        note: "Bands and bars: 95 % intervals. Made-up numbers; sample_figures.".into(),
    };
    FigureGroup {
        title: title.into(),
        lead: String::new(),
        figures: plots.into_iter().map(figure).collect(),
    }
}

/// Numbers between -0.5 and 0.5 that look random and are always the same.
fn noise(n: usize) -> f64 {
    let x = (n as f64 * 12.9898).sin() * 43758.5453;
    x - x.floor() - 0.5
}

fn curves() -> Result<Vec<Plot>, ReportError> {
    let epochs: Vec<f64> = (1..=150).map(f64::from).collect();
    let loss = |offset: f64, seed: usize| -> Vec<f64> {
        let at = |(n, e): (usize, &f64)| {
            (0.8 * (-e / 25.0).exp() + offset) * (1.0 + 0.2 * noise(n + seed))
        };
        epochs.iter().enumerate().map(at).collect()
    };
    let training = Curves {
        title: "Loss of training and validation".into(),
        x: Axis::new("epoch", ""),
        y: Axis::new("loss", "").holding([0.0]),
        series: vec![
            Series::new("training", epochs.clone(), loss(0.05, 0)),
            Series::new("validation", epochs.clone(), loss(0.11, 7)),
        ],
    };
    let rate = Curves {
        title: "Learning rate".into(),
        x: Axis::new("epoch", ""),
        y: Axis::new("rate", "").log(),
        series: vec![Series::new(
            "rate",
            epochs.clone(),
            epochs
                .iter()
                .map(|e| 0.00125 * (1.0 - (e - 1.0) / 150.0).powf(0.9))
                .collect(),
        )],
    };
    let samples: Vec<f64> = [1, 2, 3, 5, 10, 20, 50].map(f64::from).to_vec();
    let names = [
        "TransUNet, dropout",
        "TransUNet, ensemble",
        "U-Net, dropout",
        "U-Net, ensemble",
        "a model whose name is longer than the legend has room for",
    ];
    let series = names.iter().enumerate().map(|(k, name)| {
        let r: Vec<f64> = samples
            .iter()
            .map(|n| (0.62 - 0.09 * k as f64) * (1.0 - 0.3 / n))
            .collect();
        let half: Vec<f64> = samples.iter().map(|n| 0.03 + 0.05 / n).collect();
        let low = r.iter().zip(&half).map(|(r, h)| r - h).collect();
        let high = r.iter().zip(&half).map(|(r, h)| r + h).collect();
        Series::new(*name, samples.clone(), r).with_band(low, high)
    });
    let correlation = Curves {
        title: "Correlation with the raters' entropy by number of samples".into(),
        x: Axis::new("samples", "").log(),
        y: Axis::new("Pearson r", "").holding([0.0]),
        series: series.collect(),
    };
    let mut gaps = loss(0.1, 3);
    gaps.truncate(12);
    for n in [3, 5, 6] {
        gaps[n] = f64::NAN;
    }
    let gaps = Curves {
        title: "Gaps, one series, tiny numbers".into(),
        x: Axis::new("epoch", ""),
        y: Axis::new("variance MSE", ""),
        series: vec![Series::new(
            "a",
            epochs[..12].to_vec(),
            gaps.iter().map(|v| v * 1e-5).collect(),
        )],
    };
    let nothing = Curves {
        title: "Nothing yet".into(),
        x: Axis::new("epoch", ""),
        y: Axis::new("volume", "ml"),
        series: vec![],
    };
    [training, rate, correlation, gaps, nothing]
        .iter()
        .map(Curves::draw)
        .collect()
}
