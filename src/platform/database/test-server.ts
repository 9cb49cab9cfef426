// Owns the PostgreSQL that tests run on: one server for a whole run, in a temporary folder that
// goes with it. What a killed run left behind is stopped and removed by the next.

import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { dataFolderAt } from './embedded/cluster.ts';
import { findPostmaster, stop } from './embedded/postmaster.ts';
import { identityOf } from './embedded/process-identity.ts';
import { startEmbedded } from './embedded.ts';

export interface TestServerOptions {
  /** True for tests that kill the server; the others are faster without the disk's certainty. */
  readonly isDurable?: boolean;
  readonly log?: (line: string) => void;
}

export interface TestServer {
  /** As the owner, to a database of the server; also the value for FLORIN_TEST_SERVER. */
  readonly url: string;
  close(): Promise<void>;
}

/** The variable by which a run tells its test files of the server it has started for them. */
export const TEST_SERVER_VARIABLE = 'FLORIN_TEST_SERVER';

const SHARED_BUFFERS_MB = 128;

/** Starts a server, or uses the one that FLORIN_TEST_SERVER names. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const given = process.env[TEST_SERVER_VARIABLE];
  if (given !== undefined && given !== '') return { url: given, close: async () => undefined };
  await removeLeftovers();
  const root = await temporaryFolder();
  try {
    const server = await startEmbedded({
      dataFolder: root,
      isDurable: options.isDurable ?? false,
      sharedBuffersMb: SHARED_BUFFERS_MB,
      ...(options.log === undefined ? {} : { log: options.log }),
    });
    const close = async (): Promise<void> => {
      await server.close();
      await rm(root, { recursive: true, force: true });
    };
    return { url: server.url, close };
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

/** A new folder for a test's data that the database's user can pass through. */
export async function temporaryFolder(): Promise<string> {
  const root = await mkdtemp(path.join(os.tmpdir(), `florin-test-${process.pid}-`));
  await chmod(root, 0o711);
  return root;
}

/** The same server, another database. */
export function inDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    const pid = /^florin-test-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || identityOf(Number(pid)) !== undefined) continue;
    const root = path.join(os.tmpdir(), name);
    const found = findPostmaster(dataFolderAt(root).cluster);
    try {
      if (found !== undefined) await stop(found.identity, () => undefined);
      await rm(root, { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}
