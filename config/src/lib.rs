//! Typed configuration: sections, defaults, schema.
