//! A table of figures, printed line by line, each beside what it should reach.

use std::time::Duration;

/// One line of the table.
pub(crate) fn line(what: &str, measured: f64, reach: f64, unit: &str) {
    let miss = if measured > reach { "  MISSED" } else { "" };
    println!("{what:<62} {:>10} {:>10}{miss}", format!("{measured:.2} {unit}"), format!("{reach} {unit}"));
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
