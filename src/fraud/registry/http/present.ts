// Owns how rule sets, lists, models and policies are shown in answers.

import { formatDate, formatInstant } from '#kernel';
import type { Metrics } from '../../evaluate/metrics.ts';
import { usualPolicy } from '../config.ts';
import type { ContestReport } from '../contest/contest.ts';
import type { ListChange, StoredEntry } from '../store/list-store.ts';
import type { StoredModel } from '../store/model-store.ts';
import type { StoredPolicy } from '../store/policy-store.ts';
import type { StoredRuleSet } from '../store/rule-set-store.ts';

export function presentRuleSet(stored: StoredRuleSet): object {
  return {
    id: stored.id,
    version: stored.version,
    name: stored.name,
    fingerprint: stored.fingerprint,
    feature_set: stored.featureSet,
    rules: stored.rules,
    made_at: formatInstant(stored.madeAt),
    made_by: stored.madeBy,
  };
}

export function presentListChange({ id, put, taken, revision }: ListChange): object {
  return { id, put, taken, revision };
}

export function presentEntry(entry: StoredEntry): object {
  const { id, purpose, kind, value, from, until, note, putAt, putBy } = entry;
  return {
    id,
    purpose,
    kind,
    value,
    from: formatInstant(from),
    until: until === undefined ? null : formatInstant(until),
    note: note ?? null,
    put_at: formatInstant(putAt),
    put_by: putBy,
  };
}

export function presentModel(stored: StoredModel): object {
  return {
    id: stored.id,
    version: stored.version,
    feature_set: stored.featureSet,
    bytes: stored.bytes,
    sha256: stored.sha256.toString('hex'),
    has_drift_reference: stored.hasDriftReference,
    card: stored.card ?? null,
    made_at: formatInstant(stored.madeAt),
    made_by: stored.madeBy,
  };
}

export function presentPolicy(stored: StoredPolicy): object {
  return {
    id: stored.id,
    product: stored.product ?? null,
    is_screened: stored.isScreened,
    on_failure: stored.onFailure,
    deadline_us: stored.deadlineUs,
    revision: stored.revision,
    made_at: formatInstant(stored.madeAt),
    made_by: stored.madeBy,
  };
}

/** What holds where a tenant has said nothing. */
export const presentedUsualPolicy: object = {
  id: null,
  product: null,
  is_screened: usualPolicy.isScreened,
  on_failure: usualPolicy.onFailure,
  deadline_us: usualPolicy.deadlineUs,
  revision: 0,
  made_at: null,
  made_by: null,
};

export function presentContest({ champion, challenger, weeks, verdict }: ContestReport): object {
  return {
    champion,
    challenger,
    weeks: weeks.map(({ from, decisions, frauds, ...sides }) => ({
      from: formatDate(from),
      decisions,
      frauds,
      champion: presentMetrics(sides.champion),
      challenger: presentMetrics(sides.challenger),
    })),
    is_better: verdict.isPromoted,
    reasons: verdict.reasons.map(({ code, message }) => ({ code, message })),
  };
}

function presentMetrics({ aucRoc, averagePrecision, cardPrecision }: Metrics): object {
  const figure = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    auc_roc: figure(aucRoc),
    average_precision: figure(averagePrecision),
    card_precision: figure(cardPrecision),
  };
}
