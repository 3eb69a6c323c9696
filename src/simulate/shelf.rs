//! A shelf of documents.
