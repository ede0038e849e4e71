//! Functions per noun over sqlx, and the migrations.
