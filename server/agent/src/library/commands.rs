//! Prompt commands: a prompt in a file, with arguments, as an action.
//!
//! `{{name}}` stands for an argument by its name, `$1` for one by its place, `$ARGUMENTS` for all that was said. What a
//! person gives is read as `name=value` where that is an argument, and else by its place; the last one takes the rest.

use copydesk_base::config::OneOrMany;
use copydesk_language::types::{self, ArgumentOrName, Scalar};

use super::{Library, model_ref, tools_named};
use crate::action::Action;
use crate::tools;

/// Something that a person gives along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
}

/// The prompt commands that there are.
pub(crate) fn commands(library: &Library<'_>) -> Vec<Action> {
    let mut found: Vec<Action> = Vec::new();
    for page in library.pages("prompts") {
        let Ok(head) = page.head::<types::Prompt>() else { continue };
        let name = head.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| page.stem.clone());
        if found.iter().any(|known| known.name == name) {
            continue;
        }
        let believed = library.believes(&page);
        let arguments: Vec<Argument> = head.arguments.unwrap_or_default().into_iter().map(argument).collect();
        let wanted = head.tools.or(head.allowed_tools);
        let tools = match &wanted {
            Some(OneOrMany::One(words)) => tools_named(words.split([',', ' ']).map(bare)),
            Some(OneOrMany::Many(words)) => tools_named(words.iter().map(|word| bare(word))),
            None => tools::every().map(str::to_owned).collect(),
        };
        found.push(Action {
            title: head.description.unwrap_or_else(|| name.clone()),
            name,
            task: page.body().to_owned(),
            tools,
            languages: head.languages.unwrap_or_default(),
            model: model_ref(None, head.model).filter(|_| believed),
            fallback: head.fallback.filter(|_| believed).map(Vec::from),
            agent: head.agent,
            arguments: Some(arguments),
            ..Action::default()
        });
    }
    found
}

/// A tool's name without what another program writes behind it: `Bash(git:*)`.
fn bare(word: &str) -> &str {
    word.split('(').next().unwrap_or_default().trim()
}

fn argument(written: ArgumentOrName) -> Argument {
    match written {
        ArgumentOrName::Name(name) => Argument { name, required: true, ..Argument::default() },
        ArgumentOrName::Argument(argument) => {
            let default = argument.default.map(|value| match value {
                Scalar::Text(text) => text,
                other => {
                    serde_json::to_value(&other).map_or_else(|_| String::new(), |value| value.to_string())
                }
            });
            Argument {
                name: argument.name,
                description: argument.description.unwrap_or_default(),
                required: argument.required.unwrap_or(default.is_none()),
                default,
            }
        }
    }
}

/// The text of a command with what a person gave in it. The error says what is missing.
pub(crate) fn filled(text: &str, arguments: &[Argument], words: &str) -> Result<String, String> {
    let words = words.trim();
    let values = given(arguments, words);
    let missing: Vec<&str> = arguments
        .iter()
        .zip(&values)
        .filter(|(argument, value)| argument.required && value.is_none())
        .map(|(argument, _)| argument.name.as_str())
        .collect();
    if !missing.is_empty() {
        let names: Vec<&str> = arguments.iter().map(|argument| argument.name.as_str()).collect();
        return Err(format!(
            "{} is missing; give {} in this order, or as name=value",
            missing.join(", "),
            names.join(", ")
        ));
    }
    let by_place: Vec<&str> = if arguments.is_empty() {
        words.split_whitespace().collect()
    } else {
        values.iter().map(|value| value.as_deref().unwrap_or_default()).collect()
    };
    let named = |name: &str| {
        let at = arguments.iter().position(|argument| argument.name == name)?;
        Some(values[at].as_deref().unwrap_or_default())
    };
    let (text, has_place) = replaced(text, words, &by_place, named);
    // Words that no place was made for are said behind the text.
    if has_place || words.is_empty() || !arguments.is_empty() {
        return Ok(text);
    }
    Ok(format!("{}\n{words}", text.trim_end()))
}

/// What each argument is: given by name, by place, or by default.
fn given(arguments: &[Argument], words: &str) -> Vec<Option<String>> {
    let mut values: Vec<Option<String>> = vec![None; arguments.len()];
    let mut rest = words;
    loop {
        let word = rest.split_whitespace().next().unwrap_or_default();
        let named = word.split_once('=').and_then(|(name, value)| {
            let at = arguments.iter().position(|argument| argument.name == name)?;
            Some((at, value))
        });
        let open = values.iter().position(Option::is_none);
        let (at, value) = match (named, open) {
            (Some((at, value)), _) => (at, value),
            (None, Some(at)) if !word.is_empty() => {
                let is_last = values.iter().filter(|value| value.is_none()).count() == 1;
                if is_last {
                    values[at] = Some(rest.trim().to_owned());
                    break;
                }
                (at, word)
            }
            _ => break,
        };
        values[at] = Some(value.to_owned());
        rest = rest.trim_start().strip_prefix(word).unwrap_or_default();
    }
    for (value, argument) in values.iter_mut().zip(arguments) {
        if value.is_none() {
            value.clone_from(&argument.default);
        }
    }
    values
}

/// Puts values where a text asks for them, in one pass: what a value says is never looked at again.
fn replaced<'v>(
    text: &str,
    all: &'v str,
    by_place: &[&'v str],
    named: impl Fn(&str) -> Option<&'v str>,
) -> (String, bool) {
    let (mut out, mut rest, mut has_place) = (String::with_capacity(text.len()), text, false);
    while let Some(at) = rest.find(['$', '{']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = if let Some(behind) = rest.strip_prefix("$ARGUMENTS") {
            Some((all, behind))
        } else if let Some(behind) = rest.strip_prefix('$') {
            let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let place = behind[..digits].parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            place.map(|place| (by_place.get(place).copied().unwrap_or_default(), &behind[digits..]))
        } else {
            // What a `$` stands before is for somebody else.
            let is_ours = rest.starts_with("{{") && !out.ends_with('$');
            let inside = rest.strip_prefix("{{").filter(|_| is_ours).and_then(|rest| rest.split_once("}}"));
            inside.and_then(|(name, behind)| Some((named(name.trim())?, behind)))
        };
        if let Some((value, behind)) = found {
            has_place = true;
            out.push_str(value);
            rest = behind;
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    (out, has_place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_where_the_text_asks_for_them() {
        let required = |name: &str| Argument { name: name.into(), required: true, ..Argument::default() };
        let usual = |name: &str, value: &str| Argument {
            default: Some(value.into()),
            required: false,
            ..required(name)
        };
        let two = [required("what"), usual("style", "short")];
        for (text, arguments, words, expect) in [
            ("Port $1 to $2.", &[][..], "a.py rust", Ok("Port a.py to rust.")),
            ("Explain $ARGUMENTS now.", &[], "this and that", Ok("Explain this and that now.")),
            ("Be kind.", &[], "please", Ok("Be kind.\nplease")),
            ("Be kind.", &[], "", Ok("Be kind.")),
            ("{{what}} in {{ style }} words", &two, "tea", Ok("tea in short words")),
            ("{{what}} in {{style}} words", &two, "tea very long", Ok("tea in very long words")),
            ("{{what}}/{{style}}", &two, "style=a what=b", Ok("b/a")),
            ("$1/$2", &two, "x", Ok("x/short")),
            ("${{ inputs.x }} {{other}} $x {", &two, "y", Ok("${{ inputs.x }} {{other}} $x {")),
            ("{{what}}", &two, "{{style}}", Ok("{{style}}")),
            ("$10", &[], "a b", Ok("")),
            ("{{what}}", &two, "", Err("what is missing; give what, style in this order, or as name=value")),
        ] {
            let found = filled(text, arguments, words);
            assert_eq!(found, expect.map(str::to_owned).map_err(str::to_owned), "{text} {words}");
        }
    }
}
