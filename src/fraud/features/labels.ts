// Owns what a label changes in the history of one key: when the event was known to be fraud, and
// the list of labels in the order in which they became known. A later label of an event replaces
// an earlier one.

import type { FraudLabel } from '../event.ts';
import { hashText } from './hash.ts';
import { type History, type KnownLabel, latestAt, locate, prune, timeAt } from './history.ts';
import type { KeyPlan } from './plan.ts';
import { labelsBy } from './view.ts';

/** Whether the key had anything to learn from the label. */
export function learnAt(history: History, plan: KeyPlan, label: FraudLabel): boolean {
  const id = hashText(label.event.id);
  const isMarked = plan.layout.fraudPlane !== undefined && mark(history, plan, label, id);
  if (plan.labels === undefined) return isMarked;
  keepLabel(history, label, id);
  pruneLabels(history, plan);
  return true;
}

function mark(history: History, { layout }: KeyPlan, label: FraudLabel, id: number): boolean {
  // Whether an event is too old must not depend on when room was last made.
  prune(history, layout);
  const { at } = label.event;
  const { planes, capacity } = history;
  const ids = (layout.idPlane ?? 0) * capacity;
  const marks = (layout.fraudPlane ?? 0) * capacity;
  let place = locate(history, history.end, at) - 1;
  while (place >= history.start && timeAt(history, place) === at && planes[ids + place] !== id) {
    place -= 1;
  }
  if (place < history.start || timeAt(history, place) !== at) return false;
  const before = planes[marks + place] ?? Infinity;
  const knownAt = label.isFraud ? Math.min(before, label.knownAt) : Infinity;
  if (knownAt === before) return true;
  planes[marks + place] = knownAt;
  const { frauds } = history;
  const old = frauds.findIndex((fraud) => fraud.at === at && fraud.knownAt === before);
  if (old !== -1) frauds.splice(old, 1);
  if (!label.isFraud) return true;
  let index = frauds.length;
  while (index > 0 && (frauds[index - 1]?.at ?? 0) > at) index -= 1;
  frauds.splice(index, 0, { at, knownAt });
  return true;
}

function keepLabel({ labels }: History, label: FraudLabel, id: number): void {
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

/** Lets go of labels that nothing can ask for any more. */
export function pruneLabels(history: History, plan: KeyPlan): void {
  if (plan.labels === undefined) return;
  const { labels } = history;
  const latest = latestAt(history);
  const needed = labelsBy(labels, latest - plan.layout.lateUs) - plan.labels.latest;
  const drop = Math.min(needed, labelsBy(labels, latest - plan.labels.windowUs));
  if (drop <= 0) return;
  labels.splice(0, drop);
  countFrauds(labels, 0);
}
