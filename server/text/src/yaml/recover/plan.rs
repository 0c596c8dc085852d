//! Which blocks to give to the exact parser in one go.
//!
//! Most blocks of a broken text are fine. The parser's own failure says where the first one is that is not: those
//! before it are read together and it alone. Those behind it are read a few at a time, and more at a time as long as
//! that goes well: starting the parser costs something for all the text that it is given.

use std::ops::Range;

use super::super::build::Failure;
use super::cut::Region;

/// What is tried behind a failure.
const FEW: usize = 8;

pub(super) struct Plan {
    /// How many blocks there are.
    count: usize,
    /// Blocks that must be read alone whatever happens, in order: they start left of the others.
    astray: Vec<usize>,
    /// The next block that is known to fail.
    failing: Option<usize>,
    /// How many blocks are read in one go where nothing is known of them.
    reach: usize,
    /// Blocks before this one must be read one by one.
    pub(super) singly_until: usize,
}

impl Plan {
    /// A plan for blocks of which one failed at `offset`.
    pub(super) fn new(blocks: &[Region], offset: usize) -> Self {
        let indent = blocks.first().map_or(0, |block| block.first.indent());
        let astray = (0..blocks.len()).filter(|at| blocks[*at].first.indent() < indent).collect();
        Self {
            count: blocks.len(),
            astray,
            failing: Some(block_at(blocks, offset)),
            reach: FEW,
            singly_until: 0,
        }
    }

    pub(super) fn is_astray(&self, at: usize) -> bool {
        self.astray.binary_search(&at).is_ok()
    }

    /// The blocks to read next; a single one is to be read alone.
    pub(super) fn run(&self, at: usize) -> Range<usize> {
        let end = match self.failing {
            _ if at < self.singly_until => at + 1,
            Some(failing) if failing >= at => failing.max(at + 1),
            _ => self.count.min(at.saturating_add(self.reach)),
        };
        let astray = self.astray.get(self.astray.partition_point(|astray| *astray < at));
        at..astray.map_or(end, |astray| end.min(*astray).max(at + 1))
    }

    /// Notes that a run was fine.
    pub(super) fn succeeded(&mut self) {
        self.reach = self.reach.saturating_mul(2);
    }

    /// Notes that a run failed.
    pub(super) fn failed(&mut self, blocks: &[Region], run: Range<usize>, failure: &Failure, shift: usize) {
        self.reach = FEW;
        let failing = block_at(blocks, failure.offset - shift);
        if failing <= run.start || failing >= run.end {
            // No better place is known than the first one.
            self.singly_until = run.start + 1;
        }
        self.failing = Some(failing.clamp(run.start, run.end - 1));
    }
}

fn block_at(blocks: &[Region], offset: usize) -> usize {
    blocks.partition_point(|block| block.first.margin <= offset).saturating_sub(1)
}
