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

/// Signs and words of JavaScript that this language does not have, and what to write instead.
pub(super) fn foreign(word: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match word {
        "=" => ("'=' does not compare; write '=='", Some("==")),
        "??" => ("'??' is not part of the language; write '||'", Some("||")),
        "&" => ("'&' is not part of the language; write '&&'", Some("&&")),
        "|" => ("'|' is not part of the language; write '||'", Some("||")),
        "**" => ("'**' is not part of the language; multiply with '*'", None),
        "`" => ("template texts are not part of the language; join texts with '+'", None),
        ";" => ("there is only one expression here; take the ';' away", None),
        "^" | "~" | "<<" | ">>" => ("operators on bits are not part of the language", None),
        "++" | "--" => ("a value cannot be changed in an expression", None),
        "..." => ("'...' is not part of the language; use '.concat(…)'", None),
        "typeof" | "new" | "delete" | "void" | "await" | "yield" | "function" | "class" | "in"
        | "instanceof" => ("this word of JavaScript is not part of the language", None),
        _ => return None,
    })
}
