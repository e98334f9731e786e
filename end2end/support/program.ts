// A Launchway of one's own: a fresh data folder, a free port, gone with the test.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const BINARY = process.env.LAUNCHWAY_BIN ?? resolve(import.meta.dirname, "../../target/debug/launchway");
const START_MS = 60_000;

export class Program {
  private constructor(
    readonly url: string,
    readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<Program> {
    const folder = mkdtempSync(join(tmpdir(), "launchway-e2e-"));
    const child = spawn(BINARY, ["serve", "--data", join(folder, "data"), "--listen", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C.UTF-8", LANG: "C.UTF-8" },
    });
    const said: string[] = [];
    child.stderr!.on("data", (bytes) => said.push(String(bytes)));
    const address = new Promise<string>((found, lost) => {
      const lines = createInterface({ input: child.stdout! });
      lines.on("line", (line) => {
        said.push(line);
        const url = /http:\/\/\S+/.exec(line)?.[0];
        if (url) found(url.replace(/\/$/, ""));
      });
      child.once("exit", (code) => lost(new Error(`the program ended with ${code}:\n${said.join("\n")}`)));
      child.once("error", lost);
      setTimeout(() => lost(new Error(`the program did not start:\n${said.join("\n")}`)), START_MS).unref();
    });
    try {
      return new Program(await address, folder, child);
    } catch (error) {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = once(this.child, "exit");
      this.child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
