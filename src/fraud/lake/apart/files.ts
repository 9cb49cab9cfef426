// Owns what is done to files of the lake, in whichever thread: rows gathered until they are closed,
// and days made whole.

import type { FraudEvent } from '../../event.ts';
import { lakeDecisions, type LakeDecision } from '../decisions.ts';
import { lakeEvents, lakeLabels, type LakeLabel } from '../events.ts';
import { lakeOf, type LakeObjects } from '../layout.ts';
import { compactLake, type CompactReport } from '../upkeep/compact.ts';
import { openLakeWriter, type LakeWriter } from '../write.ts';
import type { CompactTask, LakeRows } from './task.ts';

/** One thing at a time. */
export interface LakeFiles {
  /** Written only once they are closed. */
  add(rows: readonly LakeRows[]): Promise<void>;
  /** Writes what was added. */
  close(): Promise<void>;
  compact(task: Omit<CompactTask, 'what'>): Promise<CompactReport>;
}

interface Writers {
  readonly events: LakeWriter<FraudEvent>;
  readonly decisions: LakeWriter<LakeDecision>;
  readonly labels: LakeWriter<LakeLabel>;
}

export function openLakeFiles(objects: LakeObjects): LakeFiles {
  const open = new Map<string, Writers>();
  const writersOf = (tenant: string): Writers => {
    const lake = lakeOf(objects, tenant);
    const writers = open.get(tenant) ?? {
      events: openLakeWriter(lake, lakeEvents),
      decisions: openLakeWriter(lake, lakeDecisions),
      labels: openLakeWriter(lake, lakeLabels),
    };
    open.set(tenant, writers);
    return writers;
  };
  return {
    async add(rows) {
      for (const { tenant, events, decisions, labels } of rows) {
        const writers = writersOf(tenant);
        await writers.events.add(events);
        await writers.decisions.add(decisions);
        await writers.labels.add(labels);
      }
    },
    async close() {
      for (const { events, decisions, labels } of open.values()) {
        await events.close();
        await decisions.close();
        await labels.close();
      }
      open.clear();
    },
    compact: ({ tenant, range, now }) => compactLake(lakeOf(objects, tenant), range, now),
  };
}
