// What every test file starts from: one program for the file, and the steps that many tests need.
import { type Page, expect, test as base } from "@playwright/test";
import { Program } from "./program.ts";

export const ADMIN = { name: "ada", password: "correct horse battery" };

export const test = base.extend<object, { story: string; program: Program }>({
  // Each file names its own, so that no two files share a program.
  story: ["", { scope: "worker", option: true }],
  program: [
    async ({ story }, use) => {
      if (!story) throw new Error("test.use({ story: … }) is missing");
      const program = await Program.start();
      await use(program);
      await program.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  baseURL: async ({ program }, use) => use(program.url),
  page: async ({ page }, use, info) => {
    const errors = complaints(page);
    await use(page);
    if (info.status === "passed") expect(errors).toEqual([]);
  },
});

export { expect };

/**
 * What a page complains about from now on. An error in the console is a failure: hydration that went wrong says so
 * there, and so does whatever the content security policy keeps from being loaded or run.
 */
export function complaints(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of (4\d\d|5\d\d)/.test(message.text())) errors.push(message.text());
  });
  return errors;
}

/** Waits until the browser has taken the page over. A page that does not come alive says what it complained of. */
export async function alive(page: Page): Promise<void> {
  try {
    await page.waitForSelector("html[data-hydrated]", { state: "attached", timeout: 60_000 });
  } catch (error) {
    const said = (await page.consoleMessages()).map((message) => `${message.type()}: ${message.text()}`);
    const thrown = (await page.pageErrors()).map(String);
    const asked = await Promise.all(
      (await page.requests()).map(async (request) => {
        const state = request.failure()?.errorText ?? ((await request.existingResponse()) ? "answered" : "no answer");
        return `${request.method()} ${request.url()}: ${state}`;
      }),
    );
    const open = asked.filter((line) => !line.endsWith(": answered"));
    throw new Error([`${page.url()} did not come alive: ${error}`, ...said, ...thrown, ...open].join("\n  "));
  }
}

/** Opens a page and waits until it is alive. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await alive(page);
}

/** Makes the first administrator, or signs in where there is one. */
export async function enter(page: Page): Promise<void> {
  await open(page, "/sign-in");
  await page.getByLabel("Name").fill(ADMIN.name);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: /Create administrator|Sign in/ }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await alive(page);
}

/** Leaves whatever page is open, and with it its feed: the next socket is that of the page that is opened next. */
export async function leave(page: Page): Promise<void> {
  await page.goto("about:blank");
}
