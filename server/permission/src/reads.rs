//! Many files of one walk, judged one after the other: what a judgement asks the disk is asked once for each folder.
//!
//! A judgement looks where a few names lead that may be links, five questions to the system. For a hundred thousand
//! files that is more work than reading them.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use copydesk_base::{Effect, Verdict};

use crate::policy::Policy;
use crate::{judged, place};

/// The most files that one look at the disk is good for.
const MOST: u32 = 256;

/// Whether files may be read without a question, in the order of a walk.
pub struct Reads<'p> {
    policy: &'p Policy,
    folder: PathBuf,
    left: u32,
    /// What was seen is kept by the thread: on another one it may be of any age.
    here: PhantomData<*const ()>,
}

impl<'p> Reads<'p> {
    pub fn of(policy: &'p Policy) -> Self {
        Self { policy, folder: PathBuf::new(), left: 0, here: PhantomData }
    }

    /// Whether this one may be.
    pub fn allows(&mut self, path: &Path) -> bool {
        let folder = path.parent().unwrap_or(path);
        if self.left == 0 || self.folder != folder {
            place::look_anew();
            folder.clone_into(&mut self.folder);
            self.left = MOST;
        }
        self.left -= 1;
        matches!(judged(&Effect::Read { path: path.to_owned() }, self.policy), Verdict::Allow(_))
    }
}
