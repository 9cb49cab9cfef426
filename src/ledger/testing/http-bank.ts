// Owns what tests of the ledger's HTTP operations share: a whole edge over a real database, with a
// clock that the test sets, and short ways to ask.
import assert from 'node:assert/strict';
import { limits as limitTable, type Config } from '#config';
import { unlocked } from '../../gateway/testing.ts';
import { createGateway, keepAnswers, openApiOf, type Gateway, type Outcome } from '#gateway';
import { manualClock, parseInstant, type Instant, type ManualClock } from '#kernel';
import { openLogger, openMetrics, type Database, type Transaction } from '#platform';
import { testDatabase } from '../../platform/database/testing.ts';
import { postBatch, type BatchAnswer } from '../post.ts';
import { openPoster } from '../poster.ts';
import { refusals } from '../refusals.ts';
import { ledgerRoutes } from '../routes.ts';
import { openAccountReader } from '../reading/account-reader.ts';
import type { LedgerPoster } from '../http/edge.ts';

export function at(text: string): Instant {
  const instant = parseInstant(text);
  assert.ok(instant !== undefined, text);
  return instant;
}

const limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as unknown as Config['limits'];

export type Json = Record<string, unknown>;

/** A list of which a test reads the first few without asking whether they are there. */
type Few<Item> = readonly [Item, Item, Item, Item, ...Item[]];

/** Any answer, by the names that answers have: a test reads those that its answer has. */
export interface Body {
  readonly id: string;
  readonly account_id: string;
  readonly batch_id: string;
  readonly hold_id: string;
  readonly reverses_id: string;
  readonly kind: string;
  readonly state: string;
  readonly status: string;
  readonly path: string;
  readonly level: number;
  readonly side: string;
  readonly normal_side: string | null;
  readonly name: string;
  readonly currency: string;
  readonly description: string;
  readonly metadata: unknown;
  readonly exchange: unknown;
  readonly amount: string;
  readonly ceiling: string;
  readonly balance: string;
  readonly balance_after: string;
  readonly available: string;
  readonly opening_balance: string;
  readonly closing_balance: string;
  readonly debits: string;
  readonly credits: string;
  readonly difference: string;
  readonly turnover: unknown;
  readonly line_count: number;
  readonly version: number;
  readonly effective_at: string;
  readonly recorded_at: string;
  readonly expires_at: string;
  readonly closed_before: string;
  readonly is_balanced: boolean;
  readonly is_usable: boolean;
  readonly dry_run: boolean;
  readonly accepted: number;
  readonly refused: number;
  readonly has_more: boolean;
  readonly next_cursor: string | null;
  readonly balances: Body;
  readonly transfer: Body;
  readonly data: Few<Body>;
  readonly entries: Few<Body>;
  readonly legs: Few<Body>;
  readonly totals: readonly Body[];
  readonly results: Few<Body>;
  readonly refusal?: Body;
  /** Of a problem document or a refusal. */
  readonly code: string;
  readonly param?: string;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly instance: string;
  readonly retryable: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Body;
}

export interface TestBank {
  readonly database: Database;
  readonly clock: ManualClock;
  readonly gateway: Gateway;
  /** The OpenAPI document. */
  readonly document: unknown;
  get(url: string): Promise<Reply>;
  post(url: string, body?: unknown): Promise<Reply>;
  patch(url: string, body: unknown): Promise<Reply>;
  /** Sends the bytes as they are. */
  send(
    method: 'POST' | 'PATCH',
    url: string,
    payload: Buffer | string,
    type?: string,
  ): Promise<Reply>;
  /** Everything that is stored, to compare before and after. */
  fingerprint(): Promise<unknown>;
  close(): Promise<void>;
}

export async function openTestBank(name: string): Promise<TestBank> {
  const bank = await testDatabase(name, { poolSize: 4 });
  const { database } = bank;
  const clock = manualClock(at('2026-03-01T10:00:00Z'));
  const metrics = openMetrics({ isProcessMeasured: false });
  const accounts = openAccountReader({ database, clock, metrics, limits });
  const poster = testPoster(database, clock);
  const routes = ledgerRoutes({ database, clock, poster, accounts });
  const about = { title: 'Test', version: '1.0.0', description: 'A ledger under test.' };
  const gateway = await createGateway({
    about,
    routes,
    problemTables: [refusals],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics,
    host: '127.0.0.1',
    access: unlocked,
    port: 0,
    limits,
    isAnswerChecked: true,
  });
  const ask = async (
    method: 'GET' | 'POST' | 'PATCH',
    url: string,
    payload?: Buffer | string,
    bodyType = 'application/json',
  ): Promise<Reply> => {
    const headers = payload === undefined ? {} : { 'content-type': bodyType };
    const reply = await gateway.inject({
      method,
      url,
      headers,
      ...(payload === undefined ? {} : { payload }),
    });
    const text = reply.payload;
    const type = String(reply.headers['content-type']);
    const isJson = type.includes('json');
    const isLines = type.includes('ndjson');
    const body = (isJson && !isLines ? JSON.parse(text) : text) as Body;
    return { status: reply.statusCode, headers: reply.headers, text, body };
  };
  const codes = new Map(Object.entries(refusals));
  return {
    database,
    clock,
    gateway,
    document: openApiOf({ about, routes, codes }),
    get: (url) => ask('GET', url),
    post: (url, body) => ask('POST', url, body === undefined ? undefined : JSON.stringify(body)),
    patch: (url, body) => ask('PATCH', url, JSON.stringify(body)),
    send: (method, url, payload, type) => ask(method, url, payload, type),
    fingerprint: () => fingerprintOf(database),
    async close() {
      await gateway.close();
      await bank.drop();
    },
  };
}

/** One request after another, each in a transaction of its own. */
function testPoster(database: Database, clock: ManualClock): LedgerPoster {
  const poster = openPoster(database, { inFlightMax: 2, accountsMax: 1_000 });
  const contextOf = (): { now: Instant; actor: string; correlationId: string } => ({
    now: clock.now(),
    actor: 'tester',
    correlationId: 'test',
  });
  const post: LedgerPoster['postBatch'] = async (instructions, options, _, presentation) => {
    const { mode, dryRun } = options;
    let outcomes: Outcome[] = [];
    const onDecided = async (tx: Transaction, batch: BatchAnswer): Promise<void> => {
      await presentation.prepare(tx, batch.answers);
      const { claim } = presentation;
      outcomes = await keepAnswers(tx, [{ claim, outcome: presentation.present(batch) }]);
    };
    if (!dryRun) await poster.post(contextOf(), instructions, { mode, onDecided });
    else await postBatch(database, contextOf(), instructions, { mode, onDecided, isDryRun: true });
    return outcomes[0] as Outcome;
  };
  return {
    post: (instruction, caller, presentation) =>
      post([instruction], { mode: 'each', dryRun: false }, caller, presentation),
    postBatch: post,
  };
}

async function fingerprintOf(database: Database): Promise<unknown> {
  return await database.query({
    text: `select
        (select count(*) from ledger.accounts) as accounts,
        (select coalesce(sum(revision), 0) from ledger.balances) as revisions,
        (select coalesce(sum(version), 0) from ledger.balances) as versions,
        (select count(*) from ledger.transfers) as transfers,
        (select count(*) from ledger.entries) as entries,
        (select count(*) from ledger.holds) as holds,
        (select count(*) from ledger.period_closes) as closes`,
  });
}

export const accounts = '/v1/ledger/accounts';
export const transfers = '/v1/ledger/transfers';

/** Opens an account, a till in crowns unless the test says otherwise. */
export async function open(bank: TestBank, part: Json = {}): Promise<string> {
  const body = { path: 'assets:cash', currency: 'CZK', normal_side: 'debit', ...part };
  const reply = await bank.post(accounts, body);
  assert.equal(reply.status, 201, reply.text);
  return reply.body.id;
}

/** A till and a customer's deposit with money in it. */
export async function openPair(
  bank: TestBank,
  amount = '1000',
): Promise<[till: string, deposit: string]> {
  const till = await open(bank);
  const part = { path: 'liabilities:deposits', normal_side: 'credit', floor: '0' };
  const deposit = await open(bank, part);
  if (amount !== '0') await pay(bank, [till, deposit, amount]);
  return [till, deposit];
}

/** Debits the first account and credits the second. */
export async function pay(
  bank: TestBank,
  [from, to, amount]: readonly [from: string, to: string, amount: string],
  part: Json = {},
): Promise<Body> {
  const pair = { debit_account_id: from, credit_account_id: to, amount, currency: 'CZK' };
  const reply = await bank.post(transfers, { ...pair, ...part });
  assert.equal(reply.status, 201, reply.text);
  return reply.body;
}

export async function balanceOf(bank: TestBank, id: string): Promise<Body> {
  return (await bank.get(`${accounts}/${id}/balance`)).body;
}

/** Status, code and place of a problem, in one text. */
export function told({ status, body }: Reply): string {
  return `${status} ${body.code} ${body.param ?? '-'}`;
}
