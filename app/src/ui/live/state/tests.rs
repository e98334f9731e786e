use launchway_domain::{EnvironmentId, EnvironmentKind, NodeKind, ProjectId, ReleaseId, Text};

use super::*;

fn release() -> Release {
    Release {
        id: ReleaseId(7),
        project_id: ProjectId(1),
        project_title: "Shop".into(),
        environment_id: EnvironmentId(2),
        environment_name: "live".into(),
        environment_kind: EnvironmentKind::Prod,
        commit: "0".repeat(40),
        created_by_name: "ann".into(),
        ..Default::default()
    }
}

fn node(kind: NodeKind, server: Option<ServerId>) -> Node {
    Node {
        key: NodeKey::of(kind, server),
        parent: None,
        kind,
        server_id: server,
        text: kind.as_str().into(),
        status: NodeStatus::Pending,
        attempt: 0,
        color: NodeStatus::Pending.color().into(),
        started_at: None,
        finished_at: None,
        exit_status: None,
        message: None,
        batch: None,
        live: None,
    }
}

fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    }
}

/// A made-up history: snapshot 0 and, for each event, the snapshot right after it, as the store
/// would tell it.
fn history(seed: u64, length: usize) -> (Vec<Event>, Vec<ReleaseSnapshot>) {
    let mut next = random(seed);
    let mut snapshots = vec![ReleaseSnapshot { release: release(), nodes: vec![], seq: 100 }];
    let mut events = Vec::new();
    while events.len() < length {
        let mut now = snapshots.last().unwrap().clone();
        // Other releases' events lie between ours.
        now.seq += 1 + next(3) as i64;
        let at = Timestamp(now.seq * 10);
        let data = match next(4) {
            0 => {
                let allowed: Vec<_> =
                    ReleaseStatus::ALL.into_iter().filter(|s| now.release.status.may_become(*s)).collect();
                if allowed.is_empty() {
                    continue;
                }
                let status = allowed[next(allowed.len())];
                now.release.status = status;
                now.release.error = (status == ReleaseStatus::Failed).then(|| Text::new("no", "不"));
                if status == ReleaseStatus::Queued {
                    now.release.exception = Some(format!("because of {}", now.seq));
                }
                match status {
                    ReleaseStatus::Queued => (now.release.queued_at, now.release.finished_at) = (Some(at), None),
                    ReleaseStatus::Running if now.release.started_at.is_none() => now.release.started_at = Some(at),
                    s if s.is_final() => now.release.finished_at = Some(at),
                    _ => {}
                }
                EventData::ReleaseStatus {
                    release_id: ReleaseId(7),
                    project_id: ProjectId(1),
                    environment_id: EnvironmentId(2),
                    status,
                    cancel_requested: false,
                    error: now.release.error.clone(),
                    start_at: None,
                    hold: None,
                    exception: now.release.exception.clone(),
                }
            }
            1 => EventData::LogAppended {
                release_id: ReleaseId(7),
                node: NodeKey("download".into()),
                attempt: 1,
                from: 0,
                to: 3,
                stream: LogStream::Output,
                text: Some("hi\n".into()),
            },
            _ => {
                let kind = NodeKind::ALL[next(NodeKind::ALL.len())];
                let fresh = node(kind, (kind as usize >= NodeKind::Server as usize).then_some(ServerId(3)));
                let node = match now.nodes.iter_mut().find(|known| known.key == fresh.key) {
                    None => {
                        now.nodes.push(fresh.clone());
                        fresh
                    }
                    Some(known) => {
                        let allowed: Vec<_> =
                            NodeStatus::ALL.into_iter().filter(|s| known.status.may_become(*s)).collect();
                        if allowed.is_empty() {
                            continue;
                        }
                        known.status = allowed[next(allowed.len())];
                        if known.status == NodeStatus::Running {
                            known.attempt += 1;
                            known.started_at = Some(at);
                        }
                        known.clone()
                    }
                };
                EventData::NodeStatus { release_id: ReleaseId(7), node: Box::new(node) }
            }
        };
        events.push(Event { seq: Some(now.seq), topic: "release:7".into(), at, data });
        snapshots.push(now);
    }
    (events, snapshots)
}

#[test]
fn a_snapshot_and_the_events_since_are_the_later_snapshot() {
    for seed in 1..60 {
        let (events, snapshots) = history(seed * 7919, 40);
        for (n, early) in snapshots.iter().enumerate() {
            let mut state = ReleaseState::from(early.clone());
            for (event, expected) in events[n..].iter().zip(&snapshots[n + 1..]) {
                state.fold(event);
                assert_eq!(state, ReleaseState::from(expected.clone()), "seed {seed}, from {n}");
            }
        }
    }
}

#[test]
fn what_is_known_already_changes_nothing() {
    for seed in 1..60 {
        let (events, snapshots) = history(seed * 104_729, 40);
        let mut next = random(seed);
        let mut state = ReleaseState::from(snapshots[0].clone());
        for index in 0..events.len() {
            state.fold(&events[index]);
            let before = state.clone();
            for _ in 0..3 {
                assert_eq!(state.fold(&events[next(index + 1)]), Change::Nothing);
            }
            assert_eq!(state, before);
        }
    }
}

#[test]
fn an_event_of_another_release_only_moves_the_number() {
    let mut state = ReleaseState::from(ReleaseSnapshot {
        release: Release { id: ReleaseId(8), ..release() },
        nodes: vec![],
        seq: 0,
    });
    let (events, _) = history(5, 3);
    for event in &events {
        // It waits at the same door, where it does.
        let is_status = matches!(event.data, EventData::ReleaseStatus { .. });
        assert_eq!(state.fold(event), if is_status { Change::Door } else { Change::Nothing });
    }
    assert_eq!(Some(state.seq()), events[2].seq);
    assert!(state.nodes().is_empty());
}

fn progress(attempt: u32, done: u64) -> Event {
    Event {
        seq: None,
        topic: "release:7".into(),
        at: Timestamp(0),
        data: EventData::NodeProgress {
            release_id: ReleaseId(7),
            node: NodeKey("download".into()),
            attempt,
            done,
            total: 200,
        },
    }
}

fn became(seq: i64, status: NodeStatus, attempt: u32) -> Event {
    Event {
        seq: Some(seq),
        topic: "release:7".into(),
        at: Timestamp(seq),
        data: EventData::NodeStatus {
            release_id: ReleaseId(7),
            node: Box::new(Node { status, attempt, ..node(NodeKind::Download, None) }),
        },
    }
}

#[test]
fn progress_counts_only_for_the_run_that_is_on() {
    let key = NodeKey("download".into());
    let mut state = ReleaseState::from(ReleaseSnapshot { release: release(), nodes: vec![], seq: 0 });
    assert_eq!(state.fold(&progress(1, 10)), Change::Nothing, "the node is not there yet");
    assert_eq!(state.fold(&became(1, NodeStatus::Running, 1)), Change::Planned(key.clone()));
    assert_eq!(state.fold(&progress(1, 10)), Change::Progress(key.clone()));
    assert_eq!(state.progress(&key).and_then(Progress::percent), Some(5));
    assert_eq!(state.fold(&progress(2, 10)), Change::Nothing, "another run's");
    state.fold(&became(2, NodeStatus::Succeeded, 1));
    assert_eq!(state.progress(&key), None);
    assert_eq!(state.fold(&progress(1, 200)), Change::Nothing, "it came late");
    assert_eq!(state.seq(), 2);
}

#[test]
fn percent_is_never_more_than_a_hundred() {
    assert_eq!(Progress { done: 300, total: 200 }.percent(), Some(100));
    assert_eq!(Progress { done: u64::MAX, total: u64::MAX }.percent(), Some(100));
    assert_eq!(Progress { done: 1, total: 0 }.percent(), None);
}

#[test]
fn the_door_is_that_of_the_own_environment() {
    let mut state = ReleaseState::from(ReleaseSnapshot { release: release(), nodes: vec![], seq: 0 });
    let mut changed = |seq, environment| {
        let data =
            EventData::EnvironmentChanged { environment_id: EnvironmentId(environment), project_id: ProjectId(1) };
        state.fold(&Event { seq: Some(seq), topic: "project:1".into(), at: Timestamp(0), data })
    };
    assert_eq!(changed(1, 2), Change::Door);
    assert_eq!(changed(2, 3), Change::Nothing, "another environment's");
    assert_eq!(changed(1, 2), Change::Nothing, "known");
}
