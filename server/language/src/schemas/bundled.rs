//! The schemas that are in the program: our own, by address and by name, and the metaschemas.

use referencing::{SPECIFICATIONS, uri};
use serde_json::Value;

use super::documents::is_metaschema;
use crate::schema;
use crate::schema::HOME;

/// The address of a bundled schema that is named by a bare word, `workflow` for one.
pub fn by_name(name: &str) -> Option<String> {
    let name = name.strip_prefix("copydesk://").unwrap_or(name);
    let name = name.strip_suffix(".schema.json").unwrap_or(name);
    if schema::SCHEMAS.contains(&name) {
        return Some(format!("{HOME}{name}.schema.json"));
    }
    let draft = match name {
        "draft-04" | "draft4" => "http://json-schema.org/draft-04/schema",
        "draft-06" | "draft6" => "http://json-schema.org/draft-06/schema",
        "draft-07" | "draft7" => "http://json-schema.org/draft-07/schema",
        "draft-2019-09" => "https://json-schema.org/draft/2019-09/schema",
        "draft-2020-12" => "https://json-schema.org/draft/2020-12/schema",
        _ => return None,
    };
    Some(draft.to_owned())
}

/// The names that [`by_name`] knows, with a few words each.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let drafts = ["draft-07", "draft-2020-12", "draft-2019-09", "draft-06", "draft-04"];
    let ours = schema::SCHEMAS.iter().map(|name| (*name, "a schema of Copydesk"));
    ours.chain(drafts.into_iter().map(|name| (name, "the schema of schemas")))
}

/// The document behind a URL.
pub(super) fn document(url: &str) -> Option<Value> {
    if let Some(name) = document_name(url) {
        return schema::schema(name);
    }
    // The validator's library has the metaschemas by heart.
    let url = is_metaschema(url).then(|| normal(url))?;
    let resolver = SPECIFICATIONS.resolver(uri::from_str(&url).ok()?);
    resolver.lookup(&url).ok().map(|found| found.contents().clone())
}

fn document_name(url: &str) -> Option<&str> {
    let name = url.split('#').next()?.strip_prefix(HOME)?.strip_suffix(".schema.json")?;
    schema::SCHEMAS.contains(&name).then_some(name)
}

/// The one spelling of a metaschema's URL that the validator resolves: people write `https` for the old drafts too.
fn normal(url: &str) -> String {
    let url = url.trim_end_matches('#');
    let old = ["draft-04", "draft-06", "draft-07"].iter().any(|draft| url.contains(draft));
    if old { url.replacen("https://", "http://", 1) } else { url.replacen("http://", "https://", 1) }
}
