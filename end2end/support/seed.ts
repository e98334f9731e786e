// Releases of many servers without many servers: rows and events written into a test program's SQLite database,
// exactly as its store writes them (python3 does the SQL; Node 20 has no SQLite of its own).
//
//   const release = seedRelease(program, { servers: 300 });            // running, at the uploads; nobody runs it
//   await open(page, `/releases/${release.id}`);
//   release.set([{ key: release.key(17, "upload"), status: "failed", exit_status: 7 }]);   // node rows and events
//   release.log(release.key(17, "upload"), ["one line\n", "another\n"]);                    // log rows and events
//   release.status("failed", { en: "…", zh: "…" });                                         // the release itself
//
// Every call is one transaction that also moves `feed_head`. The running program looks for foreign commits once a
// second, so an event reaches an open page within about a second: to time a repaint, begin at the page's own
// WebSocket message (page.on("websocket") → "framereceived"), not at the call. Each call answers the last `seq`.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Program } from "./program.ts";

export type NodeStatus = "pending" | "waiting" | "running" | "succeeded" | "failed" | "skipped" | "canceled";
export type RemoteKind = "server" | "upload" | "before_deploy" | "deploy" | "after_deploy";
type HookPoint = "before_download" | "after_download" | "before_deploy" | "after_deploy";

export interface SeedOptions {
  servers: number;
  /** The hooks that have a body; with `before_deploy` and `after_deploy` a server has five nodes (the default). */
  hooks?: HookPoint[];
  /** The release's status; `running` where absent. */
  status?: "running" | "succeeded" | "failed" | "canceled";
  /** The kinds of node that have succeeded; the chain on the host and the connections where absent. */
  done?: string[];
  /** Statuses of other kinds of node; what is named neither here nor in `done` is pending. */
  nodes?: Partial<Record<string, NodeStatus>>;
  /** How hostnames begin: `web-` gives web-1, web-2 … */
  prefix?: string;
  /** The project's title. */
  project?: string;
}

export interface NodeChange {
  key: string;
  status: NodeStatus;
  exit_status?: number;
  message?: { en: string; zh: string };
  /** Milliseconds since 1970, for a node that begins; now where absent. */
  started_at?: number;
}

const SCRIPT = join(import.meta.dirname, "seed.py");

function ask(program: Program, request: object): any {
  const database = join(program.folder, "data", "launchway.db");
  const input = JSON.stringify({ database, ...request });
  return JSON.parse(execFileSync("python3", [SCRIPT], { input, maxBuffer: 1 << 28 }).toString());
}

export class SeededRelease {
  constructor(
    private readonly program: Program,
    readonly id: number,
    /** The ids of its servers, in the order of the plan. */
    readonly servers: number[],
  ) {}

  /** The key of the node of a kind on the nth server, counted from 0. */
  key(n: number, kind: RemoteKind): string {
    return kind === "server" ? `server:${this.servers[n]}` : `server:${this.servers[n]}/${kind}`;
  }

  /** Changes nodes, one event each, in one transaction. */
  set(nodes: NodeChange[]): number {
    return ask(this.program, { do: "nodes", release: this.id, nodes }).seq;
  }

  /** Changes the release's status. */
  status(status: string, error?: { en: string; zh: string }): number {
    return ask(this.program, { do: "status", release: this.id, status, error }).seq;
  }

  /** Adds to a node's log, one chunk and one event per text; each text is one or more whole lines. */
  log(node: string, texts: string[], attempt = 1): number {
    return ask(this.program, { do: "log", release: this.id, node, texts, attempt }).seq;
  }
}

/** Writes a release of so many servers, each with its own project and environment, into the program's database. */
export function seedRelease(program: Program, options: SeedOptions): SeededRelease {
  const made = ask(program, {
    do: "release",
    hooks: ["before_deploy", "after_deploy"],
    status: "running",
    prefix: "web-",
    done: ["start", "before_download", "download", "after_download", "package", "server"],
    nodes: { upload: "running" },
    ...options,
  });
  return new SeededRelease(program, made.id, made.servers);
}
