//! TOML beside a schema: the same findings, mends, proposals and help as in YAML, written as TOML.

use std::path::Path;

use copydesk_language::schemas::{self, Schema};
use copydesk_language::{File, FileKind, parse};
use expect_test::{Expect, expect};

use crate::helping::{SERVICE, hovers_in, labels_in, take};
use crate::support::{check_as, schema};

fn check(marked: &str, expect: Expect) {
    check_as("x.toml", SERVICE, marked, expect);
}

fn labels(marked: &str, expect: Expect) {
    labels_in("x.toml", marked, expect);
}

fn takes(marked: &str, label: &str, expect: Expect) {
    take("x.toml", marked, label, expect);
}

fn hovers(marked: &str, expect: Expect) {
    hovers_in("x.toml", marked, expect);
}

/// Found by damaging the corpora: a quote behind a word whose first letter takes two bytes.
#[test]
fn a_quote_behind_words_is_half_typed() {
    labels("é 'le$0 :=:", expect!["name active level owner port steps tags old"]);
}

#[test]
fn mistakes_at_their_places_with_mends() {
    check(
        "name = \"x\"\n⟦leve⟧ = \"low\"\n",
        expect![[r#"
        error unknown-key 'leve' is no key of this file; did you mean 'level'? [fix: change to 'level'] [fix: take out 'leve']
    "#]],
    );
    check(
        "name = \"x\"\nlevel = ⟦\"hihg\"⟧\nport = ⟦\"80\"⟧\nactive = ⟦\"true\"⟧\n",
        expect![[r#"
            error unknown-value 'hihg' is no value of 'level'; it takes 'low' or 'high'; did you mean 'high'? [fix: change to 'high']
            error type-mismatch 'port' takes a whole number; this is a text [fix: change to 80 without quotes]
            error type-mismatch 'active' takes true or false; this is a text [fix: change to true without quotes]
        "#]],
    );
    check(
        "name = ⟦5⟧\nlevel = ⟦1979-05-27⟧\n",
        expect![[r#"
        error type-mismatch 'name' takes a text; this is a whole number [fix: put '5' in quotes]
        error unknown-value '1979-05-27' is no value of 'level'; it takes 'low' or 'high' [fix: change to 'low'] [fix: change to 'high']
    "#]],
    );
    check(
        "⟦port⟧ = 80 # c\n\n[owner]\nmail = \"m\"\nteam = \"t\"\n",
        expect![[r#"
        error missing-key this file needs 'name' [fix: add 'name']
    "#]],
    );
    check(
        "[⟦owner⟧]\nmail = \"m\"\nteam = \"t\"\n",
        expect![[r#"
        error missing-key this file needs 'name' [fix: add 'name']
    "#]],
    );
    check(
        "name = \"x\"\n[⟦owner⟧]\nmail = \"m\" # c\n",
        expect![[r#"
        error missing-key 'owner' needs 'team' [fix: add 'team']
    "#]],
    );
    check(
        "name = \"x\"\n[⟦owner⟧]\n",
        expect![[r#"
        error missing-key 'owner' needs 'mail' [fix: add 'mail']
        error missing-key 'owner' needs 'team' [fix: add 'team']
    "#]],
    );
    check(
        "name = \"x\"\n⟦owner⟧ = { mail = \"m\" }\n",
        expect![[r#"
        error missing-key 'owner' needs 'team' [fix: add 'team']
    "#]],
    );
    check(
        "name = \"x\"\n⟦owner⟧.mail = \"m\"\n",
        expect![[r#"
        error missing-key 'owner' needs 'team'
    "#]],
    );
    check(
        "name = \"x\"\n[[steps]]\ntype = ⟦\"http\"⟧\n\n[[steps]]\ntype = \"shell\"\nrun = ⟦5⟧\n",
        expect![[r#"
            error missing-key this item of 'steps' needs 'url' (as 'http') [fix: add 'url']
            error type-mismatch 'run' takes a text; this is a whole number (as 'shell') [fix: put '5' in quotes]
        "#]],
    );
    check(
        "name = \"x\"\n⟦old⟧ = \"y\"\n",
        expect![[r#"
            warning deprecated-key 'old' should no longer be written: the schema calls it deprecated [fix: take out 'old']
        "#]],
    );
}

#[test]
fn keys_are_proposed() {
    labels("$0", expect!["name active level owner port steps tags old"]);
    labels("name = 'x'\nle$0", expect!["active level owner port steps tags old"]);
    labels("name = 'x'\n[owner]\n$0\n[[steps]]\n", expect!["mail team"]);
    labels("name = 'x'\n[owner]\nmail = 'm'\nt$0\n[[steps]]\n", expect!["team"]);
    labels("owner = { mail = 'x', $0 }\n", expect!["team"]);
    labels("owner.$0", expect!["mail team"]);
    labels("[[steps]]\ntype = \"http\"\n$0\n", expect!["url"]);
    labels("[[steps]]\ntype = \"http\"\nurl = 'x'\n\n[[steps]]\ntype = 'shell'\n$0\n", expect!["run"]);
    labels("steps = [{ type = 'shell', $0 }]\n", expect!["run"]);
    labels("[$0", expect!["owner"]);
    labels("[[$0]]", expect!["steps"]);
    labels("# $0", expect![[""]]);
    labels("name = \"\"\"\n$0\n\"\"\"", expect![[""]]);
}

#[test]
fn values_are_proposed() {
    labels("level = $0\n", expect!["low high"]);
    labels("level = \"$0\"\n", expect!["low high"]);
    labels("active = $0\n", expect!["true false"]);
    labels("port =$0\n", expect!["8080 80 443"]);
    labels("tags = [\n  \"a\",\n  $0\n]\n", expect!["a b"]);
    labels("[[steps]]\ntype = '$0'\n", expect!["shell http"]);
}

#[test]
fn what_is_taken_fits() {
    takes("na$0", "name", expect![[r#"*name = "$1""#]]);
    takes("po$0 = 1", "port", expect!["port = 1"]);
    takes("po$0", "port", expect!["*port = ${1:8080}"]);
    takes("ow$0", "owner", expect![[r#"*owner = {mail = "${1:}", team = "${2:}"\}"#]]);
    takes("ta$0", "tags", expect!["*tags = [$1]"]);
    takes("level =$0", "high", expect![[r#"level = "high""#]]);
    takes("level = \"h$0", "high", expect![[r#"level = "high""#]]);
    takes("level = 'h$0'", "high", expect!["level = 'high'"]);
    takes("level = h$0", "high", expect![[r#"level = "high""#]]);
    takes("active = t$0", "true", expect!["active = true"]);
    takes("[ow$0", "owner", expect!["[owner]"]);
    takes("[[st$0]]", "steps", expect!["[[steps]]"]);
}

#[test]
fn what_stands_there_is_explained() {
    hovers(
        "na$0me = 'x'\n",
        expect![[r#"
        name
        **name**: a text, required

        What it is called.

        From [Service](file:///s/schema.json)"#]],
    );
    hovers(
        "level = \"hi$0gh\"\n",
        expect![[r#"
        "high"
        **high**

        Wakes people.

        From [Service](file:///s/schema.json)"#]],
    );
    hovers(
        "[ow$0ner]\nmail = 'x'\n",
        expect![[r#"
        owner
        **owner**: a mapping

        From [Service](file:///s/schema.json)"#]],
    );
    hovers(
        "[[steps]]\ntype = 'http'\n[owner]\n[[steps]]\ntype = 'ht$0tp'\n",
        expect![[r#"
        'http'
        **http**

        Asks a server.

        From [Service](file:///s/schema.json)"#]],
    );
}

/// A file that is cut anywhere is helped, and nothing falls.
#[test]
fn no_cut_makes_it_fall() {
    let text = "#:schema x\nname = \"é\"\nlevel = 'high' # c\ntags = [\n  \"a\",\n]\nowner = { mail = \"\"\"\nx\"\"\", team = 't' }\n[[steps]]\ntype = \"http\"\n[steps.more]\na.b = 1\n[[steps]]\n";
    let schema: Schema = schema(SERVICE);
    for (end, _) in text.char_indices() {
        let path = Path::new("x.toml");
        let cut = &text[..end];
        let tree = parse(path, cut);
        let file = File { path, text: cut, tree: &tree, kind: FileKind::Other };
        let _ = schemas::check(&file, &schema);
        for offset in (0..=end).filter(|offset| cut.is_char_boundary(*offset)) {
            let found = schemas::complete(&file, &schema, offset);
            assert!(found.iter().all(|one| one.replace.touches(offset)), "{cut} {offset}");
            let _ = schemas::hover(&file, &schema, offset);
        }
    }
}
