// Owns one record of 94 characters: reading a field, checking the kinds of all fields, and writing
// a record so that reading it gives the same values.

import { assert } from '#kernel';
import type { Field, Layout } from './layouts.ts';

export const recordLength = 94;

export type Values<L> = L extends Layout<infer Name> ? Readonly<Record<Name, string>> : never;

/** What stands in a field, as it stands there. */
export function rawOf(line: string, field: Field): string {
  return line.slice(field.from - 1, field.to);
}

/** What a field says: without the blanks that fill it. */
export function textOf(line: string, field: Field): string {
  return line.slice(field.from - 1, field.to).trim();
}

/** The number in a field of digits; undefined where anything else stands. */
export function numberOf(line: string, field: Field): bigint | undefined {
  return isDigits(line, field) ? BigInt(rawOf(line, field)) : undefined;
}

function isDigits(line: string, { from, to }: Field): boolean {
  for (let index = from - 1; index < to; index++) {
    const code = line.charCodeAt(index);
    if (!(code >= 48 && code <= 57)) {
      return false;
    }
  }
  return true;
}

function isBlank(line: string, { from, to }: Field): boolean {
  for (let index = from - 1; index < to; index++) {
    if (line.charCodeAt(index) !== 32) {
      return false;
    }
  }
  return true;
}

/** The first character that may not stand in a file, if there is one: its position from 1. */
function strangeCharacterIn(line: string, isAsciiOnly: boolean): number | undefined {
  for (let index = 0; index < line.length; index++) {
    const code = line.charCodeAt(index);
    if (code >= 32 && code <= 126) {
      continue;
    }
    // Controls, what a decoder could not read, and, unless they were agreed on, all other letters.
    if (isAsciiOnly || code < 160 || code === 0xfffd) {
      return index + 1;
    }
  }
  return undefined;
}

export interface FieldComplaint {
  readonly rule: string;
  readonly field: Field;
  /** What was expected. */
  readonly expected: string;
}

/** Every field of a record that is not of its kind. */
export function complaintsOf(
  layout: Layout,
  line: string,
  { isAsciiOnly }: { readonly isAsciiOnly: boolean },
): readonly FieldComplaint[] {
  let complaints: FieldComplaint[] | undefined;
  const strange = strangeCharacterIn(line, isAsciiOnly);
  if (strange !== undefined) {
    const field = layout.list.find(({ to }) => strange <= to) ?? layout.list.at(-1);
    assert(field !== undefined, 'a layout has fields');
    complaints = [{ rule: 'nacha_character_not_allowed', field, expected: 'printable characters' }];
  }
  for (const field of layout.list) {
    const complaint = complaintOf(field, line);
    if (complaint !== undefined) {
      (complaints ??= []).push(complaint);
    }
  }
  return complaints ?? noComplaints;
}

const noComplaints: readonly FieldComplaint[] = [];

function complaintOf(field: Field, line: string): FieldComplaint | undefined {
  switch (field.kind) {
    case 'reserved':
      return undefined;
    case 'text':
      return field.need === 'must' && isBlank(line, field)
        ? { rule: 'nacha_field_missing', field, expected: 'not to be blank' }
        : undefined;
    case 'digits':
      return isDigits(line, field) || (field.need === 'may' && isBlank(line, field))
        ? undefined
        : { rule: 'nacha_field_not_numeric', field, expected: 'digits' };
    case 'constant':
      return rawOf(line, field) === field.constant
        ? undefined
        : { rule: 'nacha_field_not_constant', field, expected: field.constant };
    case 'date':
      return isDate(rawOf(line, field)) || (field.need === 'may' && isNoDate(line, field))
        ? undefined
        : { rule: 'nacha_date_invalid', field, expected: 'a date as YYMMDD' };
    case 'time':
      return timePattern.test(rawOf(line, field)) || isBlank(line, field)
        ? undefined
        : { rule: 'nacha_time_invalid', field, expected: 'a time as HHMM' };
  }
}

const timePattern = /^([01]\d|2[0-3])[0-5]\d$/;

function isNoDate(line: string, field: Field): boolean {
  return isBlank(line, field) || rawOf(line, field) === '000000';
}

function isDate(text: string): boolean {
  return /^\d{6}$/.test(text) && isDayOfMonth(2000 + Number(text.slice(0, 2)), text.slice(2));
}

/** Whether MMDD is a day of the year. */
export function isDayOfMonth(year: number, monthAndDay: string): boolean {
  if (!/^\d{4}$/.test(monthAndDay)) {
    return false;
  }
  const month = Number(monthAndDay.slice(0, 2));
  const day = Number(monthAndDay.slice(2));
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

/** `261121` as `2026-11-21`; undefined for what is no date. */
export function dateOf(text: string): string | undefined {
  return isDate(text) ? `20${text.slice(0, 2)}-${text.slice(2, 4)}-${text.slice(4, 6)}` : undefined;
}

/** `2026-11-21` as `261121`. */
export function shortDateOf(date: string): string {
  return date.slice(2, 4) + date.slice(5, 7) + date.slice(8, 10);
}

/** All values of a record: digits as they stand, text without the blanks behind it. */
export function valuesOf<L extends Layout>(layout: L, line: string): Values<L> {
  const values = layout.list.map((field) => [field.name, rawOf(line, field).trimEnd()]);
  return Object.fromEntries(values) as Values<L>;
}

/** The record of these values; a value that does not fit its field is a mistake of the caller. */
export function formatRecord(layout: Layout, values: Readonly<Record<string, string>>): string {
  return layout.list.map((field) => formatField(layout, field, values[field.name] ?? '')).join('');
}

function formatField(layout: Layout, field: Field, value: string): string {
  const width = field.to - field.from + 1;
  if (field.kind === 'constant') {
    return field.constant;
  }
  if (field.kind === 'reserved') {
    return ' '.repeat(width);
  }
  assert(value.length <= width, `${layout.title}: ${field.name} has ${width} characters at most`);
  const isFilledWithZeros = field.kind === 'digits' && (value !== '' || field.need === 'must');
  return isFilledWithZeros ? value.padStart(width, '0') : value.padEnd(width, ' ');
}
