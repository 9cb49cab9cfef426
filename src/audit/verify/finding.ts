// The rules that the audit log must satisfy, and how a breach of one is reported. Names of rules
// are stable: operators' alarms and the reference page refer to them.

import { anchorRules } from '../anchors/verify.ts';
import { archiveRules } from '../archive/verify.ts';

export type Severity = 'error' | 'warning';

/** What a rule is checked on, once for each. */
export type Subject =
  | 'leaves'
  | 'bundles'
  | 'places'
  | 'nodes'
  | 'checkpoints'
  | 'keys'
  | 'subjects'
  | 'tables'
  | 'functions'
  | 'terms'
  | 'anchors'
  | 'archives'
  | 'changes';

export interface Rule {
  readonly meaning: string;
  readonly subject: Subject;
  readonly severity: Severity;
}

const rule = (subject: Subject, meaning: string, severity: Severity = 'error'): Rule => ({
  meaning,
  subject,
  severity,
});

function rulesOf<const Meanings extends Readonly<Record<string, string>>>(
  subject: Subject,
  meanings: Meanings,
): { readonly [Name in keyof Meanings]: Rule } {
  const rows = Object.entries(meanings).map(([name, meaning]) => [name, rule(subject, meaning)]);
  return Object.fromEntries(rows) as { readonly [Name in keyof Meanings]: Rule };
}

export const rules = {
  leaf_altered: rule('leaves', 'every leaf has the hash that its place holds'),
  leaf_form: rule('leaves', 'every leaf is a record of a known version in canonical JSON'),
  leaf_unknown_subject: rule('leaves', 'whoever is sealed in a leaf has a key, or was erased'),
  bundle_unreadable: rule('bundles', 'the bytes of a bundle can be read'),
  bundle_count_wrong: rule('bundles', 'a bundle has as many leaves as it and its place say'),
  bundle_id_wrong: rule('bundles', "the record ids in a bundle run on from the bundle's id"),
  bundle_time_wrong: rule('bundles', 'a bundle has the time of its records, and its month'),
  bundle_unplaced: rule('bundles', 'every bundle has a place or waits for one'),
  bundle_missing: rule('places', 'every place has its bundle, or its month is archived'),
  place_gap: rule('places', 'each place begins where the one before it ends'),
  place_overlap: rule('places', 'no two places share a leaf'),
  place_duplicate_bundle: rule('places', 'no bundle has two places'),
  place_month_wrong: rule('places', 'a place names the month of its bundle'),
  place_time_wrong: rule('places', 'a place was given when its checkpoint was made'),
  inbox_foreign: rule('bundles', 'whatever waits for a place is a bundle'),
  inbox_stuck: rule('bundles', 'nothing waits that has a place'),
  inbox_altered: rule('bundles', 'what waits was put there once, with its bundle'),
  node_missing: rule('nodes', 'every complete subtree of 256 leaves, of 256 of those, … is there'),
  node_wrong: rule('nodes', 'the root of a subtree follows from its leaves'),
  node_foreign: rule('nodes', 'there is no subtree beyond the leaves'),
  checkpoint_form_wrong: rule('checkpoints', 'a checkpoint is a signed note of a tree head'),
  checkpoint_origin_wrong: rule('checkpoints', 'a checkpoint names this log'),
  checkpoint_root_wrong: rule('checkpoints', 'the root of a checkpoint follows from the leaves'),
  checkpoint_signature_wrong: rule('checkpoints', 'a checkpoint is signed by a key of the log'),
  checkpoint_order: rule('checkpoints', 'checkpoints grow, and their times do not go back'),
  checkpoint_missing: rule('checkpoints', 'every place is under the checkpoint made with it'),
  log_ends_before_checkpoint: rule('checkpoints', 'no checkpoint is larger than the log'),
  log_rolled_back: rule('checkpoints', 'the log holds the checkpoint kept outside the database'),
  key_unknown: rule('keys', 'the latest checkpoint is signed by a trusted key'),
  keys_unvouched: rule('keys', 'keys are known from outside the database', 'warning'),
  log_row_wrong: rule('keys', 'the log has one name, since its first key'),
  subject_wrong: rule('subjects', 'the key of a subject opens, and dates from its first record'),
  month_wrong: rule('tables', 'every month has its partition, and every partition its month'),
  append_only: rule('tables', 'a trigger refuses every change of history, in each partition'),
  rights_wrong: rule('tables', 'the application may insert and read, and nobody else may write'),
  table_altered: rule('tables', 'tables hide, rewrite and divert nothing'),
  function_wrong: rule('functions', 'functions in the database are those of the code'),
  terms_wrong: rule('terms', 'the search index holds the terms of the leaves, and no others'),
  ...rulesOf('anchors', anchorRules),
  ...rulesOf('archives', archiveRules),
  archive_unread: rule('archives', 'archived leaves can be read where they are kept', 'warning'),
  change_unrecorded: rule('changes', 'every change of the business tables has its record'),
  record_without_change: rule('changes', 'every record of a change has its change'),
  change_contradicts_record: rule('changes', 'a change is as its record says'),
  change_recorded_twice: rule('changes', 'no change has two records'),
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;

/** One breach: which rule, where, what must be there, and what is there. */
export interface Finding {
  readonly rule: RuleName;
  readonly severity: Severity;
  /** Where, for a person: "record aud_… leaf 7". */
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

export type Breach = Omit<Finding, 'severity'>;

export type Counts = Readonly<Record<Subject, number>>;

export interface RuleOutcome {
  readonly rule: RuleName;
  readonly meaning: string;
  readonly subject: Subject;
  readonly checked: number;
  readonly breaches: number;
}

const FOUND_CHARACTERS_MAX = 300;

/** Counts what was checked and every breach, and keeps the first few of each rule. */
export class Findings {
  readonly #perRuleMax: number;
  readonly #counts = new Map<Subject, number>();
  readonly #breaches = new Map<RuleName, number>();
  readonly #kept: Finding[] = [];

  constructor(perRuleMax: number) {
    this.#perRuleMax = perRuleMax;
  }

  checked(subject: Subject, count = 1): void {
    this.#counts.set(subject, (this.#counts.get(subject) ?? 0) + count);
  }

  breach(breach: Breach): void {
    const count = (this.#breaches.get(breach.rule) ?? 0) + 1;
    this.#breaches.set(breach.rule, count);
    if (count > this.#perRuleMax) return;
    const { rule: name, place } = breach;
    const expected = short(breach.expected);
    const found = short(breach.found);
    this.#kept.push({ rule: name, severity: rules[name].severity, place, expected, found });
  }

  /** No rule whose breach is an error is broken. */
  get isSound(): boolean {
    return [...this.#breaches.keys()].every((name) => rules[name].severity !== 'error');
  }

  get counts(): Counts {
    const subjects = new Set(Object.values(rules).map(({ subject }) => subject));
    return Object.fromEntries(
      [...subjects].map((subject) => [subject, this.#counts.get(subject) ?? 0]),
    ) as Counts;
  }

  get outcomes(): RuleOutcome[] {
    return (Object.keys(rules) as RuleName[]).map((name) => {
      const { meaning, subject } = rules[name];
      const checked = this.#counts.get(subject) ?? 0;
      return { rule: name, meaning, subject, checked, breaches: this.#breaches.get(name) ?? 0 };
    });
  }

  /** In the order of the rules. */
  get list(): Finding[] {
    const order = Object.keys(rules);
    return this.#kept.toSorted((a, b) => order.indexOf(a.rule) - order.indexOf(b.rule));
  }
}

function short(text: string): string {
  return text.length <= FOUND_CHARACTERS_MAX ? text : `${text.slice(0, FOUND_CHARACTERS_MAX)}…`;
}
