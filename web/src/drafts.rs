//! Files that were uploaded to be tried and are not kept yet: in memory, few, and gone when the
//! platform restarts; nothing was written then.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use zhishou_domain::Timestamp;
use zhishou_ledger::StatusFile;

/// Files kept at once; the oldest goes.
const MOST: usize = 6;

/// A file that was read.
#[derive(Clone)]
pub(crate) struct Draft {
    /// Nobody guesses it; also what makes keeping it twice one act.
    pub(crate) token: String,
    /// Who uploaded it; nobody else sees it.
    pub(crate) login: String,
    pub(crate) at: Timestamp,
    pub(crate) file_name: String,
    pub(crate) sha256: String,
    pub(crate) file: Arc<StatusFile>,
}

/// Where they are.
#[derive(Clone, Default)]
pub(crate) struct Drafts(Arc<Mutex<VecDeque<Draft>>>);

impl Drafts {
    fn all(&self) -> MutexGuard<'_, VecDeque<Draft>> {
        // Nothing is left half done where a holder panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put(&self, draft: Draft) {
        let mut all = self.all();
        all.push_back(draft);
        while all.len() > MOST {
            all.pop_front();
        }
    }

    /// The draft of a token, for who uploaded it.
    pub(crate) fn get(&self, token: &str, login: &str) -> Option<Draft> {
        self.all().iter().find(|it| it.token == token && it.login == login).cloned()
    }

    pub(crate) fn drop(&self, token: &str) {
        self.all().retain(|it| it.token != token);
    }
}
