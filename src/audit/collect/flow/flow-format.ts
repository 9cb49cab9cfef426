// Owns the format of flow lines: which field stands where. It comes from an operator's words (as
// the flow log was created, "${version} ${account-id} …"), from a header line, or from the line
// itself where it has every field of one version.

import { accept, refuse, type Result } from '#kernel';
import type { AuditRefusal } from '../../refusals.ts';
import { FLOW_VERSION_MAX, fieldsOfVersion, knownFlowFields } from './flow-fields.ts';

export interface FlowFormat {
  readonly names: readonly string[];
  /** Where each field stands. */
  readonly at: ReadonlyMap<string, number>;
  /**
   * Whether two equal lines must be one record delivered twice: the line says which interface,
   * which flow and which moment. Without that, equal lines may be different flows.
   */
  readonly isDistinct: boolean;
}

const FIELD = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const FIELDS_MAX = 200;

const distinct = ['srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'start'];
const places = ['interface-id', 'resource-id', 'tgw-attachment-id'];

function formatOf(names: readonly string[]): FlowFormat {
  const at = new Map(names.map((name, index) => [name, index]));
  const isDistinct = distinct.every((name) => at.has(name)) && places.some((name) => at.has(name));
  return { names, at, isDistinct };
}

/**
 * Names in any order, bare or as "${name}", or "v5" for every field up to that version. Fields that
 * Amazon adds after this was written are taken, and kept under their own names.
 */
export function parseFlowFormat(
  text: string,
): Result<FlowFormat, AuditRefusal<'flow_format_invalid'>> {
  const version = /^v(\d{1,2})$/.exec(text.trim())?.[1];
  const all = version === undefined ? undefined : fieldsOfVersion(Number(version));
  const names =
    all ??
    text
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/^\$\{(.*)\}$/, '$1'));
  const wrong = names.find((name) => !FIELD.test(name));
  if (wrong !== undefined) return invalid(`"${wrong}" is no name of a field`);
  if (new Set(names).size < names.length) return invalid('it has a field twice');
  if (names.length > FIELDS_MAX) return invalid(`it has more than ${FIELDS_MAX} fields`);
  if (!names.includes('start') && !names.includes('end')) {
    return invalid('without start and end nobody knows when a flow was');
  }
  return accept(formatOf(names));
}

function invalid(reason: string): Result<never, AuditRefusal<'flow_format_invalid'>> {
  return refuse({
    code: 'flow_format_invalid',
    message: `No flow log has this format: ${reason}.`,
    param: 'format_line',
  });
}

/**
 * The format that a header line announces; undefined when the line is none. Some known name is
 * required, so that a line of data, whose words are no names, never passes.
 */
export function formatOfHeader(words: readonly string[]): FlowFormat | undefined {
  if (!words.every((word) => FIELD.test(word))) return undefined;
  const known = words.filter((word) => knownFlowFields.has(word)).length;
  if (known * 2 < words.length || new Set(words).size < words.length) return undefined;
  return words.includes('start') || words.includes('end') ? formatOf(words) : undefined;
}

/**
 * The formats with every field up to a version, by their number of fields, which tells them apart.
 */
const wholeFormats: ReadonlyMap<number, { version: string; format: FlowFormat }> = new Map(
  Array.from({ length: FLOW_VERSION_MAX }, (_, index) => index + 1).flatMap((version) => {
    const names = fieldsOfVersion(version);
    if (names === undefined) return [];
    return [[names.length, { version: String(version), format: formatOf(names) }] as const];
  }),
);

/** For a line without any announcement: the whole format of its own version. */
export function formatOfLine(fieldCount: number, firstField: string): FlowFormat | undefined {
  const whole = wholeFormats.get(fieldCount);
  return whole?.version === firstField ? whole.format : undefined;
}
