// The page of the API: it opens, needs nothing from elsewhere, meets its policy, and a call can be tried out.
import { complaints, enter, expect, test } from "../support/test.ts";

test.use({ story: "apidocs" });
// The second needs the administrator that the first makes.
test.describe.configure({ mode: "serial" });

test("the API is read and tried out without the internet", async ({ page, program }) => {
  await enter(page);
  const found = complaints(page);
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== program.url) elsewhere.push(request.url());
  });
  const violations: string[] = [];
  await page.exposeFunction("violated", (what: string) => violations.push(what));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      (window as unknown as { violated: (what: string) => void }).violated(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto("/api/docs");
  await expect(page.getByRole("heading", { name: "API of Launchway", level: 1 })).toBeVisible();
  const call = page.locator("#operations-account-get_me");
  await expect(call).toBeVisible({ timeout: 60_000 });
  await call.locator(".opblock-summary-control").click();
  await call.getByRole("button", { name: "Execute" }).click();
  const answer = call.locator(".live-responses-table");
  await expect(answer).toContainText("200");
  await expect(answer).toContainText("ada");
  await page.screenshot({ path: test.info().outputPath("api-docs.png") });
  expect(violations).toEqual([]);
  expect(elsewhere).toEqual([]);
  expect(found).toEqual([]);
});

test("whoever is not signed in is led to where one signs in, and back", async ({ page }) => {
  await page.goto("/api/docs");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fapi%2Fdocs$/);
});
