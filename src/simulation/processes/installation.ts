// Owns an installation of the bank as an operator has it, in a folder of its own, and the rail
// beside it: real processes that a simulation starts, kills with SIGKILL and starts again.

import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const COMMAND = path.join(import.meta.dirname, '..', '..', '..', 'cli', 'main.ts');
const RAIL = new URL('./rail.ts', import.meta.url);
const WAIT_MS = 120_000;
const LOOK_MS = 20;
const LOG_SHOWN = 4_000;

export const OWN_BIC = 'FLORCZPPXXX';

export interface Rail {
  readonly url: string;
  /** From now on it is a rail as it should be. */
  behave(): void;
  kill(): void;
}

export async function startRail(seed: number): Promise<Rail> {
  const child = fork(RAIL, [OWN_BIC, String(seed)], { stdio: 'inherit' });
  const [url] = (await once(child, 'message')) as [string];
  return { url, behave: () => void child.send('behave'), kill: () => void child.kill('SIGKILL') };
}

/** `settings` go beyond those that an installation of its own beside a rail needs. */
export async function openInstallation(
  railUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `florin-test-payments-${process.pid}-`));
  // Root's PostgreSQL runs as another user, who must be able to pass.
  await chmod(folder, 0o711);
  return new Installation(folder, await freePort(), {
    ...settings,
    FLORIN_BIC: OWN_BIC,
    FLORIN_SCT_INST_URL: railUrl,
  });
}

export class Installation {
  /** Where the bank listens, whenever it runs. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #data: string;
  readonly #log: string;
  #server: ChildProcess | undefined;

  constructor(folder: string, port: number, settings: Readonly<Record<string, string>>) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FLORIN_'));
    this.#folder = folder;
    this.#data = path.join(folder, 'data');
    this.#log = path.join(folder, 'server.log');
    this.url = `http://127.0.0.1:${port}`;
    this.env = {
      ...(Object.fromEntries(inherited) as Record<string, string>),
      FLORIN_DATA_DIR: this.#data,
      FLORIN_PORT: String(port),
      FLORIN_SAMPLE: 'off',
      FLORIN_LOG_LEVEL: 'warn',
      ...settings,
    };
  }

  /** Starts the bank, and answers when it is ready. */
  async start(): Promise<void> {
    const output = openSync(this.#log, 'a');
    const stdio = ['ignore', output, output] as const;
    const server = spawn(process.execPath, [COMMAND, 'up'], { env: this.env, stdio: [...stdio] });
    this.#server = server;
    closeSync(output);
    await until('the bank is ready', async () => {
      if (hasEnded(server)) throw new Error('the bank did not start');
      return (await fetch(`${this.url}/readyz`).catch(() => undefined))?.ok === true;
    });
  }

  /** The server with all its workers. PostgreSQL goes on without an owner. */
  async killServer(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Only the postmaster, as the kernel would. Answers when the bank has started it again. */
  async killPostgres(): Promise<void> {
    const killed = await this.#killPostmaster();
    await until('PostgreSQL is started again', async () => {
      const pid = await postmasterIn(this.#data);
      return pid !== undefined && pid !== killed;
    });
  }

  /** Both at the same moment. */
  async killBoth(): Promise<void> {
    await Promise.all([this.#killPostmaster(), this.#end('SIGKILL')]);
  }

  /** In order, where it can be; nothing of it is left. */
  async remove(): Promise<void> {
    const tooLate = setTimeout(() => this.#server?.kill('SIGKILL'), WAIT_MS);
    await this.#end('SIGINT');
    clearTimeout(tooLate);
    const left = await postmasterIn(this.#data);
    if (left !== undefined && isRunning(left)) process.kill(left, 'SIGQUIT');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  }

  /** What the bank said last. */
  lastWords(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').slice(-LOG_SHOWN) : '';
  }

  async #killPostmaster(): Promise<number | undefined> {
    const pid = await postmasterIn(this.#data);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    return pid;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    if (server === undefined || hasEnded(server)) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function postmasterIn(data: string): Promise<number | undefined> {
  const file = path.join(data, 'postgresql', 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return pid > 0 ? pid : undefined;
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + WAIT_MS;
  while (!(await isSo())) {
    if (performance.now() > giveUpMs) throw new Error(`waited in vain: ${what}`);
    await sleep(LOOK_MS);
  }
}
