// Owns what each tenant's screening runs by, in the memory of this process: read when a tenant is
// first asked for, and brought up to date by asking which tenants changed. Lists change by what
// came and went; a part that cannot be read leaves the one before it in force.

import { limits } from '#config';
import { assert, type Result, type Uuid } from '#kernel';
import type { Database, Logger, Metrics } from '#platform';
import type { FeatureSet } from '../features/definition.ts';
import { openLists, type Lists } from '../rules/lists.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { ScreeningConfig, ServedModel } from './config.ts';
import { readPolicies, readRules, readServed, type Reading, type Unreadable } from './read.ts';
import { measureRegistry, type RegistryMeasure } from './measure.ts';
import { starterRuleSet } from './starter-rules.ts';
import { chosenAt, type Chosen, type Place } from './store/choice-store.ts';
import { entriesAt, entryChanges, type EntryChange } from './store/list-store.ts';
import { changedRevisions, findRevision } from './store/revision-store.ts';

export interface RegistryOptions {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What rules and models are made for. */
  readonly features: FeatureSet;
}

export interface Registry {
  /** What is in force, read if it is not known yet. */
  load(tenant: string): Promise<ScreeningConfig>;
  /** What is in force as far as this process knows; undefined before the tenant was loaded. */
  configOf(tenant: string): ScreeningConfig | undefined;
  /** Those that were loaded. */
  tenants(): readonly string[];
  /** One short statement when nothing has changed. */
  refresh(): Promise<void>;
}

export function openRegistry(options: RegistryOptions): Registry {
  return new KeptRegistry(options);
}

/** What serves in a place, which is not what was chosen for it where that cannot be read. */
interface Serving<Part> {
  readonly id: Uuid | undefined;
  readonly part: Part | undefined;
}

interface Held {
  readonly config: ScreeningConfig;
  readonly chosen: Chosen;
  readonly rules: Serving<RuleSet>;
  readonly champion: Serving<ServedModel>;
  readonly challenger: Serving<ServedModel>;
}

class KeptRegistry implements Registry {
  readonly #options: RegistryOptions;
  readonly #measure: RegistryMeasure;
  readonly #starter: Serving<RuleSet>;
  readonly #held = new Map<string, Held>();
  /** Of a tenant one at a time. */
  readonly #underWay = new Map<string, Promise<ScreeningConfig>>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#starter = { id: undefined, part: starterRuleSet(options.features) };
    this.#measure = measureRegistry(options.metrics, {
      entries: () => this.#sum(({ config }) => config.lists.size),
      behind: (place) => this.#sum((held) => (isBehind(held, place) ? 1 : 0)),
    });
  }

  configOf(tenant: string): ScreeningConfig | undefined {
    return this.#held.get(tenant)?.config;
  }

  tenants(): readonly string[] {
    return [...this.#held.keys()];
  }

  async load(tenant: string): Promise<ScreeningConfig> {
    return this.configOf(tenant) ?? (await this.#bring(tenant));
  }

  async refresh(): Promise<void> {
    const known = new Map<string, number>();
    for (const [tenant, { config }] of this.#held) known.set(tenant, config.revision);
    if (known.size === 0) return;
    const changed = await changedRevisions(this.#options.database, known);
    const failures: unknown[] = [];
    for (const tenant of changed.keys()) {
      await this.#bring(tenant).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  #sum(count: (held: Held) => number): number {
    return [...this.#held.values()].reduce((sum, held) => sum + count(held), 0);
  }

  async #bring(tenant: string): Promise<ScreeningConfig> {
    const underWay = this.#underWay.get(tenant);
    if (underWay !== undefined) return await underWay;
    const bringing = this.#upToDate(tenant);
    this.#underWay.set(tenant, bringing);
    try {
      return await bringing;
    } finally {
      this.#underWay.delete(tenant);
    }
  }

  async #upToDate(tenant: string): Promise<ScreeningConfig> {
    const { database, features } = this.#options;
    const queryable = database.within(tenant);
    const reading: Reading = { queryable, features, tenant };
    const { revision } = await findRevision(queryable, tenant);
    let held = this.#held.get(tenant);
    // A database restored from an earlier time has a lower one.
    if (held === undefined || held.config.revision > revision) {
      const lists = await this.#listsAt(reading, revision);
      held = await this.#next(reading, undefined, { revision, lists });
      this.#held.set(tenant, held);
    }
    while (held.config.revision < revision) {
      const { config } = held;
      const { upTo, changes } = await changesAfter(reading, config.revision, revision);
      held = await this.#next(reading, held, { revision: upTo, lists: config.lists });
      // Nothing waits between the two, so that nobody sees lists of one revision and rules of
      // another.
      this.#change(config.lists, changes);
      this.#held.set(tenant, held);
    }
    return held.config;
  }

  async #listsAt({ queryable, tenant }: Reading, revision: number): Promise<Lists> {
    const lists = openLists();
    assert(lists.ok, 'no entries fit');
    const pageMax = limits.fraudListPageMax.value;
    for await (const page of entriesAt(queryable, { tenant, revision }, pageMax)) {
      for (const entry of page) this.#put(lists.value, entry);
    }
    return lists.value;
  }

  #change(lists: Lists, changes: readonly EntryChange[]): void {
    for (const { isPut, entry } of changes) {
      if (isPut) this.#put(lists, entry);
      else lists.take(entry.purpose, entry.kind, entry.value);
    }
  }

  #put(lists: Lists, entry: EntryChange['entry']): void {
    const put = lists.put(entry);
    if (put.ok) return;
    const { purpose, kind } = entry;
    const { code, message } = put.refusal;
    this.#options.logger.error('an entry of a list is left out', { purpose, kind, code, message });
  }

  async #next(
    reading: Reading,
    held: Held | undefined,
    { revision, lists }: { readonly revision: number; readonly lists: Lists },
  ): Promise<Held> {
    const { queryable, tenant } = reading;
    const chosen = await chosenAt(queryable, { tenant, revision });
    const models = [held?.champion, held?.challenger];
    const none = { id: undefined, part: undefined };
    const rules = await this.#serve(reading, 'rule_set', chosen, {
      none: this.#starter,
      known: [held?.rules],
      read: readRules,
    });
    const serveModel = (place: Place): Promise<Serving<ServedModel>> => {
      const before = place === 'champion' ? held?.champion : held?.challenger;
      const known = [before, ...models];
      return this.#serve(reading, place, chosen, { none, known, read: readServed });
    };
    const champion = await serveModel('champion');
    const challenger = await serveModel('challenger');
    const config: ScreeningConfig = {
      tenant,
      revision,
      ruleSet: rules.part,
      lists,
      champion: champion.part,
      challenger: challenger.part,
      policyOf: await readPolicies(reading, revision),
    };
    return { config, chosen, rules, champion, challenger };
  }

  /** What was chosen; where it cannot be read, what serves now, the first of those known. */
  async #serve<Part>(
    reading: Reading,
    place: Place,
    { [place]: id }: Chosen,
    from: {
      readonly none: Serving<Part>;
      readonly known: readonly (Serving<Part> | undefined)[];
      read(reading: Reading, id: Uuid): Promise<Result<Part, Unreadable>>;
    },
  ): Promise<Serving<Part>> {
    if (id === undefined) return from.none;
    const known = from.known.find((serving) => serving?.id === id);
    if (known !== undefined) return known;
    const read = await from.read(reading, id);
    if (read.ok) return { id, part: read.value };
    this.#measure.unreadable(place);
    const { tenant } = reading;
    const { code, message } = read.refusal;
    const kept = from.known[0]?.part !== undefined;
    const facts = { tenant, place, id, code, reason: message, isEarlierKept: kept };
    this.#options.logger.error('what was chosen for screening cannot be read', facts);
    return from.known[0] ?? { id: undefined, part: undefined };
  }
}

function isBehind({ chosen, rules, champion, challenger }: Held, place: Place): boolean {
  const serving = { rule_set: rules, champion, challenger }[place];
  return serving.id !== chosen[place];
}

interface Changes {
  readonly upTo: number;
  readonly changes: readonly EntryChange[];
}

/** Whole revisions, as many as can be changed without anybody waiting for it. */
async function changesAfter(
  { queryable, tenant }: Reading,
  after: number,
  upTo: number,
): Promise<Changes> {
  const countMax = limits.fraudListPageMax.value;
  const changes = await entryChanges(queryable, { tenant, after, upTo, countMax });
  const last = changes.at(-1);
  if (last === undefined || changes.length < countMax) return { upTo, changes };
  const whole = changes.filter(({ revision }) => revision < last.revision);
  assert(whole.length > 0, 'a page holds more than one change of the lists can');
  return { upTo: last.revision - 1, changes: whole };
}
