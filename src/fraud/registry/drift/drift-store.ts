// The SQL of drift: what each process that screens saw last, and what was told of it.

import { formatInstant, type Instant, type Uuid } from '#kernel';
import type { Transaction } from '#platform';
import type { ToldLevel } from './levels.ts';

export interface Told {
  readonly model: string;
  readonly level: ToldLevel;
}

/** What was told last, steady before anything was; nobody else tells until the end. */
export async function lockTold(tx: Transaction, tenant: string, model: string): Promise<Told> {
  const [row] = await tx.query<Told>({
    text: `insert into fraud.drift_told as t (tenant, model, level, told_at)
      values ($1, $2, 'steady', $3::timestamptz)
      on conflict (tenant) do update set told_at = t.told_at
      returning model, level`,
    values: [tenant, model, formatInstant(tx.now)],
  });
  return row ?? { model, level: 'steady' };
}

export async function updateTold(
  tx: Transaction,
  tenant: string,
  { model, level }: Told,
): Promise<void> {
  await tx.query({
    text: `update fraud.drift_told set model = $2, level = $3, told_at = $4::timestamptz
      where tenant = $1`,
    values: [tenant, model, level, formatInstant(tx.now)],
  });
}

/** What this process sees takes the place of what it saw; what is older than a time goes. */
export async function putSeen(
  tx: Transaction,
  { tenant, run, model, level }: Told & { readonly tenant: string; readonly run: Uuid },
  before: Instant,
): Promise<void> {
  await tx.query({
    text: 'delete from fraud.drift_seen where tenant = $1 and seen_at < $2::timestamptz',
    values: [tenant, formatInstant(before)],
  });
  await tx.query({
    text: `insert into fraud.drift_seen (tenant, run, model, level, seen_at)
      values ($1, $2, $3, $4, $5::timestamptz)
      on conflict (tenant, run) do update
      set model = excluded.model, level = excluded.level, seen_at = excluded.seen_at`,
    values: [tenant, run, model, level, formatInstant(tx.now)],
  });
}

/** Of all processes that screen with the model. */
export async function levelsSeen(
  tx: Transaction,
  tenant: string,
  model: string,
): Promise<ToldLevel[]> {
  const rows = await tx.query<{ level: ToldLevel }>({
    text: 'select s.level from fraud.drift_seen s where s.tenant = $1 and s.model = $2',
    values: [tenant, model],
  });
  return rows.map(({ level }) => level);
}
