//! ITK in a process of its own, for one request: see `raterlens_images::protocol`. Started by RaterLens, of no use by hand.

mod files;
mod filters;
mod stdout;
mod wire;

use std::io::{self, BufReader, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Mutex;

use itk_sys::ItkError;
use raterlens_images::protocol::{read_request, write_answer, write_blob, Answer, Request};

/// What a request leads to: an answer, and voxels where it announces some.
type Reply = (Answer, Vec<u8>);

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("raterlens-itk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let output = Mutex::new(BufWriter::with_capacity(1 << 20, stdout::take()?));
    stdout::limit_memory();
    let mut input = BufReader::with_capacity(1 << 20, io::stdin().lock());
    let request = read_request(&mut input)?;
    let reply = answer(request, &mut input, &output)?;
    let (answer, voxels) = match reply {
        Ok(reply) => reply,
        Err(error) => (Answer::Failed(error.to_string()), Vec::new()),
    };
    let mut output = output
        .into_inner()
        .map_err(|_| io::Error::other("output"))?;
    write_answer(&mut output, &answer)?;
    if matches!(answer, Answer::Voxels { .. }) {
        write_blob(&mut output, &voxels)?;
    }
    output.flush()
}

fn answer(
    request: Request,
    input: &mut impl io::Read,
    output: &Mutex<impl Write + Send>,
) -> io::Result<Result<Reply, ItkError>> {
    Ok(match request {
        Request::Read { path, max_bytes } => files::read(&path, max_bytes),
        Request::ListSeries { folder } => files::list_series(&folder),
        Request::ReadSeries {
            files,
            stack,
            max_bytes,
        } => files::read_series(&files, stack, max_bytes),
        Request::Write { path, header } => files::write(&path, &header, input)?,
        Request::Denoise { .. } | Request::N4 { .. } | Request::Resample { .. } => {
            filters::run(request, input, output)?
        }
    })
}
