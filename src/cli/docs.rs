//! The generated documents.
