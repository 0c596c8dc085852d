//! Files that are others' second names: a hard link shows what another path keeps back, and rules know paths.
//!
//! Whatever gives a file's text to a model asks here first, so that no name leads around a rule.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use copydesk_base::files::FileNumber;
use copydesk_base::{CallId, Effect, Verdict};
use copydesk_permission::sandbox::survey;
use copydesk_permission::{Policy, Reads, is_of_git, judge};

use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::run::Turn;
use crate::tools::Output;

/// The deepest folder that is looked into below one that is kept back.
const DEEPEST: usize = 8;
/// The most files of one such folder.
const MOST: usize = 20_000;

/// What may be known under which name.
pub(crate) struct Twins {
    pub(crate) policy: Policy,
    /// The numbers of files with several names that may not be known; looked for when it matters first.
    unknown: OnceLock<HashSet<FileNumber>>,
}

impl Twins {
    pub(crate) fn of(policy: Policy) -> Self {
        Self { policy, unknown: OnceLock::new() }
    }

    /// Whether policy lets it be read without a question.
    pub(crate) fn may_know(&self, path: &Path) -> bool {
        matches!(judge(&Effect::Read { path: path.to_owned() }, &self.policy), Verdict::Allow(_))
    }

    /// The same for many files, one after the other.
    pub(crate) fn reads(&self) -> Reads<'_> {
        Reads::of(&self.policy)
    }

    /// Whether a file is one that may not be known, under a second name of its own.
    pub(crate) fn is_twin(&self, path: &Path) -> bool {
        number_of_several(path).is_some_and(|number| self.keeps_back(number))
    }

    /// The same of a file that was opened and has several names.
    pub(crate) fn keeps_back(&self, number: FileNumber) -> bool {
        let unknown = || {
            let kept_back = survey(&self.policy).secret;
            let files = kept_back.iter().flat_map(|place| files_of(place));
            let mut reads = self.reads();
            files
                .filter(move |file| !reads.allows(file))
                .filter_map(|file| number_of_several(&file))
                .collect()
        };
        self.unknown.get_or_init(unknown).contains(&number)
    }

    /// Whether its text may go to a model that did not ask for it.
    pub(crate) fn may_send(&self, path: &Path) -> bool {
        self.withheld(path).is_none()
    }

    /// Why its text does not go to a model that did not ask for it; nothing where it may.
    pub(crate) fn withheld(&self, path: &Path) -> Option<&'static str> {
        if !self.may_know(path) {
            Some("your rules keep it from agents")
        } else if is_of_git(path) {
            Some("it is git's own")
        } else {
            self.is_twin(path).then_some("it is another name of a file that may not be read")
        }
    }
}

/// Lets a tool look into a file that a model names: policy is asked, and no second name leads around it. What comes
/// instead is for the model.
pub(crate) async fn look_into(
    turn: &mut Turn,
    call: &CallId,
    file: &Path,
    shown: &str,
) -> Result<Result<(), Output>, AgentError> {
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: file.to_owned() }, None).await? {
        return Ok(Err(Output::failed(text)));
    }
    let is_twin = Twins::of(turn.policy()).is_twin(file);
    Ok(if is_twin { Err(Output::failed(refused(shown))) } else { Ok(()) })
}

/// What a model is told of one.
pub(crate) fn refused(shown: &str) -> String {
    format!("refused: {shown} is another name of a file that may not be read")
}

/// The file, or the files of the folder.
fn files_of(place: &Path) -> impl Iterator<Item = PathBuf> {
    let walk = ignore::WalkBuilder::new(place).standard_filters(false).max_depth(Some(DEEPEST)).build();
    walk.flatten().take(MOST).map(ignore::DirEntry::into_path)
}

/// Whether a file has more names than one.
pub(crate) fn has_several(path: &Path) -> bool {
    number_of_several(path).is_some()
}

/// The number of a file that has more names than one.
fn number_of_several(path: &Path) -> Option<FileNumber> {
    let there = path.symlink_metadata().ok().filter(|there| there.is_file() && there.nlink() > 1)?;
    Some((there.dev(), there.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_base::Grade;
    use copydesk_base::config::Mode;

    #[test]
    fn what_is_kept_back_is_so_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join(".aws/sso/cache")).unwrap();
        for (file, other) in [
            (".env", "env.txt"),
            (".aws/credentials", "aws.txt"),
            (".aws/sso/cache/token", "deep.txt"),
            ("plain.txt", "same.txt"),
        ] {
            std::fs::write(root.join(file), file).unwrap();
            std::fs::hard_link(root.join(file), root.join(other)).unwrap();
        }
        std::fs::write(root.join("alone.txt"), "x").unwrap();
        // What a secret name leads to.
        std::fs::write(root.join("local.txt"), "x").unwrap();
        std::fs::hard_link(root.join("local.txt"), root.join("lent.txt")).unwrap();
        std::os::unix::fs::symlink("local.txt", root.join(".env.local")).unwrap();
        let twins = Twins::of(Policy {
            root: root.clone(),
            additional: vec![],
            home: None,
            state_home: "/state".into(),
            mode: Mode::Default,
            taint: Grade::Own,
            rules: vec![],
            started: [].into(),
        });
        for (name, is_twin) in [
            ("env.txt", true),
            ("aws.txt", true),
            ("deep.txt", true),
            ("lent.txt", true),
            ("plain.txt", false),
            ("same.txt", false),
            ("alone.txt", false),
            ("absent.txt", false),
        ] {
            assert_eq!(twins.is_twin(&root.join(name)), is_twin, "{name}");
        }
        for (name, why) in [
            ("env.txt", Some("it is another name of a file that may not be read")),
            (".env", Some("your rules keep it from agents")),
            (".git/config", Some("it is git's own")),
            ("sub/.GIT/hooks/x", Some("it is git's own")),
            ("plain.txt", None),
            (".github/x.md", None),
        ] {
            assert_eq!(twins.withheld(&root.join(name)), why, "{name}");
        }
    }
}
