//! Which commands are of no use without the network: fetching, publishing, talking to other machines.
//!
//! What is named here gets the network with its permission, and the question says so. Everything else runs without; a
//! build that finds a package missing fails, and says which. So a word that is not certain is left out.

/// Programs that talk to other machines whatever their words are.
const ALWAYS: &[&str] = &[
    "curl",
    "wget",
    "http",
    "https",
    "xh",
    "aria2c",
    "ssh",
    "scp",
    "sftp",
    "ssh-copy-id",
    "ssh-keyscan",
    "telnet",
    "ftp",
    "nc",
    "ncat",
    "socat",
    "ping",
    "traceroute",
    "dig",
    "host",
    "nslookup",
    "whois",
    "gh",
    "glab",
    "aws",
    "gcloud",
    "az",
    "kubectl",
    "helm",
    "terraform",
    "tofu",
    "pulumi",
    "ansible-playbook",
    "npx",
    "bunx",
    "pnpx",
    "uvx",
    "apt",
    "apt-get",
    "dnf",
    "yum",
    "apk",
    "pacman",
    "zypper",
    "brew",
    "snap",
    "flatpak",
    "heroku",
    "vercel",
    "netlify",
    "flyctl",
    "wrangler",
];

/// Programs, and which of their subcommands do.
const SOME: &[(&[&str], &[&str])] = &[
    (&["git"], &["push", "pull", "fetch", "clone", "ls-remote", "submodule", "lfs", "send-email"]),
    (
        &["cargo"],
        &[
            "fetch",
            "add",
            "install",
            "update",
            "publish",
            "search",
            "login",
            "owner",
            "yank",
            "vendor",
            "generate-lockfile",
        ],
    ),
    (&["rustup"], &["update", "install", "toolchain", "component", "target", "self"]),
    (
        &["npm", "pnpm", "yarn", "bun"],
        &[
            "install", "i", "ci", "add", "update", "up", "upgrade", "outdated", "audit", "publish", "view",
            "info", "search", "dlx", "exec", "create", "init", "x", "login", "fetch",
        ],
    ),
    (&["pip", "pip3", "pipx"], &["install", "download", "index", "search", "wheel", "upgrade", "run"]),
    (&["uv"], &["add", "sync", "lock", "pip", "tool", "python", "publish", "run"]),
    (&["poetry", "pdm", "pipenv"], &["install", "add", "update", "lock", "publish", "sync"]),
    (&["conda", "mamba"], &["install", "create", "update", "search", "env"]),
    (&["go"], &["get", "install", "mod"]),
    (&["gem"], &["install", "update", "fetch", "push", "search"]),
    (&["bundle"], &["install", "update", "add", "outdated"]),
    (&["composer"], &["install", "update", "require", "create-project"]),
    (&["dotnet"], &["restore", "add", "nuget", "tool"]),
    (&["docker", "podman", "nerdctl"], &["pull", "push", "login", "build", "run", "compose", "search"]),
    (&["deno"], &["install", "add", "cache", "upgrade"]),
    (&["nix"], &["build", "develop", "run", "shell", "flake", "profile"]),
    (&["hg"], &["push", "pull", "clone", "incoming", "outgoing"]),
    (&["svn"], &["checkout", "co", "update", "up", "commit", "ci"]),
    (&["rsync"], &[]),
];

/// Options before a subcommand whose value stands in the next word.
const VALUED: &[&str] =
    &["-C", "-c", "--git-dir", "--work-tree", "--prefix", "--config", "--dir", "--cwd", "-Z"];

/// Whether a simple command, its words without quotes, needs the network.
pub(super) fn is_needed(words: &[String]) -> bool {
    let Some((program, arguments)) = words.split_first() else { return false };
    let name = program.rsplit('/').next().unwrap_or(program);
    if ALWAYS.contains(&name) {
        return true;
    }
    // A module by its name.
    if let ("python" | "python3", [module, tool, rest @ ..]) = (name, arguments) {
        return module == "-m" && subcommand(rest).is_some_and(|sub| is_known(tool, sub));
    }
    if name == "rsync" {
        return arguments.iter().any(|word| !word.starts_with('-') && word.contains(':'));
    }
    subcommand(arguments).is_some_and(|sub| is_known(name, sub))
}

fn is_known(name: &str, sub: &str) -> bool {
    SOME.iter().any(|(names, subs)| names.contains(&name) && subs.contains(&sub))
}

fn subcommand(arguments: &[String]) -> Option<&str> {
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if VALUED.contains(&word) {
            words.next();
        } else if !word.starts_with(['-', '+']) {
            return Some(word);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_needs_the_network() {
        for (command, expected) in [
            ("curl https://example.org", true),
            ("/usr/bin/curl x", true),
            ("git push", true),
            ("git -C sub fetch --all", true),
            ("git log push", false),
            ("git commit -m fetch", false),
            ("cargo +nightly fetch", true),
            ("cargo test install", false),
            ("cargo build", false),
            ("npm --prefix web ci", true),
            ("npm test", false),
            ("npm run build", false),
            ("pip install -r requirements.txt", true),
            ("python3 -m pip install x", true),
            ("python3 -m pytest install", false),
            ("python3 x.py install", false),
            ("rsync -a src/ dst/", false),
            ("rsync -a src/ host:dst/", true),
            ("rsync", false),
            ("go test ./...", false),
            ("go mod tidy", true),
            ("echo curl", false),
            ("", false),
        ] {
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            assert_eq!(is_needed(&words), expected, "{command}");
        }
    }
}
