//! The one writer: a task that owns the only connection that writes.
//!
//! Jobs queue to it. It takes what is there, up to [`BATCH`], into one `BEGIN IMMEDIATE`
//! transaction and acknowledges each only after the commit: what was acknowledged is on disk
//! (WAL with `synchronous=FULL`), and a thousand results a second cost a handful of syncs. Each job
//! runs in a savepoint of its own, so one that fails takes nothing of the others with it.

use crate::StoreError;
use sqlx::{Connection, SqliteConnection};
use std::{any::Any, pin::Pin};
use tokio::sync::{mpsc, oneshot};

/// Jobs in one transaction at most.
const BATCH: usize = 256;
/// Jobs that may wait; whoever comes after waits for room.
const QUEUE: usize = 1024;

/// A future that borrows the writer's connection.
pub(crate) type Pending<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;

type Done = Box<dyn Any + Send>;
type Work = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> Pending<'c, Done> + Send>;

struct Job {
    work: Work,
    acknowledge: oneshot::Sender<Result<Done, StoreError>>,
}

enum Message {
    Run(Job),
    /// What is queued so far is still done, then the task ends.
    Close,
}

/// The queue to the writer.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the task. It ends, and closes its connection, when it is told to or when the last
    /// `Writer` is dropped.
    pub(crate) fn start(connection: SqliteConnection) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, jobs) = mpsc::channel(QUEUE);
        (Self { queue }, tokio::spawn(run(connection, jobs)))
    }

    /// Runs `work` in the next transaction and returns after its commit.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Pending<'c, T> + Send + 'static,
    {
        let (acknowledge, done) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            Box::pin(async move { Ok(Box::new(work(connection).await?) as Done) })
        });
        let job = Message::Run(Job { work, acknowledge });
        self.queue.send(job).await.map_err(|_| StoreError::Closed)?;
        let value = done.await.map_err(|_| StoreError::Closed)??;
        value.downcast().map(|value| *value).map_err(|_| StoreError::Closed)
    }

    /// Tells the task to finish what is queued and to end, whoever else holds a `Writer`.
    pub(crate) async fn close(&self) {
        // It may have ended already.
        let _ended = self.queue.send(Message::Close).await;
    }

    /// Whether the task still takes jobs.
    pub(crate) fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }
}

async fn run(mut connection: SqliteConnection, mut messages: mpsc::Receiver<Message>) {
    let mut received = Vec::with_capacity(BATCH);
    while messages.recv_many(&mut received, BATCH).await > 0 {
        let mut batch = Vec::with_capacity(received.len());
        for message in received.drain(..) {
            match message {
                Message::Run(job) => batch.push(job),
                Message::Close => messages.close(),
            }
        }
        if !batch.is_empty() {
            commit(&mut connection, batch).await;
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing the database failed");
    }
}

/// Runs one batch and acknowledges it.
///
/// The statements are written out: when the disk is full the engine ends a transaction by itself,
/// and a counter of nested transactions on our side would be wrong from then on.
async fn commit(connection: &mut SqliteConnection, batch: Vec<Job>) {
    let mut results = Vec::with_capacity(batch.len());
    let mut outcome = execute(connection, "BEGIN IMMEDIATE").await;
    for job in batch {
        let result = match &outcome {
            Ok(()) => in_savepoint(connection, job.work).await,
            Err(error) => Err(error.clone()),
        };
        results.push((job.acknowledge, result));
    }
    if outcome.is_ok() {
        outcome = execute(connection, "COMMIT").await;
        if let Err(error) = &outcome {
            tracing::error!(%error, "a transaction was not committed");
            // Fails where the engine rolled back by itself; then there is nothing left to do.
            let _rolled_back = execute(connection, "ROLLBACK").await;
        }
    }
    for (acknowledge, result) in results {
        let result = match &outcome {
            Ok(()) => result,
            Err(error) => Err(error.clone()),
        };
        // Whoever asked may have gone; the work is done all the same.
        let _gone = acknowledge.send(result);
    }
}

async fn in_savepoint(connection: &mut SqliteConnection, work: Work) -> Result<Done, StoreError> {
    execute(connection, "SAVEPOINT job").await?;
    let result = work(connection).await;
    if result.is_err() {
        execute(connection, "ROLLBACK TO job").await?;
    }
    execute(connection, "RELEASE job").await?;
    result
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    async fn start() -> (Writer, Arc<AtomicUsize>) {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        execute(&mut connection, "CREATE TABLE t (n INTEGER PRIMARY KEY)").await.unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&commits);
        connection.lock_handle().await.unwrap().set_commit_hook(move || {
            count.fetch_add(1, Ordering::Relaxed);
            true
        });
        (Writer::start(connection).0, commits)
    }

    async fn insert(writer: &Writer, number: i64) -> Result<(), StoreError> {
        writer
            .write(move |connection| {
                Box::pin(async move {
                    let done = sqlx::query("INSERT INTO t (n) VALUES (?)").bind(number);
                    done.execute(connection).await?;
                    Ok(())
                })
            })
            .await
    }

    async fn count(writer: &Writer) -> i64 {
        writer
            .write(|connection| {
                Box::pin(async move {
                    let count = sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(connection);
                    Ok(count.await?)
                })
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_thousand_jobs_share_a_few_commits() {
        let (writer, commits) = start().await;
        let mut jobs = tokio::task::JoinSet::new();
        for number in 0..1000 {
            let writer = writer.clone();
            jobs.spawn(async move { insert(&writer, number).await });
        }
        for done in jobs.join_all().await {
            done.unwrap();
        }
        assert_eq!(count(&writer).await, 1000);
        let commits = commits.load(Ordering::Relaxed);
        assert!(commits <= 10, "{commits} commits");
    }

    #[tokio::test]
    async fn a_job_that_fails_takes_nothing_of_the_others_with_it() {
        let (writer, _) = start().await;
        let failing = writer.write(|connection| {
            Box::pin(async move {
                sqlx::query("INSERT INTO t (n) VALUES (99)").execute(&mut *connection).await?;
                sqlx::query("INSERT INTO t (n) VALUES (99)").execute(connection).await?;
                Ok(())
            })
        });
        let (one, failed, two) = tokio::join!(insert(&writer, 1), failing, insert(&writer, 2));
        assert!(one.is_ok() && two.is_ok());
        assert!(matches!(failed, Err(StoreError::Engine(_))), "{failed:?}");
        assert_eq!(count(&writer).await, 2);
    }

    #[tokio::test]
    async fn closing_finishes_what_is_queued_and_refuses_what_comes_later() {
        let connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let (writer, task) = Writer::start(connection);
        let create = writer.write(|connection| {
            Box::pin(async move { execute(connection, "CREATE TABLE t (n INTEGER)").await })
        });
        let (created, ()) = tokio::join!(create, writer.close());
        assert!(created.is_ok());
        task.await.unwrap();
        assert!(!writer.is_open());
        assert!(matches!(insert(&writer, 1).await, Err(StoreError::Closed)));
    }

    #[tokio::test]
    async fn a_transaction_that_cannot_commit_acknowledges_nothing() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        execute(&mut connection, "CREATE TABLE t (n INTEGER PRIMARY KEY)").await.unwrap();
        connection.lock_handle().await.unwrap().set_commit_hook(|| false);
        let (writer, _task) = Writer::start(connection);
        assert!(insert(&writer, 1).await.is_err());
        assert!(writer.is_open(), "and it goes on");
        assert!(insert(&writer, 2).await.is_err());
    }
}
