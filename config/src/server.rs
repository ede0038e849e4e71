use crate::{ConfigError, Rule, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Where the pages are served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on.
    pub listen: String,
    /// Whether a reverse proxy in front terminates TLS. Only then may `listen` leave the loopback
    /// interface, and cookies are marked Secure.
    pub behind_tls_proxy: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8080".to_owned(), behind_tls_proxy: false }
    }
}

impl Server {
    /// The address; `None` where it is none (refused by `check`).
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }

    /// Refuses an address that is none, or that would send passwords over the network in the clear.
    pub fn check(&self) -> Result<(), ConfigError> {
        let address = self.address();
        require(address.is_some(), "server.listen", &self.listen, Rule::Address)?;
        require(
            self.behind_tls_proxy || address.is_some_and(|address| address.ip().is_loopback()),
            "server.listen",
            &self.listen,
            Rule::Loopback,
        )
    }
}
