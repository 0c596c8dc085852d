//! The names that one config file gives.

use copydesk_text::{Entry, Node};

use super::{origin, text};
use crate::index::{Names, SettingsView};
use crate::models::Abilities;
use crate::{File, FileKind, wishes};

/// What one config file says, ours or Keystone's, or one of MCP servers alone. The effective config is one such view
/// over another.
pub fn settings_view(file: &File<'_>) -> SettingsView {
    let Some(root) = file.tree.root() else { return SettingsView::default() };
    let section = |key: &str| root.get(key).map(|node| keys(file, node)).unwrap_or_default();
    let engines = root.get("engines");
    let pools = root.get("pools").or_else(|| root.get("concurrency").and_then(|node| node.get("pools")));
    let mappings = file.tree.entries_at(root, "model_mappings").into_iter();
    let providers = file.tree.entries_at(root, "providers");
    SettingsView {
        default_model: text(root, "default_model"),
        fallback: wishes::fallback(root),
        providers: section("providers"),
        provider_fallback: providers.iter().filter_map(|provider| chain_of(*provider)).collect(),
        mcp_servers: root
            .get("mcpServers")
            .or_else(|| root.get("servers").filter(|_| file.kind == FileKind::Mcp))
            .map_or_else(|| section("mcp_servers"), |node| keys(file, node)),
        guests: section("agents"),
        pools: pools.map(|node| keys(file, node)).unwrap_or_default(),
        engines_allowed: engines.and_then(|node| node.get("allowlist")).map(|node| names(file, node)),
        engines_denied: engines
            .and_then(|node| node.get("denylist"))
            .map(|node| names(file, node))
            .unwrap_or_default(),
        model_mappings: mappings
            .filter_map(|entry| {
                Some((entry.key().scalar_text()?.to_owned(), entry.value().scalar_text()?.to_owned()))
            })
            .collect(),
        abilities: providers.into_iter().flat_map(abilities_of).collect(),
    }
}

/// What one provider says that its models can do.
fn abilities_of(provider: Entry<'_>) -> Vec<(String, Abilities)> {
    let models = provider.value().get("models").map(Node::entries).unwrap_or_default();
    let said = |model: Entry<'_>| {
        let can = |key: &str| model.value().get(key).and_then(Node::as_bool);
        let abilities = Abilities { tools: can("tools"), images: can("vision") };
        let name = format!("{}/{}", provider.key().scalar_text()?, model.key().scalar_text()?);
        (abilities != Abilities::default()).then_some((name, abilities))
    };
    models.iter().filter_map(said).collect()
}

/// The models that answer instead of those of one provider.
fn chain_of(provider: Entry<'_>) -> Option<(String, Vec<String>)> {
    Some((provider.key().scalar_text()?.to_owned(), wishes::fallback(provider.value())?))
}

/// The keys of a mapping.
fn keys(file: &File<'_>, node: Node<'_>) -> Names {
    let named = |key: Node<'_>| Some((key.scalar_text()?.to_owned(), Some(origin(file.path, key))));
    file.tree.entries(node).into_iter().filter_map(|entry| named(entry.key())).collect()
}

/// The items of a list, or the keys of a mapping.
fn names(file: &File<'_>, node: Node<'_>) -> Names {
    let named = |item: Node<'_>| Some((item.scalar_text()?.to_owned(), Some(origin(file.path, item))));
    let items = node.items().iter().filter_map(named);
    items.chain(keys(file, node)).collect()
}
