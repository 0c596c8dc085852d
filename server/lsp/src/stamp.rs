//! Whether a file was changed behind an editor's back.
//!
//! An editor that loads a file again sends the new text as if it were typed. So what a file is like is noted when it is
//! opened and saved; a text that comes while the file is another one, or that is just what the file says, is nobody's
//! voice. What a file is like is told by the time of its last change, which no program can set back.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Larger files are not compared; they count as different.
const LARGEST: u64 = 8 * 1024 * 1024;

/// What a file is like, without looking into it; the same twice means that nobody wrote it in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp(Option<[u64; 5]>);

impl Stamp {
    /// The stamp of a file now; all that are not there have the same.
    pub(crate) fn of(path: Option<&Path>) -> Self {
        let there = path.and_then(|path| path.metadata().ok());
        Self(there.map(|there| {
            let (second, nano) = (there.ctime().cast_unsigned(), there.ctime_nsec().cast_unsigned());
            [there.dev(), there.ino(), there.len(), second, nano]
        }))
    }
}

/// Whether a file says just this, whatever its line ends.
pub(crate) fn says(path: Option<&Path>, text: &str) -> bool {
    let fits = |path: &&Path| path.metadata().is_ok_and(|there| there.is_file() && there.len() <= LARGEST);
    let Some(there) = path.filter(fits).and_then(|path| std::fs::read_to_string(path).ok()) else {
        return false;
    };
    lines(there.trim_start_matches('\u{feff}')).eq(lines(text))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_end_matches(['\n', '\r']).split('\n').map(|line| line.trim_end_matches('\r'))
}
