//! The operators, and what the language does not have of its big relative's.

/// How strongly an operator binds what is left and right of it.
pub(super) fn binding(operator: &str) -> Option<u8> {
    Some(match operator {
        "||" => 2,
        "&&" => 3,
        "==" | "!=" | "===" | "!==" => 4,
        "<" | ">" | "<=" | ">=" => 5,
        "+" | "-" => 6,
        "*" | "/" | "%" => 7,
        _ => return None,
    })
}

/// The sign for an operator that other languages write as a word.
pub(super) fn spelled(word: &str) -> Option<&'static str> {
    Some(match word {
        "and" | "AND" => "&&",
        "or" | "OR" => "||",
        "is" | "eq" | "equals" => "==",
        "ne" | "neq" => "!=",
        "lt" => "<",
        "gt" => ">",
        "le" | "lte" => "<=",
        "ge" | "gte" => ">=",
        _ => return None,
    })
}

/// Signs and words of JavaScript that this language does not have, and what to write instead.
pub(super) fn foreign(word: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match word {
        "=" => ("'=' does not compare; write '=='", Some("==")),
        "??" => ("'??' is not part of the language; write 'value == null ? other : value'", None),
        "&" => ("'&' is not part of the language; write '&&'", Some("&&")),
        "|" => ("'|' is not part of the language; write '||'", Some("||")),
        "**" => ("'**' is not part of the language; multiply with '*'", None),
        "`" => ("template texts are not part of the language; join texts with '+'", None),
        ";" => ("there is only one expression here; take the ';' away", Some("")),
        "^" | "~" | "<<" | ">>" => ("operators on bits are not part of the language", None),
        "++" | "--" => ("a value cannot be changed in an expression", None),
        "..." => ("'...' is not part of the language; use '.concat(…)'", None),
        "/*" | "//" => ("comments are not part of the language; take it out", None),
        "/" => ("patterns are not part of the language; look for a text with '.includes(…)'", None),
        "typeof" => ("'typeof' is not part of the language; compare the value itself", None),
        "new" => {
            ("'new' is not part of the language; for times there are 'Date.now()' and 'Date.parse(…)'", None)
        }
        "instanceof" => ("'instanceof' is not part of the language; compare a field of the value", None),
        "function" => ("'function' is not part of the language; write 'x => …'", None),
        "await" | "void" | "yield" => ("this word of JavaScript does nothing here; take it out", Some("")),
        "let" | "const" | "var" => (
            "an expression cannot keep a value; write the value where it is used, or take a step for it",
            None,
        ),
        "this" => ("'this' is not part of the language; start from 'inputs' or 'steps'", None),
        "delete" => ("a value cannot be changed in an expression; make a list with '.filter(…)'", None),
        "class" => ("classes are not part of the language; write a mapping: '{ name: … }'", None),
        _ => return None,
    })
}
