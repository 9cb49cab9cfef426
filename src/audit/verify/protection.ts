// How the log is protected, compared with how it must be: triggers that refuse every change of
// history, rights that allow nothing but adding, and functions that are those of the code.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { APPLICATION_ROLE, type Queryable } from '#platform';
import type { Findings } from './finding.ts';
import {
  relations,
  storedFunctions,
  unfitMonths,
  waysAround,
  type Relation,
  type StoredFunction,
} from './protection-store.ts';

interface Protection {
  readonly isAppendOnly: boolean;
  readonly rights: readonly string[];
  /** Triggers of its own: "name function". */
  readonly triggers?: readonly string[];
}

const added: Protection = { isAppendOnly: true, rights: ['select', 'insert'] };
/** Written by functions of the owner only. */
const kept: Protection = { isAppendOnly: true, rights: ['select'] };
const read: Protection = { isAppendOnly: false, rights: ['select'] };
const passing: Protection = { isAppendOnly: false, rights: ['select', 'insert', 'delete'] };

/** Every table and view of the log. */
const protections: Readonly<Record<string, Protection>> = {
  logs: added,
  signing_keys: added,
  bundles: added,
  months: read,
  inbox: passing,
  places: added,
  nodes: added,
  checkpoints: added,
  subjects: passing,
  erasures: added,
  term_blocks: added,
  terms: added,
  anchors: added,
  archives: added,
  manifests: added,
  removed_months: kept,
  archive_expiries: added,
  archive_removals: added,
  legal_holds: added,
  legal_hold_releases: added,
  legal_hold_settlements: added,
  active_legal_holds: read,
  alarms: added,
  collections: added,
  collected_segments: { ...added, triggers: ['chain audit.chain_segment'] },
  collection_ends: added,
  collected_keys: added,
};

/** A partition is written through its table; what protects rows must stand on each. */
const partition: Protection = { isAppendOnly: true, rights: [] };

export async function checkProtection(queryable: Queryable, findings: Findings): Promise<void> {
  const stored = await relations(queryable);
  findings.checked('tables', stored.length);
  for (const relation of stored) checkRelation(relation, findings);
  for (const name of Object.keys(protections)) {
    if (stored.some((relation) => relation.name === name)) continue;
    const place = `table audit.${name}`;
    findings.breach({ rule: 'table_altered', place, expected: 'a table', found: 'none' });
  }
  for (const way of await waysAround(queryable)) {
    const expected = 'no way around triggers and rights';
    findings.breach({ rule: 'rights_wrong', place: APPLICATION_ROLE, expected, found: way });
  }
  for (const unfit of await unfitMonths(queryable)) {
    findings.breach({ rule: 'month_wrong', ...unfit });
  }
  await checkFunctions(queryable, findings);
}

function checkRelation(relation: Relation, findings: Findings): void {
  const { name, parent } = relation;
  const place = `table audit.${name}`;
  const wanted = parent === 'bundles' ? partition : protections[name];
  if (wanted === undefined) {
    findings.breach({ rule: 'table_altered', place, expected: 'no such table', found: 'one' });
    return;
  }
  const flaw = flawOf(relation, wanted);
  if (flaw !== undefined) {
    const expected = 'a plain, permanent table';
    findings.breach({ rule: 'table_altered', place, expected, found: flaw });
  }
  if (wanted.isAppendOnly && !relation.refuses_rows) {
    const expected = 'a trigger that refuses update and delete';
    findings.breach({ rule: 'append_only', place, expected, found: 'none that is active' });
  }
  if (wanted.isAppendOnly && !relation.refuses_truncate) {
    const expected = 'a trigger that refuses truncate';
    findings.breach({ rule: 'append_only', place, expected, found: 'none that is active' });
  }
  const rights = relation.rights.toSorted().join(', ');
  const expected = wanted.rights.toSorted().join(', ');
  if (rights !== expected) {
    const found = `${APPLICATION_ROLE} may: ${rights}`;
    findings.breach({
      rule: 'rights_wrong',
      place,
      expected: `${APPLICATION_ROLE} may: ${expected}`,
      found,
    });
  }
  for (const found of relation.foreign_rights) {
    findings.breach({ rule: 'rights_wrong', place, expected: 'nobody else may write', found });
  }
}

function flawOf(relation: Relation, { triggers = [] }: Protection): string | undefined {
  const { kind, name, parent } = relation;
  const isView = name.startsWith('active_');
  const wanted = isView ? 'v' : name === 'bundles' ? 'p' : 'r';
  if (kind !== wanted) return `a relation of kind ${kind}`;
  if (parent !== null && parent !== 'bundles') return `a part of ${parent}`;
  if (!relation.is_permanent) return 'a table that a crash empties';
  if (relation.is_rewritten) return 'row security or rules';
  const found = relation.other_triggers.join(', ');
  if (found === triggers.join(', ')) return undefined;
  return found === '' ? 'without its trigger' : `the triggers ${found}`;
}

/** A function as the code's files define it. */
interface DefinedFunction {
  readonly language: string;
  readonly body: string;
  readonly isDefiner: boolean;
  readonly settings: readonly string[];
}

async function checkFunctions(queryable: Queryable, findings: Findings): Promise<void> {
  const defined = await definedFunctions();
  const stored = await storedFunctions(queryable);
  findings.checked('functions', stored.length);
  for (const name of defined.keys()) {
    if (stored.some((each) => each.name === name)) continue;
    const place = `function audit.${name}`;
    findings.breach({ rule: 'function_wrong', place, expected: 'the function', found: 'none' });
  }
  const seen = new Set<string>();
  for (const each of stored) {
    const place = `function audit.${each.name}(${each.arguments})`;
    const wanted = seen.has(each.name) ? undefined : defined.get(each.name);
    seen.add(each.name);
    const found =
      wanted === undefined ? 'one that the code does not know' : differenceOf(wanted, each);
    if (found === undefined) continue;
    const expected = wanted === undefined ? 'no such function' : 'the function of the code';
    findings.breach({ rule: 'function_wrong', place, expected, found });
  }
}

function differenceOf(wanted: DefinedFunction, stored: StoredFunction): string | undefined {
  if (stored.body !== wanted.body) return 'another body';
  if (stored.language !== wanted.language) return `the language ${stored.language}`;
  if (stored.is_definer !== wanted.isDefiner) return 'other rights while it runs';
  if (!stored.is_of_owner) return 'another owner';
  const settings = stored.settings.map(plainSetting).toSorted();
  if (settings.join(';') === wanted.settings.toSorted().join(';')) return undefined;
  return `the settings ${settings.join(', ')}`;
}

const FUNCTION = new RegExp(
  [
    '^create (?:or replace )?function audit[.](?<name>\\w+)\\s*\\((?<head>(?:(?!^create )[^])*?)',
    ' as [$](?<tag>\\w*)[$](?<body>[^]*?)[$]\\k<tag>[$]',
    '|^drop function (?:if exists )?audit[.](?<dropped>\\w+)',
  ].join(''),
  'gm',
);

/** What the files of this code define, the latest definition of each name. */
async function definedFunctions(): Promise<Map<string, DefinedFunction>> {
  const defined = new Map<string, DefinedFunction>();
  for (const folder of ['migrations', 'functions']) {
    const parent = path.join(import.meta.dirname, '..', folder);
    const names = (await readdir(parent)).filter((name) => name.endsWith('.sql')).toSorted();
    for (const name of names) {
      const text = await readFile(path.join(parent, name), 'utf8');
      for (const { groups = {} } of text.matchAll(FUNCTION)) {
        const { name: created, head = '', body = '', dropped } = groups;
        if (dropped !== undefined) defined.delete(dropped);
        else if (created !== undefined) defined.set(created, functionOf(head, body));
      }
    }
  }
  return defined;
}

function functionOf(head: string, body: string): DefinedFunction {
  const language = /\blanguage (?<language>\w+)/.exec(head)?.groups?.['language'] ?? '';
  const settings = Array.from(
    head.matchAll(/\bset (\w+) (?:=|to) (.+?)(?= set \w+ |\s*$|\n)/g),
    ([, setting = '', value = '']) => plainSetting(`${setting}=${value}`),
  );
  return { language, body, isDefiner: /\bsecurity definer\b/.test(head), settings };
}

/** Without spaces and quotes, which PostgreSQL writes in its own way. */
function plainSetting(setting: string): string {
  return setting.replaceAll(/[\s"']/g, '').toLowerCase();
}
