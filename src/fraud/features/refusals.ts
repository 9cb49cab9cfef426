// UNION  every way in which the features say no to an event, a label or a snapshot.

import type { Refusal } from '#kernel';

export interface EventRefusal extends Refusal {
  readonly code:
    | 'event_malformed'
    | 'event_amount_out_of_range'
    | 'event_repeated'
    | 'event_too_late'
    | 'event_ahead_of_clock';
}

export interface LabelRefusal extends Refusal {
  readonly code: 'label_before_event' | 'label_of_unknown_event';
}

export interface SnapshotRefusal extends Refusal {
  readonly code: 'snapshot_damaged' | 'snapshot_of_other_features';
}
