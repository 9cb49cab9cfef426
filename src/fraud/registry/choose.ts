// Owns how what is in force changes: one at a time for each tenant, each change with a revision of
// its own, its choices, their audit records and the event that tells of it.

import { record } from '#audit';
import { idOf, msOf, newUuid, type Uuid } from '#kernel';
import { emit, type EventData, type Transaction } from '#platform';
import { registryActions } from './audit-actions.ts';
import { factsOfChoice, tenantOf } from './facts.ts';
import {
  chosenAt,
  insertChoices,
  type Choice,
  type Chosen,
  type Place,
} from './store/choice-store.ts';
import { lockRevision, writeRevision, type Revision } from './store/revision-store.ts';

export interface InForce {
  readonly tenant: string;
  readonly now: Revision;
  readonly chosen: Chosen;
}

/** What is in force, which nobody else changes until the transaction ends. */
export async function lockInForce(tx: Transaction): Promise<InForce> {
  const tenant = tenantOf(tx);
  const now = await lockRevision(tx, tenant);
  return { tenant, now, chosen: await chosenAt(tx, { tenant, revision: now.revision }) };
}

export interface Change {
  /** Undefined: the place becomes empty. */
  readonly chosen: Partial<Record<Place, Uuid | undefined>>;
  readonly event: { readonly type: string; readonly subject: string; readonly data: EventData };
  /** Why, where there is more to say than the choice itself. */
  readonly note?: string | undefined;
}

/** Answers the new revision. */
export async function choose(
  tx: Transaction,
  { tenant, now }: InForce,
  { chosen, event, note }: Change,
): Promise<number> {
  const revision = now.revision + 1;
  const choices = entriesOf(chosen).map(([place, id]): Choice => {
    return { id: newUuid(msOf(tx.now)), tenant, place, revision, chosen: id, note };
  });
  await insertChoices(tx, choices);
  await writeRevision(tx, tenant, { ...now, revision });
  const action = registryActions['fraud.choice.make'];
  await record(
    tx,
    choices.map((choice) => {
      return { action, target: idOf('fch', choice.id), after: factsOfChoice(choice) };
    }),
  );
  await emit(tx, [{ ...event, data: { ...event.data, revision } }]);
  return revision;
}

function entriesOf(chosen: Change['chosen']): [Place, Uuid | undefined][] {
  const all: readonly Place[] = ['rule_set', 'champion', 'challenger'];
  return all.filter((place) => place in chosen).map((place) => [place, chosen[place]]);
}
