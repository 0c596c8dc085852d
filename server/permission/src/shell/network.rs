//! Commands that reach beyond this machine: over the network, to a remote, to a registry.
//!
//! One table with two answers. What is of no use without the network (*certain*) gets it with its permission, and the
//! question says so; everything else runs without, and a build that finds a package missing fails and says which. What
//! may reach out besides is asked about where a stranger's words may speak through the model (see
//! [`copydesk_base::Grade`]). A list is never whole: what it does not know is held by the sandbox, in which the network
//! is closed.

use super::Simple;
use super::words::Word;

/// Programs that talk to other machines whatever their words are.
const ALWAYS: &str = "curl wget http https xh aria2c ssh scp sftp ssh-copy-id ssh-keyscan telnet ftp nc ncat socat \
                      ping traceroute dig host nslookup whois gh glab aws gcloud az kubectl helm terraform tofu pulumi \
                      ansible-playbook npx bunx pnpx uvx apt apt-get dnf yum apk pacman zypper brew snap flatpak \
                      heroku vercel netlify flyctl wrangler";

/// Programs that may, by what they are told or what is at their other end.
const OFTEN: &str = "axel lftp mosh netcat drill rclone s3cmd gsutil doctl fly supabase firebase hub ansible pipx \
                      twine mail sendmail mutt rsh redis-cli psql mysql mongosh openssl w3m lynx links yt-dlp \
                      youtube-dl git-lfs xdg-open open smbclient ldapsearch";

/// Programs, which of their subcommands certainly do, and which may.
#[rustfmt::skip]
const SOME: &[(&str, &str, &str)] = &[
    ("git", "push pull fetch clone ls-remote submodule lfs send-email", "remote archive request-pull svn p4 credential imap-send http-push send-pack fetch-pack"),
    ("cargo", "fetch add install update publish search login owner yank vendor generate-lockfile", "binstall logout info"),
    ("rustup", "update install toolchain component target self", ""),
    ("npm pnpm yarn bun", "install i ci add update up upgrade outdated audit publish view info search dlx exec create init x login fetch", ""),
    ("npm", "", "adduser token unpublish deprecate dist-tag owner access ping pkg hook org team star whoami show"),
    ("yarn", "", "npm"),
    ("bun", "", "pm"),
    ("pip pip3", "install download index search wheel upgrade run", ""),
    ("uv", "add sync lock pip tool python publish run", "self"),
    ("poetry pdm pipenv", "install add update lock publish sync", ""),
    ("poetry", "", "search"),
    ("conda mamba", "install create update search env", ""),
    ("go", "get install mod", "download"),
    ("gem", "install update fetch push search", "yank signin owner"),
    ("bundle", "install update add outdated", ""),
    ("composer", "install update require create-project", "global"),
    ("dotnet", "restore add nuget tool", "publish"),
    ("docker podman nerdctl", "pull push login build run compose search", ""),
    ("docker podman", "", "exec"),
    ("docker", "", "buildx context"),
    ("deno", "install add cache upgrade", "publish deploy run"),
    ("nix", "build develop run shell flake profile", ""),
    ("hg", "push pull clone incoming outgoing", ""),
    ("svn", "checkout co update up commit ci", "export import"),
    ("jj", "", "git"),
    ("hatch flit", "", "publish"),
    ("mvn", "", "deploy release:perform dependency:get"),
    ("gradle gradlew", "", "publish uploadArchives"),
    ("nuget", "", "push install restore"),
    ("crane", "", "push pull copy"),
    ("skopeo", "", "copy sync"),
    ("mix", "", "hex.publish deps.get"),
    ("swift", "", "package"),
    ("pod", "", "trunk install update"),
    ("make just task", "", "publish deploy release push upload"),
];

/// Names of scripts that send something away, by whatever runs them: `npm run deploy`.
const DEEDS: &[&str] = &["publish", "deploy", "release", "push", "upload"];

/// Programs that run scripts by their names.
const RUN_SCRIPTS: &str = "npm pnpm yarn bun deno rake invoke nx turbo";

/// Options before a subcommand whose value stands in the next word.
const VALUED: &[&str] =
    &["-C", "-c", "--git-dir", "--work-tree", "--prefix", "--config", "--dir", "--cwd", "-Z"];

/// Whether a simple command, its words without quotes, needs the network.
pub(super) fn is_needed(words: &[String]) -> bool {
    let Some((program, arguments)) = words.split_first() else { return false };
    let name = program.rsplit('/').next().unwrap_or(program);
    if is_among(name, ALWAYS) {
        return true;
    }
    // A module by its name.
    if let ("python" | "python3", [module, tool, rest @ ..]) = (name, arguments) {
        return module == "-m" && subcommand(rest).is_some_and(|sub| certainly(tool).any(|one| one == sub));
    }
    if name == "rsync" {
        return arguments.iter().any(|word| !word.starts_with('-') && word.contains(':'));
    }
    subcommand(arguments).is_some_and(|sub| certainly(name).any(|one| one == sub))
}

/// What of this a command may do, as `reaching other machines`. What gets the network is asked about in any case.
pub(super) fn reached_by(simple: &Simple) -> Option<&'static str> {
    let all: Vec<String> = simple.words.iter().map(|word| word.text.clone()).collect();
    let name = simple.name().rsplit('/').next().unwrap_or_default();
    let reaches = is_needed(&all) || is_among(name, OFTEN) || simple.words.iter().any(names_a_device);
    // An option before the subcommand may take a value, so any word may be it.
    let words = all.get(1..).unwrap_or_default();
    let has = |sub: &str| words.iter().any(|word| word == sub);
    let is_deed = |word: &String| word.split([':', '-', '_', '.']).any(|part| DEEDS.contains(&part));
    let sends = certainly(name).chain(perhaps(name)).any(has)
        || (is_among(name, RUN_SCRIPTS) && words.iter().any(is_deed));
    match (reaches, sends) {
        (true, _) => Some("reaching other machines"),
        (false, true) => Some("fetching, pushing or publishing"),
        (false, false) => None,
    }
}

fn is_among(name: &str, list: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == name)
}

fn certainly(name: &str) -> impl Iterator<Item = &'static str> {
    rows(name).flat_map(|(certain, _)| certain.split_ascii_whitespace())
}

fn perhaps(name: &str) -> impl Iterator<Item = &'static str> {
    rows(name).flat_map(|(_, perhaps)| perhaps.split_ascii_whitespace())
}

fn rows(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    SOME.iter()
        .filter(move |(names, ..)| is_among(name, names))
        .map(|(_, certain, perhaps)| (*certain, *perhaps))
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

/// `/dev/tcp/host/port` of bash.
fn names_a_device(word: &Word) -> bool {
    word.text.contains("/dev/tcp/") || word.text.contains("/dev/udp/")
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
