// The verbs by which a person deals with a break: takes it on, lets it wait, puts both sides
// together, writes the difference off by a posting, or takes note of a gap.

import { record, type JsonObject } from '#audit';
import { accept, formatDate, idOf, msOf, newUuid, type Instant, type Result } from '#kernel';
import { post, type TransferInstruction } from '#ledger';
import { emit, type Transaction } from '#platform';
import { reconciliationActions } from './audit-actions.ts';
import { lockBreaks, updateBreak } from './break-store.ts';
import type { Break, BreakId, Nostro } from './nostro.ts';
import { lockNostro } from './nostro-store.ts';
import { no, type ReconciliationRefusal } from './refusals.ts';
import { insertMatches } from './statement-store.ts';

type Changed<Value = Break> = Result<Value, ReconciliationRefusal>;

export async function assignBreak(
  tx: Transaction,
  id: BreakId,
  assignee: string,
): Promise<Changed> {
  const locked = await lockOpen(tx, [id]);
  if (!locked.ok) return locked;
  const [found] = locked.value;
  const assigned = { state: 'assigned', assignee, waitUntil: undefined } as const;
  return accept(await store(tx, found, { ...found, ...assigned }));
}

export async function letWait(
  tx: Transaction,
  id: BreakId,
  { until, note }: { readonly until: Instant; readonly note: string },
): Promise<Changed> {
  const locked = await lockOpen(tx, [id]);
  if (!locked.ok) return locked;
  const [found] = locked.value;
  const waiting = { state: 'waiting', waitUntil: until, note } as const;
  return accept(await store(tx, found, { ...found, ...waiting }));
}

/** Only of a gap: nothing can be matched or posted for it. */
export async function acceptGap(tx: Transaction, id: BreakId, note: string): Promise<Changed> {
  const locked = await lockOpen(tx, [id]);
  if (!locked.ok) return locked;
  const [found] = locked.value;
  if (found.kind !== 'statement_gap') {
    return no('break_resolution_unfit', 'Only a gap between statements is accepted.');
  }
  return accept(await store(tx, found, { ...found, ...resolvedAs('accepted', note) }));
}

/** Puts the two sides of several breaks together, which must add up to the same. */
export async function linkBreaks(
  tx: Transaction,
  ids: readonly BreakId[],
  note: string,
): Promise<Changed<readonly Break[]>> {
  const locked = await lockOpen(tx, ids);
  if (!locked.ok) return locked;
  const { value: breaks } = locked;
  const [{ nostroId }] = breaks;
  const isFit = breaks.every((each) => {
    return each.nostroId === nostroId && each.kind !== 'statement_gap';
  });
  if (!isFit) return no('break_resolution_unfit', 'Only breaks of one account are linked.');
  const left = breaks.reduce((sum, each) => sum + missingInBooks(each), 0n);
  if (left !== 0n) return no('break_sums_differ', `The two sides differ by ${left}.`);
  const nostro = await lockNostro(tx, nostroId);
  if (nostro === undefined) return no('nostro_unknown', 'There is no such nostro account.');
  const matchId = await matchByHand(tx, nostro, breaks, []);
  const linked: Break[] = [];
  for (const each of breaks) {
    linked.push(await store(tx, each, { ...each, ...resolvedAs('linked', note), matchId }));
  }
  return accept(linked);
}

/** Posts what the books miss against the account for it; the break is matched with the posting. */
export async function writeOff(tx: Transaction, id: BreakId, note: string): Promise<Changed> {
  const locked = await lockOpen(tx, [id]);
  if (!locked.ok) return locked;
  const [found] = locked.value;
  if (found.kind === 'statement_gap') {
    return no('break_resolution_unfit', 'A gap between statements is accepted, or waits.');
  }
  const nostro = await lockNostro(tx, found.nostroId);
  if (nostro?.writeOffAccountId === undefined) {
    return no('break_write_off_missing', 'The nostro account names no account to write off to.');
  }
  const instruction = writingOff(found, nostro, nostro.writeOffAccountId, note);
  const [posted] = await post(tx, [instruction]);
  if (posted?.ok !== true) {
    const why = posted === undefined ? 'nothing was posted' : posted.refusal.message;
    return no('break_write_off_refused', `The ledger refused: ${why}`);
  }
  const { transfer } = posted.value;
  const own = transfer.entries.filter(({ accountId }) => accountId === nostro.accountId);
  const matchId = await matchByHand(
    tx,
    nostro,
    [found],
    own.map(({ version }) => version),
  );
  const resolved = { ...found, ...resolvedAs('written_off', note), matchId };
  return accept(await store(tx, found, { ...resolved, transferId: transfer.id }));
}

/** Minor units that the books would need to say what the statement says. */
function missingInBooks({ kind, amount }: Break): bigint {
  return kind === 'books_only' ? -amount : amount;
}

function writingOff(
  found: Break,
  { accountId, currency }: Nostro,
  writeOffAccountId: Nostro['accountId'],
  note: string,
): TransferInstruction {
  const missing = missingInBooks(found);
  const amount = missing < 0n ? -missing : missing;
  const [debit, credit] =
    missing > 0n ? [accountId, writeOffAccountId] : [writeOffAccountId, accountId];
  return {
    kind: 'transfer',
    externalId: `write-off:${found.id}`,
    description: note,
    legs: [
      { accountId: debit, side: 'debit', amount, currency },
      { accountId: credit, side: 'credit', amount, currency },
    ],
  };
}

async function matchByHand(
  tx: Transaction,
  nostro: Nostro,
  breaks: readonly Break[],
  versions: readonly bigint[],
): Promise<NonNullable<Break['matchId']>> {
  const id = idOf('mat', newUuid(msOf(tx.now)));
  const statement = breaks.flatMap(({ statementId, place }) => {
    return statementId === undefined || place === undefined ? [] : [{ statementId, place }];
  });
  const books = breaks.flatMap(({ version }) => version ?? []);
  await insertMatches(tx, nostro, [
    { id, rule: 'person', statement, books: [...books, ...versions] },
  ]);
  return id;
}

function resolvedAs(resolution: NonNullable<Break['resolution']>, note: string) {
  return { state: 'resolved', resolution, note, waitUntil: undefined } as const;
}

async function lockOpen(
  tx: Transaction,
  ids: readonly BreakId[],
): Promise<Changed<readonly [Break, ...Break[]]>> {
  const breaks = await lockBreaks(tx, ids);
  const [first, ...others] = breaks;
  if (first === undefined || breaks.length < new Set(ids).size) {
    return no('break_unknown', 'There is no such break.', 'id');
  }
  if (breaks.some(({ state }) => state === 'resolved')) {
    return no('break_resolved', 'The break has been resolved.');
  }
  return accept([first, ...others]);
}

async function store(tx: Transaction, before: Break, changed: Break): Promise<Break> {
  const after = { ...changed, changedAt: tx.now };
  await updateBreak(tx, after);
  const action = reconciliationActions['payments.break.change'];
  await record(tx, [{ action, target: after.id, before: factsOf(before), after: factsOf(after) }]);
  if (after.state === 'resolved') {
    const data = { amount: String(after.amount), kind: after.kind, nostro_id: after.nostroId };
    const type = 'reconciliation.break_resolved';
    const resolution = after.resolution ?? null;
    await emit(tx, [{ type, subject: after.id, data: { ...data, resolution } }]);
  }
  return after;
}

function factsOf(given: Break): JsonObject {
  return {
    amount: String(given.amount),
    assignee: given.assignee ?? null,
    kind: given.kind,
    match_id: given.matchId ?? null,
    resolution: given.resolution ?? null,
    state: given.state,
    transfer_id: given.transferId ?? null,
    wait_until: given.waitUntil === undefined ? null : formatDate(given.waitUntil),
  };
}
