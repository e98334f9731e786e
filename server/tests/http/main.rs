//! The router as a client meets it: real sockets, a real store, real repositories.
#![allow(clippy::unwrap_used)]

mod app;
mod client;
mod listen;

mod api_v1_audit;
mod api_v1_board;
mod api_v1_changes;
mod api_v1_channels;
mod api_v1_credentials;
mod api_v1_environments;
mod api_v1_events;
mod api_v1_examples;
mod api_v1_feed;
mod api_v1_feed_end;
mod api_v1_feed_sse;
mod api_v1_hook_templates;
mod api_v1_idempotency;
mod api_v1_log;
mod api_v1_openapi;
mod api_v1_pages;
mod api_v1_projects;
mod api_v1_releases;
mod api_v1_servers;
mod api_v1_tokens;
mod api_v1_users;
mod api_v1_versions;
mod api_v1_wall;
mod api_v1_ways;
mod api_v1_webhooks;
mod attacks;
mod databases;
mod docs;
mod healthz;
mod hooks;
mod join;
mod limits;
mod metrics;
mod origins;
mod pages;
mod permissions;
mod problems;
mod proxies;
mod receivers;
mod sessions;
mod tls;
