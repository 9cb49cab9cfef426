// A hand with every right, for tests: it edits any column of any row, deletes rows and puts them
// back elsewhere, in ways drawn from a seed, inside a transaction that is undone.

import { openSession, type Query, type Session } from '#platform';

/** A seeded source of whole numbers below a bound (mulberry32). */
export function seededRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

export type Random = ReturnType<typeof seededRandom>;

/**
 * Runs in a transaction of the owner whose triggers sleep, and undoes everything. `inside` is that
 * transaction for whoever would open a connection and begin a snapshot.
 */
export async function tampering<Outcome>(
  url: string,
  run: (hand: Session, inside: () => Promise<Session>) => Promise<Outcome>,
): Promise<Outcome> {
  const hand = await openSession(url);
  try {
    await hand.query({ text: 'begin isolation level repeatable read' });
    await hand.query({ text: 'set local session_replication_role = replica' });
    const inside: Session = {
      query: <Row>(query: Query) =>
        query.text.startsWith('begin ') ? Promise.resolve([]) : hand.query<Row>(query),
      close: () => Promise.resolve(),
    };
    return await run(hand, () => Promise.resolve(inside));
  } finally {
    await hand.close();
  }
}

interface Column {
  readonly name: string;
  readonly type: string;
}

async function columnsOf(hand: Session, table: string): Promise<Column[]> {
  return await hand.query<Column>({
    text: `select a.attname::text as name, format_type(a.atttypid, null) as type
      from pg_attribute a
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
        and a.attgenerated = '' order by a.attnum`,
    values: [table],
  });
}

/** Every column of the table: "schema.table.column". */
export async function columnNames(hand: Session, table: string): Promise<string[]> {
  return (await columnsOf(hand, table)).map(({ name }) => `${table}.${name}`);
}

/**
 * Changes one value of a row drawn at random; answers what was done, or undefined where the table
 * is empty or its constraints would not have it.
 */
export async function editValue(
  hand: Session,
  column: string,
  random: Random,
): Promise<string | undefined> {
  const [schema, tableName, name] = column.split('.') as [string, string, string];
  const table = `${schema}.${tableName}`;
  const type = (await columnsOf(hand, table)).find((each) => each.name === name)?.type;
  const row = await rowAt(hand, table, random);
  if (row === undefined || type === undefined) return undefined;
  const quoted = `"${name}"`;
  const done = await attempt(hand, {
    text: `update ${table} set ${quoted} = ${otherValue(quoted, type, random)}
      where tableoid = $1::oid and ctid = $2::tid returning left(${quoted}::text, 60) as value`,
    values: [row.tableoid, row.ctid],
  });
  const [value] = done ?? [];
  return value === undefined
    ? undefined
    : `${column} of row ${row.ctid} changed to ${String(value['value'])}`;
}

export async function deleteRow(
  hand: Session,
  table: string,
  random: Random,
): Promise<string | undefined> {
  const row = await rowAt(hand, table, random);
  if (row === undefined) return undefined;
  const done = await attempt(hand, {
    text: `delete from ${table} where tableoid = $1::oid and ctid = $2::tid`,
    values: [row.tableoid, row.ctid],
  });
  return done === undefined ? undefined : `row ${row.ctid} of ${table} deleted`;
}

/** Gives a row's value in a column to another row, and the reverse. */
export async function swapValues(
  hand: Session,
  column: string,
  random: Random,
): Promise<string | undefined> {
  const [schema, tableName, name] = column.split('.') as [string, string, string];
  const table = `${schema}.${tableName}`;
  const [one, other] = [await rowAt(hand, table, random), await rowAt(hand, table, random)];
  if (one === undefined || other === undefined) return undefined;
  const done = await attempt(hand, {
    text: `update ${table} t set "${name}" = o."${name}" from ${table} o
      where (t.tableoid, t.ctid, o.tableoid, o.ctid) in (($1::oid, $2::tid, $3::oid, $4::tid),
        ($3::oid, $4::tid, $1::oid, $2::tid)) and t."${name}" is distinct from o."${name}"
      returning 1`,
    values: [one.tableoid, one.ctid, other.tableoid, other.ctid],
  });
  return done?.length === 2 ? `${column} of ${one.ctid} and ${other.ctid} swapped` : undefined;
}

/** Inserts a row once more, with another value in one column. */
export async function copyRow(
  hand: Session,
  column: string,
  random: Random,
): Promise<string | undefined> {
  const [schema, tableName, name] = column.split('.') as [string, string, string];
  const table = `${schema}.${tableName}`;
  const type = (await columnsOf(hand, table)).find((each) => each.name === name)?.type;
  const row = await rowAt(hand, table, random);
  if (row === undefined || type === undefined) return undefined;
  const other = otherValue(`r."${name}"`, type, random);
  const done = await attempt(hand, {
    text: `insert into ${table} overriding system value
      select (jsonb_populate_record(null::${table},
        to_jsonb(r) || jsonb_build_object('${name}', (${other})::text))).*
      from ${table} r where r.tableoid = $1::oid and r.ctid = $2::tid returning 1`,
    values: [row.tableoid, row.ctid],
  });
  return done?.length === 1 ? `row ${row.ctid} of ${table} copied with another ${name}` : undefined;
}

interface RowPlace {
  readonly tableoid: string;
  readonly ctid: string;
}

async function rowAt(hand: Session, table: string, random: Random): Promise<RowPlace | undefined> {
  const rows = await hand.query<RowPlace>({
    text: `select tableoid::text, ctid::text from ${table} order by tableoid, ctid`,
  });
  return rows.length === 0 ? undefined : rows[random(rows.length)];
}

/** Undefined where the database would not have it, which undoes it alone. */
export async function attempt(
  hand: Session,
  query: Query,
): Promise<Record<string, unknown>[] | undefined> {
  await hand.query({ text: 'savepoint before_attempt' });
  try {
    return await hand.query(query);
  } catch {
    await hand.query({ text: 'rollback to savepoint before_attempt' });
    return undefined;
  }
}

/** SQL for another value than the column has. */
function otherValue(column: string, type: string, random: Random): string {
  const step = random(2) === 0 ? random(5) + 1 : -(random(5) + 1);
  switch (type) {
    case 'bigint':
    case 'integer':
    case 'smallint':
      return `coalesce(${column} + ${step}, 7)`;
    case 'boolean':
      return `not ${column}`;
    case 'text':
      return otherText(column, random);
    case 'bytea': {
      const place = `${random(1_000)} % length(${column})`;
      return `set_byte(${column}, ${place}, get_byte(${column}, ${place}) # ${1 + random(255)})`;
    }
    case 'uuid': {
      const place = `${25 + random(12)}`;
      return `coalesce(overlay(${column}::text placing
        translate(substr(${column}::text, ${place}, 1), '0123456789abcdef', '123456789abcdef0')
        from ${place} for 1)::uuid, gen_random_uuid())`;
    }
    case 'timestamp with time zone':
      return `coalesce(${column} + interval '${step * 10 ** random(7)} milliseconds', now())`;
    case 'jsonb':
      return `coalesce(${column}, '{}') || '{"tampered": "${random(1_000)}"}'`;
    case 'bigint[]':
    case 'integer[]':
      return `array_append(${column}, ${random(1_000)})`;
    case 'int8multirange':
      return `${column} + '{[${900_000 + random(1_000)},901000)}'::int8multirange`;
    default:
      if (type.endsWith('[]')) return `${column}[2:] || ${column}[1:1] || ${column}[1:1]`;
      return `coalesce((select value from unnest(enum_range(null::${type})) as value
        where value <> ${column} order by md5(value::text || '${random(1_000)}') limit 1),
        (enum_range(null::${type}))[1])`;
  }
}

function otherText(column: string, random: Random): string {
  const choices = [
    `${column} || 'x'`,
    `substr(${column}, 2)`,
    `overlay(${column} placing chr(97 + ${random(26)}) from greatest(1, length(${column}) / 2))`,
  ];
  return `coalesce(nullif(${choices[random(choices.length)]}, ${column}), ${column} || 'y', 'z')`;
}
