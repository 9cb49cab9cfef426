// What other contexts may use of fraud detection: what is screened, and the shapes of models.

export type { FraudEvent, FraudLabel, KeyKind } from './event.ts';
export type { Classifier, Matrix, Training } from './matrix.ts';
