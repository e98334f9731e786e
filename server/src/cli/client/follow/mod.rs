//! Waiting for a release: by the feed, however often the connection breaks.

mod feed;
mod frame;
mod lines;
mod picture;
mod tail;
mod view;

use std::future::pending;
use std::time::Duration;

use launchway_domain::{EventData, NodeStatus, ReleaseStatus, Text, Timestamp, text};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

pub(super) use self::feed::{Feed, Heard};
pub(super) use self::lines::{clean, clock, seconds, short, step, title};
pub(super) use self::picture::{Change, Picture};
use self::tail::{Tail, failed_log};
use self::view::View;
use super::trouble::{CANCELED, FAILED, INTERRUPTED, Outcome, Trouble};
use super::{Client, gate};
use crate::cli::say;

/// How often the live picture is drawn where nothing happens but time.
const FRAME: Duration = Duration::from_millis(200);
/// Of how many steps that fail the log is shown; more of them fail for the same reason.
const LOGS: usize = 5;

/// What somebody who waits wants to see.
#[derive(Clone, Copy, Default)]
pub(super) struct How {
    /// How long to wait.
    pub(super) timeout: Option<Duration>,
    /// Whether everything that is logged is shown, and not only the log of what fails.
    pub(super) logs: bool,
    /// Whether every event is shown as a line of JSON.
    pub(super) events: bool,
}

/// The exit status of a release that has ended.
pub(super) fn status(picture: &Picture) -> u8 {
    match picture.release.status {
        ReleaseStatus::Succeeded => 0,
        ReleaseStatus::Canceled => CANCELED,
        _ => FAILED,
    }
}

/// Waits until a release has ended, and shows it on the way.
///
/// # Errors
/// Where the server is lost for good, time is up, or somebody presses Ctrl-C: with what to do then.
pub(super) async fn follow(client: &Client, id: i64, how: How) -> Outcome<Picture> {
    let mut watch = Watch {
        client,
        picture: Picture::load(&client.api, id).await?,
        view: if how.events { View::Silent } else { View::fitting(client.json) },
        how,
        tail: Tail::default(),
        failed: 0,
    };
    watch.view.begin(&watch.picture);
    if let (ReleaseStatus::Pending, View::Plain) = (watch.picture.release.status, &watch.view) {
        watch.view.say(
            text!(
                "It waits until somebody starts it: launchway release start {id}",
                "等待启动：launchway release start {id}"
            )
            .get(say::lang()),
        );
    }
    if watch.picture.release.status == ReleaseStatus::Queued
        && matches!(watch.view, View::Plain)
        && let Some(place) = gate::place(client, id).await?
    {
        watch.view.say(text!("In the queue: {}", "排队中：{}"; place).get(say::lang()));
    }
    let fails: Vec<usize> = (0..watch.picture.nodes.len()).collect();
    for at in fails {
        watch.show_failed(&Change::Node(at)).await;
    }
    match watch.run(id).await {
        Ok(()) => {
            watch.view.end(&watch.picture);
            Ok(watch.picture)
        }
        Err(trouble) => {
            watch.view.leave();
            Err(goes_on(trouble, id))
        }
    }
}

/// Whoever stops waiting stops nothing else.
fn goes_on(trouble: Trouble, id: i64) -> Trouble {
    match trouble {
        Trouble::Lost(why) => Trouble::Lost(text!(
            "{} The release goes on. To wait again: launchway release wait {id}",
            "{}发布仍在继续。重新等待：launchway release wait {id}"; why
        )),
        Trouble::Ended(INTERRUPTED) => {
            say::error(
                text!(
                    "The release goes on. To wait again: launchway release wait {id}. To cancel it: launchway release cancel {id}",
                    "发布仍在继续。重新等待：launchway release wait {id}。取消发布：launchway release cancel {id}"
                )
                .get(say::lang()),
            );
            Trouble::Ended(INTERRUPTED)
        }
        trouble => trouble,
    }
}

struct Watch<'a> {
    client: &'a Client,
    picture: Picture,
    view: View,
    how: How,
    tail: Tail,
    /// How many logs of failed steps were shown.
    failed: usize,
}

impl Watch<'_> {
    async fn run(&mut self, id: i64) -> Outcome<()> {
        let mut feed = Feed::listen(self.client.api.clone(), format!("release:{id}"), self.picture.seq);
        let deadline = self.how.timeout.map(|wait| Instant::now() + wait);
        let mut frames = interval(FRAME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        while !self.picture.release.status.is_final() {
            tokio::select! {
                heard = feed.next() => self.hear(heard).await?,
                _ = frames.tick(), if matches!(self.view, View::Live(_)) => self.view.tick(&self.picture),
                _ = &mut interrupt => return Err(Trouble::Ended(INTERRUPTED)),
                () = until(deadline) => {
                    let waited = self.how.timeout.unwrap_or_default().as_secs();
                    return Err(Trouble::Lost(text!(
                        "It has not ended within {waited} seconds.", "{waited} 秒内尚未结束。"
                    )));
                }
            }
        }
        for line in self.tail.rest() {
            self.view.say(&line);
        }
        Ok(())
    }

    async fn hear(&mut self, heard: Heard) -> Outcome<()> {
        match heard {
            Heard::Event(event, json) => {
                if self.how.events {
                    say::out(&json.to_string());
                }
                if let (EventData::LogAppended { .. }, true, false) = (&event.data, self.how.logs, self.how.events) {
                    for line in self.tail.read(&self.client.api, &self.picture, &event).await? {
                        self.view.say(&line);
                    }
                }
                if let Some(change) = self.picture.fold(&event) {
                    self.show(&change, event.at).await;
                }
            }
            Heard::Reset => {
                let fresh = Picture::load(&self.client.api, self.picture.release.id.0).await?;
                for change in self.picture.succeed(fresh) {
                    self.show(&change, Timestamp::now()).await;
                }
            }
            Heard::Lost(why) => self.view.say(
                text!("The connection is lost ({why}); trying again …", "连接已断开（{why}），正在重试……")
                    .get(say::lang()),
            ),
            Heard::Back => self.view.say(Text::new("The connection stands again.", "连接已恢复。").get(say::lang())),
            Heard::Ended(trouble) => return Err(trouble),
        }
        Ok(())
    }

    async fn show(&mut self, change: &Change, at: Timestamp) {
        self.view.changed(&self.picture, change, at);
        self.show_failed(change).await;
    }

    /// The end of the log of a step that failed. Where it cannot be had, the failure itself is still shown.
    async fn show_failed(&mut self, change: &Change) {
        let Change::Node(at) = change else { return };
        let node = &self.picture.nodes[*at];
        let shown = self.how.logs || matches!(self.view, View::Silent) || self.failed >= LOGS;
        if node.status != NodeStatus::Failed || shown {
            return;
        }
        let Ok(log) = failed_log(&self.client.api, &self.picture, node).await else { return };
        if !log.is_empty() {
            self.failed += 1;
        }
        for line in log {
            self.view.say(&line);
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
