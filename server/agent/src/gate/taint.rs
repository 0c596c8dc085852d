//! What the model has read, as a grade that only rises: from a dependency's file on, policy trusts rules less.
//!
//! The grade is written down when it rises, so that a session that goes on later, in whatever process, goes on with it.

use std::path::{Component, Path};

use copydesk_base::{Event, Grade, path};

use crate::error::AgentError;
use crate::gate::twins;
use crate::run::Turn;

/// Folders of a workspace that hold what others made.
const STRANGERS: &[&str] = &[
    "node_modules",
    "vendor",
    "third_party",
    "third-party",
    "bower_components",
    "site-packages",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    "target",
    "Pods",
    ".yarn",
    ".pnpm-store",
    "deps",
    ".bundle",
    ".gradle",
    ".m2",
    "Carthage",
    ".terraform",
];

/// Whose words a file has.
pub(crate) fn of_file(file: &Path, root: &Path, additional: &[std::path::PathBuf]) -> Grade {
    let inside = [root].into_iter().chain(additional.iter().map(std::path::PathBuf::as_path));
    let Some(below) =
        inside.filter(|root| path::is_inside(root, file)).find_map(|root| file.strip_prefix(root).ok())
    else {
        return Grade::Dependency;
    };
    let is_strange = |part: Component<'_>| STRANGERS.iter().any(|name| part.as_os_str() == *name);
    // Of a file with several names the others may lie anywhere.
    let is_others = below.components().any(is_strange) || twins::has_several(file);
    if is_others { Grade::Dependency } else { Grade::Own }
}

impl Turn {
    /// Notes that the model gets to read something of that grade.
    pub(crate) async fn reads(&mut self, grade: Grade, source: &str) -> Result<(), AgentError> {
        let rises = grade > self.taint;
        self.taint = self.taint.max(grade);
        if rises && grade.is_strange() {
            let source = source.chars().take(200).collect();
            self.record(vec![Event::Tainted { grade, source }]).await?;
        }
        Ok(())
    }

    /// Whose words a file has, here.
    pub(crate) fn grade_of(&self, file: &Path) -> Grade {
        of_file(file, &self.settings.root, &self.settings.additional)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_with_dependencies_or_outside_is_not_ours() {
        for (file, expected) in [
            ("/w/src/a.rs", Grade::Own),
            ("/w", Grade::Own),
            ("/shared/a.rs", Grade::Own),
            ("/w/node_modules/x/README.md", Grade::Dependency),
            ("/w/packages/a/node_modules/x", Grade::Dependency),
            ("/w/vendor/x/y.go", Grade::Dependency),
            ("/w/src/vendors.rs", Grade::Own),
            ("/people/ada/.cargo/registry/src/x/lib.rs", Grade::Dependency),
            ("/wx/a", Grade::Dependency),
        ] {
            assert_eq!(of_file(Path::new(file), Path::new("/w"), &["/shared".into()]), expected, "{file}");
        }
        let folder = tempfile::tempdir().unwrap();
        let [one, own] = ["one.md", "own.md"].map(|name| folder.path().join(name));
        std::fs::write(&own, "x").unwrap();
        assert_eq!(of_file(&own, folder.path(), &[]), Grade::Own);
        std::fs::hard_link(&own, &one).unwrap();
        assert_eq!(of_file(&own, folder.path(), &[]), Grade::Dependency);
    }
}
