// The SQL that reads signed tree heads.

import { assert, type Instant } from '#kernel';
import { int8Array, type Queryable } from '#platform';

/** A signed tree head. */
export interface Checkpoint {
  readonly size: number;
  readonly root: Buffer;
  /** The signed note (c2sp.org/tlog-checkpoint). */
  readonly note: string;
  readonly createdAt: Instant;
}

interface CheckpointRow {
  readonly size: bigint;
  readonly root: Buffer;
  readonly note: string;
  readonly created_at_us: bigint;
}

const columns = `c.size, c.root, c.note,
  (extract(epoch from c.created_at) * 1000000)::bigint as created_at_us`;

function checkpointOfRow(row: CheckpointRow): Checkpoint {
  const { size, root, note, created_at_us: createdAt } = row;
  return { size: Number(size), root, note, createdAt: Number(createdAt) as Instant };
}

/** Undefined while the log is empty. */
export async function latestCheckpoint(queryable: Queryable): Promise<Checkpoint | undefined> {
  const [row] = await queryable.query<CheckpointRow>({
    name: 'audit.latest_checkpoint',
    text: `select ${columns} from audit.checkpoints c order by c.size desc limit 1`,
  });
  return row === undefined ? undefined : checkpointOfRow(row);
}

/** The checkpoint at exactly this size. */
export async function checkpointOf(
  queryable: Queryable,
  size: number,
): Promise<Checkpoint | undefined> {
  assert(Number.isSafeInteger(size), 'a size is a whole number');
  return (await selectCheckpoints(queryable, [size])).get(size);
}

/** The checkpoints at these sizes, by size. */
export async function selectCheckpoints(
  queryable: Queryable,
  sizes: readonly number[],
): Promise<Map<number, Checkpoint>> {
  const rows = await queryable.query<CheckpointRow>({
    name: 'audit.select_checkpoints',
    text: `select ${columns} from audit.checkpoints c where c.size = any($1::bigint[])`,
    values: [int8Array(sizes.map(BigInt))],
  });
  return new Map(rows.map((row) => [Number(row.size), checkpointOfRow(row)]));
}
