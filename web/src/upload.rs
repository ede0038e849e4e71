//! Files that forms send.

use crate::failure::Failure;
use axum::extract::{Multipart, multipart::MultipartError};

/// The file of a form's field `file`, with its name; none where nothing was chosen.
pub(crate) async fn file_of(mut form: Multipart) -> Result<Option<(String, Vec<u8>)>, Failure> {
    let unreadable = |error: MultipartError| Failure::new(error.status(), error.body_text());
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            file = Some((name, field.bytes().await.map_err(unreadable)?.to_vec()));
        }
    }
    Ok(file.filter(|(_, bytes)| !bytes.is_empty()))
}
