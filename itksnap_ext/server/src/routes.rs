//! The paths that ITK-SNAP's client and its reference server know, versioned and not.

use std::future::Future;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Json, Router};
use raterlens_core::correction::{Mark, Side};
use raterlens_engine::{CancelFlag, Control};
use serde_json::{json, Value};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::answer::Answer;
use crate::error::ServeError;
use crate::gate::gate;
use crate::image::{key, reserve, segment, Images, Segmented};
use crate::interaction;
use crate::memory::Memory;
use crate::models::{Catalogue, Dimensions, LASSO_ID};
use crate::options::ServeOptions;
use crate::serve::record;
use crate::session::{Lease, Sessions, Work};
use crate::upload::Upload;

/// The version of the protocol, as ITK-SNAP compares it: that of the reference server whose behaviour this is.
pub const PROTOCOL_VERSION: &str = "0.1.6";

/// What all requests share.
#[derive(Debug, Clone)]
pub struct Server(Arc<Shared>);

/// See [`Server`].
#[derive(Debug)]
pub struct Shared {
    catalogue: Catalogue,
    options: ServeOptions,
    sessions: Sessions,
    images: Images,
    memory: Memory,
    uploads: Semaphore,
    // libtorch uses all cores for one image.
    segmentations: Semaphore,
    answers: Semaphore,
    stopping: AtomicBool,
    running: Mutex<Vec<CancelFlag>>,
}

impl Deref for Server {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Server {
    /// A server of these models.
    #[must_use]
    pub fn new(catalogue: Catalogue, options: ServeOptions) -> Self {
        Self(Arc::new(Shared {
            catalogue,
            sessions: Sessions::default(),
            images: Images::default(),
            memory: Memory::new(options.memory_bytes),
            uploads: Semaphore::new(options.uploads.max(1)),
            segmentations: Semaphore::new(1),
            answers: Semaphore::new(options.answers.max(1)),
            stopping: AtomicBool::new(false),
            running: Mutex::default(),
            options,
        }))
    }
}

impl Shared {
    /// Limits and settings.
    #[must_use]
    pub fn options(&self) -> &ServeOptions {
        &self.options
    }

    /// The sessions.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The memory of all sessions.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Ends segmentations under way, and starts no more.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.drain(..).for_each(|flag| flag.cancel());
    }

    /// A flag that [`Shared::stop`] raises.
    fn new_flag(&self) -> Result<Raised<'_>, ServeError> {
        let flag = CancelFlag::new();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: `stop` either sees the flag, or we see that it was called.
        if self.stopping.load(Ordering::SeqCst) {
            return Err(ServeError::Stopping);
        }
        running.retain(|flag| !flag.is_cancelled());
        running.push(flag.clone());
        drop(running);
        Ok(Raised { flag, server: self })
    }
}

/// Raises its flag when dropped: the client went away, or the work is done.
struct Raised<'a> {
    flag: CancelFlag,
    server: &'a Shared,
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.flag.cancel();
        let running = self.server.running.lock();
        let mut running = running.unwrap_or_else(PoisonError::into_inner);
        running.retain(|flag| !flag.is_cancelled());
    }
}

/// The server's paths, behind the gate.
pub fn app(server: Server) -> Router {
    let limit = DefaultBodyLimit::max(server.options.body_bytes);
    let paths = Router::new()
        .route("/status", get(status))
        .route("/v2/models", get(models))
        .route("/start_session", get(start_first))
        .route("/v2/start_session/{model}", get(start))
        .route("/upload_raw/{session}", post(upload))
        .route("/v2/upload_raw/{session}", post(upload))
        .route("/reset_interactions/{session}", get(reset))
        .route("/v2/reset_interactions/{session}", get(reset))
        .route("/process_point_interaction/{session}", get(point_xyz))
        .route("/v2/process_point_interaction/{session}", get(point))
        .route("/process_scribble_interaction/{session}", post(drawing))
        .route("/v2/process_scribble_interaction/{session}", post(drawing))
        .route("/process_lasso_interaction/{session}", post(drawing))
        .route("/v2/process_lasso_interaction/{session}", post(drawing))
        .route("/end_session/{session}", get(end))
        .route("/v2/end_session/{session}", get(end))
        .fallback(no_such_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(limit)
        .layer(from_fn(record))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(server.clone());
    // Around the paths, not among them: the gate changes the path before it is looked up.
    Router::new()
        .fallback_service(paths)
        .layer(from_fn_with_state(server, gate))
}

type Answered = Result<Json<Value>, ServeError>;
type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

async fn no_such_path() -> ServeError {
    ServeError::NoSuchPath
}

async fn wrong_method(request: Request) -> ServeError {
    tracing::debug!(method = %request.method(), "wrong method");
    ServeError::WrongMethod
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    use axum::response::IntoResponse;
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    ServeError::internal(format!(
        "a request panicked: {}",
        text.unwrap_or("no message")
    ))
    .into_response()
}

async fn status(State(server): State<Server>) -> Json<Value> {
    let device = server
        .catalogue
        .models()
        .first()
        .map(|m| m.device().name.clone());
    Json(json!({
        "status": "ok",
        "version": PROTOCOL_VERSION,
        "server": "RaterLens",
        "raterlens_version": env!("CARGO_PKG_VERSION"),
        "device": device,
        "sessions": server.sessions.count(),
        "memory_bytes": server.memory.used(),
    }))
}

async fn models(State(server): State<Server>) -> Json<Value> {
    Json(json!({ "models": server.catalogue.offers() }))
}

async fn start_first(server: State<Server>) -> Answered {
    start(server, Path(LASSO_ID.to_owned())).await
}

async fn start(State(server): State<Server>, Path(model): Path<String>) -> Answered {
    let (model, dimensions) = server
        .catalogue
        .find(&model)
        .ok_or(ServeError::UnknownModel)?;
    let id = server.sessions.start(model, dimensions, &server.options)?;
    Ok(Json(json!({ "session_id": id })))
}

async fn end(State(server): State<Server>, Path(id): Path<String>) -> Answered {
    if !server.sessions.end(&id) {
        return Err(ServeError::UnknownSession);
    }
    Ok(Json(json!({ "message": "Session ended" })))
}

async fn reset(State(server): State<Server>, Path(id): Path<String>) -> Answered {
    let session = server.sessions.find(&id)?;
    session.work.lock().await.reset();
    Ok(Json(json!({ "status": "success" })))
}

async fn upload(
    State(server): State<Server>,
    Path(id): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Answered {
    let session = server.sessions.find(&id)?;
    let (image, working, kept) = receive_image(&server, &session, form).await?;
    let mut work = Arc::clone(&session.work).lock_owned().await;
    let image = segmented(&server, &session, image, working, kept).await?;
    work.reset();
    work.image = Some(image);
    Ok(Json(json!({ "message": "Image received and segmented" })))
}

type Volume = raterlens_core::Volume<f32>;
use crate::memory::Reservation;

/// Reads and decompresses an image, with memory for it and for its layers.
async fn receive_image(
    server: &Server,
    session: &Lease,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(Volume, Reservation, Reservation), ServeError> {
    let options = &server.options;
    let _turn = permit(&server.uploads).await?;
    let form = form.map_err(not_a_form)?;
    let upload =
        Upload::receive(form, session.dimensions, options.image_bytes, options.stall).await?;
    let structures = session.model.scheme().len();
    let Some((working, kept)) = reserve(&server.memory, &upload.geometry, structures) else {
        return Err(ServeError::Full(
            "the server has no memory left for this image: end other sessions or try again later"
                .to_owned(),
        ));
    };
    let image = blocking(move || upload.decode()).await?;
    Ok((image, working, kept))
}

/// The layers of an image: those of another session, or new ones.
async fn segmented(
    server: &Server,
    session: &Lease,
    image: Volume,
    working: Reservation,
    kept: Reservation,
) -> Result<Arc<Segmented>, ServeError> {
    let model = Arc::clone(&session.model);
    let (image, key) = blocking(move || {
        let key = key(&image, &model);
        Ok((image, key))
    })
    .await?;
    let _turn = permit(&server.segmentations).await?;
    if let Some(known) = server.images.find(&key) {
        return Ok(known);
    }
    let raised = server.new_flag()?;
    let control = raised.flag.clone();
    let model = Arc::clone(&session.model);
    let segmented = blocking(move || {
        let _working = working;
        let control = Control {
            progress: None,
            cancel: control,
        };
        segment(&image, &model, &control, kept).map(Arc::new)
    })
    .await?;
    server.images.remember(key, &segmented);
    Ok(segmented)
}

async fn point(
    State(server): State<Server>,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Answer>, ServeError> {
    let pairs = pairs.map_err(not_a_query)?.0;
    let given: Vec<&str> = values(&pairs, "point").collect();
    answer_point(&server, &id, &pairs, &given).await
}

async fn point_xyz(
    State(server): State<Server>,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Answer>, ServeError> {
    let pairs = pairs.map_err(not_a_query)?.0;
    let given: Vec<&str> = ["x", "y", "z"]
        .iter()
        .flat_map(|n| values(&pairs, n))
        .collect();
    answer_point(&server, &id, &pairs, &given).await
}

async fn answer_point(
    server: &Server,
    id: &str,
    pairs: &[(String, String)],
    given: &[&str],
) -> Result<Json<Answer>, ServeError> {
    let session = server.sessions.find(id)?;
    let voxel = voxel(given, session.dimensions)?;
    let mark = Mark::point(side(pairs)?, voxel);
    answer(server, &session, move |_| Ok(mark)).await
}

async fn drawing(
    State(server): State<Server>,
    Path(id): Path<String>,
    pairs: Pairs,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<Answer>, ServeError> {
    let session = server.sessions.find(&id)?;
    let pairs = pairs.map_err(not_a_query)?.0;
    let side = side(&pairs)?;
    if session.work.lock().await.image.is_none() {
        return Err(ServeError::NoImage);
    }
    let (drawing, _working) = receive_drawing(&server, &session, form).await?;
    answer(&server, &session, move |work| {
        interaction::drawn(side, &drawing, work)
    })
    .await
}

async fn receive_drawing(
    server: &Server,
    session: &Lease,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(Volume, Reservation), ServeError> {
    let options = &server.options;
    let _turn = permit(&server.uploads).await?;
    let form = form.map_err(not_a_form)?;
    let upload =
        Upload::receive(form, session.dimensions, options.image_bytes, options.stall).await?;
    let bytes = upload.geometry.voxel_count().saturating_mul(4);
    let Some(working) = server.memory.reserve(bytes) else {
        return Err(ServeError::Full(
            "the server has no memory left for this drawing: try again later".to_owned(),
        ));
    };
    Ok((blocking(move || upload.decode()).await?, working))
}

/// Answers a mark, on a thread for computing.
async fn answer(
    server: &Server,
    session: &Lease,
    mark: impl FnOnce(&Work) -> Result<Mark, ServeError> + Send + 'static,
) -> Result<Json<Answer>, ServeError> {
    let mut work = Arc::clone(&session.work).lock_owned().await;
    let _turn = permit(&server.answers).await?;
    let (options, memory) = (server.options.correction, server.memory.clone());
    let answer = blocking(move || {
        let mark = mark(&work)?;
        interaction::mark(&mut work, mark, &options, &memory)
    });
    Ok(Json(answer.await?))
}

fn values<'a>(pairs: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = pairs.iter().filter(move |(key, _)| key == name);
    named.map(|(_, value)| value.as_str())
}

/// Whether a mark is foreground or background.
fn side(pairs: &[(String, String)]) -> Result<Side, ServeError> {
    let mut given = values(pairs, "foreground");
    match (given.next(), given.next()) {
        (Some("true"), None) => Ok(Side::Foreground),
        (Some("false"), None) => Ok(Side::Background),
        _ => Err(ServeError::bad(
            "say foreground=true or foreground=false, once",
        )),
    }
}

/// A voxel (i, j, k) from 2 or 3 whole numbers.
fn voxel(given: &[&str], dimensions: Dimensions) -> Result<[usize; 3], ServeError> {
    let n = dimensions.count();
    let numbers: Option<Vec<usize>> = given.iter().map(|v| v.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[i, j]) if n == 2 => Ok([i, j, 0]),
        Some(&[i, j, k]) if n == 3 => Ok([i, j, k]),
        _ => Err(ServeError::bad(format!(
            "a point needs {n} whole numbers that are not negative"
        ))),
    }
}

fn not_a_form(rejection: MultipartRejection) -> ServeError {
    ServeError::bad(format!("a form is needed here: {}", rejection.body_text()))
}

fn not_a_query(rejection: QueryRejection) -> ServeError {
    ServeError::bad(rejection.body_text())
}

async fn permit(turns: &Semaphore) -> Result<tokio::sync::SemaphorePermit<'_>, ServeError> {
    turns.acquire().await.map_err(|_| ServeError::Stopping)
}

/// Runs what computes on a thread that may block.
fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServeError> + Send + 'static,
) -> impl Future<Output = Result<T, ServeError>> {
    let running = tokio::task::spawn_blocking(work);
    async move {
        let ended = running.await;
        ended.unwrap_or_else(|failed| Err(ServeError::internal(failed)))
    }
}
