// A Launchway of one's own: a fresh data folder, a free port, gone with the test.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
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
    private child: ChildProcess,
    private readonly options: string[],
  ) {}

  /** With more options of `launchway serve`, where a test needs them. */
  static async start(options: string[] = []): Promise<Program> {
    const folder = mkdtempSync(join(tmpdir(), "launchway-e2e-"));
    try {
      const { url, child } = await Program.run(folder, "127.0.0.1:0", options);
      return new Program(url, folder, child, options);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Adds somebody beside the running program, as people do on the command line. */
  addUser(name: string, password: string, role: "admin" | "manager" | "developer" | "viewer"): void {
    const options = ["--role", role, "--data", join(this.folder, "data")];
    execFileSync(BINARY, ["user", "add", name, ...options], { input: `${password}\n` });
  }

  /** Starts the program over the same data, at the same address; `stopped` runs while it is not there. */
  async restart(stopped?: () => Promise<void>): Promise<void> {
    await this.end();
    await stopped?.();
    this.child = (await Program.run(this.folder, new URL(this.url).host, this.options)).child;
  }

  private static async run(
    folder: string,
    listen: string,
    options: string[],
  ): Promise<{ url: string; child: ChildProcess }> {
    const child = spawn(BINARY, ["serve", "--data", join(folder, "data"), "--listen", listen, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C.UTF-8", LANG: "C.UTF-8" },
    });
    const said: string[] = [];
    child.stderr!.on("data", (bytes) => said.push(String(bytes)));
    const address = new Promise<string>((found, lost) => {
      const lines = createInterface({ input: child.stdout! });
      lines.on("line", (line) => {
        said.push(line);
        const url = /https?:\/\/\S+/.exec(line)?.[0];
        if (url) found(url.replace(/\/$/, ""));
      });
      child.once("exit", (code) => lost(new Error(`the program ended with ${code}:\n${said.join("\n")}`)));
      child.once("error", lost);
      setTimeout(() => lost(new Error(`the program did not start:\n${said.join("\n")}`)), START_MS).unref();
    });
    try {
      return { url: await address, child };
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  private async end(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = once(this.child, "exit");
      this.child.kill("SIGTERM");
      await ended;
    }
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
