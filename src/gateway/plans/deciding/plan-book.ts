// Owns what this process knows of plans: by the database's number, as of a revision. A decision
// names the revision it was made by, so a change is noticed with the first decision after it.

import type { Database } from '#platform';
import { measuresOf, type Measures } from '../plan.ts';
import { selectPlansByNumber } from '../plan-store.ts';

interface KnownPlan {
  readonly revision: number;
  readonly measures: Measures;
}

/** A plan as named by a decision. */
export interface PlanRevision {
  readonly plan: number;
  readonly revision: number;
}

export class PlanBook {
  readonly #database: Database;
  readonly #plans = new Map<number, KnownPlan>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Reads what is not known yet. */
  async require(revisions: readonly PlanRevision[]): Promise<void> {
    const missing = new Set<number>();
    for (const { plan, revision } of revisions) {
      const known = this.#plans.get(plan);
      if (known === undefined || known.revision < revision) missing.add(plan);
    }
    if (missing.size === 0) return;
    for (const plan of await selectPlansByNumber(this.#database, [...missing])) {
      const { number, revision } = plan;
      this.#plans.set(number, { revision, measures: measuresOf(plan) });
    }
  }

  /** The plan, and whether it is still as it was for the decision; undefined when it is gone. */
  find({ plan, revision }: PlanRevision): { measures: Measures; isSame: boolean } | undefined {
    const known = this.#plans.get(plan);
    if (known === undefined) return undefined;
    return { measures: known.measures, isSame: known.revision === revision };
  }
}
