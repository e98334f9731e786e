// axe-core over every page: both schemes, both languages, wide and narrow. The pictures are kept beside the results.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { makeRepository } from "../support/repository.ts";
import { seedRelease } from "../support/seed.ts";
import { complaints, enter, expect, open, test } from "../support/test.ts";
import { join } from "node:path";

test.use({ story: "access" });
test.describe.configure({ mode: "serial" });
// Forty pages, each looked at from all sides.
test.setTimeout(600_000);

let pages: [name: string, path: string][] = [];

test.beforeAll(async ({ program, browser }) => {
  const context = await browser.newContext({ baseURL: program.url });
  const page = await context.newPage();
  await enter(page);
  const release = seedRelease(program, { servers: 3 });
  const many = seedRelease(program, { servers: 120, prefix: "app-", project: "Fleet", status: "failed" });
  const post = async (path: string, data: object) => {
    const answer = await page.request.post(`${program.url}/api/v1${path}`, { data, headers: { Origin: program.url } });
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    return answer.json();
  };
  const project = await post("/projects", { title: "Shop", repo_url: makeRepository(join(program.folder, "shop")) });
  const server = release.servers[0];
  const place = await post(`/projects/${project.id}/environments`, { name: "live", kind: "prod", path: "/srv/shop" });
  const webhook = await post(`/projects/${project.id}/webhooks`, { kind: "github", name: "main", environment_id: place.id });
  await page.request.post(`${program.url}${webhook.address}`, { data: {} });
  const events = ["release.failed"];
  const channel = await post(`/projects/${project.id}/channels`, { kind: "webhook", name: "ops", url: "http://127.0.0.1:9/", events });
  await post(`/channels/${channel.id}/test`, {});
  pages = [
    ["overview", "/"],
    ["releases", "/releases"],
    ["release", `/releases/${release.id}`],
    ["release-many", `/releases/${many.id}`],
    ["release-outputs", `/releases/${release.id}?tab=outputs`],
    ["release-changes", `/releases/${release.id}?tab=changes`],
    ["release-hooks", `/releases/${release.id}?tab=hooks`],
    ["release-people", `/releases/${release.id}?tab=people`],
    ["release-new", "/releases/new"],
    ["projects", "/projects"],
    ["project", `/projects/${project.id}`],
    ["project-edit", `/projects/${project.id}/edit`],
    ["project-new", "/projects/new"],
    ["environment-new", `/projects/${project.id}/environments/new`],
    ["housekeeping", "/housekeeping"],
    ["environment", `/projects/${project.id}/environments/${place.id}`],
    ["policy", `/projects/${project.id}/environments/${place.id}/policy`],
    ["rollbacks", `/projects/${project.id}/environments/${place.id}/rollback`],
    ["promote", `/projects/${project.id}/environments/${place.id}/promote`],
    ["webhooks", `/projects/${project.id}/webhooks`],
    ["webhook-new", `/projects/${project.id}/webhooks/new`],
    ["webhook", `/projects/${project.id}/webhooks/${webhook.id}`],
    ["channels", `/projects/${project.id}/notifications`],
    ["channel-new", `/projects/${project.id}/notifications/new`],
    ["channel", `/projects/${project.id}/notifications/${channel.id}`],
    ["what-is-live", "/live"],
    ["run", `/projects/${project.id}/environments/${place.id}/run`],
    ["files", `/projects/${project.id}/environments/${place.id}/files`],
    ["servers", "/servers"],
    ["server", `/servers/${server}`],
    ["server-new", "/servers/new"],
    ["credentials", "/credentials"],
    ["credential-new", "/credentials/new"],
    ["hook-templates", "/hook-templates"],
    ["hook-template-new", "/hook-templates/new"],
    ["wall-links", "/wall-links"],
    ["audit", "/audit"],
    ["settings", "/settings"],
    ["users", "/users"],
    ["user", "/users/1"],
    ["account", "/account"],
    ["members", `/projects/${project.id}/members`],
    ["wall", "/wall"],
    ["nowhere", "/nowhere"],
  ];
  await context.close();
});

/** Every page of one look: no violation, no sideways scrolling, nothing that its policy refuses, and a picture of it. */
async function look(page: Page, name: string): Promise<void> {
  const found = complaints(page);
  for (const [title, path] of pages) {
    await open(page, path);
    await page.screenshot({ path: test.info().outputPath(`${title}-${name}.png`), fullPage: title !== "wall" });
    const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]).analyze();
    for (const each of violations) {
      const where = each.nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim()}`);
      found.push(`${title}: ${each.id} (${each.nodes.length}) ${where.join(" | ")}`);
    }
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) found.push(`${title}: ${over} px too wide`);
  }
  expect(found).toEqual([]);
}

const looks: [name: string, lang: string, scheme: "light" | "dark", width: number][] = [
  ["light-en", "en-US", "light", 1280],
  ["dark-zh", "zh-CN", "dark", 1280],
  ["light-zh-390", "zh-CN", "light", 390],
  ["dark-en-390", "en-US", "dark", 390],
];
for (const [name, locale, colorScheme, width] of looks) {
  test(`no page breaks a rule of accessibility: ${name}`, async ({ browser, program }) => {
    // Signed in with English words, then the look itself.
    const context = await browser.newContext({ baseURL: program.url, locale: "en-US" });
    await enter(await context.newPage());
    const storageState = await context.storageState();
    await context.close();
    const looked = await browser.newContext({
      baseURL: program.url,
      locale,
      colorScheme,
      viewport: { width, height: 800 },
      storageState,
    });
    await look(await looked.newPage(), name);
    await looked.close();
  });
}
