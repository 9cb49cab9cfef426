// The verbs of models: one is kept once it has been read, runs in shadow as challenger, and becomes
// champion only where it was better on the same weeks, or where somebody says why it does all the
// same.

import { createHash } from 'node:crypto';
import { record } from '#audit';
import { accept, idOf, msOf, newUuid, uuidOf, type Result, type Uuid } from '#kernel';
import type { Transaction } from '#platform';
import type { FeatureSet } from '../features/definition.ts';
import { readDriftReference } from '../model/drift-reference.ts';
import type { DriftReference } from '../model/drift.ts';
import { modelVersion, parseModel, type FraudModel } from '../model/trees/model-file.ts';
import { registryActions } from './audit-actions.ts';
import { choose, lockInForce, type InForce } from './choose.ts';
import type { ContestReport } from './contest/contest.ts';
import { factsOfModel, tenantOf } from './facts.ts';
import { namesOf, readServed } from './read.ts';
import { no, type RegistryRefusal } from './refusals.ts';
import { findModel, insertModel, type ModelId, type StoredModel } from './store/model-store.ts';

/** A model that has been read: of no other one is a row ever made. */
export interface ReadModel {
  readonly version: string;
  readonly featureSet: string;
  readonly content: Buffer;
  readonly model: FraudModel;
  readonly drift: DriftReference | undefined;
}

/** Takes time that grows with the model: to be called before a transaction, not in it. */
export function readNewModel(
  features: FeatureSet,
  { content, drift }: { readonly content: Buffer; readonly drift?: string | undefined },
): Result<ReadModel, RegistryRefusal> {
  const names = namesOf(features);
  const parsed = parseModel(content, { names, version: features.version });
  if (!parsed.ok) {
    const { code, message } = parsed.refusal;
    return no(code, `The model cannot be used: ${message}.`, 'content');
  }
  const reference = drift === undefined ? undefined : readDriftReference(drift, names);
  if (reference?.ok === false) {
    return no('drift_reference_malformed', `${reference.refusal.message}.`, 'drift');
  }
  const model = parsed.value;
  // The card is kept as JSON of PostgreSQL's, which has no room for this one character.
  if (JSON.stringify(model.card ?? null).includes(String.raw`\u0000`)) {
    return no('model_unreadable', 'The card of the model has the character U+0000.', 'content');
  }
  const version = modelVersion(model.trees);
  return accept({
    version,
    featureSet: features.version,
    content,
    model,
    drift: reference?.value,
  });
}

/** Keeps it, and changes nothing that is in force. */
export async function addModel(
  tx: Transaction,
  { version, featureSet, content, model, drift }: ReadModel,
): Promise<Result<StoredModel, RegistryRefusal>> {
  const stored: StoredModel = {
    id: idOf('mdl', newUuid(msOf(tx.now))),
    tenant: tenantOf(tx),
    version,
    featureSet,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest(),
    hasDriftReference: drift !== undefined,
    card: model.card,
    madeAt: tx.now,
    madeBy: tx.actor,
  };
  if (!(await insertModel(tx, stored, { bytes: content, drift }))) {
    return no('model_exists', `The model ${version} is there already.`, 'content');
  }
  const action = registryActions['fraud.model.create'];
  await record(tx, [{ action, target: stored.id, after: factsOfModel(stored) }]);
  return accept(stored);
}

export interface Promotion {
  readonly id: ModelId;
  /** The version of the champion as whoever asks knows it; undefined: there is none. */
  readonly insteadOf: string | undefined;
  /** How the two did, found before the transaction. */
  readonly contest: ContestReport | undefined;
  /** Whether it becomes champion though it has not been better; the note says why. */
  readonly isDespite: boolean;
  readonly note?: string | undefined;
}

export interface Placed {
  readonly model: StoredModel;
  readonly revision: number;
}

type PlacedResult = Promise<Result<Placed, RegistryRefusal>>;

export async function promoteModel(
  tx: Transaction,
  features: FeatureSet,
  asked: Promotion,
): PlacedResult {
  const inForce = await lockInForce(tx);
  const { champion: before, challenger } = inForce.chosen;
  const id = uuidOf(asked.id);
  const found = await usable(tx, features, inForce, asked.id);
  if (!found.ok) return found;
  if (before === id) return no('model_in_place', 'The model is the champion already.', 'id');
  const version = await versionOf(tx, inForce.tenant, before);
  if (version !== asked.insteadOf) {
    const message = `The champion is ${version ?? 'none'}, and not ${asked.insteadOf ?? 'none'}.`;
    return no('fraud_choice_changed', message, 'instead_of');
  }
  const objection = version === undefined ? undefined : objectionTo(found.value, version, asked);
  if (objection !== undefined) return no('model_not_better', objection, 'id');
  const data = { version: found.value.version, instead_of: version ?? null };
  const revision = await choose(tx, inForce, {
    chosen: { champion: id, ...(challenger === id && { challenger: undefined }) },
    event: { type: 'fraud.model_promoted', subject: asked.id, data },
    note: asked.note,
  });
  return accept({ model: found.value, revision });
}

/** Why it has not been shown to be better than the champion; undefined where it has. */
function objectionTo(
  model: StoredModel,
  champion: string,
  { contest, isDespite, note }: Promotion,
): string | undefined {
  if (isDespite) {
    return note === undefined ? 'Who promotes it all the same says why in a note.' : undefined;
  }
  if (contest?.champion !== champion || contest.challenger !== model.version) {
    return 'Only a challenger that ran beside the champion can be compared with it.';
  }
  const { isPromoted, reasons } = contest.verdict;
  if (isPromoted) return undefined;
  return `It has not been better: ${reasons.map(({ message }) => message).join('; ')}.`;
}

/** Scores beside the champion from the next event on, and decides nothing. */
export async function setChallenger(
  tx: Transaction,
  features: FeatureSet,
  id: ModelId,
): PlacedResult {
  const inForce = await lockInForce(tx);
  const found = await usable(tx, features, inForce, id);
  if (!found.ok) return found;
  const { champion, challenger } = inForce.chosen;
  if ([champion, challenger].includes(uuidOf(id))) {
    return no('model_in_place', 'The model is champion or challenger already.', 'id');
  }
  const { version } = found.value;
  const revision = await choose(tx, inForce, {
    chosen: { challenger: uuidOf(id) },
    event: { type: 'fraud.challenger_set', subject: id, data: { version } },
  });
  return accept({ model: found.value, revision });
}

/** Leaves its place empty; without a champion the rules decide alone. */
export async function retireModel(
  tx: Transaction,
  id: ModelId,
  note: string | undefined,
): PlacedResult {
  const inForce = await lockInForce(tx);
  const model = await findModel(tx, inForce.tenant, uuidOf(id));
  if (model === undefined) return noModel(id);
  const { champion, challenger } = inForce.chosen;
  const isChampion = champion === uuidOf(id);
  if (!isChampion && challenger !== uuidOf(id)) {
    return no('model_not_in_place', 'The model is neither champion nor challenger.', 'id');
  }
  const place = isChampion ? 'champion' : 'challenger';
  const revision = await choose(tx, inForce, {
    chosen: { [place]: undefined },
    event: { type: 'fraud.model_retired', subject: id, data: { version: model.version, place } },
    note,
  });
  return accept({ model, revision });
}

export function noModel(id: string) {
  return no('model_unknown', `There is no model ${id}.`, 'id');
}

/** One that still can be read: the features may be others than when it was kept. */
async function usable(
  tx: Transaction,
  features: FeatureSet,
  { tenant }: InForce,
  id: ModelId,
): Promise<Result<StoredModel, RegistryRefusal>> {
  const model = await findModel(tx, tenant, uuidOf(id));
  if (model === undefined) return noModel(id);
  const read = await readServed({ queryable: tx, features, tenant }, uuidOf(id));
  if (read.ok) return accept(model);
  return no('model_damaged', `The model cannot be used: ${read.refusal.message}.`, 'id');
}

async function versionOf(
  tx: Transaction,
  tenant: string,
  id: Uuid | undefined,
): Promise<string | undefined> {
  return id === undefined ? undefined : (await findModel(tx, tenant, id))?.version;
}
