//! Commands that reach beyond this machine: over the network, to a remote, to a registry.
//!
//! Only asked about where a stranger's words may speak through the model (see [`copydesk_base::Grade`]). It is a list, and
//! a list is never whole: what it does not know is held by the sandbox, in which the network is closed.

use super::words::Word;
use super::{Simple, network};

/// Programs that are about the network whatever their words are.
const ALWAYS: &[&str] = &[
    "curl",
    "wget",
    "http",
    "https",
    "xh",
    "aria2c",
    "axel",
    "ftp",
    "lftp",
    "sftp",
    "scp",
    "ssh",
    "mosh",
    "telnet",
    "nc",
    "ncat",
    "netcat",
    "socat",
    "ping",
    "dig",
    "nslookup",
    "host",
    "drill",
    "whois",
    "traceroute",
    "rclone",
    "s3cmd",
    "aws",
    "gcloud",
    "gsutil",
    "az",
    "doctl",
    "heroku",
    "vercel",
    "netlify",
    "fly",
    "flyctl",
    "wrangler",
    "supabase",
    "firebase",
    "gh",
    "glab",
    "hub",
    "kubectl",
    "helm",
    "terraform",
    "tofu",
    "pulumi",
    "ansible",
    "ansible-playbook",
    "npx",
    "pnpx",
    "bunx",
    "uvx",
    "pipx",
    "twine",
    "mail",
    "sendmail",
    "mutt",
    "rsh",
    "redis-cli",
    "psql",
    "mysql",
    "mongosh",
    "openssl",
    "w3m",
    "lynx",
    "links",
    "yt-dlp",
    "youtube-dl",
    "git-lfs",
    "xdg-open",
    "open",
    "smbclient",
    "ldapsearch",
];

/// Programs with subcommands that fetch, push or publish.
const WITH_SUBCOMMANDS: &[(&str, &[&str])] = &[
    (
        "git",
        &[
            "push",
            "fetch",
            "pull",
            "clone",
            "ls-remote",
            "remote",
            "submodule",
            "send-email",
            "archive",
            "request-pull",
            "svn",
            "p4",
            "lfs",
            "credential",
            "imap-send",
            "http-push",
            "send-pack",
            "fetch-pack",
        ],
    ),
    ("jj", &["git"]),
    ("hg", &["push", "pull", "clone", "incoming", "outgoing"]),
    ("svn", &["commit", "checkout", "update", "export", "import"]),
    (
        "cargo",
        &[
            "publish", "login", "owner", "yank", "install", "add", "update", "fetch", "search", "binstall",
            "logout", "info",
        ],
    ),
    (
        "npm",
        &[
            "publish",
            "install",
            "i",
            "ci",
            "add",
            "update",
            "view",
            "login",
            "adduser",
            "token",
            "exec",
            "x",
            "init",
            "create",
            "audit",
            "unpublish",
            "deprecate",
            "dist-tag",
            "owner",
            "access",
            "ping",
            "search",
            "outdated",
            "pkg",
            "hook",
            "org",
            "team",
            "star",
            "whoami",
            "info",
            "show",
        ],
    ),
    (
        "pnpm",
        &["publish", "install", "i", "add", "update", "dlx", "create", "audit", "outdated", "fetch", "login"],
    ),
    (
        "yarn",
        &[
            "publish", "install", "add", "up", "upgrade", "dlx", "create", "npm", "audit", "outdated",
            "login", "info",
        ],
    ),
    ("bun", &["publish", "install", "i", "add", "update", "x", "create", "pm", "outdated"]),
    ("deno", &["publish", "install", "add", "deploy", "run", "cache", "upgrade"]),
    ("pip", &["install", "download", "index", "search", "wheel"]),
    ("pip3", &["install", "download", "index", "search", "wheel"]),
    ("uv", &["publish", "add", "sync", "lock", "pip", "tool", "python", "self"]),
    ("poetry", &["publish", "add", "install", "update", "lock", "search"]),
    ("hatch", &["publish"]),
    ("flit", &["publish"]),
    ("conda", &["install", "update", "create", "search"]),
    ("gem", &["push", "install", "fetch", "yank", "signin", "owner", "update"]),
    ("bundle", &["install", "update", "add"]),
    ("composer", &["install", "update", "require", "global", "create-project"]),
    ("go", &["get", "install", "mod", "download"]),
    ("mvn", &["deploy", "release:perform", "dependency:get"]),
    ("gradle", &["publish", "uploadArchives"]),
    ("gradlew", &["publish", "uploadArchives"]),
    ("dotnet", &["nuget", "publish", "restore", "add"]),
    ("nuget", &["push", "install", "restore"]),
    ("docker", &["push", "pull", "login", "build", "run", "compose", "buildx", "search", "exec", "context"]),
    ("podman", &["push", "pull", "login", "build", "run", "search", "exec"]),
    ("crane", &["push", "pull", "copy"]),
    ("skopeo", &["copy", "sync"]),
    ("mix", &["hex.publish", "deps.get"]),
    ("swift", &["package"]),
    ("pod", &["trunk", "install", "update"]),
    ("brew", &["install", "upgrade", "update", "tap"]),
    ("apt", &["install", "update", "upgrade"]),
    ("apt-get", &["install", "update", "upgrade", "download"]),
    ("apk", &["add", "update", "fetch"]),
    ("dnf", &["install", "update", "download"]),
    ("make", &["publish", "deploy", "release", "push", "upload"]),
    ("just", &["publish", "deploy", "release", "push", "upload"]),
    ("task", &["publish", "deploy", "release", "push", "upload"]),
];

/// Names of scripts that send something away, by whatever runs them: `npm run deploy`.
const DEEDS: &[&str] = &["publish", "deploy", "release", "push", "upload"];

/// What of this a command does, as `reaching the network`.
pub(super) fn look(simple: &Simple) -> Option<&'static str> {
    let name = simple.name().rsplit('/').next().unwrap_or_default();
    let words: Vec<&str> = simple.words.iter().skip(1).map(|word| word.text.as_str()).collect();
    let all: Vec<String> = simple.words.iter().map(|word| word.text.clone()).collect();
    // What gets the network with its permission is asked about in any case.
    if ALWAYS.contains(&name) || network::is_needed(&all) {
        return Some("reaching other machines");
    }
    if name == "rsync" && words.iter().any(|word| is_remote(word)) {
        return Some("reaching other machines");
    }
    // An option before the subcommand may take a value, so any word may be it.
    let subcommands =
        WITH_SUBCOMMANDS.iter().find(|(one, _)| *one == name).map(|(_, subcommands)| *subcommands);
    if let Some(subcommands) = subcommands
        && words.iter().any(|word| subcommands.contains(word))
    {
        return Some("fetching, pushing or publishing");
    }
    let runs_scripts =
        matches!(name, "npm" | "pnpm" | "yarn" | "bun" | "deno" | "rake" | "invoke" | "nx" | "turbo");
    let is_deed = |word: &&str| word.split([':', '-', '_', '.']).any(|part| DEEDS.contains(&part));
    if runs_scripts && words.iter().any(is_deed) {
        return Some("fetching, pushing or publishing");
    }
    simple.words.iter().any(names_a_device).then_some("reaching other machines")
}

fn is_remote(word: &str) -> bool {
    word.contains("://")
        || word.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'))
}

/// `/dev/tcp/host/port` of bash.
fn names_a_device(word: &Word) -> bool {
    word.text.contains("/dev/tcp/") || word.text.contains("/dev/udp/")
}
