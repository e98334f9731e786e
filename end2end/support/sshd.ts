// A real OpenSSH server on loopback, as the user who runs the tests.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export class Sshd {
  private constructor(
    readonly port: number,
    readonly user: string,
    /** The private key that it lets in. */
    readonly key: string,
    readonly fingerprint: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(folder: string): Promise<Sshd> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const keygen = (name: string) =>
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", join(folder, name)]);
    keygen("host");
    keygen("user");
    copyFileSync(join(folder, "user.pub"), join(folder, "authorized_keys"));
    const port = await freePort();
    const config = [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(folder, "host")}`,
      `PidFile ${join(folder, "pid")}`,
      `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
      "PasswordAuthentication no",
      "PermitRootLogin prohibit-password",
      "StrictModes no",
      "UsePAM no",
      // bash reads ~/.bashrc under sshd; what stands there on this machine is no part of the test.
      `SetEnv HOME=${folder}`,
    ];
    writeFileSync(join(folder, "config"), `${config.join("\n")}\n`);
    // sshd run by root wants this folder to be there; anybody else's does not.
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", join(folder, "config")], { stdio: "ignore" });
    const deadline = Date.now() + 20_000;
    while (!(await answers(port))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`sshd did not start (${child.exitCode})`);
      await new Promise((next) => setTimeout(next, 50));
    }
    const shown = execFileSync("ssh-keygen", ["-lf", join(folder, "host.pub")]).toString();
    const fingerprint = /SHA256:\S+/.exec(shown)![0];
    return new Sshd(port, userInfo().username, readFileSync(join(folder, "user"), "utf8"), fingerprint, child);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
  }
}
