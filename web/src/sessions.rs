//! Our own store for tower-sessions: records lie in the database under a hash of the cookie, so a
//! copy of the database opens no session. When a session is too old is judged by the guard with
//! the clock of the app; the store only lets go of what is far past that.

use crate::token;
use async_trait::async_trait;
use std::{fmt, sync::Arc, time::Duration};
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
    session_store::{Error, Result},
};
use zhishou_domain::{Clock, UserId};
use zhishou_storage::{SessionRow, Store};

/// Key of the user's identity in a record.
pub(crate) const USER: &str = "user";

/// Sessions in the database.
#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    /// How long a record is kept after it was last saved.
    pub(crate) kept: Duration,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

/// What a session is stored under.
pub(crate) fn row_id(id: &Id) -> String {
    token::hash(&id.to_string())
}

impl Sessions {
    fn row(&self, record: &Record) -> Result<SessionRow> {
        let user: Option<UserId> = record
            .data
            .get(USER)
            .and_then(|value| value.as_str())
            .and_then(|text| text.parse().ok());
        let data = serde_json::to_string(&record.data)
            .map_err(|error| Error::Encode(error.to_string()))?;
        let expires = self.clock.now() + self.kept;
        Ok(SessionRow { id: row_id(&record.id), user, data, expires })
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits do not collide; the bound is for the proof.
        for _ in 0..8 {
            let made = self.store.create_session(self.row(record)?).await.map_err(backend)?;
            if made {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::Backend("no free session id".to_owned()))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.store.save_session(self.row(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.store.session(&row_id(id), self.clock.now()).await.map_err(backend)?;
        let Some(data) = found else { return Ok(None) };
        let data = serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?;
        // The middleware wants a date; what counts is judged by the guard.
        Ok(Some(Record { id: *id, data, expiry_date: OffsetDateTime::UNIX_EPOCH }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.store.end_session(&row_id(id)).await.map_err(backend)
    }
}

fn backend(error: zhishou_storage::StoreError) -> Error {
    Error::Backend(error.to_string())
}
