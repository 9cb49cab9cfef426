// Owns what a label changes in the history of one key: when the event was known to be fraud, and
// the list of labels in the order in which they became known. A later label of an event replaces
// an earlier one.

import type { FraudEvent, FraudLabel } from '../event.ts';
import { hashText } from './hash.ts';
import {
  firstNeeded,
  type History,
  type KnownLabel,
  latestAt,
  locate,
  ownLabels,
  planePlace,
  settledAt,
  takeFraud,
  timeAt,
} from './history.ts';
import type { KeyPlan } from './plan.ts';
import { labelsBy } from './view.ts';

/** Whether the key had anything to learn from the label. */
export function learnAt(history: History, plan: KeyPlan, label: FraudLabel): boolean {
  const id = hashText(label.event.id);
  const isMarked = plan.layout.fraudPlane !== undefined && mark(history, plan, label, id);
  if (plan.labels === undefined) return isMarked;
  keepLabel(history, label, id);
  const { labels } = history;
  const needed = labelsNeeded(history, plan, settledAt(history, plan.layout));
  if (needed === labels.length) return true;
  labels.splice(0, labels.length - needed);
  // They are counted from the first that is there, as after a snapshot.
  countFrauds(labels, 0);
  return true;
}

/** Takes out what is known of an event that is taken out. */
export function unlearnAt({ labels }: History, { id, at }: FraudEvent): void {
  const hash = hashText(id);
  const place = labels.findIndex((label) => label.id === hash && label.at === at);
  if (place === -1) return;
  labels.splice(place, 1);
  countFrauds(labels, place);
}

/** Takes out what is known of all events that happened after a time. */
export function unlearnLater({ labels }: History, time: number): void {
  const first = labels.findIndex(({ at }) => at > time);
  if (first === -1) return;
  const kept = labels.slice(first).filter(({ at }) => at <= time);
  labels.splice(first, labels.length, ...kept);
  countFrauds(labels, first);
}

function mark(history: History, { layout }: KeyPlan, label: FraudLabel, id: number): boolean {
  const { at } = label.event;
  const { planes } = history;
  const ids = planePlace(history, layout.idPlane ?? 0);
  const marks = planePlace(history, layout.fraudPlane ?? 0);
  let place = locate(history, history.end, at) - 1;
  while (place >= history.start && timeAt(history, place) === at && planes[ids + place] !== id) {
    place -= 1;
  }
  if (place < history.start || timeAt(history, place) !== at) return false;
  // One that is too old is marked even so, as it is needed again where later ones are taken out.
  // Whether it is too old must not depend on when room was last made.
  const isNeeded = place >= firstNeeded(history, layout, latestAt(history));
  const before = planes[marks + place] ?? Infinity;
  const knownAt = label.isFraud ? Math.min(before, label.knownAt) : Infinity;
  if (knownAt === before) return isNeeded;
  planes[marks + place] = knownAt;
  takeFraud(history, at, before);
  if (!label.isFraud) return isNeeded;
  const { frauds } = history;
  let index = frauds.length;
  while (index > 0 && (frauds[index - 1]?.at ?? 0) > at) index -= 1;
  history.frauds = frauds.toSpliced(index, 0, { at, knownAt });
  return isNeeded;
}

function keepLabel(history: History, label: FraudLabel, id: number): void {
  const labels = ownLabels(history);
  const { isFraud, knownAt } = label;
  const { at } = label.event;
  const old = labels.findIndex((other) => other.id === id && other.at === at);
  if (old !== -1) {
    if ((labels[old]?.knownAt ?? 0) > knownAt) return;
    labels.splice(old, 1);
  }
  let index = labelsBy(labels, knownAt);
  while (index > 0 && isBefore({ at, id }, labels[index - 1], knownAt)) index -= 1;
  labels.splice(index, 0, { knownAt, at, id, isFraud, frauds: 0 });
  countFrauds(labels, old === -1 ? index : Math.min(old, index));
}

function isBefore(
  one: { readonly at: number; readonly id: number },
  other: KnownLabel | undefined,
  knownAt: number,
): boolean {
  if (other?.knownAt !== knownAt) return false;
  return other.at > one.at || (other.at === one.at && other.id > one.id);
}

export function countFrauds(labels: readonly KnownLabel[], from: number): void {
  let frauds = labels[from - 1]?.frauds ?? 0;
  for (let index = from; index < labels.length; index += 1) {
    const label = labels[index];
    if (label === undefined) continue;
    if (label.isFraud) frauds += 1;
    label.frauds = frauds;
  }
}

/** How many labels, the latest known, are needed where the latest event is at a time. */
export function labelsNeeded({ labels }: History, plan: KeyPlan, latest: number): number {
  if (plan.labels === undefined) return labels.length;
  const recent = labelsBy(labels, latest - plan.layout.lateUs) - plan.labels.latest;
  const drop = Math.min(recent, labelsBy(labels, latest - plan.labels.windowUs));
  return labels.length - Math.max(0, drop);
}
