//! Which blocks to give to the exact parser in one go.
//!
//! Most blocks of a broken text are fine. The parser's own failure says where the first one is that is not: those
//! before it are read together, it alone, and those behind it together again until the next failure.

use std::ops::Range;

use super::super::build::Failure;
use super::cut::Region;

pub(super) struct Plan {
    /// How many blocks there are.
    count: usize,
    /// The next block that is known to fail.
    failing: Option<usize>,
    /// Blocks before this one must be read one by one.
    pub(super) singly_until: usize,
}

impl Plan {
    /// A plan for blocks of which one failed at `offset`.
    pub(super) fn new(blocks: &[Region], offset: usize) -> Self {
        Self { count: blocks.len(), failing: Some(block_at(blocks, offset)), singly_until: 0 }
    }

    /// The blocks to read next; a single one is to be read alone.
    pub(super) fn run(&self, at: usize) -> Range<usize> {
        let end = match self.failing {
            _ if at < self.singly_until => at + 1,
            Some(failing) if failing >= at => failing.max(at + 1),
            _ => self.count,
        };
        at..end
    }

    /// Notes that a run failed.
    pub(super) fn failed(&mut self, blocks: &[Region], run: Range<usize>, failure: &Failure, shift: usize) {
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
