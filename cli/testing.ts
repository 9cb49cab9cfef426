// What tests of commands share: an installation in a folder of its own, with its database running
// all the while, the environment in which a command finds it, and what a command prints.

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openLog, type OpenedLog } from './audit/open.ts';

export interface TestInstallation {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** Open all the while, so that the commands find the database running. */
  readonly log: OpenedLog;
  close(): Promise<void>;
}

export async function testInstallation(name: string): Promise<TestInstallation> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `florin-test-${name}-`));
  // Root's PostgreSQL runs as another user, who must be able to pass.
  await chmod(folder, 0o711);
  const inherited = Object.entries(process.env).filter(([each]) => !each.startsWith('FLORIN_'));
  inherited.push(['FLORIN_DATA_DIR', path.join(folder, 'data')]);
  const env = Object.fromEntries(inherited) as Record<string, string>;
  const log = await openLog(env);
  return {
    folder,
    env,
    log,
    async close() {
      await log.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command within this process; what it throws is thrown on. */
export async function captured(work: () => Promise<number>): Promise<Ran> {
  const streams = [process.stdout, process.stderr] as const;
  const originals = streams.map((stream) => stream.write.bind(stream));
  const printed = ['', ''];
  for (const [at, stream] of streams.entries()) {
    stream.write = (piece: string | Uint8Array) => {
      // The test's own reports are bytes, and pass.
      if (typeof piece !== 'string') return originals[at]?.(piece) === true;
      printed[at] += piece;
      return true;
    };
  }
  try {
    const code = await work();
    const [output = '', errors = ''] = printed;
    return { code, output, errors };
  } finally {
    for (const [at, stream] of streams.entries()) Object.assign(stream, { write: originals[at] });
  }
}
