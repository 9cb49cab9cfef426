// Shows that the audit log is complete: it walks the records of changes and the rows of the
// business tables side by side, and strikes out what both say. What is left over is a change
// without record, a record without change, or a contradiction, and a second reading names it.

import { assert } from '#kernel';
import type { Keys, Objects, Queryable } from '#platform';
import type { Findings } from '../verify/finding.ts';
import type { LeafScanner } from '../verify/log/scan.ts';
import { LeftoverReport } from './leftovers.ts';
import { pagesOfRecords, RecordSieve } from './records.ts';
import { keptFrom } from './horizon-store.ts';
import { RowWalk } from './row-walk.ts';
import type { RetentionClass } from '../action.ts';
import type { ChangeRecord, Fact, ReconcileSource, Statement } from './source.ts';
import { Tally, Words } from './tally.ts';

export interface ReconcileOptions {
  readonly sources: readonly ReconcileSource[];
  readonly findings: Findings;
  /** For the walk along the log, and for the walks along the tables. */
  readonly on: { readonly walk: Queryable; readonly rest: Queryable };
  /** With them, rows are compared with what is sealed too. */
  readonly keys: Keys | undefined;
  readonly objects: Objects | undefined;
}

/** Of a source; more make no difference to anybody. */
const UNFOUNDED_MAX = 1_000;

/** To be shown every leaf, in whatever order, and then to be finished. */
export class Reconciling {
  readonly #options: ReconcileOptions;
  /** From when on the records of a class are kept, where older ones were given up. */
  readonly #keptFrom: ReadonlyMap<RetentionClass, string>;
  readonly #sources = new Map<string, ReconcileSource>();
  readonly #sieve: RecordSieve;
  readonly #walks: readonly RowWalk[];
  readonly #words = new Words();
  /** More often held by records, or more often said by rows. */
  readonly #held = new Tally();
  /** The same of what records only allow: what no row says is no breach. */
  readonly #allowed = new Tally();
  #striking: Promise<void> = Promise.resolve();

  static async begin(options: ReconcileOptions): Promise<Reconciling> {
    return new Reconciling(options, await keptFrom(options.on.walk));
  }

  private constructor(options: ReconcileOptions, from: ReadonlyMap<RetentionClass, string>) {
    this.#options = options;
    this.#keptFrom = from;
    for (const source of options.sources) {
      for (const action of source.actions) {
        assert(!this.#sources.has(action), `two sources answer for ${action}`);
        this.#sources.set(action, source);
      }
    }
    this.#sieve = new RecordSieve({ actions: this.#actions, keys: options.keys });
    this.#walks = options.sources.map((source) => this.#walkOf(source));
  }

  get #actions(): ReadonlyMap<string, boolean> {
    return new Map(
      [...this.#sources].map(([action, source]) => [action, source.areFailuresChanges === true]),
    );
  }

  note(leaf: LeafScanner): void {
    this.#sieve.note(leaf);
  }

  /** After each page of leaves: strikes out what both sides have said. */
  async look(): Promise<void> {
    // One after another: several walks along the log may show their leaves meanwhile.
    this.#striking = this.#striking.then(() => this.#strikeOut());
    await this.#striking;
  }

  async finish(): Promise<void> {
    await this.look();
    for (const walk of this.#walks) {
      while (walk.at !== undefined) await this.#addRows(walk);
    }
    await this.#nameLeftovers();
  }

  async #strikeOut(): Promise<void> {
    const records = await this.#sieve.take(this.#options.on.walk);
    for (const record of records) this.#addRecord(record);
    const at = records.at(-1)?.at ?? '';
    for (const walk of this.#walks) {
      while (walk.at !== undefined && walk.at < at) await this.#addRows(walk);
    }
  }

  #walkOf(source: ReconcileSource): RowWalk {
    const { on, keys } = this.#options;
    return new RowWalk(source, on.rest, { keys, from: this.#keptFrom.get(source.retention) });
  }

  /** What the record says, as far as it can be expected that the other side says it too. */
  #statementOf(source: ReconcileSource, record: ChangeRecord): Required<Statement> {
    const { holds, ends = [], allows = [] } = source.statementOf(record);
    const from = this.#keptFrom.get(source.retention);
    if (from === undefined || record.at >= from) return { holds, ends, allows };
    return { holds: [], ends: [], allows: [...holds, ...allows] };
  }

  #records(): AsyncGenerator<ChangeRecord[]> {
    const { on, keys, objects } = this.#options;
    return pagesOfRecords(on.walk, { actions: this.#actions, keys, objects });
  }

  #sourceOf({ action }: ChangeRecord): ReconcileSource {
    const source = this.#sources.get(action);
    assert(source !== undefined, 'only records of the sources are read');
    return source;
  }

  #addRecord(record: ChangeRecord): void {
    const source = this.#sourceOf(record);
    const { holds, ends, allows } = this.#statementOf(source, record);
    for (const fact of holds) this.#held.add(this.#wordOf(source, fact), 1);
    for (const fact of ends) this.#held.add(this.#wordOf(source, fact), -1);
    for (const fact of allows) this.#allowed.add(this.#wordOf(source, fact), 1);
  }

  async #addRows(walk: RowWalk): Promise<void> {
    const batch = await walk.take();
    if (batch === undefined) return;
    this.#options.findings.checked('changes', batch.rows);
    for (const fact of batch.facts) this.#held.add(this.#wordOf(walk.source, fact), -1);
    for (const fact of batch.allowed) this.#allowed.add(this.#wordOf(walk.source, fact), -1);
  }

  #wordOf(source: ReconcileSource, { target, text }: Fact): number {
    return this.#words.of(source.name, target, text);
  }

  /** Reads both sides again, if anything is left over. */
  async #nameLeftovers(): Promise<void> {
    const { sources, findings, on } = this.#options;
    for (const source of sources) await this.#checkUnfounded(source);
    if (this.#held.size === 0 && !this.#allowed.hasLess) return;
    const report = new LeftoverReport(findings);
    for (const source of sources) {
      const walk = this.#walkOf(source);
      for (let batch = await walk.take(); batch !== undefined; batch = await walk.take()) {
        this.#noteRows(report, source, [this.#held, batch.facts]);
        this.#noteRows(report, source, [this.#allowed, batch.allowed]);
      }
    }
    for await (const page of this.#records()) {
      for (const record of page) this.#noteRecord(report, record);
    }
    await report.tell(on.rest);
  }

  #noteRows(
    report: LeftoverReport,
    source: ReconcileSource,
    [tally, facts]: readonly [Tally, readonly Fact[]],
  ): void {
    for (const fact of facts) {
      if (tally.countOf(this.#wordOf(source, fact)) < 0) report.noteRow(source, fact);
    }
  }

  #noteRecord(report: LeftoverReport, record: ChangeRecord): void {
    const source = this.#sourceOf(record);
    const { holds, ends } = this.#statementOf(source, record);
    const isLeft = (fact: Fact, sign: 1 | -1): boolean =>
      this.#held.countOf(this.#wordOf(source, fact)) * sign > 0;
    report.noteRecord(source, record, {
      held: holds.filter((fact) => isLeft(fact, 1)),
      // The record that an older one is ended by may be kept longer than that.
      ended: this.#keptFrom.has(source.retention) ? [] : ends.filter((fact) => isLeft(fact, -1)),
      targets: new Set([...holds, ...ends].map(({ target }) => target)),
    });
  }

  async #checkUnfounded(source: ReconcileSource): Promise<void> {
    const { findings, on } = this.#options;
    const unfounded = (await source.unfounded?.(on.rest, UNFOUNDED_MAX)) ?? [];
    for (const { target, expected, found } of unfounded) {
      const place = `${source.name} ${target}`;
      findings.breach({ rule: 'change_contradicts_record', place, expected, found });
    }
  }
}
