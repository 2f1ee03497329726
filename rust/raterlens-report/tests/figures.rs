//! Pages of figures, and figures as files of their own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // in helpers of tests a panic is the failure

mod walk;

use raterlens_core::agreement::BootstrapOptions;
use raterlens_core::evaluation::{average_calibration, calibration};
use raterlens_report::plots::{
    figures_html, Axis, Bar, BarSeries, Bars, Correlation, Curves, Figure, FigureGroup,
    FiguresPage, Plot, RegressionLine, Reliability, Scatter, Series,
};
use walk::{check, Walk};

const NASTY: &str = "<b>&\"'</script>";

fn curves() -> Plot {
    let curves = Curves {
        title: NASTY.into(),
        x: Axis::new(NASTY, NASTY).log(),
        y: Axis::new("r", "").holding([0.0, 1.0]),
        series: vec![
            Series::new(NASTY, vec![1.0, 10.0], vec![0.2, 0.4])
                .with_band(vec![0.1, 0.3], vec![0.3, 0.5]),
            Series::new("b", vec![1.0, 5.0, 10.0], vec![0.1, f64::NAN, 0.2]),
        ],
    };
    curves.draw().unwrap()
}

fn page(plots: Vec<Plot>) -> String {
    let figure = |plot| Figure {
        plot,
        note: NASTY.into(),
    };
    figures_html(&FiguresPage {
        title: NASTY.into(),
        lead: vec![NASTY.into()],
        notes: vec![NASTY.into()],
        groups: vec![FigureGroup {
            title: NASTY.into(),
            lead: NASTY.into(),
            tables: Vec::new(),
            figures: plots.into_iter().map(figure).collect(),
        }],
        made_by: NASTY.into(),
    })
}

#[test]
fn a_page_of_figures_is_whole_and_its_words_are_text() {
    let html = page(vec![curves()]);
    let walk = check(&html);
    assert_eq!(walk.drawings, 1);
    assert!(!html.contains("<b>"));
    assert_eq!(html, page(vec![curves()]), "equal input gives equal bytes");
}

#[test]
fn a_figure_is_a_file_of_its_own() {
    let file = curves().svg_file();
    let walk = Walk::through(&file);
    assert_eq!((walk.drawings, walk.titled), (1, 0)); // its style comes before its title
    assert!(file.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart plot\""));
}

#[test]
fn every_kind_of_figure_is_well_formed_and_says_what_it_shows() {
    let scatter = Scatter {
        title: NASTY.into(),
        x: Axis::new(NASTY, NASTY),
        y: Axis::new("entropy", "nat"),
        points: vec![[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]],
        color: 3,
        line: Some(RegressionLine {
            intercept: 1.5,
            slope: 0.5,
            band: vec![[0.0, 1.0, 2.0], [2.0, 2.0, 3.0]],
        }),
        correlation: Some(Correlation {
            r: 0.5,
            interval: None,
            p: Some(0.667),
        }),
        lines: vec![NASTY.into()],
    };
    let bars = Bars {
        title: NASTY.into(),
        y: Axis::new("Dice", ""),
        groups: vec![NASTY.into()],
        series: vec![BarSeries {
            name: NASTY.into(),
            bars: vec![Some(Bar {
                value: 0.5,
                interval: Some([0.4, 0.6]),
                mark: "**".into(),
            })],
        }],
    };
    let image = calibration(&[0.9, 0.8], &[true, false], 10).unwrap();
    let mean = average_calibration(&[image], &BootstrapOptions::default()).unwrap();
    let reliability = Reliability {
        title: NASTY.into(),
        models: vec![(NASTY.into(), mean.clone()), ("b".into(), mean)],
    };
    let plots = vec![
        scatter.draw().unwrap(),
        bars.draw().unwrap(),
        reliability.draw().unwrap(),
    ];
    let html = page(plots.clone());
    let walk = check(&html);
    assert_eq!((walk.drawings, walk.titled), (3, 3));
    assert!(html.contains("r = 0.500, p = 0.667, n = 3"));
    for plot in &plots {
        Walk::through(&plot.svg_file());
    }
}
