//! What every request can reach.

use std::sync::Arc;

use axum::extract::FromRef;
use launchway_app::ports::Ports;
use launchway_domain::Event;
use leptos::config::LeptosOptions;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::http::feed::Feed;
use crate::http::limit::Limits;
use crate::http::metrics::Metrics;
use crate::service::Services;

/// What every request can reach. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub(crate) services: Services,
    pub(crate) ports: Ports,
    pub(crate) config: Arc<Config>,
    pub(crate) feed: Feed,
    pub(crate) limits: Arc<Limits>,
    pub(crate) metrics: Arc<Metrics>,
    leptos: LeptosOptions,
    stopping: CancellationToken,
}

impl AppState {
    /// The state of a running program. `progress` brings the ticks that are not stored; `stopping`,
    /// once it is cancelled, ends every open feed, so that a shutdown need not wait for them.
    pub fn new(
        config: Config,
        services: Services,
        progress: broadcast::Sender<Event>,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            ports: services.ports(),
            feed: Feed::new(services.store().clone(), progress, services.left(), stopping.clone()),
            services,
            limits: Arc::new(Limits::new(config.caller_rate, config.stranger_rate)),
            metrics: Arc::new(Metrics::new().expect("the names of our own metrics are names")),
            config: Arc::new(config),
            // The names of the files have hashes, which the app's shell takes from the manifest.
            leptos: LeptosOptions::builder().output_name("launchway").build(),
            stopping,
        }
    }

    /// Cancelled once the program is to end.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
