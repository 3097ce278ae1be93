//! What is made of the spans of one trace.

mod catalogue;
mod hostile;
