//! Taking ledger rows in: finding what they name, making what is new, changing what differs.
//!
//! A row is found again by its national code, else by site and name. An empty cell leaves what is
//! stored. Every check of a row comes before its first write, so that a row with an error leaves
//! nothing; parents are looked for once every row is in, because a file may name them later.

mod ahead;
mod device;
mod life;
mod parents;
mod places;

use crate::{Change, MasterKey, Store, StoreError, credentials, masks};
use chrono_tz::Tz;
use device::Fields;
use places::Places;
use serde::Serialize;
use sqlx::SqliteConnection;
use std::sync::Arc;
use zhishou_domain::{
    DeviceId, IdSource, LedgerColumn, LedgerRow, LifeState, RowError, RowProblem, Timestamp,
};

/// What an import may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// Says what would happen; changes nothing.
    DryRun,
    /// Changes nothing when a single row has an error.
    AllOrNothing,
    /// Takes the rows without an error.
    Partial,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ImportSummary {
    /// Whether it was done; `false` of a dry run and of one that was given up.
    pub applied: bool,
    /// Rows looked at.
    pub rows: u32,
    /// New devices.
    pub created: u32,
    /// Devices of which something changed.
    pub updated: u32,
    /// Devices that stand so already.
    pub unchanged: u32,
    /// Known devices whose 状态 changed.
    pub state_changes: u32,
    /// Rows of devices in use without an address to open (未接入探测).
    pub unconnected: u32,
    /// New streets.
    pub new_streets: u32,
    /// New sites.
    pub new_sites: u32,
    /// New departments.
    pub new_departments: u32,
    /// New maintainers.
    pub new_maintainers: u32,
    /// What is wrong, in order of rows.
    pub errors: Vec<RowError>,
}

impl Store {
    /// Takes rows into the ledger. `now` dates what has no date of its own.
    pub async fn import(
        &self,
        rows: Vec<LedgerRow>,
        now: Timestamp,
        mode: ImportMode,
    ) -> Result<ImportSummary, StoreError> {
        let (zone, key, ids) = (self.zone, self.key.clone(), Arc::clone(&self.ids));
        let summary = self
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query("SAVEPOINT import").execute(&mut *connection).await?;
                    let mut import = Import {
                        places: Places::new(now, Arc::clone(&ids)),
                        connection,
                        summary: ImportSummary::default(),
                        context: Context { zone, key, ids, now },
                    };
                    import.run(&rows).await?;
                    let Import { connection, mut summary, .. } = import;
                    summary.errors.sort_by_key(|error| (error.row, error.column));
                    summary.applied = match mode {
                        ImportMode::DryRun => false,
                        ImportMode::AllOrNothing => summary.errors.is_empty(),
                        ImportMode::Partial => true,
                    };
                    if !summary.applied {
                        sqlx::query("ROLLBACK TO import").execute(&mut *connection).await?;
                    }
                    sqlx::query("RELEASE import").execute(connection).await?;
                    Ok(summary)
                })
            })
            .await?;
        if summary.applied {
            self.announce(Change::Ledger);
        }
        Ok(summary)
    }
}

/// What is given to an import from outside.
struct Context {
    zone: Tz,
    key: MasterKey,
    ids: Arc<dyn IdSource>,
    now: Timestamp,
}

struct Import<'c> {
    connection: &'c mut SqliteConnection,
    context: Context,
    places: Places,
    summary: ImportSummary,
}

/// What became of one row.
enum Taken {
    Created,
    Updated { life_changed: bool },
    Unchanged,
}

impl Import<'_> {
    async fn run(&mut self, rows: &[LedgerRow]) -> Result<(), StoreError> {
        ahead::move_back(self.connection, self.context.now).await?;
        let mut children = Vec::new();
        for row in rows {
            self.summary.rows += 1;
            match self.take(row).await? {
                Ok((device, taken)) => {
                    self.count(&taken);
                    if let Some(parent) = &row.parent {
                        let is_counted = !matches!(taken, Taken::Unchanged);
                        children.push(parents::Child { row, device, parent, is_counted });
                    }
                }
                Err(error) => self.summary.errors.push(error),
            }
        }
        for child in &children {
            match parents::link(self.connection, child, self.context.now).await? {
                Ok(changed) if changed && !child.is_counted => {
                    self.summary.unchanged -= 1;
                    self.summary.updated += 1;
                }
                Ok(_) => {}
                Err(error) => self.summary.errors.push(error),
            }
        }
        let new = &self.places.new;
        self.summary.new_streets = new.streets;
        self.summary.new_sites = new.sites;
        self.summary.new_departments = new.departments;
        self.summary.new_maintainers = new.maintainers;
        Ok(())
    }

    fn count(&mut self, taken: &Taken) {
        match taken {
            Taken::Created => self.summary.created += 1,
            Taken::Updated { life_changed } => {
                self.summary.updated += 1;
                self.summary.state_changes += u32::from(*life_changed);
            }
            Taken::Unchanged => self.summary.unchanged += 1,
        }
    }

    /// Takes one row but for its parent. The inner error is the row's.
    async fn take(
        &mut self,
        row: &LedgerRow,
    ) -> Result<Result<(String, Taken), RowError>, StoreError> {
        // Checks: nothing is written in this part.
        let site = match self.places.find_site(self.connection, row).await? {
            Ok(site) => site,
            Err(error) => return Ok(Err(error)),
        };
        let stored = match device::find(self.connection, row, site.known.as_deref()).await? {
            Ok(stored) => stored,
            Err(error) => return Ok(Err(error)),
        };
        let (zone, now) = (self.context.zone, self.context.now);
        let life = match life::of_row(row, stored.as_ref(), zone, now) {
            Ok(life) => life,
            Err(error) => return Ok(Err(error)),
        };
        let known_username = match &stored {
            Some(stored) => {
                credentials::read(self.connection, &stored.id).await?.map(|row| row.username)
            }
            None => None,
        };
        let username = row.username.clone().or(known_username);
        if row.password.is_some() && username.is_none() {
            let problem = RowProblem::NoUsername;
            return Ok(Err(RowError::new(row.row, LedgerColumn::Username, "", problem)));
        }

        // Writes.
        let site = self.places.make_site(self.connection, site).await?;
        let department = self.places.department(self.connection, row).await?;
        let maintainer = self.places.maintainer(self.connection, row).await?;
        let fields = Fields::merged(row, stored.as_ref().map(|stored| &stored.fields), site)
            .owned_by(department, maintainer);
        if life.state == LifeState::InUse && fields.url.is_none() {
            self.summary.unconnected += 1;
        }
        let is_new = stored.is_none();
        let id = match &stored {
            Some(stored) => stored.id.clone(),
            None => DeviceId::new(now, self.context.ids.as_ref()).to_string(),
        };
        let mut changed = match &stored {
            None => {
                device::insert(self.connection, &id, &fields, &life, now).await?;
                true
            }
            Some(stored) => device::update(self.connection, stored, &fields, &life, now).await?,
        };
        changed |= device::tag(self.connection, &id, &row.tags).await?;
        if let Some(masks) = &row.privacy_masks {
            changed |= masks::put(self.connection, &id, masks, now).await?;
        }
        changed |= life::write(self.connection, &id, &life, stored.as_ref(), now).await?;
        if let Some(username) = username
            && (row.username.is_some() || row.password.is_some())
        {
            let password = row.password.as_ref().map(|password| password.reveal());
            let key = &self.context.key;
            changed |= credentials::put(self.connection, key, &id, &username, password).await?;
        }
        let life_changed = stored.as_ref().is_some_and(|stored| stored.life != life.state);
        let taken = match (is_new, changed) {
            (true, _) => Taken::Created,
            (false, true) => Taken::Updated { life_changed },
            (false, false) => Taken::Unchanged,
        };
        Ok(Ok((id, taken)))
    }
}
