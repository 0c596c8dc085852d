//! Which folders outside the workspace a build needs: found by their usual names and through the environment.

use std::path::{Path, PathBuf};

/// Below the home, read-only where they are there.
const USUAL: &[&str] = &[
    ".cargo",
    ".rustup",
    ".nvm",
    ".fnm",
    ".volta",
    ".bun",
    ".deno",
    ".npm",
    ".yarn",
    ".pyenv",
    ".rbenv",
    ".rvm",
    ".asdf",
    ".sdkman",
    ".ghcup",
    ".cabal",
    ".stack",
    ".opam",
    ".elan",
    ".juliaup",
    ".julia",
    ".dotnet",
    ".nuget/packages",
    ".m2/repository",
    ".gradle",
    ".pub-cache",
    ".virtualenvs",
    ".conda",
    "miniconda3",
    "miniforge3",
    "anaconda3",
    "go",
    "bin",
    ".local/bin",
    ".local/lib",
    ".local/share/uv",
    ".local/share/mise",
    ".local/share/fnm",
    ".local/share/pnpm",
    ".local/share/pipx",
    ".local/share/virtualenvs",
    ".cache/pip",
    ".cache/uv",
    ".cache/ms-playwright",
    ".gitconfig",
    ".config/git/config",
    ".config/git/ignore",
    ".config/git/attributes",
];

/// Below the home, writable where the network was granted.
const CACHES: &[&str] = &[
    ".cargo/registry",
    ".cargo/git",
    ".npm",
    ".bun/install/cache",
    ".local/share/pnpm/store",
    ".cache/pip",
    ".cache/uv",
    ".cache/yarn",
    ".cache/pnpm",
    ".cache/deno",
    "go/pkg/mod",
    ".m2/repository",
    ".nuget/packages",
    ".pub-cache",
];

/// In those folders, files that hold keys.
const SECRETS: &[&str] = &[
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gradle/gradle.properties",
    ".cabal/config",
    ".pub-cache/credentials.json",
];

/// Variables that name a toolchain's folder. What they name is not taken over where it holds the home.
const VARIABLES: &[&str] = &[
    "CARGO_HOME",
    "RUSTUP_HOME",
    "GOPATH",
    "GOROOT",
    "GOMODCACHE",
    "JAVA_HOME",
    "MAVEN_HOME",
    "GRADLE_USER_HOME",
    "NVM_DIR",
    "VIRTUAL_ENV",
    "PYENV_ROOT",
    "CONDA_PREFIX",
    "GEM_HOME",
];

/// Variables that name folders, one behind the other.
const LISTS: &[&str] = &["PATH", "GEM_PATH", "PYTHONPATH", "NODE_PATH"];

/// What programs of a toolchain need beside the folder that they stand in, by that folder's name.
const BESIDE: &[(&str, &[&str])] = &[
    (
        "bin",
        &["lib", "lib32", "lib64", "libexec", "include", "share", "pyvenv.cfg", "conf", "jmods", "release"],
    ),
    ("sbin", &["lib", "lib64", "libexec", "share"]),
    ("shims", &["bin", "lib", "libexec", "versions", "version", "installs", "plugins"]),
    ("condabin", &["bin", "lib", "etc", "envs", "shell"]),
];

/// What Go needs of its own folder; elsewhere `src` is somebody's work.
const BESIDE_GO: &[&str] = &["src", "pkg", "go.env", "VERSION"];

/// What [`toolchains`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolchains {
    pub readable: Vec<PathBuf>,
    pub caches: Vec<PathBuf>,
    pub secret: Vec<PathBuf>,
}

/// The folders that the environment of a command names, and the usual ones of a home. Does not look whether they exist.
pub fn toolchains(environment: &[(String, String)], home: Option<&Path>) -> Toolchains {
    let mut found = Toolchains::default();
    if let Some(home) = home {
        found.readable.extend(USUAL.iter().map(|name| home.join(name)));
        found.caches.extend(CACHES.iter().map(|name| home.join(name)));
        found.secret.extend(SECRETS.iter().map(|name| home.join(name)));
    }
    for (name, value) in environment {
        if VARIABLES.contains(&name.as_str()) {
            found.readable.push(PathBuf::from(value));
        }
        if LISTS.contains(&name.as_str()) {
            found.readable.extend(std::env::split_paths(value).flat_map(|folder| entry(&folder, home)));
        }
        if name == "CARGO_HOME" {
            let cargo = Path::new(value);
            found.caches.extend(["registry", "git"].map(|name| cargo.join(name)));
            found.secret.extend(["credentials", "credentials.toml"].map(|name| cargo.join(name)));
        }
        if name == "GOMODCACHE" {
            found.caches.push(PathBuf::from(value));
        }
    }
    found.readable.retain(|folder| folder.is_absolute());
    found.readable.sort();
    found.readable.dedup();
    found
}

/// An entry of a list: the folder itself, and what programs in it need beside it. Never the whole folder around it,
/// which may be somebody's project, keys included; beside the home's or the disk's own `bin`, nothing.
fn entry(folder: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let beside = BESIDE.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, beside)| beside);
    let go = if name == "bin" && folder.join("go").is_file() { BESIDE_GO } else { &[] };
    let around = folder.parent().filter(|around| {
        let is_home = home.is_some_and(|home| home.starts_with(around) || home.join(".local") == **around);
        around.components().count() > 2 && !is_home
    });
    let needed = around.into_iter().flat_map(|around| beside.iter().chain(go).map(|name| around.join(name)));
    std::iter::once(folder.to_owned()).chain(needed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_toolchains_and_never_the_home() {
        let home = Path::new("/people/ada");
        for (name, value, expected, not) in [
            ("PATH", "/usr/bin:/people/ada/node/bin", "/people/ada/node/bin", "/people/ada/node"),
            ("PATH", "/people/ada/node/bin", "/people/ada/node/lib", "/people/ada/node/src"),
            ("PATH", "/people/ada/code/tool/bin", "/people/ada/code/tool/bin", "/people/ada/code/tool"),
            ("PATH", "/people/ada/bin", "/people/ada/bin", "/people/ada/lib"),
            ("PATH", "/people/ada/.local/bin", "/people/ada/.local/bin", "/people/ada/.local/share"),
            ("PATH", "/data/asdf/shims:", "/data/asdf/installs", "/data/asdf"),
            ("PATH", "/data/tools/x/libexec", "/data/tools/x/libexec", "/data/tools/x/lib"),
            ("PATH", "/data/bin", "/data/bin", "/data/lib"),
            ("GOROOT", "/data/go", "/data/go", "/data"),
        ] {
            let found = toolchains(&[(name.to_owned(), value.to_owned())], Some(home)).readable;
            assert!(found.contains(&PathBuf::from(expected)), "{name}={value}: {found:?}");
            assert!(!found.contains(&PathBuf::from(not)), "{name}={value}: {found:?}");
        }
        let go = tempfile::tempdir().unwrap();
        let place = |name: &str| go.path().join(name);
        std::fs::create_dir(place("bin")).unwrap();
        std::fs::write(place("bin/go"), "").unwrap();
        let path = place("bin").display().to_string();
        let found = toolchains(&[("PATH".to_owned(), path)], Some(home)).readable;
        assert!(found.contains(&place("src")) && !found.contains(&go.path().to_owned()), "{found:?}");
        let found = toolchains(&[("EDITOR".to_owned(), "/data/x".to_owned())], None);
        assert_eq!(found, Toolchains::default());
        let found = toolchains(&[("PATH".to_owned(), "here:.".to_owned())], None);
        assert_eq!(found.readable, Vec::<PathBuf>::new());
    }
}
