//! Where the user's own things lie, from the environment.

use std::path::{Path, PathBuf};

use copydesk_base::path::{is_inside, resolve};

/// More symbolic links in one path are a circle.
const MOST_LINKS: usize = 40;

/// The user's places, absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) home: Option<PathBuf>,
    /// The user's `config.yaml`, whether it exists or not.
    pub(crate) user_config: Option<PathBuf>,
    /// What `$COPYDESK_CONFIG` names.
    pub(crate) named_config: Option<PathBuf>,
    /// `COPYDESK_HOME`: trust, remembered rules, journals.
    pub(crate) state: PathBuf,
}

impl Places {
    /// Reads `HOME`, `XDG_CONFIG_HOME`, `XDG_STATE_HOME`, `COPYDESK_HOME` and `COPYDESK_CONFIG` through `env`; relative
    /// paths in the last two start at `cwd`, in the others they do not count.
    pub(crate) fn find(env: &dyn Fn(&str) -> Option<String>, cwd: &Path) -> Self {
        let named = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let absolute = |name: &str| named(name).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let below_home = |folder: &str| home.as_ref().map(|home| home.join(folder));
        let config = absolute("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
        let state = absolute("XDG_STATE_HOME").or_else(|| below_home(".local/state"));
        Self {
            user_config: config.map(|config| config.join("copydesk").join("config.yaml")),
            named_config: named("COPYDESK_CONFIG").map(|path| cwd.join(path)),
            state: match named("COPYDESK_HOME") {
                Some(path) => resolve(cwd, &path),
                // Without a home there is no place that outlives the machine's next start.
                None => state.unwrap_or_else(std::env::temp_dir).join("copydesk"),
            },
            home,
        }
    }

    /// Whether a file that should be the user's lies in the workspace, where the repository could have put it, or is
    /// reached through the workspace, where the repository says what it leads to.
    /// A workspace that holds the whole home does not count as one.
    pub(crate) fn is_of_workspace(&self, root: &Path, path: &Path) -> bool {
        let home_is_below =
            self.home.as_ref().is_some_and(|home| is_inside(root, &resolve(home, Path::new(""))));
        is_led_to(root, path) && !home_is_below
    }
}

/// Whether a path ends below a folder, or a link that stands below it decides where it ends.
fn is_led_to(root: &Path, path: &Path) -> bool {
    let parts = |path: &Path| -> Vec<PathBuf> {
        path.components().rev().map(|part| Path::new(part.as_os_str()).to_owned()).collect()
    };
    let (mut place, mut left, mut links) = (PathBuf::from("/"), parts(path), 0);
    while let Some(part) = left.pop() {
        if part == Path::new("..") {
            place.pop();
            continue;
        }
        let next = place.join(&part);
        match std::fs::read_link(&next) {
            Ok(_) if is_inside(root, &place) => return true,
            Ok(target) if links < MOST_LINKS => {
                links += 1;
                left.extend(parts(&target));
            }
            _ => place = next,
        }
    }
    is_inside(root, &place)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_repository_leads_where_its_links_do() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let root = base.join("w");
        for made in ["w/sub", "home/config", "other"] {
            std::fs::create_dir_all(base.join(made)).unwrap();
        }
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, base.join(name)).unwrap();
        link("../other", "w/out");
        link("../other/a.yaml", "w/a.yaml");
        link("../w/a.yaml", "home/chained.yaml");
        link("../w/sub", "home/in");
        link("../other", "home/aside");
        link("loop", "home/loop");
        for (path, expected) in [
            ("w/b.yaml", true),
            ("w/a.yaml", true),
            ("w/out/a.yaml", true),
            ("w/sub/../out/a.yaml", true),
            ("home/chained.yaml", true),
            ("home/in/a.yaml", true),
            ("w/../home/config/a.yaml", false),
            ("home/config/a.yaml", false),
            ("home/aside/a.yaml", false),
            ("home/loop/a.yaml", false),
            ("other/a.yaml", false),
        ] {
            assert_eq!(is_led_to(&root, &base.join(path)), expected, "{path}");
        }
    }
}
