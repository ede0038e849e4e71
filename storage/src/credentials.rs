//! Credentials of devices, sealed, and how logins stand with each device and each host address.
//!
//! Invariants: the state changes only by what a login brought ([`LoginUse`]) or by an operator, in
//! the transaction of the result, so that two probes at once cannot overwrite each other's
//! rejection; a login begun before the credential was changed says nothing of the new one; neither
//! a change nor re-arming forgets recent rejections, because a device counts them per account; a
//! host is the address that a login went to, and what it refused is kept as a fingerprint only.

use crate::{MasterKey, Store, StoreError, decode};
use sqlx::SqliteConnection;
use std::{collections::BTreeMap, net::IpAddr};
use zhishou_domain::{
    Credential, CredentialState, DeviceId, Fingerprint, HostLogins, LoginOutcome, LoginResult,
    Timestamp, credential::keep_failures,
};

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
    /// What became of it.
    pub result: LoginResult,
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
    type Columns = (String, Option<Vec<u8>>, String, i64, i64);
    let row: Option<Columns> = sqlx::query_as(
        "SELECT username, sealed, state, generation,
             ifnull((SELECT CAST(value AS INTEGER) FROM settings WHERE key = 'last_arming'), 0)
         FROM credentials WHERE device_id = ?",
    )
    .bind(device)
    .fetch_optional(connection)
    .await?;
    row.map(|(username, sealed, state, generation, as_of)| {
        let mut state: CredentialState = decode::json("credentials.state", &state)?;
        state.as_of = decode::unsigned("settings.last_arming", as_of)?;
        Ok(Row { username, sealed, state, generation })
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
    // A re-arming was of the old one: a login that its host refused before is not made good by
    // giving it to another channel.
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
    Ok(true)
}

async fn write_state(
    connection: &mut SqliteConnection,
    device: &str,
    state: &CredentialState,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE credentials SET state = ? WHERE device_id = ?")
        .bind(decode::to_json("credentials.state", state)?)
        .bind(device)
        .execute(connection)
        .await?;
    Ok(())
}

/// Carries what a login at `at` brought into the state of the device and of the address.
pub(crate) async fn used(
    connection: &mut SqliteConnection,
    device: &str,
    login: LoginUse,
    at: Timestamp,
) -> Result<(), StoreError> {
    let result = login.result;
    if let Some(mut row) = read(connection, device).await?
        && row.generation == login.generation
    {
        row.state.settle(&result, at);
        write_state(connection, device, &row.state).await?;
    }
    // The address counts every rejection, whichever credential it was.
    let address = result.address.to_canonical().to_string();
    let failures: Option<String> =
        sqlx::query_scalar("SELECT failures FROM host_logins WHERE address = ?")
            .bind(&address)
            .fetch_optional(&mut *connection)
            .await?;
    let before = failures.unwrap_or_else(|| "[]".to_owned());
    let mut failures: Vec<Timestamp> = decode::json("host_logins.failures", &before)?;
    keep_failures(&mut failures, result.outcome, result.is_host_clear, at);
    let after = decode::to_json("host_logins.failures", &failures)?;
    if after != before {
        sqlx::query(
            "INSERT INTO host_logins (address, failures) VALUES (?, ?)
             ON CONFLICT (address) DO UPDATE SET failures = excluded.failures",
        )
        .bind(&address)
        .bind(after)
        .execute(&mut *connection)
        .await?;
    }
    let statement = match result.outcome {
        LoginOutcome::Unanswered | LoginOutcome::Unheard => return Ok(()),
        LoginOutcome::Accepted => {
            sqlx::query("DELETE FROM refused_logins WHERE address = ? AND fingerprint = ?")
                .bind(address)
                .bind(result.fingerprint.0.to_vec())
        }
        LoginOutcome::Rejected => sqlx::query(
            "INSERT INTO refused_logins (address, fingerprint, armed) VALUES (?, ?, ?)
             ON CONFLICT (address, fingerprint) DO UPDATE SET armed = max(armed, excluded.armed)",
        )
        .bind(address)
        .bind(result.fingerprint.0.to_vec())
        .bind(i64::try_from(result.armed).unwrap_or(i64::MAX)),
    };
    statement.execute(connection).await?;
    Ok(())
}

/// The number of a new re-arming: higher than any before.
async fn next_arming(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let number: String = sqlx::query_scalar(
        "INSERT INTO settings (key, value) VALUES ('last_arming', '1')
         ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
         RETURNING value",
    )
    .fetch_one(connection)
    .await?;
    decode::json("settings.last_arming", &number)
}

fn host<'a>(
    hosts: &'a mut BTreeMap<IpAddr, HostLogins>,
    address: &str,
) -> Result<&'a mut HostLogins, StoreError> {
    let address = decode::id("host_logins.address", address)?;
    let new = HostLogins { address, failures: 0, refused: Vec::new() };
    Ok(hosts.entry(address).or_insert(new))
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
                used(connection, &device, login, at).await
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

    /// How logins stand with every address that refused one.
    pub async fn host_logins(&self) -> Result<Vec<HostLogins>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        let mut hosts: BTreeMap<IpAddr, HostLogins> = BTreeMap::new();
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT address, failures FROM host_logins")
                .fetch_all(&mut *connection)
                .await?;
        for (address, failures) in rows {
            let failures: Vec<Timestamp> = decode::json("host_logins.failures", &failures)?;
            host(&mut hosts, &address)?.failures = failures.len();
        }
        let rows: Vec<(String, Vec<u8>, i64)> =
            sqlx::query_as("SELECT address, fingerprint, armed FROM refused_logins")
                .fetch_all(&mut *connection)
                .await?;
        for (address, fingerprint, armed) in rows {
            let fingerprint = fingerprint.try_into().map_err(|_| StoreError::Corrupt {
                column: "refused_logins.fingerprint",
                value: address.clone(),
            })?;
            let armed = decode::unsigned("refused_logins.armed", armed)?;
            host(&mut hosts, &address)?.refused.push((Fingerprint(fingerprint), armed));
        }
        Ok(hosts.into_values().collect())
    }

    /// What logins are fingerprinted under: made from the master key, so that a fingerprint out of
    /// the database cannot be tried against guessed passwords.
    pub fn fingerprint_key(&self) -> [u8; 32] {
        self.key.derive(b"login fingerprints")
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

    /// An operator lets a suspended credential be sent again, also to an address that refused it
    /// through another channel.
    pub async fn rearm(&self, device: DeviceId) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let id = device.to_string();
                if let Some(mut row) = read(connection, &id).await? {
                    row.state.suspended = false;
                    row.state.armed = next_arming(connection).await?;
                    write_state(connection, &id, &row.state).await?;
                }
                Ok(())
            })
        })
        .await
    }
}
