//! What the server remembers of one client.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rand::RngCore;
use raterlens_core::correction::MarkHistory;
use raterlens_engine::Segmenter;

use crate::error::ServeError;
use crate::image::Segmented;
use crate::memory::Reservation;
use crate::models::Dimensions;
use crate::options::ServeOptions;

/// One client's work on one image.
#[derive(Debug)]
pub struct Session {
    /// Its name, which only the client knows.
    pub id: String,
    /// The model that the client chose.
    pub model: Arc<Segmenter>,
    /// Volumes or slices.
    pub dimensions: Dimensions,
    /// The image and what was marked on it. Requests of one session take turns.
    pub work: Arc<tokio::sync::Mutex<Work>>,
    requests: AtomicUsize,
    used: Mutex<Instant>,
}

/// The image of a session and what was marked on it.
#[derive(Debug, Default)]
pub struct Work {
    /// The image; none before the first upload.
    pub image: Option<Arc<Segmented>>,
    /// Position in the scheme of the structure under the first mark.
    pub structure: Option<usize>,
    /// Marks since the last reset.
    pub marks: MarkHistory,
    /// Memory of the marks.
    pub marks_memory: Vec<Reservation>,
}

impl Work {
    /// Forgets all marks.
    pub fn reset(&mut self) {
        self.structure = None;
        self.marks.clear();
        self.marks_memory.clear();
    }
}

/// A request's hold on its session: meanwhile it is not forgotten.
#[derive(Debug)]
pub struct Lease(Arc<Session>);

impl std::ops::Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        *lock(&self.0.used) = Instant::now();
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Session {
    fn rests_for(&self, at_least: std::time::Duration) -> bool {
        self.requests.load(Ordering::Relaxed) == 0 && lock(&self.used).elapsed() >= at_least
    }
}

/// All sessions.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

impl Sessions {
    /// Starts a session.
    ///
    /// # Errors
    /// [`ServeError::Full`] when all sessions are in use.
    pub fn start(
        &self,
        model: Arc<Segmenter>,
        dimensions: Dimensions,
        options: &ServeOptions,
    ) -> Result<String, ServeError> {
        let mut sessions = lock(&self.0);
        forget_idle(&mut sessions, options);
        if sessions.len() >= options.sessions {
            let resting = sessions.values().filter(|s| s.rests_for(options.resting));
            let longest = resting.min_by_key(|s| *lock(&s.used)).map(|s| s.id.clone());
            let Some(id) = longest else {
                return Err(ServeError::Full(format!(
                    "all {} sessions of this server are in use: try again later",
                    options.sessions
                )));
            };
            sessions.remove(&id);
        }
        let session = Arc::new(Session {
            id: new_id(),
            model,
            dimensions,
            work: Arc::default(),
            requests: AtomicUsize::new(0),
            used: Mutex::new(Instant::now()),
        });
        let id = session.id.clone();
        sessions.insert(id.clone(), session);
        Ok(id)
    }

    /// The session of this name.
    ///
    /// # Errors
    /// [`ServeError::UnknownSession`].
    pub fn find(&self, id: &str) -> Result<Lease, ServeError> {
        let sessions = lock(&self.0);
        let session = sessions.get(id).ok_or(ServeError::UnknownSession)?;
        session.requests.fetch_add(1, Ordering::Relaxed);
        Ok(Lease(Arc::clone(session)))
    }

    /// Ends a session; `false` if there is none of this name.
    pub fn end(&self, id: &str) -> bool {
        lock(&self.0).remove(id).is_some()
    }

    /// Forgets sessions that rested too long.
    pub fn forget_idle(&self, options: &ServeOptions) {
        forget_idle(&mut lock(&self.0), options);
    }

    /// Number of sessions.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.0).len()
    }
}

fn forget_idle(sessions: &mut HashMap<String, Arc<Session>>, options: &ServeOptions) {
    sessions.retain(|_, session| !session.rests_for(options.idle));
}

/// 128 random bits: nobody guesses another's session.
fn new_id() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A panic elsewhere cannot leave these half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
