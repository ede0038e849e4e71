//! Credentials of devices, sealed, and how logins stand with each device and each host address.
//!
//! Invariants: the state changes only by what a login brought ([`LoginUse`]) or by an operator, in
//! the transaction of the result, so that two probes at once cannot overwrite each other's
//! rejection; a login begun before the credential was changed says nothing of the new one; neither
//! a change nor re-arming forgets recent rejections, because a device counts them per account.

use crate::{MasterKey, Store, StoreError, decode};
use sqlx::SqliteConnection;
use zhishou_domain::{Credential, CredentialState, DeviceId, Timestamp};

/// A credential as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    /// The credential.
    pub credential: Credential,
    /// How it stands with the device.
    pub state: CredentialState,
    /// Counts its changes; goes back with the result of the login.
    pub generation: i64,
}

/// What a login brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginUse {
    /// [`StoredCredential::generation`] of what was sent.
    pub generation: i64,
    /// Whether the device took it.
    pub outcome: LoginOutcome,
}

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The device took the credential.
    Accepted,
    /// The device refused the credential.
    Rejected,
}

impl LoginOutcome {
    fn apply(self, state: &mut CredentialState, at: Timestamp) {
        match self {
            Self::Accepted => state.accepted(),
            Self::Rejected => state.rejected(at),
        }
    }
}

/// A stored row.
pub(crate) struct Row {
    pub(crate) username: String,
    pub(crate) sealed: Option<Vec<u8>>,
    state: CredentialState,
    generation: i64,
}

pub(crate) async fn read(
    connection: &mut SqliteConnection,
    device: &str,
) -> Result<Option<Row>, StoreError> {
    let row: Option<(String, Option<Vec<u8>>, String, i64)> = sqlx::query_as(
        "SELECT username, sealed, state, generation FROM credentials WHERE device_id = ?",
    )
    .bind(device)
    .fetch_optional(connection)
    .await?;
    row.map(|(username, sealed, state, generation)| {
        Ok(Row { username, sealed, state: decode::json("credentials.state", &state)?, generation })
    })
    .transpose()
}

/// Keeps a credential. One that differs from what is stored, or one that cannot be opened any
/// more, counts as changed and is armed anew. Says whether it was.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    key: &MasterKey,
    device: &str,
    username: &str,
    password: Option<&str>,
) -> Result<bool, StoreError> {
    let stored = read(connection, device).await?;
    if let Some(row) = &stored {
        let opened = row.sealed.as_deref().map(|sealed| key.open(device, sealed));
        let same_password = match (opened, password) {
            (_, None) => true,
            (Some(Ok(stored)), Some(password)) => stored == password,
            (Some(Err(_)) | None, Some(_)) => false,
        };
        if same_password && row.username == username {
            return Ok(false);
        }
    }
    let sealed = password.map(|password| key.seal(device, password)).transpose()?;
    let failures = stored.map(|row| row.state.failures).unwrap_or_default();
    let state = CredentialState { failures, ..CredentialState::default() };
    sqlx::query(
        "INSERT INTO credentials (device_id, username, sealed, state) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (device_id) DO UPDATE SET
             username = ?2, sealed = ifnull(?3, sealed), state = ?4, generation = generation + 1",
    )
    .bind(device)
    .bind(username)
    .bind(sealed)
    .bind(decode::to_json("credentials.state", &state)?)
    .execute(&mut *connection)
    .await?;
    rearm_host(connection, device).await?;
    Ok(true)
}

/// Lets the host address of a device be logged in to again.
async fn rearm_host(connection: &mut SqliteConnection, device: &str) -> Result<(), StoreError> {
    let host: Option<Option<String>> = sqlx::query_scalar("SELECT host FROM devices WHERE id = ?")
        .bind(device)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(host) = host.flatten() else { return Ok(()) };
    let mut state = read_host(connection, &host).await?;
    if state.suspended {
        state.suspended = false;
        write_host(connection, &host, &state).await?;
    }
    Ok(())
}

async fn read_host(
    connection: &mut SqliteConnection,
    host: &str,
) -> Result<CredentialState, StoreError> {
    let state: Option<String> =
        sqlx::query_scalar("SELECT state FROM host_credentials WHERE host = ?")
            .bind(host)
            .fetch_optional(connection)
            .await?;
    state.map_or_else(
        || Ok(CredentialState::default()),
        |state| decode::json("host_credentials.state", &state),
    )
}

async fn write_host(
    connection: &mut SqliteConnection,
    host: &str,
    state: &CredentialState,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO host_credentials (host, state) VALUES (?, ?)
         ON CONFLICT (host) DO UPDATE SET state = excluded.state",
    )
    .bind(host)
    .bind(decode::to_json("host_credentials.state", state)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Carries what a login at `at` brought into the state of the device and of its host address.
pub(crate) async fn used(
    connection: &mut SqliteConnection,
    device: &str,
    host: Option<&str>,
    login: LoginUse,
    at: Timestamp,
) -> Result<(), StoreError> {
    if let Some(mut row) = read(connection, device).await?
        && row.generation == login.generation
    {
        login.outcome.apply(&mut row.state, at);
        sqlx::query("UPDATE credentials SET state = ? WHERE device_id = ?")
            .bind(decode::to_json("credentials.state", &row.state)?)
            .bind(device)
            .execute(&mut *connection)
            .await?;
    }
    // The host counts every rejection, whichever credential it was.
    if let Some(host) = host {
        let mut state = read_host(connection, host).await?;
        // One channel that gets in does not excuse another's refusals.
        let refused = state.failures.clone();
        login.outcome.apply(&mut state, at);
        if login.outcome == LoginOutcome::Accepted {
            state.failures = refused;
        }
        write_host(connection, host, &state).await?;
    }
    Ok(())
}

impl Store {
    /// Takes note of what became of a login at `at` where no result of the probe is recorded.
    pub async fn note_device_login(
        &self,
        device: DeviceId,
        login: LoginUse,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let device = device.to_string();
                let host: Option<Option<String>> =
                    sqlx::query_scalar("SELECT host FROM devices WHERE id = ?")
                        .bind(&device)
                        .fetch_optional(&mut *connection)
                        .await?;
                used(connection, &device, host.flatten().as_deref(), login, at).await
            })
        })
        .await
    }

    /// The credential of a device with its state; `None` where no password is known.
    pub async fn credential(
        &self,
        device: DeviceId,
    ) -> Result<Option<StoredCredential>, StoreError> {
        let id = device.to_string();
        let mut connection = self.reader().acquire().await?;
        let Some(row) = read(&mut connection, &id).await? else { return Ok(None) };
        let Some(sealed) = row.sealed else { return Ok(None) };
        let password = self.key.open(&id, &sealed)?;
        Ok(Some(StoredCredential {
            credential: Credential::new(row.username, password),
            state: row.state,
            generation: row.generation,
        }))
    }

    /// How logins stand with every host address at which one was tried.
    pub async fn host_credentials(&self) -> Result<Vec<(String, CredentialState)>, StoreError> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT host, state FROM host_credentials")
                .fetch_all(self.reader())
                .await?;
        let state = |(host, state): (String, String)| {
            Ok((host, decode::json("host_credentials.state", &state)?))
        };
        rows.into_iter().map(state).collect()
    }

    /// How logins stand at a host address ([`crate::Target::host`]); the default where none was.
    pub async fn host_credential(&self, host: &str) -> Result<CredentialState, StoreError> {
        let mut connection = self.reader().acquire().await?;
        read_host(&mut connection, host).await
    }

    /// Keeps a credential for a device. One that differs from the stored one is armed anew.
    pub async fn set_credential(
        &self,
        device: DeviceId,
        credential: Credential,
    ) -> Result<(), StoreError> {
        let key = self.key.clone();
        self.write(move |connection| {
            Box::pin(async move {
                let (username, password) = (&credential.username, credential.password());
                put(connection, &key, &device.to_string(), username, Some(password)).await?;
                Ok(())
            })
        })
        .await
    }

    /// An operator lets a suspended credential be sent again.
    pub async fn rearm(&self, device: DeviceId) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let id = device.to_string();
                if let Some(mut row) = read(connection, &id).await? {
                    row.state.suspended = false;
                    sqlx::query("UPDATE credentials SET state = ? WHERE device_id = ?")
                        .bind(decode::to_json("credentials.state", &row.state)?)
                        .bind(&id)
                        .execute(&mut *connection)
                        .await?;
                }
                rearm_host(connection, &id).await
            })
        })
        .await
    }
}
