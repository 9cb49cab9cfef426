// Owns deciding about many requests at once: one round trip for all customers that ask the same
// kind of request, and one answer for each request, in order. The database says how many of each
// customer's requests are admitted; the pure decision says the same again, and why.

import { assert, type Clock } from '#kernel';
import type { Database } from '#platform';
import { admissionBefore, admissionOf, type Admission } from '../admission.ts';
import { judge, take, type LimitDecision } from './decide.ts';
import { ensureDefaultPlan } from '../plans.ts';
import type { KnownCustomer, KnownCustomers, LimitTime } from './known.ts';
import { admitRequests, chargeStates, insertStates, type Settled } from '../limit-store.ts';
import type { Measures } from '../plan.ts';
import type { PlanBook } from './plan-book.ts';

export interface Question {
  readonly customer: KnownCustomer;
  readonly cost: number;
}

export interface Deciding {
  readonly database: Database;
  readonly clock: Clock;
  readonly plans: PlanBook;
  readonly known: KnownCustomers;
  readonly time: LimitTime;
}

/** Requests of one customer that follow one another and count the same. */
interface Run {
  readonly customer: KnownCustomer;
  readonly cost: number;
  /** Where their answers go. */
  readonly places: number[];
}

export async function decideTogether(
  questions: readonly Question[],
  deciding: Deciding,
): Promise<{ readonly admissions: readonly Admission[]; readonly facts: number }> {
  const admissions: Admission[] = [];
  let facts = 0;
  // The database takes each customer once; a second kind of request of one waits for the first.
  for (const runs of roundsOf(questions)) {
    facts += await decideRound(runs, deciding, (place, admission) => {
      admissions[place] = admission;
    });
  }
  assert(admissions.length === questions.length, 'every request is decided');
  return { admissions, facts };
}

/** Runs such that each customer is in a round at most once, in the order of their keys. */
function roundsOf(questions: readonly Question[]): Run[][] {
  const byCustomer = new Map<KnownCustomer, Run[]>();
  questions.forEach(({ customer, cost }, place) => {
    const runs = byCustomer.get(customer);
    const last = runs?.at(-1);
    if (runs === undefined) byCustomer.set(customer, [{ customer, cost, places: [place] }]);
    else if (last?.cost === cost) last.places.push(place);
    else runs.push({ customer, cost, places: [place] });
  });
  const rounds: Run[][] = [];
  for (const runs of byCustomer.values()) {
    runs.forEach((run, index) => {
      const round = (rounds[index] ??= []);
      round.push(run);
    });
  }
  for (const round of rounds) round.sort((a, b) => (a.customer.key < b.customer.key ? -1 : 1));
  return rounds;
}

type Answer = (place: number, admission: Admission) => void;

async function decideRound(
  runs: readonly Run[],
  deciding: Deciding,
  answer: Answer,
): Promise<number> {
  let waiting = runs;
  let facts = 0;
  // A customer has no state when it asks for the first time, and when it had long been silent.
  for (let attempts = 1; waiting.length > 0; attempts += 1) {
    assert(attempts <= ATTEMPTS_MAX, 'a customer has a state after it was made');
    const settled = await settle(waiting, deciding, answer);
    facts += settled.facts;
    const found = new Set(settled.indexes);
    waiting = waiting.filter((_, index) => !found.has(index));
    if (waiting.length > 0) await makeStates(waiting, deciding);
  }
  return facts;
}

/** One to find that there is none, one after it was made, and one if it was swept in between. */
const ATTEMPTS_MAX = 3;

async function settle(
  runs: readonly Run[],
  { database, plans, known, time }: Deciding,
  answer: Answer,
): Promise<{ readonly indexes: readonly number[]; readonly facts: number }> {
  const askedMs = time.timerMs();
  const asked = runs.map(({ customer: { key }, cost, places }) => {
    return { key, cost, count: places.length };
  });
  const { settled, facts } = await admitRequests(database, asked, time.given());
  const answeredMs = time.timerMs();
  await plans.require(settled);
  for (const one of settled) {
    const run = runs[one.index];
    const plan = plans.find(one);
    assert(run !== undefined && plan !== undefined, 'a decision is about who was asked about');
    const { measures, isSame } = plan;
    const { turn, state } = one;
    // What another revision of the plan admits is not known.
    if (isSame) known.learn(run.customer, { turn, state, measures, askedMs, answeredMs });
    explain(run, { settled: one, measures, isSame }, answer);
  }
  return { indexes: settled.map(({ index }) => index), facts };
}

interface Explained {
  readonly settled: Settled;
  readonly measures: Measures;
  readonly isSame: boolean;
}

/** Each request's own answer, from the state after all of them. */
function explain({ cost, places }: Run, explained: Explained, answer: Answer): void {
  const { settled, measures, isSame } = explained;
  const { admitted, turn, state } = settled;
  const basis = { by: 'shared', turn, atUs: state.atUs } as const;
  if (admitted > 0) {
    // What the last of them left room for, the others had room for.
    const last = judge(take(state, -cost), measures, cost);
    assert(last.isAdmitted || !isSame, 'the database admits what the decision admits');
  }
  const refused =
    admitted === places.length
      ? undefined
      : admissionOf(refusalAt(state, explained, cost), measures, basis);
  places.forEach((place, index) => {
    const since = (admitted - 1 - index) * cost;
    answer(
      place,
      refused && index >= admitted ? refused : admissionBefore({ state, since }, measures, basis),
    );
  });
}

function refusalAt(state: Settled['state'], explained: Explained, cost: number): LimitDecision {
  const { measures, isSame } = explained;
  const decision = judge(state, measures, cost);
  if (!decision.isAdmitted) return decision;
  assert(!isSame, 'the database refuses what the decision refuses');
  // Refused by the plan as it was: by now the customer may ask again.
  return { isAdmitted: false, state, violated: ['burst'], retryAtUs: state.atUs };
}

/** Counts what was admitted out of the database's reach. */
export async function settleDebts(
  debts: readonly Question[],
  deciding: Pick<Deciding, 'database' | 'clock'>,
): Promise<void> {
  await makeStates(debts, deciding);
  const charges = debts.map(({ customer: { key }, cost }) => ({ key, cost }));
  // Also where there are none: it shows that the database answers.
  await chargeStates(deciding.database, charges);
}

/** Of those that have none yet. */
async function makeStates(
  asking: readonly { readonly customer: KnownCustomer }[],
  { database, clock }: Pick<Deciding, 'database' | 'clock'>,
): Promise<void> {
  const customers = asking.map(({ customer }) => customer);
  for (const tenant of new Set(customers.map((each) => each.tenant))) {
    await ensureDefaultPlan(database, clock, tenant);
  }
  await insertStates(database, customers);
}
