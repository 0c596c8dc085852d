//! The names themselves. One list for everybody: policy asks about them, the sandbox holds them.
//!
//! Lower case throughout; who compares folds first.

/// File names; `*` stands for any text.
pub(crate) const SECRET_NAMES: &[&str] = &[
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.ppk",
    "*.jks",
    "*.kdbx",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_ecdsa_sk",
    "id_ed25519_sk",
    ".npmrc",
    ".netrc",
    "_netrc",
    ".pypirc",
    ".git-credentials",
    ".pgpass",
    ".htpasswd",
    ".vault-token",
    ".terraformrc",
    "application_default_credentials.json",
    "credentials.tfrc.json",
];

/// Folders, wherever they stand, with everything in them.
pub(crate) const SECRET_FOLDERS: &[&str] = &[
    ".ssh",
    ".aws",
    ".azure",
    ".kube",
    ".gnupg",
    ".password-store",
    ".config/gcloud",
    ".local/share/keyrings",
];

/// Files in a folder that is otherwise harmless.
pub(crate) const SECRET_FILES: &[&str] = &[
    ".docker/config.json",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".config/gh/hosts.yml",
    ".config/git/credentials",
    "etc/shadow",
    "etc/gshadow",
];

/// Of a secret folder, what everybody may read.
pub(crate) const PUBLIC_NAMES: &[&str] = &["*.pub", "known_hosts", "config"];

/// File names, wherever they stand; `*` stands for any text.
pub(crate) const PROTECTED_NAMES: &[&str] = &[
    // our own and the shells'
    ".envrc",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".zlogout",
    ".kshrc",
    ".cshrc",
    ".tcshrc",
    ".login",
    ".inputrc",
    ".xprofile",
    ".xinitrc",
    ".xsession",
    ".pam_environment",
    // git's
    ".git",
    "git~1",
    ".gitconfig",
    // editors that run what they find
    ".nvim.lua",
    ".nvimrc",
    ".exrc",
    ".vimrc",
    ".gvimrc",
    ".dir-locals.el",
    ".dir-locals-2.el",
    ".emacs",
    "*.code-workspace",
    "*.sublime-project",
    // other agents'
    ".mcp.json",
    "opencode.json",
    "opencode.jsonc",
    ".aider.conf.yml",
];

/// Folders, wherever they stand, with everything in them.
pub(crate) const PROTECTED_FOLDERS: &[&str] = &[
    ".copydesk",
    ".stepper",
    ".claude",
    ".codex",
    ".cursor",
    ".gemini",
    ".opencode",
    ".roo",
    ".amazonq",
    ".kiro",
    ".continue",
    ".config/copydesk",
    ".git",
    "git~1",
    ".hg",
    ".jj",
    ".config/git",
    ".config/fish",
    ".config/environment.d",
    ".vscode",
    ".helix",
    ".zed",
    ".idea",
    ".vim",
    ".emacs.d",
    ".config/nvim",
    ".config/helix",
    ".config/emacs",
    ".config/zed",
    ".config/code",
    ".ssh",
    ".config/autostart",
    ".config/systemd",
    "library/launchagents",
    "library/launchdaemons",
    "etc/cron.d",
    "etc/cron.daily",
    "etc/cron.hourly",
    "etc/cron.weekly",
    "etc/cron.monthly",
    "var/spool/cron",
    "etc/systemd",
    "etc/profile.d",
    "etc/init.d",
];

/// Files in a folder that is otherwise harmless.
pub(crate) const PROTECTED_FILES: &[&str] = &[
    ".keystone/config.yaml",
    ".keystone/config.yml",
    "etc/crontab",
    "etc/profile",
    "etc/bash.bashrc",
    "etc/environment",
    "etc/ld.so.preload",
];

/// Folders that hold a protected file among others: taking them away or replacing them is protected too.
pub(crate) const PROTECTED_PARENTS: &[&str] = &[".keystone"];

/// The same for what runs by itself later, or is obeyed by every agent from then on.
pub(crate) const EXECUTING_NAMES: &[&str] = &[
    "agents.md",
    "claude.md",
    "gemini.md",
    "copilot-instructions.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".gitlab-ci.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "jenkinsfile",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    ".lefthook.yml",
    ".devcontainer.json",
    "build.rs",
    "rust-toolchain",
    "rust-toolchain.toml",
    "mise.toml",
    ".mise.toml",
    ".pnpmfile.cjs",
    ".yarnrc.yml",
    "sitecustomize.py",
    "usercustomize.py",
    ".drone.yml",
    ".woodpecker.yml",
    ".woodpecker.yaml",
    "appveyor.yml",
    ".appveyor.yml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    ".lvimrc",
    ".lazy.lua",
    ".neoconf.json",
    ".ycm_extra_conf.py",
    "rust-analyzer.toml",
    ".rust-analyzer.toml",
    ".eslintrc.js",
    ".eslintrc.cjs",
    "eslint.config.js",
    "eslint.config.mjs",
    "eslint.config.cjs",
    "eslint.config.ts",
    ".prettierrc.js",
    ".prettierrc.cjs",
    ".prettierrc.mjs",
    "prettier.config.js",
    "prettier.config.cjs",
    "prettier.config.mjs",
    "prettier.config.ts",
    "svelte.config.js",
    "tailwind.config.js",
    "tailwind.config.cjs",
    "tailwind.config.mjs",
    "tailwind.config.ts",
    ".formatter.exs",
    "mix.exs",
    ".rubocop.yml",
    ".pylintrc",
    "pylintrc",
    ".gdbinit",
    ".lldbinit",
    "*.pth",
    ".pnp.cjs",
    ".pnp.loader.mjs",
    ".hgrc",
    ".tool-versions",
    ".tmux.conf",
    ".direnvrc",
    ".overcommit.yml",
];

pub(crate) const EXECUTING_FOLDERS: &[&str] = &[
    ".github/workflows",
    ".github/actions",
    ".circleci",
    ".husky",
    ".githooks",
    ".devcontainer",
    ".yarn/releases",
    ".yarn/plugins",
    ".gitea/workflows",
    ".forgejo/workflows",
    ".buildkite",
    ".teamcity",
    ".woodpecker",
];

pub(crate) const EXECUTING_FILES: &[&str] = &[".cargo/config", ".cargo/config.toml"];

/// Parents of executing folders, for whoever moves them as a whole.
pub(crate) const EXECUTING_PARENTS: &[&str] = &[".github", ".gitea", ".forgejo", ".cargo"];

/// Of the protected names, those on which something that runs already acts as soon as they stand at the top of a
/// folder: an editor that has it open, a prompt that asks git, another agent. A sandbox keeps these from appearing at
/// all; the other names do nothing before somebody starts something there, so it is enough to take them back behind the
/// command.
pub(crate) const AT_ONCE: &[&str] = &[
    ".git",
    ".copydesk",
    ".stepper",
    ".claude",
    ".codex",
    ".cursor",
    ".gemini",
    ".vscode",
    ".idea",
    ".helix",
    ".zed",
    ".envrc",
    ".nvim.lua",
    ".exrc",
];

/// What stands where a name must stay free: something that means nothing to whoever finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// An empty folder, which git does not add to a commit.
    Folder,
    /// A symbolic link to nothing, where git does not look for commits.
    Link,
    /// Where git looks at the name alone.
    File(&'static str),
}

/// In a folder of git, what names programs or says where git looks for them; all the rest there is data that commits
/// need to write.
///
/// A `commondir` that leads nowhere would stop git: a dot says that the folder is its own.
pub(crate) const IN_GIT: &[(&str, Stand)] = &[
    ("hooks", Stand::Link),
    ("config", Stand::Link),
    ("config.worktree", Stand::Link),
    ("commondir", Stand::File(".\n")),
    ("info", Stand::Link),
    ("modules", Stand::Link),
    ("worktrees", Stand::Link),
];

/// The same in the folder that git keeps for one worktree.
pub(crate) const IN_WORKTREE: &[(&str, Stand)] =
    &[("gitdir", Stand::Link), ("commondir", Stand::File("../..\n")), ("config.worktree", Stand::Link)];
