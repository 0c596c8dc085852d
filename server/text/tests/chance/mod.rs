//! How often the properties of edited texts are tried, and by which chance.
//!
//! From one seed, so that a failure is the change's and not the day's. With more cases asked for than that
//! (`PROPTEST_CASES=1000000 cargo test --release -p copydesk-text edits`) each run has seeds of its own, and what fails
//! is kept in `tests/proptest-regressions`.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::{FailurePersistence, FileFailurePersistence, RngSeed};

/// `kept` is the file of what has failed.
pub(crate) fn config(cases: u32, kept: &'static str) -> ProptestConfig {
    let usual = ProptestConfig::default();
    let is_asked = std::env::var_os("PROPTEST_CASES").is_some();
    let rng_seed = if is_asked { RngSeed::Random } else { RngSeed::Fixed(7) };
    let file = FileFailurePersistence::Direct(kept);
    let failure_persistence = is_asked.then(|| Box::new(file) as Box<dyn FailurePersistence>);
    ProptestConfig {
        cases: if is_asked { usual.cases } else { cases },
        rng_seed,
        failure_persistence,
        max_shrink_time: 120_000,
        ..usual
    }
}
