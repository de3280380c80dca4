//! Figures: the median of what was measured, and how far it spread.

use std::fmt;

/// A median with the quartiles around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Half of the values are below it.
    pub median: f64,
    /// A quarter is below it.
    pub low: f64,
    /// A quarter is above it.
    pub high: f64,
}

impl Figure {
    /// Of what was measured; none of nothing.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |part: f64| quantile(&values, part);
        Some(Self { median: at(0.5)?, low: at(0.25)?, high: at(0.75)? })
    }
}

/// The value below which `part` of the sorted values lie, between neighbours in a straight line.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = sorted.len().checked_sub(1)? as f64 * part;
    let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

/// `12.3 (11.9–13.0)`, with as many digits as say something.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = digits(self.median);
        let Self { median, low, high } = self;
        write!(f, "{median:.digits$} ({low:.digits$}–{high:.digits$})")
    }
}

/// Digits behind the point, so that three say something.
fn digits(value: f64) -> usize {
    match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 0.1 => 2,
        _ => 3,
    }
}

/// A number by thousands: `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_quartiles() {
        let figure = |values: &[f64]| Figure::of(values.iter().copied());
        assert_eq!(figure(&[]), None);
        assert_eq!(figure(&[7.0]), Some(Figure { median: 7.0, low: 7.0, high: 7.0 }));
        assert_eq!(
            figure(&[4.0, 1.0, 3.0, 2.0, 5.0]),
            Some(Figure { median: 3.0, low: 2.0, high: 4.0 })
        );
        assert_eq!(figure(&[1.0, 2.0]), Some(Figure { median: 1.5, low: 1.25, high: 1.75 }));
        // One run that was disturbed moves nothing.
        let disturbed = figure(&[1.0, 1.0, 1.0, 1.0, 900.0]);
        assert_eq!(disturbed, Some(Figure { median: 1.0, low: 1.0, high: 1.0 }));
    }

    #[test]
    fn figures_in_words() {
        let say = |median: f64| Figure { median, low: median / 2.0, high: median * 2.0 }.to_string();
        assert_eq!(say(234.56), "235 (117–469)");
        assert_eq!(say(12.34), "12.3 (6.2–24.7)");
        assert_eq!(say(0.5), "0.50 (0.25–1.00)");
        assert_eq!(say(0.05), "0.050 (0.025–0.100)");
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(123_456), "123,456");
    }
}
