//! Children without a launcher: what holds on every system.

use copydesk_permission::sandbox::{Network, State};

use super::kept::KEPT;
use super::*;

/// As it is where no launcher can be had.
async fn run_until(command: &str, time: Duration, cancel: &CancellationToken) -> Finished {
    let confinement = Confinement {
        state: State::Unsupported,
        network: Network::Open,
        home: None,
        read: vec![],
        write: vec![],
        pin: vec![],
        guard: vec![],
        hide: vec![],
        absent: vec![],
        overlay: None,
    };
    let job = Job {
        command,
        cwd: Path::new("/"),
        env: &[("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        confinement: &confinement,
        launcher: None,
        temporary: Path::new("/tmp"),
        time,
        limits: Limits::default(),
    };
    super::run(&job, None, cancel).await
}

async fn run(command: &str, limit: Duration) -> Finished {
    run_until(command, limit, &CancellationToken::new()).await
}

#[tokio::test]
async fn a_child_has_our_environment_no_input_and_a_status() {
    let finished = run("env | cut -d= -f1 | sort | tr '\\n' ' '; cat; exit 3", Duration::from_secs(20)).await;
    assert_eq!(finished.ended, Ended::Exit(3));
    assert_eq!(finished.output.trim(), "PATH PWD SHLVL TMPDIR _");
}

#[tokio::test]
async fn a_flood_is_bounded_and_says_so() {
    let finished = run("head -c 1000000 /dev/zero | tr '\\0' x", Duration::from_secs(20)).await;
    assert!(finished.output.len() < KEPT + 100);
    assert!(finished.output.contains("[967232 bytes left out]"), "{}", &finished.output[16380..16450]);
}

#[tokio::test]
async fn the_whole_group_dies_with_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let command = format!("sleep 1000 & echo $! > {}; wait", pid_file.display());
    let finished = run(&command, Duration::from_millis(700)).await;
    assert_eq!(finished.ended, Ended::TimedOut);
    let pid: i32 = std::fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let gone = || match std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())) {
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !gone() {
        assert!(std::time::Instant::now() < deadline, "the grandchild outlived its group");
        tokio::task::yield_now().await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_dead_process_is_left_on_the_list() {
    // As the binary does: who loses its parent becomes our child.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    for (end, limit) in [("exit 0", 20_000), ("wait", 500)] {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let command = format!("sleep 1000 >/dev/null 2>&1 & echo $! > {}; {end}", pid_file.display());
        run(&command, Duration::from_millis(limit)).await;
        let pid = std::fs::read_to_string(pid_file).unwrap();
        assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "{end}: {pid} is still listed");
    }
}

#[tokio::test]
async fn a_cancel_ends_it() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let finished = run_until("sleep 1000", Duration::from_secs(100), &cancel).await;
    assert_eq!(finished.ended, Ended::Canceled);
}
