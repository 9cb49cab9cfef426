// The SQL of models. What they were written as is read only to serve them; lists do without it.

import { formatInstant, idOf, type Id, type Instant, uuidOf, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { ModelCard } from '../../model/card.ts';
import type { DriftReference } from '../../model/drift.ts';

export type ModelId = Id<'mdl'>;

export interface StoredModel {
  readonly id: ModelId;
  readonly tenant: string;
  readonly version: string;
  readonly featureSet: string;
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly hasDriftReference: boolean;
  readonly card: ModelCard | undefined;
  readonly madeAt: Instant;
  readonly madeBy: string;
}

interface ModelRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly version: string;
  readonly feature_set: string;
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly has_drift: boolean;
  readonly card: ModelCard | null;
  readonly made_at_us: bigint;
  readonly made_by: string;
}

const columns = `m.id, m.tenant, m.version, m.feature_set, length(m.content) as bytes, m.sha256,
  m.drift is not null as has_drift, m.card,
  (extract(epoch from m.made_at) * 1000000)::bigint as made_at_us, m.made_by`;

function modelOf(row: ModelRow): StoredModel {
  return {
    id: idOf('mdl', row.id),
    tenant: row.tenant,
    version: row.version,
    featureSet: row.feature_set,
    bytes: row.bytes,
    sha256: row.sha256,
    hasDriftReference: row.has_drift,
    card: row.card ?? undefined,
    madeAt: Number(row.made_at_us) as Instant,
    madeBy: row.made_by,
  };
}

/** Whether it was inserted: the same trees may be there already. */
export async function insertModel(
  tx: Transaction,
  model: Pick<StoredModel, 'id' | 'tenant' | 'version' | 'featureSet' | 'sha256' | 'card'>,
  content: { readonly bytes: Buffer; readonly drift: DriftReference | undefined },
): Promise<boolean> {
  const { card } = model;
  const { bytes, drift } = content;
  const rows = await tx.query({
    text: `insert into fraud.models (id, tenant, version, feature_set, content, sha256, drift, card,
        made_at, made_by)
      values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9::timestamptz, $10)
      on conflict do nothing returning 1`,
    values: [
      uuidOf(model.id),
      model.tenant,
      model.version,
      model.featureSet,
      bytes,
      model.sha256,
      drift === undefined ? null : JSON.stringify(drift),
      card === undefined ? null : JSON.stringify(card),
      formatInstant(tx.now),
      tx.actor,
    ],
  });
  return rows.length === 1;
}

export async function findModel(
  queryable: Queryable,
  tenant: string,
  id: Uuid,
): Promise<StoredModel | undefined> {
  const [row] = await queryable.query<ModelRow>({
    text: `select ${columns} from fraud.models m where m.id = $1 and m.tenant = $2`,
    values: [id, tenant],
  });
  return row && modelOf(row);
}

/** As it was written, with what is known of the rows it was trained on. */
export async function readModel(
  queryable: Queryable,
  tenant: string,
  id: Uuid,
): Promise<{ version: string; content: Buffer; drift: unknown } | undefined> {
  const [row] = await queryable.query<{ version: string; content: Buffer; drift: unknown }>({
    text: `select m.version, m.content, m.drift from fraud.models m
      where m.id = $1 and m.tenant = $2`,
    values: [id, tenant],
  });
  return row;
}

/** The latest first. */
export async function listModels(
  queryable: Queryable,
  asked: {
    readonly tenant: string;
    readonly before?: ModelId | undefined;
    readonly limit: number;
  },
): Promise<StoredModel[]> {
  const { tenant, before, limit } = asked;
  const rows = await queryable.query<ModelRow>({
    text: `select ${columns} from fraud.models m
      where m.tenant = $1 and ($2::uuid is null or m.id < $2) order by m.id desc limit $3`,
    values: [tenant, before === undefined ? null : uuidOf(before), limit],
  });
  return rows.map(modelOf);
}
