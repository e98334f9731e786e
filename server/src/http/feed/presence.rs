//! Who has a release open: known from the sockets, never stored. Of this process alone: with several instances on one
//! database, each knows its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use launchway_domain::{Actor, Event, EventData, ReleaseId, Timestamp, Topic, UserId};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::http::auth::{Identity, Proof};

/// How long people come and go before the others are told: a reload is no news.
const SETTLE: Duration = Duration::from_millis(400);
/// So many names are told; the rest are counted.
const NAMED: usize = 20;

/// Who sits where.
#[derive(Clone)]
pub(crate) struct Presence {
    shared: Arc<Shared>,
}

struct Shared {
    rooms: Mutex<Rooms>,
    /// Counts changes.
    version: watch::Sender<u64>,
}

#[derive(Default)]
struct Rooms {
    next: u64,
    /// The people at each release, by seat: one person may have many windows.
    people: HashMap<ReleaseId, Vec<(u64, UserId, String)>>,
    /// The screens that show the wall, by seat.
    walls: Vec<u64>,
}

/// What a room looks like to those in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sight {
    people: Vec<String>,
    total: u32,
    walls: u32,
}

impl Presence {
    /// Nobody is there.
    pub(crate) fn new() -> Self {
        Self { shared: Arc::new(Shared { rooms: Mutex::default(), version: watch::Sender::new(0) }) }
    }

    /// A seat for a socket; it is nowhere yet.
    pub(crate) fn seat(&self, identity: &Identity) -> Seat {
        let number = {
            let mut rooms = self.shared.lock();
            rooms.next += 1;
            rooms.next
        };
        // A script with a token looks at nothing.
        let who = match (&identity.actor, &identity.proof) {
            (Actor::User(person), Proof::Session(_)) => Who::Person(person.user.id, person.user.name.clone()),
            (Actor::Wall(_), _) => Who::Wall,
            _ => Who::Nobody,
        };
        Seat {
            shared: self.shared.clone(),
            number,
            who,
            releases: Vec::new(),
            told: Vec::new(),
            version: self.shared.version.subscribe(),
            seen: 0,
            due: None,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sight(&self, release: ReleaseId) -> Sight {
        let rooms = self.lock();
        let mut people: Vec<(UserId, &String)> =
            rooms.people.get(&release).into_iter().flatten().map(|(_, id, name)| (*id, name)).collect();
        people.sort_by(|a, b| (a.1, a.0.0).cmp(&(b.1, b.0.0)));
        people.dedup_by_key(|(id, _)| *id);
        Sight {
            total: people.len() as u32,
            people: people.into_iter().take(NAMED).map(|(_, name)| name.clone()).collect(),
            walls: rooms.walls.len() as u32,
        }
    }
}

enum Who {
    Person(UserId, String),
    Wall,
    /// Hears who is there, and is not counted.
    Nobody,
}

/// One socket's place. Gone from every room when it is dropped.
pub(crate) struct Seat {
    shared: Arc<Shared>,
    number: u64,
    who: Who,
    releases: Vec<ReleaseId>,
    /// What it was last told of each.
    told: Vec<Sight>,
    version: watch::Receiver<u64>,
    seen: u64,
    /// When what has changed is told.
    due: Option<Instant>,
}

impl Seat {
    /// Goes to the rooms of these topics, and out of all others.
    pub(crate) fn sit(&mut self, topics: &[Topic]) {
        self.leave();
        self.releases =
            topics.iter().filter_map(|topic| if let Topic::Release(id) = topic { Some(*id) } else { None }).collect();
        self.told = vec![Sight::default(); self.releases.len()];
        {
            let mut rooms = self.shared.lock();
            match &self.who {
                Who::Person(id, name) => {
                    for release in &self.releases {
                        rooms.people.entry(*release).or_default().push((self.number, *id, name.clone()));
                    }
                }
                Who::Wall if topics.contains(&Topic::Wall) => rooms.walls.push(self.number),
                Who::Wall | Who::Nobody => {}
            }
        }
        self.shared.version.send_modify(|version| *version += 1);
    }

    fn leave(&self) {
        let mut rooms = self.shared.lock();
        rooms.walls.retain(|seat| *seat != self.number);
        for release in &self.releases {
            if let Some(people) = rooms.people.get_mut(release) {
                people.retain(|(seat, ..)| *seat != self.number);
                if people.is_empty() {
                    rooms.people.remove(release);
                }
            }
        }
    }

    /// Waits until who is there has changed, and says so. May be dropped at any time.
    pub(crate) async fn next(&mut self) -> Utf8Bytes {
        loop {
            if let Some(line) = self.unsaid() {
                return line;
            }
            let seen = self.seen;
            if self.version.wait_for(|version| *version != seen).await.is_err() {
                // The feed is gone, and so is the socket, soon.
                return std::future::pending().await;
            }
            let due = *self.due.get_or_insert_with(|| Instant::now() + SETTLE);
            tokio::time::sleep_until(due).await;
            self.due = None;
            self.seen = *self.version.borrow();
        }
    }

    /// The first room that looks other than what was told; none while changes settle.
    fn unsaid(&mut self) -> Option<Utf8Bytes> {
        if self.due.is_some() {
            return None;
        }
        for (release, told) in self.releases.iter().zip(&mut self.told) {
            let sight = self.shared.sight(*release);
            if *told != sight {
                *told = sight.clone();
                let Sight { people, total, walls } = sight;
                let data = EventData::ReleaseWatching { release_id: *release, people, total, walls };
                let event =
                    Event { seq: None, topic: Topic::Release(*release).to_string(), at: Timestamp::now(), data };
                return serde_json::to_string(&event).ok().map(Into::into);
            }
        }
        None
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
        self.shared.version.send_modify(|version| *version += 1);
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{Role, User, WallLinkId};
    use serde_json::{Value, json};

    use super::*;

    fn person(id: i64, name: &str) -> Identity {
        let user = User { id: UserId(id), name: name.into(), role: Role::Viewer, created_at: Timestamp(0) };
        Identity { actor: Actor::from(user), proof: Proof::Session("row".into()) }
    }

    async fn told(seat: &mut Seat) -> Value {
        serde_json::from_str(&seat.next().await).unwrap()
    }

    #[tokio::test]
    async fn people_are_counted_once_however_many_windows_they_have() {
        let presence = Presence::new();
        let topic = [Topic::Release(ReleaseId(7))];
        let (mut ada, mut again, mut bob) =
            (presence.seat(&person(1, "ada")), presence.seat(&person(1, "ada")), presence.seat(&person(2, "bob")));
        ada.sit(&topic);
        again.sit(&topic);
        bob.sit(&topic);
        let event = told(&mut ada).await;
        assert_eq!((&event["kind"], &event["seq"]), (&json!("release.watching"), &Value::Null));
        assert_eq!(event["data"], json!({"release_id": 7, "people": ["ada", "bob"], "total": 2, "walls": 0}));
        drop(again);
        drop(bob);
        assert_eq!(told(&mut ada).await["data"]["people"], json!(["ada"]));
    }

    #[tokio::test]
    async fn a_wall_is_no_person_and_a_script_is_nobody() {
        let presence = Presence::new();
        let mut ada = presence.seat(&person(1, "ada"));
        ada.sit(&[Topic::Release(ReleaseId(7))]);
        let key = || Proof::Wall(String::from("k").into());
        let mut wall = presence.seat(&Identity { actor: Actor::Wall(WallLinkId(1)), proof: key() });
        wall.sit(&[Topic::Wall]);
        let token = Identity { proof: Proof::Token(String::from("t").into()), ..person(3, "eve") };
        let mut script = presence.seat(&token);
        script.sit(&[Topic::Release(ReleaseId(7))]);
        assert_eq!(told(&mut ada).await["data"], json!({"release_id": 7, "people": ["ada"], "total": 1, "walls": 1}));
        assert_eq!(told(&mut script).await["data"]["people"], json!(["ada"]), "it hears, and is not counted");
    }

    #[tokio::test]
    async fn nothing_is_kept_of_those_who_left() {
        let presence = Presence::new();
        let mut ada = presence.seat(&person(1, "ada"));
        ada.sit(&[Topic::Release(ReleaseId(7))]);
        ada.sit(&[Topic::Release(ReleaseId(8))]);
        assert_eq!(presence.shared.sight(ReleaseId(7)), Sight::default());
        drop(ada);
        let rooms = presence.shared.lock();
        assert!(rooms.people.is_empty() && rooms.walls.is_empty());
    }
}
