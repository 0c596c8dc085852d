//! What of models is on this machine without anybody having configured it: where servers listen, which agents are
//! installed, and how to come to a model where there is none.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use copydesk_base::config::{SERVICES, Service};
use copydesk_provider::LocalServer;
use copydesk_provider::choice::FIRST_STEPS;
use serde::Deserialize;
use url::Url;

use crate::config::Places;

/// Agents of others that people have, by the name of their program.
const AGENTS: &[&str] = &["claude", "codex", "gemini", "opencode"];

/// The model servers that may run here, each where its own settings put it: Ollama where `OLLAMA_HOST` says, LM Studio
/// at the port of its file. Only addresses of this machine count: nothing is sent to another one that nobody named to
/// us.
pub(crate) fn servers(places: &Places) -> Vec<LocalServer> {
    let mut servers = LocalServer::usual();
    for server in &mut servers {
        let moved = match server.name.as_str() {
            "ollama" => match ollama_host() {
                Some(Host::Here(base_url)) => Some(base_url),
                _ => None,
            },
            "lmstudio" => places.home.as_deref().and_then(lm_studio),
            _ => None,
        };
        if let Some(base_url) = moved {
            server.base_url = base_url;
        }
    }
    servers
}

/// Where Ollama is by its own variable.
#[derive(Debug, PartialEq)]
enum Host {
    Here(String),
    /// On another machine, or not in plain HTTP.
    Elsewhere(String),
    /// No address of HTTP.
    Odd,
}

/// An Ollama that its own variable names and that is not asked for that.
pub(crate) enum Elsewhere {
    At(String),
    Odd,
}

impl Elsewhere {
    pub(crate) fn told(&self) -> String {
        match self {
            Self::At(address) => {
                format!("OLLAMA_HOST names {address}, which is not asked unless your config names it too")
            }
            Self::Odd => "OLLAMA_HOST holds no address of HTTP, and was passed over".to_owned(),
        }
    }

    pub(crate) fn advice(&self) -> String {
        match self {
            Self::At(address) => format!(
                "Write providers: {{ollama: {{kind: ollama, base_url: \"{address}\"}}}} into your config.yaml."
            ),
            Self::Odd => "It looks like 127.0.0.1:11434.".to_owned(),
        }
    }
}

/// The Ollama of another machine that `OLLAMA_HOST` names.
pub(crate) fn elsewhere() -> Option<Elsewhere> {
    match ollama_host()? {
        Host::Here(_) => None,
        Host::Elsewhere(base_url) => Some(Elsewhere::At(base_url)),
        Host::Odd => Some(Elsewhere::Odd),
    }
}

fn ollama_host() -> Option<Host> {
    ollama(&std::env::var("OLLAMA_HOST").ok()?)
}

/// What `OLLAMA_HOST` says, which is written in many ways: `:11500`, `0.0.0.0`, `http://localhost:11500/`.
fn ollama(host: &str) -> Option<Host> {
    let host = host.trim().trim_matches(['"', '\'']);
    if host.is_empty() {
        return None;
    }
    Some(read(host).unwrap_or(Host::Odd))
}

fn read(host: &str) -> Option<Host> {
    let whole = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
    let whole = whole.replacen("://:", "://127.0.0.1:", 1);
    let url = Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let known = url.port_or_known_default()?;
    let is_plain = url.scheme() == "http";
    let port = if !is_plain || whole.contains(&format!(":{known}")) { known } else { 11434 };
    let named = url.host()?;
    let address = match &named {
        url::Host::Domain("localhost") => Some([127, 0, 0, 1].into()),
        url::Host::Domain(_) => None,
        url::Host::Ipv4(address) => Some(IpAddr::from(*address)),
        url::Host::Ipv6(address) => Some(IpAddr::from(*address)),
    };
    // A server that listens everywhere listens here.
    let here = address.map(|address| if address.is_unspecified() { [127, 0, 0, 1].into() } else { address });
    Some(match here.filter(|address| is_plain && address.is_loopback()) {
        Some(here) => Host::Here(format!("http://{}", std::net::SocketAddr::new(here, port))),
        None => Host::Elsewhere(format!("{}://{named}:{port}", url.scheme())),
    })
}

/// Where LM Studio serves, from the file that it keeps.
fn lm_studio(home: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Server {
        port: u16,
    }
    let text = std::fs::read(home.join(".lmstudio/.internal/http-server-config.json")).ok()?;
    let Server { port } = serde_json::from_slice(&text).ok()?;
    Some(format!("http://127.0.0.1:{port}/v1"))
}

/// A key in the environment that no provider uses, and the line that makes one use it.
pub(crate) struct Idle {
    pub(crate) variable: &'static str,
    pub(crate) advice: String,
}

/// The keys of services in the environment that nothing names so far.
pub(crate) fn idle_keys(is_named: impl Fn(&str) -> bool) -> Vec<Idle> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let idle = SERVICES.iter().filter(|service| is_set(service.variable) && !is_named(service.variable));
    idle.map(|&Service { variable, name, kind, base_url, .. }| Idle {
        variable,
        advice: format!(
            "Write providers: {{{name}: {{kind: {}, base_url: \"{base_url}\", api_key_env: {variable}, \
             default_model: MODEL}}}} into your config.yaml.",
            kind.as_str()
        ),
    })
    .collect()
}

/// The program that starts a server of that name, and what to type.
pub(crate) fn starter(server: &str) -> Option<(PathBuf, &'static str)> {
    let (program, command) = match server {
        "ollama" => ("ollama", "ollama serve"),
        "lmstudio" => ("lms", "lms server start"),
        _ => return None,
    };
    Some((in_path(program)?, command))
}

/// Agents of others that are installed. They bring models and keys of their own, which are none of ours.
pub(crate) fn agents() -> Vec<(&'static str, PathBuf)> {
    AGENTS.iter().filter_map(|name| Some((*name, in_path(name)?))).collect()
}

/// How to come to a model, as a person reads it where none was found.
pub(crate) fn first_steps() -> String {
    let names: Vec<&str> = agents().into_iter().map(|(name, _)| name).collect();
    let installed = match &names[..] {
        [] => String::new(),
        names => format!(
            " ({} {} installed, but Copydesk cannot host other agents yet.)",
            names.join(", "),
            if names.len() == 1 { "is" } else { "are" }
        ),
    };
    let elsewhere = elsewhere().map(|elsewhere| format!(" ({}. {})", elsewhere.told(), elsewhere.advice()));
    let idle = idle_keys(|_| false).into_iter().next();
    let idle = idle.map(|idle| format!(" ({} is set. {})", idle.variable, idle.advice));
    format!("{FIRST_STEPS}{installed}{}{}", elsewhere.unwrap_or_default(), idle.unwrap_or_default())
}

/// The program of that name that a shell would start.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ollama_is_read_as_ollama_reads_it_and_stays_here() {
        let here = |at: &str| Some(Host::Here(format!("http://{at}")));
        let elsewhere = |at: &str| Some(Host::Elsewhere(at.to_owned()));
        for (host, expect) in [
            ("127.0.0.1:11500", here("127.0.0.1:11500")),
            (":11500", here("127.0.0.1:11500")),
            ("0.0.0.0", here("127.0.0.1:11434")),
            ("localhost", here("127.0.0.1:11434")),
            ("http://localhost:80/", here("127.0.0.1:80")),
            ("[::1]:11500", here("[::1]:11500")),
            ("\"127.0.0.1\"", here("127.0.0.1:11434")),
            ("models.example:11434", elsewhere("http://models.example:11434")),
            ("10.0.0.7", elsewhere("http://10.0.0.7:11434")),
            ("http://me:secret@[fd00::7]:80/x", elsewhere("http://[fd00::7]:80")),
            ("https://127.0.0.1", elsewhere("https://127.0.0.1:443")),
            ("", None),
            ("nonsense:x", Some(Host::Odd)),
            ("tcp://127.0.0.1:11434", Some(Host::Odd)),
        ] {
            assert_eq!(ollama(host), expect, "{host}");
        }
    }

    #[test]
    fn the_port_of_lm_studio_is_in_its_own_file() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(lm_studio(home.path()), None);
        let folder = home.path().join(".lmstudio/.internal");
        std::fs::create_dir_all(&folder).unwrap();
        for (text, expect) in [
            ("{\"port\": 4321, \"cors\": false}", Some("http://127.0.0.1:4321/v1")),
            ("{\"port\": 70000}", None),
            ("{}", None),
            ("x", None),
        ] {
            std::fs::write(folder.join("http-server-config.json"), text).unwrap();
            assert_eq!(lm_studio(home.path()).as_deref(), expect, "{text}");
        }
    }
}
