// A small real repository.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Makes a repository with the tags v1.0 and v1.1 and the branches main and next, and with more files; says its path. */
export function makeRepository(folder: string, files: Record<string, string> = {}): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args], {
      cwd: folder,
      stdio: "pipe",
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
    });
  git("init", "-q", "-b", "main");
  for (const tag of ["v1.0", "v1.1"]) {
    writeFileSync(join(folder, "index.html"), `<h1>${tag}</h1>\n`);
    git("add", "-A");
    git("commit", "-q", "-m", `Make ${tag}`);
    git("tag", tag);
  }
  git("branch", "next");
  return folder;
}
