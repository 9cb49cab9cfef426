// Owns what tests of the audit log's edge share: the log over HTTP on a real socket, and what was
// recorded, read back.
import assert from 'node:assert/strict';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { limits as limitTable } from '#config';
import { auditRefusals, searchRecords } from '#audit';
import type { FoundRecord } from '#audit';
import { openLogger, openMetrics } from '#platform';
import { testLog } from '../../audit/testing/log.ts';
import type { TestLog } from '../../audit/testing/log.ts';
import { unlocked } from '../testing.ts';
import { createGateway } from '../server/server.ts';
import type { GatewayLimits } from '../server/options.ts';
import type { AccessRecorderLimits } from './access-recorder.ts';
import { auditRoutes } from './routes.ts';

export const limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as unknown as GatewayLimits & AccessRecorderLimits;

/** Gives places to all that was recorded, and answers the records of an action, oldest first. */
export async function recordsOf(log: TestLog, action: string): Promise<FoundRecord['record'][]> {
  await log.sequence();
  const page = await searchRecords(log.database, { action }, { limit: 1_000 });
  return page.records.map(({ record }) => record).toReversed();
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body where it is JSON: a test knows the members of its own answer. */
  readonly body: Body;
}

/** Any answer, by the names that answers have. */
export interface Body {
  readonly data: readonly Body[];
  readonly unreadable_leaves: readonly number[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
  readonly leaf_index: number | null;
  readonly record: FoundRecord['record'];
  readonly leaf: string;
  readonly index: number;
  readonly leaf_hash: string;
  readonly proof: readonly string[];
  readonly size: number;
  readonly root: string;
  readonly origin: string;
  readonly checkpoint: string;
  readonly verifier_keys: readonly [string, ...string[]];
  readonly note: string;
  readonly created_at: string;
  readonly older: string;
  readonly newer: string;
  readonly verifier_key: string;
  readonly name: string;
  readonly public_key: string;
  readonly public_key_pem: string;
  readonly since_size: number;
  readonly alarm: string;
  readonly instance: string | null;
  readonly is_raised: boolean;
  readonly since: string | null;
  readonly figures: unknown;
  /** Of a problem document. */
  readonly code: string;
  readonly param?: string;
  readonly retryable: boolean;
}

export interface AuditServer {
  readonly log: TestLog;
  /** Lines that the process logged. */
  readonly lines: readonly string[];
  readonly url: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  close(): Promise<void>;
}

/** A log of its own, served on a socket. */
export async function openAuditServer(name: string): Promise<AuditServer> {
  const log = await testLog(name);
  const lines: string[] = [];
  const gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'An audit log under test.' },
    routes: auditRoutes(log),
    problemTables: [auditRefusals],
    checks: [],
    logger: openLogger({ level: 'warn', write: (line) => lines.push(line) }),
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    access: unlocked,
    isAnswerChecked: true,
    port: 0,
    limits,
    clock: log.clock,
  });
  const { url } = await gateway.listen();
  return {
    log,
    lines,
    url,
    async get(path, headers = {}) {
      const response = await fetch(`${url}${path}`, { headers });
      const bytes = Buffer.from(await response.arrayBuffer());
      const text = bytes.toString();
      const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
      const body = (isJson ? JSON.parse(text) : {}) as Body;
      return { status: response.status, headers: response.headers, bytes, text, body };
    },
    async close() {
      await gateway.close();
      await log.close();
    },
  };
}

/** That the answer is as it is documented. */
export function assertShape(shape: TSchema, body: unknown): void {
  const check = Compile(shape);
  const errors = check.Check(body) ? [] : check.Errors(body);
  assert.deepEqual(errors.slice(0, 3), []);
}

/** Status, code and place of a problem, in one text. */
export function told({ status, body }: Reply): string {
  return `${status} ${body.code} ${body.param ?? '-'}`;
}
