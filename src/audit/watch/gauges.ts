// TABLE what the watch measures. Gauges are read when the report is asked for, so that they tell
// the truth also when the watch itself has stopped looking.

import { SECOND_US } from '#kernel';
import type { Metrics, RefusedChange } from '#platform';
import { alarmNames, type AlarmName } from './alarm.ts';
import type { Backlog } from './watch-store.ts';

export interface WatchReadings {
  isLit(alarm: AlarmName): boolean;
  backlog(): Backlog | undefined;
  lagUs(): number;
  clockOffsetUs(): number | undefined;
  lookedAgoUs(): number;
}

export interface WatchCounters {
  raised(alarm: AlarmName): void;
  refused(seenIn: RefusedChange['seenIn']): void;
  checked(outcome: { readonly leaves: number; readonly findings: readonly unknown[] }): void;
}

export function openGauges(metrics: Metrics, read: WatchReadings): WatchCounters {
  metrics.gauges(
    { name: 'florin_audit_alarm', help: '1 while the alarm is raised.', labels: ['alarm'] },
    () => alarmNames.map((alarm) => ({ labels: { alarm }, value: read.isLit(alarm) ? 1 : 0 })),
  );
  metrics.gauge(
    {
      name: 'florin_audit_sequencer_lag_seconds',
      help: 'Age of the oldest record without a place.',
    },
    () => read.lagUs() / SECOND_US,
  );
  metrics.gauge(
    { name: 'florin_audit_inbox', help: 'Bundles of records that wait for a place.' },
    () => read.backlog()?.waiting ?? Number.NaN,
  );
  metrics.gauge(
    { name: 'florin_audit_tree_size', help: 'Records that have a place in the log.' },
    () => read.backlog()?.size ?? Number.NaN,
  );
  metrics.gauge(
    {
      name: 'florin_audit_clock_offset_seconds',
      help: 'How far the clock is ahead of its reference.',
    },
    () => (read.clockOffsetUs() ?? Number.NaN) / SECOND_US,
  );
  metrics.gauge(
    { name: 'florin_audit_watch_age_seconds', help: 'Since the watch last saw the database.' },
    () => read.lookedAgoUs() / SECOND_US,
  );
  return openCounters(metrics);
}

function openCounters(metrics: Metrics): WatchCounters {
  const raised = metrics.counter({
    name: 'florin_audit_alarms_raised_total',
    help: 'Alarms that this process raised.',
    labels: ['alarm'],
  });
  const refused = metrics.counter({
    name: 'florin_audit_changes_refused_total',
    help: 'Attempts that the database refused.',
    labels: ['seen_in'],
  });
  const leaves = metrics.counter({
    name: 'florin_audit_self_checked_records_total',
    help: 'Records that self-checks read again.',
  });
  const findings = metrics.counter({
    name: 'florin_audit_self_check_findings_total',
    help: 'What self-checks found wrong.',
  });
  return {
    raised: (alarm) => raised.add(1, { alarm }),
    refused: (seenIn) => refused.add(1, { seen_in: seenIn }),
    checked: (outcome) => {
      leaves.add(outcome.leaves);
      findings.add(outcome.findings.length);
    },
  };
}
