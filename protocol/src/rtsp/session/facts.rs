//! What a session learned about the device besides its media.

use std::time::Duration;

use crate::rtsp::{Resync, Timings, TransportKind};

/// How TEARDOWN went. Anything but the first three leaves a session at the device that counts as
/// open until its timeout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TeardownState {
    /// No session was opened.
    #[default]
    NotNeeded,
    /// Answered.
    Confirmed,
    /// The device closed the connection, which carried the media, instead of answering.
    ClosedByPeer,
    /// Sent, and no answer came in time, or it was refused for its login, or the connection was closed on
    /// it and did not carry the media.
    Unanswered,
    /// The connection was gone before it could be sent.
    NotSent,
}

/// What a session learned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The `Server` header, at most 128 characters.
    pub server: Option<String>,
    /// Methods of `Public`, upper-case; empty where it was not sent.
    pub methods: Vec<String>,
    /// Redirects followed.
    pub redirects: u32,
    /// Connections opened again because the device closed one.
    pub reconnects: u32,
    /// Begun again with the other transport, 0 or 1.
    pub fallbacks: u32,
    /// How the media of the last SETUP that succeeded travel.
    pub transport: Option<TransportKind>,
    /// Logins refused, 0 or 1.
    pub rejected_logins: u32,
    /// The login has left this machine.
    pub login_sent: bool,
    /// The login was accepted.
    pub login_proven: bool,
    /// A login is on its way that was neither accepted before nor answered: it may have been refused.
    pub login_in_doubt: bool,
    /// Time spent per stage.
    pub timings: Timings,
    /// Bytes skipped between frames.
    pub resync: Resync,
    /// Interleaved frames on channels that were never set up.
    pub unset_channel_frames: u64,
    /// Of these, frames before any SETUP was answered: another client's session on our connection,
    /// as live555 before 2017.06.04 sends it (Q54). Never counted as loss.
    pub stale_session_frames: u64,
    /// The device named another host in a base or control URL (Q22).
    pub foreign_host: bool,
    /// How long the device keeps a session without a sign of life.
    pub session_timeout: Option<Duration>,
    /// How TEARDOWN went.
    pub teardown: TeardownState,
}

impl Facts {
    pub(super) fn add_resync(&mut self, more: Resync) {
        self.resync.events += more.events;
        self.resync.bytes += more.bytes;
    }
}
