//! Every diagnostic code has a page in the guide.

use std::path::Path;

use copydesk_base::Code;

#[test]
fn every_code_has_a_page_that_explains_and_mends() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/diagnostics");
    for code in Code::ALL {
        let path = pages.join(format!("{code}.md"));
        let page = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(page.starts_with(&format!("# {code}\n")), "write {}", path.display());
        for part in ["## Example", "## How to mend it"] {
            assert!(page.contains(part), "{} lacks '{part}'", path.display());
        }
    }
}
