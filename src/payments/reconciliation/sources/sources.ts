// What reconciliation offers so that the audit log can be shown to be complete: every nostro
// account as its latest change left it, every statement that was taken, and what their records
// must say.

import { canonical, statementOfNew, type ReconcileSource, type RowBatch } from '#audit';
import { formatInstant, isId } from '#kernel';
import { findNostro, listNostros } from '../nostro-store.ts';
import { factsOf } from '../nostros.ts';
import type { NostroId, StatementId } from '../nostro.ts';
import { statementsAfter } from '../statement-store.ts';
import { factsOfStatement } from '../take.ts';

const BATCH_ROWS = 2_000;

const nostros: ReconcileSource = {
  name: 'nostro account',
  retention: 'books',
  actions: ['payments.nostro.put'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after: NostroId | undefined;
    for (;;) {
      const rows = await listNostros(queryable, { after, limit: BATCH_ROWS });
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      const facts = rows.map((nostro) => {
        const text = `nostro ${canonical(factsOf(nostro))}`;
        return { target: nostro.id, at: formatInstant(nostro.changedAt), text };
      });
      yield { rows: rows.length, facts, at: formatInstant(last.createdAt) };
    }
  },
  async existing(queryable, targets) {
    const found = new Set<string>();
    for (const target of targets) {
      if (isId('nos', target) && (await findNostro(queryable, target))) found.add(target);
    }
    return found;
  },
  statementOf({ target, before, after = '{}' }) {
    const holds = [{ target, text: `nostro ${after}` }];
    if (before === undefined) return { holds };
    return { holds, ends: [{ target, text: `nostro ${before}` }] };
  },
};

const TAKE = 'payments.statement.take';

const statements: ReconcileSource = {
  name: 'bank statement',
  retention: 'books',
  actions: [TAKE],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after: StatementId | undefined;
    for (;;) {
      const rows = await statementsAfter(queryable, { after }, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      const facts = rows.map((taken) => {
        const text = `${TAKE} ${canonical(factsOfStatement(taken))}`;
        return { target: taken.id, at: formatInstant(taken.recordedAt), text };
      });
      yield { rows: rows.length, facts, at: formatInstant(last.recordedAt) };
    }
  },
  async existing(queryable, targets) {
    const ids = targets.filter((target): target is StatementId => isId('stm', target));
    const found = await statementsAfter(queryable, { ids }, targets.length);
    return new Set(found.map(({ id }) => id));
  },
  statementOf: statementOfNew,
};

/** The tables of reconciliation, for whoever verifies that the audit log is complete. */
export const reconciliationSources: readonly ReconcileSource[] = [nostros, statements];
