// Owns the reading of request bodies: bytes in, a value out, or the refusal that names the place.
// What comes out has no duplicate names, no more depth than allowed, and only texts that can be
// stored; whether it has the right shape is for its schema.
import { isUtf8 } from 'node:buffer';
import { pathTo, scanJson } from './json-scan.ts';
import type { Flaw, FlawKind } from './json-scan.ts';
import { EdgeRefusal } from '../problems.ts';
import type { EdgeCode } from '../problems.ts';

/** Reads one JSON text. */
export function readJson(bytes: Buffer, depthMax: number): unknown {
  assertUtf8(bytes);
  if (isBlank(bytes, 0, bytes.length)) {
    throw new EdgeRefusal('body_required', 'The body is empty; JSON was expected.', {
      param: 'body',
    });
  }
  return readText(bytes, 0, bytes.length, depthMax, undefined);
}

/** Reads JSON texts, one a line; blank lines are ignored. At most `linesMax` of them. */
export function readNdjson(bytes: Buffer, depthMax: number, linesMax: number): unknown[] {
  assertUtf8(bytes);
  const items: unknown[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    if (!isBlank(bytes, start, end)) {
      if (items.length === linesMax) {
        throw new EdgeRefusal('field_invalid', `The body has more than ${linesMax} lines.`, {
          param: 'body',
        });
      }
      items.push(readText(bytes, start, end, depthMax, items.length));
    }
    start = end + 1;
  }
  return items;
}

function readText(
  bytes: Buffer,
  start: number,
  end: number,
  depthMax: number,
  item: number | undefined,
): unknown {
  const flaw = scanJson(bytes, depthMax, start, end);
  if (flaw !== undefined) throw refusalOf(flaw, depthMax, item);
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as unknown;
  } catch (error) {
    const where = item === undefined ? 'The body' : `Item ${item} of the body`;
    const at = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const place = at === undefined ? '' : `: see character ${at}`;
    throw new EdgeRefusal('invalid_json', `${where} is not valid JSON${place}.`, {
      param: item === undefined ? 'body' : pathTo('', item),
    });
  }
}

const codes: Readonly<Record<FlawKind, EdgeCode>> = {
  duplicate: 'field_duplicate',
  forbidden: 'field_forbidden',
  too_deep: 'nesting_too_deep',
  unstorable_text: 'field_unstorable',
};

function refusalOf(flaw: Flaw, depthMax: number, item: number | undefined): EdgeRefusal {
  const root = item === undefined ? '' : pathTo('', item);
  const separator = root === '' || flaw.path === '' || flaw.path.startsWith('[') ? '' : '.';
  const param = `${root}${separator}${flaw.path}` || 'body';
  return new EdgeRefusal(codes[flaw.kind], `${param} ${sentenceOf(flaw.kind, depthMax)}.`, {
    param,
  });
}

function sentenceOf(kind: FlawKind, depthMax: number): string {
  switch (kind) {
    case 'duplicate':
      return 'is given more than once';
    case 'forbidden':
      return 'is not a name a field may have';
    case 'too_deep':
      return `is nested more than ${depthMax} levels deep`;
    case 'unstorable_text':
      return 'holds NUL or half a surrogate pair, which cannot be stored';
  }
}

function assertUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) {
    throw new EdgeRefusal('invalid_utf8', 'The body is not valid UTF-8.', { param: 'body' });
  }
}

// Space, tab, line feed and carriage return are the white space of JSON (RFC 8259 §2).
function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  }
  return true;
}
