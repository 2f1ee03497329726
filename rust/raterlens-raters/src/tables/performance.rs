//! Table of what a fusion says about its raters.

use super::{put, table, Row, Table};
use crate::fuse::Performance;

/// One row per rater and structure.
#[must_use]
pub fn performance(found: &Performance) -> Table {
    let mut rows = Vec::new();
    for rater in &found.raters {
        for s in &rater.structures {
            let mut row = Row::new();
            put(&mut row, "structure", s.name.as_str());
            put(&mut row, "rater", rater.rater.as_str());
            put(&mut row, "sensitivity", s.sensitivity);
            put(&mut row, "specificity", s.specificity);
            put(&mut row, "dice_with_consensus", s.dice_with_consensus);
            put(&mut row, "volume_ml", s.volume_ml);
            rows.push(row);
        }
    }
    table("performance", "Performance of each rater", rows)
}
