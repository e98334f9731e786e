// Pictures of pages, kept as results of the tests, and what must hold of each.
import { type Page, type TestInfo, expect } from "@playwright/test";

/** Keeps a picture of the whole page. */
export async function shoot(page: Page, info: TestInfo, name: string): Promise<void> {
  await page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
}

/** The page must not be wider than the window. */
export async function fits(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content).toBeLessThanOrEqual(window);
}
