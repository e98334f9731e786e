import { AxeBuilder } from "@axe-core/playwright";
import { fits, shoot } from "../support/look.ts";
import { Shop } from "../support/shop.ts";
import { ADMIN, enter, expect, open, test } from "../support/test.ts";

test.use({ story: "create" });
test.describe.configure({ mode: "serial" });

let shop: Shop;
let project: number;
let environment: number;
let first: number;

test.beforeAll(async ({ program, browser }) => {
  const hooks = { before_deploy: "# Look before you leap\necho \"on $LAUNCHWAY_SERVER\"\n" };
  shop = await Shop.open(program, browser, { hooks, environments: { live: "prod" } });
  ({ project } = shop);
  environment = shop.environment();
  const context = await browser.newContext({ baseURL: program.url });
  const page = await context.newPage();
  await enter(page);
  first = await shop.run(page, "v1.0", { hooks });
  await context.close();
});

test.afterAll(async () => {
  await shop?.close();
});

test.beforeEach(async ({ page }) => {
  await enter(page);
});

test("a hook template is added, found, changed and deleted", async ({ page }, info) => {
  await open(page, "/hook-templates");
  await expect(page.getByRole("heading", { name: "No hook templates yet" })).toBeVisible();
  await page.getByRole("link", { name: "New hook template" }).first().click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-name-error")).toHaveText("Fill this in.");
  await page.getByLabel("Name", { exact: true }).fill("Restart");
  await page.getByLabel("Written for").selectOption("after_deploy");
  await page.getByLabel("Description").fill("Restarts the service <b>");
  const script = '#!/bin/sh\nset -e\nfor unit in shop worker; do\n\tsystemctl restart "$unit" # 重启\ndone\ncat <<EOF\n$LAUNCHWAY_REF and $LAUNCHWAY_TAG\nEOF\n';
  await page.locator("#f-body").fill(script);
  await expect(page.locator(".sh-back")).toHaveText(script + "\n");
  await expect(page.locator(".sh-back .sh-k")).toHaveText(["for", "in", "do", "done"]);
  await expect(page.locator(".sh-back .sh-u")).toHaveText("$LAUNCHWAY_TAG");
  // Tab leaves the editor, as everywhere.
  await page.locator("#f-body").focus();
  await page.keyboard.press("Tab");
  await expect(page.locator("#f-body")).not.toBeFocused();
  await page.locator(".sh-vars summary").click();
  await shoot(page, info, "template-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot(page, info, "template-dark");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(/\/hook-templates$/);

  await open(page, "/hook-templates/new");
  await page.getByLabel("Name", { exact: true }).fill("Restart");
  await page.locator("#f-body").fill("true");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-name-error")).toContainText("taken");
  await expect(page.locator("#f-body")).toHaveValue("true");
  await page.getByLabel("Name", { exact: true }).fill("Build");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("row")).toHaveCount(3);
  await page.getByRole("searchbox").fill("systemctl");
  await expect(page.getByRole("row")).toHaveCount(2);
  await expect(page).toHaveURL(/q=systemctl/);
  await page.reload();
  await expect(page.getByRole("row")).toHaveCount(2);
  await expect(page.locator("time").first()).not.toContainText("UTC");
  await shoot(page, info, "templates");
  await page.getByRole("link", { name: "Restart" }).click();
  await expect(page.locator("#f-body")).toHaveValue(script);
  await page.getByLabel("Description").fill("Restarts both services");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Restarts both services")).toBeVisible();

  await open(page, "/hook-templates?sort=-name&point=any");
  await page.getByRole("link", { name: "Build" }).click();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Yes, delete" }).click();
  await expect(page).toHaveURL(/\/hook-templates$/);
  await expect(page.getByRole("row")).toHaveCount(2);
});

test("a ref is chosen by keyboard, and what will change stands beside it", async ({ page }, info) => {
  await open(page, `/releases/new?project=${project}&environment=${environment}`);
  const ref = page.getByRole("combobox", { name: "Tag, branch or commit" });
  await ref.focus();
  await page.keyboard.press("ArrowDown");
  await expect(ref).toHaveAttribute("aria-expanded", "true");
  // v1.1, the two branches and the commit behind them; v1.0 and its commit.
  await expect(page.locator("#ref-list [role=option]")).toHaveCount(6);
  await expect(page.locator(".ref-fetch")).toHaveCount(0);
  await expect(page.locator("#ref-list [role=option]").first()).toContainText("v1.1");
  await expect(page.locator("[role=option]:has(.live-mark)")).toHaveCount(2);
  await expect(page.locator("[role=option]:has(.live-mark)").first()).toContainText("v1.0");
  await expect(ref).toHaveAttribute("aria-activedescendant", "ref-0");
  await expect(page.locator("#ref-list [role=option]").first()).toHaveAttribute("aria-selected", "true");
  await shoot(page, info, "list-light");
  await page.keyboard.press("Escape");
  await expect(ref).toHaveAttribute("aria-expanded", "false");
  await expect(page.locator("#ref-list [role=option]").first()).toBeHidden();
  await page.keyboard.type("next");
  await expect(page.locator("#ref-list [role=option]")).toHaveCount(1);
  await page.keyboard.press("Control+A");
  await page.keyboard.type("make v1.1 tag");
  await expect(page.locator("#ref-list [role=option]")).toHaveCount(0);
  await page.keyboard.press("Control+A");
  await page.keyboard.type("make v1.1");
  await expect(page.locator("#ref-list [role=option]")).toHaveCount(4);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(ref).toHaveValue("v1.1");
  await expect(ref).toHaveAttribute("aria-expanded", "false");
  await expect(page).toHaveURL(/\/releases\/new/);

  const preview = page.locator(".preview");
  await expect(preview.locator("[data-relation=ahead]")).toContainText("Brings 1 commit in 1 file.");
  await expect(preview.locator(".commits")).toContainText("Make v1.1");
  await expect(preview.locator(".files")).toContainText("index.html");
  await expect(preview.locator(".files .plus")).toHaveText("+1");
  await expect(page.locator(".about-to")).toContainText("v1.1 → live, 1 server");
  await shoot(page, info, "chosen-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot(page, info, "chosen-dark");

  // A question that was overtaken is given up, and its answer never shown.
  let asked = 0;
  const given = page.waitForEvent("requestfailed", (request) => request.url().includes("preview_changes"));
  await page.route(/preview_changes/, async (route) => {
    // The first is held back until it is given up.
    if (asked++ === 0) await given;
    await route.continue().catch(() => undefined);
  });
  const first_asked = page.waitForRequest(/preview_changes/);
  await ref.fill("next");
  await first_asked;
  await ref.fill("v1.0");
  await given;
  await expect(preview.locator("[data-relation=same]")).toBeVisible();
  await page.unrouteAll({ behavior: "ignoreErrors" });

  // What was live goes nowhere; a whole hash and an unlisted name work too.
  await ref.fill("v1.0");
  await expect(preview.locator("[data-relation=same]")).toBeVisible();
  const { commit } = await (await page.request.get(`/api/v1/releases/${first}`)).json();
  await ref.fill(commit);
  await expect(page.getByRole("radio", { name: "commit" })).toBeChecked();
  await expect(preview.locator("[data-relation=same]")).toBeVisible();
  await ref.fill("v9");
  await page.getByRole("radio", { name: "tag" }).check();
  await expect(preview.locator(".is-warning")).toContainText("There is no tag v9");
});

test("an exact name is what Enter takes, and a name in the making is not blamed", async ({ page }, info) => {
  await open(page, `/releases/new?project=${project}&environment=${environment}`);
  const ref = page.getByRole("combobox", { name: "Tag, branch or commit" });
  await ref.focus();
  await expect(page.locator(".ref-fetch")).toHaveCount(0);
  for (const name of ["v1.0", "next", "v1.1"]) {
    await ref.fill(name);
    // It stands first and is marked before any key goes there.
    await expect(page.locator("#ref-list [role=option]").first()).toContainText(name);
    await expect(page.locator("#ref-list [role=option]").first()).toHaveAttribute("aria-selected", "true");
    if (name === "v1.0") await shoot(page, info, "exact");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect(ref).toHaveValue(name);
  }
  // Opened again, the list is whole and the choice in it is marked.
  await page.keyboard.press("ArrowDown");
  await expect(page.locator("#ref-list [role=option]")).toHaveCount(6);
  await expect(page.locator("#ref-list [aria-selected=true]")).toContainText("v1.1");
  await page.keyboard.press("Escape");

  await page.getByRole("radio", { name: "tag" }).check();
  const answered = page.waitForResponse(/preview_changes/);
  await ref.fill("v1");
  await answered;
  await expect(page.locator(".preview [aria-busy=false]")).toBeVisible();
  await expect(ref).toHaveAttribute("aria-expanded", "true");
  await expect(page.locator(".preview .is-warning")).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(page.locator(".preview .is-warning")).toContainText("There is no tag v1");
});

test("a command for production is asked about first, and only those run it that were chosen", async ({ page }, info) => {
  await open(page, `/projects/${project}/environments/${environment}/run`);
  await expect(page.locator(".head .tag")).toHaveAttribute("data-kind", "prod");
  await page.getByLabel("Command", { exact: true }).fill('echo "on $LAUNCHWAY_SERVER of $LAUNCHWAY_ENVIRONMENT"');
  const ask = page.getByRole("button", { name: "Run…" });
  await ask.click();
  await expect(page.getByRole("alertdialog")).toBeHidden();
  await expect(page.locator("#f-server-ids .error")).toContainText("All servers");
  await page.getByRole("checkbox", { name: /^web-1/ }).check();
  await ask.click();
  await expect(page.getByRole("alertdialog")).toContainText("Run it on 1 production server?");
  await shoot(page, info, "run-sure");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("alertdialog")).toBeHidden();
  await expect(page.locator(".ran .printed")).toHaveText("on web-1 of live\n");
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot(page, info, "run-dark");
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await open(page, `/projects/${project}/environments/${environment}/files`);
  await fits(page);
  await shoot(page, info, "files-390");
});

test("hooks start with the project's, are filled from a template, and kept as one", async ({ page }, info) => {
  await open(page, `/releases/new?project=${project}&ref=v1.1`);
  await expect(page.getByRole("combobox", { name: "Tag, branch or commit" })).toHaveValue("v1.1");
  const before = page.locator("#f-hooks-before-deploy");
  const after = page.locator("#f-hooks-after-deploy");
  await expect(before).toHaveValue(/Look before you leap/);
  const section = page.locator("[data-hook=after_deploy]");
  await section.locator("summary").click();
  await section.locator("select.fill").selectOption({ label: "Restart" });
  await expect(after).toHaveValue(/systemctl restart/);
  await section.getByRole("button", { name: "Undo" }).click();
  await expect(after).toHaveValue("");
  await section.locator("select.fill").selectOption({ label: "Restart" });
  await expect(after).toHaveValue(/systemctl restart/);
  await after.fill('echo "live: $LAUNCHWAY_REF"\n');
  await section.getByRole("checkbox", { name: "Save as template" }).check();
  await page.getByRole("button", { name: "Create and start" }).click();
  await expect(page.locator("#f-save-as-after-deploy-error")).toHaveText("Fill this in.");
  await section.getByLabel("Name of the template").fill("Restart");
  await page.getByLabel("Note").fill("Careful 小心");
  await shoot(page, info, "hooks-light");
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await shoot(page, info, "hooks-390");
  await page.setViewportSize({ width: 1280, height: 800 });

  // Refused: everything that was typed is still there, and neither a release nor a template was made.
  await page.getByRole("button", { name: "Create and start" }).click();
  await expect(page.locator("#f-save-as-after-deploy-error")).toContainText("taken");
  await expect(after).toHaveValue('echo "live: $LAUNCHWAY_REF"\n');
  await expect(page.getByLabel("Note")).toHaveValue("Careful 小心");
  await section.getByLabel("Name of the template").fill("Say it");
  await page.getByRole("button", { name: "Create and start" }).click();
  await expect(page).toHaveURL(/\/releases\/\d+$/);
  await expect(page.locator(".release-state .badge")).toHaveAttribute("data-status", "succeeded", { timeout: 60_000 });

  await page.locator("[data-tab=changes]").click();
  await expect(page.locator("[data-relation=ahead]")).toContainText("Brings 1 commit in 1 file.");
  await shoot(page, info, "release-changes");
  await page.locator("[data-tab=hooks]").click();
  const run = page.locator("[data-hook=after_deploy] .hook-runs li");
  await expect(run).toContainText("web-1");
  await expect(run).toContainText("succeeded");
  await expect(page.locator("[data-hook=after_deploy] .sh-view .sh-b")).toHaveText("echo");
  await shoot(page, info, "release-hooks");
  await page.locator("[data-hook=before_deploy]").getByRole("link", { name: "Save as template" }).click();
  await expect(page.locator("#f-body")).toHaveValue(/Look before you leap/);
  await expect(page.getByLabel("Written for")).toHaveValue("before_deploy");
  await open(page, "/hook-templates");
  await expect(page.getByRole("link", { name: "Say it" })).toBeVisible();
});

test("a release is made from another one, and what is live reminds of its hooks", async ({ page }, info) => {
  const hooks = { after_download: "exit 3", before_deploy: "true" };
  const failed = await shop.begin(page, "v1.1", { hooks, note: "Only once" });
  await shop.ended(page, failed, "failed");
  await open(page, `/releases/${failed}`);
  await expect(page.locator(".release-failure")).toContainText("make a new release from this one");
  await page.getByRole("link", { name: "New release from this one" }).click();
  await expect(page).toHaveURL(new RegExp(`/releases/new\\?from=${failed}$`));
  await expect(page.locator(".filled-from")).toContainText(`#${failed}`);
  await expect(page.getByRole("combobox", { name: "Tag, branch or commit" })).toHaveValue("v1.1");
  await expect(page.getByLabel("Environment")).toHaveValue(String(environment));
  await expect(page.locator("#f-hooks-after-download")).toHaveValue("exit 3");
  await expect(page.getByLabel("Note")).toHaveValue("");
  await shoot(page, info, "from-another");

  const before = page.locator("#f-hooks-before-deploy");
  await open(page, `/releases/new?project=${project}&ref=v1.1`);
  const reminder = page.locator(".take-over");
  await expect(before).toHaveValue(/Look before you leap/);
  await expect(reminder).toHaveCount(0);
  await before.fill("");
  await expect(reminder).toContainText("The live release ran 2 hooks; this one has none.");
  await shoot(page, info, "take-over");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await shoot(page, info, "take-over-dark-390");
  await reminder.getByRole("button", { name: "Take them over" }).click();
  await expect(before).toHaveValue(/Look before you leap/);
  await expect(page.locator("#f-hooks-after-deploy")).toHaveValue(/live: /);
  await expect(reminder).toHaveCount(0);
});

test("to go back is said to be going back, in Chinese as well", async ({ page, context, program }, info) => {
  await context.addCookies([{ name: "lang", value: "zh", url: program.url }]);
  await open(page, `/releases/new?project=${project}&environment=${environment}&ref=v1.0&ref_kind=tag`);
  await expect(page.locator("[data-relation=behind]")).toContainText("回退 1 个提交");
  await page.locator("#f-ref-name").click();
  await expect(page.locator(".live-mark").first()).toHaveText("当前线上");
  await shoot(page, info, "zh");
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 390, height: 800 });
  await fits(page);
  await shoot(page, info, "zh-390");
  await open(page, "/hook-templates");
  await fits(page);
  await shoot(page, info, "zh-390-templates");
});

test("nothing of it breaks a rule of accessibility, in either scheme", async ({ page }, info) => {
  const found: string[] = [];
  const check = async (name: string) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]).analyze();
      for (const each of violations) found.push(`${name} ${colorScheme}: ${each.id} ${each.nodes[0].target.join(" ")}`);
    }
    await shoot(page, info, name);
  };
  await open(page, `/releases/new?project=${project}&environment=${environment}&ref=v1.0`);
  await expect(page.locator("[data-relation=behind]")).toBeVisible();
  for (const point of ["before_download", "after_download", "after_deploy"]) {
    await page.locator(`[data-hook=${point}] > summary`).click();
  }
  await page.locator("[data-hook=after_deploy]").getByRole("checkbox", { name: "Save as template" }).check();
  await page.locator("#f-hooks-after-deploy").fill("# say\nif true; then echo 'x' \"$LAUNCHWAY_NO\"; fi\n");
  await check("axe-chosen");
  await page.locator("#f-ref-name").click();
  await page.keyboard.press("ArrowDown");
  await check("axe-list");
  await open(page, `/releases/${first}?tab=changes`);
  await expect(page.locator("[data-relation=first]")).toBeVisible();
  await check("axe-changes");
  await open(page, `/releases/${first}?tab=hooks`);
  await check("axe-hooks");
  await open(page, "/hook-templates");
  await page.getByRole("link", { name: "Restart" }).click();
  await expect(page.locator(".sh-back .sh-k").first()).toBeVisible();
  await check("axe-template");
  await open(page, `/projects/${project}/edit`);
  await check("axe-project");
  expect(found).toEqual([]);
});

test("a project's default hooks are changed on its page", async ({ page }) => {
  await open(page, `/projects/${project}/edit`);
  const hook = page.locator("#f-hooks-before-deploy");
  await expect(hook).toHaveValue(/Look before you leap/);
  await hook.fill("echo changed\n");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(new RegExp(`/projects/${project}$`));
  await open(page, `/releases/new?project=${project}`);
  await expect(page.locator("#f-hooks-before-deploy")).toHaveValue("echo changed\n");
});

test("everything works without JavaScript", async ({ browser, program }, info) => {
  const context = await browser.newContext({ baseURL: program.url, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("Name").fill(ADMIN.name);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.goto(`/releases/new?project=${project}`);
  await shoot(page, info, "no-script");
  await page.locator("#f-ref-name").fill("next");
  await page.getByRole("radio", { name: "branch" }).check();
  await page.locator("[data-hook=after_deploy] summary").click();
  await page.locator("#f-hooks-after-deploy").fill("echo a\necho b\n");
  await page.locator("#f-save-as-after-deploy").fill("Two lines");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page).toHaveURL(/\/releases\/\d+$/);
  await page.goto(page.url() + "?tab=changes");
  await expect(page.locator("[data-relation]")).toBeVisible();
  // Refused: what was typed is still there, and is sent again.
  await page.goto(`/releases/new?project=${project}`);
  await page.locator("#f-ref-name").fill("v9 不在");
  await page.getByRole("radio", { name: "branch" }).check();
  await page.locator("[data-hook=after_download] summary").click();
  await page.locator("#f-hooks-after-download").fill("make\nmake check\n");
  await page.getByLabel("Note").fill("Careful");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.locator("#f-ref-name-error")).not.toBeEmpty();
  await expect(page.locator("#f-ref-name")).toHaveValue("v9 不在");
  await expect(page.getByRole("radio", { name: "branch" })).toBeChecked();
  await expect(page.locator("#f-hooks-after-download")).toHaveValue("make\nmake check\n");
  await expect(page.getByLabel("Note")).toHaveValue("Careful");
  await page.goto("/credentials/new");
  await page.getByLabel("Name", { exact: true }).fill("deploy key");
  await page.getByLabel("User name").fill("www");
  await page.getByLabel("Kind").selectOption("ssh_password");
  await page.getByLabel("Secret").fill("hunter2-hunter2");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#f-name-error")).toContainText("taken");
  await expect(page.getByLabel("User name")).toHaveValue("www");
  await expect(page.getByLabel("Kind")).toHaveValue("ssh_password");
  expect(await page.content()).not.toContain("hunter2");

  await page.goto("/hook-templates?q=two");
  await page.getByRole("link", { name: "Two lines" }).click();
  await expect(page.locator("#f-body")).toHaveValue("echo a\necho b\n");
  await context.close();
});
