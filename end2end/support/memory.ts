// What a page holds on to: the JavaScript heap after a collection, and the module's linear memory.
import type { CDPSession, Page } from "@playwright/test";

/** Before the page is opened: keeps hold of the memory of the modules that it loads. */
export async function watchMemory(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const found: WebAssembly.Memory[] = ((window as any).memories = []);
    const keep = ({ instance }: WebAssembly.WebAssemblyInstantiatedSource) => {
      for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) found.push(value);
    };
    const streaming = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...args) => {
      const made = await streaming(...args);
      keep(made);
      return made;
    };
  });
}

/** Bytes: JavaScript objects after a collection, and the linear memory, which only grows. */
export async function memory(page: Page, cdp: CDPSession): Promise<{ heap: number; wasm: number; nodes: number }> {
  // Nodes go a round after the objects that held them.
  for (let round = 0; round < 3; round++) await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes } = await cdp.send("Memory.getDOMCounters");
  const wasm = await page.evaluate(() =>
    ((window as any).memories as WebAssembly.Memory[]).reduce((sum, each) => sum + each.buffer.byteLength, 0),
  );
  return { heap: usedSize, wasm, nodes };
}
