// Owns the rules of a tenant as they are in force in this process. They change between two batches
// and never within one; declines counted for a rule are kept under its id when a set takes another
// one's place, and are counted from what was decided when the first set comes into force.

import { assert, SECOND_US, type Instant } from '#kernel';
import type { Logger, Queryable } from '#platform';
import type { FraudDecision } from '../../decision.ts';
import { compile, hasCounted, type RuleEngine } from '../../rules/engine.ts';
import type { RuleSet } from '../../rules/rule-set.ts';
import { latestDeclines, type LatestDecline } from '../decision-store.ts';

export interface Ruling {
  /** To be awaited before `engineOf` where a set is the first: reads the latest declines. */
  prepare(reader: Queryable, ruleSet: RuleSet | undefined, now: Instant): Promise<void>;
  /** The rules by that set from now on; undefined where it cannot be used. */
  engineOf(ruleSet: RuleSet | undefined): RuleEngine | undefined;
  /** Takes back the declines that a decision counted which was rolled back. */
  giveBack(decision: Pick<FraudDecision, 'ruleReasons' | 'decidedAt'>): void;
}

export function openRuling(tenant: string, logger: Logger): Ruling {
  let engine: RuleEngine | undefined;
  let refused: RuleSet | undefined;
  return {
    async prepare(reader, ruleSet, now) {
      if (engine !== undefined || ruleSet === undefined) return;
      const counted = await countedDeclines(reader, ruleSet, { tenant, now });
      // Another batch may have come here first; its engine has counted since.
      if (engine !== undefined) return;
      engine = compile(ruleSet);
      const restored = engine.restore(counted);
      assert(restored.ok, 'declines that are kept are restored');
    },
    engineOf(ruleSet) {
      if (engine === undefined || ruleSet === undefined || ruleSet === refused) return undefined;
      if (engine.ruleSet === ruleSet) return engine;
      const swapped = engine.swap(ruleSet);
      if (swapped.ok) return engine;
      refused = ruleSet;
      const { code, message } = swapped.refusal;
      logger.error('a rule set cannot be used for screening', { tenant, code, message });
      return undefined;
    },
    giveBack({ ruleReasons, decidedAt }) {
      engine?.giveBack(ruleReasons, decidedAt);
    },
  };
}

interface Whose {
  readonly tenant: string;
  readonly now: Instant;
}

/** As the rules take it back: for each rule with a limit the times of its declines, ascending. */
async function countedDeclines(
  reader: Queryable,
  { rules }: RuleSet,
  { tenant, now }: Whose,
): Promise<string> {
  const windowsS = rules.flatMap(({ declineLimit }) => declineLimit?.windowSeconds ?? []);
  const since = (now - Math.max(0, ...windowsS) * SECOND_US) as Instant;
  const latest = windowsS.length === 0 ? [] : await latestDeclines(reader, { tenant, since });
  const declines = rules
    .filter(({ declineLimit }) => declineLimit !== undefined)
    .map(({ id }) => ({ rule: id, times: timesOf(id, latest) }));
  return JSON.stringify({ format: 1, declines });
}

function timesOf(rule: string, latest: readonly LatestDecline[]): readonly Instant[] {
  return latest
    .filter(({ ruleReasons }) => hasCounted(ruleReasons, rule))
    .map(({ decidedAt }) => decidedAt);
}
