// Verifies a bundle file, a receipt or a proof of consistency with nothing but the file and, for
// real certainty, the log's public key known from elsewhere: no database, no network, no trust in
// whoever runs the bank. Memory is bounded by a line, whatever the size of the file.

import type { TreeHead } from '../../tree/checkpoint.ts';
import { judgeConsistency, openCheckpoint, type SignedHead } from './checkpoint.ts';
import { Findings, type FileFinding } from './finding.ts';
import { parseHeader, parseObject, type BundleHeader, type ConsistencyPart } from '../header.ts';
import { LineReader, type Line } from './lines.ts';
import { verifyRangeLines } from './range.ts';
import {
  PROOF_TEXT_BEGINNING,
  verifyConsistencyObject,
  verifyJsonReceipt,
  verifyProofText,
  type ReceiptContext,
} from './receipt.ts';
import { verifySelectionLines } from './selection.ts';

export interface VerifyFileOptions {
  /** Verifier keys of the log (name+hash+key), known from elsewhere than the file. */
  readonly trustedKeys?: readonly string[] | undefined;
  /** An older checkpoint, bundle or receipt, whose log this one must be a continuation of. */
  readonly sincePath?: string | undefined;
  /** The leaf of a proof as text that does not hold it. */
  readonly leaf?: Buffer | undefined;
}

export interface FileReport {
  /** Undefined for a file that is none of these. */
  readonly kind: 'range' | 'selection' | 'receipt' | 'consistency' | undefined;
  /** What the checkpoint says; undefined where no key vouches for it. */
  readonly head: SignedHead | undefined;
  /** False where the key was taken from the file, so that anybody may have made all of it. */
  readonly isKeyTrusted: boolean;
  /** How many leaves the file has. */
  readonly leaves: number;
  /** Of a range: the index of its first leaf. */
  readonly first: number | undefined;
  /** The older checkpoint that the log was shown to continue. */
  readonly since: TreeHead | undefined;
  readonly errors: number;
  readonly warnings: number;
  /** The first of each severity, errors before warnings. */
  readonly findings: readonly FileFinding[];
  readonly isSound: boolean;
}

export async function verifyBundleFile(
  path: string,
  options: VerifyFileOptions = {},
): Promise<FileReport> {
  const findings = new Findings();
  const reader = new LineReader(path);
  const lines = reader.lines();
  try {
    const first = await lines.next();
    const opening = first.done === true ? Buffer.alloc(0) : first.value.bytes;
    const outcome = await verifyOpened(opening, lines, findings, options);
    if (reader.flaw !== undefined) findings.error('file', reader.flaw.message, reader.flaw.line);
    return {
      kind: undefined,
      head: undefined,
      leaves: 0,
      first: undefined,
      since: undefined,
      ...outcome,
      isKeyTrusted: options.trustedKeys !== undefined && outcome.head !== undefined,
      errors: findings.errors,
      warnings: findings.warnings,
      findings: findings.listed,
      isSound: findings.errors === 0,
    };
  } finally {
    await lines.return(undefined);
  }
}

type Outcome = Partial<Pick<FileReport, 'kind' | 'head' | 'leaves' | 'first' | 'since'>>;

async function verifyOpened(
  opening: Buffer,
  lines: AsyncGenerator<Line>,
  findings: Findings,
  options: VerifyFileOptions,
): Promise<Outcome> {
  const header = parseHeader(opening);
  if (header.ok) return await verifyBundle(header.value, lines, findings, options);
  const whole = await wholeText(opening, lines);
  const { trustedKeys } = options;
  const context = { trustedKeys, findings };
  const receipt = whole === undefined ? undefined : verifyWhole(whole, options, context);
  if (receipt === undefined) {
    const message = `The file is no receipt, and its first line no header. ${header.why}`;
    findings.error('header', message, 1);
    return {};
  }
  const older = await olderHead(options, [], findings);
  const since = judgeSince(older, receipt.head, {}, findings);
  return { ...receipt, ...(since === undefined ? {} : { since }) };
}

/** Undefined where the text is no receipt of either form. */
function verifyWhole(
  whole: string,
  { leaf }: VerifyFileOptions,
  context: ReceiptContext,
): Outcome | undefined {
  if (whole.startsWith(PROOF_TEXT_BEGINNING)) {
    return { kind: 'receipt', leaves: 1, head: verifyProofText(whole, leaf, context) };
  }
  const object = parseObject(Buffer.from(whole));
  if (object?.['leaf'] !== undefined && object['checkpoint'] !== undefined) {
    return { kind: 'receipt', leaves: 1, head: verifyJsonReceipt(object, context) };
  }
  if (object?.['older'] === undefined || object['newer'] === undefined) return undefined;
  return { kind: 'consistency', ...verifyConsistencyObject(object, context) };
}

const WHOLE_BYTES_MAX = 1_048_576;

/** A short file in one piece; undefined for a longer one. */
async function wholeText(opening: Buffer, lines: AsyncIterable<Line>): Promise<string | undefined> {
  const parts = [opening.toString(), '\n'];
  let bytes = opening.length;
  for await (const line of lines) {
    bytes += line.bytes.length + 1;
    if (bytes > WHOLE_BYTES_MAX) return undefined;
    parts.push(line.bytes.toString(), '\n');
  }
  return parts.join('');
}

async function verifyBundle(
  header: BundleHeader,
  lines: AsyncIterable<Line>,
  findings: Findings,
  options: VerifyFileOptions,
): Promise<Outcome> {
  const { kind, verifierKeys, consistency } = header;
  const head = openCheckpoint({ ...header, line: 1 }, options.trustedKeys, findings);
  const older = await olderHead(options, verifierKeys, findings);
  if (kind === 'selection') {
    const leaves = await verifySelectionLines(lines, { head, findings });
    return { kind, head, leaves, since: judgeSince(older, head, { part: consistency }, findings) };
  }
  const context = { head, findings, watchedSize: older?.size };
  const { leaves, rootAtWatched } = await verifyRangeLines(header, lines, context);
  // The lines lead to the older root only as far as they lead to the newer one.
  const rootAtOlder = findings.errors === 0 ? rootAtWatched : undefined;
  const since = judgeSince(older, head, { part: consistency, rootAtOlder }, findings);
  return { kind, head, leaves, first: header.first, since };
}

function judgeSince(
  older: TreeHead | undefined,
  newer: TreeHead | undefined,
  means: { readonly part?: ConsistencyPart | undefined; readonly rootAtOlder?: Buffer | undefined },
  findings: Findings,
): TreeHead | undefined {
  if (older === undefined || newer === undefined) return undefined;
  const why = judgeConsistency({ older, newer }, means);
  if (why !== undefined) findings.error('consistency', why);
  return why === undefined ? older : undefined;
}

async function olderHead(
  { sincePath, trustedKeys }: VerifyFileOptions,
  verifierKeys: readonly string[],
  findings: Findings,
): Promise<TreeHead | undefined> {
  if (sincePath === undefined) return undefined;
  const claimed = await checkpointIn(sincePath);
  const own = new Findings();
  const keys = [...new Set([...verifierKeys, ...claimed.verifierKeys])];
  const head = openCheckpoint({ ...claimed, verifierKeys: keys }, trustedKeys, own);
  for (const { message } of own.listed) {
    findings.error('consistency', `The older file: ${message}`);
  }
  return own.errors === 0 ? head : undefined;
}

/** The checkpoint of a bundle or receipt, or the file itself if it is one. */
async function checkpointIn(
  path: string,
): Promise<{ readonly checkpoint: string; readonly verifierKeys: readonly string[] }> {
  const lines = new LineReader(path).lines();
  try {
    const first = await lines.next();
    const opening = first.done === true ? Buffer.alloc(0) : first.value.bytes;
    const header = parseHeader(opening);
    if (header.ok) return header.value;
    const whole = (await wholeText(opening, lines)) ?? '';
    const checkpoint = parseObject(Buffer.from(whole))?.['checkpoint'];
    if (typeof checkpoint === 'string') return { checkpoint, verifierKeys: [] };
    const isProof = whole.startsWith(PROOF_TEXT_BEGINNING);
    const note = isProof ? whole.slice(whole.indexOf('\n\n') + 2) : whole;
    return { checkpoint: note, verifierKeys: [] };
  } finally {
    await lines.return(undefined);
  }
}
