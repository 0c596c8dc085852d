//! Answers of models that are kept, in `COPYDESK_HOME/models/answers/`: a file for each, named by what was asked.
//!
//! An answer counts for a while; where they become too many, the oldest go. One in which something looks like a secret
//! is not kept: with the secret it may not lie here, and without it it is another answer.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use copydesk_base::Redactor;
use copydesk_base::config::ModelCache;
use copydesk_provider::Answers;

use crate::memory;

/// How long an answer counts where the settings say nothing.
const TTL: Duration = Duration::from_hours(24);
/// Megabytes where the settings say nothing.
const MEGABYTES: u64 = 100;

/// The kept answers of this person.
#[derive(Debug)]
pub(crate) struct AnswerFiles {
    folder: PathBuf,
    ttl: Duration,
    bytes: u64,
    redactor: Redactor,
}

/// A kept answer's file.
struct Kept {
    path: PathBuf,
    age: Duration,
    bytes: u64,
}

impl AnswerFiles {
    pub(crate) fn new(state: &Path, settings: &ModelCache, redactor: Redactor) -> Self {
        Self {
            folder: state.join("models/answers"),
            ttl: settings.ttl.map_or(TTL, |ttl| ttl.0),
            bytes: settings.megabytes.unwrap_or(MEGABYTES).saturating_mul(1 << 20),
            redactor,
        }
    }

    /// Everything that is kept, newest first.
    fn all(&self) -> Vec<Kept> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut all: Vec<Kept> = entries
            .filter_map(|entry| {
                let metadata = entry.metadata().ok()?;
                Some(Kept { path: entry.path(), age: age(&metadata)?, bytes: metadata.len() })
            })
            .collect();
        all.sort_by_key(|kept| kept.age);
        all
    }

    /// Takes away what counts no longer, and what there is no room for.
    fn tidy(&self) {
        let mut sum = 0_u64;
        for kept in self.all() {
            sum = sum.saturating_add(kept.bytes);
            if kept.age > self.ttl || sum > self.bytes {
                // Another process may have been faster.
                let _ = std::fs::remove_file(&kept.path);
            }
        }
    }
}

impl Answers for AnswerFiles {
    fn find(&self, name: &str) -> Option<(String, Duration)> {
        let path = self.folder.join(name);
        let age = age(&std::fs::metadata(&path).ok()?).filter(|age| *age <= self.ttl)?;
        Some((std::fs::read_to_string(path).ok()?, age))
    }

    fn keep(&self, name: &str, answer: &str) {
        if answer.len() as u64 > self.bytes || !self.redactor.find(answer).is_empty() {
            return;
        }
        let path = self.folder.join(name);
        match memory::replace(&path, answer.as_bytes()) {
            Ok(()) => self.tidy(),
            Err(error) => tracing::warn!(%error, path = %path.display(), "an answer could not be kept"),
        }
    }
}

/// A file of the future is as old as one of now.
fn age(metadata: &std::fs::Metadata) -> Option<Duration> {
    Some(SystemTime::now().duration_since(metadata.modified().ok()?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_answers_go_where_there_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let redactor = Redactor::new(["hush-0123456789".to_owned()]);
        let settings = ModelCache { enabled: true, megabytes: Some(1), ..ModelCache::default() };
        let answers = AnswerFiles::new(folder.path(), &settings, redactor);
        let large = "x".repeat(400 << 10);
        let older = |name: &str, seconds: u64| {
            let file = std::fs::File::options().write(true).open(answers.folder.join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
        };
        for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
            answers.keep(name, &large);
            older(name, 600 - 60 * at as u64);
        }
        answers.keep("d", "small");
        answers.keep("secret", "it is hush-0123456789");
        answers.keep("huge", &"x".repeat(2 << 20));
        let known = ["a", "b", "c", "d", "secret", "huge"].map(|name| answers.find(name).is_some());
        assert_eq!(known, [false, true, true, true, false, false]);
        older("b", 60 * 60 * 25);
        assert!(answers.find("b").is_none(), "it counts for a day");
        answers.keep("e", "small");
        let mut left: Vec<String> = std::fs::read_dir(&answers.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["c", "d", "e"]);
    }
}
