//! Runs the program `raterlens-itk`.

use std::env;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use raterlens_core::control::Control;

use crate::error::ImageFileError;
use crate::protocol::{read_frame, write_request, Answer, Frame, Request};

/// Environment variable that names the program where it is not beside this one.
pub const PROGRAM_VARIABLE: &str = "RATERLENS_ITK";
const PROGRAM: &str = "raterlens-itk";
/// How often a cancel is looked for.
const POLL: Duration = Duration::from_millis(20);
/// A file that takes longer than this is given up; filters may take as long as they want.
const READ_SECONDS: u64 = 600;
/// Most bytes of an answer.
pub(crate) const MAX_BYTES: u64 = 64 << 30;

/// Whether the program with ITK is there.
#[must_use]
pub fn is_available() -> bool {
    find().is_ok()
}

/// Where the program is: named by [`PROGRAM_VARIABLE`], or beside this program, or one folder up (tests of cargo).
pub(crate) fn find() -> Result<PathBuf, String> {
    if let Some(path) = env::var_os(PROGRAM_VARIABLE) {
        let path = PathBuf::from(path);
        return match path.is_file() {
            true => Ok(path),
            false => Err(format!("{PROGRAM_VARIABLE} names no file")),
        };
    }
    let name = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    let own = env::current_exe().map_err(|e| e.to_string())?;
    let folders = own.ancestors().skip(1).take(2);
    let mut places = folders.map(|folder| folder.join(&name));
    let found = places.find(|place| place.is_file());
    found.ok_or_else(|| format!("the program {PROGRAM} is not beside this one"))
}

/// The answer to a request, and its voxels where it has some.
pub(crate) fn ask(
    request: &Request,
    blobs: &[&[u8]],
    stage: &'static str,
    control: &Control<'_>,
) -> Result<(Answer, Vec<u8>), ImageFileError> {
    let program = find().map_err(|reason| ImageFileError::NoItk { reason })?;
    control.cancel.check()?;
    let mut running = Running::start(&program)?;
    let deadline = match request {
        Request::Denoise { .. } | Request::N4 { .. } | Request::Resample { .. } => None,
        _ => Some(Instant::now() + Duration::from_secs(READ_SECONDS)),
    };
    let answer = thread::scope(|scope| {
        let frames = running.frames();
        let input = running.child.stdin.take();
        scope.spawn(move || {
            if let Some(input) = input {
                // A program that ended does not listen; what it said before counts.
                let _ = write_request(&mut BufWriter::new(input), request, blobs);
            }
        });
        let answer = collect(&frames, stage, deadline, control);
        if answer.is_err() {
            running.stop();
        }
        answer
    });
    match answer {
        Ok((Answer::Failed(reason), _)) => Err(ImageFileError::Itk(reason)),
        Ok(answer) => Ok(answer),
        Err(Ended::Gone) => Err(ImageFileError::Crashed {
            how: running.how_it_ended(),
        }),
        Err(Ended::Late) => Err(ImageFileError::TimedOut {
            seconds: READ_SECONDS,
        }),
        Err(Ended::Cancelled(cancelled)) => Err(cancelled.into()),
        Err(Ended::Nonsense(reason)) => Err(ImageFileError::Protocol(reason)),
    }
}

/// Why there was no answer.
enum Ended {
    Gone,
    Late,
    Cancelled(raterlens_core::control::Cancelled),
    Nonsense(String),
}

fn collect(
    frames: &Receiver<std::io::Result<Frame>>,
    stage: &'static str,
    deadline: Option<Instant>,
    control: &Control<'_>,
) -> Result<(Answer, Vec<u8>), Ended> {
    let mut answer = None;
    loop {
        control.cancel.check().map_err(Ended::Cancelled)?;
        if deadline.is_some_and(|deadline| Instant::now() > deadline) {
            return Err(Ended::Late);
        }
        match frames.recv_timeout(POLL) {
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Ended::Gone),
            Ok(Ok(Frame::Progress(fraction))) => {
                let fraction = if fraction.is_finite() {
                    fraction.clamp(0.0, 1.0)
                } else {
                    0.0
                };
                control.step(fraction, stage).map_err(Ended::Cancelled)?;
            }
            Ok(Ok(Frame::Answer(found @ Answer::Voxels { .. }))) => answer = Some(found),
            Ok(Ok(Frame::Answer(found))) => return Ok((found, Vec::new())),
            Ok(Ok(Frame::Blob(blob))) => match answer.take() {
                Some(answer) => return Ok((answer, blob)),
                None => return Err(Ended::Nonsense("voxels without a header".into())),
            },
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(Ended::Gone);
            }
            Ok(Err(error)) => return Err(Ended::Nonsense(error.to_string())),
        }
    }
}

/// The program at work; it ends with this.
struct Running {
    child: Child,
}

impl Running {
    fn start(program: &Path) -> Result<Self, ImageFileError> {
        let child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // ITK's own remarks, which may hold paths and names.
            .stderr(Stdio::null())
            .spawn();
        let child = child.map_err(|error| ImageFileError::NoItk {
            reason: format!("{PROGRAM} cannot be started: {error}"),
        })?;
        Ok(Self { child })
    }

    /// What it says, read by a thread that ends with the program.
    fn frames(&mut self) -> Receiver<std::io::Result<Frame>> {
        let (sender, receiver) = channel();
        if let Some(output) = self.child.stdout.take() {
            thread::spawn(move || {
                let mut output = BufReader::with_capacity(1 << 20, output);
                loop {
                    let frame = read_frame(&mut output, MAX_BYTES);
                    let is_last = frame.is_err();
                    if sender.send(frame).is_err() || is_last {
                        return;
                    }
                }
            });
        }
        receiver
    }

    fn stop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }

    fn how_it_ended(&mut self) -> String {
        self.child.wait().map_or_else(|e| e.to_string(), describe)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(signal) => format!("signal {signal}"),
        None => status.to_string(),
    }
}

#[cfg(not(unix))]
fn describe(status: ExitStatus) -> String {
    status.to_string()
}
