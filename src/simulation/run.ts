// Owns running many histories: their seeds, their times, and the report of one that fails. A seed
// that failed once is played again alone with FLORIN_SIMULATION_SEED.

import { randomInt } from 'node:crypto';
import { DAY_US } from '#kernel';
import { HISTORY_DURATION_US, historyOf, type History } from './history.ts';
import { Disagreement, play, type Player, type Tally } from './play.ts';
import { shrink } from './shrink.ts';
import { textOf } from './text.ts';

export interface SimulationSettings {
  /** How many histories to play. */
  readonly histories: number;
  /** The first history's seed; each next one is one more. */
  readonly seed: number;
  /** How often each history is played: again and again to meet once more what needs luck. */
  readonly plays: number;
}

/** Plays of a history that is asked for by its seed: lists posted at once may take any order. */
const REPLAYS = 20;

/** FLORIN_SIMULATION_HISTORIES and FLORIN_SIMULATION_SEED. A seed alone plays its one history. */
export function simulationSettings(
  env: Readonly<Record<string, string | undefined>>,
  defaults: { readonly histories: number },
): SimulationSettings {
  const seed = env['FLORIN_SIMULATION_SEED'];
  const histories = env['FLORIN_SIMULATION_HISTORIES'];
  return {
    seed: seed === undefined ? randomInt(2 ** 40) : Number(seed),
    histories: Number(histories ?? (seed === undefined ? defaults.histories : 1)),
    plays: seed !== undefined && histories === undefined ? REPLAYS : 1,
  };
}

/** 2025-01-01T00:00:00Z: the first history's time. */
const EPOCH_US = 20_089 * DAY_US;

/**
 * Plays the histories, `lanes` at a time. Each lane has a ledger of its own, on which histories
 * follow one another in time, because holds expire and periods close for a whole ledger.
 */
export async function playHistories(given: {
  readonly settings: SimulationSettings;
  readonly lanes: number;
  readonly player: (lane: number) => Promise<Player>;
}): Promise<Tally> {
  const { seed, histories } = given.settings;
  const tally: Tally = new Map();
  let hasFailed = false;
  let plays = 0;
  const runLane = async (lane: number): Promise<void> => {
    const player = await given.player(lane);
    const attempt = async (history: History): Promise<Disagreement | undefined> => {
      plays += 1;
      const epoch = EPOCH_US + plays * HISTORY_DURATION_US;
      try {
        await play(history, player, { epoch, name: `h${lane}-${plays}`, tally });
        return undefined;
      } catch (error) {
        if (error instanceof Disagreement) return error;
        throw new Error(`seed ${history.seed} breaks the ledger`, { cause: error });
      }
    };
    for (let own = seed; own < seed + histories && !hasFailed; own += 1) {
      // The seed says which lane, so that a history that failed fails again in the same.
      if (own % given.lanes !== lane) continue;
      const history = historyOf(own);
      for (let turn = 0; turn < given.settings.plays && !hasFailed; turn += 1) {
        const disagreement = await attempt(history);
        if (disagreement === undefined) continue;
        hasFailed = true;
        throw new Error(await reportOf(history, disagreement, attempt));
      }
    }
  };
  await Promise.all(Array.from({ length: given.lanes }, (_, lane) => runLane(lane)));
  return tally;
}

async function reportOf(
  history: History,
  first: Disagreement,
  attempt: (history: History) => Promise<Disagreement | undefined>,
): Promise<string> {
  let disagreement = first;
  const smallest = await shrink(history, async (smaller) => {
    const found = await attempt(smaller);
    disagreement = found ?? disagreement;
    return found !== undefined;
  });
  return [
    `the ledger and the oracle disagree: play it again with FLORIN_SIMULATION_SEED=${history.seed}`,
    disagreement.message,
    'the smallest history that shows it:',
    ...smallest.accounts.map((account, number) => `  account ${number} ${textOf(account)}`),
    ...smallest.steps.map((step) => `  ${textOf(step)}`),
  ].join('\n');
}
