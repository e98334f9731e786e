//! `/metrics`: what goes on, in numbers, in the text format of Prometheus.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use launchway_engine::store::Counts;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::auth::Who;
use super::problem::{Problem, ProblemBody, Result};
use crate::AppState;

/// Where it stands.
pub(crate) const PATH: &str = "/metrics";
/// Where calls end up that no route takes: files, and addresses that there are not.
const NO_ROUTE: &str = "other";
/// The upper ends of the classes of durations, in seconds.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// What is counted, by this process and since it began; and what is looked up when somebody asks.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    releases: IntGaugeVec,
    queue: IntGauge,
    nodes: IntGauge,
    listeners: IntGauge,
    connections: IntGaugeVec,
}

impl Metrics {
    /// # Errors
    /// A defect: two of them have one name, or a name is none.
    pub(crate) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let gauges = |name: &str, help: &str, label: &str| {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, prometheus::Error>(gauges)
        };
        let build = gauges("launchway_build_info", "Always 1; the version is in the label.", "version")?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        gauge("launchway_start_time_seconds", "When this process began, in seconds since 1970.")?
            .set(launchway_domain::Timestamp::now().millis() / 1000);
        let requests = Opts::new("launchway_http_requests_total", "Requests answered, by route and status.");
        let requests = IntCounterVec::new(requests, &["method", "route", "status"])?;
        registry.register(Box::new(requests.clone()))?;
        let durations = HistogramOpts::new(
            "launchway_http_request_duration_seconds",
            "From the request to the answer's beginning.",
        )
        .buckets(DURATIONS.to_vec());
        let durations = HistogramVec::new(durations, &["method", "route"])?;
        registry.register(Box::new(durations.clone()))?;
        Ok(Self {
            releases: gauges("launchway_releases", "Releases by status.", "status")?,
            queue: gauge("launchway_queue_depth", "Releases that wait to run.")?,
            nodes: gauge("launchway_nodes_running", "Steps that run now, over all releases.")?,
            listeners: gauge("launchway_feed_listeners", "Open sockets and streams of this process's feed.")?,
            connections: gauges("launchway_db_connections", "Connections to the database: idle, used, max.", "state")?,
            requests,
            durations,
            registry,
        })
    }

    fn count(&self, method: &Method, route: &str, status: u16, seconds: f64) {
        // Methods are anybody's words; those that we take are few.
        let method = match *method {
            Method::GET | Method::HEAD | Method::POST | Method::PATCH | Method::PUT | Method::DELETE => method.as_str(),
            _ => NO_ROUTE,
        };
        self.requests.with_label_values(&[method, route, &status.to_string()]).inc();
        self.durations.with_label_values(&[method, route]).observe(seconds);
    }

    fn text(&self, counts: &Counts, listeners: usize) -> prometheus::Result<Vec<u8>> {
        for (status, count) in &counts.releases {
            self.releases.with_label_values(&[status.as_str()]).set(*count);
        }
        self.queue.set(counts.queued);
        self.nodes.set(counts.nodes_running);
        self.listeners.set(i64::try_from(listeners).unwrap_or(i64::MAX));
        for (state, count) in
            [("idle", counts.connections.idle), ("used", counts.connections.used), ("max", counts.connections.max)]
        {
            self.connections.with_label_values(&[state]).set(i64::from(count));
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// The route that took a request, told by the routes to the middleware around them.
#[derive(Clone)]
struct Route(String);

/// Middleware on routes: says which one it is.
pub(crate) async fn name(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| Route(path.as_str().to_owned()));
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// Middleware around everything: counts every request.
pub(crate) async fn count(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (method, begun) = (request.method().clone(), Instant::now());
    let response = next.run(request).await;
    let route = response.extensions().get::<Route>().map_or(NO_ROUTE, |route| route.0.as_str());
    state.metrics.count(&method, route, response.status().as_u16(), begun.elapsed().as_secs_f64());
    response
}

/// What goes on, in the text format of Prometheus: requests of this process, and releases, queue, steps, listeners and
/// connections as they are now.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn metrics(State(state): State<AppState>, Who(actor): Who) -> Result<Response> {
    let counts = state.services.counts(&actor).await?;
    let text = state.metrics.text(&counts, state.feed.listeners()).map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response())
}
