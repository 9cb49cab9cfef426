// A bank whose screening a test plays: customers with accounts, decisions that are kept and told of
// as screening does it, and analysts who work on what comes of them.

import assert from 'node:assert/strict';
import { idOf, msOf, newUuid, type AccountId, type Id } from '#kernel';
import {
  openLogger,
  openStream,
  readEvents,
  type Database,
  type StreamEvent,
  type Transaction,
  type TransactionContext,
} from '#platform';
import { openAccountsBank, product } from '../../../accounts/testing/bank.ts';
import { listAlerts } from '../alerts/alert-store.ts';
import type { Alert } from '../alerts/alert.ts';
import { fraudCasesSubscription } from '../cases-subscription.ts';
import type { Case } from '../case.ts';
import { listCases, selectCases, type CaseFilter } from '../case-store.ts';
import { documentCases } from '../search/catch-up.ts';
import type { Worked } from '../work.ts';
import { batchOf, keepDecided, type Decided } from '../../testing/decided.ts';

export type CasesBank = Awaited<ReturnType<typeof openCasesBank>>;

export async function openCasesBank(name: string) {
  const bank = await openAccountsBank(name);
  const { database, clock } = bank;
  await bank.addProducts(product());
  const stream = openStream({ database, clock, logger: openLogger({ level: 'silent' }) });
  await stream.consume(fraudCasesSubscription);
  let ordinal = 0n;

  const as = (actor: string, tenant = 'main'): TransactionContext => {
    return { ...bank.context(), actor, tenant, now: clock.now() };
  };

  async function within<T>(actor: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await database.transaction(as(actor), work);
  }

  function paymentId(): Id<'pay'> {
    return idOf('pay', newUuid(msOf(clock.now())));
  }

  /** Kept and told of in one transaction, as the payments it is about would be. */
  async function decide(items: readonly Decided[], tenant = 'main'): Promise<Id<'dec'>[]> {
    const batch = batchOf(items, { at: clock.now(), tenant, ordinal });
    ordinal += 1n;
    await database.transaction(as('screening', tenant), (tx) => keepDecided(tx, batch));
    return batch.decisions.map(({ id }) => id);
  }

  /** Decisions, and what their being told of has led to. */
  async function raise(...items: readonly Decided[]): Promise<Alert[]> {
    const ids = new Set<string>(await decide(items));
    await stream.settle();
    await documentCases(database, as('florin'));
    const alerts = await listAlerts(database, { limit: 1_000 });
    return alerts.filter(({ decisionId }) => ids.has(decisionId)).toReversed();
  }

  async function account(): Promise<AccountId> {
    return (await bank.openOne()).id;
  }

  /** Of a type, in their order. */
  async function events(type: string): Promise<readonly StreamEvent[]> {
    await stream.settle();
    return await readEvents(database, { after: 0n, countMax: 10_000, types: [type] });
  }

  return {
    ...bank,
    ...readersOf(database),
    stream,
    as,
    within,
    paymentId,
    decide,
    raise,
    account,
    events,
    async drop() {
      await stream.stop();
      await bank.drop();
    },
  };
}

function readersOf(database: Database) {
  async function cases(filter: Partial<CaseFilter> = {}): Promise<Case[]> {
    return await listCases(database, { limit: 1_000, ...filter });
  }

  async function caseOf(accountId: AccountId): Promise<Case> {
    const [found] = await cases({ accountId });
    assert.ok(found !== undefined, 'the account has a case');
    return found;
  }

  async function again({ id }: Pick<Case, 'id'>): Promise<Case> {
    const [found] = await selectCases(database, [id]);
    assert.ok(found !== undefined);
    return found;
  }

  return { cases, caseOf, again };
}

export function worked(result: Worked): Case {
  assert.ok(result.ok, result.ok ? '' : result.refusal.message);
  return result.value;
}

export function codeOf(result: { ok: true } | { ok: false; refusal: { code: string } }): string {
  return result.ok ? 'ok' : result.refusal.code;
}
