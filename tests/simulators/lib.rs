//! Simulators of cameras, written from the RFCs and captures, never over `zhishou-protocol`.
