//! Two environments beside one another, judged by the expectations of this release.

mod environment;
mod laws;
mod planted;
mod scaled;
mod waived;
