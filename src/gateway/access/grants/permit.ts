// Owns the second question about a known caller: may it do this to these objects. Mandates are read
// with every request, many requests in one statement; what a mandate allows for a day is set aside
// before the request runs, so that two at once cannot both use the last of it.

import { record } from '#audit';
import type { AuditRecord } from '#audit';
import { Fault, idOf } from '#kernel';
import type { Clock, Instant } from '#kernel';
import type { Principal } from '#identity';
import type { Caller, Database, TransactionContext } from '#platform';
import { gatewayActions } from '../../audit-actions.ts';
import type { Decision, ObjectUse, UseContext } from '../access.ts';
import { isStaffFor } from '../authorise.ts';
import { giveBack, reserve } from './grant-store.ts';
import type { MandateQuestion } from './grant-store.ts';
import { judge, paidFor } from './judge.ts';
import type { Judgement, Mandate, Reservation, UseMandates } from './judge.ts';

/** The accounts of a tenant that holds and transfers are about, by the id of hold or transfer. */
export type AccountsBehind = (
  uses: readonly Pick<ObjectUse, 'kind' | 'id'>[],
  tenant: string,
) => Promise<ReadonlyMap<string, readonly string[]>>;

export interface PermitOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly stepUpUnitsMax: number;
  /** The mandates in force for each question; many requests share a statement. */
  readonly findMandates: (
    questions: readonly MandateQuestion[],
  ) => Promise<readonly (readonly Mandate[])[]>;
  /** Writes decisions into the audit log; many requests share a transaction. */
  readonly recordDecision: (decision: AuditRecord) => Promise<void>;
  /** Where it is not given, holds and transfers need mandates of their own. */
  readonly accountsBehind?: AccountsBehind | undefined;
}

/** After a race for the last of a day, the mandates are read once more. */
const ATTEMPTS = 2;

export class Permit {
  readonly #options: PermitOptions;

  constructor(options: PermitOptions) {
    this.#options = options;
  }

  async decide(
    principal: Principal,
    uses: readonly ObjectUse[],
    context: UseContext | undefined,
  ): Promise<Decision> {
    const caller = context?.caller ?? callerOf(principal);
    const isStaff = context !== undefined && isStaffFor(principal, context.permission);
    for (let attempt = 1; ; attempt += 1) {
      const now = this.#options.clock.now();
      const judgement = await this.#judge(principal, uses, { isStaff, now });
      const record_ = recordOf(judgement, { uses, caller, isStaff });
      if (!judgement.isAllowed || judgement.reservations.length === 0) {
        if (record_ !== undefined) await this.#options.recordDecision(record_);
        return judgement;
      }
      const isReserved = await this.#reserve(caller, judgement.reservations, record_);
      if (isReserved) return this.#settled(judgement, judgement.reservations);
      if (attempt === ATTEMPTS) {
        const message = 'Your mandate is being used by other requests; ask again.';
        throw new Fault('overloaded', { retryable: true, message });
      }
    }
  }

  async #judge(
    principal: Principal,
    uses: readonly ObjectUse[],
    { isStaff, now }: { readonly isStaff: boolean; readonly now: Instant },
  ): Promise<Judgement> {
    const { stepUpUnitsMax } = this.#options;
    const mandates = isStaff ? [] : await this.#mandatesFor(principal, uses);
    return judge({ principal, isStaff, uses, mandates, now, stepUpUnitsMax });
  }

  async #mandatesFor(
    { tenant, subject, customer }: Principal,
    uses: readonly ObjectUse[],
  ): Promise<readonly UseMandates[]> {
    if (uses.length === 0) return [];
    const { accountsBehind, findMandates } = this.#options;
    const indirect = uses.filter(({ kind }) => kind !== 'account');
    const behind =
      accountsBehind === undefined || indirect.length === 0
        ? new Map<string, readonly string[]>()
        : await accountsBehind(indirect, tenant);
    const questions = new Map<string, MandateQuestion>();
    const ask = (kind: ObjectUse['kind'], id: string): string => {
      questions.set(`${kind} ${id}`, { tenant, subject, customer, kind, id });
      return `${kind} ${id}`;
    };
    const paid = paidFor(uses);
    const asked = uses.map((use) => {
      const { kind, id } = use;
      // A payroll pays to thousands of accounts of others: nothing needs to be known of them.
      if (paid(use)) return { own: undefined, behind: [] };
      const accounts = kind === 'account' ? [] : (behind.get(id) ?? []);
      return { own: ask(kind, id), behind: accounts.map((account) => ask('account', account)) };
    });
    const answers = await findMandates([...questions.values()]);
    const byName = new Map(
      [...questions.keys()].map((name, index) => [name, answers[index] ?? []]),
    );
    const found = (name = ''): readonly Mandate[] => byName.get(name) ?? [];
    return asked.map((names) => ({ own: found(names.own), behind: names.behind.map(found) }));
  }

  /** All or none, with the record of the decision. */
  async #reserve(
    caller: Caller,
    reservations: readonly Reservation[],
    decision: AuditRecord | undefined,
  ): Promise<boolean> {
    const { database, clock } = this.#options;
    const context: TransactionContext = { now: clock.now(), ...caller };
    try {
      await database.transaction(context, async (tx) => {
        const count = await reserve(tx, reservations);
        if (count < reservations.length) throw new NoRoom();
        await record(tx, decision === undefined ? [] : [decision]);
      });
      return true;
    } catch (error) {
      if (error instanceof NoRoom) return false;
      throw error;
    }
  }

  #settled(judgement: Judgement, reservations: readonly Reservation[]): Decision {
    const { database } = this.#options;
    return {
      isAllowed: true,
      rule: judgement.rule,
      async settle(isDone) {
        if (!isDone) await giveBack(database, reservations);
      },
    };
  }
}

/** Rolls the reservation back. */
class NoRoom extends Error {}

// A request of the edge tells more of its caller; this is enough to say who was decided about.
function callerOf({ subject, authentication, roles }: Principal): Caller {
  return { actor: subject, correlationId: 'access', authentication, roles };
}

interface Decided {
  readonly uses: readonly ObjectUse[];
  readonly caller: Caller;
  readonly isStaff: boolean;
}

const USES_RECORDED_MAX = 20;

// Every no, and every yes of a mandate that lets something change. What staff do is told by the
// records of what they did, and what was read by the records of its disclosure.
function recordOf(judgement: Judgement, decided: Decided): AuditRecord | undefined {
  const { uses, caller, isStaff } = decided;
  const isChange = uses.some(({ act }) => act !== 'read');
  if (judgement.isAllowed && (isStaff || !isChange)) return undefined;
  const [first] = uses;
  const told = uses.slice(0, USES_RECORDED_MAX).map(({ act, id }) => `${act} ${id}`);
  const grants = judgement.isAllowed ? judgement.reservations.map(({ grantId }) => grantId) : [];
  return {
    action: gatewayActions['gateway.objects.decide'],
    target: first?.id ?? 'none',
    outcome: judgement.isAllowed ? 'success' : 'denied',
    reason: judgement.isAllowed ? undefined : judgement.code,
    after: {
      rule: judgement.rule,
      uses: [...new Set(told)],
      count: uses.length,
      ...(grants.length === 0 ? {} : { drawn_from: grants.map((id) => idOf('grt', id)) }),
    },
    caller,
  };
}
