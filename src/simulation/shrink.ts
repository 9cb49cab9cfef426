// Owns making a failing history small: parts are left out for as long as what remains still fails.

import type { History, HistoryStep } from './history.ts';
import type { Planned } from './plan.ts';

/** Shrinking stops after this many plays: a history that is almost smallest is good enough. */
const PLAYS_MAX = 600;

/** The smallest failing history found. `fails` plays one and says whether it still fails. */
export async function shrink(
  history: History,
  fails: (history: History) => Promise<boolean>,
): Promise<History> {
  let smallest = history;
  let plays = 0;
  let hasShrunk = true;
  while (hasShrunk && plays < PLAYS_MAX) {
    hasShrunk = false;
    for (const smaller of smallerThan(smallest)) {
      plays += 1;
      if (plays > PLAYS_MAX) break;
      if (await fails(smaller)) {
        smallest = smaller;
        hasShrunk = true;
        break;
      }
    }
  }
  return smallest;
}

function* smallerThan(history: History): Generator<History> {
  const { steps } = history;
  const withSteps = (other: readonly HistoryStep[]): History => ({ ...history, steps: other });
  for (let place = steps.length - 1; place >= 0; place -= 1) {
    yield withSteps(steps.toSpliced(place, 1));
  }
  for (const [place, step] of steps.entries()) {
    if (step.kind !== 'post') continue;
    for (const planned of smallerLists(step.planned)) {
      yield withSteps(steps.with(place, { ...step, planned }));
    }
    if (step.isDryRun) yield withSteps(steps.with(place, { ...step, isDryRun: false }));
    if (step.mode !== 'each') yield withSteps(steps.with(place, { ...step, mode: 'each' }));
  }
}

function* smallerLists(planned: readonly Planned[]): Generator<readonly Planned[]> {
  if (planned.length > 1) {
    for (let place = planned.length - 1; place >= 0; place -= 1) yield planned.toSpliced(place, 1);
  }
  for (const [place, { item, instruction }] of planned.entries()) {
    const plainer = [
      instruction.linked === true && { ...instruction, linked: undefined },
      instruction.description !== undefined && { ...instruction, description: undefined },
      instruction.metadata !== undefined && { ...instruction, metadata: undefined },
      instruction.effectiveAt !== undefined && { ...instruction, effectiveAt: undefined },
      instruction.externalId !== undefined && { ...instruction, externalId: undefined },
      instruction.kind === 'hold' &&
        instruction.expiresAt !== undefined && { ...instruction, expiresAt: undefined },
    ];
    for (const one of plainer) {
      if (one !== false) yield planned.with(place, { item, instruction: one });
    }
  }
}
