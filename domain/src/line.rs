//! Where in a document something is wrong.

use std::ops::Range;

/// The line that a span of bytes begins in, from 1; 0 where that is not known.
pub(crate) fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let before = span.and_then(|span| text.get(..span.start));
    before.map_or(0, |before| before.matches('\n').count() + 1)
}
