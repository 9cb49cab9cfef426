// The first step of a file: all of it is read, once, before any of it moves money. Its digest, its
// faults and its totals are found, and it is accepted or refused.

import { createHash } from 'node:crypto';
import { record } from '#audit';
import { limits } from '#config';
import { emit, type Transaction } from '#platform';
import { fileActions } from '../audit-actions.ts';
import { readContent } from '../content.ts';
import { judge, type Findings, type Verdict } from '../file.ts';
import type { FileFault, FileItem, FileTotals } from '../format.ts';
import { insertAnswer, insertFaults, type FileAnswer } from '../store/entry-store.ts';
import { concludeCheck, isMessageKnown, selectParts, tellChecked } from '../store/file-store.ts';
import { writeAnswer } from './answer.ts';
import { contextFor, leaseUntil, requireLease, type Work } from './world.ts';

const MESSAGE_ID_LENGTH_MAX = 200;
const noTotals: FileTotals = { entries: 0, batches: 0, debits: 0n, credits: 0n };

export async function checkFile(work: Work): Promise<void> {
  const reading = new Reading(work);
  for await (const item of work.format.read(reading.source())) reading.take(item);
  const found = await reading.findings();
  const verdict = judge(work.agreement, found);
  const refusal = verdict.state === 'refused' ? verdict.reason : undefined;
  const whole = { refusal, posted: 0, returned: found.totals.entries };
  const answer = refusal === undefined ? undefined : await writeAnswer(work, whole);
  await work.world.database.transaction(contextFor(work), (tx) =>
    conclude(tx, work, { found, verdict, kept: reading.faults, answer }),
  );
}

// What is known of a file that is being read. Faults are kept up to a limit and counted beyond it.
class Reading {
  readonly faults: FileFault[] = [];
  readonly #work: Work;
  readonly #hash = createHash('sha256');
  #totals = noTotals;
  #messageId: string | undefined;
  #faults = 0;
  #isWholeAtFault = false;
  #debitEntries = 0;
  #largest = 0n;

  constructor(work: Work) {
    this.#work = work;
  }

  async *source(): AsyncGenerator<Buffer> {
    const { world, file, lease } = this.#work;
    const parts = await selectParts(world.database, file.id);
    let bytes = 0;
    let toldMs = performance.now();
    for await (const part of readContent(world, file, parts)) {
      this.#hash.update(part);
      yield part;
      bytes += part.length;
      if (performance.now() - toldMs < limits.fileProgressEveryMs.value) continue;
      toldMs = performance.now();
      const until = leaseUntil(world.clock.now());
      requireLease(await tellChecked(world.database, lease, { bytes, until }));
    }
  }

  take(item: FileItem): void {
    if (item.kind === 'entry') {
      const { kind, amount } = item.entry;
      if (kind === 'debit') this.#debitEntries += 1;
      if (amount > this.#largest) this.#largest = amount;
    } else if (item.kind === 'fault') {
      this.#faults += 1;
      if (item.fault.scope === 'file') this.#isWholeAtFault = true;
      if (this.faults.length < limits.fileFaultsKeptMax.value) this.faults.push(item.fault);
    } else if (item.kind === 'file') {
      const { messageId } = item;
      const isNamed = messageId !== '' && messageId.length <= MESSAGE_ID_LENGTH_MAX;
      this.#messageId = isNamed ? messageId : undefined;
    } else if (item.kind === 'end') {
      this.#totals = item.totals;
    }
  }

  async findings(): Promise<Findings> {
    const { world, file } = this.#work;
    const messageId = this.#messageId;
    const sees = world.database.within(file.tenant);
    const entriesMax = limits.fileEntriesMax.value;
    return {
      messageId,
      totals: this.#totals,
      faults: this.#faults,
      // Faults that are not kept could not be left out entry by entry.
      isWholeAtFault:
        this.#isWholeAtFault ||
        this.#faults > this.faults.length ||
        this.#totals.entries > entriesMax,
      isDigestRight: this.#hash.digest('hex') === file.sha256,
      isMessageKnown: messageId !== undefined && (await isMessageKnown(sees, file, messageId)),
      debitEntries: this.#debitEntries,
      largest: this.#largest,
    };
  }
}

interface Conclusion {
  readonly found: Findings;
  readonly verdict: Verdict;
  readonly kept: readonly FileFault[];
  readonly answer: FileAnswer | undefined;
}

async function conclude(
  tx: Transaction,
  { file, lease }: Work,
  { found, verdict, kept, answer }: Conclusion,
): Promise<void> {
  const reason = verdict.state === 'refused' ? verdict.reason : undefined;
  const { messageId, totals, faults } = found;
  const checked = { to: verdict.state, reason, messageId, totals, faults };
  requireLease(await concludeCheck(tx, lease, checked));
  await insertFaults(tx, file.id, kept, 0);
  if (answer !== undefined) await insertAnswer(tx, file.id, answer);
  const sums = {
    batches: totals.batches,
    credits: totals.credits.toString(),
    debits: totals.debits.toString(),
    entries: totals.entries,
    faults,
  };
  const action = fileActions['payments.file.judge'];
  const after = { ...sums, reason, state: verdict.state };
  await record(tx, [{ action, target: file.id, after }]);
  const data = { ...sums, agreement_id: file.agreementId, reason: reason ?? null };
  await emit(tx, [{ type: `file.${verdict.state}`, subject: file.id, data }]);
}
