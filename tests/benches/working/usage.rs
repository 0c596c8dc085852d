//! What a process has used, as Linux counts it.

use std::time::Duration;

/// CPU time of a living process, threads that have ended included, in milliseconds, to a tick of 10 ms.
pub(crate) fn cpu(process: u32) -> f64 {
    ticks(&format!("/proc/{process}/stat"), 11)
}

/// CPU time of all children that were waited for, in milliseconds, to a tick of 10 ms.
pub(crate) fn cpu_of_children() -> f64 {
    ticks("/proc/self/stat", 13)
}

/// CPU time of the threads that live, in milliseconds.
pub(crate) fn cpu_of_threads(process: u32) -> f64 {
    let nanos: u64 = tasks(process, "schedstat")
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanos).as_secs_f64() * 1000.0
}

/// How often its threads have gone to sleep by themselves so far: each was awake before.
pub(crate) fn naps(process: u32) -> u64 {
    tasks(process, "status")
        .filter_map(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            line.trim().parse::<u64>().ok()
        })
        .sum()
}

/// The most memory that it ever held, pages of its own program included, in MB; `None` once it is gone.
pub(crate) fn peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

fn tasks(process: u32, file: &'static str) -> impl Iterator<Item = String> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    threads.filter_map(move |thread| std::fs::read_to_string(thread.path().join(file)).ok())
}

/// Two neighbouring fields of a `stat` file, counted from behind the name, as milliseconds.
fn ticks(file: &str, field: usize) -> f64 {
    let stat = std::fs::read_to_string(file).unwrap_or_default();
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks: f64 =
        behind.split_whitespace().skip(field).take(2).filter_map(|number| number.parse::<f64>().ok()).sum();
    ticks * 10.0
}
