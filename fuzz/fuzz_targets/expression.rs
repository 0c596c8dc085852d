//! Any text is read as an expression, typed and evaluated, with every place on the text's characters.

#![no_main]

use copydesk_base::Span;
use copydesk_language::expression::{
    Context, Strictness, constant, dependencies, evaluate, evaluate_expression, parse, pieces, references, tokens,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let whole = Span::new(0, text.len());
    let (expr, problems) = parse(text, whole);
    references(&expr);
    let lies = |span: Span| assert!(text.get(span.start..span.end).is_some(), "{span:?}");
    problems.iter().for_each(|problem| lies(problem.span));
    tokens(text, whole).into_iter().for_each(|token| lies(token.span));
    pieces(text).into_iter().for_each(|piece| lies(piece.inner));
    dependencies(text);
    constant(text);
    let context = Context::default();
    for result in [
        evaluate(text, &context, Strictness::Lax),
        evaluate(text, &context, Strictness::Strict),
        evaluate_expression(text, &context),
    ] {
        if let Err(error) = result {
            lies(error.span);
        }
    }
    // Types are inferred where a workflow is checked.
    let workflow = format!("name: a\nsteps:\n  - id: a\n    type: shell\n    run: ${{{{ {text} }}}}\n");
    let path = std::path::Path::new(".copydesk/workflows/a.yaml");
    let tree = copydesk_language::parse(path, &workflow);
    let file = copydesk_language::File::new(path, &workflow, &tree);
    copydesk_language::check(&file, &copydesk_language::WorkspaceIndex::default());
});
