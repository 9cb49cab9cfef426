// Owns a document about suspicious activity as a person reads it: all that is in the filed bytes,
// line by line, and the digest that it is compared by. Pure.

import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '#audit';

/** What is read first comes first; the bytes have their members in canonical order. */
const sections = [
  'case',
  'activity',
  'subjects',
  'counterparties',
  'narrative',
  'payments',
  'decisions',
  'journal',
] as const;

const INDENT = '  ';

export function textOfDocument(bytes: Buffer): string {
  const content = JSON.parse(bytes.toString()) as JsonObject;
  const heading = Object.entries(content).filter(
    ([name]) => !sections.some((section) => section === name),
  );
  const digest = createHash('sha256').update(bytes).digest('hex');
  const lines = ['SUSPICIOUS ACTIVITY', ...heading.flatMap(([name, value]) => member(name, value))];
  lines.push(`sha256: ${digest}`);
  for (const name of sections) {
    lines.push('', titleOf(name), ...linesOf(content[name] ?? null));
  }
  return `${lines.join('\n')}\n`;
}

function titleOf(name: string): string {
  return name.toUpperCase();
}

function wordsOf(name: string): string {
  return name.replaceAll('_', ' ');
}

function linesOf(value: Json): string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(itemOf);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value as JsonObject).flatMap(([name, each]) => member(name, each));
  }
  return textOf(value).split('\n');
}

function itemOf(value: Json): string[] {
  const [first = '', ...others] = linesOf(value);
  return [`- ${first}`, ...others.map((line) => INDENT + line)];
}

function member(name: string, value: Json | undefined): string[] {
  if (value === undefined || value === null) return [];
  if (isShort(value)) return [`${wordsOf(name)}: ${shortText(value)}`];
  return [`${wordsOf(name)}:`, ...linesOf(value).map((line) => INDENT + line)];
}

/** What stands in one line: a text, or a list of texts. */
function isShort(value: Json): boolean {
  if (Array.isArray(value)) return (value as readonly Json[]).every((each) => isPlain(each));
  return isPlain(value);
}

function isPlain(value: Json): boolean {
  return value === null || (typeof value !== 'object' && !String(value).includes('\n'));
}

function shortText(value: Json): string {
  if (!Array.isArray(value)) return textOf(value);
  return value.length === 0 ? 'none' : (value as readonly Json[]).map(textOf).join(', ');
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
