// What a page costs whoever opens it for the first time.
import type { Page } from "@playwright/test";
import { alive } from "./test.ts";

/** What a fresh browser transfers for a page, by kind, in bytes as served. */
export async function weigh(page: Page, path: string): Promise<Record<string, number>> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
  const kinds = new Map<string, string>();
  const sizes: Record<string, number> = {};
  cdp.on("Network.responseReceived", ({ requestId, response }) => {
    const ending = new URL(response.url).pathname.match(/\.(js|wasm|css)$/)?.[1];
    kinds.set(requestId, ending ?? (response.mimeType === "text/html" ? "html" : "other"));
  });
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId) ?? "other";
    sizes[kind] = (sizes[kind] ?? 0) + encodedDataLength;
  });
  await page.goto(path);
  await alive(page);
  await page.waitForLoadState("networkidle");
  await cdp.detach();
  return sizes;
}
