// Reads the leaves of the archive as those of bundles are read: each is a record with the id that
// its place gives it. That their hashes are those of the log is the archive's own rule.

import { Fault } from '#kernel';
import type { Objects, Queryable } from '#platform';
import { archivedLines } from '../../archive/lines.ts';
import type { Run } from '../../archive/runs.ts';
import { selectArchives, type Archive } from '../../archive/store/archive-store.ts';
import { PlaceCursor } from './archived-check-store.ts';
import type { Findings } from '../finding.ts';
import { recordIdOf } from '../log/bundle-check.ts';
import { LeafScanner } from '../log/scan.ts';
import type { LeafReader } from '../leaf-reader.ts';

export async function checkArchived(
  queryable: Queryable,
  findings: Findings,
  { objects, reader }: { readonly objects: Objects; readonly reader: LeafReader },
): Promise<void> {
  const checking = new ArchivedCheck(queryable, findings, reader);
  for await (const archive of selectArchives(queryable, {})) {
    if (archive.expiredAt !== undefined) continue;
    try {
      await checking.check(archive, archivedLines(objects, archive.key));
    } catch (error) {
      // An object that is gone or damaged is found by the archive's rules.
      if (!(error instanceof Fault) || error.retryable) throw error;
    }
  }
}

const LINES_BETWEEN_LOOKS = 8_192;

class ArchivedCheck {
  readonly #queryable: Queryable;
  readonly #findings: Findings;
  readonly #reader: LeafReader;
  readonly #scanner = new LeafScanner();

  constructor(queryable: Queryable, findings: Findings, reader: LeafReader) {
    this.#queryable = queryable;
    this.#findings = findings;
    this.#reader = reader;
  }

  async check({ runs }: Archive, lines: AsyncIterable<Buffer>): Promise<void> {
    const cursor = new PlaceCursor(this.#queryable);
    const indexes = indexesOf(runs);
    let count = 0;
    for await (const line of lines) {
      const { value: leaf, done } = indexes.next();
      if (done === true) return;
      const place = await cursor.placeOf(leaf);
      const id = place === undefined ? '' : recordIdOf(place.bundleId, leaf - place.firstLeaf);
      this.#checkLine(line, { leaf, id });
      count += 1;
      if (count % LINES_BETWEEN_LOOKS === 0) await this.#reader.look();
    }
    this.#findings.checked('leaves', count);
    await this.#reader.look();
  }

  #checkLine(line: Buffer, { leaf, id }: { readonly leaf: number; readonly id: string }): void {
    const place = `leaf ${leaf} record ${id} in the archive`;
    const flaw = this.#scanner.read(line, 0, line.length);
    if (flaw !== undefined) {
      const expected = 'a record in canonical JSON';
      this.#findings.breach({ rule: 'leaf_form', place, expected, found: flaw });
      return;
    }
    const found = this.#scanner.text('id') ?? '';
    if (found !== id) {
      this.#findings.breach({ rule: 'bundle_id_wrong', place, expected: id, found });
    }
    this.#reader.note(this.#scanner, { place });
  }
}

function* indexesOf(runs: readonly Run[]): Generator<number, undefined> {
  for (const { first, count } of runs) {
    for (let index = first; index < first + count; index += 1) yield index;
  }
  return undefined;
}
