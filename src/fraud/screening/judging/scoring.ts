// Owns how rows are scored with the models in force: by the champion, which rules are given, and by
// the challenger in shadow. A score is the calibrated one where the model has a calibration.

import { limits } from '#config';
import type { Instant } from '#kernel';
import type { DriftReport } from '../../model/drift.ts';
import { calibrated } from '../../model/calibrate.ts';
import { explainPath } from '../../model/explain.ts';
import type { FraudModel } from '../../model/trees/model-file.ts';
import { openReasonTeller, type ReasonShare } from '../../reasons.ts';
import type { ScreeningConfig, ServedModel } from '../../registry/config.ts';
import { openDriftWindows, type DriftWindows } from './drift-windows.ts';
import { paymentFeatures } from '../payment-features.ts';

/** Undefined where there is no such model. */
export interface Scores {
  readonly score: number | undefined;
  readonly challengerScore: number | undefined;
}

export interface Scoring {
  /** The models from now on. */
  use(config: ScreeningConfig): void;
  score(row: Float64Array, at: Instant): Scores;
  /** Why the champion gives the row its score. */
  reasons(row: Float64Array): readonly ReasonShare[];
  /** Undefined where the champion came without a reference. */
  drift(): DriftReport | undefined;
}

export function openScoring(): Scoring {
  const names = paymentFeatures.features.map(({ name }) => name);
  const contributions = new Float64Array(names.length);
  const tell = openReasonTeller(names);
  let champion: ServedModel | undefined;
  let challenger: ServedModel | undefined;
  let windows: DriftWindows | undefined;
  return {
    use(config) {
      if (config.champion?.version !== champion?.version) {
        const reference = config.champion?.drift;
        windows = reference && openDriftWindows(reference);
      }
      ({ champion, challenger } = config);
    },
    score(row, at) {
      const margin = champion?.model.trees.score(row);
      if (margin !== undefined) windows?.observe(row, margin, at);
      return {
        score: champion && margin !== undefined ? meaningOf(champion.model, margin) : undefined,
        challengerScore:
          challenger && meaningOf(challenger.model, challenger.model.trees.score(row)),
      };
    },
    reasons(row) {
      if (champion === undefined) return [];
      explainPath(champion.model.trees, row, contributions);
      return tell(contributions, limits.fraudModelReasonsMax.value);
    },
    drift: () => windows?.report(),
  };
}

function meaningOf({ calibration }: FraudModel, score: number): number {
  return calibration === undefined ? score : calibrated(calibration, score);
}
