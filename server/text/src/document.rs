//! One version of a text that somebody holds open.
//!
//! A [`Document`] never changes. An edit makes a new one that shares what stayed the same, so that a handler can keep
//! the version it started with for as long as it likes. The flat text, the tree and the hash are made when they are
//! first asked for, once for each version.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use copydesk_base::ContentHash;
use ropey::Rope;

use crate::edits::Since;
use crate::front_matter::{self, FrontMatter};
use crate::json::{self, Dialect};
use crate::node::Tree;
use crate::position::{self, Encoding, Range};
use crate::{toml, yaml};

/// At the start of a text it says how the text is encoded, and is no part of it.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// A text at one version.
#[derive(Clone, Debug)]
pub struct Document {
    version: i32,
    language_id: String,
    format: Format,
    rope: Rope,
    text: OnceLock<Arc<str>>,
    tree: OnceLock<Arc<Tree>>,
    /// An older version's tree and what was edited since: the way to this version's tree that costs least.
    since: Option<Since>,
    hash: OnceLock<ContentHash>,
}

/// How a text is read into a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Yaml,
    /// Its front matter is YAML.
    Markdown,
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    Toml,
    /// Not at all.
    Other,
}

/// One edit of a client: what was in `range` becomes `text`. Without a range it is the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub range: Option<Range>,
    pub text: String,
}

impl Format {
    /// By the path's ending, else by the editor's word for the language.
    pub fn of(language_id: &str, path: Option<&Path>) -> Self {
        let ending = path.and_then(Path::extension).and_then(|ending| ending.to_str()).unwrap_or("");
        match ending.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => return Self::Yaml,
            "md" | "markdown" => return Self::Markdown,
            "toml" => return Self::Toml,
            "jsonc" | "json5" | "code-workspace" => return Self::Jsonc,
            "json" | "webmanifest" | "avsc" | "geojson" => {
                let takes_comments = language_id == "jsonc" || path.is_some_and(has_comments);
                return if takes_comments { Self::Jsonc } else { Self::Json };
            }
            _ => {}
        }
        // Vim joins words with dots: `yaml.ansible`.
        match language_id.split('.').next().unwrap_or("") {
            "yaml" | "github-actions-workflow" | "dockercompose" => Self::Yaml,
            "json" => Self::Json,
            "toml" => Self::Toml,
            "jsonc" | "json5" => Self::Jsonc,
            "markdown" | "mdx" | "prompt" | "instructions" | "chatagent" | "skill" => Self::Markdown,
            _ => Self::Other,
        }
    }
}

/// Files named `.json` whose own programs read comments.
fn has_comments(path: &Path) -> bool {
    let word = |name: Option<&std::ffi::OsStr>| name.and_then(|name| name.to_str()).unwrap_or("").to_owned();
    let name = word(path.file_name());
    let folder = word(path.parent().and_then(Path::file_name));
    folder == ".vscode"
        || name.starts_with("tsconfig")
        || name.starts_with("jsconfig")
        || name == ".devcontainer.json"
        || name == "devcontainer.json"
}

impl Document {
    /// A text whose format the language alone decides.
    pub fn open(version: i32, language_id: impl Into<String>, text: &str) -> Self {
        let language_id = language_id.into();
        let format = Format::of(&language_id, None);
        Self::with_format(version, language_id, format, text)
    }

    /// A text that has a path.
    pub fn open_at(version: i32, language_id: impl Into<String>, path: &Path, text: &str) -> Self {
        let language_id = language_id.into();
        let format = Format::of(&language_id, Some(path));
        Self::with_format(version, language_id, format, text)
    }

    /// A text of a known format.
    pub fn with_format(version: i32, language_id: impl Into<String>, format: Format, text: &str) -> Self {
        Self::from_rope(version, language_id.into(), format, Rope::from_str(text))
    }

    fn from_rope(version: i32, language_id: String, format: Format, rope: Rope) -> Self {
        Self {
            version,
            language_id,
            format,
            rope,
            text: OnceLock::new(),
            tree: OnceLock::new(),
            since: None,
            hash: OnceLock::new(),
        }
    }

    /// The next version: `changes` made in order, each in the text that the one before left.
    #[must_use]
    pub fn edited(&self, version: i32, changes: &[Change], encoding: Encoding) -> Self {
        let mut rope = self.rope.clone();
        let mut since = self.since();
        for change in changes {
            let Some(range) = change.range else {
                rope = Rope::from_str(&change.text);
                if let Some(since) = &mut since {
                    since.all_edited();
                }
                continue;
            };
            let span = position::span(&rope, range, encoding);
            let (from, to) = (rope.byte_to_char(span.start), rope.byte_to_char(span.end));
            rope.remove(from..to);
            rope.insert(from, &change.text);
            if let Some(since) = &mut since {
                since.edited(span.start, span.end, &change.text);
            }
        }
        Self { since, ..Self::from_rope(version, self.language_id.clone(), self.format, rope) }
    }

    /// Where the next version's tree may start from: this one's tree, if somebody has asked for it.
    fn since(&self) -> Option<Since> {
        if matches!(self.format, Format::Markdown | Format::Other) {
            return None;
        }
        let own = self.tree.get().map(|tree| Since::new(Arc::clone(tree)));
        own.or_else(|| self.since.clone())
    }

    pub fn version(&self) -> i32 {
        self.version
    }

    /// The editor's word.
    pub fn language_id(&self) -> &str {
        &self.language_id
    }

    pub fn format(&self) -> Format {
        self.format
    }

    pub fn rope(&self) -> &Rope {
        &self.rope
    }

    /// The text in one piece.
    pub fn text(&self) -> &Arc<str> {
        self.text.get_or_init(|| String::from(&self.rope).into())
    }

    /// The tree: of the whole text, of a Markdown file's front matter, or an empty one.
    pub fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| {
            let since = self.since.as_ref();
            let edited = since.and_then(|since| since.tree(self.text(), self.format));
            Arc::new(edited.unwrap_or_else(|| {
                let whole = self.read_whole();
                match since {
                    Some(since) => since.shared(whole),
                    None => whole,
                }
            }))
        })
    }

    fn read_whole(&self) -> Tree {
        let text = Arc::clone(self.text());
        match self.format {
            Format::Yaml => yaml::parse_shared(text),
            Format::Json => json::parse_shared(text, Dialect::Strict),
            Format::Jsonc => json::parse_shared(text, Dialect::Commented),
            Format::Toml => toml::parse_shared(text),
            Format::Markdown => front_matter::parse_shared(text),
            Format::Other => Tree::default(),
        }
    }

    /// Where a Markdown file's front matter is.
    pub fn front_matter(&self) -> Option<FrontMatter> {
        (self.format == Format::Markdown).then(|| front_matter::split(self.text())).flatten()
    }

    /// The fingerprint of the text's bytes.
    pub fn hash(&self) -> ContentHash {
        *self.hash.get_or_init(|| ContentHash::of(self.text().as_bytes()))
    }
}
