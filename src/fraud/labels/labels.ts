// The verb by which it becomes known whether something was fraud: a list of labels, each kept with
// its audit record and its event, from which screening learns. What a source says twice under one
// name is said once.

import { record } from '#audit';
import { accept, assert, Fault, formatInstant, idOf, msOf, uuidBatch, type Result } from '#kernel';
import { emit, FIRST_TENANT, type Transaction } from '#platform';
import { fraudCaseActions } from '../cases/audit-actions.ts';
import { no, type FraudCaseRefusal } from '../cases/refusals.ts';
import { differenceOf, factsOfLabel, type Label, type NewLabel } from './label.ts';
import { decidedEvents, insertLabels, selectByNames } from './label-store.ts';

export interface Labelled {
  readonly label: Label;
  /** Whether it was said before. */
  readonly isReplay: boolean;
}

export type LabelResult = Result<Labelled, FraudCaseRefusal>;

/** One result for each, in order. */
export async function labelDecisions(
  tx: Transaction,
  asked: readonly NewLabel[],
): Promise<LabelResult[]> {
  const named = asked.flatMap(({ source, externalId }) => {
    return externalId === undefined ? [] : [{ source, externalId }];
  });
  const known = new Map((await selectByNames(tx, named)).map((label) => [nameOf(label), label]));
  const unnamed = asked.filter((each) => knownOf(known, each) === undefined);
  const happened = await decidedEvents(tx, [
    ...new Set(unnamed.map(({ decisionId }) => decisionId)),
  ]);
  const ids = uuidBatch(msOf(tx.now));
  const made: Label[] = [];
  const results = asked.map((each): LabelResult => {
    const before = knownOf(known, each);
    if (before !== undefined) return again(each, before);
    const { decisionId, knownAt = tx.now } = each;
    const eventAt = happened.get(decisionId);
    if (eventAt === undefined) {
      const message = `There is no decision ${decisionId}.`;
      return no('fraud_label_decision_unknown', message, 'decision_id');
    }
    if (knownAt > tx.now || knownAt < eventAt) {
      const message = `It happened at ${formatInstant(eventAt)}, and is known by now.`;
      return no('fraud_label_time_unfit', message, 'known_at');
    }
    const label = labelOf(tx, { ...each, knownAt }, idOf('lab', ids.next()));
    made.push(label);
    if (label.externalId !== undefined) known.set(nameOf(label), label);
    return accept({ label, isReplay: false });
  });
  await keep(tx, made);
  return results;
}

function labelOf(tx: Transaction, asked: NewLabel, id: Label['id']): Label {
  const { decisionId, isFraud, knownAt = tx.now, source, pattern, caseId, externalId } = asked;
  const said = { decisionId, isFraud, knownAt, source, pattern, caseId, externalId };
  return { id, tenant: tx.tenant ?? FIRST_TENANT, ...said, madeBy: tx.actor };
}

function again(asked: NewLabel, before: Label): LabelResult {
  const difference = differenceOf(asked, before);
  if (difference === undefined) return accept({ label: before, isReplay: true });
  const message = `${before.externalId} was said before, and its ${difference} differs.`;
  return no('fraud_label_exists_with_different_content', message, difference);
}

async function keep(tx: Transaction, labels: readonly Label[]): Promise<void> {
  if (labels.length === 0) return;
  const inserted = await insertLabels(tx, labels);
  // Another transaction has said it under the same name meanwhile: this one begins again and sees.
  if (inserted.size < labels.length) throw new Fault('label_under_way', { retryable: true });
  const action = fraudCaseActions['fraud.label.make'];
  await record(
    tx,
    labels.map((label) => ({ action, target: label.id, after: factsOfLabel(label) })),
  );
  await emit(
    tx,
    labels.map(({ id, decisionId, isFraud, source }) => ({
      type: 'fraud.labelled',
      subject: id,
      data: { decision_id: decisionId, is_fraud: isFraud, source },
    })),
  );
}

function nameOf({ source, externalId }: Pick<NewLabel, 'source' | 'externalId'>): string {
  assert(externalId !== undefined, 'only labels with a name are looked up by it');
  return `${source} ${externalId}`;
}

function knownOf(known: ReadonlyMap<string, Label>, asked: NewLabel): Label | undefined {
  return asked.externalId === undefined ? undefined : known.get(nameOf(asked));
}
