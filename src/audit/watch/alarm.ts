// TABLE  what can be wrong with the audit log, and with what it depends on. The names are those of
// metrics, records and the runbook, and stable for ever.

export interface Alarm {
  /** One phrase: what is wrong. */
  readonly meaning: string;
  /** installation: the same for every process. instance: of the process that sees it. */
  readonly scope: 'installation' | 'instance';
  /** How long all must be well before it ends, so that it does not come and go with each look. */
  readonly calmMs: number;
  /** Whether its figures are kept up to date while it is raised, because they decide its end. */
  readonly isFollowed: boolean;
}

export const alarms = {
  sequencer_lag: {
    meaning: 'records wait too long for their place in the log',
    scope: 'installation',
    calmMs: 30_000,
    isFollowed: false,
  },
  recording_stopped: {
    meaning: 'the sequencer does not run, though it should several times a second',
    scope: 'instance',
    calmMs: 30_000,
    isFollowed: false,
  },
  anchor_failed: {
    meaning: 'an anchor is due and missing',
    scope: 'installation',
    calmMs: 0,
    isFollowed: false,
  },
  self_check_failed: {
    meaning: 'what was read again is not what was recorded',
    scope: 'installation',
    calmMs: 0,
    isFollowed: true,
  },
  clock_offset: {
    meaning: 'the clock is off, or cannot be compared with its reference',
    scope: 'instance',
    calmMs: 0,
    isFollowed: false,
  },
  change_refused: {
    meaning: 'the database refused an attempt to change history, or a right that was not there',
    scope: 'installation',
    calmMs: 15 * 60_000,
    isFollowed: true,
  },
  disk_low: {
    meaning: 'the folders of data and objects have little space left',
    scope: 'instance',
    calmMs: 60_000,
    isFollowed: false,
  },
} as const satisfies Record<string, Alarm>;

export type AlarmName = keyof typeof alarms;

export const alarmNames = Object.keys(alarms) as readonly AlarmName[];
