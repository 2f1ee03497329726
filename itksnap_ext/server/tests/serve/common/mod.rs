//! A real server on the loopback interface, with a real network of random weights.
#![allow(dead_code)] // Each test file uses a part of this.

pub mod http;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::JoinHandle;

use ndarray::Array3;
use raterlens_core::{Geometry, Volume};
use raterlens_engine::{DeviceRequest, Segmenter};
use raterlens_nn::{Architecture, Manifest};
use raterlens_serve::routes::Server;
use raterlens_serve::{listen, serve, Catalogue, ServeOptions};
use tokio::sync::oneshot;

/// A package with random weights: everything but the results is as with a trained one.
pub fn model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let tests = tests.file_stem().unwrap().to_string_lossy().into_owned();
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(tests + ".rlmodel");
        let manifest = Manifest::lumbar("untrained", Architecture::tiny(), [32, 32]);
        raterlens_nn::train::write_untrained(&manifest, 2, &dir).unwrap();
        dir
    })
}

pub fn segmenter() -> Segmenter {
    Segmenter::load(model(), DeviceRequest::Cpu).unwrap()
}

/// A server that runs until it is dropped.
pub struct Running {
    pub address: SocketAddr,
    pub server: Server,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Running {
    pub fn start(options: ServeOptions) -> Self {
        let server = Server::new(Catalogue::new(vec![segmenter()]).unwrap(), options);
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, address) = std::sync::mpsc::channel();
        let serving = server.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            runtime.block_on(async move {
                let listener = listen("127.0.0.1:0".parse().unwrap()).await?;
                bound.send(listener.local_addr()?).unwrap();
                serve(listener, serving, async {
                    let _ = stopped.await;
                })
                .await
            })
        });
        Self {
            address: address.recv().unwrap(),
            server,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub fn get(&self, target: &str) -> http::Reply {
        http::get(self.address, target)
    }

    pub fn post(&self, target: &str, body: &[u8]) -> http::Reply {
        http::post(self.address, target, body)
    }

    /// A new session of a model.
    pub fn session(&self, model: &str) -> String {
        let reply = self.get(&format!("/v2/start_session/{model}"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["session_id"].as_str().unwrap().to_owned()
    }

    pub fn upload(&self, session: &str, image: &Volume<f32>) -> http::Reply {
        let target = format!("/upload_raw/{session}?filename=upload.nii.gz");
        self.post(&target, &image_form(image))
    }

    pub fn point(&self, session: &str, at: [usize; 3], foreground: bool) -> http::Reply {
        let [i, j, k] = at;
        self.get(&format!(
            "/v2/process_point_interaction/{session}?point={i}&point={j}&point={k}&foreground={foreground}"
        ))
    }

    /// Asks the server to stop and waits for it.
    pub fn stop(mut self) -> std::io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> std::io::Result<()> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.thread.take().map_or(Ok(()), |t| t.join().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// An image with structure, on oblique axes.
pub fn image(dims: [usize; 3]) -> Volume<f32> {
    let (s, c) = 10f64.to_radians().sin_cos();
    let direction = [[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]];
    let grid = Geometry::new(dims, [0.8, 0.8, 4.0], [-10.0, 5.0, 7.5], direction).unwrap();
    let data = Array3::from_shape_fn(grid.shape_kji(), |(k, j, i)| {
        ((i * 7 + j * 3) % 23 + (i / 9) * (j / 7) + 5 * k) as f32
    });
    Volume::new(data, grid).unwrap()
}

/// The client's description of a grid, indented by tabs as jsoncpp does.
pub fn metadata(grid: &Geometry) -> String {
    let list = |numbers: &[f64]| {
        let lines: Vec<String> = numbers.iter().map(|n| format!("\t\t{n}")).collect();
        format!("\n\t[\n{}\n\t]", lines.join(",\n"))
    };
    let direction: Vec<f64> = grid.direction_lps.iter().flatten().copied().collect();
    format!(
        "{{\n\t\"component_type\" : \"float32\",\n\t\"components_per_pixel\" : 1,\n\t\"dimensions\" : {},\n\t\"direction\" : {},\n\t\"origin\" : {},\n\t\"spacing\" : {}\n}}",
        list(&grid.dims.map(|d| d as f64)),
        list(&direction),
        list(&grid.origin_lps),
        list(&grid.spacing_mm)
    )
}

pub fn image_form(image: &Volume<f32>) -> Vec<u8> {
    let voxels = http::gzip_floats(image.data().iter().copied());
    http::form(&voxels, &metadata(image.geometry()))
}

/// A drawing on the image's grid.
pub fn drawing_form(image: &Volume<f32>, voxels: &[[usize; 3]]) -> Vec<u8> {
    let mut drawing = image.map(|_| 0.0);
    for [i, j, k] in voxels {
        drawing.data_mut()[[*k, *j, *i]] = 1.0;
    }
    image_form(&drawing)
}
