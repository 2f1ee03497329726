//! Writes a page with every kind of figure about made-up numbers, to look at: `sample_figures OUT_FOLDER`.

use std::path::PathBuf;

use raterlens_core::agreement::BootstrapOptions;
use raterlens_core::evaluation::{
    average_calibration, bootstrap_pearson, calibration, fit_line, pearson,
};
use raterlens_report::plots::{
    figures_html, Axis, Bar, BarSeries, Bars, Correlation, Curves, Figure, FigureGroup,
    FiguresPage, Plot, RegressionLine, Reliability, Scatter, Series,
};

type Plots = Result<Vec<Plot>, Box<dyn std::error::Error>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("say where to: sample_figures OUT_FOLDER")?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let groups = vec![
        group("Curves", curves()?),
        group("Scatter", scatter()?),
        group("Reliability", reliability()?),
        group("Bars", bars()?),
    ];
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
        tables: Vec::new(),
        figures: plots.into_iter().map(figure).collect(),
    }
}

/// Numbers between -0.5 and 0.5 that look random and are always the same.
fn noise(n: usize) -> f64 {
    let x = (n as f64 * 12.9898).sin() * 43758.5453;
    x - x.floor() - 0.5
}

fn curves() -> Plots {
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
    let all = [training, rate, correlation, gaps, nothing];
    Ok(all.iter().map(Curves::draw).collect::<Result<_, _>>()?)
}

fn scatter() -> Plots {
    let plans = [
        ("TransUNet, dropout", 120, 0.03),
        ("U-Net, dropout", 120, 0.12),
        ("Steep, many", 600, 0.01),
        ("Three images", 3, 0.0),
    ];
    let mut plots = Vec::new();
    for (n, (title, images, spread)) in plans.into_iter().enumerate() {
        let x: Vec<f64> = (0..images)
            .map(|i| 0.02 + 0.03 * noise(i + 50 * n).abs())
            .collect();
        let rise = if n == 2 { 6.0 } else { 1.2 };
        let y: Vec<f64> = x
            .iter()
            .enumerate()
            .map(|(i, x)| rise * x + spread * noise(i + 999).powi(3) + 0.01)
            .collect();
        let (found, line) = (pearson(&x, &y)?, fit_line(&x, &y)?);
        let interval = bootstrap_pearson(&x, &y, &BootstrapOptions::default())?.interval;
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        let band = |line: raterlens_core::evaluation::LineFit| -> Vec<[f64; 3]> {
            let at = (0..=20).map(|k| 0.02 + 0.015 * f64::from(k) / 20.0);
            at.filter_map(|x| line.interval(x, 0.95).map(|[low, high]| [x, low, high]))
                .collect()
        };
        let panel = Scatter {
            title: title.into(),
            x: Axis::new("GT entropy", "nat"),
            y: Axis::new("epistemic entropy", "nat"),
            points: x.iter().zip(&y).map(|(x, y)| [*x, *y]).collect(),
            color: n,
            line: line.map(|line| RegressionLine {
                intercept: line.intercept,
                slope: line.slope,
                band: if images > 3 { band(line) } else { vec![] },
            }),
            correlation: found.r.map(|r| Correlation {
                r,
                interval: interval.map(|i| [i.low, i.high]),
                p: found.p,
            }),
            lines: vec![format!("mean entropy {mean:.3} nat")],
        };
        plots.push(panel.draw()?);
    }
    Ok(plots)
}

fn reliability() -> Plots {
    let model = |seed: usize, honest: f64| -> Result<_, Box<dyn std::error::Error>> {
        let mut images = Vec::new();
        for image in 0..20 {
            let confidence: Vec<f32> = (0..400)
                .map(|n| (0.75 + 0.5 * noise(n + 400 * image + seed)) as f32)
                .collect();
            let right: Vec<bool> = confidence
                .iter()
                .enumerate()
                .map(|(n, c)| noise(n + 77 * image) + 0.5 < f64::from(*c).powf(honest))
                .collect();
            images.push(calibration(&confidence, &right, 10)?);
        }
        Ok(average_calibration(&images, &BootstrapOptions::default())?)
    };
    let two = Reliability {
        title: "Two models".into(),
        models: vec![
            ("majority vote".into(), model(0, 2.2)?),
            ("random sampling".into(), model(5, 1.1)?),
        ],
    };
    let one = Reliability {
        title: "One model".into(),
        models: vec![("majority vote".into(), model(0, 1.6)?)],
    };
    Ok(vec![two.draw()?, one.draw()?])
}

fn bars() -> Plots {
    let names = ["TransUNet", "U-Net", "Attention U-Net"];
    let series = names.iter().enumerate().map(|(n, name)| BarSeries {
        name: (*name).into(),
        bars: (0..4)
            .map(|g| {
                let value = 0.94 - 0.02 * n as f64 + 0.02 * noise(g + n);
                (g != 2 || n != 1).then(|| Bar {
                    value,
                    interval: Some([value - 0.03, (value + 0.02).min(1.0)]),
                    mark: if n == 0 && g % 2 == 0 {
                        "**".into()
                    } else {
                        String::new()
                    },
                })
            })
            .collect(),
    });
    let dice = Bars {
        title: "Dice by structure".into(),
        y: Axis::new("Dice", ""),
        groups: [
            "right multifidus",
            "left multifidus",
            "right erector spinae",
            "left erector spinae",
        ]
        .map(String::from)
        .to_vec(),
        series: series.collect(),
    };
    let signed = Bars {
        title: "Differences".into(),
        y: Axis::new("volume difference", "ml"),
        groups: vec!["a".into(), "b".into()],
        series: vec![BarSeries {
            name: "one".into(),
            bars: vec![
                Some(Bar {
                    value: -1.5,
                    interval: Some([-2.0, -1.0]),
                    mark: "*".into(),
                }),
                Some(Bar {
                    value: 0.7,
                    interval: None,
                    mark: String::new(),
                }),
            ],
        }],
    };
    Ok(vec![dice.draw()?, signed.draw()?])
}
