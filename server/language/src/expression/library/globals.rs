//! The functions of nobody, and the objects that hold some of them.

use super::Gives::{self, Bool, Entries, Number as N, Object, Text as T, Texts, Values};
use super::{Signature, Takes};

/// A function, or an object of functions.
#[derive(Clone, Copy, Debug)]
pub struct Global {
    pub name: &'static str,
    pub docs: &'static str,
    /// How it is called; `None` for an object of functions that is none itself.
    pub signature: Option<Signature>,
}

/// A function or a number that belongs to a global.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// With the global's name: `Math.max`.
    pub path: &'static str,
    pub constant: Option<f64>,
    pub signature: Signature,
}

impl Global {
    /// Its name, where it can be called.
    pub const fn function(&self) -> Option<&'static str> {
        if self.signature.is_some() { Some(self.name) } else { None }
    }
}

impl Member {
    /// Its name behind the dot.
    pub fn name(&self) -> &'static str {
        self.path.split_once('.').map_or(self.path, |(_, name)| name)
    }
}

/// The function or object of that name.
pub fn global(name: &str) -> Option<&'static Global> {
    GLOBALS.iter().find(|global| global.name == name)
}

/// What belongs to a global under that name.
pub fn member(global: &str, name: &str) -> Option<&'static Member> {
    members(global).find(|member| member.name() == name)
}

/// All that belongs to a global.
pub fn members(global: &str) -> impl Iterator<Item = &'static Member> {
    MEMBERS
        .iter()
        .filter(move |member| member.path.strip_prefix(global).is_some_and(|rest| rest.starts_with('.')))
}

const ANY: Takes = Takes::Any;
const TXT: Takes = Takes::Text;
const NUM: Takes = Takes::Number;

const fn function(
    name: &'static str,
    takes: &'static [Takes],
    gives: Gives,
    text: &'static str,
    docs: &'static str,
) -> Global {
    Global { name, docs, signature: Some(Signature { text, docs, takes, needs: 1, gives }) }
}

const fn holder(name: &'static str, docs: &'static str) -> Global {
    Global { name, docs, signature: None }
}

const fn member_row(
    path: &'static str,
    needs: usize,
    takes: &'static [Takes],
    gives: Gives,
    text: &'static str,
    docs: &'static str,
) -> Member {
    Member { path, constant: None, signature: Signature { text, docs, takes, needs, gives } }
}

const fn constant(path: &'static str, value: f64, docs: &'static str) -> Member {
    let signature = Signature { text: ": number", docs, takes: &[], needs: 0, gives: N };
    Member { path, constant: Some(value), signature }
}

const fn of_one(path: &'static str, docs: &'static str) -> Member {
    member_row(path, 1, &[NUM], N, "(x: number): number", docs)
}

/// The functions and objects that expressions may use.
pub const GLOBALS: &[Global] = &[
    function(
        "escape",
        &[ANY],
        T,
        "(value): text",
        "Quotes a value for a shell command: `escape(inputs.name)`.",
    ),
    function("Boolean", &[ANY], Bool, "(value): boolean", "Turns a value into `true` or `false`."),
    function("Number", &[ANY], N, "(value): number", "Turns a value into a number; `NaN` if it is none."),
    function("String", &[ANY], T, "(value): text", "Turns a value into a text."),
    holder("Object", "`Object.keys(…)`, `Object.values(…)`, `Object.entries(…)`."),
    holder("Math", "`Math.max(…)`, `Math.round(…)` and others."),
    holder("Date", "`Date.now()` and `Date.parse(…)`."),
    holder("JSON", "`JSON.stringify(…)`, `JSON.parse(…)`."),
    function(
        "parseInt",
        &[ANY, NUM],
        N,
        "(text, base?: number): number",
        "Reads a whole number from the start of a text.",
    ),
    function("parseFloat", &[ANY], N, "(text): number", "Reads a number from the start of a text."),
    function("isNaN", &[ANY], Bool, "(value): boolean", "Whether a value is not a number."),
    function("isFinite", &[ANY], Bool, "(value): boolean", "Whether a value is a number with an end."),
];

const MEMBERS: &[Member] = &[
    member_row("Object.keys", 1, &[ANY], Texts, "(object): list of text", "The names of an object's fields."),
    member_row("Object.values", 1, &[ANY], Values, "(object): list", "The values of an object's fields."),
    member_row(
        "Object.entries",
        1,
        &[ANY],
        Entries,
        "(object): list of [name, value]",
        "Names and values of an object's fields.",
    ),
    member_row(
        "Object.fromEntries",
        1,
        &[Takes::List],
        Object,
        "(entries: list of [name, value]): object",
        "An object of names and values.",
    ),
    member_row(
        "JSON.stringify",
        1,
        &[ANY, ANY, ANY],
        T,
        "(value, names?, indent?): text",
        "A value as JSON: `JSON.stringify(value, null, 2)` over several lines.",
    ),
    member_row("JSON.parse", 1, &[TXT], Gives::Any, "(text): value", "The value that a JSON text says."),
    member_row("Date.now", 0, &[], N, "(): number", "The time in milliseconds since 1970."),
    member_row(
        "Date.parse",
        1,
        &[TXT],
        N,
        "(text): number",
        "A date such as `2026-11-21T09:00:00Z` in milliseconds since 1970.",
    ),
    member_row("Math.max", 0, &[NUM, NUM, NUM, NUM], N, "(…numbers): number", "The largest."),
    member_row("Math.min", 0, &[NUM, NUM, NUM, NUM], N, "(…numbers): number", "The smallest."),
    of_one("Math.round", "The nearest whole number."),
    of_one("Math.floor", "The next whole number below."),
    of_one("Math.ceil", "The next whole number above."),
    of_one("Math.trunc", "Without what is behind the point."),
    of_one("Math.abs", "Without its sign."),
    of_one("Math.sign", "1, 0 or -1."),
    of_one("Math.sqrt", "The square root."),
    of_one("Math.cbrt", "The cube root."),
    member_row("Math.pow", 2, &[NUM, NUM], N, "(base: number, exponent: number): number", "A power."),
    of_one("Math.exp", "A power of e."),
    of_one("Math.log", "The natural logarithm."),
    of_one("Math.log2", "The logarithm to base 2."),
    of_one("Math.log10", "The logarithm to base 10."),
    member_row(
        "Math.hypot",
        0,
        &[NUM, NUM, NUM, NUM],
        N,
        "(…numbers): number",
        "The root of the sum of the squares.",
    ),
    of_one("Math.sin", "The sine."),
    of_one("Math.cos", "The cosine."),
    of_one("Math.tan", "The tangent."),
    of_one("Math.atan", "The arc tangent."),
    member_row("Math.atan2", 2, &[NUM, NUM], N, "(y: number, x: number): number", "The angle of a point."),
    constant("Math.PI", std::f64::consts::PI, "3.14159…"),
    constant("Math.E", std::f64::consts::E, "2.71828…"),
    constant("Math.SQRT2", std::f64::consts::SQRT_2, "1.41421…"),
    constant("Math.LN2", std::f64::consts::LN_2, "0.69314…"),
    constant("Math.LN10", std::f64::consts::LN_10, "2.30258…"),
    member_row("Number.isInteger", 1, &[ANY], Bool, "(value): boolean", "Whether it is a whole number."),
    member_row(
        "Number.isSafeInteger",
        1,
        &[ANY],
        Bool,
        "(value): boolean",
        "Whether it is a whole number that is held exactly.",
    ),
    member_row("Number.isFinite", 1, &[ANY], Bool, "(value): boolean", "Whether it is a number with an end."),
    member_row("Number.isNaN", 1, &[ANY], Bool, "(value): boolean", "Whether it is `NaN`."),
    member_row(
        "Number.parseInt",
        1,
        &[ANY, NUM],
        N,
        "(text, base?: number): number",
        "The same as `parseInt`.",
    ),
    member_row("Number.parseFloat", 1, &[ANY], N, "(text): number", "The same as `parseFloat`."),
    constant(
        "Number.MAX_SAFE_INTEGER",
        9_007_199_254_740_991.0,
        "The largest whole number that is held exactly.",
    ),
    constant(
        "Number.MIN_SAFE_INTEGER",
        -9_007_199_254_740_991.0,
        "The smallest whole number that is held exactly.",
    ),
    constant("Number.MAX_VALUE", f64::MAX, "The largest number."),
    constant("Number.EPSILON", f64::EPSILON, "The step between 1 and the next number."),
    member_row(
        "String.fromCharCode",
        0,
        &[NUM, NUM, NUM, NUM],
        T,
        "(…codes): text",
        "A text of characters by their codes.",
    ),
];
