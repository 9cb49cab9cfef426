// Owns reading the log: its entries in their order, each with all that a fold needs of it.

import { assert, idOf, uuidOf, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import { selectAnnulments } from './annulment/annulment-store.ts';
import type { LogEntry } from './entry.ts';
import type { ScreeningBatchId } from '../screening/item.ts';
import {
  selectBatchContents,
  selectLabelContents,
  selectLog,
  type BatchContent,
  type LogRange,
} from './log-store.ts';

/** Batches whose events the reader has folded already, so that they need not be read. */
export interface OwnBatches {
  readonly run: Uuid;
  isPending(tenant: string, batch: ScreeningBatchId): boolean;
}

/** Of one tenant, or of all, the next entries after a position; own batches without events. */
export async function readLog(
  q: Queryable,
  range: LogRange,
  own?: OwnBatches,
): Promise<LogEntry[]> {
  const rows = await selectLog(q, range);
  const batches = new Map<Uuid, BatchContent>();
  const others: Uuid[] = [];
  for (const { kind, tenant, id } of rows) {
    if (kind !== 'batch') continue;
    if (own?.isPending(tenant, idOf('scb', id)) === true) {
      batches.set(id, { run: own.run, events: [] });
    } else others.push(id);
  }
  for (const [id, content] of await selectBatchContents(q, others)) batches.set(id, content);
  const labelled = rows.filter(({ kind }) => kind === 'label').map(({ id }) => id);
  const labels = await selectLabelContents(q, labelled);
  const annulled = rows.filter(({ kind }) => kind === 'annulment').map(({ id }) => id);
  const annulments = new Map(
    (annulled.length === 0
      ? []
      : await selectAnnulments(q, { ids: annulled }, annulled.length)
    ).map((annulment) => [uuidOf(annulment.id), annulment]),
  );
  return rows.map(({ position, tenant, kind, id }): LogEntry => {
    const place = { position, tenant };
    const annulment = annulments.get(id);
    if (annulment !== undefined) {
      return { kind: 'annulment', ...place, id: annulment.id, laterThan: annulment.laterThan };
    }
    if (kind === 'batch') {
      const content = batches.get(id);
      assert(content !== undefined, `the log names the batch ${id}, which is not there`);
      return { kind, ...place, id: idOf('scb', id), ...content };
    }
    assert(kind === 'label', `the log names the ${kind} ${id}, which is not there`);
    const label = labels.get(id);
    assert(label !== undefined, `the log names the label ${id}, which is not there`);
    return { kind, ...place, id: idOf('lab', id), label };
  });
}
