//! How far a rule reaches: not to what a launcher is given, not to files that hide in options, not to what a program's own
//! language can do besides.
//!
//! Rows are what testers and hostile sessions found, and beside each the harmless neighbour that must stay allowed.

use copydesk_base::config::Mode::{Auto, Default};

use crate::common::{policy, verdict};

#[test]
fn a_rule_reaches_what_it_names_and_no_further() {
    let rows = [
        (Default, &["allow Bash(npx:*)"][..], "bash npx tsc", "ask"),
        (Default, &["allow Bash(npx tsc:*)"], "bash npx tsc --noEmit", "allow"),
        (Default, &["allow Bash(npx tsc:*)"], "bash CI=1 npx tsc", "allow"),
        (Default, &["allow Bash(npx tsc --noEmit)"], "bash npx tsc --noEmit", "allow"),
        (Default, &["allow Bash"], "bash npx tsc", "allow"),
        (Default, &["allow Bash(*)"], "bash npx tsc", "allow"),
        (Default, &["allow Bash(npm:*)"], "bash npm test", "allow"),
        (Default, &["allow Bash(npm:*)"], "bash npm exec tsc", "ask"),
        (Default, &["allow Bash(npm exec tsc:*)"], "bash npm exec tsc", "allow"),
        (Default, &["allow Bash(uv run:*)"], "bash uv run pytest", "ask"),
        (Default, &["allow Bash(uv run pytest:*)"], "bash uv run pytest -q", "allow"),
        (Default, &["allow Bash(docker run:*)"], "bash docker run image ls", "ask"),
        (Default, &["allow Bash(docker run --rm image:*)"], "bash docker run --rm image ls", "allow"),
        (Default, &["allow Bash(docker run --rm:*)"], "bash docker run --rm -v /:/h image ls", "ask"),
        (Default, &["allow Bash(docker run --rm:*)"], "bash docker run --rm --privileged image ls", "ask"),
        (Default, &["allow Bash(docker ps:*)"], "bash docker ps -a", "allow"),
        (Default, &["allow Bash(timeout:*)"], "bash timeout 5 make", "ask"),
        (Default, &["allow Bash(timeout 5 make:*)"], "bash timeout 5 make all", "allow"),
        (Default, &["allow Bash(bash:*)"], "bash bash -c 'make all'", "ask"),
        (Default, &["allow Bash(make:*)"], "bash bash -c 'make all'", "allow"),
        (Default, &["allow Bash(find:*)", "allow Bash(cat:*)"], "bash find . -exec cat {} +", "allow"),
        (Default, &["allow Bash(find:*)", "allow Bash(cat:*)"], "bash find . -execdir cat {} +", "ask"),
        (Auto, &[], "bash find . -execdir git status ;", "ask"),
        (Auto, &[], "bash find . -exec git status ;", "allow"),
        (Default, &["allow Bash(git diff:*)"], "bash git diff -O/etc/passwd", "ask"),
        (Default, &["allow Bash(git diff:*)"], "bash git diff -Oorder", "allow"),
        (Default, &["allow Bash(git diff:*)"], "bash git diff -S/etc/passwd", "allow"),
        (Default, &["allow Bash(git diff:*)"], "bash git diff --submodule=diff", "ask"),
        (Default, &["allow Bash(git diff:*)"], "bash git diff --output=/x", "ask"),
        (Default, &["allow Bash(git log:*)"], "bash git log --grep=/api/../x", "allow"),
        (Default, &["allow Bash(git log:*)"], "bash git -C/etc log", "ask"),
        (Default, &["allow Bash(git grep:*)"], "bash git grep -f/etc/passwd", "ask"),
        (Default, &["allow Bash(git grep:*)"], "bash git grep -nf../x", "ask"),
        (Default, &["allow Bash(git grep:*)"], "bash git grep -e/etc", "allow"),
        (Default, &["allow Bash(git blame:*)"], "bash git blame -S/etc/passwd a", "ask"),
        (Default, &["allow Bash(git blame:*)"], "bash git blame --contents=/etc/passwd a", "ask"),
        (Default, &["allow Bash(git blame:*)"], "bash git blame --contents /etc/passwd a", "ask"),
        (Default, &["allow Bash(git blame:*)"], "bash git blame --ignore-revs-file=../x a", "ask"),
        (Default, &["allow Bash(git ls-files:*)"], "bash git ls-files -X/etc/passwd", "ask"),
        (Default, &["allow Bash(jq:*)"], "bash jq .dependencies package.json", "allow"),
        (Default, &["allow Bash(jq:*)"], "bash jq .include tsconfig.json", "allow"),
        (Default, &["allow Bash(jq:*)"], "bash jq -n 'import \"config\" as $c; $c'", "ask"),
        (Default, &["allow Bash(jq:*)"], "bash jq 'include \"a\";f' x.json", "ask"),
        (Default, &["allow Bash(jq:*)"], "bash jq -nf x.jq", "ask"),
        (Default, &["allow Bash(yq:*)"], "bash yq .a x.yaml", "allow"),
        (Default, &["allow Bash(yq:*)"], "bash yq -n 'load_str(\"/etc/passwd\")'", "ask"),
        (Default, &["allow Bash(yq:*)"], "bash yq 'eval(.a)' x.yaml", "ask"),
        (Default, &["allow Bash(yq:*)"], "bash yq -i .a=1 x.yaml", "ask"),
        (Default, &["allow Bash(make:*)"], "bash make V=1 CC=clang test", "allow"),
        (Default, &["allow Bash(make test:*)"], "bash make test 'X:=$(shell touch c)'", "ask"),
        (Default, &["allow Bash(make test:*)"], "bash make test X!=touch", "ask"),
        (Default, &["allow Bash(make test:*)"], "bash make test SHELL=x", "ask"),
        (Default, &["allow Bash(make test:*)"], "bash make test -E x", "ask"),
        (Default, &["allow Bash(tar:*)"], "bash tar tzf x.tgz", "allow"),
        (Default, &["allow Bash(tar:*)"], "bash tar tIf 'touch c' x.tar", "ask"),
        (Default, &["allow Bash(tar:*)"], "bash tar tFf ./x x.tar", "ask"),
        (Default, &["allow Bash(curl:*)"], "bash curl -s https://example.org -w '%{http_code}'", "allow"),
        (Default, &["allow Bash(curl:*)"], "bash curl https://example.org -w '%output{c}x'", "ask"),
        (Default, &["allow Bash(curl:*)"], "bash curl FILE:///etc/passwd", "ask"),
        (Default, &["allow Bash(less:*)"], "bash less a", "allow"),
        (Default, &["allow Bash(less:*)"], "bash less '+!touch c' a", "ask"),
        (Default, &["allow Bash(less:*)"], "bash less --lesskey-content='#env;LESSOPEN=|touch c' a", "ask"),
        (Default, &["allow Bash(rg:*)"], "bash rg --files src", "allow"),
        (Default, &["allow Bash(rg:*)"], "bash rg --files /", "ask"),
        (Default, &["allow Bash(find:*)", "allow Bash(cat:*)"], "bash find . -name .env", "allow"),
        (
            Default,
            &["allow Bash(find:*)", "allow Bash(cat:*)"],
            "bash find . -name .env -exec cat {} +",
            "deny",
        ),
        (
            Default,
            &["allow Bash(find:*)", "allow Bash(cat:*)"],
            "bash find . -name '.e*' -exec cat {} +",
            "ask",
        ),
        (Default, &["allow Bash(find:*)"], "bash find . -name .env -delete", "deny"),
        (Default, &["allow Bash(git config --get:*)"], "bash git config --get a.b", "allow"),
        (Default, &["allow Bash(git config --get:*)"], "bash git config --get a.b --add a.b c", "ask"),
        (Default, &["allow Bash(git config --get:*)"], "bash git config --get --edit", "ask"),
        (Default, &["allow Bash(date:*)"], "bash date +%s", "allow"),
        (Default, &["allow Bash(date:*)"], "bash date -f /etc/passwd", "ask"),
        (Default, &["allow Bash(date:*)"], "bash date --file=/etc/passwd", "ask"),
        (Auto, &["deny Read(conf/key)"], "bash git show HEAD:conf/key", "deny"),
        (Auto, &["deny Read(conf/key)"], "bash git log -p -- ':/conf/key'", "deny"),
        (Auto, &["deny Read(conf/key)"], "bash git log -p -- ':(top)conf/key'", "deny"),
        (Auto, &["deny Read(conf/key)"], "bash git log -p -- ':(top,literal)conf/key'", "deny"),
        (Auto, &[], "bash git show HEAD:.env", "deny"),
        (Auto, &[], "bash git show :.env", "deny"),
        (Auto, &[], "bash git log -p -- ':(glob)**/.env'", "deny"),
        (Auto, &[], "bash git log -p -- .e*", "ask"),
        (Auto, &[], "bash git log -p -- '.e*'", "ask"),
        (Auto, &[], "bash git log -p ':(glob).en?'", "ask"),
        (Auto, &[], "bash git log -p -- '*.env'", "deny"),
        (Auto, &[], "bash git log -p -- '*.rs'", "allow"),
        (Auto, &[], "bash git grep 'fn .*env' -- src", "allow"),
        (Default, &["allow Bash(git clone:*)"], "bash git clone https://example.org/x.git", "allow"),
        (Auto, &[], "bash git clone https://example.org/x .vscode", "ask"),
        (Auto, &[], "bash git clone https://example.org/.vscode", "ask"),
        (Auto, &[], "bash git clone https://example.org/x .git/hooks", "ask"),
        (Auto, &[], "bash git clone host:.vscode.git", "ask"),
    ];
    let wrong: Vec<String> = rows
        .iter()
        .map(|(mode, rules, line, expected)| (line, rules, expected, verdict(line, &policy(*mode, rules))))
        .filter(|(.., expected, verdict)| verdict.as_str() != **expected)
        .map(|(line, rules, _, verdict)| {
            format!("{line} with {rules:?} is {}: {}", verdict.as_str(), verdict.because().reason)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
