//! onegpu: single-GPU passthrough as a package.
//!
//! One way through the house: a [`profile`] and a [`distro`] file become a
//! [`setup::Setup`], the setup becomes a [`plan::Plan`] (files and steps, each
//! step with its inverse), the plan is [`render`]ed to bytes, and the bytes go
//! to a folder for review or into [`package`]s. Data never flows back, and only
//! the last stage writes.

pub mod check;
pub mod cli;
pub mod data;
pub mod detect;
pub mod diag;
pub mod diff;
pub mod distro;
pub mod domain;
pub mod explain;
pub mod failure;
pub mod groups;
pub mod init;
pub mod log;
pub mod machine;
pub mod output;
pub mod package;
pub mod paths;
pub mod pinning;
pub mod plan;
pub mod profile;
pub mod render;
pub mod repository;
pub mod review;
pub mod setup;
