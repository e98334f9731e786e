"""Writes releases and events into the SQLite database of a test program, as the store would.

One JSON request on standard input, one JSON answer on standard output; see seed.ts, which is the way to call it.
Events are numbered from `feed_head` in the transaction that stores them: the running program finds them by itself.
"""

import datetime
import json
import sqlite3
import sys
import time

COLORS = {
    "pending": "#9aa4b2",
    "waiting": "#c9a227",
    "running": "#2f6feb",
    "succeeded": "#1f883d",
    "failed": "#cf222e",
    "skipped": "#c4cad3",
    "canceled": "#6e7781",
}
LOCAL = ["start", "before_download", "download", "after_download", "package"]
REMOTE = ["upload", "before_deploy", "deploy", "after_deploy"]
FINAL = {"succeeded", "failed", "skipped", "canceled"}
NODE_COLUMNS = "node_key, parent, kind, server_id, label, status, attempt, started_at, finished_at, exit_status, message"


def now():
    return int(time.time() * 1000)


def rfc3339(ms):
    if ms is None:
        return None
    moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def publish(db, events):
    """Numbers and stores events; the last number."""
    if not events:
        return db.execute("SELECT seq FROM feed_head WHERE id = 1").fetchone()[0]
    (last,) = db.execute("UPDATE feed_head SET seq = seq + ? WHERE id = 1 RETURNING seq", (len(events),)).fetchone()
    first = last - len(events) + 1
    rows = [
        (first + i, release, project, int(kind != "log.appended"), now(), json.dumps({"kind": kind, "data": data}))
        for i, (release, project, kind, data) in enumerate(events)
    ]
    db.executemany("INSERT INTO events (seq, release_id, project_id, is_public, at, body) VALUES (?,?,?,?,?,?)", rows)
    return last


def node_event(release, row):
    key, parent, kind, server, label, status, attempt, started, finished, exit_status, message = row
    data = {
        "release_id": release,
        "key": key,
        "parent": parent,
        "kind": kind,
        "server_id": server,
        "text": label,
        "status": status,
        "attempt": attempt,
        "color": COLORS[status],
        "started_at": rfc3339(started),
        "finished_at": rfc3339(finished),
    }
    if exit_status is not None:
        data["exit_status"] = exit_status
    if message is not None:
        data["message"] = json.loads(message)
    return data


def status_event(db, release):
    row = db.execute(
        "SELECT project_id, environment_id, status, cancel_requested, error FROM releases WHERE id = ?", (release,)
    ).fetchone()
    project, environment, status, cancel, error = row
    data = {
        "release_id": release,
        "project_id": project,
        "environment_id": environment,
        "status": status,
        "cancel_requested": bool(cancel),
    }
    if error is not None:
        data["error"] = json.loads(error)
    return (release, project, "release.status", data)


def make_release(db, ask):
    at = now()
    stamp = f"{at}-{ask['servers']}"
    insert = lambda sql, *values: db.execute(sql, values).lastrowid
    credential = insert(
        "INSERT INTO credentials (name, kind, username, sealed, has_passphrase, created_at, updated_at) "
        "VALUES (?, 'ssh_key', 'nobody', x'00', 0, ?, ?)",
        f"seed {stamp}", at, at,
    )
    project = insert(
        "INSERT INTO projects (title, repo_url, created_at, updated_at) VALUES (?, '/nowhere', ?, ?)",
        ask.get("project") or f"Seeded {stamp}", at, at,
    )
    environment = insert(
        "INSERT INTO environments (project_id, name, kind, path, keep, created_at, updated_at) "
        "VALUES (?, 'live', 'prod', '/srv/app', 5, ?, ?)",
        project, at, at,
    )
    servers = []
    for n in range(ask["servers"]):
        server = insert(
            "INSERT INTO servers (hostname, address, port, credential_id, tags, created_at, updated_at) "
            "VALUES (?, '192.0.2.1', 22, ?, '[]', ?, ?)",
            f"{ask['prefix']}{n + 1}.{stamp}", credential, at, at,
        )
        db.execute("INSERT INTO environment_servers VALUES (?, ?, ?)", (environment, server, n))
        servers.append(server)
    hooks = {point: f"echo {point}" for point in ask["hooks"]}
    status = ask["status"]
    began = at - 60_000
    release = insert(
        # A lease that nobody gives back: the program shows this release and leaves it alone.
        "INSERT INTO releases (kind, project_id, environment_id, ref_kind, ref_name, commit_hash, hooks, status, "
        "created_by_name, created_at, queued_at, started_at, finished_at, instance, epoch, lease_until) "
        "VALUES ('release', ?, ?, 'tag', 'v1.0', ?, ?, ?, 'seed', ?, ?, ?, ?, 'seed', 1, ?)",
        project, environment, "5eed" * 10, json.dumps(hooks), status, began, began, began,
        at if status in FINAL else None, at + 10**12,
    )
    rows = []
    above = None
    for kind in LOCAL:
        if kind in ("start", "download", "package") or kind in hooks:
            rows.append([kind, above, kind, None, kind])
            above = kind
    for n, server in enumerate(servers):
        top = f"server:{server}"
        rows.append([top, above, "server", server, f"{ask['prefix']}{n + 1}"])
        parent = top
        for kind in REMOTE:
            if kind in ("upload", "deploy") or kind in hooks:
                rows.append([f"{top}/{kind}", parent, kind, server, kind])
                parent = f"{top}/{kind}"
    nodes = ask.get("nodes") or {}
    done = set(ask["done"])
    for position, row in enumerate(rows):
        state = "succeeded" if row[2] in done else nodes.get(row[2], "pending")
        started = began + position % 1000 * 10 if state not in ("pending", "waiting", "skipped") else None
        finished = started + 1000 + position % 7 * 300 if started and state != "running" else None
        db.execute(
            f"INSERT INTO nodes (release_id, position, {NODE_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,NULL,NULL)",
            (release, position, *row, state, int(started is not None), started, finished),
        )
    last = publish(db, [status_event(db, release)])
    return {"id": release, "project": project, "environment": environment, "servers": servers, "seq": last}


def set_nodes(db, ask):
    release = ask["release"]
    (project,) = db.execute("SELECT project_id FROM releases WHERE id = ?", (release,)).fetchone()
    events = []
    for change in ask["nodes"]:
        key, status = change["key"], change["status"]
        row = list(
            db.execute(f"SELECT {NODE_COLUMNS} FROM nodes WHERE release_id = ? AND node_key = ?", (release, key)).fetchone()
        )
        before = row[5]
        row[5] = status
        if status == "running":
            row[6] += int(before != "running")
            row[7], row[8] = change.get("started_at") or now(), None
        elif status in FINAL:
            row[8] = now()
        elif status == "pending":
            row[7] = row[8] = None
        row[9] = change.get("exit_status")
        row[10] = json.dumps(change["message"]) if change.get("message") else None
        db.execute(
            "UPDATE nodes SET status=?, attempt=?, started_at=?, finished_at=?, exit_status=?, message=? "
            "WHERE release_id=? AND node_key=?",
            (*row[5:], release, key),
        )
        events.append((release, project, "node.status", node_event(release, row)))
    return {"seq": publish(db, events)}


def set_status(db, ask):
    status = ask["status"]
    error = json.dumps(ask["error"]) if ask.get("error") else None
    finished = now() if status in FINAL else None
    db.execute("UPDATE releases SET status=?, error=?, finished_at=? WHERE id=?", (status, error, finished, ask["release"]))
    return {"seq": publish(db, [status_event(db, ask["release"])])}


def append_log(db, ask):
    release, node, attempt = ask["release"], ask["node"], ask.get("attempt", 1)
    (project,) = db.execute("SELECT project_id FROM releases WHERE id = ?", (release,)).fetchone()
    (start,) = db.execute(
        "SELECT COALESCE(MAX(to_byte), 0) FROM log_chunks WHERE release_id=? AND node_key=? AND attempt=?",
        (release, node, attempt),
    ).fetchone()
    # The index of the lines, as server/engine/src/store/log_index.rs writes it.
    server = int(node.split(":")[1].split("/")[0]) if node.startswith("server:") else None
    places = [
        ("node_key = ? AND attempt = ?", (node, attempt)),
        ("node_key = ?", (node,)),
        ("server_id = ?", (server,)),
        ("1 = 1", ()),
    ]
    before = [
        db.execute(f"SELECT COALESCE(SUM(lines), 0) FROM log_index WHERE release_id = ? AND {where}", (release, *values)).fetchone()[0]
        for where, values in places
    ]
    (ordinal,) = db.execute(
        "SELECT COALESCE(MAX(ordinal) + 1, 0) FROM log_index WHERE release_id = ?", (release,)
    ).fetchone()
    events = []
    for text in ask["texts"]:
        if not text.endswith("\n"):
            raise ValueError("a text of a seeded log is whole lines")
        body = text.encode()
        end = start + len(body)
        lines = text.count("\n")
        db.execute(
            "INSERT INTO log_index (release_id, ordinal, node_key, attempt, from_byte, server_id, lines, open_before, "
            "open_after, attempt_line, node_line, server_line, release_line) VALUES (?,?,?,?,?,?,?,0,0,?,?,?,?)",
            (release, ordinal, node, attempt, start, server, lines, *before[:2], before[2] if server else 0, before[3]),
        )
        ordinal += 1
        before = [count + lines for count in before]
        db.execute(
            "INSERT INTO log_chunks VALUES (?, ?, ?, ?, ?, ?, 'output', ?)",
            (release, node, attempt, start, end, now(), body),
        )
        data = {"release_id": release, "node": node, "attempt": attempt, "from": start, "to": end, "stream": "output"}
        if len(body) <= 4096:
            data["text"] = text
        events.append((release, project, "log.appended", data))
        start = end
    return {"seq": publish(db, events)}


def main():
    ask = json.load(sys.stdin)
    db = sqlite3.connect(ask["database"], timeout=30, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    answer = {"release": make_release, "nodes": set_nodes, "status": set_status, "log": append_log}[ask["do"]](db, ask)
    db.execute("COMMIT")
    json.dump(answer, sys.stdout)


main()
