// The log's own tables of which it keeps records: keys that sign, erasures, anchors, archived and
// removed months, archives given up, legal holds and alarms.

import type { Queryable } from '#platform';
import type { RetentionClass } from '../action.ts';
import { canonical, type Json, type JsonObject } from '../canonical.ts';
import {
  alarmFacts,
  anchorFacts,
  collectionFacts,
  erasedAmong,
  erasureFacts,
  expiryFacts,
  holdFacts,
  keyFacts,
  manifestFacts,
  releaseFacts,
  removedMonthFacts,
  strayCollections,
  type ErasureFacts,
} from './own-sources-store.ts';
import type { ChangeRecord, Fact, ReconcileSource, RowBatch } from './source.ts';

interface SmallTable {
  readonly name: string;
  readonly retention: RetentionClass;
  readonly actions: readonly string[];
  readonly areFailuresChanges?: boolean;
  /** What all rows say. */
  readonly facts: (queryable: Queryable) => Promise<readonly Fact[]>;
  /** The one fact of a record. */
  readonly factOf: (record: ChangeRecord) => Fact;
}

/** A table of at most some thousands of rows, read at once. */
function sourceOf(table: SmallTable): ReconcileSource {
  const { name, actions, retention, areFailuresChanges = false, facts, factOf } = table;
  return {
    name,
    actions,
    retention,
    areFailuresChanges,
    async *rows(queryable): AsyncGenerator<RowBatch> {
      const all = await facts(queryable);
      yield { rows: all.length, facts: all, at: '' };
    },
    async existing(queryable) {
      return new Set((await facts(queryable)).map(({ target }) => target));
    },
    statementOf: (record) => ({ holds: [factOf(record)] }),
  };
}

const afterOf = ({ after = '{}' }: ChangeRecord): Readonly<Record<string, Json>> =>
  JSON.parse(after) as Record<string, Json>;
/** A text as it is, anything else as JSON. */
const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : canonical(value ?? null);

const signingKeys = sourceOf({
  name: 'signing key',
  retention: 'books',
  actions: ['audit.signing_key.added'],
  facts: async (queryable) =>
    (await keyFacts(queryable)).map(({ public_key: key, since_size: size, added_at: at }) => {
      return { target: key, at, text: `signs from ${size} since ${at}` };
    }),
  factOf: (record) => {
    const { public_key: key, since_size: size } = afterOf(record);
    return { target: textOf(key), text: `signs from ${textOf(size)} since ${record.at}` };
  },
});

const ERASURES_PAGE = 2_000;

const erasureOf = ({ subject_id: target, erased_at: at, actor }: ErasureFacts): Fact => ({
  target,
  at,
  text: `erased ${at} by ${actor}`,
});

const erasures: ReconcileSource = {
  name: 'erasure of',
  retention: 'books',
  actions: ['audit.subject.erased'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let last: ErasureFacts | undefined;
    for (;;) {
      const page = await erasureFacts(queryable, last, ERASURES_PAGE);
      last = page.at(-1);
      if (last === undefined) return;
      yield { rows: page.length, facts: page.map(erasureOf), at: '' };
    }
  },
  async existing(queryable, targets) {
    const rows = await erasedAmong(queryable, targets);
    return new Set(rows.map(({ subject_id: subject }) => subject));
  },
  statementOf: ({ target, at, actorId: actor }) => ({
    holds: [erasureOf({ subject_id: target, erased_at: at, actor })],
  }),
};

const anchors = sourceOf({
  name: 'anchor',
  retention: 'security',
  actions: ['audit.anchor.written'],
  facts: async (queryable) =>
    (await anchorFacts(queryable)).map(({ object_key: target, written_at: at, after }) => {
      return { target, at, text: `written ${at} ${canonical(after)}` };
    }),
  factOf: ({ target, at, after = '{}' }) => ({ target, text: `written ${at} ${after}` }),
});

const manifests: ReconcileSource = {
  ...sourceOf({
    name: 'manifest',
    retention: 'security',
    actions: ['audit.month.archived'],
    facts: async (queryable) =>
      (await manifestFacts(queryable)).map(
        ({ month, object_key: target, archived_at: at, after }) => {
          return { target, at, text: `archived ${month} ${at} ${canonical(after)}` };
        },
      ),
    factOf: (record) => ({
      target: textOf(afterOf(record)['manifest']),
      text: `archived ${record.target} ${record.at} ${record.after ?? '{}'}`,
    }),
  }),
  async unfounded(queryable) {
    const rows = await manifestFacts(queryable);
    return rows
      .filter(({ is_founded: isFounded }) => !isFounded)
      .map(({ object_key: target }) => {
        const expected =
          'a number without a gap, a checkpoint of its size, its last archive object';
        return { target, expected, found: 'others' };
      });
  },
};

const removedMonths: ReconcileSource = {
  ...sourceOf({
    name: 'removed month',
    retention: 'security',
    actions: ['audit.month.removed'],
    facts: async (queryable) =>
      (await removedMonthFacts(queryable)).map(
        ({ month: target, leaf_count: records, removed_at: at }) => {
          return { target, at, text: `removed ${canonical({ records })}` };
        },
      ),
    factOf: ({ target, after = '{}' }) => ({ target, text: `removed ${after}` }),
  }),
  async unfounded(queryable) {
    const rows = await removedMonthFacts(queryable);
    return rows
      .filter(({ bundle_count: bundles, placed }) => bundles !== placed)
      .map(({ month: target, bundle_count: bundles, placed }) => {
        return { target, expected: `${placed} bundles`, found: `${bundles}` };
      });
  },
};

const expiries = sourceOf({
  name: 'expired archive',
  retention: 'security',
  actions: ['audit.archive.expired'],
  facts: async (queryable) =>
    (await expiryFacts(queryable)).map(({ object_key: target, expired_at: at, actor, after }) => {
      return { target, at, text: `expired ${at} by ${actor} ${canonical(after)}` };
    }),
  factOf: ({ target, at, actorId, after = '{}' }) => ({
    target,
    text: `expired ${at} by ${actorId} ${after}`,
  }),
});

const holds = sourceOf({
  name: 'legal hold',
  retention: 'security',
  actions: ['audit.legal_hold.placed'],
  facts: async (queryable) =>
    (await holdFacts(queryable)).map(({ id: target, placed_at: at, actor, after }) => {
      return { target, at, text: `placed ${at} by ${actor} ${canonical(after)}` };
    }),
  factOf: ({ target, at, actorId, after = '{}' }) => ({
    target,
    text: `placed ${at} by ${actorId} ${after}`,
  }),
});

const releases = sourceOf({
  name: 'release of legal hold',
  retention: 'security',
  actions: ['audit.legal_hold.released'],
  facts: async (queryable) =>
    (await releaseFacts(queryable)).map(({ id: target, released_at: at, actor }) => {
      return { target, at, text: `released ${at} by ${actor}` };
    }),
  factOf: ({ target, at, actorId }) => ({ target, text: `released ${at} by ${actorId}` }),
});

// Rows between a raising and its end follow the figures of the alarm, and have no record.
const alarms: ReconcileSource = {
  ...sourceOf({
    name: 'alarm',
    retention: 'security',
    actions: ['audit.alarm.raised', 'audit.alarm.ended'],
    areFailuresChanges: true,
    facts: async (queryable) =>
      (await alarmFacts(queryable)).flatMap((row): Fact[] => {
        const { alarm, instance, since, at, figures } = row;
        if (row.is_raised && row.was_raised === true) return [];
        const about = instance === '' ? {} : { instance };
        const times = { raised_at: since };
        return row.is_raised
          ? [{ ...raisingOf(alarm, at, { ...figures, ...about, ...times }), at }]
          : [{ ...endOf(alarm, { ...about, ...times, ended_at: at }, canonical(figures)), at }];
      }),
    factOf: (record) => {
      const after = afterOf(record);
      return record.action === 'audit.alarm.raised'
        ? raisingOf(record.target, record.at, after)
        : endOf(record.target, after, record.before ?? '{}');
    },
  }),
  async unfounded(queryable) {
    const rows = await alarmFacts(queryable);
    return rows
      .filter(({ turn, place }) => turn !== place)
      .map(({ alarm, instance, turn, place }) => {
        const target = instance === '' ? alarm : `${alarm} of ${instance}`;
        return { target, expected: `turn ${place}`, found: `turn ${turn}` };
      });
  },
};

const collections: ReconcileSource = {
  ...sourceOf({
    name: 'collection',
    retention: 'security',
    actions: ['audit.logs.collected'],
    facts: async (queryable) =>
      (await collectionFacts(queryable)).map(({ id: target, ended_at: at, after }) => {
        return { target, at, text: `collected ${at} ${canonical(after)}` };
      }),
    factOf: ({ target, at, after = '{}' }) => ({ target, text: `collected ${at} ${after}` }),
  }),
  async unfounded(queryable) {
    const strays = (await strayCollections(queryable)).map((target) => {
      return { target, expected: 'a collection with these segments', found: 'none' };
    });
    const rows = await collectionFacts(queryable);
    const unfit = rows
      .filter((row) => row.stored !== row.segments || !row.is_followed)
      .map(({ id: target, segments, stored }) => {
        const expected = `${segments} segments that end with its counts`;
        return { target, expected, found: `${stored} segments, or others` };
      });
    return [...strays, ...unfit];
  },
};

function raisingOf(alarm: string, at: string, after: JsonObject): Fact {
  return { target: alarmName(alarm, after), text: `raised ${at} ${canonical(after)}` };
}

function endOf(alarm: string, after: JsonObject, figures: string): Fact {
  return {
    target: `end of ${alarmName(alarm, after)}`,
    text: `ended ${canonical(after)} at ${figures}`,
  };
}

function alarmName(alarm: string, after: JsonObject): string {
  const { instance, raised_at: at } = after;
  return `${alarm} of ${textOf(instance ?? 'all')} raised ${textOf(at)}`;
}

export const ownSources: readonly ReconcileSource[] = [
  signingKeys,
  erasures,
  anchors,
  manifests,
  removedMonths,
  expiries,
  holds,
  releases,
  alarms,
  collections,
];
