//! Numbers as JavaScript writes and reads them.

/// A number as a text: `1`, `0.1`, `1e+21`, `NaN`, `-Infinity`.
pub fn number_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let (digits, point) = shortest(value.abs());
    format!("{sign}{}", place(&digits, point))
}

/// The shortest digits that read back as the number, and where the point stands behind the first of them.
fn shortest(value: f64) -> (String, i32) {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    (digits, exponent.parse::<i32>().unwrap_or(0) + 1)
}

/// Digits with their point, in the notation that JavaScript chooses.
fn place(digits: &str, point: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let cut = |at: i32| digits.split_at(usize::try_from(at).unwrap_or(0).min(digits.len()));
    if count <= point && point <= 21 {
        return format!("{digits}{}", zeros(point - count));
    }
    if 0 < point && point <= 21 {
        let (before, after) = cut(point);
        return format!("{before}.{after}");
    }
    if -6 < point && point <= 0 {
        return format!("0.{}{digits}", zeros(-point));
    }
    let exponent = point - 1;
    let sign = if exponent < 0 { '-' } else { '+' };
    let (first, rest) = cut(1);
    let dot = if rest.is_empty() { "" } else { "." };
    format!("{first}{dot}{rest}e{sign}{}", exponent.abs())
}

/// What `Number(text)` gives: `NaN` for what is no number, 0 for an empty text.
pub fn number_of_text(text: &str) -> f64 {
    let text = trim(text);
    if text.is_empty() {
        return 0.0;
    }
    for (mark, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(mark) {
            return if digits.is_empty() { f64::NAN } else { whole(digits, radix).unwrap_or(f64::NAN) };
        }
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "Infinity" {
        return if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if decimal_length(unsigned) == unsigned.len() { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// All of `digits` as a whole number.
fn whole(digits: &str, radix: u32) -> Option<f64> {
    digits.chars().try_fold(0.0, |sum, c| Some(sum * f64::from(radix) + f64::from(c.to_digit(radix)?)))
}

/// How much at the start of a text is a decimal number without a sign; 0 if nothing is.
fn decimal_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let before = digits(0);
    let mut length = before;
    if bytes.get(length) == Some(&b'.') {
        let after = digits(length + 1);
        if before + after == 0 {
            return 0;
        }
        length += 1 + after;
    } else if before == 0 {
        return 0;
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// What `parseFloat(text)` gives: the number that the text starts with.
pub(crate) fn leading_number(text: &str) -> f64 {
    let text = trim(text);
    let (negative, unsigned) = signed(text);
    let size = if unsigned.starts_with("Infinity") {
        f64::INFINITY
    } else {
        let length = decimal_length(unsigned);
        if length == 0 {
            return f64::NAN;
        }
        unsigned.get(..length).and_then(|digits| digits.parse().ok()).unwrap_or(f64::NAN)
    };
    if negative { -size } else { size }
}

/// What `parseInt(text, radix)` gives: the whole number that the text starts with.
pub(crate) fn leading_whole(text: &str, radix: f64) -> f64 {
    let (negative, mut digits) = signed(trim(text));
    let mut radix = to_i32(radix);
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    if let (0 | 16, Some(rest)) = (radix, hexadecimal) {
        digits = rest;
        radix = 16;
    }
    let radix = match radix {
        0 => 10,
        2..=36 => u32::try_from(radix).unwrap_or(10),
        _ => return f64::NAN,
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let digits = digits.get(..end).unwrap_or("");
    if digits.is_empty() {
        return f64::NAN;
    }
    let size = if radix == 10 {
        digits.parse().unwrap_or(f64::NAN)
    } else {
        whole(digits, radix).unwrap_or(f64::NAN)
    };
    if negative { -size } else { size }
}

fn signed(text: &str) -> (bool, &str) {
    (text.starts_with('-'), text.strip_prefix(['+', '-']).unwrap_or(text))
}

/// A number as a signed whole of 32 bits, larger ones wrapped.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the remainder is in range, and wrapping is what is asked"
)]
pub(crate) fn to_i32(value: f64) -> i32 {
    if !value.is_finite() {
        return 0;
    }
    (value.trunc() % 4_294_967_296.0) as i64 as i32
}

/// `value.toFixed(digits)`; ties are rounded away from zero.
pub(crate) fn fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() || value.abs() >= 1e21 {
        return number_text(value);
    }
    let text = round_half_up(value.abs(), digits);
    let negative = value < 0.0 && (text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) || value != 0.0);
    if negative { format!("-{text}") } else { text }
}

/// The exact decimal digits of a number, cut behind `digits` of them, halves rounded up.
fn round_half_up(value: f64, digits: usize) -> String {
    // A double has at most 1074 digits behind its point, and a tie shows as a lone 5 right behind the last one kept.
    let places = digits + 40;
    let exact = format!("{value:.places$}");
    let point = exact.find('.').unwrap_or(exact.len());
    let keep = point + 1 + digits;
    let tail = exact.get(keep..).unwrap_or("");
    let is_tie = tail.starts_with('5') && tail.bytes().skip(1).all(|byte| byte == b'0');
    if !is_tie {
        return format!("{value:.digits$}");
    }
    let mut kept: Vec<u8> = exact.bytes().take(if digits == 0 { point } else { keep }).collect();
    for byte in kept.iter_mut().rev().filter(|byte| byte.is_ascii_digit()) {
        if *byte == b'9' {
            *byte = b'0';
        } else {
            *byte += 1;
            return String::from_utf8(kept).unwrap_or_default();
        }
    }
    format!("1{}", String::from_utf8(kept).unwrap_or_default())
}

/// `value.toPrecision(digits)` and, without a choice of notation, `value.toExponential(digits)`.
pub(crate) fn precise(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return number_text(value);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let (mantissa, exponent) = scientific(value.abs(), digits.saturating_sub(1));
    let wanted = i32::try_from(digits).unwrap_or(i32::MAX);
    if exponent < -6 || exponent >= wanted {
        return format!("{sign}{mantissa}e{exponent:+}");
    }
    let after = usize::try_from(wanted - 1 - exponent).unwrap_or(0);
    let bare: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{bare}");
    }
    let (before, behind) = bare.split_at((bare.len() - after.min(bare.len())).max(1).min(bare.len()));
    let dot = if behind.is_empty() { "" } else { "." };
    format!("{sign}{before}{dot}{behind}")
}

/// `value.toExponential(digits)`.
pub(crate) fn exponential(value: f64, digits: Option<usize>) -> String {
    if !value.is_finite() {
        return number_text(value);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let (mantissa, exponent) = if let Some(digits) = digits {
        scientific(value.abs(), digits)
    } else {
        let text = format!("{:e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        (mantissa.to_owned(), exponent.parse().unwrap_or(0))
    };
    format!("{sign}{mantissa}e{exponent:+}")
}

fn scientific(value: f64, digits: usize) -> (String, i32) {
    let text = format!("{value:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.to_owned(), exponent.parse().unwrap_or(0))
}

/// A whole number in another radix, `value.toString(16)`. `None` for fractions.
pub(crate) fn in_radix(value: f64, radix: u32) -> Option<String> {
    if value.fract().abs() > 0.0 || value.abs() > 9_007_199_254_740_991.0 {
        return None;
    }
    let mut rest = value.abs();
    let mut digits = Vec::new();
    while rest >= 1.0 {
        let digit = rest % f64::from(radix);
        digits.push(char::from_digit(u32::try_from(to_i32(digit)).ok()?, radix)?);
        rest = ((rest - digit) / f64::from(radix)).trunc();
    }
    if digits.is_empty() {
        digits.push('0');
    }
    if value < 0.0 {
        digits.push('-');
    }
    Some(digits.into_iter().rev().collect())
}

/// A text without the spaces and line ends around it, as JavaScript counts them.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

pub(crate) fn is_space(c: char) -> bool {
    // NEL is white space to Unicode and not to JavaScript; the byte order mark is it the other way round.
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}
