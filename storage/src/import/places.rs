//! Streets, sites, departments and maintainers by name, made where they are new.

use crate::StoreError;
use sqlx::SqliteConnection;
use std::{collections::HashMap, sync::Arc};
use zhishou_domain::{
    DepartmentId, IdSource, LedgerColumn, LedgerRow, MaintainerId, RowError, RowProblem, SiteId,
    StreetId, Timestamp,
};

/// How many of each were made.
#[derive(Debug, Default)]
pub(super) struct New {
    pub(super) streets: u32,
    pub(super) sites: u32,
    pub(super) departments: u32,
    pub(super) maintainers: u32,
}

/// Names that were looked up already, so that a fleet costs as many look-ups as it has names.
pub(super) struct Places {
    now: Timestamp,
    ids: Arc<dyn IdSource>,
    streets: HashMap<String, String>,
    sites: HashMap<(String, String), String>,
    departments: HashMap<String, String>,
    maintainers: HashMap<String, (String, Option<String>)>,
    pub(super) new: New,
}

/// A site as a row names it.
pub(super) struct NamedSite {
    /// Its identity where it is known already.
    pub(super) known: Option<String>,
    street: String,
    name: String,
}

impl Places {
    pub(super) fn new(now: Timestamp, ids: Arc<dyn IdSource>) -> Self {
        Self {
            now,
            ids,
            streets: HashMap::new(),
            sites: HashMap::new(),
            departments: HashMap::new(),
            maintainers: HashMap::new(),
            new: New::default(),
        }
    }

    /// Finds the site of a row, without making it. A row without a street means the only site of
    /// that name.
    pub(super) async fn find_site(
        &self,
        connection: &mut SqliteConnection,
        row: &LedgerRow,
    ) -> Result<Result<NamedSite, RowError>, StoreError> {
        let Some(street) = &row.street else {
            return find_by_name(connection, row).await;
        };
        let key = (street.clone(), row.site.clone());
        let known = match self.sites.get(&key) {
            Some(known) => Some(known.clone()),
            None => {
                sqlx::query_scalar(
                    "SELECT sites.id FROM sites JOIN streets ON streets.id = sites.street_id
                     WHERE streets.name = ? AND sites.name = ?",
                )
                .bind(street)
                .bind(&row.site)
                .fetch_optional(connection)
                .await?
            }
        };
        Ok(Ok(NamedSite { known, street: key.0, name: key.1 }))
    }

    /// The identity of a site found by [`Self::find_site`], made where it is new.
    pub(super) async fn make_site(
        &mut self,
        connection: &mut SqliteConnection,
        site: NamedSite,
    ) -> Result<String, StoreError> {
        let id = match site.known {
            Some(id) => id,
            None => {
                let street = self.street(connection, &site.street).await?;
                let id = SiteId::new(self.now, self.ids.as_ref()).to_string();
                sqlx::query("INSERT INTO sites (id, street_id, name) VALUES (?, ?, ?)")
                    .bind(&id)
                    .bind(street)
                    .bind(&site.name)
                    .execute(connection)
                    .await?;
                self.new.sites += 1;
                id
            }
        };
        self.sites.insert((site.street, site.name), id.clone());
        Ok(id)
    }

    async fn street(
        &mut self,
        connection: &mut SqliteConnection,
        name: &str,
    ) -> Result<String, StoreError> {
        if let Some(id) = self.streets.get(name) {
            return Ok(id.clone());
        }
        let known: Option<String> = sqlx::query_scalar("SELECT id FROM streets WHERE name = ?")
            .bind(name)
            .fetch_optional(&mut *connection)
            .await?;
        let id = match known {
            Some(id) => id,
            None => {
                let id = StreetId::new(self.now, self.ids.as_ref()).to_string();
                sqlx::query("INSERT INTO streets (id, name) VALUES (?, ?)")
                    .bind(&id)
                    .bind(name)
                    .execute(connection)
                    .await?;
                self.new.streets += 1;
                id
            }
        };
        self.streets.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    /// The department of a row.
    pub(super) async fn department(
        &mut self,
        connection: &mut SqliteConnection,
        row: &LedgerRow,
    ) -> Result<Option<String>, StoreError> {
        let Some(name) = &row.department else { return Ok(None) };
        if let Some(id) = self.departments.get(name) {
            return Ok(Some(id.clone()));
        }
        let known: Option<String> = sqlx::query_scalar("SELECT id FROM departments WHERE name = ?")
            .bind(name)
            .fetch_optional(&mut *connection)
            .await?;
        let id = match known {
            Some(id) => id,
            None => {
                let id = DepartmentId::new(self.now, self.ids.as_ref()).to_string();
                sqlx::query("INSERT INTO departments (id, name) VALUES (?, ?)")
                    .bind(&id)
                    .bind(name)
                    .execute(connection)
                    .await?;
                self.new.departments += 1;
                id
            }
        };
        self.departments.insert(name.clone(), id.clone());
        Ok(Some(id))
    }

    /// The maintainer of a row, with the telephone the row gives.
    pub(super) async fn maintainer(
        &mut self,
        connection: &mut SqliteConnection,
        row: &LedgerRow,
    ) -> Result<Option<String>, StoreError> {
        let Some(name) = &row.maintainer else { return Ok(None) };
        let known = match self.maintainers.get(name) {
            Some(known) => Some(known.clone()),
            None => {
                sqlx::query_as("SELECT id, phone FROM maintainers WHERE name = ?")
                    .bind(name)
                    .fetch_optional(&mut *connection)
                    .await?
            }
        };
        let (id, phone) = match known {
            Some((id, phone)) if row.phone.is_none() || phone == row.phone => (id, phone),
            Some((id, _)) => {
                sqlx::query("UPDATE maintainers SET phone = ? WHERE id = ?")
                    .bind(&row.phone)
                    .bind(&id)
                    .execute(connection)
                    .await?;
                (id, row.phone.clone())
            }
            None => {
                let id = MaintainerId::new(self.now, self.ids.as_ref()).to_string();
                sqlx::query("INSERT INTO maintainers (id, name, phone) VALUES (?, ?, ?)")
                    .bind(&id)
                    .bind(name)
                    .bind(&row.phone)
                    .execute(connection)
                    .await?;
                self.new.maintainers += 1;
                (id, row.phone.clone())
            }
        };
        self.maintainers.insert(name.clone(), (id.clone(), phone));
        Ok(Some(id))
    }
}

async fn find_by_name(
    connection: &mut SqliteConnection,
    row: &LedgerRow,
) -> Result<Result<NamedSite, RowError>, StoreError> {
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT sites.id, streets.name FROM sites JOIN streets ON streets.id = sites.street_id
         WHERE sites.name = ? LIMIT 2",
    )
    .bind(&row.site)
    .fetch_all(connection)
    .await?;
    let error = |column, value, problem| Ok(Err(RowError::new(row.row, column, value, problem)));
    match found.as_slice() {
        [(id, street)] => Ok(Ok(NamedSite {
            known: Some(id.clone()),
            street: street.clone(),
            name: row.site.clone(),
        })),
        [] => error(LedgerColumn::Street, "", RowProblem::SiteWithoutStreet),
        _ => error(LedgerColumn::Site, &row.site, RowProblem::AmbiguousSite),
    }
}
