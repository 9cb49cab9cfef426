// What tests of bundle files share: a log on paper, of which any run, selection or receipt can be
// written down, and files in a temporary folder.

import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { formatInstant, idOf, msOf, uuidBatch, type Instant } from '#kernel';
import { canonical } from '../canonical.ts';
import { checkpointText } from '../tree/checkpoint.ts';
import { Frontier } from '../tree/frontier.ts';
import { leafHash } from '../tree/hash.ts';
import { signNote, verifierKey, type NoteSigner } from '../tree/note.ts';
import { consistencySpans, inclusionSpans, subtreesOf, type Span } from '../tree/shape.ts';
import {
  formatEnd,
  formatHeader,
  formatLeafProof,
  markHeight,
  markSpan,
  type RangeHeader,
} from './header.ts';

export const ORIGIN = 'florin.test/paper';
const BEGINNING = 1_795_291_200_000_000;

export function paperKey(name = ORIGIN): NoteSigner & { readonly verifierKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return {
    name,
    publicKey: raw,
    sign: (message) => Promise.resolve(sign(null, message, privateKey)),
    verifierKey: verifierKey(name, raw),
  };
}

/** A log of as many records, in bundles of seven. */
export class PaperLog {
  readonly key: ReturnType<typeof paperKey> = paperKey();
  readonly leaves: string[] = [];
  readonly #hashes: Buffer[];

  constructor(count: number) {
    for (let from = 0; from < count; from += 7) {
      const at = (BEGINNING + from * 1_234_567) as Instant;
      const ids = uuidBatch(msOf(at));
      ids.next();
      for (let index = from; index < Math.min(count, from + 7); index += 1) {
        this.leaves.push(paperLeaf(index, at, idOf('aud', ids.next())));
      }
    }
    this.#hashes = this.leaves.map((leaf) => leafHash(Buffer.from(leaf)));
  }

  rootOf({ start, end }: Span): Buffer {
    const frontier = new Frontier();
    for (const hash of this.#hashes.slice(start, end)) frontier.append(hash);
    return frontier.root();
  }

  async note(size: number, key: NoteSigner = this.key): Promise<string> {
    const root = this.rootOf({ start: 0, end: size });
    return await signNote(checkpointText({ origin: ORIGIN, size, root }), key);
  }

  async rangeHeader(
    run: { readonly first: number; readonly count: number },
    size: number = this.leaves.length,
    since?: number,
  ): Promise<RangeHeader> {
    const { first, count } = run;
    const rootsOf = (span: Span): Buffer[] =>
      subtreesOf(span).map(({ height, index }) =>
        this.rootOf({ start: index * 2 ** height, end: (index + 1) * 2 ** height }),
      );
    const height = markHeight(count);
    const { from, below } = markSpan(run, height);
    const marked = Array.from({ length: below - from }, (_, at) => from + at);
    return {
      kind: 'range',
      ...(await this.#common(size, since)),
      first,
      count,
      left: rootsOf({ start: 0, end: first }),
      right: rootsOf({ start: first + count, end: size }),
      marks: {
        height,
        hashes: marked.map((index) =>
          this.rootOf({ start: index * 2 ** height, end: (index + 1) * 2 ** height }),
        ),
      },
    };
  }

  /** The lines of a bundle file. */
  async range(
    run: { readonly first: number; readonly count: number },
    size: number = this.leaves.length,
    since?: number,
  ): Promise<string[]> {
    const header = formatHeader(await this.rangeHeader(run, size, since));
    return [header, ...this.leaves.slice(run.first, run.first + run.count)];
  }

  async selection(
    indices: readonly number[],
    size: number = this.leaves.length,
    since?: number,
  ): Promise<string[]> {
    const common = await this.#common(size, since);
    const header = formatHeader({ kind: 'selection', ...common, filter: { actor: 'paper' } });
    const pairs = indices.flatMap((index) => {
      return [this.leaves[index] as string, formatLeafProof(this.#proofOf(index, size))];
    });
    return [header, ...pairs, formatEnd(indices.length)];
  }

  async receipt(index: number, size: number = this.leaves.length): Promise<string> {
    const { proof } = this.#proofOf(index, size);
    return canonical({
      checkpoint: await this.note(size),
      index,
      leaf: this.leaves[index],
      proof: proof.map((hash) => hash.toString('base64')),
      verifier_keys: [this.key.verifierKey],
    });
  }

  #proofOf(index: number, size: number): { index: number; proof: Buffer[] } {
    return { index, proof: inclusionSpans(index, size).map((span) => this.rootOf(span)) };
  }

  async #common(size: number, since: number | undefined) {
    const proof = (): Buffer[] =>
      consistencySpans(since ?? 0, size).map((span) => this.rootOf(span));
    return {
      origin: ORIGIN,
      size,
      checkpoint: await this.note(size),
      verifierKeys: [this.key.verifierKey],
      consistency: since === undefined ? undefined : { size: since, proof: proof() },
    };
  }
}

function paperLeaf(index: number, at: Instant, id: string): string {
  return canonical({
    action: 'paper.line.write',
    actor: { authentication: 'none', id: 'paper', roles: [] },
    after: { number: index, memo: `línea ${index}` },
    at: formatInstant(at),
    id,
    origin: { request_id: `req-${index % 5}` },
    outcome: 'success',
    retention: 'books',
    target: `line-${index}`,
    version: 1,
  });
}

export interface PaperFolder {
  readonly path: string;
  write(name: string, content: string | Buffer): Promise<string>;
  remove(): Promise<void>;
}

export async function paperFolder(): Promise<PaperFolder> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'florin-paper-'));
  return {
    path: folder,
    async write(name, content) {
      const file = path.join(folder, name);
      await writeFile(file, content);
      return file;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
