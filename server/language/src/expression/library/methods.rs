//! The methods of texts, lists, numbers, truth values and objects.

use super::Gives::{Bool, Flat, FlatMapped, Item, Joined, Mapped, Number as N, Same, Sum, Text as T, Texts};
use super::Takes::{self, OfItem, OfSum, OfTwo, TextOrFunction};
use super::{Gives, Signature};

/// A method and what it is a method of.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    pub name: &'static str,
    pub signature: Signature,
}

/// A method of a kind of value, as [`Value::kind`](crate::expression::value::Value::kind) names it.
pub fn method(kind: &str, name: &str) -> Option<&'static Method> {
    methods(kind).iter().find(|method| method.name == name)
}

/// All methods of a kind of value, in the order of the documentation.
pub fn methods(kind: &str) -> &'static [Method] {
    match kind {
        "string" => TEXT,
        "array" => LIST,
        "number" => NUMBER,
        "boolean" => BOOLEAN,
        "object" => OBJECT,
        _ => &[],
    }
}

const ANY: Takes = Takes::Any;
const TXT: Takes = Takes::Text;
const NUM: Takes = Takes::Number;

const fn row(
    name: &'static str,
    needs: usize,
    takes: &'static [Takes],
    gives: Gives,
    text: &'static str,
    docs: &'static str,
) -> Method {
    Method { name, signature: Signature { text, docs, takes, needs, gives } }
}

const TEXT: &[Method] = &[
    row("trim", 0, &[], T, "(): text", "Without the spaces and line ends around it."),
    row("trimStart", 0, &[], T, "(): text", "Without the spaces and line ends before it."),
    row("trimEnd", 0, &[], T, "(): text", "Without the spaces and line ends behind it."),
    row("toUpperCase", 0, &[], T, "(): text", "In capital letters."),
    row("toLowerCase", 0, &[], T, "(): text", "In small letters."),
    row(
        "includes",
        1,
        &[TXT, NUM],
        Bool,
        "(search: text, from?: number): boolean",
        "Whether a text is in it.",
    ),
    row(
        "startsWith",
        1,
        &[TXT, NUM],
        Bool,
        "(search: text, from?: number): boolean",
        "Whether it starts with a text.",
    ),
    row(
        "endsWith",
        1,
        &[TXT, NUM],
        Bool,
        "(search: text, end?: number): boolean",
        "Whether it ends with a text.",
    ),
    row(
        "split",
        0,
        &[TXT, NUM],
        Texts,
        "(separator?: text, limit?: number): list of text",
        "The parts between a separator: `stdout.split('\\n')`.",
    ),
    row(
        "replace",
        2,
        &[TXT, TextOrFunction],
        T,
        "(search: text, by: text): text",
        "With the first place of `search` replaced. `$&` in `by` is what was found.",
    ),
    row(
        "replaceAll",
        2,
        &[TXT, TextOrFunction],
        T,
        "(search: text, by: text): text",
        "With every place of `search` replaced.",
    ),
    row(
        "slice",
        0,
        &[NUM, NUM],
        T,
        "(from?: number, to?: number): text",
        "A part of it, counted from 0; negative numbers count from the end.",
    ),
    row("substring", 1, &[NUM, NUM], T, "(from: number, to?: number): text", "A part of it, counted from 0."),
    row("substr", 1, &[NUM, NUM], T, "(from: number, length?: number): text", "A part of it by its length."),
    row(
        "indexOf",
        1,
        &[TXT, NUM],
        N,
        "(search: text, from?: number): number",
        "Where a text is first found, or -1.",
    ),
    row(
        "lastIndexOf",
        1,
        &[TXT, NUM],
        N,
        "(search: text, from?: number): number",
        "Where a text is last found, or -1.",
    ),
    row(
        "padStart",
        1,
        &[NUM, TXT],
        T,
        "(length: number, by?: text): text",
        "Filled up at its start: `'7'.padStart(3, '0')` is `'007'`.",
    ),
    row("padEnd", 1, &[NUM, TXT], T, "(length: number, by?: text): text", "Filled up at its end."),
    row("at", 1, &[NUM], T, "(index: number): text", "One character; negative numbers count from the end."),
    row("charAt", 1, &[NUM], T, "(index: number): text", "One character, or an empty text."),
    row("charCodeAt", 1, &[NUM], N, "(index: number): number", "The code of one character."),
    row("codePointAt", 1, &[NUM], N, "(index: number): number", "The code point at a place."),
    row("concat", 0, &[ANY, ANY, ANY, ANY], T, "(…texts): text", "With texts added at its end."),
    row(
        "match",
        1,
        &[TXT],
        Gives::Any,
        "(pattern: text): list of text | null",
        "What a regular expression finds first, and its groups; `null` if nothing.",
    ),
    row(
        "search",
        1,
        &[TXT],
        N,
        "(pattern: text): number",
        "Where a regular expression first finds something, or -1.",
    ),
    row(
        "localeCompare",
        1,
        &[TXT],
        N,
        "(other: text): number",
        "Below, equal to or above 0: the order for people.",
    ),
    row("toString", 0, &[], T, "(): text", "The text itself."),
];

const LIST: &[Method] = &[
    row(
        "map",
        1,
        &[OfItem],
        Mapped,
        "(item => value): list",
        "A list of what the function gives for each item.",
    ),
    row("filter", 1, &[OfItem], Same, "(item => boolean): list", "The items for which the function is true."),
    row(
        "find",
        1,
        &[OfItem],
        Item,
        "(item => boolean): item",
        "The first item for which the function is true, or nothing.",
    ),
    row(
        "findIndex",
        1,
        &[OfItem],
        N,
        "(item => boolean): number",
        "Where the first item is for which the function is true, or -1.",
    ),
    row(
        "findLast",
        1,
        &[OfItem],
        Item,
        "(item => boolean): item",
        "The last item for which the function is true, or nothing.",
    ),
    row(
        "findLastIndex",
        1,
        &[OfItem],
        N,
        "(item => boolean): number",
        "Where the last item is for which the function is true, or -1.",
    ),
    row(
        "some",
        1,
        &[OfItem],
        Bool,
        "(item => boolean): boolean",
        "Whether the function is true for one item at least.",
    ),
    row(
        "every",
        1,
        &[OfItem],
        Bool,
        "(item => boolean): boolean",
        "Whether the function is true for all items.",
    ),
    row(
        "reduce",
        1,
        &[OfSum, ANY],
        Sum,
        "((sum, item) => sum, start?): value",
        "One value out of all items, from the first to the last.",
    ),
    row(
        "reduceRight",
        1,
        &[OfSum, ANY],
        Sum,
        "((sum, item) => sum, start?): value",
        "One value out of all items, from the last to the first.",
    ),
    row(
        "join",
        0,
        &[TXT],
        T,
        "(separator?: text): text",
        "The items as one text; `,` between them unless another is named.",
    ),
    row(
        "includes",
        1,
        &[ANY, NUM],
        Bool,
        "(value, from?: number): boolean",
        "Whether a value is among the items.",
    ),
    row(
        "indexOf",
        1,
        &[ANY, NUM],
        N,
        "(value, from?: number): number",
        "Where a value is first found, or -1.",
    ),
    row(
        "lastIndexOf",
        1,
        &[ANY, NUM],
        N,
        "(value, from?: number): number",
        "Where a value is last found, or -1.",
    ),
    row(
        "slice",
        0,
        &[NUM, NUM],
        Same,
        "(from?: number, to?: number): list",
        "A part of it; negative numbers count from the end.",
    ),
    row(
        "concat",
        0,
        &[ANY, ANY, ANY, ANY],
        Joined,
        "(…lists): list",
        "With the items of other lists behind it.",
    ),
    row(
        "flat",
        0,
        &[NUM],
        Flat,
        "(depth?: number): list",
        "Lists in it taken apart, one level unless another depth is named.",
    ),
    row(
        "flatMap",
        1,
        &[OfItem],
        FlatMapped,
        "(item => list): list",
        "Like `map`, with the lists taken apart.",
    ),
    row(
        "sort",
        0,
        &[OfTwo],
        Same,
        "((a, b) => number)?: list",
        "In order: by text, or by a function that is below 0 where `a` comes first.",
    ),
    row("reverse", 0, &[], Same, "(): list", "From the last item to the first."),
    row("at", 1, &[NUM], Item, "(index: number): item", "One item; negative numbers count from the end."),
    row("toString", 0, &[], T, "(): text", "The items with commas between them."),
];

const NUMBER: &[Method] = &[
    row("toFixed", 0, &[NUM], T, "(digits?: number): text", "With so many digits behind the point."),
    row("toPrecision", 0, &[NUM], T, "(digits?: number): text", "With so many digits in all."),
    row("toExponential", 0, &[NUM], T, "(digits?: number): text", "As `1.5e+3`."),
    row("toString", 0, &[NUM], T, "(base?: number): text", "As a text, in another base if one is named."),
];

const BOOLEAN: &[Method] = &[row("toString", 0, &[], T, "(): text", "`'true'` or `'false'`.")];

const OBJECT: &[Method] = &[
    row("hasOwnProperty", 1, &[TXT], Bool, "(name: text): boolean", "Whether it has a field of that name."),
    row("toString", 0, &[], T, "(): text", "Always `[object Object]`; `JSON.stringify(…)` says more."),
];

/// Whether every object has a method of this name: behind `inputs` and `steps` it is no name that people give.
pub(crate) fn is_of_objects(name: &str) -> bool {
    OBJECT.iter().any(|method| method.name == name)
}
