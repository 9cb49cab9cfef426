// The SQL of choices: which rule set, champion and challenger hold their places from which revision
// on.

import { formatInstant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';

export const places = ['rule_set', 'champion', 'challenger'] as const;
export type Place = (typeof places)[number];

export interface Choice {
  readonly id: Uuid;
  readonly tenant: string;
  readonly place: Place;
  readonly revision: number;
  /** Undefined: from there on there is none in this place. */
  readonly chosen: Uuid | undefined;
  /** Why, where whoever chose had more to say. */
  readonly note: string | undefined;
}

/** What holds each place; undefined where nothing does. */
export type Chosen = Readonly<Record<Place, Uuid | undefined>>;

export async function insertChoices(tx: Transaction, choices: readonly Choice[]): Promise<void> {
  for (const { id, tenant, place, revision, chosen = null, note = null } of choices) {
    await tx.query({
      text: `insert into fraud.choices (id, tenant, place, revision, chosen, note, made_at, made_by)
        values ($1, $2, $3, $4, $5, $6, $7::timestamptz, $8)`,
      values: [id, tenant, place, revision, chosen, note, formatInstant(tx.now), tx.actor],
    });
  }
}

export async function chosenAt(
  queryable: Queryable,
  { tenant, revision }: { readonly tenant: string; readonly revision: number },
): Promise<Chosen> {
  const rows = await queryable.query<{ place: Place; chosen: Uuid | null }>({
    text: `select distinct on (c.place) c.place, c.chosen from fraud.choices c
      where c.tenant = $1 and c.revision <= $2 order by c.place, c.revision desc`,
    values: [tenant, revision],
  });
  const chosenFor = (place: Place): Uuid | undefined =>
    rows.find((row) => row.place === place)?.chosen ?? undefined;
  return {
    rule_set: chosenFor('rule_set'),
    champion: chosenFor('champion'),
    challenger: chosenFor('challenger'),
  };
}
