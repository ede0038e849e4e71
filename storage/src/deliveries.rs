//! Published reports in a folder: which files lie there, and why others do not.

use crate::{
    PublicationHead, Store, StoreError, decode,
    publications::{HEAD, head_of},
};
use std::collections::{BTreeMap, BTreeSet};
use zhishou_domain::Timestamp;

/// How a try to write one file of a publication to a folder went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The publication.
    pub seq: i64,
    /// The folder.
    pub folder: String,
    /// The stable word of its format.
    pub format: String,
    /// Why it is not there; `None`: it is.
    pub problem: Option<String>,
}

impl Store {
    /// Publications from `since` on that were not written to a folder yet, oldest first.
    pub async fn undelivered(
        &self,
        folder: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<PublicationHead>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {HEAD} FROM publications p WHERE published_ms >= ? AND NOT EXISTS (
                 SELECT 1 FROM deliveries d WHERE d.seq = p.seq AND d.folder = ?)
             ORDER BY seq LIMIT ?"
        )))
        .bind(since.millis())
        .bind(folder)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(head_of).collect()
    }

    /// Formats of a publication that lie in a folder.
    pub async fn delivered_formats(
        &self,
        seq: i64,
        folder: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        let formats: Vec<String> = sqlx::query_scalar(
            "SELECT format FROM delivery_files WHERE seq = ? AND folder = ? AND problem = ''",
        )
        .bind(seq)
        .bind(folder)
        .fetch_all(self.reader())
        .await?;
        Ok(formats.into_iter().collect())
    }

    /// Notes how a try to write a file went.
    pub async fn note_delivery(&self, tried: Delivery, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO delivery_files (seq, folder, format, tried_ms, problem)
                     VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (seq, folder, format) DO UPDATE SET tried_ms = ?4, problem = ?5",
                )
                .bind(tried.seq)
                .bind(tried.folder)
                .bind(tried.format)
                .bind(now.millis())
                .bind(tried.problem.unwrap_or_default())
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Files of these publications that do not lie in their folder: format and why.
    pub async fn delivery_problems(
        &self,
        seqs: &[i64],
    ) -> Result<BTreeMap<i64, Vec<(String, String)>>, StoreError> {
        let rows: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT f.seq, f.format, f.problem FROM json_each(?) p
             JOIN delivery_files f ON f.seq = p.value AND f.problem <> '' ORDER BY f.seq, f.format",
        )
        .bind(decode::to_json("publications.seq", &seqs)?)
        .fetch_all(self.reader())
        .await?;
        let mut problems: BTreeMap<i64, Vec<(String, String)>> = BTreeMap::new();
        for (seq, format, problem) in rows {
            problems.entry(seq).or_default().push((format, problem));
        }
        Ok(problems)
    }

    /// Notes that a publication lies in a folder with every file that belongs there.
    pub async fn delivered(
        &self,
        seq: i64,
        folder: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO deliveries (seq, folder, delivered_ms) VALUES (?, ?, ?)
                     ON CONFLICT DO NOTHING",
                )
                .bind(seq)
                .bind(folder)
                .bind(now.millis())
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }
}
