//! What `onegpu detect` says of a [`Machine`]: for people, for programs, and as
//! the beginning of a profile.

pub mod json;
pub mod text;
pub mod toml;
