// Owns the files that say what is known: the bank's accounts at its cloud, its own address ranges,
// and lists of addresses known to be bad. A line that cannot be read refuses the file: of a list
// with a gap nobody would know what it no longer finds.

import { accept, refuse, type Result } from '#kernel';
import type { AuditRefusal } from '../../refusals.ts';
import { parseRange } from './address.ts';
import { Ranges, type RangeOf } from './ranges.ts';

/** A file as read: its name is shown in events and messages. */
export interface ListFile {
  readonly name: string;
  readonly text: string;
}

export interface BadList {
  readonly name: string;
  readonly ranges: Ranges<true>;
}

export interface EnrichmentLists {
  /** Name of each account, by its id. */
  readonly accounts: ReadonlyMap<string, string>;
  /** The bank's own ranges, each with its name. */
  readonly ownRanges: Ranges<string>;
  readonly badLists: readonly BadList[];
}

export const noLists: EnrichmentLists = {
  accounts: new Map(),
  ownRanges: new Ranges([]),
  badLists: [],
};

type Read<Value> = Result<Value, AuditRefusal<'list_invalid'>>;

/** Lines of an address, a CIDR range or first-last; "#" and ";" begin comments. */
export function readBadList(file: ListFile): Read<BadList> {
  const ranges: RangeOf<true>[] = [];
  for (const { number, text } of linesOf(file.text)) {
    const range = parseRange(text);
    if (range === undefined) return invalid(file, number, 'is no address and no range');
    ranges.push({ ...range, value: true });
  }
  return accept({ name: file.name, ranges: new Ranges(joined(ranges)) });
}

/** Ranges that meet or overlap as one, so that a lookup looks at a single range. */
function joined(ranges: readonly RangeOf<true>[]): RangeOf<true>[] {
  const whole: RangeOf<true>[] = [];
  for (const range of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = whole.at(-1);
    if (before === undefined || range.first > before.last + 1n) whole.push(range);
    else if (range.last > before.last) whole[whole.length - 1] = { ...before, last: range.last };
  }
  return whole;
}

/** Lines of a range and, after white space, its name; without one the range names itself. */
export function readOwnRanges(file: ListFile): Read<Ranges<string>> {
  const ranges: RangeOf<string>[] = [];
  for (const { number, text } of linesOf(file.text)) {
    const [, first = '', name = ''] = /^(\S+)\s*(.*)$/.exec(text) ?? [];
    const range = parseRange(first);
    if (range === undefined) return invalid(file, number, 'does not begin with a range');
    ranges.push({ ...range, value: name === '' ? first : name.toWellFormed() });
  }
  return accept(new Ranges(ranges));
}

/**
 * Lines of an id and, after a comma or white space, its name; or JSON: an object of names by id, or
 * what "aws organizations list-accounts" prints.
 */
export function readAccounts(file: ListFile): Read<ReadonlyMap<string, string>> {
  if (file.text.trimStart().startsWith('{')) return readAccountsJson(file);
  const accounts = new Map<string, string>();
  for (const { number, text } of linesOf(file.text)) {
    const [, id, name] = /^"?([\w.:-]+)"?\s*[,\s]\s*"?(.*?)"?$/.exec(text) ?? [];
    if (id === undefined || name === undefined || name === '') {
      return invalid(file, number, 'is no account id followed by a name');
    }
    accounts.set(id, name.toWellFormed());
  }
  return accept(accounts);
}

function readAccountsJson(file: ListFile): Read<ReadonlyMap<string, string>> {
  let parsed: { Accounts?: unknown };
  try {
    parsed = JSON.parse(file.text) as { Accounts?: unknown };
  } catch {
    return invalid(file, 1, 'is not JSON');
  }
  const listed: [unknown, unknown][] = Array.isArray(parsed.Accounts)
    ? (parsed.Accounts as { Id?: unknown; Name?: unknown }[]).map(({ Id, Name }) => [Id, Name])
    : Object.entries(parsed);
  const accounts = new Map<string, string>();
  for (const [id, name] of listed) {
    if (typeof id !== 'string' || typeof name !== 'string') {
      return invalid(file, 1, 'holds an account without an id or a name');
    }
    accounts.set(id, name.toWellFormed());
  }
  return accept(accounts);
}

function* linesOf(text: string): Generator<{ readonly number: number; readonly text: string }> {
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const content = line.replace(/(^|\s)[#;].*$/, '').trim();
    if (content !== '') yield { number: index + 1, text: content };
  }
}

function invalid(file: ListFile, line: number, reason: string): Read<never> {
  const message = `Line ${line} of ${file.name} ${reason}.`;
  return refuse({ code: 'list_invalid', message, param: file.name });
}
