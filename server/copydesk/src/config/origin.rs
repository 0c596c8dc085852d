//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

/// One layer of settings, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum LayerName {
    #[default]
    Default,
    /// `$XDG_CONFIG_HOME/copydesk/config.yaml`.
    User,
    /// `.keystone/config.yaml`.
    Keystone,
    /// `.copydesk/config.yaml`.
    Workspace,
    Editor,
    /// The file that `$COPYDESK_CONFIG` names.
    Variable,
    CommandLine,
}

impl LayerName {
    /// The words for people.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::User => "user",
            Self::Keystone => "keystone",
            Self::Workspace => "workspace",
            Self::Editor => "editor settings",
            Self::Variable => "COPYDESK_CONFIG",
            Self::CommandLine => "command line",
        }
    }
}

/// A layer, and the line in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) layer: LayerName,
    pub(crate) path: Option<PathBuf>,
    /// Counted from one.
    pub(crate) line: Option<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, self.line) {
            (Some(path), Some(line)) => write!(f, "{}:{line}", path.display()),
            (Some(path), None) => write!(f, "{}", path.display()),
            (None, _) => f.write_str(self.layer.as_str()),
        }
    }
}
