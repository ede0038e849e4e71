//! The camera ledger (一机一档): import from Excel and CSV, template.
