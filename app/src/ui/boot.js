// Takes over the page that the server rendered. Where that does not come about (a module did not arrive, or the code
// stopped), the page only looks alive: then it says so, and tries again by itself as long as nobody has lost anything
// by it. A wall screen has nobody who could.
import init, { hydrate } from SCRIPT;

// How long a page may take, and the waits before it is opened again, in milliseconds.
const PATIENCE = 60_000;
const WAITS = [2_000, 10_000, 30_000];
const KEY = `launchway-opened-again:${location.pathname}`;

const root = document.documentElement;
const isAlive = () => "hydrated" in root.dataset;
const tries = () => Number(sessionStorage.getItem(KEY)) || 0;
let isStalled = false;

function stalled() {
  if (isStalled) return;
  isStalled = true;
  root.dataset.stalled = "";
  document.getElementById("stalled")?.removeAttribute("hidden");
  // What was alive may hold what somebody typed: that is theirs to give up. A wall is never let go.
  const isWall = location.pathname === "/wall";
  if (isWall || (!isAlive() && tries() < WAITS.length)) setTimeout(again, WAITS[Math.min(tries(), WAITS.length - 1)]);
}

/** Opens the page again, once the program answers: a browser's own page of an error would stay for ever. */
async function again() {
  const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => undefined);
  if (!answer) return setTimeout(again, WAITS.at(-1));
  sessionStorage.setItem(KEY, tries() + 1);
  location.reload();
}

// Code that stops leaves a promise that never settles: these are the only words of it.
addEventListener("error", ({ error }) => error instanceof WebAssembly.RuntimeError && stalled());
addEventListener("unhandledrejection", ({ reason }) => reason instanceof WebAssembly.RuntimeError && stalled());
setTimeout(() => isAlive() || stalled(), PATIENCE);

init({ module_or_path: MODULE })
  .then(hydrate)
  .then(() => {
    root.dataset.hydrated = "";
    sessionStorage.removeItem(KEY);
    if (!isStalled) return;
    // It came after all.
    document.getElementById("stalled")?.setAttribute("hidden", "");
  }, stalled);
