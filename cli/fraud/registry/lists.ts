// florin fraud lists VERB: shows who is listed to be allowed, blocked or watched, puts entries on a
// list and takes them off, one at a time or by files of any size.

import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { limits } from '#config';
import {
  listEntries,
  listKinds,
  listPurposes,
  openListNames,
  putListEntries,
  takeListEntries,
  type ListKind,
  type ListPurpose,
} from '#fraud';
import { formatInstant, parseInstant, type Instant } from '#kernel';
import { createProgress } from '../../progress.ts';
import { grouped } from '../../rules-report.ts';
import { EXIT_DONE, parseCount, parseStrictly, UsageError, type Environment } from '../../usage.ts';
import { print } from '../print.ts';
import { done, refused, runVerb, tenantOption, type Asked, type AtBank } from './within.ts';

const SHOWN_MAX = 1_000;

const parsers = { show: parseShow, put: parsePut, take: parseTake, load: parseLoad } as const;

export async function runLists(args: string[], env: Environment): Promise<number> {
  return await runVerb('lists', parsers, args, env);
}

function purposeOf(text: string | undefined): ListPurpose {
  const purpose = listPurposes.find((each) => each === text);
  if (purpose !== undefined) return purpose;
  throw new UsageError(`A list is one of ${listPurposes.join(', ')}.`);
}

function kindOf(text: string | undefined, where = ''): ListKind {
  const kind = listKinds.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new UsageError(`${where}What is listed is one of ${listKinds.join(', ')}.`);
}

function instantIn(text: string | undefined, where = ''): Instant | undefined {
  const instant = text === undefined ? undefined : parseInstant(text);
  if (text === undefined || instant !== undefined) return instant;
  throw new UsageError(`${where}${JSON.stringify(text)} is no time such as 2027-01-01T00:00:00Z.`);
}

function parseShow(args: string[]): Asked {
  const options = {
    ...tenantOption,
    kind: { type: 'string' },
    value: { type: 'string' },
    first: { type: 'string', default: '50' },
  } as const;
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const purpose = purposeOf(positionals[0]);
  const kind = values.kind === undefined ? undefined : kindOf(values.kind);
  const { value } = values;
  if (value !== undefined && kind === undefined) throw new UsageError('--value needs a --kind.');
  const limit = parseCount(values.first, { name: 'first', min: 1, max: SHOWN_MAX });
  return {
    tenant: values.tenant,
    async act({ queryable, tenant, database, clock }) {
      const nameOf = await openListNames(database.keys, tenant);
      const named = kind === undefined || value === undefined ? undefined : nameOf(kind, value);
      const asked = { tenant, purpose, kind, value: named, limit };
      const found = await listEntries(queryable, asked, clock.now());
      if (found.length === 0) return done('Nothing is listed.');
      const lines = found.map((entry) => {
        const until =
          entry.until === undefined ? 'for ever' : `until ${formatInstant(entry.until)}`;
        const span = `from ${formatInstant(entry.from)} ${until}`;
        const { kind: listed, value: name, putBy, note = '' } = entry;
        return `${listed}  ${name}  ${span}  ${putBy}  ${note}`.trimEnd();
      });
      return done(...lines);
    },
  };
}

function keyOf(verb: string, positionals: readonly string[]) {
  const [purpose, kind, value, ...rest] = positionals;
  if (value === undefined || value === '' || rest.length > 0) {
    throw new UsageError(`fraud lists ${verb} takes a LIST, a KIND and a VALUE.`);
  }
  return { purpose: purposeOf(purpose), kind: kindOf(kind), value };
}

function parsePut(args: string[]): Asked {
  const options = {
    ...tenantOption,
    until: { type: 'string' },
    note: { type: 'string' },
  } as const;
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const { purpose, kind, value } = keyOf('put', positionals);
  const until = instantIn(values.until);
  const { note } = values;
  return {
    tenant: values.tenant,
    async act({ tenant, database, change }) {
      const nameOf = await openListNames(database.keys, tenant);
      const entry = { kind, value: nameOf(kind, value), until, note };
      const put = await change((tx) => putListEntries(tx, purpose, [entry]));
      if (!put.ok) return refused(put.refusal);
      return done(`${kind} ${entry.value} is listed, revision ${put.value.revision}.`);
    },
  };
}

function parseTake(args: string[]): Asked {
  const { values, positionals } = parseStrictly({
    args,
    options: tenantOption,
    allowPositionals: true,
  });
  const { purpose, kind, value } = keyOf('take', positionals);
  return {
    tenant: values.tenant,
    async act({ tenant, database, queryable, clock, change }) {
      const nameOf = await openListNames(database.keys, tenant);
      const key = { kind, value: nameOf(kind, value) };
      const asked = { tenant, purpose, ...key, limit: 1 };
      const [found] = await listEntries(queryable, asked, clock.now());
      if (found === undefined) return refused({ message: `${kind} ${key.value} is not listed.` });
      const taken = await change((tx) => takeListEntries(tx, purpose, [key]));
      if (!taken.ok) return refused(taken.refusal);
      return done(`${kind} ${key.value} is listed no longer, revision ${taken.value.revision}.`);
    },
  };
}

function parseLoad(args: string[]): Asked {
  const options = { ...tenantOption, take: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const [list, file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) {
    throw new UsageError('fraud lists load takes a LIST and a FILE of one JSON object a line.');
  }
  const purpose = purposeOf(list);
  return {
    tenant: values.tenant,
    act: async (bank) => await load(bank, { purpose, file, isTaken: values.take }),
  };
}

interface Load {
  readonly purpose: ListPurpose;
  readonly file: string;
  readonly isTaken: boolean;
}

/** By thousands, each in a transaction of its own: begun again, it does no harm. */
async function load(bank: AtBank, { purpose, file, isTaken }: Load): Promise<number> {
  const nameOf = await openListNames(bank.database.keys, bank.tenant);
  const progress = createProgress(process.stderr);
  progress.start('loading', { total: sizeOf(file), unit: 'bytes' });
  let [put, taken] = [0, 0];
  for await (const { lines, bytes } of partsOf(file)) {
    // The last of those for one value counts, as it would one after the other.
    const entries = new Map(
      lines.map(({ kind, value, ...rest }) => {
        const named = nameOf(kind, value);
        return [`${kind} ${named}`, { kind, value: named, ...rest }];
      }),
    );
    const given = [...entries.values()];
    const change = await bank.change((tx) =>
      isTaken ? takeListEntries(tx, purpose, given) : putListEntries(tx, purpose, given),
    );
    if (!change.ok) return refused(change.refusal);
    put += change.value.put;
    taken += change.value.taken;
    progress.advance(bytes);
  }
  progress.finish();
  print([`${file}: ${grouped(put)} entries put, ${grouped(taken)} replaced or taken.`]);
  return EXIT_DONE;
}

interface Line {
  readonly kind: ListKind;
  readonly value: string;
  readonly until: Instant | undefined;
  readonly note: string | undefined;
}

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() === true) return found.size;
  throw new UsageError(`${file} cannot be read: there is no such file.`);
}

interface Part {
  readonly lines: readonly Line[];
  readonly bytes: number;
}

async function* partsOf(file: string): AsyncGenerator<Part> {
  const input = createReadStream(file);
  let lines: Line[] = [];
  let [number, bytes] = [0, 0];
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    bytes += Buffer.byteLength(text) + 1;
    if (text.trim() === '') continue;
    lines.push(lineOf(text, `${file}:${number}`));
    if (lines.length < limits.fraudListChangeMax.value) continue;
    yield { lines, bytes };
    [lines, bytes] = [[], 0];
  }
  if (lines.length > 0) yield { lines, bytes };
}

const VALUE_LENGTH_MAX = 256;
const NOTE_LENGTH_MAX = 500;

function lineOf(text: string, where: string): Line {
  const { kind, value, until, note, ...rest } = membersOf(text, where);
  const [more] = Object.keys(rest);
  if (more !== undefined) throw new UsageError(`${where}: there is no member ${more}.`);
  const named = textIn(value, VALUE_LENGTH_MAX);
  if (named === undefined) throw new UsageError(`${where}: "value" must be a text.`);
  const told = note === undefined ? undefined : textIn(note, NOTE_LENGTH_MAX);
  if (note !== undefined && told === undefined) {
    throw new UsageError(`${where}: "note" must be a text of at most ${NOTE_LENGTH_MAX} letters.`);
  }
  return {
    kind: kindOf(textIn(kind, VALUE_LENGTH_MAX), `${where}: `),
    value: named,
    until:
      until === undefined
        ? undefined
        : instantIn(textIn(until, VALUE_LENGTH_MAX) ?? '', `${where}: `),
    note: told,
  };
}

function textIn(value: unknown, lengthMax: number): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > lengthMax) return undefined;
  return value;
}

function membersOf(text: string, where: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`${where}: expected a JSON object with a kind and a value.`);
}
