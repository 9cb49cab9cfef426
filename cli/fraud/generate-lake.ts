// Writes generated transactions into a lake, day by day: payments as events and, when they become
// known, frauds as labels. Memory holds some days, however many are asked for.

import { DAY_US } from '#kernel';
import {
  generateFacts,
  lakeEvents,
  lakeLabels,
  openLakeWriter,
  type FraudEvent,
  type GeneratedLabel,
  type GeneratorOptions,
} from '#fraud';
import { createProgress } from '../progress.ts';
import { grouped } from '../rules-report.ts';
import { openLake } from './files.ts';

const BATCH_ROWS = 4_096;

/** Answers what was written, as lines. */
export async function generateLake(folder: string, options: GeneratorOptions): Promise<string[]> {
  const objects = await openLake(folder);
  const events = openLakeWriter(objects, lakeEvents);
  const labels = openLakeWriter(objects, lakeLabels);
  const progress = createProgress(process.stderr);
  progress.start('generating', { total: options.days, unit: 'days' });
  let day = 0;
  let newEvents: FraudEvent[] = [];
  let newLabels: GeneratedLabel[] = [];
  const flush = async (): Promise<void> => {
    await events.add(newEvents);
    await labels.add(newLabels);
    newEvents = [];
    newLabels = [];
  };
  for (const { event, label } of generateFacts(options)) {
    if (event === undefined) {
      newLabels.push(label);
      continue;
    }
    newEvents.push(event);
    if (newEvents.length < BATCH_ROWS) continue;
    await flush();
    const today = Math.floor((event.at - options.start) / DAY_US);
    progress.advance(today - day);
    day = today;
  }
  await flush();
  progress.advance(options.days - day);
  const written = [await events.close(), await labels.close()];
  progress.finish();
  return written.map(({ rows, parts, bytes }, at) => {
    const what = at === 0 ? 'transactions' : 'frauds that became known';
    return `${grouped(rows)} ${what} in ${grouped(parts)} files, ${grouped(bytes)} bytes`;
  });
}
