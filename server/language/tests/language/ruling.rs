//! Where permission rules stand in a file.

use std::path::Path;

use copydesk_language::{File, parse, rules_in};
use expect_test::{Expect, expect};

fn rules(path: &str, text: &str, expect: Expect) {
    let tree = parse(Path::new(path), text);
    let found = rules_in(&File::new(Path::new(path), text, &tree));
    let lines = found.iter().map(|rule| {
        assert_eq!(rule.span.of(text), rule.text);
        format!("{} {}\n", rule.kind.as_str(), rule.text)
    });
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn rules_are_found_in_their_lists() {
    rules(
        ".copydesk/config.yaml",
        "permissions:\n  deny: [\"Read(**/.env*)\", 5, [x]]\n  mode: plan\n  ask:\n    - Bash(git push:*)\n  allow: &all\n    - 'Edit(src/**)'\n",
        expect![[r#"
            deny Read(**/.env*)
            ask Bash(git push:*)
            allow Edit(src/**)
        "#]],
    );
    rules(
        ".copydesk/actions/a.md",
        "---\nname: a\npermissions: {deny: [Bash]}\n---\n- Bash\n",
        expect![[r#"
        deny Bash
    "#]],
    );
    rules(
        ".stepper/layer/a/index.md",
        "---\ndescription: d\npermission: {Bash: deny, 'Read(x': ask, Edit: never}\n---\n",
        expect![[r#"
            deny Bash
            ask Read(x
        "#]],
    );
    rules(".keystone/config.yaml", "permissions: {deny: [Bash]}\n", expect![[""]]);
    rules(".copydesk/config.yaml", "permissions: [deny]\n", expect![[""]]);
}
