//! Plan, gather, judge and replay with toy audits and toy sources (which are sources, not mocks of the port's callers).

mod gather;
mod judge;
mod replay;
mod toy;
