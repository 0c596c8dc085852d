//! Findings without a mend: each kind of them by name, with the reason why nobody but the person can know it.
//!
//! Read from the data tables of these tests themselves: whatever finding stands there without a mend must be known
//! here.

use std::path::Path;

use copydesk_base::Code;

/// A code, how the message goes (`…` is any text), and what only the person knows.
const UNMENDED: &[(Code, &str, &str)] = &[
    (Code::ConstantCondition, "a number is never equal to a text", "which side is of the wrong kind"),
    (Code::ConstantCondition, "a text alone is always true here", "the text may stand for any comparison"),
    (Code::ConstantCondition, "a list is always true", "behind a list that is written out nothing helps"),
    (Code::ConstantCondition, "an object is always true", "which field of it is meant"),
    (Code::ConstantCondition, "this is a word in every run", "which word it is to be"),
    (Code::ConstantCondition, "…is no number, so this is always false", "what was to be compared"),
    (Code::ConstantCondition, "it is never '…it is one of", "no word that it can be is near"),
    (Code::ConstantCondition, "what is compared does not change", "what was to be compared"),
    (Code::DependencyCycle, "", "a need in an expression is read there; which of several has to go"),
    (
        Code::DeprecatedKey,
        "'…' should no longer be written",
        "what takes its place stands in words of the schema",
    ),
    (Code::DuplicateStep, "the id '…' is taken", "an alias has no place for an id of its own"),
    (Code::EngineNotAllowed, "", "what may start is the person's to say, in a config of theirs"),
    (Code::ExposedSecret, "", "whether it is a secret that may be shown"),
    (Code::ExpressionSyntax, "'#' is not expected", "a sign of no language"),
    (Code::ExpressionSyntax, "''…", "which operator belongs between two values"),
    (Code::ExpressionSyntax, "'**' is not part", "how often to multiply"),
    (Code::ExpressionSyntax, "'this' is not part", "what it was to be"),
    (Code::ExpressionSyntax, "'typeof' is not part", "what it was asked for"),
    (Code::ExpressionSyntax, "a name behind a dot starts with a letter", "where the name ends"),
    (Code::ExpressionSyntax, "a text with expressions has at most", "which part of it may stand elsewhere"),
    (Code::ExpressionSyntax, "a value is missing after", "which value"),
    (Code::ExpressionSyntax, "an expression cannot keep a value", "where the value is used"),
    (Code::ExpressionSyntax, "operators on bits", "nothing is like them"),
    (Code::ExpressionSyntax, "the expression is empty", "which value"),
    (Code::ExpressionSyntax, "the expression is too long", "where to cut it"),
    (Code::ExpressionSyntax, "this '${{' is never closed; braces count", "where it ends among its braces"),
    (Code::ExpressionSyntax, "this '}}' closes nothing", "where it starts"),
    (Code::FailingExpression, "", "which value would do"),
    (Code::MisplacedName, "no skill can have the name of its folder", "what the folder is called then"),
    (Code::FormatMismatch, "this command is empty", "which command prints it"),
    (Code::FormatMismatch, "nobody can ask this provider", "what else names it"),
    (Code::FormatMismatch, "'…' does not match", "which text of that form"),
    (Code::FormatMismatch, "this is no name of a variable", "what the variable is called"),
    (Code::FormatMismatch, "'…' is no e-mail address", "which one it is"),
    (Code::FormatMismatch, "this is no address to ask", "which host is meant"),
    (Code::FormatMismatch, "this glob cannot be read", "which files it is for"),
    (Code::FormatMismatch, "this matcher has no group", "what in the output tells the place"),
    (Code::FormatMismatch, "this is no version of the API", "which version their resource has"),
    (Code::FormatMismatch, "this is no patch", "which lines it changes"),
    (Code::FormatMismatch, "this address cannot be used", "what stands in front, or an expression follows"),
    (Code::FormatMismatch, "this matcher cannot be read", "what the pattern was to be"),
    (Code::MissingKey, "azure-openai needs 'base_url'", "what their resource is called"),
    (Code::MissingKey, "…a key of …write kind:", "which API of that service they want to speak"),
    (Code::MissingKey, "'owner' needs 'team'", "there is no block of its own to put it in"),
    (Code::MissingKey, "a join step needs 'needs'", "which steps it waits for"),
    (Code::MissingKey, "a step needs 'type'", "no type has all of its keys"),
    (Code::MissingKey, "th…server…needs 'command'", "which program it is"),
    (Code::MissingKey, "this hook needs '…'", "which command, or which words"),
    (Code::MissingKey, "this file needs", "the file is empty, and may become anything"),
    (Code::MixedExpression, "", "which signs of the text belong to the expression"),
    (Code::PlainSecret, "", "where the secret is kept instead"),
    (Code::SchemaUnavailable, "this alias stands within", "YAML allows it, and nothing is wrong"),
    (Code::SchemaMismatch, "", "which of the values is too much, and which are missing"),
    (Code::YamlSyntax, "this is TOML", "the whole file is in another language"),
    (
        Code::YamlSyntax,
        "this leads back to where it stands",
        "an item of a list may be meant for another anchor",
    ),
    (Code::YamlSyntax, "with this one the aliases stand for", "which of them may go"),
    (Code::BlindModel, "", "which model they have that sees images"),
    (Code::ToollessModel, "", "which model they have that calls tools"),
    (Code::TypeMismatch, "…nothing is filled in here", "what was to be filled in"),
    (Code::TypeMismatch, "'…' has no value; it takes a whole number", "which number, by a schema of others"),
    (Code::TypeMismatch, "'…' takes a number", "which number a text means"),
    (Code::TypeMismatch, "'…' takes a whole number", "which number a text means"),
    (Code::TypeMismatch, "'…' takes a time with its unit", "which time a text means"),
    (Code::TypeMismatch, "'…' takes a date and time", "which day a text means"),
    (Code::TypeMismatch, "'…' takes a mapping; this is a list", "its items have no names"),
    (Code::TypeMismatch, "'…' takes a mapping; this is a text", "which of its keys the text is"),
    (Code::TypeMismatch, "'args' takes a list; this is a text", "what a shell makes of the signs in it"),
    (Code::TypeMismatch, "'…' takes a list; this is a mapping", "it has none of the keys of an item"),
    (Code::TypeMismatch, "'foreach' needs a list", "what parts its items"),
    (Code::TypeMismatch, "YAML reads '…' as a tag", "both kinds of quotes stand in it"),
    (Code::TypeMismatch, "a workflow is a mapping", "the whole file is something else"),
    (Code::TypeMismatch, "the config is a mapping", "the whole file is something else"),
    (Code::TypeMismatch, "this file takes a mapping", "the whole file is something else"),
    (Code::TypeMismatch, "the input '…' is a", "the value reads like nothing of its type, which has values"),
    (Code::TypeMismatch, "the input '…' of '…' takes", "which value the other workflow needs"),
    (Code::TypeMismatch, "this item of '…' is empty", "a list without its only item is no list"),
    (Code::TypeMismatch, "this item…takes a mapping; this is a text", "which of its keys the text is"),
    (Code::TypeMismatch, "this item of '…' takes a text, a number", "which of its values is meant"),
    (
        Code::UnknownAgent,
        "there is no agent '…'; create",
        "*create missing agent* does it, in a file of its own",
    ),
    (Code::UnknownKey, "'…' is no key of '…'; take it out", "a block without its only key is no block"),
    (Code::UnknownMethod, "'Math' is no function", "which of its functions"),
    (Code::UnknownMethod, "'output' is no method but a value", "what its arguments were for"),
    (Code::UnknownMethod, "a function can only stand as an argument", "which list it is for"),
    (Code::UnknownMethod, "there is no function 'success'", "which step is meant"),
    (Code::UnknownMethod, "this is no function", "what its arguments were for"),
    (Code::UnknownName, "there is no matcher '…'", "none of many names is near"),
    (Code::UnknownName, "no provider serves '…'; write", "whose model it is"),
    (Code::UnknownName, "the name of a model is missing", "which model is meant"),
    (Code::UnknownName, "a provider that is a script", "it is never started"),
    (Code::UnknownName, "there is no provider '…' in the config; configure", "which of them is meant"),
    (Code::UnknownName, "providers of the kind '…'", "it needs a kind in another file"),
    (Code::UnknownOutput, "", "no output is near"),
    (Code::UnknownProperty, "an object has no '…'; it has", "no field is near"),
    (Code::UnknownRoot, "'Math' is no value", "which of its values"),
    (Code::UnknownRoot, "there is no '…' in expressions; start from", "no root is near"),
    (Code::UnknownRoot, "there is no '…' here", "nothing stands for it here"),
    (Code::UnknownStep, "'…' stands behind this step", "an expression reads it"),
    (Code::UnknownStep, "'…' is a step of", "an expression reads it"),
    (Code::UnknownStep, "there is no step '…'; write the id", "no step is near, and an expression reads it"),
    (Code::UnknownValue, "'…' needs at least one item", "which one"),
    (Code::UnknownValue, "'…' is no value of '…'; it takes", "none of many words is near"),
    (Code::UnknownValue, "'teleport' is no type of step", "none of many words is near"),
    (Code::UnknownValue, "'…' is no type of JSON", "none of many words is near"),
    (Code::UnknownValue, "an expression cannot write '…' behind a dot", "expressions elsewhere read it"),
    (Code::UnknownValue, "the 'prompt' of this hook is empty", "which words"),
    (Code::UnknownValue, "the address is empty", "which address"),
    (Code::UnknownValue, "the command of this check is empty", "which command"),
    (Code::UnknownValue, "the pipeline '…' has no stages", "the only key of a file is left to it"),
    (Code::UnknownValue, "this glob is empty", "which files it is for"),
    (Code::UnknownValue, "the command is empty", "which command"),
    (Code::UnknownValue, "the event has no name", "which event"),
    (Code::UnknownValue, "the description", "which words"),
    (Code::UnknownWorkflow, "'…' is no workflow", "which file is meant"),
    (Code::UnknownWorkflow, "there is no workflow '…'", "no file is near"),
    (Code::UntrustedSetting, "", "trust is a command of the person's, offered beside it"),
    (Code::WorkflowCycle, "", "which of the calls has to go"),
    (Code::WrongArgument, "", "which value is meant"),
];

/// Whether a message reads like a pattern.
fn fits(message: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = message.strip_prefix(first) else { return false };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// The findings of one file of tests, as their tables show them: code, message, and whether a mend follows.
fn findings(text: &str) -> Vec<(Code, String, bool)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mut words = line.splitn(3, ' ');
        let (Some(severity), Some(word), Some(message)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let code = Code::ALL.iter().find(|code| code.as_str() == word);
        if let (Some(code), "error" | "warning" | "info" | "hint") = (code, severity) {
            let is_mended = message.contains(" [fix: ")
                || lines
                    .get(at + 1)
                    .is_some_and(|next| next.contains(" gives ") && !next.starts_with("error"));
            found.push((*code, message.to_owned(), is_mended));
        }
    }
    found
}

#[test]
fn every_finding_has_a_mend_or_a_reason_why_not() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut seen = vec![false; UNMENDED.len()];
    let mut unknown = Vec::new();
    let mut count = 0;
    for folder in ["language", "foreign"] {
        for file in std::fs::read_dir(tests.join(folder)).expect("the tests").flatten() {
            let path = file.path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            for (code, message, is_mended) in findings(&std::fs::read_to_string(&path).expect("a test")) {
                count += 1;
                let known =
                    UNMENDED.iter().position(|(of, pattern, _)| *of == code && fits(&message, pattern));
                match known {
                    _ if is_mended => {}
                    Some(known) => seen[known] = true,
                    None => unknown.push(format!("{code} {message}")),
                }
            }
        }
    }
    unknown.sort();
    unknown.dedup();
    assert!(unknown.is_empty(), "without a mend and without a reason:\n{}", unknown.join("\n"));
    let unused: Vec<&str> =
        UNMENDED.iter().zip(seen).filter(|(_, seen)| !seen).map(|((_, pattern, _), _)| *pattern).collect();
    assert!(unused.is_empty(), "no finding reads like: {unused:#?}");
    assert!(count > 400, "only {count} findings");
}
