// What most stories begin with: a real server under some names, a repository, a project, and where it is released to.
import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { post } from "./api.ts";
import type { Program } from "./program.ts";
import { makeRepository } from "./repository.ts";
import { Sshd } from "./sshd.ts";
import { enter, expect } from "./test.ts";

export interface Plan {
  /** The server's names, each registered as one of its own; `web-1` where absent. */
  hostnames?: string[];
  /** More files of the repository. */
  files?: Record<string, string>;
  /** The project's own scripts. */
  hooks?: object;
  /** The environments, each with all servers; `staging`, for test, where absent. */
  environments?: Record<string, "test" | "prod">;
}

/** What a release is made with, beside its place. */
export interface Made {
  /** The environment's name; the first one where absent. */
  environment?: string;
  hooks?: object;
  note?: string;
}

export class Shop {
  private constructor(
    readonly origin: string,
    private readonly folder: string,
    private readonly sshd: Sshd,
    /** Where the repository is. */
    readonly repository: string,
    readonly project: number,
    /** The servers' ids, in the order of their names. */
    readonly servers: number[],
    /** The environments' ids by their names. */
    readonly environments: Record<string, number>,
  ) {}

  static async open(program: Program, browser: Browser, plan: Plan = {}): Promise<Shop> {
    const { url: origin, folder } = program;
    const sshd = await Sshd.start(join(folder, "sshd"));
    try {
      const repository = makeRepository(join(folder, "shop"), plan.files);
      const context = await browser.newContext({ baseURL: origin });
      const page = await context.newPage();
      await enter(page);
      const create = (path: string, data: object) => post(page.request, origin, path, data);
      const secret = { kind: "ssh_key", username: sshd.user, secret: sshd.key };
      const { id: credential_id } = await create("/credentials", { name: "deploy key", ...secret });
      const servers: number[] = [];
      for (const hostname of plan.hostnames ?? ["web-1"]) {
        const { id } = await create("/servers", { hostname, address: "127.0.0.1", port: sshd.port, credential_id });
        await create(`/servers/${id}/host-key`, { fingerprint: sshd.fingerprint });
        servers.push(id);
      }
      const project = (await create("/projects", { title: "Shop", repo_url: repository, hooks: plan.hooks })).id;
      const environments: Record<string, number> = {};
      for (const [name, kind] of Object.entries(plan.environments ?? { staging: "test" })) {
        const path = join(folder, "srv", name, "{hostname}");
        const form = { name, kind, path, server_ids: servers };
        environments[name] = (await create(`/projects/${project}/environments`, form)).id;
      }
      await context.close();
      return new Shop(origin, folder, sshd, repository, project, servers, environments);
    } catch (error) {
      await sshd.stop();
      throw error;
    }
  }

  /** The id of an environment; of the first one where none is named. */
  environment(name?: string): number {
    return name === undefined ? Object.values(this.environments)[0] : this.environments[name];
  }

  /** The folder of an environment on a server. */
  site(hostname: string, environment = Object.keys(this.environments)[0]): string {
    return join(this.folder, "srv", environment, hostname);
  }

  /** Makes a release of a tag, by whoever is signed in; says its id. */
  async create(page: Page, tag: string, { environment, hooks = {}, note = "" }: Made = {}): Promise<number> {
    const place = { project_id: this.project, environment_id: this.environment(environment) };
    const form = { ...place, ref: { kind: "tag", name: tag }, hooks, note };
    return (await post(page.request, this.origin, "/releases", form)).id;
  }

  /** Makes a release and starts it. */
  async begin(page: Page, tag: string, made: Made = {}): Promise<number> {
    const id = await this.create(page, tag, made);
    await post(page.request, this.origin, `/releases/${id}/start`, {});
    return id;
  }

  /** Waits for the end of a release, and that it is this one. */
  async ended(page: Page, id: number, status = "succeeded"): Promise<void> {
    const now = async () => (await (await page.request.get(`${this.origin}/api/v1/releases/${id}`)).json()).status;
    await expect.poll(now, { timeout: 80_000 }).toBe(status);
  }

  /** Makes a release and waits until it has succeeded. */
  async run(page: Page, tag: string, made: Made = {}): Promise<number> {
    const id = await this.begin(page, tag, made);
    await this.ended(page, id);
    return id;
  }

  async close(): Promise<void> {
    await this.sshd.stop();
  }
}
