//! Which room may import which: the table of `docs/architecture.md`, against `cargo metadata`.

use serde_json::Value;

use super::Repository;

/// A room, and what it may import. In order: no room imports one below it.
pub const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("text", &["base"]),
    ("outline", &["base"]),
    ("store", &["base"]),
    ("permission", &["base"]),
    ("language", &["base", "text"]),
    ("provider", &["base", "store"]),
    ("agent", &["base", "text", "outline", "language", "provider", "permission", "store"]),
    ("lsp", &["base", "text", "outline", "language", "permission", "store", "agent"]),
    ("copydesk", &["base", "text", "outline", "language", "provider", "permission", "store", "agent", "lsp"]),
];

/// Edges that the table does not have, and rooms that it does not know.
pub fn imports(repository: &Repository) -> Vec<String> {
    let mut complaints = vec![];
    for package in packages(&repository.metadata) {
        let room = room_of(package["name"].as_str().unwrap_or_default());
        let imported =
            package["dependencies"].as_array().into_iter().flatten().filter(|one| one["path"].is_string());
        for edge in imported {
            let other = room_of(edge["name"].as_str().unwrap_or_default());
            let is_for_tests = edge["kind"] == "dev";
            let allowed = match (room, other) {
                // The bench knows none of us, so any room's own tests may use it.
                (_, "tests") => is_for_tests,
                _ => ROOMS.iter().any(|(name, may)| *name == room && may.contains(&other)),
            };
            if !allowed {
                complaints.push(format!("{room} imports {other}"));
            }
        }
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        let home = if room == "tests" {
            "/tests/Cargo.toml".to_owned()
        } else {
            format!("/server/{room}/Cargo.toml")
        };
        if !manifest.ends_with(&home) {
            complaints.push(format!("the room {room} lies in {manifest}"));
        }
        if room != "tests" && !ROOMS.iter().any(|(name, _)| *name == room) {
            complaints.push(format!("the table does not know the room {room}"));
        }
    }
    complaints
}

/// Where the page's table and [`ROOMS`] differ. A row is `| room | what it is | may import |`; `–` is nothing,
/// `everything` and `all but a and b` are words of the page.
pub fn table_of(page: &str) -> Vec<String> {
    let rows: Vec<Vec<&str>> = page
        .lines()
        .skip_while(|line| !(line.starts_with('|') && line.contains("may import")))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    if rows.is_empty() {
        return vec!["the page has no table with a column 'may import'".to_owned()];
    }
    let names: Vec<&str> = ROOMS.iter().map(|(name, _)| *name).collect();
    let mut complaints = vec![];
    for (room, may) in ROOMS {
        let Some(row) = rows.iter().find(|row| row.first() == Some(room)) else {
            complaints.push(format!("the page does not name {room}"));
            continue;
        };
        let cell = row.last().copied().unwrap_or_default();
        let words: Vec<&str> =
            cell.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let mut said: Vec<&str> = match words[..] {
            ["everything"] => names.iter().copied().filter(|name| name != room).collect(),
            ["all", "but", ref but @ ..] => {
                names.iter().copied().filter(|name| name != room && !but.contains(name)).collect()
            }
            _ => words,
        };
        let mut may = may.to_vec();
        said.sort_unstable();
        may.sort_unstable();
        if said != may {
            complaints.push(format!("the page lets {room} import {said:?}, the test {may:?}"));
        }
    }
    complaints
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    let members = metadata["workspace_members"].as_array();
    let all = metadata["packages"].as_array().into_iter().flatten();
    all.filter(move |package| members.is_some_and(|members| members.contains(&package["id"])))
}

fn room_of(package: &str) -> &str {
    package.strip_prefix("copydesk-").unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_has_no_circle() {
        for (at, (room, may)) in ROOMS.iter().enumerate() {
            for other in *may {
                assert!(
                    ROOMS[..at].iter().any(|(name, _)| name == other),
                    "{room} imports {other}, which is not above"
                );
            }
        }
    }

    #[test]
    fn a_page_that_says_something_else_is_found() {
        let row = |room: &str| if room == "base" { "| base | words | – |" } else { "" }.to_owned();
        let page = format!("| room | what | may import |\n|---|---|---|\n{}\n", row("base"));
        let complaints = table_of(&page);
        assert_eq!(complaints[0], "the page does not name text");
        assert_eq!(complaints.len(), ROOMS.len() - 1);
    }
}
