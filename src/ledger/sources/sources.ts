// What the ledger offers so that the audit log can be shown to be complete: every transfer of any
// kind with its entries, every account, closed period and segment, and what its records must say.

import {
  canonical,
  statementOfNew,
  type ChangeRecord,
  type Fact,
  type Json,
  type ReconcileSource,
  type RowBatch,
  type Statement,
} from '#audit';
import { isId, uuidOf, type Id, type Uuid, UUID_FIRST } from '#kernel';
import type { ledgerActions } from '../audit-actions.ts';
import type { TransferKind } from '../posting/transfer.ts';
import {
  accountFacts,
  closeFacts,
  existingAccounts,
  segmentFacts,
  type AccountFacts,
  type CloseFacts,
} from './account-sources-store.ts';
import { existingTransfers, transferTexts, unfoundedHolds } from './transfer-sources-store.ts';

const BATCH_ROWS = 2_000;

const actionOf: Readonly<Record<TransferKind, keyof typeof ledgerActions>> = {
  transfer: 'ledger.transfer.post',
  hold: 'ledger.hold.place',
  capture: 'ledger.hold.capture',
  increase: 'ledger.hold.increase',
  void: 'ledger.hold.void',
  expiry: 'ledger.hold.expire',
  reversal: 'ledger.transfer.reverse',
};

const transfers: ReconcileSource = {
  name: 'transfer',
  retention: 'books',
  actions: Object.values(actionOf),
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after = UUID_FIRST;
    for (;;) {
      const rows = await transferTexts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last[0];
      const facts = rows.map(([id, kind, text, at]): Fact => {
        return { target: `trf_${id}`, at, text: `${actionOf[kind]} ${text}` };
      });
      yield { rows: rows.length, facts, at: last[3] };
    }
  },
  existing: async (queryable, targets) =>
    await existingOf('trf', targets, (ids) => existingTransfers(queryable, ids)),
  statementOf: statementOfNew,
  async unfounded(queryable, countMax) {
    const rows = await unfoundedHolds(queryable, countMax);
    return rows.map(({ transfer_id: id, expected, found }) => ({
      target: `trf_${id ?? ''}`,
      expected: expected ?? 'nothing',
      found: found ?? 'nothing',
    }));
  },
};

const accounts: ReconcileSource = {
  name: 'account',
  retention: 'books',
  actions: ['ledger.account.open', 'ledger.account.change'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after = UUID_FIRST;
    for (;;) {
      const rows = await accountFacts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      yield {
        rows: rows.length,
        facts: rows.flatMap(factsOfAccount),
        allowed: rows.map(namingOfAccount),
        at: last.opened_at,
      };
    }
  },
  existing: async (queryable, targets) =>
    await existingOf('acc', targets, (ids) => existingAccounts(queryable, ids)),
  statementOf: statementOfAccount,
};

function factsOfAccount(row: AccountFacts): Fact[] {
  const target = `acc_${row.id}`;
  const attributes = {
    ceiling: row.ceiling,
    credit_limit: row.credit_limit,
    currency: row.currency,
    floor: row.floor,
    normal_side: row.normal_side,
    path: row.path,
    state: row.state,
    tenant: row.tenant ?? undefined,
  };
  return [
    { target, at: row.changed_at, text: `attributes ${canonical(attributes)}` },
    { target, at: row.opened_at, text: `opened ${row.opened_at}` },
  ];
}

// Only the latest change says what an account is called, and no record says which is the latest.
function namingOfAccount(row: AccountFacts): Fact {
  const { id, name, metadata, changed_at: at } = row;
  const target = `acc_${id}`;
  const isChanged = at !== row.opened_at;
  return { target, at, text: namingText(isChanged, { name, metadata }), subject: target };
}

function namingText(isChanged: boolean, naming: { name: string; metadata: Json }): string {
  return `named ${isChanged ? 'by a change' : 'when opened'} ${canonical(naming)}`;
}

/** An account is what its latest change made of it, and each change begins where the last ended. */
function statementOfAccount({ action, target, at, ...record }: ChangeRecord): Statement {
  const { before, after = '{}', sealed } = record;
  const isChanged = action === 'ledger.account.change';
  const attributes = { target, text: `attributes ${after}` };
  const opened = { target, text: `opened ${at}` };
  const allows = sealed === undefined ? [] : [namingOf(target, isChanged, sealed)];
  if (!isChanged) return { holds: [attributes, opened], allows };
  const ends = [{ target, text: `attributes ${before ?? '{}'}` }];
  return { holds: [attributes], ends, allows };
}

function namingOf(
  target: string,
  isChanged: boolean,
  { name = '', metadata }: Readonly<Record<string, string>>,
): Fact {
  const parsed = metadata === undefined ? null : (JSON.parse(metadata) as Json);
  return { target, text: namingText(isChanged, { name, metadata: parsed }) };
}

const periods: ReconcileSource = {
  name: 'period',
  retention: 'books',
  actions: ['ledger.period.close'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    const rows = await closeFacts(queryable);
    const facts = rows.map(({ actor, tenant, ...times }): Fact => {
      const after = { ...times, tenant: tenant ?? undefined };
      const target = targetOfClose({ ...times, tenant });
      return { target, at: after.closed_at, text: `closed by ${actor} ${canonical(after)}` };
    });
    yield { rows: rows.length, facts, at: rows.at(-1)?.closed_at ?? '' };
  },
  async existing(queryable) {
    const rows = await closeFacts(queryable);
    return new Set(rows.map(targetOfClose));
  },
  statementOf: ({ actorId, target, after = '{}' }) => ({
    holds: [{ target, text: `closed by ${actorId} ${after}` }],
  }),
};

type CloseNames = Pick<CloseFacts, 'closed_before' | 'tenant'>;

function targetOfClose({ closed_before: closedBefore, tenant }: CloseNames): string {
  return tenant === null ? closedBefore : `${tenant}:${closedBefore}`;
}

/** The first segment comes with the schema, before anything can be recorded. */
const SEGMENT_UNRECORDED = 1;

const segments: ReconcileSource = {
  name: 'segment',
  retention: 'books',
  actions: ['ledger.segment.open'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    const rows = await segmentFacts(queryable);
    const recorded = rows.filter(({ segment }) => segment !== SEGMENT_UNRECORDED);
    const facts = recorded.map(({ segment, opened_at: at }): Fact => {
      return { target: `segment:${segment}`, at, text: `opened ${at} ${canonical({ segment })}` };
    });
    yield { rows: rows.length, facts, at: rows.at(-1)?.opened_at ?? '' };
  },
  async existing(queryable) {
    return new Set((await segmentFacts(queryable)).map(({ segment }) => `segment:${segment}`));
  },
  statementOf: ({ at, target, after = '{}' }) => ({
    holds: [{ target, text: `opened ${at} ${after}` }],
  }),
};

async function existingOf<Prefix extends string>(
  prefix: Prefix,
  targets: readonly string[],
  select: (ids: readonly Uuid[]) => Promise<readonly Uuid[]>,
): Promise<ReadonlySet<string>> {
  const ids = targets.filter((target): target is Id<Prefix> => isId(prefix, target));
  const existing = await select(ids.map(uuidOf));
  return new Set(existing.map((id) => `${prefix}_${id}`));
}

/** The ledger's tables, for whoever verifies that the audit log is complete. */
export const ledgerSources: readonly ReconcileSource[] = [transfers, accounts, periods, segments];
