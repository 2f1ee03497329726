//! The way out. ITK's libraries print remarks on standard output; they must not fall into the answer.

use std::fs::File;
use std::io;

/// Standard output for the answer alone; what others print there goes to standard error.
#[cfg(unix)]
pub fn take() -> io::Result<File> {
    use std::os::fd::AsFd;
    let own = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr().as_fd())?;
    Ok(own.into())
}

/// Standard output.
#[cfg(not(unix))]
pub fn take() -> io::Result<impl io::Write + Send> {
    Ok(io::stdout())
}

/// Memory for this process is at most that of the machine: a damaged file that asks for more fails here, and nowhere else.
#[cfg(target_os = "linux")]
pub fn limit_memory() {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("MemTotal:"));
    let total = line.and_then(|l| l.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    if let Some(bytes) = total.map(|kilobytes| kilobytes.saturating_mul(1024)) {
        let limit = rustix::process::Rlimit {
            current: Some(bytes),
            maximum: Some(bytes),
        };
        // Without the limit it works as well.
        let _ = rustix::process::setrlimit(rustix::process::Resource::As, limit);
    }
}

/// Linux only.
#[cfg(not(target_os = "linux"))]
pub fn limit_memory() {}
