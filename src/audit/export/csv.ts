// Owns the export as CSV (RFC 4180): a header line, then one record a line, each ended by CR LF. A
// text that a spreadsheet would take for a formula gets an apostrophe before it, so CSV is for
// reading; what is to be proven is exported as it stands.

import { canonical, type JsonObject } from '../canonical.ts';
import type { FoundRecord } from '../search/search.ts';

type Cell = string | number | undefined;

/** Stable names; new columns are added at the end. */
const columns: readonly (readonly [name: string, cell: (found: FoundRecord) => Cell])[] = [
  ['leaf_index', ({ index }) => index],
  ['id', ({ record }) => record.id],
  ['at', ({ record }) => record.at],
  ['action', ({ record }) => record.action],
  ['target', ({ record }) => record.target],
  ['outcome', ({ record }) => record.outcome],
  ['reason', ({ record }) => record.reason],
  ['actor', ({ record }) => record.actor.id],
  ['authentication', ({ record }) => record.actor.authentication],
  ['roles', ({ record }) => record.actor.roles.join(' ')],
  ['request_id', ({ record }) => record.origin.request_id],
  ['address', ({ record }) => record.origin.address],
  ['user_agent', ({ record }) => record.origin.user_agent],
  ['trace_id', ({ record }) => record.origin.trace_id],
  ['before', ({ record }) => jsonCell(record.before)],
  ['after', ({ record }) => jsonCell(record.after)],
  ['sealed_subjects', ({ record }) => record.sealed?.map(({ subject }) => subject).join(' ')],
  ['retention', ({ record }) => record.retention],
  ['clock_offset_us', ({ record }) => record.clock_offset_us],
];

// Also the full-width signs, which some spreadsheets take for the plain ones.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;

export const csvHeader: string = lineOf(columns.map(([name]) => name));

export function csvLine(found: FoundRecord): string {
  return lineOf(columns.map(([, cell]) => cell(found)));
}

function jsonCell(value: JsonObject | undefined): string | undefined {
  return value === undefined ? undefined : canonical(value);
}

function lineOf(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
