// Owns which messages the bank speaks and by which schema each is judged. A version whose schema is
// not kept here is judged by that of the version nearest in content, with its own namespace, and
// says so: such a verdict may be wrong about elements that only the other version has.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compileSchema } from './compile.ts';
import type { Schema } from './model.ts';

/** The versions kept, by message; each is a file of that name. */
const kept: Readonly<Record<string, readonly string[]>> = {
  'pain.001.001': ['03', '04', '05', '06', '07', '08', '09', '10', '11'],
  'pain.002.001': ['03', '11'],
  'pain.008.001': ['02', '08', '09', '10'],
  'pacs.002.001': ['11'],
  'pacs.003.001': ['08'],
  'pacs.004.001': ['10'],
  'pacs.007.001': ['10'],
  'pacs.008.001': ['02', '07', '08', '09', '10', '11', '12', '13'],
  'pacs.009.001': ['09'],
  'pacs.028.001': ['04'],
  'camt.029.001': ['10'],
  'camt.052.001': ['01', '02', '04', '06', '08'],
  'camt.053.001': ['02', '03', '04', '08'],
  'camt.054.001': ['02', '04', '08'],
  'camt.055.001': ['09'],
  'camt.056.001': ['09'],
};

/** Versions that are read by the schema of another: the version, and the one whose schema it is. */
const derived: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // Agents are BICFI and no longer BIC from version 03 on, as in 08.
  'pain.008.001': { '03': '08', '04': '08', '05': '08', '06': '08', '07': '08', '11': '10' },
  'pain.002.001': { '09': '11', '10': '11', '12': '11', '13': '11' },
  'pacs.002.001': { '08': '11', '09': '11', '10': '11', '12': '11', '13': '11' },
  'pacs.003.001': { '07': '08', '09': '08' },
  'pacs.004.001': { '08': '10', '09': '10', '11': '10' },
  'pacs.007.001': { '09': '10', '11': '10' },
  'pacs.008.001': { '03': '07', '04': '07', '05': '07', '06': '07' },
  'pacs.009.001': { '08': '09', '10': '09' },
  'pacs.028.001': { '02': '04', '03': '04', '05': '04' },
  'camt.029.001': { '08': '10', '09': '10', '11': '10' },
  'camt.052.001': { '03': '04', '05': '06', '07': '08', '09': '08', '10': '08' },
  'camt.053.001': { '05': '04', '06': '08', '07': '08', '09': '08', '10': '08' },
  'camt.054.001': { '03': '04', '05': '04', '06': '08', '07': '08', '09': '08', '10': '08' },
  'camt.055.001': { '08': '09', '10': '09' },
  'camt.056.001': { '08': '09', '10': '09' },
};

export interface MessageSchema {
  readonly schema: Schema;
  /** Whether it is the version's own. */
  readonly isExact: boolean;
}

const STANDARD = /^urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3}\.\d{3}\.\d{2})$/;
/** The Swiss banks restrict messages of the standard, and give them namespaces of their own. */
const SWISS =
  /^http:\/\/www\.six-interbank-clearing\.com\/de\/([a-z]{4}(?:\.\d{3}){2}\.\d{2})\.ch\.\d\d\.xsd$/;
const folder = path.join(path.dirname(import.meta.dirname), 'schemas');
const compiled = new Map<string, MessageSchema>();

/** `pain.001.001.09`, of the namespace of a message of the standard. */
export function messageOf(namespace: string): string | undefined {
  return STANDARD.exec(namespace)?.[1] ?? SWISS.exec(namespace)?.[1];
}

export function namespaceOf(message: string): string {
  return `urn:iso:std:iso:20022:tech:xsd:${message}`;
}

/** The schema of messages with a namespace; undefined where the bank does not speak them. */
export function schemaOf(namespace: string): MessageSchema | undefined {
  const known = compiled.get(namespace);
  if (known !== undefined) return known;
  const message = messageOf(namespace) ?? '';
  const family = message.slice(0, -3);
  const version = message.slice(-2);
  const isKept = kept[family]?.includes(version) ?? false;
  const source = isKept ? version : derived[family]?.[version];
  if (source === undefined) return undefined;
  const text = readFileSync(path.join(folder, `${family}.${source}.xsd`), 'utf8');
  const own = namespaceOf(`${family}.${source}`);
  const schema = compileSchema(text.replaceAll(own, namespace));
  const made = { schema, isExact: own === namespace };
  compiled.set(namespace, made);
  return made;
}

/** Every message the bank speaks, in order. */
export function spokenMessages(): string[] {
  const families = Object.entries(kept).map(([family, versions]) => [
    ...versions.map((version) => `${family}.${version}`),
    ...Object.keys(derived[family] ?? {}).map((version) => `${family}.${version}`),
  ]);
  return families.flat().toSorted();
}
