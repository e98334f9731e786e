//! Whole releases: the program itself, a real repository, a real OpenSSH server.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod bad_input;
mod canary;
mod command_line;
mod command_line_control;
mod crash;
mod guard;
mod hooks;
mod housekeeping;
mod live;
mod program;
mod queue;
mod remote;
mod replaced;
mod repository;
mod rollout;
mod run;
mod takes;
mod ways;
mod world;
