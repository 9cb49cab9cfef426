// What files offer so that the audit log can be shown to be complete: every agreement, every file
// with its state, every run of entries that was posted, and what their records must say.

import {
  canonical,
  statementOfNew,
  type ChangeRecord,
  type Fact,
  type ReconcileSource,
  type RowBatch,
  type Statement,
} from '#audit';
import { isId, type Id, type Uuid, UUID_FIRST } from '#kernel';
import type { Queryable } from '#platform';
import type { fileActions } from '../audit-actions.ts';
import {
  agreementFacts,
  chunkFacts,
  existingAgreements,
  existingFiles,
  existingOutgoingFiles,
  fileFacts,
  outgoingFileFacts,
  type AgreementFacts,
  type ChunkFacts,
  type FileFacts,
  type OutgoingFileFacts,
} from './sources-store.ts';

type ActionName = keyof typeof fileActions;

const BATCH_ROWS = 2_000;

async function* walk<Row extends { readonly id: Uuid; readonly changed_at: string }>(
  select: (after: Uuid) => Promise<readonly Row[]>,
  factsOf: (row: Row) => Fact[],
): AsyncGenerator<RowBatch> {
  let after = UUID_FIRST;
  for (;;) {
    const rows = await select(after);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
    yield { rows: rows.length, facts: rows.flatMap(factsOf), at: last.changed_at };
  }
}

async function existingOf<Prefix extends string>(
  prefix: Prefix,
  targets: readonly string[],
  select: (ids: readonly Id<Prefix>[]) => Promise<readonly string[]>,
): Promise<ReadonlySet<string>> {
  const ids = targets.filter((target): target is Id<Prefix> => isId(prefix, target));
  return new Set(await select(ids));
}

const agreements: ReconcileSource = {
  name: 'file agreement',
  retention: 'books',
  actions: ['payments.file_agreement.make', 'payments.file_agreement.end'] satisfies ActionName[],
  rows: (queryable) =>
    walk((after) => agreementFacts(queryable, after, BATCH_ROWS), factsOfAgreement),
  existing: (queryable, targets) =>
    existingOf('fag', targets, (ids) => existingAgreements(queryable, ids)),
  statementOf({ target, before, after = '{}' }) {
    const holds = [{ target, text: `agreement ${after}` }];
    return before === undefined
      ? { holds }
      : { holds, ends: [{ target, text: `agreement ${before}` }] };
  },
};

function factsOfAgreement(row: AgreementFacts): Fact[] {
  const terms = {
    acceptance: row.acceptance,
    are_debits_allowed: row.are_debits_allowed,
    currency: row.currency,
    entry_max: row.entry_max ?? undefined,
    file_max: row.file_max ?? undefined,
    format: row.format,
    rail: row.rail,
    role: row.role,
    sender: row.sender,
    settlement_account:
      row.settlement_account === null ? undefined : `acc_${row.settlement_account}`,
    state: row.state,
  };
  return [{ target: `fag_${row.id}`, at: row.changed_at, text: `agreement ${canonical(terms)}` }];
}

/** The state a file is in by its records: that all was posted is said by the chunks. */
const recordedState: Readonly<Record<string, string>> = { posted: 'accepted' };

const files: ReconcileSource = {
  name: 'file',
  retention: 'books',
  actions: [
    'payments.file.announce',
    'payments.file.receive',
    'payments.file.judge',
    'payments.file.complete',
    'payments.file.fail',
    'payments.file.retry',
    'payments.file.abandon',
  ] satisfies ActionName[],
  rows: (queryable) => walk((after) => fileFacts(queryable, after, BATCH_ROWS), factsOfFile),
  existing: existingTargets,
  statementOf: statementOfFile,
};

function existingTargets(
  queryable: Queryable,
  targets: readonly string[],
): Promise<ReadonlySet<string>> {
  return existingOf('fil', targets, (ids) => existingFiles(queryable, ids));
}

function factsOfFile(row: FileFacts): Fact[] {
  const target = `fil_${row.id}`;
  const { bytes, sha256, source } = row;
  const announced = { agreement: `fag_${row.agreement_id}`, bytes, sha256, source };
  const state = recordedState[row.state] ?? row.state;
  return [
    { target, at: row.created_at, text: `announced ${canonical(announced)}` },
    { target, at: row.changed_at, text: `state ${state}` },
  ];
}

function statementOfFile({ action, target, before = '{}', after = '{}' }: ChangeRecord): Statement {
  const state = (text: string): Fact => ({ target, text: `state ${text}` });
  const given = (text: string): string => (JSON.parse(text) as { state?: string }).state ?? '';
  switch (action as ActionName) {
    case 'payments.file.announce':
      return { holds: [{ target, text: `announced ${after}` }, state('uploading')] };
    case 'payments.file.receive':
      return { holds: [state('received')], ends: [state('uploading')] };
    case 'payments.file.judge':
      return { holds: [state(given(after))], ends: [state('received')] };
    case 'payments.file.complete':
      return { holds: [state('completed')], ends: [state('accepted')] };
    case 'payments.file.fail':
      return { holds: [state('failed')], ends: [state(given(before))] };
    case 'payments.file.retry':
      return { holds: [state(given(after))], ends: [state('failed')] };
    default:
      return { holds: [state('abandoned')], ends: [state('uploading')] };
  }
}

const CHUNK: ActionName = 'payments.file_chunk.post';

const chunks: ReconcileSource = {
  name: 'file chunk',
  retention: 'books',
  actions: [CHUNK],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after: Pick<ChunkFacts, 'file_id' | 'first_entry'> = {
      file_id: UUID_FIRST,
      first_entry: -1,
    };
    for (;;) {
      const rows = await chunkFacts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last;
      yield { rows: rows.length, facts: rows.map(factOfChunk), at: last.recorded_at };
    }
  },
  existing: existingTargets,
  statementOf: statementOfNew,
};

function factOfChunk({ file_id: id, recorded_at: at, ...facts }: ChunkFacts): Fact {
  return { target: `fil_${id}`, at, text: `${CHUNK} ${canonical({ ...facts })}` };
}

const outgoing: ReconcileSource = {
  name: 'outgoing file',
  retention: 'books',
  actions: ['payments.outgoing_file.write', 'payments.outgoing_file.send'] satisfies ActionName[],
  rows: (queryable) =>
    walk((after) => outgoingFileFacts(queryable, after, BATCH_ROWS), factsOfOutgoing),
  existing: (queryable, targets) =>
    existingOf('fil', targets, (ids) => existingOutgoingFiles(queryable, ids)),
  statementOf({ action, target, after = '{}' }) {
    const written = { target, text: 'state written' };
    return (action as ActionName) === 'payments.outgoing_file.write'
      ? { holds: [{ target, text: `written ${after}` }, written] }
      : { holds: [{ target, text: 'state sent' }], ends: [written] };
  },
};

function factsOfOutgoing(row: OutgoingFileFacts): Fact[] {
  const { id, state, written_at: writtenAt, changed_at: changedAt, ...facts } = row;
  const target = `fil_${id}`;
  return [
    { target, at: writtenAt, text: `written ${canonical(facts)}` },
    { target, at: changedAt, text: `state ${state}` },
  ];
}

/** The tables of files, for whoever verifies that the audit log is complete. */
export const fileSources: readonly ReconcileSource[] = [agreements, files, chunks, outgoing];
