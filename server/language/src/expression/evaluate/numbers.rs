//! The methods of numbers, and counts as numbers.

use super::EvaluateError;
use super::call::Call;
use super::machine::Outcome;
use crate::expression::value::{exponential, fixed, in_radix, number_text, precise};

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "nothing here has 2^53 parts")]
pub(super) fn count(count: usize) -> f64 {
    count as f64
}

/// A method of a number; `name` is one of those that there are.
pub(super) fn call(number: f64, call: &Call<'_>) -> Outcome {
    let digits = call.whole(0);
    let within = |low: f64, high: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked in the same breath"
        )]
        if (low..=high).contains(&digits) {
            Ok(digits as usize)
        } else {
            let message = format!("'{}' takes a number from {low} to {high}", call.name);
            Err(EvaluateError::new(call.span, message))
        }
    };
    Ok(match call.name {
        "toFixed" => fixed(number, within(0.0, 100.0)?).into(),
        "toPrecision" if call.has(0) => precise(number, within(1.0, 100.0)?).into(),
        "toExponential" => {
            exponential(number, if call.has(0) { Some(within(0.0, 100.0)?) } else { None }).into()
        }
        "toString" if call.has(0) && !(10.0..=10.0).contains(&digits) => {
            let radix = u32::try_from(within(2.0, 36.0)?).unwrap_or(10);
            let Some(text) = in_radix(number, radix) else {
                let message = "only whole numbers can be written in another base";
                return Err(EvaluateError::new(call.span, message));
            };
            text.into()
        }
        "toPrecision" | "toString" => number_text(number).into(),
        _ => number.into(),
    })
}
