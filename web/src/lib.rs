//! The pages and the API: axum router, templates, login.
