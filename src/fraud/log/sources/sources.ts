// What decisions offer so that the audit log can be shown to be complete: every batch, with the
// digest of its decisions as they are now, so that one that was changed later is not what its
// record says; and every annulment.

import { canonical, statementOfNew, type ReconcileSource, type RowBatch } from '#audit';
import { formatInstant, isId, uuidOf } from '#kernel';
import { selectBatches } from '../../screening/decision-store.ts';
import { batchDigest } from '../../screening/digest.ts';
import { factsOfBatch } from '../../screening/facts.ts';
import type { ScreeningBatchId } from '../../screening/item.ts';
import { factsOfAnnulment, type AnnulmentId } from '../annulment/annulment.ts';
import { selectAnnulments } from '../annulment/annulment-store.ts';
import { selectBatchIds } from '../log-store.ts';

/** Each has up to hundreds of decisions, which are read as a whole. */
const BATCH_ROWS = 100;
const DECIDE = 'fraud.batch.decide';

const batches: ReconcileSource = {
  name: 'screening batch',
  retention: 'books',
  actions: [DECIDE],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after: ScreeningBatchId | undefined;
    for (;;) {
      const ids = await selectBatchIds(queryable, { after, countMax: BATCH_ROWS });
      const rows = await selectBatches(queryable, ids);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      const facts = rows.map((batch) => {
        const told = factsOfBatch({ ...batch, sha256: batchDigest(batch) });
        const at = formatInstant(batch.madeAt);
        return { target: batch.id, at, text: `${DECIDE} ${canonical(told)}` };
      });
      yield { rows: rows.length, facts, at: formatInstant(last.madeAt) };
    }
  },
  async existing(queryable, targets) {
    const ids = targets.filter((target): target is ScreeningBatchId => isId('scb', target));
    return new Set(await selectBatchIds(queryable, { ids, countMax: ids.length }));
  },
  statementOf: statementOfNew,
};

const ANNUL = 'fraud.history.annul';
const ANNULMENT_ROWS = 1_000;

const annulments: ReconcileSource = {
  name: 'annulment of screening',
  retention: 'books',
  actions: [ANNUL],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after: AnnulmentId | undefined;
    for (;;) {
      const rows = await selectAnnulments(queryable, { after }, ANNULMENT_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      const facts = rows.map((annulment) => {
        const text = `${ANNUL} ${canonical(factsOfAnnulment(annulment))}`;
        return { target: annulment.id, at: formatInstant(annulment.madeAt), text };
      });
      yield { rows: rows.length, facts, at: formatInstant(last.madeAt) };
    }
  },
  async existing(queryable, targets) {
    const ids = targets.filter((target): target is AnnulmentId => isId('anl', target)).map(uuidOf);
    const found = await selectAnnulments(queryable, { ids }, ids.length);
    return new Set(found.map(({ id }) => id));
  },
  statementOf: statementOfNew,
};

/** For whoever verifies that the audit log is complete. */
export const decisionSources: readonly ReconcileSource[] = [batches, annulments];
